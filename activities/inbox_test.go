package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/dialogue"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// inboxTable is the inbox in memory.
type inboxTable struct {
	mu         sync.Mutex
	items      []postgres.InboxItem
	dispatched map[int64]bool
	inbound    []postgres.Inbound
	statuses   []postgres.StatusUpdate
	handedOver bool
	echoes     []postgres.Echo
	remedies   []postgres.Remedy
}

func (s *inboxTable) InsertInbox(_ context.Context, provider, key string, body []byte, meta json.RawMessage, trace string, now time.Time) (int64, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, item := range s.items {
		if item.Provider == provider && item.EventKey == key {
			return item.ID, false, nil
		}
	}
	id := int64(len(s.items) + 1)
	s.items = append(s.items, postgres.InboxItem{ID: id, Provider: provider, EventKey: key, Body: body, Meta: meta, TraceID: trace, ReceivedAt: now})
	return id, true, nil
}

func (s *inboxTable) PendingInbox(_ context.Context, before time.Time, _ int) ([]postgres.InboxItem, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var pending []postgres.InboxItem
	for _, item := range s.items {
		if !s.dispatched[item.ID] && item.ReceivedAt.Before(before) {
			pending = append(pending, item)
		}
	}
	return pending, nil
}

func (s *inboxTable) MarkDispatched(_ context.Context, ids []int64, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		s.dispatched[id] = true
	}
	return nil
}

func (s *inboxTable) MarkDispatchFailed(_ context.Context, id int64, text string, _ time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items[id-1].LastError = text
	return nil
}

func (s *inboxTable) RecordInbound(_ context.Context, in postgres.Inbound, _ time.Time) (int64, int64, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n, known := range s.inbound {
		if known.ProviderID == in.ProviderID {
			return 1, int64(n + 1), false, nil
		}
	}
	s.inbound = append(s.inbound, in)
	return 1, int64(len(s.inbound)), true, nil
}

func (s *inboxTable) ApplyStatus(_ context.Context, update postgres.StatusUpdate) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.statuses = append(s.statuses, update)
	return nil
}

func (s *inboxTable) HandedOver(context.Context, int64, time.Time) (bool, error) {
	return s.handedOver, nil
}

func (s *inboxTable) RecordEcho(_ context.Context, echo postgres.Echo, _ time.Time) (int64, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.echoes = append(s.echoes, echo)
	return 1, true, nil
}

// ApplyFailure knows one message.
func (s *inboxTable) ApplyFailure(_ context.Context, update postgres.StatusUpdate, remedy postgres.Remedy) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remedies = append(s.remedies, remedy)
	if update.CallbackData == "known" {
		return 7, nil
	}
	return 0, nil
}

func (s *inboxTable) allDispatched() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.items) > 0 && len(s.dispatched) == len(s.items)
}

// processes records who was woken; while away is set Temporal does not answer.
type processes struct {
	mu       sync.Mutex
	away     bool
	running  map[string]bool
	messages []int64
	signals  []workflows.MessageSignal
	payments []string
	late     []workflows.LatePaymentInput
	again    []int64
}

var errTemporalAway = errors.New("temporal is away")

func (p *processes) do(act func()) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away {
		return errTemporalAway
	}
	act()
	return nil
}

func (p *processes) Message(_ context.Context, _ int64, message workflows.MessageSignal) error {
	return p.do(func() {
		p.messages = append(p.messages, message.MessageID)
		p.signals = append(p.signals, message)
	})
}

func (p *processes) Payment(_ context.Context, code, paymentID string) (bool, error) {
	err := p.do(func() { p.payments = append(p.payments, code+" "+paymentID) })
	return p.running[code], err
}

func (p *processes) Redelivery(_ context.Context, messageID int64) error {
	return p.do(func() { p.again = append(p.again, messageID) })
}

func (p *processes) LatePayment(_ context.Context, in workflows.LatePaymentInput) error {
	return p.do(func() { p.late = append(p.late, in) })
}

func (p *processes) comeBack() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = false
}

const ourNumber = "106540352242922"

func newInbox(store *inboxTable, p *processes, now func() time.Time) *activities.Inbox {
	store.dispatched = map[int64]bool{}
	return activities.NewInbox(activities.Inbox{
		Store: store, Processes: p, PhoneID: ourNumber, Metrics: observe.NewMetrics(prometheus.NewRegistry()), Now: now,
	})
}

