package booking_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cabanas/booking"
)

func season(first, last string) []booking.NightRange {
	return []booking.NightRange{{First: booking.MustDate(first), Last: booking.MustDate(last)}}
}

// base is 10,000 a night, a fifth more on weekends, 10 % off from 7 nights; least 2.
func base(rules ...booking.RateRule) booking.Rate {
	return booking.Rate{Base: booking.Pesos(10_000), WeekendPercent: 120, MinNights: 2, Version: 1, Rules: rules,
		LengthDiscounts: []booking.LengthDiscount{{Nights: 7, Percent: 10}}}
}

func TestRulesPriceNights(t *testing.T) {
	t.Parallel()
	january := season("2027-01-01", "2027-01-31")
	high := booking.RateRule{ID: 7, Version: 3, Name: "Verano", Kind: booking.RuleSeason, Dates: january, Priority: 10, Percent: 150, WeekendOnTop: true}
	flat := high
	flat.WeekendOnTop = false
	fixed := booking.RateRule{ID: 8, Version: 1, Name: "Finde", Kind: booking.RuleAlways, Weekdays: []time.Weekday{time.Friday}, Priority: 20, Price: booking.Pesos(30_000)}
	none, week := []booking.LengthDiscount{}, []booking.LengthDiscount{{Nights: 4, Percent: 50}}
	noDiscount, halfOff := high, high
	noDiscount.LengthDiscounts, halfOff.LengthDiscounts = &none, &week
	dollars := fixed
	dollars.Price.Currency = "USD"
	for name, c := range map[string]struct {
		rules []booking.RateRule
		stay  booking.Stay
		total int64
	}{
		"no rule":                             {nil, stay("2027-01-13", "2027-01-16"), 32_000},
		"a season, weekend on top":            {[]booking.RateRule{high}, stay("2027-01-13", "2027-01-16"), 15_000 + 15_000 + 18_000},
		"a season without weekend":            {[]booking.RateRule{flat}, stay("2027-01-13", "2027-01-16"), 45_000},
		"the higher priority wins":            {[]booking.RateRule{high, fixed}, stay("2027-01-13", "2027-01-16"), 60_000},
		"in whatever order":                   {[]booking.RateRule{fixed, high}, stay("2027-01-13", "2027-01-16"), 60_000},
		"half in, half out":                   {[]booking.RateRule{high}, stay("2027-01-31", "2027-02-02"), 25_000},
		"outside":                             {[]booking.RateRule{high}, stay("2027-02-01", "2027-02-03"), 20_000},
		"the last night is in, its morning":   {[]booking.RateRule{high}, stay("2026-12-31", "2027-01-01"), 10_000},
		"a price in another currency is none": {[]booking.RateRule{dollars}, stay("2027-01-15", "2027-01-16"), 12_000},
		"the accommodation's discount":        {[]booking.RateRule{high}, stay("2027-01-10", "2027-01-17"), (5*15_000 + 2*18_000) / 10 * 9},
		"a season without discounts":          {[]booking.RateRule{noDiscount}, stay("2027-01-10", "2027-01-17"), 5*15_000 + 2*18_000},
		"each night by its own discounts": {[]booking.RateRule{halfOff}, stay("2027-01-28", "2027-02-04"),
			(15_000+18_000+18_000+15_000)/2 + (3*10_000)/10*9},
	} {
		quote := booking.QuoteStay(base(c.rules...), c.stay, 2, 30)
		require.Equal(t, booking.Pesos(c.total), quote.Total, name)
	}

	quote := booking.QuoteStay(base(high), stay("2027-01-31", "2027-02-02"), 2, 30)
	require.Equal(t, booking.Line{Kind: booking.LineNight, Night: booking.MustDate("2027-01-31"), Amount: booking.Pesos(15_000),
		Reason: "Verano: 150 % of base price", RuleID: 7, RuleVersion: 3}, quote.Lines[0])
	require.Zero(t, quote.Lines[1].RuleID)
	odd := base(booking.RateRule{ID: 1, Name: "x", Kind: booking.RuleAlways, Percent: 33, WeekendOnTop: true})
	odd.Base, odd.WeekendPercent = booking.Centavos(101), 115
	require.EqualValues(t, 33, odd.Night(booking.MustDate("2027-01-11")).Amount.Centavos)
	require.EqualValues(t, 38, odd.Night(booking.MustDate("2027-01-15")).Amount.Centavos, "38.33, rounded once")
}

