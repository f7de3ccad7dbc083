package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/internal/embedded/embeddedtest"
	"cabanas/internal/observe"
	"cabanas/migrations"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

const ownerPhone = "+54 9 2944 40-0000"

// house is the whole way of a message in one process: the inbox, a real database, and turns.
type house struct {
	*activities.Conversation
	t     *testing.T
	store *postgres.Store
	sql   *pgxpool.Pool
	inbox *activities.Inbox
	woken *processes
	// now is what every clock shows.
	now time.Time
	n   int
}

func newHouse(t *testing.T) *house {
	t.Helper()
	url := embeddedtest.Database(t, migrations.Up)
	store, err := postgres.Open(t.Context(), url, 4)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	pool, err := pgxpool.New(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	_, err = store.CreateAccommodation(t.Context(), booking.Accommodation{
		Name: "Cabaña", Type: booking.Cabin, Capacity: 4, Active: true,
		Rate: booking.Rate{Base: booking.Pesos(50_000), WeekendPercent: 120, MinNights: 1},
	})
	require.NoError(t, err)
	return houseOn(t, store, pool, time.Unix(1795360000, 0).UTC())
}

// houseOn is a house over a database that has something in it.
func houseOn(t *testing.T, store *postgres.Store, pool *pgxpool.Pool, now time.Time) *house {
	t.Helper()
	h := &house{t: t, store: store, sql: pool, woken: &processes{}, now: now}
	clock := func() time.Time { return h.now }
	metrics := observe.NewMetrics(prometheus.NewRegistry())
	terms := activities.Terms{HoldFor: time.Hour, DepositPercent: 30, Limits: booking.Limits{HorizonMonths: 18, LongestStay: 30}}
	h.Conversation = &activities.Conversation{
		Store: store, Desk: &activities.FrontDesk{Store: store, Terms: terms, Metrics: metrics, Now: clock},
		OwnerPhone: ownerPhone, TakeoverReturn: 4 * time.Hour, Listening: true, Now: clock,
	}
	h.inbox = activities.NewInbox(activities.Inbox{
		Store: store, Processes: h.woken, PhoneID: ourNumber, Settle: time.Second, TakeoverReturn: 4 * time.Hour, Metrics: metrics, Now: clock,
	})
	run(t, h.inbox.Run)
	return h
}

// deliver brings a webhook and waits until everything in it was handed on.
func (h *house) deliver(hook activities.Webhook) {
	h.t.Helper()
	require.NoError(h.t, h.inbox.Receive(h.t.Context(), hook))
	require.Eventually(h.t, func() bool {
		return ask[int](h, `SELECT count(*) FROM webhook_inbox WHERE dispatched_at IS NULL`) == 0
	}, 10*time.Second, 5*time.Millisecond)
}

// from brings messages of one person, who is named by a phone or a user id; each is written one second after the other.
func (h *house) from(person string, messages ...string) (guestID int64) {
	h.t.Helper()
	sender := fmt.Sprintf(`"from":%q`, person)
	if strings.HasPrefix(person, "AR.") {
		sender = fmt.Sprintf(`"from_user_id":%q`, person)
	}
	var all []string
	for _, message := range messages {
		h.n++
		all = append(all, fmt.Sprintf(`{%s,"id":"wamid.%d","timestamp":"%d",%s}`, sender, h.n, h.now.Unix()+int64(h.n), message))
	}
	h.deliver(whatsAppHook(fmt.Sprint("hook", h.n), all...))
	return ask[int64](h, `SELECT id FROM guests WHERE whatsapp_phone = $1 OR whatsapp_user_id = $1`, person)
}

func (h *house) decide(in workflows.TurnInput) workflows.Turn {
	h.t.Helper()
	turn, err := h.DecideTurn(h.t.Context(), in)
	require.NoError(h.t, err)
	return turn
}

// sent marks messages as sent and returns what they say.
func (h *house) sent(ids ...int64) (bodies []string) {
	h.t.Helper()
	for _, id := range ids {
		message, err := h.store.Outbound(h.t.Context(), id)
		require.NoError(h.t, err)
		_, err = h.store.ClaimSend(h.t.Context(), id, h.now)
		require.NoError(h.t, err)
		require.NoError(h.t, h.store.SendAccepted(h.t.Context(), id, fmt.Sprint("wamid.out", id), h.now))
		var said dialogue.Reply
		require.NoError(h.t, json.Unmarshal(message.Reply, &said))
		bodies = append(bodies, said.Body)
	}
	return bodies
}

// effects carries out what a turn asks for.
func (h *house) effects(guestID int64, turn workflows.Turn) (results []workflows.EffectResult) {
	h.t.Helper()
	for _, effect := range turn.Effects {
		for range 2 { // the worker may die before Temporal hears of it
			result, err := h.RunEffect(h.t.Context(), workflows.EffectInput{GuestID: guestID, MessageID: turn.MessageID, Effect: effect})
			require.NoError(h.t, err)
			results = append(results, result)
		}
	}
	return results
}

func (h *house) clean() {
	h.t.Helper()
	findings, err := h.store.Audit(h.t.Context(), h.now)
	require.NoError(h.t, err)
	for _, finding := range findings {
		require.Empty(h.t, finding.Rows, "%+v", finding)
	}
}

func ask[T any](h *house, query string, args ...any) (value T) {
	h.t.Helper()
	require.NoError(h.t, h.sql.QueryRow(h.t.Context(), query, args...).Scan(&value))
	return value
}

func said(body string) string { return fmt.Sprintf(`"type":"text","text":{"body":%q}`, body) }

func pressed(id string) string {
	return fmt.Sprintf(`"type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":%q,"title":"x"}}`, id)
}

const (
	ana       = "5491155550101"
	voiceNote = `"type":"audio","audio":{"id":"m1","mime_type":"audio/ogg; codecs=opus","sha256":"abc","voice":true}`
)

func TestPiecesAreOneTurn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	guest := h.from(ana, said("hola"), said("quería saber si hay lugar"), said("del 10 al 15 de enero"), said("somos 2"), voiceNote, said("gracias"))
	turn := h.decide(workflows.TurnInput{GuestID: guest})
	require.Len(t, turn.Merged, 3, "up to the voice message")
	require.Empty(t, h.decide(workflows.TurnInput{GuestID: guest}).Merged, "given again until it is worked off")
	bodies := strings.Join(h.sent(turn.Deliver...), "\n")
	require.Contains(t, bodies, "Cabaña", "availability, dates and people were read together")
	require.Equal(t, 2, ask[int](h, `SELECT (state ->> 'guests')::int FROM conversations`))

	heard := h.decide(workflows.TurnInput{GuestID: guest})
	require.Equal(t, ask[int64](h, `SELECT id FROM messages WHERE kind = 'audio'`), heard.Transcribe)
	require.Zero(t, heard.MessageID)
	require.NoError(t, h.store.StoreTranscription(t.Context(), postgres.Transcription{
		MessageID: heard.Transcribe, Outcome: "heard", Text: "¿aceptan mascotas?", Confidence: 0.9}, h.now))
	turn = h.decide(workflows.TurnInput{GuestID: guest})
	require.Equal(t, heard.Transcribe, turn.MessageID)
	require.NotEmpty(t, turn.Deliver)
	require.Equal(t, "policies", ask[string](h, `SELECT understood ->> 'intent' FROM turns WHERE message_id = $1`, turn.MessageID))
	h.sent(turn.Deliver...)
	h.sent(h.decide(workflows.TurnInput{GuestID: guest}).Deliver...)
	require.Zero(t, h.decide(workflows.TurnInput{GuestID: guest}))
	h.clean()
}

