package postgres_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/store/postgres"
)

// seed is somebody who cannot be mistaken for anybody else.
const (
	seedPhone = "542944987654"
	seedName  = "Zulema Quiroga Ñanco"
	seedEmail = "zulema.quiroga@example.org"
	seedText  = "llego con mi perro Firulais"
	seedBank  = "TRANSF QUIROGA ZULEMA CUIT 27-11222333-4"
)

var seeds = []string{"2944987654", "Zulema", "zulema", "ZULEMA", "Quiroga", "QUIROGA", "Firulais", "wamid.zul", "11222333"}

// known fills every table that can say something of a person, and returns who it is and the code of a booking that is over.
func (b *bench) known() (guestID int64, code string) {
	b.t.Helper()
	ctx := b.t.Context()
	guestID, err := b.UpsertGuest(ctx, postgres.Guest{Phone: seedPhone, WhatsAppPhone: "5492944987654", WhatsAppUserID: "AR.zulema", Name: seedName,
		Email: seedEmail, Language: "es"})
	require.NoError(b.t, err)
	written, _, _, err := b.RecordInbound(ctx, postgres.Inbound{Guest: postgres.Guest{Phone: seedPhone}, ProviderID: "wamid.zul1", Kind: "text",
		Body: raw(map[string]any{"kind": "text", "text": seedText}), SentAt: now}, now)
	require.NoError(b.t, err)
	require.Equal(b.t, guestID, written)
	turn, found := b.take(guestID)
	require.True(b.t, found)
	b.workOff(turn)
	_, unheard, _, err := b.RecordInbound(ctx, postgres.Inbound{Guest: postgres.Guest{Phone: seedPhone}, ProviderID: "wamid.zul2", Kind: "audio",
		Body: raw(map[string]any{"kind": "audio", "media": map[string]any{"id": "7", "filename": "Zulema.ogg"}}), SentAt: now}, now)
	require.NoError(b.t, err)
	b.exec(`INSERT INTO audio_transcriptions (message_id, outcome, text) VALUES ($1, 'heard', $2)`, unheard, seedText)
	b.exec(`UPDATE turns SET understood = jsonb_build_object('said', $1::text) WHERE guest_id = $2`, seedText, guestID)
	b.exec(`UPDATE conversations SET state = jsonb_build_object('heard', $1::text), handed_over = true WHERE guest_id = $2`, seedText, guestID)
	_, _, err = b.RecordEcho(ctx, postgres.Echo{Guest: postgres.Guest{Phone: seedPhone}, ProviderID: "wamid.zul3", Kind: "text",
		Body: raw(map[string]any{"kind": "text", "body": "Hola Zulema"}), SentAt: now}, now)
	require.NoError(b.t, err)

	wish := b.wish(stay("2027-03-10", 3))
	wish.GuestID = guestID
	r, err := b.PlaceHold(ctx, wish, now)
	require.NoError(b.t, err)
	by := b.owner()
	payment, err := b.RecordPayment(ctx, postgres.RecordedPayment{Code: r.Code, Method: booking.ByTransfer, Amount: booking.Pesos(30_000),
		Note: "de " + seedName, Key: seedBank, By: by, Via: "staff"}, now)
	require.NoError(b.t, err)
	b.exec(`INSERT INTO payment_events (payment_id, status, amount_centavos, refunded_centavos, provider_updated_at, verdict, raw, received_at)
		SELECT id, 'approved', 1, 0, now(), 'raw', jsonb_build_object('payer', $2::text), now() FROM payments WHERE provider_id = $1`, payment.PaymentID, seedName)
	b.exec(`INSERT INTO movements (reference, amount_centavos, currency, credited_at, outcome, payment_id, user_id, created_at)
		SELECT $2, 3000000, 'ARS', $3, 'matched', id, $4, $3 FROM payments WHERE provider_id = $1`, payment.PaymentID, seedBank, now, by.UserID)
	movement := fmt.Sprintf("movement/%s/3000000/%d", seedBank, now.Unix())
	for key, body := range map[string]string{
		movement:                          "¿De quién es? " + r.Code,
		r.Code + "/owner_confirmed":       "Confirmó " + seedName,
		fmt.Sprint(unheard) + "/effect/0": "Pide una persona: " + seedText,
		"owner_unsent/" + r.Code + "/x":   "No le llegó a " + seedName,
		"owner/other":                     "Llamá al " + seedPhone,
	} {
		_, err = b.QueueNotice(ctx, postgres.Notice{Key: key, Owner: true, OwnerPhone: "5491100000000", Reply: raw(map[string]any{"kind": "text", "body": body})}, now)
		require.NoError(b.t, err)
	}
	_, _, err = b.QueueMail(ctx, postgres.NewMail{Key: r.Code + "/confirmed", Kind: "confirmed", GuestID: guestID, Code: r.Code,
		Content: raw(map[string]any{"text": "Hola " + seedName})}, now)
	require.NoError(b.t, err)
	_, _, err = b.QueueMail(ctx, postgres.NewMail{Key: movement, Owner: true, Kind: "owner_transfer", Content: raw(map[string]any{"text": seedBank})}, now)
	require.NoError(b.t, err)
	b.exec(`INSERT INTO reservation_notes (reservation_id, special_requests, internal_notes, updated_at) VALUES ($1, $2, $2, now())`, r.ID, seedText)
	b.exec(`INSERT INTO webhook_inbox (provider, event_key, body, received_at, due_at, dispatched_at) VALUES ('whatsapp', 'z1', $1, now(), now(), now())`,
		[]byte(`{"name":"Zulema Quiroga \u00d1anco","from":"5492944987654"}`))
	b.exec(`INSERT INTO webhook_inbox (provider, event_key, body, received_at, due_at, dispatched_at) VALUES ('whatsapp', 'z2', $1, now(), now(), now())`,
		[]byte(`{"name":"Zulema Quiroga \u00d1anco"`))
	b.exec(`INSERT INTO webhook_inbox (provider, event_key, body, received_at, due_at, dispatched_at) VALUES ('whatsapp', 'other', $1, now(), now(), now())`,
		[]byte(`{"from":"5491144440000"}`))
	b.exec(`INSERT INTO idempotency_keys (endpoint, key, request_hash, response_status, response_body, created_at, expires_at)
		VALUES ('place-hold', 'z', 'h', 201, $1, now(), now())`, []byte(`{"code":"`+r.Code+`","token":"secret"}`))
	_, err = b.IssueReceipts(ctx, r.Code, now)
	require.NoError(b.t, err)
	return guestID, r.Code
}

