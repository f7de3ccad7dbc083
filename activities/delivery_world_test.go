package activities_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/dialogue"
	"cabanas/gateways/whatsapp"
	"cabanas/internal/embedded/embeddedtest"
	"cabanas/internal/observe"
	"cabanas/migrations"
	"cabanas/sandbox/control"
	"cabanas/sandbox/journal"
	stand "cabanas/sandbox/whatsapp"
	"cabanas/store/postgres"
	"cabanas/store/redis"
	"cabanas/workflows"
)

const (
	anasPhone   = "5493515550101"
	ownersPhone = "5493515550909"
)

// world is delivery with a real Postgres and Redis, and the sandbox for WhatsApp, whose webhooks come back through the inbox.
// In place of Temporal the test itself delivers again what it is asked to.
type world struct {
	*activities.Messaging
	t     *testing.T
	store *postgres.Store
	phone *control.Client
	tasks *processes

	mu  sync.Mutex
	now time.Time
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) later(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Now(), tasks: &processes{}}
	store, err := postgres.Open(t.Context(), embeddedtest.Database(t, migrations.Up), 10)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	cache, err := redis.Open(embeddedtest.Redis(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cache.Close()) })
	w.store = store

	metrics := observe.NewMetrics(prometheus.NewRegistry())
	inbox := activities.NewInbox(activities.Inbox{Store: store, Processes: w.tasks, PhoneID: ourNumber, Metrics: metrics, Now: time.Now})
	run(t, inbox.Run)
	run(t, inbox.Relay)
	keys := 0
	hooks := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.mu.Lock()
		keys++
		key := fmt.Sprint(keys)
		w.mu.Unlock()
		_ = inbox.Receive(context.WithoutCancel(r.Context()), activities.Webhook{Provider: activities.ProviderWhatsApp, EventKey: key, Body: body})
	}))
	t.Cleanup(hooks.Close)

	log := slog.New(slog.DiscardHandler)
	records, err := journal.Open("", log)
	require.NoError(t, err)
	sandbox, err := stand.New(stand.Options{PhoneNumberID: ourNumber, DisplayPhoneNumber: "+5493510000000", AccessToken: "token", AppSecret: "secret",
		WebhookURL: hooks.URL, Clock: w.clock, Journal: records, Logger: log, Rand: rand.New(rand.NewPCG(1, 2)), DeliveredAfter: time.Millisecond})
	require.NoError(t, err)
	mux := http.NewServeMux()
	sandbox.Mount(mux)
	served := httptest.NewServer(mux)
	t.Cleanup(func() {
		sandbox.Close()
		served.Close()
	})
	run(t, func(ctx context.Context) error { sandbox.Run(ctx); return nil })
	w.phone = control.NewClient(served.URL, served.Client())
	client, err := whatsapp.New(whatsapp.Options{BaseURL: served.URL + "/graph", PhoneID: ourNumber, Token: "token", Timeout: time.Second, ArgentineFallback: true})
	require.NoError(t, err)
	w.Messaging = &activities.Messaging{Store: store, WhatsApp: client, Again: w.tasks, OwnerPhone: ownersPhone, SettleWait: time.Hour,
		Budget:  cache.NewSendBudget(ourNumber, redis.Limits{PerSecond: 1000, PairBurst: redis.MetaPairBurst}, w.clock),
		Metrics: metrics, Now: w.clock}
	return w
}

// ana is a guest who has just written.
func (w *world) ana() int64 {
	w.t.Helper()
	return w.writes(postgres.Guest{Phone: "54" + anasPhone[3:]})
}

// writes lets Ana write and returns the id of the guest she is known as.
func (w *world) writes(known postgres.Guest) int64 {
	w.t.Helper()
	_, err := w.phone.Say(w.t.Context(), anasPhone, "hola")
	require.NoError(w.t, err)
	require.Eventually(w.t, func() bool {
		w.tasks.mu.Lock()
		defer w.tasks.mu.Unlock()
		return len(w.tasks.messages) > 0
	}, 5*time.Second, time.Millisecond)
	id, err := w.store.UpsertGuest(w.t.Context(), known)
	require.NoError(w.t, err)
	return id
}

// message writes a message to a guest.
func (w *world) message(guest int64, key string, reply dialogue.Reply) int64 {
	w.t.Helper()
	body, err := json.Marshal(reply)
	require.NoError(w.t, err)
	id, err := w.store.QueueNotice(w.t.Context(), postgres.Notice{Key: key, GuestID: guest, Reply: body}, w.clock())
	require.NoError(w.t, err)
	return id
}

