package booking

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// CodeAmbiguousRule refuses a rate rule that could meet another with the same priority in one night.
const CodeAmbiguousRule Code = "ambiguous_rule"

// RateRuleChange is what is wanted different about a rate rule; nil stays as it is.
type RateRuleChange struct {
	// AccommodationID of 0 is every accommodation of the property.
	AccommodationID *int64
	Name            *string
	Kind            *RuleKind
	Dates           *[]NightRange
	Weekdays        *[]time.Weekday
	Priority        *int
	Active          *bool
	// Percent of 0 and Price of nothing leave the price alone.
	Percent      *int
	Price        *Money
	WeekendOnTop *bool
	// MinNights of 0 leaves the accommodation's.
	MinNights    *int
	MinNightsFor *MinNightsFor
	// OwnDiscounts says whether Discounts replace the accommodation's.
	OwnDiscounts *bool
	Discounts    *[]LengthDiscount
}

// NewRateRule is what a rule is before anything is said about it.
func NewRateRule() RateRule {
	return RateRule{Kind: RuleSeason, Active: true, WeekendOnTop: true, MinNightsFor: MinForTouching, Version: 1}
}

// Bounds of rate rules; the schema has the numbers too.
const (
	longestRuleName = 60
	mostRanges      = 30
	// longestSeason is in nights, for each range.
	longestSeason = 400
	mostPriority  = 1000
	mostPercent   = 1000
	// mostPrice in whole units keeps a slip of the finger, and an overflow, away.
	mostPrice     = 100_000_000
	mostMinNights = 60
	mostDiscounts = 10
)

// Apply returns the rule as it is after the change, in a property with that currency. What breaks a rule is a [FieldError], or
// several joined.
func (c RateRuleChange) Apply(r RateRule, currency string) (RateRule, error) {
	set(&r.AccommodationID, c.AccommodationID)
	set(&r.Name, c.Name)
	set(&r.Kind, c.Kind)
	set(&r.Dates, c.Dates)
	set(&r.Weekdays, c.Weekdays)
	set(&r.Priority, c.Priority)
	set(&r.Active, c.Active)
	set(&r.Percent, c.Percent)
	set(&r.Price, c.Price)
	set(&r.WeekendOnTop, c.WeekendOnTop)
	set(&r.MinNights, c.MinNights)
	set(&r.MinNightsFor, c.MinNightsFor)
	own := r.LengthDiscounts != nil
	set(&own, c.OwnDiscounts)
	switch {
	case c.Discounts != nil && (own || c.OwnDiscounts == nil):
		r.LengthDiscounts = c.Discounts
	case !own:
		r.LengthDiscounts = nil
	case r.LengthDiscounts == nil:
		r.LengthDiscounts = &[]LengthDiscount{}
	}
	r.Name = strings.TrimSpace(r.Name)
	r.Weekdays = slices.Compact(slices.Sorted(slices.Values(r.Weekdays)))
	if r.Price.IsZero() {
		r.Price = Money{}
	}
	return r, r.check(currency)
}