func TestWhatCannotBeHeardIsAnsweredAllTheSame(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	guest := h.from(ana, voiceNote)
	id := h.decide(workflows.TurnInput{GuestID: guest}).Transcribe
	turn := h.decide(workflows.TurnInput{GuestID: guest, Unheard: id})
	require.Equal(t, id, turn.MessageID)
	require.NotEmpty(t, turn.Deliver)
	h.sent(turn.Deliver...)

	h.Listening = false
	h.from(ana, voiceNote)
	turn = h.decide(workflows.TurnInput{GuestID: guest})
	require.Zero(t, turn.Transcribe, "nobody listens")
	require.NotEmpty(t, turn.Deliver)
}

func TestAThoughtHasAnEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	long := strings.Repeat("a ver ", 300) // 1,800 characters
	guest := h.from(ana, said(long), said(long), said(long))
	turn := h.decide(workflows.TurnInput{GuestID: guest})
	require.Len(t, turn.Merged, 1, "at most 4,000 characters")
	h.sent(turn.Deliver...)
	var many []string
	for n := range 25 {
		many = append(many, said(fmt.Sprint("mensaje ", n)))
	}
	h.from(ana, many...)
	turn = h.decide(workflows.TurnInput{GuestID: guest})
	require.Len(t, turn.Merged, 9, "at most ten messages")
	h.sent(turn.Deliver...)
	turn = h.decide(workflows.TurnInput{GuestID: guest, Flood: true})
	require.Len(t, turn.Merged, 15, "in a flood all that waits")
	h.sent(turn.Deliver...)
	h.effects(guest, turn)
	h.clean()
}

