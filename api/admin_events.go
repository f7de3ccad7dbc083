package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/internal/accounts"
	"cabanas/store/postgres"
)

// LiveEvents is the stream of what changes; *activities.Live is one.
type LiveEvents interface {
	// Subscribe begins after a position, or now when there is none.
	Subscribe(ctx context.Context, after *postgres.LivePosition) (*activities.LiveSubscription, error)
}

const (
	eventsPath = prefix + "/admin/events"
	// pingEvery keeps proxies from taking a quiet stream for a dead one; checkEvery is how long a closed account may go on reading.
	pingEvery  = 15 * time.Second
	checkEvery = time.Minute
	// writeTime is for one event: a client that does not take it is gone.
	writeTime = 10 * time.Second
	// reconnectAfter is what clients are asked to wait, in milliseconds.
	reconnectAfter = 2000
	mostStreams    = 256
)

// The events of the stream about itself; the others are what triggers of the schema tell.
const (
	streamReady = "stream.ready"
	streamReset = "stream.reset"
	streamEnded = "stream.ended"
)

func addEvents(s staff, o *Options, stopping <-chan struct{}) {
	if o.Live == nil {
		return
	}
	routes := &eventRoutes{Options: o, staff: s, stopping: stopping, ping: pingEvery, check: checkEvery}
	if o.LivePing > 0 {
		routes.ping = o.LivePing
	}
	if o.LiveCheck > 0 {
		routes.check = o.LiveCheck
	}
	schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[liveEvent](), true, "LiveEvent")
	staffRoute(s, accounts.ReadOnly, huma.Operation{
		OperationID: "live-events", Method: http.MethodGet, Path: eventsPath, Tags: []string{tagDashboard}, Summary: "What changes, as it happens",
		Description: "Server-sent events, of whatever process changed something, about half a second later. They say what to read again and hold nothing of a person. " +
			"Whoever comes back with the Last-Event-ID of the last event they saw misses none and gets none twice, up to a day later; " +
			streamReset + " says that it was longer ago and that everything must be read again. The stream ends with the access token: " +
			"refresh it and come back. A comment every 15 seconds shows that the connection is alive.",
		Responses: map[string]*huma.Response{"200": {Description: "The stream.", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{
			Type: huma.TypeArray, Description: "Each item is one event of the stream.", Items: &huma.Schema{
				Type: huma.TypeObject, Required: []string{"event", "data"}, Properties: map[string]*huma.Schema{
					"id":    {Type: huma.TypeString, Description: "The place in the stream, for Last-Event-ID."},
					"event": {Type: huma.TypeString, Description: "The same as type of data."},
					"retry": {Type: huma.TypeInteger, Description: "Milliseconds to wait before coming back."},
					"data":  schema,
				}}}}}}},
	}, routes.stream)
}

// liveEvent is what the dashboard is told. It has those of the ids that the type is about.
type liveEvent struct {
	Type string    `json:"type" enum:"stream.ready,stream.reset,stream.ended,reservation.held,reservation.extended,reservation.confirmed,reservation.expired,reservation.cancelled,reservation.completed,reservation.no_show,reservation.moved,reservation.money,reservation.edited,reservation.noted,payment.recorded,payment.changed,payment.disputed,refund.changed,message.received,message.answered,message.queued,message.sending,message.sent,message.delivered,message.read,message.failed,conversation.taken_over,conversation.handed_back,calendar.conflict,calendar.conflict_resolved,calendar.closed,calendar.opened,calendar.feed" doc:"What happened. Types may be added."`
	At   time.Time `json:"at"`
	// Why is said by stream.ended alone.
	Why             string `json:"why,omitempty" enum:"session_ended,too_slow,stopping,unavailable" doc:"With stream.ended: why. After session_ended the access token must be refreshed."`
	Code            string `json:"code,omitempty" doc:"Of the reservation."`
	Status          string `json:"status,omitempty" doc:"Of the reservation, payment, refund, dispute or feed, after the event."`
	AccommodationID int64  `json:"accommodation_id,omitempty"`
	GuestID         int64  `json:"guest_id,omitempty" doc:"Whose conversation it is."`
	MessageID       int64  `json:"message_id,omitempty"`
	PaymentID       string `json:"payment_id,omitempty" doc:"The provider's id."`
	RefundID        int64  `json:"refund_id,omitempty"`
	ConflictID      int64  `json:"conflict_id,omitempty"`
	BlockID         int64  `json:"block_id,omitempty"`
	FeedID          int64  `json:"feed_id,omitempty"`
}

type eventRoutes struct {
	*Options
	staff       staff
	stopping    <-chan struct{}
	ping, check time.Duration
	open        atomic.Int32
}

type eventsInput struct {
	LastEventID string `header:"Last-Event-ID" maxLength:"41" pattern:"^([0-9]{1,19}-[0-9]{1,19})?$" doc:"id of the last event that was seen; without it the stream begins now."`
}

