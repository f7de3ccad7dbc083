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

// outbox is the messages table as far as sending is concerned: one message, and the alarms about it.
type outbox struct {
	activities.MessagingStore
	mu      sync.Mutex
	message postgres.OutboundMessage
	since   time.Time
	reason  string
	// alarms are notices by key in the order of writing; their ids begin at firstAlarm.
	alarms []postgres.Notice
	// waits is whether an alarm has still to be sent, sendTo what was remembered.
	waits  bool
	sendTo []string
}

const firstAlarm = 100

func (o *outbox) Outbound(_ context.Context, id int64) (postgres.OutboundMessage, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if id >= firstAlarm {
		return postgres.OutboundMessage{ID: id, Status: postgres.MessageQueued}, nil
	}
	return o.message, nil
}

func (o *outbox) Property(context.Context) (booking.Property, error) {
	return booking.Property{Name: "Cabañas", Location: time.UTC}, nil
}

func (o *outbox) Guest(_ context.Context, id int64) (postgres.Guest, error) {
	return postgres.Guest{ID: id, Name: "Ana", Phone: "541155550101"}, nil
}

func (o *outbox) QueueNotice(_ context.Context, notice postgres.Notice, _ time.Time) (int64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for n, known := range o.alarms {
		if known.Key == notice.Key {
			return int64(firstAlarm + n), nil
		}
	}
	o.alarms = append(o.alarms, notice)
	if notice.Owner && notice.OwnerPhone == "" {
		return 0, nil
	}
	return int64(firstAlarm + len(o.alarms) - 1), nil
}

func (o *outbox) NoticeWaits(context.Context, string) (bool, error) { return o.waits, nil }

func (o *outbox) RememberSendTo(_ context.Context, _ int64, phone string, _ time.Time) error {
	o.sendTo = append(o.sendTo, phone)
	return nil
}

func (o *outbox) ClaimSend(_ context.Context, _ int64, now time.Time) (postgres.Claim, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	was := o.message.Status
	if was != postgres.MessageQueued && was != postgres.MessageSending {
		return postgres.Claim{Was: was}, nil
	}
	o.message.Attempts++
	claim := postgres.Claim{Claimed: true, Was: was, Since: o.since, Attempts: o.message.Attempts}
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
	o.reason, o.message.Error, o.message.Status = reason, reason, postgres.MessageQueued
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
	to     []whatsapp.Recipient
	onSend func()
	// fallback answers as if the first form of the number had been refused.
	fallback string
}

func (m *meta) Send(_ context.Context, to whatsapp.Recipient, message whatsapp.Message) (whatsapp.Receipt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent, m.to = append(m.sent, message), append(m.to, to)
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
	return whatsapp.Receipt{MessageID: "wamid.1", Fallback: m.fallback != "", Phone: m.fallback}, nil
}

func queued(t *testing.T, reply dialogue.Reply, window time.Time) *outbox {
	t.Helper()
	raw, err := json.Marshal(reply)
	require.NoError(t, err)
	return &outbox{message: postgres.OutboundMessage{
		ID: 1, GuestID: 7, RecipientPhone: "5491155550101", Reply: raw, Status: postgres.MessageQueued, WindowOpenUntil: window, EffectKey: "7/0",
	}}
}

func messaging(store *outbox, sender *meta) *activities.Messaging {
	return &activities.Messaging{
		Store: store, WhatsApp: sender, Again: &processes{}, OwnerPhone: "5493515550909", SettleWait: 300 * time.Millisecond, Metrics: observe.NewMetrics(prometheus.NewRegistry()), Now: time.Now,
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

func TestUnsendableReplyIsMarkedAndDoesNotBlock(t *testing.T) {
	t.Parallel()
	store, sender := queued(t, dialogue.Reply{Kind: dialogue.ReplyButtons, Body: "sin botones"}, time.Now().Add(time.Hour)), &meta{}
	require.NoError(t, deliver(messaging(store, sender)))
	require.Empty(t, sender.sent)
	require.Equal(t, postgres.MessageFailed, store.message.Status)
	require.Len(t, store.alarms, 1)
}

func TestAlarmWithoutAnOwnersNumberIsKeptAndNotRepeated(t *testing.T) {
	t.Parallel()
	store, sender := queued(t, dialogue.Reply{Kind: dialogue.ReplyText, Body: "Aviso"}, time.Now().Add(time.Hour)), &meta{}
	store.message.RecipientPhone, store.message.GuestID = "", 0
	require.NoError(t, deliver(messaging(store, sender)))
	require.Empty(t, sender.sent)
	require.Equal(t, "no_recipient", store.reason)
	require.Empty(t, store.alarms, "nobody can be told")
}

func TestPostgresAwayKeepsTheMessage(t *testing.T) {
	t.Parallel()
	a := messaging(nil, &meta{})
	a.Store = awayStore{}
	require.ErrorIs(t, deliver(a), errAway)
}

var errAway = errors.New("postgres is away")

type awayStore struct{ activities.MessagingStore }

func (awayStore) Outbound(context.Context, int64) (postgres.OutboundMessage, error) {
	return postgres.OutboundMessage{}, errors.Join(errAway, booking.Refuse(booking.CodeUnavailable, "connection refused"))
}
