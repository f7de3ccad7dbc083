package mercadopago

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestSearchPayments(t *testing.T) {
	t.Parallel()
	result := func(from, to int) string {
		var items []string
		for id := from; id <= to; id++ {
			items = append(items, fmt.Sprintf(`{"id":%d,"status":"rejected","external_reference":"RES1","transaction_amount":1}`, id))
		}
		return strings.Join(items, ",")
	}
	page := func(total int, results string) reply {
		return reply{status: 200, body: fmt.Sprintf(`{"paging":{"total":%d,"limit":30,"offset":0},"results":[%s]}`, total, results)}
	}
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		client, server := setup(t, page(0, ""))
		payments, err := client.SearchPayments(t.Context(), "RES1")
		require.NoError(t, err)
		require.Empty(t, payments)
		query := server.seen[0].URL.Query()
		require.Equal(t, "/v1/payments/search", server.seen[0].URL.Path)
		for name, want := range map[string]string{
			"external_reference": "RES1", "sort": "date_created", "criteria": "desc", "range": "date_created", "begin_date": "NOW-12MONTHS",
			"end_date": "NOW", "limit": "30", "offset": "0",
		} {
			require.Equal(t, want, query.Get(name))
		}
	})
	t.Run("pages that move meanwhile", func(t *testing.T) {
		t.Parallel()
		client, server := setup(t, page(40, result(1, 30)), page(41, result(30, 40)))
		payments, err := client.SearchPayments(t.Context(), "RES1")
		require.NoError(t, err)
		require.Len(t, payments, 40)
		require.Len(t, server.seen, 2)
		require.Equal(t, "30", server.seen[1].URL.Query().Get("offset"))
	})
	t.Run("another reference is not ours", func(t *testing.T) {
		t.Parallel()
		client, _ := setup(t, page(2, result(1, 1)+`,{"id":2,"external_reference":"RES12"}`))
		payments, err := client.SearchPayments(t.Context(), "RES1")
		require.NoError(t, err)
		require.Len(t, payments, 1)
	})
	t.Run("an illegible result is not passed over", func(t *testing.T) {
		t.Parallel()
		client, _ := setup(t, page(2, `{"status":"approved"},`+result(1, 1)))
		payments, err := client.SearchPayments(t.Context(), "RES1")
		require.ErrorIs(t, err, errNoPaymentID)
		require.Equal(t, ReasonUnreadable, ReasonOf(err))
		require.Len(t, payments, 1)
		require.Len(t, Unreadable(err), 1)
		require.JSONEq(t, `{"status":"approved"}`, string(Unreadable(err)[0].Raw))
	})
	t.Run("without end", func(t *testing.T) {
		t.Parallel()
		client, server := setup(t, page(1_000_000, result(1, 30)))
		_, err := client.SearchPayments(t.Context(), "RES1")
		require.ErrorIs(t, err, errTooMany)
		require.Len(t, server.seen, maxSearchPages)
	})
	t.Run("no reference would find everybody's", func(t *testing.T) {
		t.Parallel()
		client, server := setup(t, page(0, ""))
		_, err := client.SearchPayments(t.Context(), "")
		require.Equal(t, ReasonInvalid, ReasonOf(err))
		require.Empty(t, server.seen)
	})
}

func TestSearchPage(t *testing.T) {
	t.Parallel()
	client, server := setup(t, reply{status: 200, body: `{"paging":{"total":"2","limit":30},"results":[{"id":1},null]}`}, reply{status: 200, body: `{"results":{}}`})
	page, err := client.SearchPage(t.Context(), Search{
		By: ByLastUpdated, From: time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC), To: time.Date(2026, 11, 22, 4, 0, 0, 1e6, time.UTC), NewestFirst: true, Limit: 2, Offset: 4,
	})
	require.NoError(t, err)
	require.Equal(t, 2, page.Total)
	require.Equal(t, 2, page.Results)
	require.Len(t, page.Payments, 1)
	require.Equal(t, `null`, string(page.Unreadable[0].Raw))
	query := server.seen[0].URL.Query()
	for name, want := range map[string]string{
		"sort": "date_last_updated", "range": "date_last_updated", "criteria": "desc", "limit": "2", "offset": "4",
		"begin_date": "2026-11-21T23:00:00.000-04:00", "end_date": "2026-11-22T00:00:00.001-04:00",
	} {
		require.Equal(t, want, query.Get(name), name)
	}
	require.False(t, query.Has("external_reference"))
	_, err = client.SearchPage(t.Context(), Search{})
	require.Equal(t, ReasonUnreadable, ReasonOf(err))
}

