package booking

import (
	"fmt"
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
}

// Quote is the explained price of a stay. Total is the sum of Lines; Deposit is part of Total.
type Quote struct {
	Lines       []Line `json:"lines"`
	Total       Money  `json:"total"`
	Deposit     Money  `json:"deposit"`
	RateVersion int    `json:"rate_version"`
}

// QuoteStay prices a stay for a number of guests. It does not check limits: see [Limits.Check].
func QuoteStay(rate Rate, stay Stay, guests, depositPercent int) Quote {
	quote := Quote{RateVersion: rate.Version, Total: Money{Currency: rate.Base.Currency}}
	nights := quote.addNights(rate, stay)
	extra := quote.addExtraGuests(rate, stay, guests)
	quote.addLengthDiscount(rate, stay, nights.Plus(extra))
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

func (q *Quote) add(line Line) {
	q.Lines = append(q.Lines, line)
	q.Total = q.Total.Plus(line.Amount)
}

func (q *Quote) addNights(rate Rate, stay Stay) Money {
	sum := Money{Currency: rate.Base.Currency}
	for _, night := range stay.EachNight() {
		line := Line{Kind: LineNight, Night: night, Amount: rate.Base, Reason: "base price"}
		if IsWeekendNight(night) && rate.WeekendPercent != 100 {
			line.Amount = rate.Base.Percent(rate.WeekendPercent)
			line.Reason = fmt.Sprintf("weekend night, %d %% of base price", rate.WeekendPercent)
		}
		q.add(line)
		sum = sum.Plus(line.Amount)
	}
	return sum
}

func (q *Quote) addExtraGuests(rate Rate, stay Stay, guests int) Money {
	extra := guests - rate.GuestsIncluded
	if rate.GuestsIncluded == 0 || extra <= 0 || rate.ExtraGuest.IsZero() {
		return Money{Currency: rate.Base.Currency}
	}
	amount := rate.ExtraGuest.Times(extra * stay.Nights())
	q.add(Line{Kind: LineExtraGuests, Amount: amount,
		Reason: fmt.Sprintf("%d guests beyond %d, %d nights", extra, rate.GuestsIncluded, stay.Nights())})
	return amount
}

func (q *Quote) addLengthDiscount(rate Rate, stay Stay, nights Money) {
	var best LengthDiscount
	for _, discount := range rate.LengthDiscounts {
		if stay.Nights() >= discount.Nights && discount.Nights >= best.Nights {
			best = discount
		}
	}
	if best.Percent == 0 {
		return
	}
	q.add(Line{Kind: LineDiscount, Amount: nights.Percent(-best.Percent),
		Reason: fmt.Sprintf("%d %% off from %d nights", best.Percent, best.Nights)})
}