func (r *eventRoutes) stream(ctx context.Context, in *eventsInput) (*huma.StreamResponse, error) {
	var after *postgres.LivePosition
	if in.LastEventID != "" {
		position, err := postgres.ParseLivePosition(in.LastEventID)
		if err != nil {
			return nil, invalidField(ctx, "header", "Last-Event-ID", "expected the id of an earlier event")
		}
		after = &position
	}
	if isHead(ctx) {
		return &huma.StreamResponse{Body: func(hc huma.Context) { eventHeaders(humagin.Unwrap(hc)) }}, nil
	}
	if r.open.Add(1) > mostStreams {
		r.open.Add(-1)
		return nil, newProblem(ctx, booking.CodeUnavailable, "too many streams are open")
	}
	limited, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	subscription, err := r.Live.Subscribe(limited, after)
	if err != nil {
		r.open.Add(-1)
		return nil, refusal(ctx, r.Logger, "subscribe to events", err)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer r.open.Add(-1)
		defer subscription.Close()
		c := humagin.Unwrap(hc)
		eventHeaders(c)
		out := &eventWriter{c: c, control: http.NewResponseController(c.Writer)}
		// The server's deadlines are for requests that come to an end. Writers without a connection (tests) have none to lift.
		_ = out.control.SetReadDeadline(time.Time{})
		if err := r.tell(c.Request.Context(), subscription, out); err != nil {
			r.Logger.DebugContext(ctx, "stream_left", "error", err)
		}
	}}, nil
}

func eventHeaders(c *gin.Context) {
	c.Header("Content-Type", "text/event-stream")
	c.Header("X-Accel-Buffering", "no") // nginx would keep events until it has a page of them
	c.Status(http.StatusOK)
}

// tell writes events until the client leaves (an error), or something ends the stream (none).
func (r *eventRoutes) tell(ctx context.Context, s *activities.LiveSubscription, out *eventWriter) error {
	first := liveEvent{Type: streamReady, At: r.Now().UTC()}
	if s.Reset {
		first.Type = streamReset
	}
	if err := out.event(s.Last.String(), first, fmt.Sprintf("retry: %d\n", reconnectAfter)); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-r.stopping:
			cancel()
		case <-ctx.Done():
		}
	}()
	checked, quiet := time.Now(), time.Now()
	for {
		wait, done := context.WithDeadline(ctx, earlier(quiet.Add(r.ping), checked.Add(r.check)))
		event, err := s.Next(wait)
		done()
		switch {
		case err == nil:
			if err := out.event(event.Position.String(), liveEventOf(event), ""); err != nil {
				return err
			}
			quiet = time.Now()
		case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
			if time.Since(quiet) >= r.ping {
				if err := out.write(": ping\n\n"); err != nil {
					return err
				}
				quiet = time.Now()
			}
		default:
			return r.end(out, err)
		}
		if time.Since(checked) >= r.check {
			if r.hasEnded(ctx, out.c) {
				return out.event("", liveEvent{Type: streamEnded, At: r.Now().UTC(), Why: "session_ended"}, "")
			}
			checked = time.Now()
		}
	}
}

// end says why, if anybody still listens.
func (r *eventRoutes) end(out *eventWriter, err error) error {
	why := "unavailable"
	var refused *booking.Error
	select {
	case <-r.stopping:
		why = "stopping"
	default:
		if errors.Is(err, context.Canceled) {
			return err
		}
		if errors.As(err, &refused) && refused.Code == activities.CodeTooSlow {
			why = "too_slow"
		}
	}
	return out.event("", liveEvent{Type: streamEnded, At: r.Now().UTC(), Why: why}, "")
}

// hasEnded reports whether whoever reads may not any more. A database that does not answer throws nobody out.
func (r *eventRoutes) hasEnded(ctx context.Context, c *gin.Context) bool {
	limited, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	member, err := r.staff.identify(limited, c)
	if err == nil {
		return !member.Role.Covers(accounts.ReadOnly)
	}
	var refused *booking.Error
	return errors.As(err, &refused) && StatusOf(refused.Code) == http.StatusUnauthorized
}

func liveEventOf(e postgres.LiveEvent) liveEvent {
	var told liveEvent
	// A newer build may tell more than this one knows.
	_ = json.Unmarshal(e.Refs, &told)
	told.Type, told.At = e.Type, e.At.UTC()
	return told
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// eventWriter writes server-sent events, each within its own time.
type eventWriter struct {
	c       *gin.Context
	control *http.ResponseController
}

func (w *eventWriter) event(id string, event liveEvent, head string) error {
	data, err := json.Marshal(event)
	if err != nil {
		return err
	}
	if id != "" {
		head += "id: " + id + "\n"
	}
	return w.write(fmt.Sprintf("%sevent: %s\ndata: %s\n\n", head, event.Type, data))
}

func (w *eventWriter) write(text string) error {
	if err := w.control.SetWriteDeadline(time.Now().Add(writeTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := w.c.Writer.WriteString(text); err != nil {
		return err
	}
	return w.control.Flush()
}