// over ends the booking of a guest without moving money.
func (b *bench) over(code string) {
	b.t.Helper()
	b.exec(`UPDATE reservations SET reservation_status = 'completed', completed_at = now() WHERE code = $1`, code)
}

// holding lists the tables in which a text stands anywhere, as table: row.
func (b *bench) holding(text string) []string {
	b.t.Helper()
	var found []string
	for _, table := range b.tables() {
		rows, err := b.sql.Query(b.t.Context(), fmt.Sprintf(`SELECT x::text FROM %s x`, table))
		require.NoError(b.t, err)
		for rows.Next() {
			var row string
			require.NoError(b.t, rows.Scan(&row))
			if strings.Contains(row, text) || strings.Contains(row, fmt.Sprintf("%x", text)) {
				found = append(found, table+": "+row)
			}
		}
		rows.Close()
		require.NoError(b.t, rows.Err())
	}
	return found
}

func (b *bench) tables() []string {
	b.t.Helper()
	rows, err := b.sql.Query(b.t.Context(), `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`)
	require.NoError(b.t, err)
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		require.NoError(b.t, rows.Scan(&name))
		names = append(names, name)
	}
	return names
}

func erase(id int64) postgres.Erasure {
	return postgres.Erasure{GuestID: id, GraceSince: now.Add(-72 * time.Hour), By: postgres.Author{Kind: "command"}}
}

func TestErasedGuestsAreNowhere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	guest, code := b.known()
	for _, seed := range []string{"2944987654", "Zulema", "Firulais", "wamid.zul"} {
		require.NotEmpty(t, b.holding(seed), "%s is seeded", seed)
	}
	_, err := b.EraseGuest(t.Context(), erase(guest), now)
	requireCode(t, err, booking.CodeWrongState)
	require.ErrorContains(t, err, code+" is confirmed")
	b.over(code)

	trial := erase(guest)
	trial.DryRun = true
	counted, err := b.EraseGuest(t.Context(), trial, now)
	require.NoError(t, err)
	require.NotEmpty(t, b.holding("Zulema"), "a dry run changes nothing")
	done, err := b.EraseGuest(t.Context(), erase(guest), now)
	require.NoError(t, err)
	require.Equal(t, counted, done)
	for _, what := range []string{"unanswered", "movements", "alarms", "mails", "messages", "transcriptions", "turns", "conversations", "notes",
		"reservations", "payment_reports", "payment_notes", "webhooks", "responses", "guests"} {
		require.Positive(t, done.Rows[what], what)
	}
	for _, seed := range seeds {
		require.Empty(t, b.holding(seed), "%q is left", seed)
	}
	require.Equal(t, int64(1), ask[int64](b, `SELECT count(*) FROM webhook_inbox WHERE body <> ''`), "others' deliveries stay")

	// Money and nights stay, and everything still adds up.
	require.Equal(t, int64(3_000_000), ask[int64](b, `SELECT kept_centavos FROM reservation_money WHERE code = $1`, code))
	require.Equal(t, int64(1), ask[int64](b, `SELECT count(*) FROM receipts`))
	violations, err := b.Audit(t.Context(), now)
	require.NoError(t, err)
	require.Empty(t, violations)

	again, err := b.EraseGuest(t.Context(), erase(guest), now)
	require.NoError(t, err)
	require.Empty(t, again.Rows, "a second time finds nothing")
	require.Equal(t, int64(1), ask[int64](b, `SELECT count(*) FROM audit_log WHERE action = 'guest.erased'`))

	_, found := b.take(guest)
	require.False(t, found, "a conversation that goes on has nothing to do")
	wish := b.wish(stay("2027-04-10", 3))
	wish.GuestID = guest
	_, err = b.PlaceHold(t.Context(), wish, now)
	requireCode(t, err, booking.CodeNotFound)
	fresh, _ := b.write(seedPhone, "wamid.new", now)
	require.NotEqual(t, guest, fresh, "who writes again is somebody new")
	_, err = b.EraseGuest(t.Context(), erase(1<<40), now)
	requireCode(t, err, booking.CodeNotFound)
}

