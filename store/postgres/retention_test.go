package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/store/postgres"
)

var keeps = postgres.Retention{WebhookDays: 30, DialogueDays: 30, MessageMonths: 24, GuestMonths: 12, BookedGuestMonths: 120, MailDays: 90, RecordDays: 90}

// tidy does every task in batches of two and returns how many rows each found.
func (b *bench) tidy(keep postgres.Retention, at time.Time) map[string]int64 {
	b.t.Helper()
	rows := map[string]int64{}
	for _, task := range postgres.RetentionTasks() {
		for {
			n, err := b.ForgetBatch(b.t.Context(), task, keep, 2, at)
			require.NoError(b.t, err, task)
			rows[task] += n
			if n < 2 {
				break
			}
		}
	}
	return rows
}

func TestRetentionForgetsWhatIsOldAndNothingElse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	guest, code := b.known()
	b.over(code)
	staff := ask[int64](b, `SELECT id FROM users`)
	// Each table twice: five years old, and of today. Three old ones are more than a batch.
	old := now.AddDate(-5, 0, 0)
	for n := range 3 {
		b.exec(`INSERT INTO webhook_inbox (provider, event_key, body, received_at, due_at, dispatched_at) VALUES ('whatsapp', $1, 'x', $2, $2, $2)`,
			fmt.Sprint("recent", n), now.AddDate(0, 0, -40))
		b.exec(`INSERT INTO webhook_inbox (provider, event_key, body, received_at, due_at, dispatched_at) VALUES ('whatsapp', $1, 'x', $2, $2, $2)`,
			fmt.Sprint("old", n), old)
		b.exec(`INSERT INTO idempotency_keys (endpoint, key, request_hash, response_status, response_body, created_at, expires_at)
			VALUES ('e', $1, 'h', 201, 'x', $2, $2)`, fmt.Sprint(n), old)
		b.exec(`INSERT INTO login_attempts (tried_at) VALUES ($1)`, old)
	}
	b.exec(`INSERT INTO webhook_inbox (provider, event_key, body, received_at, due_at) VALUES ('whatsapp', 'stuck', 'x', $1, $1)`, old)
	b.exec(`INSERT INTO idempotency_keys (endpoint, key, request_hash, response_status, response_body, created_at, expires_at)
		VALUES ('e', 'fresh', 'h', 201, 'x', $1, $1)`, now.Add(time.Hour))
	b.exec(`UPDATE idempotency_keys SET expires_at = $1 WHERE endpoint = 'place-hold'`, now.Add(time.Hour))
	b.exec(`INSERT INTO login_attempts (tried_at) VALUES ($1)`, now)
	b.exec(`INSERT INTO staff_sessions (user_id, created_at, expires_at, last_used_at) VALUES ($1, $2, $2, $2), ($1, $3, $4, $3)`, staff, old, now, now.AddDate(0, 1, 0))
	b.exec(`INSERT INTO refresh_tokens (token_hash, session_id, issued_at, expires_at) SELECT sha256(id::text::bytea), id, created_at, expires_at FROM staff_sessions`)
	b.exec(`INSERT INTO payment_sweeps (since, through, seen, handed_on, at) VALUES ($1, $1, 0, 0, $1), ($2, $2, 0, 0, $2)`, old, now)
	b.exec(`INSERT INTO calendar_exports (accommodation_id, channel, token_hash, created_at) VALUES ($1, 'airbnb', 'h', $2)`, b.cabin, old)
	b.exec(`INSERT INTO calendar_pulls (export_id, at, channel) SELECT id, $1, 'airbnb' FROM calendar_exports`, old)
	b.exec(`INSERT INTO calendar_pulls (export_id, at, channel) SELECT id, $1, 'booking' FROM calendar_exports`, old)
	b.exec(`INSERT INTO calendar_pulls (export_id, at, channel) SELECT id, $1, 'airbnb' FROM calendar_exports`, now)
	b.exec(`INSERT INTO calendar_feeds (accommodation_id, channel, url) VALUES ($1, 'airbnb', 'https://x')`, b.cabin)
	b.exec(`INSERT INTO calendar_feed_events (feed_id, uid, start_date, end_date, kind, first_seen, last_seen, released_at)
		SELECT id, u.uid, '2020-01-01', '2020-01-02', 'reserved', $1, $1, u.released FROM calendar_feeds, (VALUES ('gone', $1::timestamptz), ('stands', NULL)) u(uid, released)`, old)

	require.Equal(t, map[string]int64{
		"webhook_bodies": 6, "webhooks": 3, "dialogues": 0, "messages": 0, "payment_reports": 0, "mails": 0, "responses": 3, "login_attempts": 3,
		"refresh_tokens": 1, "sessions": 1, "calendar_pulls": 1, "feed_events": 1, "payment_sweeps": 1,
	}, b.tidy(keeps, now))
	require.Equal(t, int64(1), ask[int64](b, `SELECT count(*) FROM webhook_inbox WHERE event_key = 'stuck' AND body <> ''`), "what was not handed on stays")
	require.Zero(t, b.tidy(postgres.Retention{}, now.AddDate(50, 0, 0))["messages"], "zero keeps for ever")

	// A month of silence: the dialogue starts anew, unless a person answers or the guest wants nothing unasked.
	b.exec(`UPDATE conversations SET handed_over = false, state = '{"v": 1}'`)
	b.exec(`INSERT INTO conversations (guest_id, state, window_open_until) VALUES ($1, '{"opted_out": true}', $2)`, b.guest, now)
	require.Equal(t, int64(1), b.tidy(keeps, now.AddDate(0, 2, 0))["dialogues"])
	require.Equal(t, int64(1), ask[int64](b, `SELECT count(*) FROM conversations WHERE state IS NOT NULL`))

	// Words last until two years after the last stay, while no money is open; the mail's for three months.
	late := now.AddDate(4, 0, 0)
	b.exec(`UPDATE payments SET disposition = 'to_refund'`)
	b.exec(`UPDATE messages SET status = 'failed' WHERE status IN ('queued', 'sending')`)
	b.exec(`UPDATE mails SET status = 'dropped'`)
	waits := b.tidy(keeps, late)
	require.Equal(t, int64(5), waits["messages"], "what the owner was told is old whatever becomes of the guest's money")
	require.Equal(t, int64(2), waits["mails"])
	require.Zero(t, waits["payment_reports"])
	b.exec(`UPDATE payments SET disposition = 'applied'`)
	done := b.tidy(keeps, late)
	require.Positive(t, done["messages"])
	require.Positive(t, done["payment_reports"])
	require.Equal(t, int64(1), ask[int64](b, `SELECT count(*) FROM messages WHERE NOT body ? 'forgotten'`), "a message nobody answered stays")
	require.Empty(t, b.holding("perro Firulais\"}"))

	// A person is erased after their time.
	ids, err := b.GuestsToForget(t.Context(), keeps, 0, 10, now)
	require.NoError(t, err)
	require.Empty(t, ids)
	ids, err = b.GuestsToForget(t.Context(), keeps, 0, 10, late)
	require.NoError(t, err)
	require.Equal(t, []int64{b.guest}, ids, "who booked is kept longer")
	ids, err = b.GuestsToForget(t.Context(), keeps, 0, 10, now.AddDate(11, 0, 0))
	require.NoError(t, err)
	require.Equal(t, []int64{b.guest, guest}, ids)
	ids, err = b.GuestsToForget(t.Context(), postgres.Retention{}, 0, 10, now.AddDate(90, 0, 0))
	require.NoError(t, err)
	require.Empty(t, ids)
	_, err = b.ForgetBatch(t.Context(), "anything", keeps, 2, now)
	require.Error(t, err)
}