func whatsAppHook(key string, messages ...string) activities.Webhook {
	list := ""
	for n, m := range messages {
		if n > 0 {
			list += ","
		}
		list += m
	}
	return activities.Webhook{Provider: activities.ProviderWhatsApp, EventKey: key, TraceID: "trace-" + key, Body: fmt.Appendf(nil,
		`{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"messaging_product":"whatsapp",
		"metadata":{"display_phone_number":"1","phone_number_id":%q},"contacts":[{"profile":{"name":"Ana"},"wa_id":"5491155550101"}],
		"messages":[%s]}}]}]}`, ourNumber, list)}
}

func text(id, body string) string {
	return fmt.Sprintf(`{"from":"5491155550101","id":%q,"timestamp":"1795360000","type":"text","text":{"body":%q}}`, id, body)
}

func run(t *testing.T, work func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- work(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
}

func TestBatchIsRecordedAndWakesTheConversationOncePerMessage(t *testing.T) {
	t.Parallel()
	store, p := &inboxTable{}, &processes{}
	inbox := newInbox(store, p, time.Now)
	run(t, inbox.Run)
	hook := whatsAppHook("a", text("wamid.1", "hola"), `{"from":"5491155550101","id":"wamid.2","timestamp":"1795360001","type":"poll_of_next_year"}`)
	require.NoError(t, inbox.Receive(context.Background(), hook))
	require.NoError(t, inbox.Receive(context.Background(), hook), "the same delivery again is fine")
	require.Eventually(t, store.allDispatched, 5*time.Second, time.Millisecond)
	require.Len(t, store.inbound, 2)
	require.Equal(t, []int64{1, 2}, p.messages)
	var unknown dialogue.Inbound
	require.NoError(t, json.Unmarshal(store.inbound[1].Body, &unknown))
	require.Equal(t, dialogue.InboundUnsupported, unknown.Kind, "a type of tomorrow is answered politely")
	require.Equal(t, "trace-a", store.inbound[0].TraceID)
}

func TestRelayDeliversExactlyWhatATemporalOutageLeft(t *testing.T) {
	t.Parallel()
	store, p := &inboxTable{}, &processes{away: true}
	later := func() time.Time { return time.Now().Add(time.Minute) }
	inbox := newInbox(store, p, time.Now)
	run(t, inbox.Run)
	for n := range 3 {
		require.NoError(t, inbox.Receive(context.Background(), whatsAppHook(fmt.Sprint(n), text(fmt.Sprintf("wamid.%d", n), "hola"))))
	}
	require.Eventually(t, func() bool {
		store.mu.Lock()
		defer store.mu.Unlock()
		for _, item := range store.items {
			if item.LastError == "" {
				return false
			}
		}
		return true
	}, 5*time.Second, time.Millisecond, "each failure is visible on its row")
	p.comeBack()
	relay := activities.NewInbox(activities.Inbox{Store: store, Processes: p, PhoneID: ourNumber,
		Metrics: observe.NewMetrics(prometheus.NewRegistry()), Now: later})
	run(t, relay.Relay)
	require.Eventually(t, store.allDispatched, 5*time.Second, time.Millisecond)
	require.ElementsMatch(t, []int64{1, 2, 3}, p.messages)
}

func TestMessageForAnotherNumberIsLeftAlone(t *testing.T) {
	t.Parallel()
	store, p := &inboxTable{}, &processes{}
	inbox := newInbox(store, p, time.Now)
	inbox.PhoneID = "1"
	run(t, inbox.Run)
	require.NoError(t, inbox.Receive(context.Background(), whatsAppHook("a", text("wamid.1", "hola"))))
	require.Eventually(t, store.allDispatched, 5*time.Second, time.Millisecond)
	require.Empty(t, store.inbound)
}

func signed(payment, reference string) map[string]string {
	return map[string]string{"topic": "payment", "payment_id": payment, "signed": "true", "ref": reference}
}

func TestPaymentNotificationsWakeWhoeverMustLook(t *testing.T) {
	t.Parallel()
	const code = "RES261122A1B2C3"
	tests := map[string]struct {
		meta     map[string]string
		running  bool
		payments int
		late     []workflows.LatePaymentInput
	}{
		"running booking":      {signed("99", code), true, 1, nil},
		"ended booking":        {signed("99", code), false, 1, []workflows.LatePaymentInput{{PaymentID: "99", Code: code}}},
		"without a hint":       {signed("99", ""), true, 0, []workflows.LatePaymentInput{{PaymentID: "99"}}},
		"hint that is no code": {signed("99", "'; drop"), true, 0, []workflows.LatePaymentInput{{PaymentID: "99"}}},
		"unsigned":             {map[string]string{"topic": "payment", "payment_id": "99", "signed": "false"}, true, 0, []workflows.LatePaymentInput{{PaymentID: "99", Hint: true}}},
		"merchant order":       {map[string]string{"topic": "merchant_order", "signed": "true"}, true, 0, nil},
		"nothing said":         {map[string]string{}, true, 0, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, p := &inboxTable{}, &processes{running: map[string]bool{code: test.running}}
			inbox := newInbox(store, p, time.Now)
			run(t, inbox.Run)
			require.NoError(t, inbox.Receive(context.Background(), activities.Webhook{
				Provider: activities.ProviderMercadoPago, EventKey: name, Body: []byte(`{}`), Meta: test.meta}))
			require.Eventually(t, store.allDispatched, 5*time.Second, time.Millisecond)
			require.Len(t, p.payments, test.payments)
			require.Equal(t, test.late, p.late)
		})
	}
}

