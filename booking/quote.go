package booking

import (
	"fmt"
	"slices"
	"time"
)

// Rate is what an accommodation costs. Multipliers and discounts are hundredths (percent).
type Rate struct {
	// Base is the price of one night.
	Base Money
	// WeekendPercent multiplies Friday and Saturday nights: 120 adds a fifth, 100 changes nothing.
	WeekendPercent int
	// CleaningFee is charged once for a stay.
	CleaningFee Money
	// GuestsIncluded sleep for the base price; each further guest costs ExtraGuest a night. 0 includes everybody.
	GuestsIncluded int
	ExtraGuest     Money
	// MinNights is the shortest stay, at least 1.
	MinNights int
	// DepositFixed is asked to confirm whatever the stay costs; zero asks for the property's percentage.
	DepositFixed Money
	// LengthDiscounts take a percentage off the nights of long stays; the longest threshold reached counts.
	LengthDiscounts []LengthDiscount
	// Version changes whenever the rate does; a quote carries it.
	Version int
	// Rules change some nights. They are those in force for the accommodation, in any order.
	Rules []RateRule
}

// LengthDiscount takes Percent off the nights of a stay of at least Nights.
type LengthDiscount struct {
	Nights  int `json:"nights"`
	Percent int `json:"percent"`
}

// LineKind says what a line of a quote is for.
type LineKind string

// The kinds of quote lines.
const (
	LineNight       LineKind = "night"
	LineExtraGuests LineKind = "extra_guests"
	LineDiscount    LineKind = "length_discount"
	LineCleaning    LineKind = "cleaning_fee"
)

// Line is one explained amount of a quote; Reason is a short English explanation for the API and the flight recorder.
type Line struct {
	Kind   LineKind `json:"kind"`
	Night  Date     `json:"night,omitzero"`
	Amount Money    `json:"amount"`
	Reason string   `json:"reason"`
	// RuleID and RuleVersion name the rate rule that made the amount; 0 is the accommodation's own rate.
	RuleID      int64 `json:"rule_id,omitempty"`
	RuleVersion int   `json:"rule_version,omitempty"`
}

// Quote is the explained price of a stay. Total is the sum of Lines; Deposit is part of Total.
type Quote struct {
	Lines       []Line `json:"lines"`
	Total       Money  `json:"total"`
	Deposit     Money  `json:"deposit"`
	RateVersion int    `json:"rate_version"`
}

// QuoteStay prices a stay for a number of guests by the rate and its rules. It does not check limits: see [Limits.Check].
func QuoteStay(rate Rate, stay Stay, guests, depositPercent int) Quote {
	quote := Quote{RateVersion: rate.Version, Total: Money{Currency: rate.Base.Currency}}
	for _, night := range stay.EachNight() {
		quote.add(rate.Night(night))
	}
	extra := rate.extraGuests(guests)
	quote.addExtraGuests(rate, stay, extra)
	quote.addLengthDiscounts(rate, stay, extra)
	if !rate.CleaningFee.IsZero() {
		quote.add(Line{Kind: LineCleaning, Amount: rate.CleaningFee, Reason: "cleaning, once a stay"})
	}
	quote.Deposit = depositOf(quote.Total, rate.DepositFixed, depositPercent)
	return quote
}

// IsWeekendNight reports whether the night is priced as weekend: Friday and Saturday nights.
func IsWeekendNight(night Date) bool {
	return night.Weekday() == time.Friday || night.Weekday() == time.Saturday
}

// Night prices one night, without what a whole stay adds or takes off.
func (r Rate) Night(night Date) Line {
	line := Line{Kind: LineNight, Night: night, Amount: r.Base, Reason: "base price"}
	weekend := IsWeekendNight(night) && r.WeekendPercent != 100
	if rule := r.ruleFor(night, (*RateRule).prices); rule != nil && rule.Price.sameAs(r.Base.Currency) {
		line.Amount, line.Reason = rule.night(r, weekend)
		line.RuleID, line.RuleVersion = rule.ID, rule.Version
		return line
	}
	if weekend {
		line.Amount = r.Base.Percent(r.WeekendPercent)
		line.Reason = fmt.Sprintf("weekend night, %d %% of base price", r.WeekendPercent)
	}
	return line
}

func (q *Quote) add(line Line) {
	q.Lines = append(q.Lines, line)
	q.Total = q.Total.Plus(line.Amount)
}

// extraGuests is how many guests pay extra.
func (r Rate) extraGuests(guests int) int {
	if r.GuestsIncluded == 0 || r.ExtraGuest.IsZero() {
		return 0
	}
	return max(guests-r.GuestsIncluded, 0)
}

func (q *Quote) addExtraGuests(rate Rate, stay Stay, extra int) {
	if extra == 0 {
		return
	}
	q.add(Line{Kind: LineExtraGuests, Amount: rate.ExtraGuest.Times(extra * stay.Nights()),
		Reason: fmt.Sprintf("%d guests beyond %d, %d nights", extra, rate.GuestsIncluded, stay.Nights())})
}

// addLengthDiscounts takes off the nights, and what extra guests pay for them, what a stay so long is worth: each night by the
// discounts of the rule that has its own for it, else by those of the accommodation.
func (q *Quote) addLengthDiscounts(rate Rate, stay Stay, extra int) {
	type part struct {
		rule *RateRule
		sum  Money
	}
	var parts []part
	for _, line := range q.Lines {
		if line.Kind != LineNight {
			continue
		}
		rule := rate.ruleFor(line.Night, (*RateRule).discounts)
		at := slices.IndexFunc(parts, func(p part) bool { return p.rule == rule })
		if at < 0 {
			parts, at = append(parts, part{rule: rule}), len(parts)
		}
		parts[at].sum = parts[at].sum.Plus(line.Amount).Plus(rate.ExtraGuest.Times(extra))
	}
	for _, p := range parts {
		line := Line{Kind: LineDiscount}
		ladder, whose := rate.LengthDiscounts, ""
		if p.rule != nil {
			ladder, whose = *p.rule.LengthDiscounts, p.rule.Name+": "
			line.RuleID, line.RuleVersion = p.rule.ID, p.rule.Version
		}
		best := discountOf(ladder, stay.Nights())
		if best.Percent == 0 {
			continue
		}
		line.Amount = p.sum.Percent(-best.Percent)
		line.Reason = fmt.Sprintf("%s%d %% off from %d nights", whose, best.Percent, best.Nights)
		q.add(line)
	}
}

// discountOf is the longest threshold that the nights reach.
func discountOf(ladder []LengthDiscount, nights int) (best LengthDiscount) {
	for _, discount := range ladder {
		if nights >= discount.Nights && discount.Nights >= best.Nights {
			best = discount
		}
	}
	return best
}
