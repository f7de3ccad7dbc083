package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/gateways/whatsapp"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// outbox is the messages table as far as sending is concerned: one message.
type outbox struct {
	activities.MessagingStore
	mu      sync.Mutex
	message postgres.OutboundMessage
	since   time.Time
	reason  string
}

func (o *outbox) Outbound(context.Context, int64) (postgres.OutboundMessage, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.message, nil
}

func (o *outbox) ClaimSend(_ context.Context, _ int64, now time.Time) (postgres.Claim, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	was := o.message.Status
	if was != postgres.MessageQueued && was != postgres.MessageSending {
		return postgres.Claim{Was: was}, nil
	}
	claim := postgres.Claim{Claimed: true, Was: was, Since: o.since}
	o.message.Status, o.since = postgres.MessageSending, now
	return claim, nil
}

func (o *outbox) SendAccepted(_ context.Context, _ int64, wamid string, _ time.Time) error {
	o.settle(postgres.MessageSent, wamid)
	return nil
}

func (o *outbox) settle(status postgres.MessageStatus, wamid string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.message.Status, o.message.ProviderID = status, wamid
}

func (o *outbox) SendFailed(_ context.Context, _ int64, reason string, final bool, _ time.Time) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.reason, o.message.Status = reason, postgres.MessageQueued
	if final {
		o.message.Status = postgres.MessageFailed
	}
	return nil
}

// meta answers sends with the scripted errors in turn, then accepts.
type meta struct {
	mu     sync.Mutex
	errs   []error
	sent   []whatsapp.Message
	onSend func()
}

func (m *meta) Send(_ context.Context, _ whatsapp.Recipient, message whatsapp.Message) (whatsapp.Receipt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent = append(m.sent, message)
	if m.onSend != nil {
		m.onSend()
	}
	if len(m.errs) > 0 {
		err := m.errs[0]
		m.errs = m.errs[1:]
		if err != nil {
			return whatsapp.Receipt{}, err
		}
	}
	return whatsapp.Receipt{MessageID: "wamid.1"}, nil
}

func queued(t *testing.T, reply dialogue.Reply, window time.Time) *outbox {
	t.Helper()
	raw, err := json.Marshal(reply)
	require.NoError(t, err)
	return &outbox{message: postgres.OutboundMessage{
		ID: 1, RecipientPhone: "5491155550101", Reply: raw, Status: postgres.MessageQueued, WindowOpenUntil: window, EffectKey: "7/0",
	}}
}

func messaging(store *outbox, sender *meta) *activities.Messaging {
	return &activities.Messaging{
		Store: store, WhatsApp: sender, SettleWait: 300 * time.Millisecond, Metrics: observe.NewMetrics(prometheus.NewRegistry()), Now: time.Now,
	}
}

func deliver(a *activities.Messaging) error {
	_, err := a.DeliverMessages(context.Background(), workflows.DeliverInput{MessageIDs: []int64{1}})
	return err
}

func TestMessageIsSentOnce(t *testing.T) {
	t.Parallel()
	store, sender := queued(t, dialogue.Reply{Kind: dialogue.ReplyText, Body: "Hola"}, time.Now().Add(time.Hour)), &meta{}
	a := messaging(store, sender)
	require.NoError(t, deliver(a))
	require.NoError(t, deliver(a))
	require.Len(t, sender.sent, 1)
	require.Equal(t, "wamid.1", store.message.ProviderID)
}

func TestAmbiguousSendIsSettledByAStatusWebhookAndNotRepeated(t *testing.T) {
	t.Parallel()
	store := queued(t, dialogue.Reply{Kind: dialogue.ReplyText, Body: "Hola"}, time.Now().Add(time.Hour))
	sender := &meta{errs: []error{&whatsapp.Error{Operation: "send", Reason: whatsapp.ReasonAmbiguous}}}
	a := messaging(store, sender)
	require.Error(t, deliver(a), "the end of the first attempt is unknown")
	store.settle(postgres.MessageDelivered, "wamid.9")
	require.NoError(t, deliver(a))
	require.Len(t, sender.sent, 1)
}