func TestRulesOfHolidays(t *testing.T) {
	t.Parallel()
	nights := func(kind booking.RuleKind, from, to string) (covered []string) {
		for _, night := range stay(from, to).EachNight() {
			if rule := (booking.RateRule{Kind: kind}); rule.Covers(night) {
				covered = append(covered, night.String())
			}
		}
		return covered
	}
	require.Equal(t, []string{"2027-07-08", "2027-07-09"}, nights(booking.RuleHolidays, "2027-07-01", "2027-07-20"), "Independence day and its eve")
	require.Equal(t, []string{"2027-07-08", "2027-07-09", "2027-07-10"}, nights(booking.RuleLongWeekends, "2027-07-01", "2027-07-20"), "Friday to Sunday off")
	require.Equal(t, []string{"2027-02-05", "2027-02-06", "2027-02-07", "2027-02-08"}, nights(booking.RuleLongWeekends, "2027-02-01", "2027-02-20"), "Carnival")
	require.Empty(t, nights(booking.RuleLongWeekends, "2027-01-03", "2027-02-04"), "a weekend is not long")
}

func TestTheShortestStayIsTheRules(t *testing.T) {
	t.Parallel()
	touching := booking.RateRule{ID: 1, Kind: booking.RuleSeason, Dates: season("2027-01-10", "2027-01-20"), Priority: 1, MinNights: 5, MinNightsFor: booking.MinForTouching}
	arriving := touching
	arriving.MinNightsFor = booking.MinForArriving
	gap := booking.RateRule{ID: 2, Kind: booking.RuleSeason, Dates: season("2027-01-15", "2027-01-15"), Priority: 9, MinNights: 1, MinNightsFor: booking.MinForArriving}
	place := booking.Accommodation{ID: 1, Active: true, Capacity: 4}
	for name, c := range map[string]struct {
		rules []booking.RateRule
		stay  booking.Stay
		least int
	}{
		"outside":              {[]booking.RateRule{touching}, stay("2027-01-07", "2027-01-10"), 2},
		"one night touches":    {[]booking.RateRule{touching}, stay("2027-01-07", "2027-01-11"), 5},
		"arriving before":      {[]booking.RateRule{arriving}, stay("2027-01-07", "2027-01-11"), 2},
		"arriving in it":       {[]booking.RateRule{arriving}, stay("2027-01-20", "2027-01-22"), 5},
		"a higher one is less": {[]booking.RateRule{touching, gap}, stay("2027-01-15", "2027-01-16"), 1},
	} {
		place.Rate = base(c.rules...)
		require.Equal(t, c.least, place.Rate.LeastNights(c.stay), name)
		err := booking.DefaultLimits.Check(place, c.stay, 2, booking.MustDate("2026-11-22"))
		require.Equal(t, c.stay.Nights() < c.least, booking.IsCode(err, booking.CodeTooShort), name)
	}
	table := base(touching, gap).PriceTable(stay("2027-01-08", "2027-01-16"), booking.DefaultLimits)
	least := []int{}
	for _, night := range table {
		least = append(least, night.LeastNights)
	}
	require.Equal(t, []int{2, 5, 5, 5, 5, 5, 5, 1}, least, "from the 8th two nights end before the season")
}

