package temporal_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"

	"cabanas/booking"
	"cabanas/internal/embedded/embeddedtest"
	"cabanas/temporal"
	"cabanas/workflows"
)

const code = "RES260110A1B2C3"

func bookingInput() workflows.BookingInput {
	return workflows.BookingInput{
		Code: code, AccommodationID: 7, UnitName: "Cabaña Arrayán", Guests: 4, GuestID: 12, Channel: booking.ChannelWhatsApp,
		Stay:    booking.Stay{CheckIn: booking.MustDate("2026-01-20"), CheckOut: booking.MustDate("2026-01-25")},
		HoldFor: time.Hour, Extension: time.Hour, Grace: 0,
	}
}

// desk answers the activities of a booking as a database without races would.
type desk struct {
	refuse  atomic.Bool
	holds   atomic.Int32
	cancels atomic.Int32
}

func (d *desk) PlaceHold(context.Context, workflows.BookingInput) (workflows.HoldPlaced, error) {
	d.holds.Add(1)
	if d.refuse.Load() {
		return workflows.HoldPlaced{}, sdktemporal.NewNonRetryableApplicationError("taken", workflows.ErrorDatesTaken, nil)
	}
	return workflows.HoldPlaced{ExpiresAt: time.Now().Add(time.Hour)}, nil
}

func (d *desk) CreatePaymentLink(context.Context, workflows.LinkInput) (workflows.LinkResult, error) {
	return workflows.LinkResult{URL: "https://pay.test"}, nil
}

func (d *desk) ClosePaymentLink(context.Context, workflows.LinkCloseInput) (workflows.Done, error) {
	return workflows.Done{}, nil
}

func (d *desk) SendNotices(context.Context, workflows.NoticesInput) (workflows.Done, error) {
	return workflows.Done{}, nil
}

func (d *desk) ExtendHold(context.Context, workflows.ExtendInput) (workflows.ReservationChange, error) {
	return workflows.ReservationChange{Changed: true, Status: booking.PreReserved, ExpiresAt: time.Now().Add(2 * time.Hour)}, nil
}

func (d *desk) CancelReservation(context.Context, workflows.CancelInput) (workflows.ReservationChange, error) {
	d.cancels.Add(1)
	return workflows.ReservationChange{Changed: true, Status: booking.Cancelled}, nil
}

func (d *desk) ConfirmByOwner(context.Context, workflows.OwnerConfirmInput) (workflows.ReservationChange, error) {
	return workflows.ReservationChange{Changed: true, Status: booking.Confirmed}, nil
}

func (d *desk) StayTimes(context.Context, workflows.ReservationRef) (workflows.StayTimes, error) {
	return workflows.StayTimes{Arrival: time.Now().Add(time.Hour), Departure: time.Now().Add(2 * time.Hour)}, nil
}

func (d *desk) SettlePayment(_ context.Context, in workflows.SettleInput) (workflows.Settlement, error) {
	return workflows.Settlement{PaymentID: in.PaymentID, Code: in.Code, Verdict: booking.VerdictSettled}, nil
}

func (d *desk) ForwardPayment(context.Context, workflows.SettleInput) (workflows.ForwardResult, error) {
	return workflows.ForwardResult{}, nil
}

func (d *desk) DecideTurn(context.Context, workflows.TurnInput) (workflows.Turn, error) {
	return workflows.Turn{}, nil
}

func (d *desk) ReconcilePayments(context.Context) (workflows.Settlements, error) {
	return workflows.Settlements{}, nil
}

