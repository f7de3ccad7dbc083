package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// Inbox takes webhooks durably and hands them on. Receive answers once the delivery is in Postgres; what follows is tried at
// once and, if the process dies or a neighbour is away, again by [Inbox.Relay], until it is done.
type Inbox struct {
	Store     InboxStore
	Processes Processes
	// Reads shows guests that their message was seen; nil shows nothing.
	Reads ReadReceipts
	// PhoneID is the WhatsApp number this installation answers for; messages to others are left alone.
	PhoneID string
	// Settle is how long the rest of a message in pieces is waited for; 0 answers each piece.
	Settle time.Duration
	// TakeoverReturn is how long the bot is silent after the owner answered a guest from the phone; 0 is until handed back.
	TakeoverReturn time.Duration
	Metrics        *observe.Metrics
	Now            func() time.Time

	queue      chan postgres.InboxItem
	dispatched chan int64
}

// InboxStore is what the inbox reads and writes.
type InboxStore interface {
	InsertInbox(ctx context.Context, provider, eventKey string, body []byte, meta json.RawMessage, traceID string, now time.Time) (id int64, isNew bool, err error)
	PendingInbox(ctx context.Context, before time.Time, limit int) ([]postgres.InboxItem, error)
	MarkDispatched(ctx context.Context, ids []int64, now time.Time) error
	MarkDispatchFailed(ctx context.Context, id int64, errText string, now time.Time) error
	RecordInbound(ctx context.Context, inbound postgres.Inbound, now time.Time) (guestID, messageID int64, isNew bool, err error)
	RecordEcho(ctx context.Context, echo postgres.Echo, now time.Time) (guestID int64, isNew bool, err error)
	HandedOver(ctx context.Context, guestID int64, now time.Time) (bool, error)
	ApplyStatus(ctx context.Context, update postgres.StatusUpdate) error
	ApplyFailure(ctx context.Context, update postgres.StatusUpdate, remedy postgres.Remedy) (messageID int64, err error)
}

// Processes wakes the workflows a delivery concerns. Every call is safe to repeat.
type Processes interface {
	// Message starts or wakes the conversation with a guest.
	Message(ctx context.Context, guestID int64, message workflows.MessageSignal) error
	// Payment wakes a booking; false when none with this code runs.
	Payment(ctx context.Context, code, paymentID string) (bool, error)
	// Redelivery sends a message again.
	Redelivery(ctx context.Context, messageID int64) error
	// LatePayment starts the resolver of a payment whose booking is unknown or has ended.
	LatePayment(ctx context.Context, in workflows.LatePaymentInput) error
}

// ReadReceipts marks a guest's message as read, with the typing indicator.
type ReadReceipts interface {
	MarkRead(ctx context.Context, wamid string, typing bool) error
}

const (
	dispatchers     = 16
	dispatchQueue   = 1024
	dispatchTimeout = 15 * time.Second
	// relayAge leaves fresh deliveries to the process that took them.
	relayAge    = 3 * time.Second
	relayPeriod = time.Second
	relayBatch  = 200
	markBatch   = 100
	markDelay   = 25 * time.Millisecond
)

// NewInbox completes an inbox; Run must run for deliveries to be handed on at once, Receive works without.
func NewInbox(inbox Inbox) *Inbox {
	inbox.queue = make(chan postgres.InboxItem, dispatchQueue)
	inbox.dispatched = make(chan int64, dispatchQueue)
	return &inbox
}

// Receive stores a delivery. It returns nil for one that was stored before; an error means that nothing is known of it and
// the provider must deliver again.
func (i *Inbox) Receive(ctx context.Context, hook Webhook) error {
	meta, err := json.Marshal(hook.Meta)
	if err != nil {
		return fmt.Errorf("encode webhook meta: %w", err)
	}
	now := i.Now()
	id, isNew, err := i.Store.InsertInbox(ctx, hook.Provider, hook.EventKey, hook.Body, meta, hook.TraceID, now)
	if err != nil {
		return err
	}
	if !isNew {
		i.Metrics.WebhookDuplicate.WithLabelValues(hook.Provider).Inc()
		return nil
	}
	item := postgres.InboxItem{ID: id, Provider: hook.Provider, EventKey: hook.EventKey, Body: hook.Body, Meta: meta, TraceID: hook.TraceID, ReceivedAt: now}
	select {
	case i.queue <- item:
	default: // the relay finds it
	}
	return nil
}