func (r RateRule) check(currency string) error {
	var refused []error
	must(&refused, oneLine(r.Name, longestRuleName), "name", "one line of 1 to %d characters", longestRuleName)
	must(&refused, slices.Contains([]RuleKind{RuleSeason, RuleHolidays, RuleLongWeekends, RuleAlways}, r.Kind),
		"kind", "%s, %s, %s or %s", RuleSeason, RuleHolidays, RuleLongWeekends, RuleAlways)
	must(&refused, (r.Kind == RuleSeason) == (len(r.Dates) > 0) && len(r.Dates) <= mostRanges, "dates", "1 to %d for a season, and none for other kinds", mostRanges)
	for _, d := range r.Dates {
		must(&refused, !d.First.IsZero() && within(d.First.DaysUntil(d.Last), 0, longestSeason-1), "dates", "nights in order, at most %d each", longestSeason)
	}
	must(&refused, !slices.ContainsFunc(r.Weekdays, func(d time.Weekday) bool { return !within(int(d), 0, 6) }), "weekdays", "days of the week")
	must(&refused, within(r.Priority, 0, mostPriority), "priority", "0 to %d", mostPriority)
	must(&refused, within(r.Percent, 0, mostPercent), "percent", "1 to %d, or 0 for none", mostPercent)
	must(&refused, r.Percent == 0 || r.Price.IsZero(), "price", "absent beside a percent")
	mustBePrice(&refused, r.Price, currency, "price")
	must(&refused, within(r.MinNights, 0, mostMinNights), "min_nights", "1 to %d, or 0 for none", mostMinNights)
	must(&refused, r.MinNightsFor == MinForTouching || r.MinNightsFor == MinForArriving, "min_nights_for", "%s or %s", MinForTouching, MinForArriving)
	if r.LengthDiscounts != nil {
		mustBeLadder(&refused, *r.LengthDiscounts)
	}
	must(&refused, r.prices() || r.limits() || r.discounts(), "percent", "given, unless there is a price, min_nights or length_discounts")
	return errors.Join(refused...)
}

// mustBePrice lets nothing through as well.
func mustBePrice(refused *[]error, price Money, currency, field string) {
	must(refused, price.IsZero() || price.Currency == currency, field, "in %s", currency)
	must(refused, price.Centavos >= 0 && price.Centavos <= Pesos(mostPrice).Centavos, field, "0 to %d", mostPrice)
}

func mustBeLadder(refused *[]error, ladder []LengthDiscount) {
	must(refused, len(ladder) <= mostDiscounts, "length_discounts", "at most %d", mostDiscounts)
	seen := map[int]bool{}
	for _, d := range ladder {
		must(refused, within(d.Nights, 2, DefaultLimits.LongestStay) && within(d.Percent, 1, 100), "length_discounts",
			"from 2 to %d nights, 1 to 100 percent", DefaultLimits.LongestStay)
		must(refused, !seen[d.Nights], "length_discounts", "of different nights")
		seen[d.Nights] = true
	}
}

func oneLine(text string, longest int) bool {
	return text != "" && len([]rune(text)) <= longest && readable(text, false)
}

// yearsOfRules is how far ahead holidays are looked at for rules that meet; bookings are taken 18 months ahead.
const yearsOfRules = 4

// Ambiguous refuses with [CodeAmbiguousRule] a rule that, from today on, could meet one of the others in a night with the same
// priority and something to decide for both. Rules that are not active meet nobody.
func (r RateRule) Ambiguous(others []RateRule, today Date) error {
	for _, other := range others {
		if other.ID == r.ID || !r.Active || !other.Active || r.Priority != other.Priority || !r.competes(other) {
			continue
		}
		if night, meet := r.meets(other, today); meet {
			return Refuse(CodeAmbiguousRule, "rule %d has the same priority for the night of %s; give one of them a higher one", other.ID, night)
		}
	}
	return nil
}

func (r RateRule) competes(other RateRule) bool {
	here := r.AccommodationID == 0 || other.AccommodationID == 0 || r.AccommodationID == other.AccommodationID
	return here && (r.prices() && other.prices() || r.limits() && other.limits() || r.discounts() && other.discounts())
}

// meets looks for a night that both rules are about; a stay that only touches both is left to the older rule.
func (r RateRule) meets(other RateRule, today Date) (Date, bool) {
	ranges := []NightRange{{First: today, Last: today.AddMonths(12 * yearsOfRules)}}
	if other.Kind == RuleSeason {
		ranges = other.Dates
	}
	if r.Kind == RuleSeason {
		ranges = r.Dates
	}
	for _, dates := range ranges {
		for night := dates.First; !night.After(dates.Last); night = night.AddDays(1) {
			if !night.Before(today) && r.Covers(night) && other.Covers(night) {
				return night, true
			}
		}
	}
	return Date{}, false
}