func TestFailedStatusIsHandedToDeliveryWithWhatMayHelp(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		code   int
		key    string
		again  []int64
		remedy postgres.Remedy
	}{
		"window closed after all": {131047, "known", []int64{7}, postgres.RemedyTemplate},
		"Meta's trouble":          {131000, "known", []int64{7}, postgres.RemedyRepeat},
		"too fast":                {131056, "known", []int64{7}, postgres.RemedyRepeat},
		"not on WhatsApp":         {131026, "known", []int64{7}, postgres.RemedyOtherForm},
		"not a test number":       {131030, "known", []int64{7}, postgres.RemedyOtherForm},
		"no marketing":            {131050, "known", []int64{7}, postgres.RemedyNone},
		"unpaid":                  {131042, "known", []int64{7}, postgres.RemedyAccount},
		"no template":             {132001, "known", []int64{7}, postgres.RemedyNone},
		"of an earlier try":       {131000, "unknown", nil, postgres.RemedyRepeat},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, p := &inboxTable{}, &processes{}
			inbox := newInbox(store, p, time.Now)
			run(t, inbox.Run)
			require.NoError(t, inbox.Receive(context.Background(), activities.Webhook{Provider: activities.ProviderWhatsApp, EventKey: name,
				Body: fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{
				"messaging_product":"whatsapp","metadata":{"phone_number_id":%q},"statuses":[{"id":"wamid.1","status":"failed","timestamp":"1795360000",
				"recipient_id":"5491155550101","biz_opaque_callback_data":%q,"errors":[{"code":%d,"title":"x"}]}]}}]}]}`, ourNumber, test.key, test.code)}))
			require.Eventually(t, store.allDispatched, 5*time.Second, time.Millisecond)
			require.Equal(t, test.again, p.again)
			require.Equal(t, []postgres.Remedy{test.remedy}, store.remedies)
			require.Empty(t, store.statuses)
		})
	}
}

// reads counts messages marked as read.
type reads struct{ marked chan string }

func (r reads) MarkRead(_ context.Context, wamid string, _ bool) error {
	r.marked <- wamid
	return nil
}

func TestBotReadsAndTypesOnlyWhereItAnswers(t *testing.T) {
	t.Parallel()
	for _, handedOver := range []bool{false, true} {
		store, p, seen := &inboxTable{handedOver: handedOver}, &processes{}, reads{marked: make(chan string, 2)}
		inbox := newInbox(store, p, time.Now)
		inbox.Reads = seen
		run(t, inbox.Run)
		require.NoError(t, inbox.Receive(context.Background(), whatsAppHook("a", text("wamid.1", "hola"))))
		require.Eventually(t, store.allDispatched, 5*time.Second, time.Millisecond)
		if handedOver {
			require.Never(t, func() bool { return len(seen.marked) > 0 }, 100*time.Millisecond, 5*time.Millisecond)
			continue
		}
		require.Equal(t, "wamid.1", <-seen.marked)
	}
}