// Run hands on what Receive takes until ctx ends, then finishes what is queued.
func (i *Inbox) Run(ctx context.Context) error {
	var working sync.WaitGroup
	for range dispatchers {
		working.Go(func() { i.work(ctx) })
	}
	marked := make(chan struct{})
	go func() {
		defer close(marked)
		i.markInBatches()
	}()
	working.Wait()
	close(i.dispatched)
	<-marked
	return nil
}

func (i *Inbox) work(ctx context.Context) {
	for {
		select {
		case item := <-i.queue:
			i.handOn(context.WithoutCancel(ctx), item)
		case <-ctx.Done():
			select {
			case item := <-i.queue:
				i.handOn(context.WithoutCancel(ctx), item)
			default:
				return
			}
		}
	}
}

func (i *Inbox) handOn(ctx context.Context, item postgres.InboxItem) {
	if i.dispatch(ctx, item) == nil {
		i.dispatched <- item.ID
	}
}

// markInBatches spares one transaction per delivery. A mark that is lost costs a second, harmless dispatch by the relay.
func (i *Inbox) markInBatches() {
	for first := range i.dispatched {
		ids := i.collect(first)
		ctx, cancel := context.WithTimeout(context.Background(), dispatchTimeout)
		if err := i.Store.MarkDispatched(ctx, ids, i.Now()); err != nil {
			slog.Warn("dispatched deliveries not marked, the relay repeats them", "count", len(ids), "error", err)
		}
		cancel()
	}
}

func (i *Inbox) collect(first int64) []int64 {
	ids := []int64{first}
	timer := time.NewTimer(markDelay)
	defer timer.Stop()
	for len(ids) < markBatch {
		select {
		case id, open := <-i.dispatched:
			if !open {
				return ids
			}
			ids = append(ids, id)
		case <-timer.C:
			return ids
		}
	}
	return ids
}

// Relay hands on, in order of arrival, what no process has, until ctx ends. Any number of processes may run it.
func (i *Inbox) Relay(ctx context.Context) error {
	ticker := time.NewTicker(relayPeriod)
	defer ticker.Stop()
	for {
		if err := i.relayOnce(ctx); err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "inbox relay", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func (i *Inbox) relayOnce(ctx context.Context) error {
	for {
		items, err := i.Store.PendingInbox(ctx, i.Now().Add(-relayAge), relayBatch)
		if err != nil || len(items) == 0 {
			return err
		}
		var done []int64
		for _, item := range items {
			if ctx.Err() != nil {
				break
			}
			if i.dispatch(ctx, item) == nil {
				done = append(done, item.ID)
			}
		}
		if len(done) == 0 {
			return nil
		}
		if err := i.Store.MarkDispatched(ctx, done, i.Now()); err != nil {
			return err
		}
	}
}

// dispatch hands one delivery on; a failure is written to its row and left to the relay.
func (i *Inbox) dispatch(ctx context.Context, item postgres.InboxItem) (err error) {
	ctx, cancel := context.WithTimeout(observe.WithTrace(ctx, item.TraceID), dispatchTimeout)
	defer cancel()
	ctx, span := observe.StartSpan(ctx, "dispatch "+item.Provider, trace.SpanKindConsumer, attribute.Int64("inbox_id", item.ID))
	defer func() { observe.EndSpan(span, failureKind(err)) }()
	switch item.Provider {
	case ProviderWhatsApp:
		err = i.dispatchWhatsApp(ctx, item)
	case ProviderMercadoPago:
		err = i.dispatchMercadoPago(ctx, item)
	}
	if err == nil {
		i.Metrics.WebhookDispatchLag.WithLabelValues(item.Provider).Observe(i.Now().Sub(item.ReceivedAt).Seconds())
		return nil
	}
	slog.WarnContext(ctx, "delivery not handed on, the relay repeats it", "inbox_id", item.ID, "provider", item.Provider, "error", err)
	if markErr := i.Store.MarkDispatchFailed(context.WithoutCancel(ctx), item.ID, err.Error(), i.Now()); markErr != nil {
		slog.WarnContext(ctx, "failure of a delivery not recorded", "inbox_id", item.ID, "error", markErr)
	}
	return err
}