func (w *world) send(id int64) error {
	_, err := w.DeliverMessages(w.t.Context(), workflows.DeliverInput{MessageIDs: []int64{id}})
	return err
}

// again delivers, as Temporal would, what somebody asked to be delivered again.
func (w *world) again() {
	w.tasks.mu.Lock()
	ids := w.tasks.again
	w.tasks.again = nil
	w.tasks.mu.Unlock()
	for _, id := range ids {
		_ = w.send(id)
	}
}

// becomes works until a message has a status.
func (w *world) becomes(id int64, status postgres.MessageStatus) postgres.OutboundMessage {
	w.t.Helper()
	var message postgres.OutboundMessage
	require.Eventually(w.t, func() bool {
		w.again()
		var err error
		message, err = w.store.Outbound(w.t.Context(), id)
		require.NoError(w.t, err)
		return message.Status == status
	}, 20*time.Second, 5*time.Millisecond, "message %d never became %s", id, status)
	return message
}

// shown is what a phone got from us.
func (w *world) shown(phone string) []control.Message {
	w.t.Helper()
	all, err := w.phone.Messages(w.t.Context(), phone, 0)
	require.NoError(w.t, err)
	var out []control.Message
	for _, message := range all {
		if message.Direction == "out" && message.Status != "failed" {
			out = append(out, message)
		}
	}
	return out
}

func (w *world) ownerGets(part string) control.Message {
	w.t.Helper()
	var got control.Message
	require.Eventually(w.t, func() bool {
		w.again()
		all := w.shown(ownersPhone)
		if len(all) > 0 {
			got = all[len(all)-1]
		}
		return len(all) > 0
	}, 20*time.Second, 5*time.Millisecond)
	require.Contains(w.t, got.Text, part)
	return got
}

func (w *world) faults(f control.WhatsAppFaults) {
	w.t.Helper()
	require.NoError(w.t, w.phone.SetWhatsAppFaults(w.t.Context(), f))
}

func (w *world) calls() int {
	w.t.Helper()
	calls, err := w.phone.WhatsAppCalls(w.t.Context())
	require.NoError(w.t, err)
	return int(calls["send"]) + int(calls["refused"])
}

func TestWorldNumberThatArrivesOnlyWithoutItsNine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	guest := w.ana()
	w.faults(control.WhatsAppFaults{NoDeliveryTo: &[]string{anasPhone}})
	first := w.message(guest, "RES1/hold", hello())
	require.NoError(t, w.send(first))
	w.becomes(first, postgres.MessageDelivered)
	require.Len(t, w.shown(anasPhone), 1)
	require.Equal(t, "+54"+anasPhone[3:], w.recipientOfLast())
	second := w.message(guest, "RES1/confirmed", hello())
	require.NoError(t, w.send(second))
	message := w.becomes(second, postgres.MessageDelivered)
	require.Equal(t, 1, message.Attempts, "what worked is remembered")

	w.faults(control.WhatsAppFaults{NoDeliveryTo: &[]string{anasPhone, "54" + anasPhone[3:]}})
	third := w.message(guest, "RES1/arrival", hello())
	require.NoError(t, w.send(third))
	w.becomes(third, postgres.MessageFailed)
	w.ownerGets("No le pude entregar un mensaje")
}

func TestWorldTestNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	guest := w.ana()
	w.faults(control.WhatsAppFaults{AllowedNumbers: &[]string{"54" + anasPhone[3:]}})
	for n := range 2 {
		before := w.calls()
		id := w.message(guest, fmt.Sprint("RES1/", n), hello())
		require.NoError(t, w.send(id))
		w.becomes(id, postgres.MessageDelivered)
		if n == 1 {
			require.Equal(t, before+1, w.calls(), "the refused form is not tried again")
		}
	}
}

func TestWorldWindowThatMetaFindsClosedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	guest := w.ana()
	require.NoError(t, w.phone.SetWindow(t.Context(), anasPhone, false))
	w.faults(control.WhatsAppFaults{WindowLate: new(true)})
	id := w.message(guest, "RES1/payment_update", dialogue.Reply{Kind: dialogue.ReplyText, Body: "Falta", Template: &dialogue.Template{
		Name: "payment_update", Language: "es_AR", Parameters: []string{"RES1", "Falta la seña."}}})
	require.NoError(t, w.send(id))
	w.becomes(id, postgres.MessageDelivered)
	require.Equal(t, "template", w.shown(anasPhone)[0].Kind)

	bare := w.message(guest, "RES1/photos", hello())
	require.NoError(t, w.send(bare))
	w.becomes(bare, postgres.MessageFailed)
	require.Equal(t, "template", w.ownerGets("No le pude entregar un mensaje").Kind, "the owner is outside the window too")
}

func TestWorldPausedTemplateIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	guest := w.ana()
	w.later(25 * time.Hour)
	require.NoError(t, w.phone.AddTemplate(t.Context(), control.TemplateSpec{Name: "booking_confirmed", Language: "pt_BR", Params: 1, Status: "paused"}))
	id := w.message(guest, "RES1/confirmed", confirmed())
	require.NoError(t, w.send(id))
	require.Equal(t, "template", w.becomes(id, postgres.MessageFailed).Error)
	w.ownerGets("plantilla")
}

func TestWorldExpiredTokenStopsAllAndLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	guest := w.ana()
	w.faults(control.WhatsAppFaults{CallFaults: control.CallFaults{}, BadToken: new(true)})
	first, second := w.message(guest, "RES1/hold", hello()), w.message(guest, "RES1/confirmed", hello())
	require.Error(t, w.send(first))
	before := w.calls()
	for range 5 {
		require.InDelta(t, time.Minute, retryDelay(t, w.send(second)), float64(time.Second))
		w.again()
	}
	require.Equal(t, before, w.calls(), "nobody sends meanwhile, the alarm included")
	require.NoError(t, w.phone.ClearWhatsAppFaults(t.Context()))
	w.later(time.Minute + time.Millisecond)
	for _, id := range []int64{first, second} {
		require.NoError(t, w.send(id))
		w.becomes(id, postgres.MessageDelivered)
	}
	waits, err := w.store.NoticeWaits(t.Context(), "owner_account/")
	require.NoError(t, err)
	require.True(t, waits, "the alarm is on record and has its own redelivery")
}

func TestWorldAccountTroubleToldByStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	guest := w.ana()
	w.faults(control.WhatsAppFaults{FailStatusNext: &control.FailNext{Count: 1, Code: 131042}})
	id := w.message(guest, "RES1/hold", hello())
	require.NoError(t, w.send(id))
	require.Eventually(t, func() bool {
		w.again()
		message, err := w.store.Outbound(t.Context(), id)
		return err == nil && message.Error == "account"
	}, 20*time.Second, 5*time.Millisecond, "held back")
	w.later(2 * time.Minute)
	require.NoError(t, w.send(id))
	w.becomes(id, postgres.MessageDelivered)
}

func TestWorldAnswerThatNeverCame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	guest := w.ana()
	w.faults(control.WhatsAppFaults{CallFaults: control.CallFaults{TimeoutNext: new(1)}})
	id := w.message(guest, "RES1/hold", hello())
	require.Error(t, w.send(id), "the end of it is not known")
	require.NoError(t, w.send(id), "its status tells")
	w.becomes(id, postgres.MessageDelivered)
	require.Len(t, w.shown(anasPhone), 1)
}

func TestWorldTooManyToOnePerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.faults(control.WhatsAppFaults{PairLimit: new(true)})
	guest, due := w.ana(), map[int64]time.Duration{}
	for n := range 50 {
		id := w.message(guest, fmt.Sprint("RES1/", n), hello())
		if err := w.send(id); err != nil {
			due[id] = retryDelay(t, err)
		}
	}
	require.Len(t, due, 5, "45 at once")
	require.Len(t, w.shown(anasPhone), 45)
	w.later(40 * time.Second)
	for id := range due {
		require.NoError(t, w.send(id), "refused neither by the budget nor by Meta")
	}
}

func TestWorldGuestByUserIDAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.phone.AddGuest(t.Context(), control.Guest{Number: anasPhone, BSUID: "AR.77", HideNumber: true})
	require.NoError(t, err)
	id := w.message(w.writes(postgres.Guest{WhatsAppUserID: "AR.77"}), "RES1/hold", hello())
	require.NoError(t, w.send(id))
	w.becomes(id, postgres.MessageDelivered)
	require.Equal(t, "AR.77", w.recipientOfLast())
}

// recipientOfLast is to whom Ana's last message was addressed.
func (w *world) recipientOfLast() string {
	w.t.Helper()
	all := w.shown(anasPhone)
	var request struct{ To, Recipient string }
	require.NoError(w.t, json.Unmarshal(all[len(all)-1].Request, &request))
	return request.To + request.Recipient
}