func TestAPersonIsCalledWithASummary(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	guest := h.from(ana, said("busco cabaña del 10 al 15 de enero"), said("quiero hablar con una persona"))
	turn := h.decide(workflows.TurnInput{GuestID: guest})
	require.Len(t, turn.Effects, 1)
	require.Equal(t, workflows.EffectHandOver, turn.Effects[0].Kind)
	require.Equal(t, "asked", turn.Effects[0].Reason)
	h.sent(turn.Deliver...)
	results := h.effects(guest, turn)
	require.Equal(t, h.now.Add(4*time.Hour), results[0].BackAt)
	require.Equal(t, results[0].Deliver, results[1].Deliver, "the owner is told once")
	require.Contains(t, h.sent(results[0].Deliver...)[0], "hablar con una persona")

	h.now = h.now.Add(time.Hour)
	h.from(ana, said("¿hay alguien?"))
	turn = h.decide(workflows.TurnInput{GuestID: guest})
	require.NotZero(t, turn.MessageID)
	require.Empty(t, turn.Deliver, "a person talks")
	require.Equal(t, h.now.Add(3*time.Hour), turn.BackAt)

	back := h.back(guest)
	require.Equal(t, turn.BackAt, back.BackAt, "not yet")
	h.now = turn.BackAt
	back = h.back(guest)
	require.Zero(t, back.BackAt)
	require.NotEmpty(t, back.Deliver)
	require.Equal(t, back, h.back(guest), "said once, named again")
	h.sent(back.Deliver...)
	require.Empty(t, h.back(guest).Deliver)
	h.clean()
}

func (h *house) back(guestID int64) workflows.ReturnResult {
	h.t.Helper()
	result, err := h.ReturnToBot(h.t.Context(), workflows.ReturnInput{GuestID: guestID, Now: h.now})
	require.NoError(h.t, err)
	return result
}