func TestErasureWaitsForOpenMoney(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ change, says string }{
		"refund":  {`INSERT INTO refunds (payment_id, key, reason, amount_centavos, currency, created_at, updated_at) SELECT id, 'k', 'test', 100, 'ARS', now(), now() FROM payments`, "refund"},
		"dispute": {`INSERT INTO disputes (payment_id, kind, amount_centavos, currency, opened_at) SELECT id, 'mediation', 100, 'ARS', now() FROM payments`, "dispute"},
		"money":   {`UPDATE payments SET disposition = 'to_refund'`, "go back"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			guest, code := b.known()
			b.over(code)
			b.exec(c.change)
			_, err := b.EraseGuest(t.Context(), erase(guest), now)
			requireCode(t, err, booking.CodeWrongState)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestErasureWaitsForALatePayment(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-05-10", 2))
	expired := now.Add(2 * time.Hour)
	_, err := b.ExpireHold(t.Context(), r.Code, expired)
	require.NoError(t, err)
	_, err = b.EraseGuest(t.Context(), erase(b.guest), expired)
	require.ErrorContains(t, err, "late payment")
	later := erase(b.guest)
	later.GraceSince = expired
	_, err = b.EraseGuest(t.Context(), later, expired)
	require.NoError(t, err)
}

func TestAnErasedPersonIsErasedUnderEveryRow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	byPhone, err := b.UpsertGuest(t.Context(), postgres.Guest{Phone: seedPhone, WhatsAppPhone: seedPhone, Name: "Zulema Primera"})
	require.NoError(t, err)
	_, err = b.UpsertGuest(t.Context(), postgres.Guest{WhatsAppUserID: "AR.zulema", Name: "Zulema Segunda"})
	require.NoError(t, err)
	both, err := b.UpsertGuest(t.Context(), postgres.Guest{Phone: seedPhone, WhatsAppUserID: "AR.zulema"})
	require.NoError(t, err)
	require.Equal(t, byPhone, both)
	merged := ask[int64](b, `SELECT id FROM guests WHERE merged_into IS NOT NULL`)
	done, err := b.EraseGuest(t.Context(), erase(merged), now)
	require.NoError(t, err)
	require.Equal(t, byPhone, done.GuestID)
	require.Empty(t, b.holding("Zulema"))
	require.Empty(t, b.holding("zulema"))
}

func TestFindPeople(t *testing.T) {
	t.Parallel()
	b := setup(t)
	guest, code := b.known()
	for _, who := range []postgres.PersonQuery{{ID: guest}, {Phone: seedPhone}, {Email: strings.ToUpper(seedEmail)}, {Code: code}} {
		ids, err := b.FindPeople(t.Context(), who)
		require.NoError(t, err)
		require.Equal(t, []int64{guest}, ids, "%+v", who)
	}
	ids, err := b.FindPeople(t.Context(), postgres.PersonQuery{})
	require.NoError(t, err)
	require.Empty(t, ids, "nothing names nobody")
}

// personal are the tables that refer, at any distance, to a person.
const personal = `WITH RECURSIVE linked AS (
	SELECT 'guests'::regclass::oid AS id
	UNION
	SELECT c.conrelid FROM pg_constraint c JOIN linked ON c.confrelid = linked.id WHERE c.contype = 'f'
) SELECT id::regclass::text FROM linked ORDER BY 1`

// A new table about people is exported, or named with the reason why it is not.
func TestExportHasEveryTableAboutThePerson(t *testing.T) {
	t.Parallel()
	b := setup(t)
	guest, _ := b.known()
	export, err := b.ExportGuest(t.Context(), guest, postgres.Author{Kind: "command"}, now)
	require.NoError(t, err)
	rows, err := b.sql.Query(t.Context(), personal)
	require.NoError(t, err)
	defer rows.Close()
	seen := 0
	for rows.Next() {
		var table string
		require.NoError(t, rows.Scan(&table))
		seen++
		_, exported := export.Data[table]
		_, excused := postgres.NotExported[table]
		require.NotEqual(t, exported, excused, "%s refers to people: put it into ExportPerson, or into NotExported with the reason", table)
	}
	require.Greater(t, seen, 15)
	for _, table := range []string{"guests", "conversations", "messages", "audio_transcriptions", "turns", "mails", "reservations", "reservation_notes",
		"booking_events", "payments", "payment_events", "recorded_payments", "movements", "receipts", "audit_log"} {
		require.NotEqual(t, "[]", string(export.Data[table]), "%s has rows", table)
	}
	whole, err := json.Marshal(export.Data)
	require.NoError(t, err)
	for _, seed := range []string{seedPhone, seedName, seedEmail, seedText, seedBank} {
		require.Contains(t, string(whole), seed)
	}
	require.NotContains(t, string(whole), "token_hash")
	require.Equal(t, int64(1), ask[int64](b, `SELECT count(*) FROM audit_log WHERE action = 'guest.exported'`))
}

// kept are the columns with words that an erasure leaves, with the reason.
var kept = map[string]string{
	"code": "a number of ours", "kind": "a word of ours", "status": "a word of ours", "error": "a word of ours or a code", "direction": "a word of ours",
	"trace_id": "random", "author": "a word of ours", "recipient": "the owner's number", "outcome": "a word of ours", "reason": "a word of ours",
	"actor": "a word of ours", "currency": "a word", "method": "a word of ours", "verdict": "a word of ours", "disposition": "a word of ours",
	"language": "a word", "model": "the engine's", "channel_source": "a word of ours", "reservation_status": "a word of ours", "payment_status": "a word of ours",
	"resolution": "a word of ours", "decision": "a word of ours", "status_detail": "the provider's word", "told_to": "a workflow id", "decided_by": "a member of staff",
	"reservations.price": "numbers", "reservations.cancellation": "numbers", "booking_events.details": "numbers and words of ours",
	"booking_events.status_before": "a word of ours", "booking_events.status_after": "a word of ours", "booking_events.payment_status_after": "a word of ours",
	"receipts.content": "numbers and names of ours", "receipts.token": "random", "turns.effects": "codes and numbers", "turns.outcomes": "keys of ours",
	"payments.provider": "a word of ours", "payments.provider_id": "the provider's number", "payments.reference": "our code", "payment_links.provider_id": "the provider's number",
	"payment_links.url": "the provider's address of the checkout", "refunds.key": "numbers of ours", "refunds.provider_refund_id": "the provider's number",
	"mails.receipts": "numbers of ours",
}

// forgottenColumns are those that an erasure empties or deletes.
var forgottenColumns = []string{
	"guests.phone", "guests.whatsapp_phone", "guests.whatsapp_send_to", "guests.whatsapp_user_id", "guests.name", "guests.email", "conversations.state",
	"messages.body", "messages.provider_id", "messages.effect_key", "turns.understood", "audio_transcriptions.text", "mails.content", "mails.key",
	"notifications.key", "reservations.token_hash", "reservations.client_hash", "reservation_notes.special_requests", "reservation_notes.internal_notes",
	"payment_events.raw", "recorded_payments.note", "recorded_payments.key", "movements.reference",
}

// A new column with words is forgotten, or named with the reason why it stays.
func TestErasureKnowsEveryColumnWithWords(t *testing.T) {
	t.Parallel()
	b := setup(t)
	rows, err := b.sql.Query(t.Context(), `SELECT table_name, column_name FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name IN (`+personal+`) AND data_type IN ('text', 'jsonb', 'bytea', 'ARRAY', 'character varying', 'json')`)
	if err != nil {
		require.NoError(t, err)
	}
	defer rows.Close()
	known := map[string]bool{}
	for _, name := range forgottenColumns {
		known[name] = true
	}
	for rows.Next() {
		var table, column string
		require.NoError(t, rows.Scan(&table, &column))
		full := table + "." + column
		_, byName := kept[column]
		_, byFullName := kept[full]
		require.True(t, known[full] || byName || byFullName, "%s holds words of a person? forget it in store/postgres/queries/privacy.sql, or say here why it stays", full)
		delete(known, full)
	}
	require.NoError(t, rows.Err())
	require.Empty(t, slices.Collect(maps.Keys(known)), "columns that are no more")
}
