package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/api"
	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/store/postgres"
)

// hear records a guest's message as the inbox does.
func (o *office) hear(t *testing.T, phone, text string) (guestID, messageID int64) {
	t.Helper()
	body, err := json.Marshal(dialogue.Inbound{Kind: dialogue.InboundText, Text: text, SentAt: o.now})
	require.NoError(t, err)
	var count int
	require.NoError(t, o.sql.QueryRow(t.Context(), `SELECT count(*) FROM messages`).Scan(&count))
	guestID, messageID, _, err = o.store.RecordInbound(t.Context(), postgres.Inbound{
		Guest: postgres.Guest{Phone: phone, WhatsAppPhone: phone, Name: "Ana", Language: "es"}, ProviderID: fmt.Sprintf("wamid.%d", count),
		Kind: "text", Body: body, SentAt: o.now,
	}, o.now)
	require.NoError(t, err)
	return guestID, messageID
}

// said writes an outbound message as a turn does, without the turn.
func (o *office) said(t *testing.T, guestID int64, author, kind, body, status string) {
	t.Helper()
	_, err := o.sql.Exec(t.Context(), `INSERT INTO messages (guest_id, direction, author, kind, body, status, effect_key, created_at)
		VALUES ($1, 'out', $2, $3, $4, $5, md5(random()::text), $6)`, guestID, author, kind, body, status, o.now)
	require.NoError(t, err)
}

// isSilent reads what the bot looks at.
func (o *office) isSilent(t *testing.T, guestID int64) (silent bool) {
	t.Helper()
	require.NoError(t, o.sql.QueryRow(t.Context(), `SELECT is_taken_over(c, $2) FROM conversations c WHERE guest_id = $1`, guestID, o.now).Scan(&silent))
	return silent
}

func items(t *testing.T, body map[string]any) []map[string]any {
	t.Helper()
	var list []map[string]any
	for _, item := range body["items"].([]any) {
		list = append(list, item.(map[string]any))
	}
	return list
}

func TestConversationsAreListedByTheirLastMessage(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	owner, _ := o.logIn(t, ownerEmail)
	readonly, _ := o.member(t, "readonly")
	require.Equal(t, []any{}, object(t, o.ask(t, readonly, http.MethodGet, admin+"/conversations", ""))["items"])

	first, _ := o.hear(t, "541155550001", "hola")
	second, _ := o.hear(t, "541155550002", "buenas")
	third, _ := o.hear(t, "541155550003", "hay lugar?")
	o.now = o.now.Add(time.Minute)
	o.said(t, first, "bot", "text", `{"kind":"text","body":"¡Hola!"}`, "delivered")

	page := object(t, o.ask(t, readonly, http.MethodGet, admin+"/conversations?limit=2", ""))
	list := items(t, page)
	require.EqualValues(t, first, list[0]["guest_id"])
	require.EqualValues(t, third, list[1]["guest_id"])
	require.Equal(t, "bot", list[0]["status"])
	require.Equal(t, o.now.Add(24*time.Hour-time.Minute).Format(time.RFC3339), list[0]["window_open_until"])
	require.Nil(t, list[0]["taken_over_until"])
	last := list[0]["last_message"].(map[string]any)
	require.Equal(t, "bot", last["from"])
	require.Equal(t, "¡Hola!", last["text"])
	rest := object(t, o.ask(t, readonly, http.MethodGet, admin+"/conversations?limit=2&cursor="+page["next_cursor"].(string), ""))
	require.EqualValues(t, second, items(t, rest)[0]["guest_id"])
	require.Nil(t, rest["next_cursor"])

	require.Equal(t, http.StatusOK, o.ask(t, owner, http.MethodPost, fmt.Sprintf("%s/conversations/%d/take-over", admin, second), "").Code)
	taken := items(t, object(t, o.ask(t, readonly, http.MethodGet, admin+"/conversations?status=person", "")))
	require.Len(t, taken, 1)
	require.EqualValues(t, second, taken[0]["guest_id"])
	require.Len(t, items(t, object(t, o.ask(t, readonly, http.MethodGet, admin+"/conversations?status=bot", ""))), 2)
	requireProblem(t, o.ask(t, readonly, http.MethodGet, admin+"/conversations?status=dog", ""), 422, booking.CodeInvalidInput)
	requireProblem(t, o.ask(t, readonly, http.MethodGet, admin+"/conversations?cursor=x", ""), 422, booking.CodeInvalidInput)
}