func TestWhatCameInDuringAnErasureIsForgottenLater(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.EraseGuest(t.Context(), erase(b.guest), now)
	require.NoError(t, err)
	ids, err := b.GuestsToForget(t.Context(), keeps, 0, 10, now)
	require.NoError(t, err)
	require.Empty(t, ids)
	b.exec(`INSERT INTO messages (guest_id, direction, kind, body, provider_id, status, sent_at) VALUES ($1, 'in', 'text', '{"text": "hola"}', 'w', 'received', now())`, b.guest)
	ids, err = b.GuestsToForget(t.Context(), keeps, 0, 10, now)
	require.NoError(t, err)
	require.Equal(t, []int64{b.guest}, ids)
	_, err = b.EraseGuest(t.Context(), erase(b.guest), now)
	require.NoError(t, err)
	ids, err = b.GuestsToForget(t.Context(), keeps, 0, 10, now)
	require.NoError(t, err)
	require.Empty(t, ids)
}

func TestLedgerReportsStayAppendOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.known()
	for _, statement := range []string{`DELETE FROM payment_events`, `UPDATE payment_events SET amount_centavos = 1`,
		`UPDATE payment_events SET raw = '{}'`, `UPDATE payment_events SET raw = NULL, status = 'x'`, `TRUNCATE payment_events`} {
		_, err := b.sql.Exec(t.Context(), statement)
		require.ErrorContains(t, err, "append-only", statement)
	}
}
