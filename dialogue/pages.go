package dialogue

import (
	"net/url"
	"time"

	"cabanas/booking"
)

// PageState is what is true of a reservation for the guest who opens its payment page.
type PageState string

// The states of a page.
const (
	PagePay       PageState = "pay"       // it can be paid now
	PageRejected  PageState = "rejected"  // it can be paid again: the last try was refused
	PageMaking    PageState = "making"    // held, and the link is still being made
	PageChecking  PageState = "checking"  // the guest comes from the checkout with a payment nobody has looked at yet
	PagePending   PageState = "pending"   // the provider has not decided on the payment
	PageConfirmed PageState = "confirmed" // paid, or confirmed by the owner
	PageExpired   PageState = "expired"   // the hold ended unpaid
	PageLate      PageState = "late"      // money came after the end, and what becomes of it is not decided
	PageReturned  PageState = "returned"  // ended, and the money went back or is on its way
	PageCancelled PageState = "cancelled"
	PageOver      PageState = "over" // the stay is over

	PageUnknown PageState = "unknown" // no such address
	PageBusy    PageState = "busy"    // asked too often
	PageAway    PageState = "away"    // nothing can be said now
)

// PageView is what a page is worded from; beside State, all of it is empty where no reservation is shown.
type PageView struct {
	State    PageState
	Language string
	Code     string
	UnitName string
	Stay     booking.Stay
	// Due is what can be paid now, Paid what was credited and not returned, Balance what is left of the price, Returned what
	// went back or is on its way.
	Due, Paid, Balance, Returned booking.Money
	Deadline                     time.Time
	CheckoutURL                  string
	// WhatsApp is the business's number, digits only; empty when it is not known.
	WhatsApp string
	// GaveUp is true when the page has looked often enough and does not look again by itself.
	GaveUp   bool
	Now      time.Time
	Location *time.Location
}

// Page is a page in the guest's language, ready to be laid out.
type Page struct {
	Language string
	State    PageState
	// Tone is good, wait or bad.
	Tone     string
	Title    string
	Text     string
	Rows     []PageRow
	Action   PageLink // pays; empty URL: nothing to pay
	WhatsApp PageLink
	Again    string // the label of looking again
}

// PageRow is one line of the details.
type PageRow struct {
	Name, Value string
	Strong      bool
}

// PageLink leads away from a page.
type PageLink struct{ Label, URL string }

// ComposePage words a page. An unknown language is Spanish.
func ComposePage(view PageView) Page {
	c, t := languageCatalogue(view.Language), pageTextsOf(view.Language)
	location := view.Location
	if location == nil {
		location = time.UTC
	}
	words := []string{
		"due", c.money(view.Due), "returned", c.money(view.Returned), "deadline", c.moment(view.Deadline, location), "code", view.Code,
	}
	said := t.States[view.State]
	page := Page{
		Language: c.Code, State: view.State, Tone: tones[view.State], Title: said.Title, Text: say(said.Text, words...), Again: t.Again,
	}
	if view.GaveUp && said.GaveUp != "" {
		page.Text = say(said.GaveUp, words...)
	}
	if view.Code != "" {
		page.Rows = pageRows(c, t, view, booking.DateIn(view.Now, location))
	}
	if view.CheckoutURL != "" {
		page.Action = PageLink{Label: say(t.Pay, words...), URL: view.CheckoutURL}
	}
	if view.WhatsApp != "" {
		address := url.URL{Scheme: "https", Host: "wa.me", Path: "/" + view.WhatsApp}
		page.WhatsApp = PageLink{Label: t.Back, URL: address.String()}
		hello := t.Hello
		if view.State == PageExpired || view.State == PageCancelled {
			page.WhatsApp.Label, hello = t.AskAgain, t.HelloAgain
		}
		if view.Code != "" {
			address.RawQuery = "text=" + url.PathEscape(say(hello, words...))
			page.WhatsApp.URL = address.String()
		}
	}
	return page
}

func pageRows(c *catalogue, t *pageTexts, view PageView, today booking.Date) []PageRow {
	rows := []PageRow{
		{Name: t.Cabin, Value: shown(view.UnitName, longestName)},
		{Name: t.CheckIn, Value: c.date(view.Stay.CheckIn, today)},
		{Name: t.CheckOut, Value: c.date(view.Stay.CheckOut, today)},
		{Name: t.Booking, Value: view.Code},
	}
	for _, row := range []struct {
		name   string
		amount booking.Money
	}{{t.Due, view.Due}, {t.Paid, view.Paid}, {t.Balance, view.Balance}, {t.Returned, view.Returned}} {
		if row.amount.Centavos > 0 {
			rows = append(rows, PageRow{Name: row.name, Value: c.money(row.amount), Strong: true})
		}
	}
	return rows
}

var tones = map[PageState]string{
	PagePay: "wait", PageRejected: "bad", PageMaking: "wait", PageChecking: "wait", PagePending: "wait", PageConfirmed: "good",
	PageExpired: "bad", PageLate: "wait", PageReturned: "wait", PageCancelled: "bad", PageOver: "good",
	PageUnknown: "bad", PageBusy: "wait", PageAway: "bad",
}