func TestAThreadTellsWhoSaidWhat(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	owner, _ := o.logIn(t, ownerEmail)
	guest, _ := o.hear(t, "541155550001", "hola")
	o.said(t, guest, "bot", "buttons", `{"kind":"buttons","body":"¿Qué querés hacer?","choices":[{"id":"a","title":"Ver fechas"}]}`, "read")
	o.said(t, guest, "phone", "text", `{"kind":"text","body":"Soy Marta, ya te ayudo"}`, "sent")
	_, voice := o.hear(t, "541155550001", "")
	_, err := o.sql.Exec(t.Context(), `INSERT INTO audio_transcriptions (message_id, outcome, text, confidence, language)
		VALUES ($1, 'unclear', 'del diez al quince', 0.4, 'es')`, voice)
	require.NoError(t, err)

	path := fmt.Sprintf("%s/conversations/%d", admin, guest)
	body := object(t, o.ask(t, owner, http.MethodGet, path, ""))
	require.Equal(t, "Ana", body["conversation"].(map[string]any)["name"])
	var from []any
	for _, m := range items(t, body) {
		from = append(from, m["from"])
	}
	require.Equal(t, []any{"guest", "phone", "bot", "guest"}, from)
	list := items(t, body)
	require.Equal(t, map[string]any{"outcome": "unclear", "text": "del diez al quince", "confidence": 0.4, "language": "es"}, list[0]["transcript"])
	require.Equal(t, []any{"Ver fechas"}, list[2]["choices"])
	require.Equal(t, "read", list[2]["status"])

	page := object(t, o.ask(t, owner, http.MethodGet, path+"?limit=3", ""))
	rest := object(t, o.ask(t, owner, http.MethodGet, path+"?limit=3&cursor="+page["next_cursor"].(string), ""))
	require.Equal(t, "hola", items(t, rest)[0]["text"])
	requireProblem(t, o.ask(t, owner, http.MethodGet, admin+"/conversations/999", ""), 404, booking.CodeNotFound)
	require.NotContains(t, o.logs.String(), "Marta")
}

func TestAPersonTakesOverAndHandsBack(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	owner, _ := o.logIn(t, ownerEmail)
	guest, _ := o.hear(t, "541155550001", "hola")
	path := fmt.Sprintf("%s/conversations/%d", admin, guest)

	taken := object(t, o.ask(t, owner, http.MethodPost, path+"/take-over", ""))
	require.Equal(t, "person", taken["status"])
	require.Equal(t, o.now.Add(4*time.Hour).Format(time.RFC3339), taken["taken_over_until"])
	require.True(t, o.isSilent(t, guest))

	o.now = o.now.Add(4 * time.Hour)
	owner, _ = o.logIn(t, ownerEmail)
	back := object(t, o.ask(t, owner, http.MethodGet, path, ""))["conversation"].(map[string]any)
	require.Equal(t, "bot", back["status"], "its time is over")
	require.Nil(t, back["taken_over_until"])

	object(t, o.ask(t, owner, http.MethodPost, path+"/take-over", ""))
	require.Equal(t, "bot", object(t, o.ask(t, owner, http.MethodPost, path+"/hand-back", ""))["status"])
	require.False(t, o.isSilent(t, guest))
	for _, action := range []string{"take-over", "hand-back"} {
		requireProblem(t, o.ask(t, owner, http.MethodPost, admin+"/conversations/999/"+action, ""), 404, booking.CodeNotFound)
	}
	var before, after string
	require.NoError(t, o.sql.QueryRow(t.Context(), `SELECT before::text, after::text FROM audit_log
		WHERE action = 'conversation.taken_over' ORDER BY id LIMIT 1`).Scan(&before, &after))
	require.JSONEq(t, `{"taken_over":false}`, before)
	require.Contains(t, after, `"until"`)
}