// index is Mercado Pago's search over payments that change between the pages.
type index struct {
	items   map[int64]time.Time
	change  func(request int)
	pages   int
	limit   int // the most that it gives, whatever is asked for
	strict  bool
	whole   bool // dates cut to seconds
	broken  int  // results that are no payments, on every page
	unnamed bool // without a total
}

func (x *index) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.pages++
	query := r.URL.Query()
	from, _ := time.Parse(dateLayout, query.Get("begin_date"))
	to, err := time.Parse(dateLayout, query.Get("end_date"))
	if err != nil {
		to = time.Unix(1<<40, 0)
	}
	if x.whole {
		from = from.Truncate(time.Second)
	}
	var ids []int64
	for id, updated := range x.items {
		if updated.Before(from) || updated.After(to) || x.strict && updated.Equal(from) {
			continue
		}
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b int64) int {
		if c := x.items[a].Compare(x.items[b]); c != 0 {
			return c
		}
		return int(a - b)
	})
	offset, _ := strconv.Atoi(query.Get("offset"))
	limit, _ := strconv.Atoi(query.Get("limit"))
	limit = min(limit, x.limit)
	results := []any{}
	for _, id := range ids[min(offset, len(ids)):min(offset+limit, len(ids))] {
		results = append(results, map[string]any{"id": id, "date_last_updated": x.items[id].Format(dateLayout)})
	}
	for range x.broken {
		results = append(results, "***")
	}
	paging := map[string]any{"total": len(ids), "limit": limit, "offset": offset}
	if x.unnamed {
		paging["total"] = "***"
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"paging": paging, "results": results})
	if x.change != nil {
		x.change(x.pages)
	}
}

func (x *index) client(t *testing.T) (*Client, func()) {
	t.Helper()
	server := httptest.NewServer(x)
	client, err := New(Options{BaseURL: server.URL, Token: "t"})
	require.NoError(t, err)
	return client, server.Close
}

func TestPaymentsUpdatedMissesNothing(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	rapid.Check(t, func(r *rapid.T) {
		x := &index{
			items: map[int64]time.Time{}, limit: rapid.SampledFrom([]int{3, 7, 50, 1000}).Draw(r, "limit"),
			strict: rapid.Bool().Draw(r, "strict"), whole: rapid.Bool().Draw(r, "whole"),
		}
		// Few different moments, so that many payments share one, more than a page even.
		span := rapid.SampledFrom([]int{1, 20, 5000}).Draw(r, "span")
		for id := range rapid.Int64Range(0, 60).Draw(r, "payments") {
			x.items[id+1] = start.Add(time.Duration(1+rapid.IntRange(0, span).Draw(r, "ms")) * time.Millisecond)
		}
		last := start.Add(time.Hour)
		changes := rapid.SliceOfN(rapid.Int64Range(1, 60), 0, 8).Draw(r, "changes")
		x.change = func(request int) {
			if request > len(changes) || x.items[changes[request-1]].IsZero() {
				return
			}
			last = last.Add(time.Millisecond)
			x.items[changes[request-1]] = last
		}
		client, end := x.client(t)
		defer end()
		got := map[int64]time.Time{}
		for payment, err := range client.PaymentsUpdated(t.Context(), start, time.Time{}) {
			require.NoError(r, err)
			require.True(r, payment.DateLastUpdated.After(got[payment.ID]), "each version once")
			got[payment.ID] = payment.DateLastUpdated
		}
		require.Len(r, got, len(x.items))
	})
}

