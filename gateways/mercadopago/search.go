package mercadopago

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"cabanas/gateways/internal/lenient"
)

// DateField is a date of a payment that a search goes by.
type DateField string

// The dates that payments can be searched and sorted by.
const (
	ByCreated     DateField = "date_created"
	ByLastUpdated DateField = "date_last_updated"
)

// Search is one page of payments to ask for. The search lags behind the payments: what it does not find may be there all
// the same, what it finds may be newer by now. It goes back twelve months.
type Search struct {
	ExternalReference string    // empty: payments of the whole account
	By                DateField // default [ByCreated]
	// From and To bound the date, both included; zero is twelve months ago, and now.
	From, To    time.Time
	NewestFirst bool
	Limit       int // default 30
	Offset      int
}

// Page is what a search found.
type Page struct {
	Payments []Payment
	// Unreadable are results that are no payments; each is to be put aside, and none is a reason to skip the others.
	Unreadable []*UnreadableError
	// Results counts both; Total is what matches over all pages, as the search counts.
	Results, Total int

	first, last string // the results at the ends of the page
}

const (
	searchPage = 30
	// A page of a sweep; the largest that is allowed is not documented, and beyond it code 1000 answers.
	sweepPage = 100
	// A reference is one reservation, with a handful of attempts; more pages mean that the filter was not applied.
	maxSearchPages = 20
	// So many pages without anything new, and more in them than twice what is known, mean that the dates and the offset were
	// not applied.
	maxStalePages = 20
)

var (
	errNoReference = errors.New("external reference is empty")
	errTooMany     = errors.New("more payments than one reference can have")
	errPageMissing = errors.New("search counts more payments than it shows")
	errNoProgress  = errors.New("search shows the same payments again and again")
	errNoRange     = errors.New("a sweep needs its start")
)

// SearchPage asks for one page of payments.
func (c *Client) SearchPage(ctx context.Context, search Search) (Page, error) {
	const operation = "search payments"
	answer, err := c.do(ctx, call{operation: operation, method: http.MethodGet, path: "/v1/payments/search", query: search.wire()})
	if err != nil {
		return Page{}, err
	}
	body, ok := lenient.Read(answer)
	results, isList := body.Array("results")
	if !ok || !isList {
		return Page{}, unreadable(operation, answer, &UnreadableError{Raw: answer, Cause: errAnswerShape})
	}
	paging, _ := body.Object("paging")
	page := Page{Results: len(results), Total: int(id(paging.Text("total")))}
	if len(results) > 0 {
		page.first, page.last = nameOf(results[0]), nameOf(results[len(results)-1])
	}
	for _, raw := range results {
		payment, err := ParsePayment(raw)
		if broken, ok := errors.AsType[*UnreadableError](err); ok {
			page.Unreadable = append(page.Unreadable, broken)
			continue
		}
		page.Payments = append(page.Payments, payment)
	}
	return page, nil
}

// nameOf is a result's id, or the whole of one without.
func nameOf(result json.RawMessage) string {
	item, _ := lenient.Read(result)
	return first(item.Text("id"), string(result))
}

func (s Search) wire() url.Values {
	by, limit, criteria := s.By, s.Limit, "asc"
	if by == "" {
		by = ByCreated
	}
	if limit <= 0 {
		limit = searchPage
	}
	if s.NewestFirst {
		criteria = "desc"
	}
	query := url.Values{
		"sort": {string(by)}, "criteria": {criteria}, "range": {string(by)}, "begin_date": {"NOW-12MONTHS"}, "end_date": {"NOW"},
		"limit": {strconv.Itoa(limit)}, "offset": {strconv.Itoa(s.Offset)},
	}
	if !s.From.IsZero() {
		query.Set("begin_date", wireDate(s.From))
	}
	if !s.To.IsZero() {
		query.Set("end_date", wireDate(s.To))
	}
	if s.ExternalReference != "" {
		query.Set("external_reference", s.ExternalReference)
	}
	return query
}

// SearchPayments returns every payment of the last twelve months with this external reference, newest first, over all
// pages. The search may lag behind a payment. On an error the payments read so far come with it; with [ReasonUnreadable] they
// are all that can be read, and [Unreadable] gives the others.
func (c *Client) SearchPayments(ctx context.Context, externalReference string) ([]Payment, error) {
	const operation = "search payments"
	if externalReference == "" {
		return nil, &Error{Operation: operation, Reason: ReasonInvalid, Cause: errNoReference}
	}
	var found []Payment
	var broken unreadableList
	seen := map[int64]bool{}
	search := Search{ExternalReference: externalReference, NewestFirst: true}
	for range maxSearchPages {
		page, err := c.SearchPage(ctx, search)
		if err != nil {
			return found, err
		}
		broken = append(broken, page.Unreadable...)
		for _, payment := range page.Payments {
			// A payment made meanwhile moves the others to the next page, where they come a second time.
			if payment.ExternalReference == externalReference && !seen[payment.ID] {
				seen[payment.ID] = true
				found = append(found, payment)
			}
		}
		search.Offset += page.Results
		if page.Results == 0 || page.Results < searchPage && search.Offset >= page.Total {
			if len(broken) > 0 {
				return found, &Error{Operation: operation, Reason: ReasonUnreadable, Cause: broken}
			}
			return found, nil
		}
	}
	return found, &Error{Operation: operation, Reason: ReasonServer, Cause: errTooMany}
}

