package postgres_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/store/postgres"
)

func (b *bench) liveAfter(p postgres.LivePosition) []postgres.LiveEvent {
	b.t.Helper()
	events, err := b.LiveAfter(b.t.Context(), p, 100)
	require.NoError(b.t, err)
	return events
}

// liveSoon waits for n events: whatever else runs in the server may hold them back for a moment.
func (b *bench) liveSoon(p postgres.LivePosition, n int) []postgres.LiveEvent {
	b.t.Helper()
	var events []postgres.LiveEvent
	require.Eventually(b.t, func() bool {
		events = b.liveAfter(p)
		return len(events) >= n
	}, 30*time.Second, 5*time.Millisecond)
	return events
}

func liveTypes(events []postgres.LiveEvent) string {
	types := make([]string, 0, len(events))
	for _, e := range events {
		types = append(types, e.Type)
	}
	return strings.Join(types, " ")
}

func refs(t *testing.T, e postgres.LiveEvent) map[string]any {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal(e.Refs, &m))
	return m
}

// The row that is numbered first is committed last: whoever took the greatest number for the end would never see it.
func TestTheStreamWaitsForWhoeverBeganBefore(t *testing.T) {
	t.Parallel()
	b := setup(t)
	start, err := b.LiveNow(t.Context())
	require.NoError(t, err)

	first, err := b.sql.Begin(t.Context())
	require.NoError(t, err)
	second, err := b.sql.Begin(t.Context())
	require.NoError(t, err)
	tell := `SELECT tell_live($1, '{"block_id": 1}')`
	_, err = first.Exec(t.Context(), tell, "calendar.closed")
	require.NoError(t, err)
	_, err = second.Exec(t.Context(), tell, "calendar.opened")
	require.NoError(t, err)
	require.NoError(t, second.Commit(t.Context()))
	require.Empty(t, b.liveAfter(start), "the first is not decided")

	_, err = first.Exec(t.Context(), tell, "calendar.feed")
	require.NoError(t, err)
	require.NoError(t, first.Commit(t.Context()))
	events := b.liveSoon(start, 3)
	require.Equal(t, "calendar.closed calendar.feed calendar.opened", liveTypes(events), "by transaction, then as written")
	require.Equal(t, "calendar.feed calendar.opened", liveTypes(b.liveAfter(events[0].Position)))
	require.Empty(t, b.liveAfter(events[2].Position))

	undone, err := b.sql.Begin(t.Context())
	require.NoError(t, err)
	_, err = undone.Exec(t.Context(), tell, "calendar.closed")
	require.NoError(t, err)
	b.exec(tell, "calendar.opened")
	require.NoError(t, undone.Rollback(t.Context()))
	require.Equal(t, "calendar.opened", liveTypes(b.liveSoon(events[2].Position, 1)), "what was rolled back never happened")
}

func TestWhatHappensIsTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	start, err := b.LiveNow(t.Context())
	require.NoError(t, err)
	told := func(n int) []postgres.LiveEvent {
		events := b.liveSoon(start, n)
		start = events[len(events)-1].Position
		return events
	}
	r := b.hold(stay("2027-01-10", 2))
	events := told(1)
	require.Equal(t, "reservation.held", liveTypes(events))
	require.Equal(t, map[string]any{"code": r.Code, "status": "pre_reserved", "accommodation_id": float64(b.cabin)}, refs(t, events[0]))
	_, err = b.ConfirmByOwner(t.Context(), r.Code, 42, now)
	require.NoError(t, err)
	require.Equal(t, "reservation.confirmed", liveTypes(told(1)))

	guest, message, _, err := b.RecordInbound(t.Context(), postgres.Inbound{Guest: postgres.Guest{Phone: "543511234567", Name: "Secret Name"}, ProviderID: "wamid.1",
		Kind: "text", Body: json.RawMessage(`{"text":"secret words"}`), SentAt: now}, now)
	require.NoError(t, err)
	events = told(1)
	require.Equal(t, "message.received", liveTypes(events))
	require.Equal(t, map[string]any{"guest_id": float64(guest), "message_id": float64(message)}, refs(t, events[0]), "no names, phones or words")
	require.NoError(t, b.TakeOver(t.Context(), guest, time.Time{}, postgres.Author{Kind: "system"}, now))
	require.NoError(t, b.HandBack(t.Context(), guest, postgres.Author{Kind: "system"}, now))
	require.Equal(t, "conversation.taken_over conversation.handed_back", liveTypes(told(2)))

	b.exec(`INSERT INTO calendar_blocks (accommodation_id, start_date, end_date, source) VALUES ($1, '2027-01-11', '2027-01-14', 'manual')`, b.cabin)
	require.Equal(t, "calendar.closed calendar.conflict", liveTypes(told(2)), "a block on sold nights")
	b.exec(`UPDATE calendar_blocks SET active = false`)
	require.Equal(t, "calendar.opened calendar.conflict_resolved", liveTypes(told(2)))
	b.exec(`INSERT INTO calendar_feeds (accommodation_id, channel, url) VALUES ($1, 'airbnb', 'https://x')`, b.cabin)
	b.exec(`UPDATE calendar_feeds SET failures = failures + 1`)
	b.exec(`UPDATE calendar_feeds SET failures = failures + 1`)
	b.exec(`UPDATE calendar_feeds SET failures = 0`)
	events = told(3)
	require.Equal(t, "calendar.feed calendar.feed calendar.feed", liveTypes(events), "the second failure is no news")
	require.Equal(t, "failing", refs(t, events[1])["status"])
	require.Equal(t, "well", refs(t, events[2])["status"])
}

func TestSweepKeepsWherePeopleAre(t *testing.T) {
	t.Parallel()
	b := setup(t)
	before, err := b.LiveNow(t.Context())
	require.NoError(t, err)
	b.exec(`UPDATE live_events SET at = now() - interval '4 days'`)
	for _, age := range []string{"3 days", "2 days", "1 minute"} {
		b.exec(`INSERT INTO live_events (type, at) VALUES ('calendar.feed', now() - $1::text::interval)`, age)
	}
	events := b.liveSoon(before, 3)
	require.Len(t, events, 3)
	kept := func(p postgres.LivePosition) bool {
		kept, err := b.LiveKept(t.Context(), p)
		require.NoError(t, err)
		return kept
	}
	require.True(t, kept(before))
	swept, err := b.SweepLive(t.Context(), time.Now().Add(-24*time.Hour))
	require.NoError(t, err)
	require.Positive(t, swept)
	require.False(t, kept(events[0].Position), "what came after it was removed")
	require.True(t, kept(events[1].Position), "all that came after it is there")
	require.True(t, kept(events[2].Position))

	b.exec(`INSERT INTO live_events (xid, type) VALUES ('9000000000', 'calendar.feed')`)
	require.False(t, kept(postgres.LivePosition{XID: 9_000_000_000, ID: 1}), "of another life of the database")
	_, err = b.SweepLive(t.Context(), time.Now().Add(-24*time.Hour))
	require.NoError(t, err)
	require.Equal(t, 2, ask[int](b, `SELECT count(*) FROM live_events`))
	b.exec(`DELETE FROM live_events`)
	_, err = b.SweepLive(t.Context(), time.Now())
	require.NoError(t, err)
	require.Equal(t, 1, ask[int](b, `SELECT count(*) FROM live_events`), "there is always a beginning")
	require.False(t, kept(events[2].Position))
	require.Eventually(t, func() bool {
		end, err := b.LiveNow(t.Context())
		return err == nil && kept(end)
	}, 30*time.Second, 5*time.Millisecond)
}

