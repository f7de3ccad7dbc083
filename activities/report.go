package activities

import (
	"cmp"
	"context"
	"slices"
	"time"

	"cabanas/booking"
	"cabanas/store/postgres"
)

// Reporter sums up what money did. It changes nothing.
type Reporter struct {
	Store ReportStore
	Now   func() time.Time
}

// ReportStore is what a report reads.
type ReportStore interface {
	Property(ctx context.Context) (booking.Property, error)
	MoneyReport(ctx context.Context, since, until time.Time) (postgres.MoneyReport, error)
}

// DailyReport is the money of one day at the property: codes and sums in centavos, nobody's name or phone. Payments count on the
// day the provider's clock gives them, whenever we learned of them, so a report of a past day can grow.
type DailyReport struct {
	Day      booking.Date `json:"day"`
	TimeZone string       `json:"time_zone"`
	// Taken is what was credited first on the day; of is mercadopago, cash or transfer.
	Taken []MoneySum `json:"taken"`
	// Returned is what went back on the day; of is ours for our refunds and panel for those made at the provider.
	Returned []MoneySum `json:"returned"`
	// Disputed says what disputes did on the day; of is opened, lost or won.
	Disputed []MoneySum `json:"disputed"`
	// Open is what waits now, whatever the day, and whose it is.
	Open []OpenSum `json:"open"`
	// Bookings are those whose money moved on the day.
	Bookings []BookingSum `json:"bookings"`
}

// MoneySum adds up payments of one kind in one currency.
type MoneySum struct {
	Of       string `json:"of"`
	Currency string `json:"currency"`
	Payments int    `json:"payments"`
	Centavos int64  `json:"centavos"`
}

// OpenSum is money that waits for somebody; kind is one of [postgres.OpenMoney].
type OpenSum struct {
	Kind     string `json:"kind"`
	Currency string `json:"currency"`
	Count    int    `json:"count"`
	Centavos int64  `json:"centavos"`
	// Whose lists codes, or ids of payments that are nobody's, each once; at most a hundred.
	Whose []string `json:"whose"`
}

// BookingSum is one booking: what moved on the day, and what is kept and due now. Code is empty for money that is nobody's.
type BookingSum struct {
	Code     string `json:"code"`
	Currency string `json:"currency"`
	Taken    int64  `json:"taken_centavos"`
	Returned int64  `json:"returned_centavos"`
	Disputed int64  `json:"disputed_centavos"`
	Kept     int64  `json:"kept_centavos"`
	Due      int64  `json:"due_centavos"`
}

// mostWhose bounds the names listed with an open sum.
const mostWhose = 100

// Daily reports a day at the property; the zero date is today.
func (r *Reporter) Daily(ctx context.Context, day booking.Date) (DailyReport, error) {
	property, err := r.Store.Property(ctx)
	if err != nil {
		return DailyReport{}, err
	}
	if day.IsZero() {
		day = booking.DateIn(r.Now(), property.Location)
	}
	money, err := r.Store.MoneyReport(ctx, day.At(0, 0, property.Location), day.AddDays(1).At(0, 0, property.Location))
	if err != nil {
		return DailyReport{}, err
	}
	report := DailyReport{Day: day, TimeZone: property.Location.String(), Open: openSums(money.Open), Bookings: bookingSums(money)}
	var taken, returned, disputed sums
	for _, p := range money.Moved {
		taken.add(p.Method, p.Currency, p.Taken)
		returned.add("ours", p.Currency, p.ReturnedByUs)
		returned.add("panel", p.Currency, p.ReturnedElsewhere)
		disputed.add("opened", p.Currency, p.Disputed)
		disputed.add("lost", p.Currency, p.Lost)
		disputed.add("won", p.Currency, p.Won)
	}
	report.Taken, report.Returned, report.Disputed = taken.sorted(), returned.sorted(), disputed.sorted()
	return report, nil
}

// sums adds up by kind and currency.
type sums []MoneySum

func (s *sums) add(of, currency string, centavos int64) {
	if centavos == 0 {
		return
	}
	at := slices.IndexFunc(*s, func(m MoneySum) bool { return m.Of == of && m.Currency == currency })
	if at < 0 {
		at = len(*s)
		*s = append(*s, MoneySum{Of: of, Currency: currency})
	}
	(*s)[at].Payments++
	(*s)[at].Centavos += centavos
}

func (s sums) sorted() []MoneySum {
	if s == nil {
		return []MoneySum{}
	}
	slices.SortFunc(s, func(a, b MoneySum) int { return cmp.Or(cmp.Compare(a.Of, b.Of), cmp.Compare(a.Currency, b.Currency)) })
	return s
}

func openSums(open []postgres.OpenMoney) []OpenSum {
	found := []OpenSum{}
	for _, o := range open {
		at := slices.IndexFunc(found, func(s OpenSum) bool { return s.Kind == o.Kind && s.Currency == o.Currency })
		if at < 0 {
			at = len(found)
			found = append(found, OpenSum{Kind: o.Kind, Currency: o.Currency})
		}
		s := &found[at]
		s.Count++
		s.Centavos += o.Centavos
		if len(s.Whose) < mostWhose && !slices.Contains(s.Whose, o.Whose) {
			s.Whose = append(s.Whose, o.Whose)
		}
	}
	return found
}

func bookingSums(money postgres.MoneyReport) []BookingSum {
	found := []BookingSum{}
	of := func(code, currency string) *BookingSum {
		at := slices.IndexFunc(found, func(s BookingSum) bool { return s.Code == code && s.Currency == currency })
		if at < 0 {
			at = len(found)
			found = append(found, BookingSum{Code: code, Currency: currency})
		}
		return &found[at]
	}
	for _, p := range money.Moved {
		s := of(p.Code, p.Currency)
		s.Taken += p.Taken
		s.Returned += p.ReturnedByUs + p.ReturnedElsewhere
		s.Disputed += p.Disputed
	}
	for _, b := range money.Bookings {
		s := of(b.Code, b.Currency)
		s.Kept, s.Due = b.Kept, b.Due
	}
	slices.SortFunc(found, func(a, b BookingSum) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Currency, b.Currency))
	})
	return found
}
