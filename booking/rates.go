package booking

import (
	"fmt"
	"slices"
	"time"
)

// RateRule changes what some nights cost, how long a stay in them must be, or what long stays get off. Of the rules that cover a
// night, the one with the highest priority decides each of the three; the others have no say in it.
type RateRule struct {
	ID int64
	// Version grows with every change; quotes name it.
	Version int
	// AccommodationID is 0 for every accommodation of the property.
	AccommodationID int64
	Name            string
	Kind            RuleKind
	// Dates are the nights of a season; other kinds have none.
	Dates []NightRange
	// Weekdays are of the evening; empty is every day.
	Weekdays []time.Weekday
	// Priority is explicit: the higher wins. Two that could meet in a night are not let in with the same one; should it happen
	// after all, the older rule wins.
	Priority int
	Active   bool

	// Percent of the base price, or Price a night whatever the base is; 0 and the zero Money leave the price alone.
	Percent int
	Price   Money
	// WeekendOnTop lets Percent keep the accommodation's weekend percentage on Friday and Saturday nights.
	WeekendOnTop bool
	// MinNights is the shortest stay, 0 leaves the accommodation's.
	MinNights    int
	MinNightsFor MinNightsFor
	// LengthDiscounts replace the accommodation's for these nights; nil leaves them, an empty list takes nothing off.
	LengthDiscounts *[]LengthDiscount
}

// RuleKind says which nights a rule is about.
type RuleKind string

// The kinds of rules. Holidays and long weekends are those of Argentina.
const (
	RuleSeason       RuleKind = "season"        // the nights of its dates
	RuleHolidays     RuleKind = "holidays"      // see [IsHolidayNight]
	RuleLongWeekends RuleKind = "long_weekends" // see [IsLongWeekendNight]
	RuleAlways       RuleKind = "always"        // every night
)

// MinNightsFor says which stays the minimum of a rule is for.
type MinNightsFor string

// The stays a minimum may be for.
const (
	MinForTouching MinNightsFor = "touching" // with any night in the rule
	MinForArriving MinNightsFor = "arriving" // whose first night is in the rule
)

// NightRange are nights in a row, both ends included.
type NightRange struct {
	First Date `json:"first_night"`
	Last  Date `json:"last_night"`
}

// Covers reports whether the rule is about a night; it does not look whether the rule is active.
func (r *RateRule) Covers(night Date) bool {
	if len(r.Weekdays) > 0 && !slices.Contains(r.Weekdays, night.Weekday()) {
		return false
	}
	switch r.Kind {
	case RuleSeason:
		return slices.ContainsFunc(r.Dates, func(d NightRange) bool { return !night.Before(d.First) && !night.After(d.Last) })
	case RuleHolidays:
		return IsHolidayNight(night)
	case RuleLongWeekends:
		return IsLongWeekendNight(night)
	case RuleAlways:
		return true
	}
	return false
}

// RulesFor picks from the rules of a property those in force for one accommodation.
func RulesFor(rules []RateRule, accommodationID int64) []RateRule {
	var own []RateRule
	for _, rule := range rules {
		if rule.Active && (rule.AccommodationID == 0 || rule.AccommodationID == accommodationID) {
			own = append(own, rule)
		}
	}
	return own
}

// LeastNights is the shortest stay that may be booked where this one is: the minimum of the rule with the highest priority
// that has one for it, else the accommodation's own.
func (r Rate) LeastNights(stay Stay) int {
	var decides *RateRule
	for i := range r.Rules {
		rule := &r.Rules[i]
		if rule.limits() && rule.outranks(decides) && rule.limitsStay(stay) {
			decides = rule
		}
	}
	if decides == nil {
		return r.MinNights
	}
	return decides.MinNights
}

// NightPrice is one line of a price table.
type NightPrice struct {
	Line
	// LeastNights is the shortest stay that can begin with this night, 0 when none of up to [Limits.LongestStay] can.
	LeastNights int
}

// PriceTable prices each night of a range by itself and says how long a stay that begins with it must be.
func (r Rate) PriceTable(nights Stay, limits Limits) []NightPrice {
	var table []NightPrice
	for _, night := range nights.EachNight() {
		price := NightPrice{Line: r.Night(night)}
		for n := 1; n <= limits.LongestStay; n++ {
			if n >= r.LeastNights(Stay{CheckIn: night, CheckOut: night.AddDays(n)}) {
				price.LeastNights = n
				break
			}
		}
		table = append(table, price)
	}
	return table
}

// ruleFor is the rule that decides something about a night, nil when none does.
func (r Rate) ruleFor(night Date, does func(*RateRule) bool) *RateRule {
	var decides *RateRule
	for i := range r.Rules {
		if rule := &r.Rules[i]; does(rule) && rule.outranks(decides) && rule.Covers(night) {
			decides = rule
		}
	}
	return decides
}

func (r *RateRule) outranks(other *RateRule) bool {
	return other == nil || r.Priority > other.Priority || r.Priority == other.Priority && r.ID < other.ID
}

func (r *RateRule) prices() bool    { return r.Percent > 0 || !r.Price.IsZero() }
func (r *RateRule) limits() bool    { return r.MinNights > 0 }
func (r *RateRule) discounts() bool { return r.LengthDiscounts != nil }

func (r *RateRule) limitsStay(stay Stay) bool {
	if r.MinNightsFor == MinForArriving {
		return r.Covers(stay.CheckIn)
	}
	for night := stay.CheckIn; night.Before(stay.CheckOut); night = night.AddDays(1) {
		if r.Covers(night) {
			return true
		}
	}
	return false
}

// night is the price of a night by this rule, and why.
func (r *RateRule) night(rate Rate, weekend bool) (Money, string) {
	switch {
	case !r.Price.IsZero():
		return r.Price, r.Name + ": a price of its own"
	case weekend && r.WeekendOnTop:
		// One division, so that half a centavo is rounded once.
		centavos := roundedDivision(rate.Base.Centavos*int64(r.Percent)*int64(rate.WeekendPercent), 100*100)
		return Money{Centavos: centavos, Currency: rate.Base.Currency},
			fmt.Sprintf("%s: %d %% of base price, weekend night %d %%", r.Name, r.Percent, rate.WeekendPercent)
	}
	return rate.Base.Percent(r.Percent), fmt.Sprintf("%s: %d %% of base price", r.Name, r.Percent)
}

// sameAs reports whether the amount, if there is one, is of the currency.
func (m Money) sameAs(currency string) bool { return m.IsZero() || m.Currency == currency }