func dial(t *testing.T, registry prometheus.Registerer) (client.Client, string) {
	t.Helper()
	address, namespace := embeddedtest.Namespace(t)
	c, err := temporal.Dial(t.Context(), temporal.Options{
		Address: address, Namespace: namespace, Logger: slog.New(slog.DiscardHandler), Metrics: registry,
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c, namespace
}

func serve(t *testing.T) (client.Client, *desk) {
	t.Helper()
	c, _ := dial(t, nil)
	d := &desk{}
	for _, queue := range []string{workflows.QueueConversation, workflows.QueueBooking, workflows.QueueMessaging} {
		w := worker.New(c, queue, worker.Options{})
		workflows.Register(w, queue)
		w.RegisterActivity(d)
		require.NoError(t, w.Start())
		t.Cleanup(w.Stop)
	}
	return c, d
}

func TestBookingIsStartedAndSteered(t *testing.T) {
	t.Parallel()
	c, d := serve(t)
	ctx := t.Context()

	first, err := temporal.StartBooking(ctx, c, bookingInput())
	require.NoError(t, err)
	require.Equal(t, workflows.HoldOutcome{Placed: true, PaymentURL: "https://pay.test"}, first)
	again, err := temporal.StartBooking(ctx, c, bookingInput())
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.EqualValues(t, 1, d.holds.Load())

	description, err := c.DescribeWorkflow(ctx, workflows.BookingID(code), "")
	require.NoError(t, err)
	status, _ := description.TypedSearchAttributes.GetKeyword(workflows.AttributeBookingStatus)
	unit, _ := description.TypedSearchAttributes.GetKeyword(workflows.AttributeAccommodationID)
	checkIn, _ := description.TypedSearchAttributes.GetTime(workflows.AttributeCheckIn)
	require.Equal(t, "pre_reserved", status)
	require.Equal(t, "7", unit)
	require.Equal(t, "2026-01-20", checkIn.UTC().Format(time.DateOnly))

	extended, err := temporal.ExtendBooking(ctx, c, code, "")
	require.NoError(t, err)
	require.True(t, extended.Done)
	delivered, err := temporal.SignalPayment(ctx, c, code, "1")
	require.NoError(t, err)
	require.True(t, delivered)
	confirmed, err := temporal.ConfirmBooking(ctx, c, code, "", workflows.ConfirmRequest{StaffID: 1})
	require.NoError(t, err)
	require.Equal(t, booking.Confirmed, confirmed.Status)

	cancelled, err := temporal.CancelBooking(ctx, c, code, "message-9", workflows.CancelRequest{By: booking.ByGuest})
	require.NoError(t, err)
	require.True(t, cancelled.Done)
	require.NoError(t, c.GetWorkflow(ctx, workflows.BookingID(code), "").Get(ctx, nil))

	// The workflow has ended: what was asked before is answered as before, what is new is refused.
	repeated, err := temporal.CancelBooking(ctx, c, code, "message-9", workflows.CancelRequest{By: booking.ByGuest})
	require.NoError(t, err)
	require.Equal(t, cancelled, repeated)
	require.EqualValues(t, 1, d.cancels.Load())
	_, err = temporal.CancelBooking(ctx, c, code, "message-10", workflows.CancelRequest{By: booking.ByGuest})
	require.True(t, booking.IsCode(err, booking.CodeWrongState), "%v", err)
	_, err = temporal.ExtendBooking(ctx, c, code, "")
	require.True(t, booking.IsCode(err, booking.CodeWrongState), "%v", err)
	again, err = temporal.StartBooking(ctx, c, bookingInput())
	require.NoError(t, err)
	require.Equal(t, first, again)
	delivered, err = temporal.SignalPayment(ctx, c, code, "1")
	require.NoError(t, err)
	require.False(t, delivered)

	// A late payment confirmed it after its end: it lives again, once.
	require.NoError(t, temporal.ResumeBooking(ctx, c, bookingInput()))
	require.NoError(t, temporal.ResumeBooking(ctx, c, bookingInput()))
	require.EqualValues(t, 1, d.holds.Load())
	value, err := c.QueryWorkflow(ctx, workflows.BookingID(code), "", workflows.QueryState)
	require.NoError(t, err)
	var state workflows.BookingState
	require.NoError(t, value.Get(&state))
	require.Equal(t, booking.Confirmed, state.Status)
}

func TestRefusedHoldIsAnOutcome(t *testing.T) {
	t.Parallel()
	c, d := serve(t)
	d.refuse.Store(true)
	for range 2 {
		outcome, err := temporal.StartBooking(t.Context(), c, bookingInput())
		require.NoError(t, err)
		require.Equal(t, workflows.HoldOutcome{Refusal: booking.CodeDatesTaken}, outcome)
	}
	require.EqualValues(t, 1, d.holds.Load())
}

func TestUnknownBookingIsRefused(t *testing.T) {
	t.Parallel()
	c, _ := serve(t)
	_, err := temporal.ConfirmBooking(t.Context(), c, "RES260110FFFFFF", "key", workflows.ConfirmRequest{StaffID: 1})
	require.True(t, booking.IsCode(err, booking.CodeWrongState), "%v", err)
}

func TestConversationAndLatePaymentStart(t *testing.T) {
	t.Parallel()
	c, _ := serve(t)
	ctx := t.Context()
	for id := range int64(3) {
		require.NoError(t, temporal.SignalConversation(ctx, c, 12, workflows.MessageSignal{MessageID: id}, time.Second))
	}
	require.NoError(t, c.GetWorkflow(ctx, workflows.ConversationID(12), "").Get(ctx, nil))
	require.NoError(t, temporal.SignalConversation(ctx, c, 12, workflows.MessageSignal{MessageID: 4}, time.Second), "a new run after the silence")
	for range 2 {
		require.NoError(t, temporal.StartLatePayment(ctx, c, workflows.LatePaymentInput{PaymentID: "1", Code: code}))
	}
	require.NoError(t, c.GetWorkflow(ctx, workflows.LatePaymentID(workflows.LatePaymentInput{PaymentID: "1"}), "").Get(ctx, nil))
	require.NoError(t, temporal.StartLatePayment(ctx, c, workflows.LatePaymentInput{PaymentID: "1", Code: code}))
}

func TestSetupIsRepeatable(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	c, namespace := dial(t, registry)
	ctx := t.Context()
	options := temporal.SetupOptions{Namespace: namespace, ReconcileEvery: time.Hour, Logger: slog.New(slog.DiscardHandler)}
	require.NoError(t, temporal.Setup(ctx, c, options))
	require.NoError(t, temporal.Setup(ctx, c, options))

	handle := c.ScheduleClient().GetHandle(ctx, workflows.ReconciliationID)
	require.NoError(t, handle.Pause(ctx, client.SchedulePauseOptions{Note: "by an operator"}))
	options.ReconcileEvery = 30 * time.Minute
	require.NoError(t, temporal.Setup(ctx, c, options))
	require.EventuallyWithT(t, func(ct *assert.CollectT) {
		description, err := handle.Describe(ctx)
		require.NoError(ct, err)
		require.Equal(ct, 30*time.Minute, description.Schedule.Spec.Intervals[0].Every)
		require.True(ct, description.Schedule.State.Paused, "an operator's pause is kept")
		require.Equal(ct, enumspb.SCHEDULE_OVERLAP_POLICY_SKIP, description.Schedule.Policy.Overlap)
	}, 10*time.Second, 20*time.Millisecond)

	families, err := registry.Gather()
	require.NoError(t, err)
	names := map[string]bool{}
	for _, family := range families {
		names[family.GetName()] = true
	}
	require.Contains(t, names, "temporal_request_total")
	require.Contains(t, names, "temporal_request_latency_seconds")
}

func TestSetupMakesTheNamespace(t *testing.T) {
	t.Parallel()
	address := embeddedtest.Temporal(t)
	namespace := "setup-" + time.Now().Format("150405.000000000")
	c, err := temporal.Dial(t.Context(), temporal.Options{Address: address, Namespace: namespace, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	t.Cleanup(func() {
		_, err := c.OperatorService().DeleteNamespace(context.Background(), &operatorservice.DeleteNamespaceRequest{Namespace: namespace})
		require.NoError(t, err)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	require.NoError(t, temporal.Setup(ctx, c, temporal.SetupOptions{
		Namespace: namespace, ReconcileEvery: time.Hour, Logger: slog.New(slog.DiscardHandler),
	}))
}

func TestDialWaitsForTheServer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := temporal.Dial(ctx, temporal.Options{Address: "127.0.0.1:1", Logger: slog.New(slog.DiscardHandler)})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
