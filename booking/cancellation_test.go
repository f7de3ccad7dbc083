package booking_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cabanas/booking"
)

func TestPresetsOfCancellation(t *testing.T) {
	t.Parallel()
	checkIn := booking.MustDate("2027-03-10")
	tests := map[string]map[int]int{ // percentage by days before the arrival
		booking.PolicyFlexible: {400: 100, 3: 100, 2: 100, 1: 50, 0: 0, -1: 0},
		booking.PolicyModerate: {8: 100, 7: 100, 6: 50, 3: 50, 2: 0, 0: 0},
		booking.PolicyStrict:   {30: 100, 29: 50, 14: 50, 13: 0, 0: 0},
	}
	for name, ladder := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			policy, err := booking.NewCancellationPolicy(name, nil)
			require.NoError(t, err)
			require.Equal(t, name, policy.Name)
			for days, percent := range ladder {
				require.Equal(t, percent, policy.PercentOn(checkIn, checkIn.AddDays(-days)), "%d days before", days)
			}
			_, err = booking.NewCancellationPolicy(name, []booking.CancellationStep{{DaysBefore: 1, RefundPercent: 1}})
			require.True(t, booking.IsCode(err, booking.CodeInvalidInput), "%v", err)
		})
	}
}

func TestCustomCancellation(t *testing.T) {
	t.Parallel()
	type steps = []booking.CancellationStep
	tests := map[string]struct {
		name  string
		steps steps
		field string
	}{
		"nothing back":        {name: "custom"},
		"unordered":           {name: "custom", steps: steps{{0, 10}, {60, 100}, {7, 50}}},
		"unknown name":        {name: "generous", field: "name"},
		"no name":             {steps: steps{{1, 1}}, field: "name"},
		"negative days":       {name: "custom", steps: steps{{-1, 10}}, field: "steps"},
		"too far":             {name: "custom", steps: steps{{366, 10}}, field: "steps"},
		"more than paid":      {name: "custom", steps: steps{{1, 101}}, field: "steps"},
		"less than nothing":   {name: "custom", steps: steps{{1, -1}}, field: "steps"},
		"one day twice":       {name: "custom", steps: steps{{5, 50}, {5, 50}}, field: "steps"},
		"later and more":      {name: "custom", steps: steps{{5, 50}, {2, 60}}, field: "steps"},
		"too many to explain": {name: "custom", steps: steps{{7, 90}, {6, 80}, {5, 70}, {4, 60}, {3, 50}, {2, 40}, {1, 30}}, field: "steps"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			policy, err := booking.NewCancellationPolicy(test.name, test.steps)
			if test.field == "" {
				require.NoError(t, err)
				require.Len(t, policy.Steps, len(test.steps))
				return
			}
			var broken *booking.PolicyError
			require.ErrorAs(t, err, &broken)
			require.Equal(t, test.field, broken.Field)
			require.Equal(t, booking.CodeInvalidInput, booking.CodeOf(err))
		})
	}
	require.Error(t, booking.CancellationPolicy{Name: "strict", Steps: steps{{1, 100}}}.Validate(), "a preset is what its name says")
}

func TestWhoCancelsDecidesWhatGoesBack(t *testing.T) {
	t.Parallel()
	ended := booking.Cancellation{Paid: booking.Pesos(1000), Policy: booking.ModeratePolicy,
		CheckIn: booking.MustDate("2027-03-10"), Today: booking.MustDate("2027-03-06")}
	tests := map[string]struct {
		by     booking.Actor
		choice booking.RefundChoice
		want   int64
	}{
		"guest":                   {booking.ByGuest, "", 500},
		"guest cannot choose":     {booking.ByGuest, booking.RefundFull, 500},
		"guest cannot lose":       {booking.ByGuest, booking.RefundNothing, 500},
		"owner":                   {booking.ByOwner, "", 1000},
		"owner, everything":       {booking.ByOwner, booking.RefundFull, 1000},
		"owner, by the policy":    {booking.ByOwner, booking.RefundByPolicy, 500},
		"owner, nothing":          {booking.ByOwner, booking.RefundNothing, 0},
		"a rule":                  {booking.BySystem, "", 1000},
		"a rule keeps no money":   {booking.BySystem, booking.RefundNothing, 1000},
		"sold on another channel": {booking.BySystem, booking.RefundByPolicy, 1000},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := ended
			c.By, c.Choice = test.by, test.choice
			require.Equal(t, booking.Pesos(test.want), c.Refund())
		})
	}
}

func TestLaddersGiveNeverMoreThanPaidAndNeverMoreForLater(t *testing.T) {
	t.Parallel()
	checkIn := booking.MustDate("2027-06-15")
	rapid.Check(t, func(t *rapid.T) {
		policy := booking.CancellationPolicy{Name: booking.PolicyCustom}
		days, percent := rapid.IntRange(0, 20).Draw(t, "days"), rapid.IntRange(0, 100).Draw(t, "percent")
		for range rapid.IntRange(0, 6).Draw(t, "steps") {
			policy.Steps = append(policy.Steps, booking.CancellationStep{DaysBefore: days, RefundPercent: percent})
			days += rapid.IntRange(1, 40).Draw(t, "more days")
			percent += rapid.IntRange(0, 100-percent).Draw(t, "more")
		}
		policy.Steps = rapid.Permutation(policy.Steps).Draw(t, "order")
		require.NoError(t, policy.Validate())
		paid := booking.Money{Centavos: rapid.Int64Range(0, 1e12).Draw(t, "paid"), Currency: booking.ARS}
		before := booking.Money{Currency: booking.ARS}
		for left := -2; left <= 320; left++ {
			refund := policy.Refund(paid, checkIn, checkIn.AddDays(-left))
			require.GreaterOrEqual(t, refund.Centavos, before.Centavos, "%d days before", left)
			require.LessOrEqual(t, refund.Centavos, paid.Centavos)
			before = refund
		}
		stored, err := json.Marshal(policy)
		require.NoError(t, err)
		var read booking.CancellationPolicy
		require.NoError(t, json.Unmarshal(stored, &read))
		require.Equal(t, policy.Ladder(), read.Ladder())
	})
}