func TestARuleIsChecked(t *testing.T) {
	t.Parallel()
	sound := booking.RateRuleChange{Name: new("Verano"), Percent: new(150), Dates: new(season("2027-01-01", "2027-01-31"))}
	rule, err := sound.Apply(booking.NewRateRule(), booking.ARS)
	require.NoError(t, err)
	require.True(t, rule.Active && rule.WeekendOnTop)
	for field, spoil := range map[string]booking.RateRuleChange{
		"name":             {Name: new(" \n")},
		"kind":             {Kind: new(booking.RuleKind("moon"))},
		"dates":            {Dates: new(season("2027-02-01", "2027-01-31"))},
		"weekdays":         {Weekdays: &[]time.Weekday{7}},
		"priority":         {Priority: new(-1)},
		"percent":          {Percent: new(0)},
		"price":            {Price: new(booking.Pesos(5))},
		"min_nights":       {MinNights: new(61)},
		"min_nights_for":   {MinNightsFor: new(booking.MinNightsFor("leaving"))},
		"length_discounts": {Discounts: &[]booking.LengthDiscount{{Nights: 3, Percent: 10}, {Nights: 3, Percent: 20}}},
	} {
		_, err := spoil.Apply(rule, booking.ARS)
		var refused *booking.FieldError
		require.ErrorAs(t, err, &refused, field)
		require.Equal(t, field, refused.Field)
		require.True(t, booking.IsCode(err, booking.CodeInvalidInput))
	}
	_, err = booking.RateRuleChange{Kind: new(booking.RuleAlways)}.Apply(rule, booking.ARS)
	require.Error(t, err, "dates are of seasons")
	with, err := booking.RateRuleChange{Discounts: &[]booking.LengthDiscount{{Nights: 3, Percent: 10}}}.Apply(rule, booking.ARS)
	require.NoError(t, err)
	require.Len(t, *with.LengthDiscounts, 1)
	with, err = booking.RateRuleChange{Percent: new(90)}.Apply(with, booking.ARS)
	require.NoError(t, err)
	require.Len(t, *with.LengthDiscounts, 1)
	without, err := booking.RateRuleChange{OwnDiscounts: new(false)}.Apply(with, booking.ARS)
	require.NoError(t, err)
	require.Nil(t, without.LengthDiscounts)
	price, err := booking.RateRuleChange{Percent: new(0), Price: new(booking.Pesos(9))}.Apply(rule, booking.ARS)
	require.NoError(t, err)
	require.Equal(t, booking.Pesos(9), price.Price)
}

func TestRulesThatMeetAreAmbiguous(t *testing.T) {
	t.Parallel()
	today := booking.MustDate("2026-11-22")
	summer := booking.RateRule{ID: 1, Active: true, Kind: booking.RuleSeason, Dates: season("2027-01-01", "2027-03-10"), Priority: 5, Percent: 150}
	for name, c := range map[string]struct {
		change func(*booking.RateRule)
		meets  bool
	}{
		"itself again":             {func(r *booking.RateRule) { r.ID = 1 }, false},
		"the same":                 {func(*booking.RateRule) {}, true},
		"another priority":         {func(r *booking.RateRule) { r.Priority = 6 }, false},
		"not active":               {func(r *booking.RateRule) { r.Active = false }, false},
		"only in the past":         {func(r *booking.RateRule) { r.Dates = season("2026-01-01", "2026-03-10") }, false},
		"the night after":          {func(r *booking.RateRule) { r.Dates = season("2027-03-11", "2027-03-12") }, false},
		"the last night":           {func(r *booking.RateRule) { r.Dates = season("2027-03-10", "2027-03-12") }, true},
		"one accommodation":        {func(r *booking.RateRule) { r.AccommodationID = 3 }, true},
		"another thing to decide":  {func(r *booking.RateRule) { r.Percent, r.MinNights = 0, 3 }, false},
		"holidays":                 {func(r *booking.RateRule) { r.Kind, r.Dates = booking.RuleHolidays, nil }, true},
		"Mondays against weekends": {func(r *booking.RateRule) { r.Weekdays = []time.Weekday{time.Monday} }, true},
	} {
		other := summer
		other.ID = 2
		c.change(&other)
		require.Equal(t, c.meets, booking.IsCode(other.Ambiguous([]booking.RateRule{summer}, today), booking.CodeAmbiguousRule), name)
	}
	weekend, week := summer, summer
	week.ID, weekend.Weekdays, week.Weekdays = 2, []time.Weekday{time.Friday, time.Saturday}, []time.Weekday{time.Monday}
	require.NoError(t, week.Ambiguous([]booking.RateRule{weekend}, today))
	week.AccommodationID, weekend.AccommodationID, week.Weekdays = 1, 2, nil
	require.NoError(t, week.Ambiguous([]booking.RateRule{weekend}, today))
	require.Len(t, booking.RulesFor([]booking.RateRule{weekend, week}, 2), 1)
}