func TestAReplyIsQueuedOnceAndTakesOver(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	owner, _ := o.logIn(t, ownerEmail)
	guest, _ := o.hear(t, "541155550001", "hola")
	path := fmt.Sprintf("%s/conversations/%d", admin, guest)
	reply := func(body string, headers ...string) map[string]any {
		answer := o.ask(t, owner, http.MethodPost, path+"/reply", body, headers...)
		require.Equal(t, http.StatusAccepted, answer.Code, answer.Body.String())
		return object(t, answer)
	}
	id := reply(`{"text":"Hola, soy Marta.\n¿Te ayudo?"}`, "Idempotency-Key", "k1")["message_id"]
	require.Equal(t, id, reply(`{"text":"Hola, soy Marta.\n¿Te ayudo?"}`, "Idempotency-Key", "k1")["message_id"])
	requireProblem(t, o.ask(t, owner, http.MethodPost, path+"/reply", `{"text":"otra cosa"}`, "Idempotency-Key", "k1"), 409, api.CodeIdempotencyConflict)
	require.NotEqual(t, id, reply(`{"text":"Hola, soy Marta.\n¿Te ayudo?"}`)["message_id"], "without a key it is another")

	body := object(t, o.ask(t, owner, http.MethodGet, path, ""))
	require.Equal(t, "person", body["conversation"].(map[string]any)["status"])
	list := items(t, body)
	require.Len(t, list, 3)
	require.Equal(t, "owner", list[0]["from"])
	require.Equal(t, "queued", list[0]["status"])
	require.Len(t, o.sends.ids, 2, "a repetition sends nothing")
	message, err := o.store.Outbound(t.Context(), o.sends.ids[0])
	require.NoError(t, err)
	require.Equal(t, "541155550001", message.RecipientPhone)
	require.Equal(t, postgres.MessageQueued, message.Status)
	require.Contains(t, o.actions(t), "conversation.replied")

	for name, text := range map[string]string{"empty": "", "blank": "  ", "NUL": "a\x00b", "bell": "a\x07b"} {
		encoded, err := json.Marshal(map[string]string{"text": text})
		require.NoError(t, err)
		t.Log(name)
		requireProblem(t, o.ask(t, owner, http.MethodPost, path+"/reply", string(encoded)), 422, booking.CodeInvalidInput)
	}
	requireProblem(t, o.ask(t, owner, http.MethodPost, admin+"/conversations/999/reply", `{"text":"hola"}`), 404, booking.CodeNotFound)

	o.now = o.now.Add(25 * time.Hour)
	owner, _ = o.logIn(t, ownerEmail)
	requireProblem(t, o.ask(t, owner, http.MethodPost, path+"/reply", `{"text":"sigo acá"}`), 409, postgres.CodeWindowClosed)
	require.Len(t, o.sends.ids, 2)
	var audited string
	require.NoError(t, o.sql.QueryRow(t.Context(), `SELECT string_agg(concat(before, after), '') FROM audit_log`).Scan(&audited))
	require.NotContains(t, audited, "Marta")
}

func TestAReplyThatCannotBeSentIsGivenUp(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	owner, _ := o.logIn(t, ownerEmail)
	guest, _ := o.hear(t, "541155550001", "hola")
	path := fmt.Sprintf("%s/conversations/%d", admin, guest)
	o.sends.err = errors.New("temporal is away")
	answer := o.ask(t, owner, http.MethodPost, path+"/reply", `{"text":"Hola"}`, "Idempotency-Key", "k1")
	requireProblem(t, answer, 503, booking.CodeUnavailable)
	require.NotEmpty(t, answer.Header().Get("Retry-After"))
	require.Equal(t, "failed", items(t, object(t, o.ask(t, owner, http.MethodGet, path, "")))[0]["status"])

	o.sends.err = nil
	require.Equal(t, http.StatusAccepted, o.ask(t, owner, http.MethodPost, path+"/reply", `{"text":"Hola"}`, "Idempotency-Key", "k1").Code)
	list := items(t, object(t, o.ask(t, owner, http.MethodGet, path, "")))
	require.Len(t, list, 2, "the same reply, not another")
	require.Equal(t, "queued", list[0]["status"])

	// What a worker has begun to send is not given up, whatever became of the call that started it.
	o.sends.err = errors.New("no answer in time")
	_, err := o.sql.Exec(t.Context(), `UPDATE messages SET status = 'sending', attempts = 1 WHERE author = 'owner'`)
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, o.ask(t, owner, http.MethodPost, path+"/reply", `{"text":"Hola"}`, "Idempotency-Key", "k1").Code)
}