// unreadableList are the results of one search that are no payments.
type unreadableList []*UnreadableError

func (l unreadableList) Error() string { return fmt.Sprintf("%d results are no payments", len(l)) }

func (l unreadableList) Unwrap() []error {
	all := make([]error, len(l))
	for i, one := range l {
		all[i] = one
	}
	return all
}

// Unreadable returns everything in the chain of err that came in the place of a payment and is none.
func Unreadable(err error) []*UnreadableError {
	if list, ok := errors.AsType[unreadableList](err); ok {
		return list
	}
	if one, ok := errors.AsType[*UnreadableError](err); ok {
		return []*UnreadableError{one}
	}
	return nil
}

// PaymentsUpdated goes through the payments of the account that changed from from to to (zero: now), oldest change first,
// page by page. A payment that changes meanwhile comes once more, with its newer state. An [Error] with [ReasonUnreadable]
// stands for one payment that cannot be read, after which the next comes; any other error is the last, and the range has to
// be gone through again from the last payment that came.
//
// The search lags, so ranges have to overlap: begin each well before the end of the one before.
func (c *Client) PaymentsUpdated(ctx context.Context, from, to time.Time) iter.Seq2[Payment, error] {
	const operation = "sweep payments"
	return func(yield func(Payment, error) bool) {
		if from.IsZero() {
			yield(Payment{}, &Error{Operation: operation, Reason: ReasonInvalid, Cause: errNoRange})
			return
		}
		sweep := sweep{
			search: Search{By: ByLastUpdated, From: from, To: to, Limit: sweepPage}, seen: map[int64]time.Time{}, broken: map[string]bool{},
		}
		for !sweep.done {
			page, err := c.SearchPage(ctx, sweep.search)
			if err == nil && page.Results == 0 && sweep.search.Offset < page.Total {
				err = &Error{Operation: operation, Reason: ReasonServer, Cause: errPageMissing}
			}
			if err != nil {
				yield(Payment{}, err)
				return
			}
			for _, broken := range page.Unreadable {
				if sweep.sawUnreadable(broken) {
					continue
				}
				if !yield(Payment{}, &Error{Operation: operation, Reason: ReasonUnreadable, Cause: broken}) {
					return
				}
			}
			for _, payment := range page.Payments {
				if sweep.saw(payment) {
					continue
				}
				if !yield(payment, nil) {
					return
				}
			}
			if err := sweep.advance(page); err != nil {
				yield(Payment{}, &Error{Operation: operation, Reason: ReasonServer, Cause: err})
				return
			}
		}
	}
}

// sweep walks by date and not by offset: a payment that changes while the pages are read leaves its place, and by offset the
// one after it would be passed over.
type sweep struct {
	search Search
	seen   map[int64]time.Time
	broken map[string]bool
	fresh  int    // of this page, what was not seen before
	stale  int    // pages in a row with nothing fresh
	again  int    // results on them
	anchor string // the result that the next page by offset has to begin with
	done   bool
}

func (s *sweep) saw(payment Payment) bool {
	before, known := s.seen[payment.ID]
	if known && !payment.DateLastUpdated.After(before) {
		return true
	}
	s.seen[payment.ID] = payment.DateLastUpdated
	s.fresh++
	return false
}

func (s *sweep) sawUnreadable(broken *UnreadableError) bool {
	raw := string(broken.Raw)
	if s.broken[raw] {
		return true
	}
	s.broken[raw] = true
	s.fresh++
	return false
}

// advance goes on at the newest date of the page, which may have more payments than the page had place for, a millisecond
// early in case that Mercado Pago leaves the bound out. Where the time does not move, more payments than a page holds share
// it: there it goes on by offset, with one result twice, and again from the first when that one is not where it was.
func (s *sweep) advance(page Page) error {
	fresh, anchor := s.fresh, s.anchor
	s.fresh, s.anchor = 0, ""
	s.stale, s.again = s.stale+1, s.again+page.Results
	if fresh > 0 {
		s.stale, s.again = 0, 0
	}
	if s.stale > maxStalePages && s.again > 2*(len(s.seen)+len(s.broken)) {
		return errNoProgress
	}
	if anchor != "" && page.first != anchor {
		s.search.Offset = 0
		return nil
	}
	if last := s.search.Offset + page.Results; last >= page.Total && (page.Results < s.search.Limit || fresh == 0) {
		s.done = true
		return nil
	}
	newest := time.Time{}
	for _, payment := range page.Payments {
		if payment.DateLastUpdated.After(newest) {
			newest = payment.DateLastUpdated
		}
	}
	if next := newest.Add(-time.Millisecond); next.After(s.search.From) {
		s.search.From, s.search.Offset = next, 0
		return nil
	}
	if page.Results > 1 {
		s.search.Offset, s.anchor = s.search.Offset+page.Results-1, page.last
	} else {
		s.search.Offset += page.Results
	}
	return nil
}