func TestLivePositionsAreRead(t *testing.T) {
	t.Parallel()
	p, err := postgres.ParseLivePosition("12-7")
	require.NoError(t, err)
	require.Equal(t, postgres.LivePosition{XID: 12, ID: 7}, p)
	require.Equal(t, "12-7", p.String())
	for _, wrong := range []string{"", "12", "-12-7", "12--7", "a-7", "12-7-1", "012-7", "9999999999999999999-1"} {
		_, err := postgres.ParseLivePosition(wrong)
		require.Error(t, err, wrong)
	}
	require.True(t, p.Before(postgres.LivePosition{XID: 13}))
	require.False(t, p.Before(p))
}

func TestAuditLogIsFiltered(t *testing.T) {
	t.Parallel()
	b := setup(t)
	user, err := b.CreateFirstOwner(t.Context(), postgres.User{Email: "o@example.org", PasswordHash: "h"}, postgres.Author{Kind: "setup"}, now)
	require.NoError(t, err)
	by := postgres.Author{Kind: "staff", UserID: user, TraceID: "t-1"}
	for i, entity := range []string{"block", "block", "feed"} {
		require.NoError(t, b.RecordByStaff(t.Context(), by, postgres.AuditEntry{Action: entity + ".changed", Entity: entity, EntityID: "7",
			Before: map[string]any{"n": i}}, now.Add(time.Duration(i)*time.Hour)))
	}
	list := func(f postgres.AuditFilter, before int64) []postgres.AuditLine {
		lines, err := b.AuditLines(t.Context(), f, before, 10)
		require.NoError(t, err)
		return lines
	}
	all := list(postgres.AuditFilter{}, 0)
	require.Len(t, all, 4, "the set-up too")
	require.Equal(t, "feed.changed", all[0].Action)
	require.Equal(t, "o@example.org", all[0].Email)
	require.JSONEq(t, `{"n": 2}`, string(all[0].Before))
	require.Nil(t, all[0].After)
	require.Empty(t, all[3].Email)
	require.Len(t, list(postgres.AuditFilter{}, all[1].ID), 2)
	require.Len(t, list(postgres.AuditFilter{UserID: user}, 0), 3)
	require.Len(t, list(postgres.AuditFilter{Action: "block.changed", Entity: "block", EntityID: "7"}, 0), 2)
	require.Len(t, list(postgres.AuditFilter{Since: now.Add(time.Hour), Until: now.Add(2 * time.Hour)}, 0), 1)
}

func TestInboxIsWatched(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var ids [3]int64
	for i := range ids {
		id, _, err := b.InsertInbox(t.Context(), "whatsapp", string(rune('a'+i)), []byte("secret"), nil, "t-1", now)
		require.NoError(t, err)
		ids[i] = id
	}
	require.NoError(t, b.MarkDispatched(t.Context(), ids[:1], now))
	require.NoError(t, b.MarkDispatchFailed(t.Context(), ids[1], "away", now))
	for status, id := range map[postgres.InboxStatus]int64{postgres.InboxDispatched: ids[0], postgres.InboxFailing: ids[1], postgres.InboxWaiting: ids[2]} {
		entries, err := b.InboxEntries(t.Context(), "whatsapp", status, 0, 10)
		require.NoError(t, err)
		require.Len(t, entries, 1, status)
		require.Equal(t, id, entries[0].ID)
		require.Equal(t, status, entries[0].Status)
		require.Equal(t, status == postgres.InboxDispatched, entries[0].NextTryAt.IsZero())
	}
	page, err := b.InboxEntries(t.Context(), "", "", ids[2], 1)
	require.NoError(t, err)
	require.Equal(t, ids[1], page[0].ID)
	require.Equal(t, "away", page[0].LastError)
	none, err := b.InboxEntries(t.Context(), "mercadopago", "", 0, 10)
	require.NoError(t, err)
	require.Empty(t, none)
	_, _, err = b.InboxDelivery(t.Context(), 999)
	requireCode(t, err, booking.CodeNotFound)
}
