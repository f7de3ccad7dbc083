package postgres_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"cabanas/booking"
	"cabanas/store/postgres"
)

var byOwner = postgres.Author{Kind: "command", TraceID: "t"}

func summer() booking.RateRuleChange {
	return booking.RateRuleChange{Name: new(" Verano "), Percent: new(150), Priority: new(10), MinNights: new(3),
		Dates: &[]booking.NightRange{{First: booking.MustDate("2026-12-20"), Last: booking.MustDate("2027-02-28")}}}
}

func (b *bench) audited(action string) (before, after map[string]any) {
	b.t.Helper()
	var was, is []byte
	require.NoError(b.t, b.sql.QueryRow(b.t.Context(), `SELECT before, after FROM audit_log WHERE action = $1 ORDER BY id DESC LIMIT 1`, action).Scan(&was, &is))
	for data, into := range map[*[]byte]*map[string]any{&was: &before, &is: &after} {
		if *data != nil {
			require.NoError(b.t, json.Unmarshal(*data, into))
		}
	}
	return before, after
}

func TestRulesComeWithWhatTheyPrice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	other := b.newCabin()
	all, err := b.AddRateRule(t.Context(), byOwner, summer(), now)
	require.NoError(t, err)
	require.Equal(t, "Verano", all.Name)
	require.Equal(t, 1, all.Version)
	own := booking.RateRuleChange{AccommodationID: &b.cabin, Name: new("Finde"), Kind: new(booking.RuleAlways), Priority: new(20), Price: new(booking.Pesos(99_000)),
		Weekdays: &[]time.Weekday{time.Saturday, time.Friday, time.Friday}, OwnDiscounts: new(true), MinNightsFor: new(booking.MinForArriving)}
	mine, err := b.AddRateRule(t.Context(), byOwner, own, now)
	require.NoError(t, err)
	require.Equal(t, []time.Weekday{time.Friday, time.Saturday}, mine.Weekdays)
	require.Equal(t, &[]booking.LengthDiscount{}, mine.LengthDiscounts)
	off := summer()
	off.Name, off.Active = new("Otro verano"), new(false)
	_, err = b.AddRateRule(t.Context(), byOwner, off, now)
	require.NoError(t, err)

	places, err := b.Accommodations(t.Context())
	require.NoError(t, err)
	require.Len(t, places, 2)
	require.Equal(t, []booking.RateRule{all.RateRule, mine.RateRule}, places[0].Rate.Rules)
	require.Equal(t, []booking.RateRule{all.RateRule}, places[1].Rate.Rules)
	for _, place := range places {
		one, err := b.Accommodation(t.Context(), place.ID)
		require.NoError(t, err)
		require.Equal(t, place, one)
	}
	quote := booking.QuoteStay(places[0].Rate, stay("2027-01-14", 3), 2, 30) // Thursday to Sunday
	require.Equal(t, booking.Pesos(75_000+2*99_000), quote.Total)
	require.Equal(t, mine.ID, quote.Lines[1].RuleID)
	require.Equal(t, other, places[1].ID)

	listed, err := b.RateRules(t.Context(), postgres.RateRuleFilter{AccommodationID: other, Active: new(true), Most: 10})
	require.NoError(t, err)
	require.Equal(t, []postgres.RateRule{all}, listed)
	listed, err = b.RateRules(t.Context(), postgres.RateRuleFilter{After: all.ID, Most: 1})
	require.NoError(t, err)
	require.Equal(t, []postgres.RateRule{mine}, listed)
}

func TestARuleIsChangedAndTheQuoteOfABookingStays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	rule, err := b.AddRateRule(t.Context(), byOwner, summer(), now)
	require.NoError(t, err)
	place, err := b.Accommodation(t.Context(), b.cabin)
	require.NoError(t, err)
	made, err := b.PlaceHold(t.Context(), postgres.NewHold{Code: newCode(), AccommodationID: b.cabin, GuestID: b.guest, Stay: stay("2027-01-11", 3), Guests: 2,
		Channel: booking.ChannelDirect, ExpiresAt: now.Add(time.Hour), Quote: booking.QuoteStay(place.Rate, stay("2027-01-11", 3), 2, 30)}, now)
	require.NoError(t, err)

	changed, err := b.ChangeRateRule(t.Context(), byOwner, rule.ID, 1, booking.RateRuleChange{Percent: new(200)}, now.Add(time.Minute))
	require.NoError(t, err)
	require.Equal(t, 2, changed.Version)
	before, after := b.audited("rate_rule.changed")
	require.Equal(t, map[string]any{"percent": 150.0}, before)
	require.Equal(t, map[string]any{"percent": 200.0}, after)
	_, err = b.ChangeRateRule(t.Context(), byOwner, rule.ID, 1, booking.RateRuleChange{Percent: new(90)}, now)
	requireCode(t, err, postgres.CodeChangedMeanwhile)
	same, err := b.ChangeRateRule(t.Context(), byOwner, rule.ID, postgres.AnyRevision, booking.RateRuleChange{Percent: new(200)}, now.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, changed, same, "nothing different changes nothing")

	kept, err := b.Reservation(t.Context(), made.Code)
	require.NoError(t, err)
	require.Equal(t, made.Quote, kept.Quote)
	require.Equal(t, booking.Pesos(225_000), kept.Quote.Total)
	require.Equal(t, 1, kept.Quote.Lines[0].RuleVersion)

	requireCode(t, b.DeleteRateRule(t.Context(), byOwner, rule.ID, 1, now), postgres.CodeChangedMeanwhile)
	require.NoError(t, b.DeleteRateRule(t.Context(), byOwner, rule.ID, 2, now))
	requireCode(t, b.DeleteRateRule(t.Context(), byOwner, rule.ID, postgres.AnyRevision, now), booking.CodeNotFound)
	before, after = b.audited("rate_rule.deleted")
	require.Equal(t, "Verano", before["name"])
	require.Nil(t, after)
	_, err = b.RateRule(t.Context(), rule.ID)
	requireCode(t, err, booking.CodeNotFound)
	kept, err = b.Reservation(t.Context(), made.Code)
	require.NoError(t, err)
	require.Equal(t, made.Quote, kept.Quote)
}

func TestRulesThatMeetAreNotLetIn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.AddRateRule(t.Context(), byOwner, booking.RateRuleChange{AccommodationID: new(int64(4711)), Name: new("x"), Kind: new(booking.RuleAlways), Percent: new(90)}, now)
	var field *booking.FieldError
	require.ErrorAs(t, err, &field)
	require.Equal(t, "accommodation_id", field.Field)

	var group errgroup.Group
	made := make(chan error, 4)
	for range 4 {
		group.Go(func() error {
			_, err := b.AddRateRule(t.Context(), byOwner, summer(), now)
			made <- err
			return nil
		})
	}
	require.NoError(t, group.Wait())
	let := 0
	for range 4 {
		if err := <-made; err == nil {
			let++
		} else {
			requireCode(t, err, booking.CodeAmbiguousRule)
		}
	}
	require.Equal(t, 1, let, "of rules that meet, made at once, one is let in")
}