func anyRule(t *rapid.T, id int64) booking.RateRule {
	rule := booking.RateRule{ID: id, Version: rapid.IntRange(1, 9).Draw(t, "version"), Name: "rule", Active: true,
		Kind:     rapid.SampledFrom([]booking.RuleKind{booking.RuleSeason, booking.RuleHolidays, booking.RuleLongWeekends, booking.RuleAlways}).Draw(t, "kind"),
		Priority: rapid.IntRange(0, 3).Draw(t, "priority"), WeekendOnTop: rapid.Bool().Draw(t, "weekend on top"),
		MinNights: rapid.IntRange(0, 5).Draw(t, "least"), MinNightsFor: booking.MinForTouching}
	if rule.Kind == booking.RuleSeason {
		first := booking.MustDate("2027-01-01").AddDays(rapid.IntRange(0, 120).Draw(t, "first"))
		rule.Dates = []booking.NightRange{{First: first, Last: first.AddDays(rapid.IntRange(0, 60).Draw(t, "more"))}}
	}
	if rapid.Bool().Draw(t, "by percent") {
		rule.Percent = rapid.IntRange(0, 1000).Draw(t, "percent")
	} else {
		rule.Price = booking.Centavos(rapid.Int64Range(1, 90_000_000).Draw(t, "price"))
	}
	if rapid.Bool().Draw(t, "discounts") {
		rule.LengthDiscounts = &[]booking.LengthDiscount{{Nights: rapid.IntRange(2, 9).Draw(t, "from"), Percent: rapid.IntRange(1, 100).Draw(t, "off")}}
	}
	return rule
}

func TestRulesHoldWhateverTheyAre(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rate := base()
		rate.Base = booking.Centavos(rapid.Int64Range(1, 90_000_000).Draw(t, "base"))
		rate.GuestsIncluded, rate.ExtraGuest = 1, booking.Pesos(500)
		for id := range int64(rapid.IntRange(0, 6).Draw(t, "rules")) {
			rate.Rules = append(rate.Rules, anyRule(t, id+1))
		}
		s := booking.Stay{CheckIn: booking.MustDate("2027-01-01").AddDays(rapid.IntRange(0, 150).Draw(t, "arrival"))}
		s.CheckOut = s.CheckIn.AddDays(rapid.IntRange(1, 30).Draw(t, "nights"))
		quote := booking.QuoteStay(rate, s, 2, 30)

		var sum int64
		for _, line := range quote.Lines {
			sum += line.Amount.Centavos
			if line.Kind != booking.LineNight || line.RuleID == 0 {
				continue
			}
			decides := rate.Rules[line.RuleID-1]
			require.True(t, decides.Covers(line.Night))
			require.Equal(t, decides.Version, line.RuleVersion)
			for _, rule := range rate.Rules {
				if rule.Covers(line.Night) && (rule.Percent > 0 || !rule.Price.IsZero()) {
					require.LessOrEqual(t, rule.Priority, decides.Priority, "a higher one would have decided")
				}
			}
		}
		require.Equal(t, quote.Total.Centavos, sum)
		require.GreaterOrEqual(t, quote.Total.Centavos, int64(0))

		shuffled := rate
		shuffled.Rules = slices.Clone(rate.Rules)
		slices.Reverse(shuffled.Rules)
		require.Equal(t, quote, booking.QuoteStay(shuffled, s, 2, 30), "the order of the rules is nothing")
		require.Equal(t, rate.LeastNights(s), shuffled.LeastNights(s))

		outside := rate
		outside.Rules = slices.DeleteFunc(slices.Clone(rate.Rules), func(r booking.RateRule) bool {
			return !slices.ContainsFunc(s.EachNight(), r.Covers)
		})
		require.Equal(t, quote, booking.QuoteStay(outside, s, 2, 30), "a rule outside the stay changes nothing")
		require.Equal(t, rate.LeastNights(s), outside.LeastNights(s))
	})
}