func TestAmbiguousSendWithoutNewsIsRepeated(t *testing.T) {
	t.Parallel()
	store := queued(t, dialogue.Reply{Kind: dialogue.ReplyText, Body: "Hola"}, time.Now().Add(time.Hour))
	sender := &meta{errs: []error{&whatsapp.Error{Operation: "send", Reason: whatsapp.ReasonAmbiguous}}}
	a := messaging(store, sender)
	require.Error(t, deliver(a))
	require.NoError(t, deliver(a))
	require.Len(t, sender.sent, 2)
	require.Equal(t, postgres.MessageSent, store.message.Status)
}

func TestClosedWindowTakesTheTemplate(t *testing.T) {
	t.Parallel()
	reply := dialogue.Reply{Kind: dialogue.ReplyText, Body: "Hola", Template: &dialogue.Template{Name: "booking_confirmed", Language: "es_AR", Parameters: []string{"RES"}}}
	tests := map[string]struct {
		window time.Time
		errs   []error
		sends  int
	}{
		"known to be closed":         {window: time.Now().Add(-time.Minute), sends: 1},
		"closed sooner than we knew": {window: time.Now().Add(time.Hour), errs: []error{&whatsapp.Error{Reason: whatsapp.ReasonWindowClosed}}, sends: 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, sender := queued(t, reply, test.window), &meta{errs: test.errs}
			require.NoError(t, deliver(messaging(store, sender)))
			require.Len(t, sender.sent, test.sends)
			require.True(t, sender.sent[test.sends-1].IsTemplate())
		})
	}
}

func TestFailuresOfASend(t *testing.T) {
	t.Parallel()
	tests := map[whatsapp.Reason]struct {
		retried bool
		status  postgres.MessageStatus
	}{
		whatsapp.ReasonRecipient:      {false, postgres.MessageFailed},
		whatsapp.ReasonMessageInvalid: {false, postgres.MessageFailed},
		whatsapp.ReasonUnknown:        {true, postgres.MessageQueued},
		whatsapp.ReasonWindowClosed:   {false, postgres.MessageFailed},
		whatsapp.ReasonThroughput:     {true, postgres.MessageQueued},
		whatsapp.ReasonPairRate:       {true, postgres.MessageQueued},
		whatsapp.ReasonTransient:      {true, postgres.MessageQueued},
		whatsapp.ReasonNotSent:        {true, postgres.MessageQueued},
		whatsapp.ReasonAccount:        {true, postgres.MessageQueued},
		whatsapp.ReasonAmbiguous:      {true, postgres.MessageSending},
	}
	for reason, want := range tests {
		t.Run(string(reason), func(t *testing.T) {
			t.Parallel()
			failure := &whatsapp.Error{Operation: "send", Reason: reason}
			store := queued(t, dialogue.Reply{Kind: dialogue.ReplyText, Body: "Hola"}, time.Now().Add(time.Hour))
			err := deliver(messaging(store, &meta{errs: []error{failure, failure}}))
			require.Equal(t, want.retried, err != nil)
			require.Equal(t, want.status, store.message.Status)
		})
	}
}

func TestUnsendableReplyIsMarkedAndDoesNotBlock(t *testing.T) {
	t.Parallel()
	store, sender := queued(t, dialogue.Reply{Kind: dialogue.ReplyButtons, Body: "sin botones"}, time.Now().Add(time.Hour)), &meta{}
	require.NoError(t, deliver(messaging(store, sender)))
	require.Empty(t, sender.sent)
	require.Equal(t, postgres.MessageFailed, store.message.Status)
}

func TestAlarmWithoutAnOwnersNumberIsKeptAndNotRepeated(t *testing.T) {
	t.Parallel()
	store, sender := queued(t, dialogue.Reply{Kind: dialogue.ReplyText, Body: "Aviso"}, time.Now().Add(time.Hour)), &meta{}
	store.message.RecipientPhone = ""
	require.NoError(t, deliver(messaging(store, sender)))
	require.Empty(t, sender.sent)
	require.Equal(t, "no_recipient", store.reason)
}

func TestPostgresAwayKeepsTheMessage(t *testing.T) {
	t.Parallel()
	a := messaging(nil, &meta{})
	a.Store = awayStore{}
	require.ErrorIs(t, deliver(a), errAway)
}

var errAway = errors.New("postgres is away")

type awayStore struct{ activities.MessagingStore }

func (awayStore) ClaimSend(context.Context, int64, time.Time) (postgres.Claim, error) {
	return postgres.Claim{}, errors.Join(errAway, booking.Refuse(booking.CodeUnavailable, "connection refused"))
}
