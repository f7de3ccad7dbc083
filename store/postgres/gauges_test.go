package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/migrations"
)

func TestStandingCountsWhatWaits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	empty, err := b.Standing(t.Context(), now)
	require.NoError(t, err)
	require.Empty(t, empty.Inbox)
	require.Empty(t, empty.Reservations)
	require.Zero(t, empty.Mails.Age(now))
	require.True(t, empty.SweptAt.IsZero())
	require.Equal(t, "ARS", empty.Currency)
	require.Equal(t, booking.MustDate("2026-11-22"), empty.Today)

	b.exec(`INSERT INTO webhook_inbox (provider, event_key, body, received_at, due_at, dispatched_at) VALUES
		('whatsapp', 'a', '', $1, $1, NULL), ('whatsapp', 'b', '', $1::timestamptz + interval '20 s', $1, NULL), ('mercadopago', 'c', '', $1, $1, $1)`, now.Add(-time.Minute))
	b.exec(`INSERT INTO messages (guest_id, direction, kind, body, status, provider_id, sent_at, created_at)
		VALUES ($1, 'in', 'audio', '{}', 'received', 'wamid.1', $2, $2), ($1, 'in', 'text', '{}', 'answered', 'wamid.2', $2, $2)`, b.guest, now.Add(-30*time.Second))
	b.exec(`INSERT INTO messages (guest_id, direction, kind, body, status, error, effect_key, created_at) VALUES
		($1, 'out', 'text', '{}', 'queued', 'account', 'k1', $2), ($1, 'out', 'text', '{}', 'sending', '', 'k2', $2),
		($1, 'out', 'text', '{}', 'failed', 'template', 'k3', $2), ($1, 'out', 'text', '{}', 'failed', 'template', 'k4', $2::timestamptz - interval '2 d')`, b.guest, now.Add(-time.Hour))
	b.exec(`INSERT INTO mails (key, to_owner, kind, content, created_at) VALUES ('m', true, 'hold', '{}', $1)`, now.Add(-2*time.Hour))
	b.exec(`INSERT INTO payment_sweeps (since, through, seen, handed_on, at) VALUES ($1, $1, 0, 0, $1)`, now.Add(-7*time.Minute))
	b.exec(`INSERT INTO payment_days VALUES ('2026-11-21', 3, 0, 0, 0, 0, 2, $1, $1), ('2026-11-01', 3, 0, 0, 0, 0, 9, $1, $1)`, now.Add(-time.Hour))
	b.exec(`INSERT INTO payments (provider_id, reference, amount_centavos, currency, status, verdict, disposition, provider_updated_at, first_received_at, last_received_at, collector_ours)
		VALUES ('77', '', 5000, 'ARS', 'approved', 'park', 'parked', $1, $1, $1, true)`, now.Add(-time.Hour))
	held := b.hold(booking.Stay{CheckIn: booking.MustDate("2026-11-25"), CheckOut: booking.MustDate("2026-11-28")})

	late := now.Add(2 * time.Hour)
	standing, err := b.Standing(t.Context(), late)
	require.NoError(t, err)
	require.EqualValues(t, 2, standing.Inbox["whatsapp"].Number)
	require.Equal(t, 2*time.Hour+time.Minute, standing.Inbox["whatsapp"].Age(late))
	require.NotContains(t, standing.Inbox, "mercadopago")
	require.EqualValues(t, 1, standing.Unanswered["audio"].Number)
	require.NotContains(t, standing.Unanswered, "text")
	require.EqualValues(t, 1, standing.Messages["account"].Number)
	require.EqualValues(t, 1, standing.Messages["waiting"].Number)
	require.EqualValues(t, 1, standing.FailedMessages["template"].Number, "those of the last day")
	require.EqualValues(t, 1, standing.Mails.Number)
	require.Equal(t, 2*time.Hour+7*time.Minute, late.Sub(standing.SweptAt))
	require.EqualValues(t, 2, standing.DaysDiffering.Number, "yesterday and today")
	require.EqualValues(t, 1, standing.Payments["parked"].Number)
	require.EqualValues(t, 5000, standing.Payments["parked"].Centavos)
	require.EqualValues(t, 1, standing.Reservations["pre_reserved"].Number)
	require.Positive(t, standing.Reservations["pre_reserved"].Centavos)
	require.EqualValues(t, 1, standing.Overdue.Number)
	require.Equal(t, late.Sub(held.ExpiresAt), standing.Overdue.Age(late))
	require.EqualValues(t, 1, standing.Units)

	b.exec(`INSERT INTO calendar_blocks (accommodation_id, start_date, end_date) VALUES ($1, '2026-11-20', '2026-11-24'), ($1, '2026-11-23', '2026-11-25'), ($1, '2027-01-01', '2027-01-03')`, b.cabin)
	occupancy, err := b.Occupancy(t.Context(), standing.Today)
	require.NoError(t, err)
	nights := map[string]map[int]int64{"booking": {}, "block": {}}
	for _, taken := range occupancy {
		nights[taken.By][taken.Days] = taken.Nights
	}
	require.Equal(t, map[string]map[int]int64{"booking": {7: 3, 30: 3, 90: 3}, "block": {7: 3, 30: 3, 90: 5}}, nights,
		"a night closed twice is one, nights gone by are none")

	version, err := b.SchemaVersion(t.Context())
	require.NoError(t, err)
	require.Equal(t, migrations.Latest(), version)
	require.Positive(t, b.PoolStats().TotalConns())
}