func (h *house) echo(to, id, body string, at time.Time) {
	h.t.Helper()
	hook := whatsAppHook("echo" + id)
	hook.Body = fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"smb_message_echoes","value":{
		"messaging_product":"whatsapp","metadata":{"display_phone_number":"1","phone_number_id":%q},
		"message_echoes":[{"from":"1","to":%q,"id":%q,"timestamp":"%d",%s}]}}]}]}`, ourNumber, to, id, at.Unix(), said(body))
	h.deliver(hook)
}

func TestTheOwnerAnswersFromThePhone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	guest := h.from(ana, said("hola, ¿tienen lugar?"))
	h.sent(h.decide(workflows.TurnInput{GuestID: guest}).Deliver...)
	window := ask[time.Time](h, `SELECT window_open_until FROM conversations`)

	h.echo("+"+ana, "wamid.old", "de ayer", h.now.Add(-time.Hour))
	require.False(t, ask[bool](h, `SELECT handed_over FROM conversations`), "history silences nobody")
	h.echo("+"+ana, "wamid.echo", "Hola Ana, soy Marta", h.now.Add(time.Minute))
	require.Equal(t, 1, ask[int](h, `SELECT count(*) FROM guests`), "the same person")
	require.Equal(t, 2, ask[int](h, `SELECT count(*) FROM messages WHERE author = 'phone' AND status = 'sent' AND direction = 'out'`))
	require.Equal(t, window, ask[time.Time](h, `SELECT window_open_until FROM conversations`))
	require.Zero(t, h.decide(workflows.TurnInput{GuestID: guest}), "an echo is not answered")

	h.now = h.now.Add(4 * time.Hour)
	require.Empty(t, h.back(guest).Deliver, "a person answered: the bot comes back quietly")
	h.from(ana, said("cuanto sale?"))
	require.NotEmpty(t, h.decide(workflows.TurnInput{GuestID: guest}).Deliver)
}

func TestALateMessageFindsTheBotBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	guest := h.from(ana, said("hola, ¿tienen lugar?"))
	h.sent(h.decide(workflows.TurnInput{GuestID: guest}).Deliver...)
	h.echo(ana, "wamid.echo", "hola", h.now)
	h.now = h.now.Add(5 * time.Hour)
	h.from(ana, said("¿y para dos personas?"))
	turn := h.decide(workflows.TurnInput{GuestID: guest})
	require.NotEmpty(t, turn.Deliver)
	require.Zero(t, turn.BackAt)
	require.False(t, ask[bool](h, `SELECT handed_over FROM conversations`))
}

func TestOnlyTheOwnerHandsOthersBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	guest := h.from(ana, said("quiero hablar con una persona"))
	turn := h.decide(workflows.TurnInput{GuestID: guest})
	h.sent(turn.Deliver...)
	h.sent(h.effects(guest, turn)[0].Deliver...)
	press := pressed(dialogue.Press{Action: dialogue.ActionBotBack, GuestID: guest}.ID())

	stranger := h.from("5491155550202", press)
	turn = h.decide(workflows.TurnInput{GuestID: stranger})
	h.sent(turn.Deliver...)
	for _, effect := range turn.Effects {
		require.Zero(t, effect.OtherGuestID)
	}
	forged := workflows.Effect{Key: "forged", Kind: workflows.EffectHandBack, OtherGuestID: guest}
	_, err := h.RunEffect(t.Context(), workflows.EffectInput{GuestID: stranger, MessageID: turn.MessageID, Effect: forged})
	require.NoError(t, err)
	require.True(t, ask[bool](h, `SELECT handed_over FROM conversations WHERE guest_id = $1`, guest))

	owner := h.from("5492944400000", press)
	turn = h.decide(workflows.TurnInput{GuestID: owner})
	require.Len(t, turn.Effects, 1)
	results := h.effects(owner, turn)
	require.False(t, ask[bool](h, `SELECT handed_over FROM conversations WHERE guest_id = $1`, guest))
	require.NotEmpty(t, results[0].Deliver, "the guest, who nobody answered, is told")
}

func TestAReceiptIsRaisedOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	guest := h.from(ana, `"type":"image","image":{"id":"m1","mime_type":"image/jpeg","caption":"te paso el comprobante de la transferencia"}`)
	turn := h.decide(workflows.TurnInput{GuestID: guest})
	require.Equal(t, workflows.EffectReceipt, turn.Effects[0].Kind)
	results := h.effects(guest, turn)
	require.Len(t, results[0].Deliver, 1)
	require.Equal(t, 1, ask[int](h, `SELECT count(*) FROM notifications WHERE to_owner`))
}

func TestOptOutIsKeptUntilTheGuestComesBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	out := func() bool { return ask[bool](h, `SELECT opted_out_at IS NOT NULL FROM guests`) }
	guest := h.from(ana, said("no me manden más mensajes"))
	h.sent(h.decide(workflows.TurnInput{GuestID: guest}).Deliver...)
	h.from(ana, pressed(dialogue.Press{Action: dialogue.ActionOptOut}.ID()))
	turn := h.decide(workflows.TurnInput{GuestID: guest})
	h.sent(turn.Deliver...)
	h.effects(guest, turn)
	require.True(t, out())
	h.from(ana, said("quiero volver a recibir mensajes"))
	h.sent(h.decide(workflows.TurnInput{GuestID: guest}).Deliver...)
	require.False(t, out())
}

func TestAGuestWithoutAPhone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	guest := h.from("AR.77", said("hola, ¿tienen lugar del 10 al 15 de enero para 2?"))
	turn := h.decide(workflows.TurnInput{GuestID: guest})
	require.NotEmpty(t, turn.Deliver)
	message, err := h.store.Outbound(t.Context(), turn.Deliver[0])
	require.NoError(t, err)
	require.Equal(t, "AR.77", message.RecipientUserID)
	require.Empty(t, message.RecipientPhone)
	h.sent(turn.Deliver...)
	h.from("AR.77", said("pasame con un humano por favor"))
	turn = h.decide(workflows.TurnInput{GuestID: guest})
	h.sent(turn.Deliver...)
	require.Len(t, h.effects(guest, turn)[0].Deliver, 1, "the owner is told of somebody without a number too")
	h.clean()
}

// oracle is a language model.
type oracle struct {
	asked    []string
	proposal dialogue.Understanding
	err      error
}

func (o *oracle) Propose(_ context.Context, text string, _ booking.Date) (dialogue.Understanding, error) {
	o.asked = append(o.asked, text)
	return o.proposal, o.err
}

func TestALanguageModelIsAskedOnlyAboutRiddles(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	model := &oracle{err: errors.New("away")}
	h.Proposer = model
	const riddle = "chiruza pampeana atorrante firulete"
	guest := h.from(ana, said("¿tienen lugar del 10 al 15 de enero?"))
	h.sent(h.decide(workflows.TurnInput{GuestID: guest}).Deliver...)
	h.from(ana, said("firulete"))
	h.sent(h.decide(workflows.TurnInput{GuestID: guest}).Deliver...)
	require.Empty(t, model.asked)
	h.from(ana, said(riddle))
	turn := h.decide(workflows.TurnInput{GuestID: guest})
	require.NotEmpty(t, turn.Deliver, "without an answer the turn is taken all the same")
	require.Equal(t, []string{riddle}, model.asked)
}

func TestWhatDoesNotExistIsFinal(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	require.Zero(t, h.decide(workflows.TurnInput{GuestID: 4711}))
	_, err := h.RunEffect(t.Context(), workflows.EffectInput{GuestID: 4711, MessageID: 1, Effect: workflows.Effect{Key: "1/effect/0", Kind: workflows.EffectHandOver}})
	var failure *temporal.ApplicationError
	require.ErrorAs(t, err, &failure)
	require.True(t, failure.NonRetryable())
}