func TestPaymentsUpdatedOfTenThousand(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	x := &index{items: map[int64]time.Time{}, limit: 1000}
	for id := range int64(10_000) {
		x.items[id+1] = start.Add(time.Duration(id/4) * time.Second)
	}
	client, end := x.client(t)
	defer end()
	count := 0
	for _, err := range client.PaymentsUpdated(t.Context(), start, start.Add(time.Hour)) {
		require.NoError(t, err)
		count++
	}
	require.Equal(t, 10_000, count)
	require.Less(t, x.pages, 120, "little is read twice")
}

func TestPaymentsUpdatedTrouble(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	one := map[int64]time.Time{7: start}
	all := func(client *Client) (ids []int64, errs []error) {
		for payment, err := range client.PaymentsUpdated(t.Context(), start, start.Add(time.Hour)) {
			if err != nil {
				errs = append(errs, err)
				continue
			}
			ids = append(ids, payment.ID)
		}
		return ids, errs
	}
	t.Run("one that cannot be read is no reason to miss the others", func(t *testing.T) {
		t.Parallel()
		client, end := (&index{items: one, limit: 100, broken: 1}).client(t)
		defer end()
		ids, errs := all(client)
		require.Equal(t, []int64{7}, ids)
		require.Len(t, errs, 1)
		require.Equal(t, ReasonUnreadable, ReasonOf(errs[0]))
		require.Equal(t, `"***"`, string(Unreadable(errs[0])[0].Raw))
	})
	t.Run("without a total", func(t *testing.T) {
		t.Parallel()
		items := map[int64]time.Time{}
		for id := range int64(250) {
			items[id+1] = start.Add(time.Duration(id) * time.Second)
		}
		client, end := (&index{items: items, limit: 100, unnamed: true}).client(t)
		defer end()
		ids, errs := all(client)
		require.Empty(t, errs)
		require.Len(t, ids, 250)
	})
	t.Run("payments without dates", func(t *testing.T) {
		t.Parallel()
		client, server := setup(t,
			reply{status: 200, body: `{"paging":{"total":3},"results":[{"id":1},{"id":2}]}`}, reply{status: 200, body: `{"paging":{"total":3},"results":[{"id":2},{"id":3}]}`})
		ids, errs := all(client)
		require.Empty(t, errs)
		require.Equal(t, []int64{1, 2, 3}, ids)
		require.Equal(t, "1", server.seen[1].URL.Query().Get("offset"))
	})
	t.Run("a page that is counted and not shown is no end", func(t *testing.T) {
		t.Parallel()
		client, _ := setup(t, reply{status: 200, body: `{"paging":{"total":3},"results":[]}`})
		ids, errs := all(client)
		require.Empty(t, ids)
		require.ErrorIs(t, errors.Join(errs...), errPageMissing)
	})
	t.Run("the same page for ever", func(t *testing.T) {
		t.Parallel()
		client, server := setup(t, reply{status: 200, body: `{"paging":{"total":1000000},"results":[{"id":1}]}`})
		ids, errs := all(client)
		require.Equal(t, []int64{1}, ids)
		require.ErrorIs(t, errors.Join(errs...), errNoProgress)
		require.Less(t, len(server.seen), 30)
	})
	t.Run("an error ends it", func(t *testing.T) {
		t.Parallel()
		client, server := setup(t, reply{status: 503})
		_, errs := all(client)
		require.Len(t, errs, 1)
		require.Equal(t, ReasonServer, ReasonOf(errs[0]))
		require.Len(t, server.seen, 1)
	})
	t.Run("who has enough stops", func(t *testing.T) {
		t.Parallel()
		client, end := (&index{items: map[int64]time.Time{1: start, 2: start, 3: start}, limit: 2}).client(t)
		defer end()
		for range client.PaymentsUpdated(t.Context(), start, time.Time{}) {
			break
		}
	})
	t.Run("without a start", func(t *testing.T) {
		t.Parallel()
		client, server := setup(t, reply{status: 500})
		for _, err := range client.PaymentsUpdated(t.Context(), time.Time{}, time.Time{}) {
			require.ErrorIs(t, err, errNoRange)
		}
		require.Empty(t, server.seen)
	})
}
