package activities_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/gateways/whatsapp"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// taker takes every message.
type taker struct{ taken int }

func (s *taker) Send(context.Context, whatsapp.Recipient, whatsapp.Message) (whatsapp.Receipt, error) {
	s.taken++
	return whatsapp.Receipt{MessageID: fmt.Sprint("wamid.taken", s.taken)}, nil
}

// The time a guest waits is counted once, for the first reply, when WhatsApp has taken it.
func TestTheReplyTimeIsOfTheFirstReply(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	guest := h.from("5493515550101", `"type":"text","text":{"body":"Hola!"}`)
	turn := h.decide(workflows.TurnInput{GuestID: guest})
	require.NotEmpty(t, turn.Deliver)
	h.now = h.now.Add(2 * time.Second)
	registry := prometheus.NewRegistry()
	messaging := &activities.Messaging{Store: h.store, WhatsApp: &taker{}, Metrics: observe.NewMetrics(registry), Now: func() time.Time { return h.now }}
	for range 2 { // delivered twice, counted once
		_, err := messaging.DeliverMessages(t.Context(), workflows.DeliverInput{MessageIDs: turn.Deliver})
		require.NoError(t, err)
	}
	count, sum := observed(t, registry, "reply_time_seconds", "text")
	require.EqualValues(t, 1, count)
	require.InDelta(t, 2, sum, .1)
	count, _ = observed(t, registry, "reply_time_seconds", "audio")
	require.Zero(t, count)
}

// What becomes of a hold is counted by whoever changes the row, once, however often it is asked for.
func TestHoldsAreCountedWhereTheyChange(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	guest := h.from("5493515550102", `"type":"text","text":{"body":"Hola!"}`)
	registry := prometheus.NewRegistry()
	metrics := observe.NewMetrics(registry)
	clock := func() time.Time { return h.now }
	desk := &activities.Reservations{
		Store: h.store, Locks: longLocks{}, Metrics: metrics, Now: clock,
		Terms: activities.Terms{HoldFor: time.Hour, DepositPercent: 30, Limits: booking.Limits{HorizonMonths: 18, LongestStay: 30}},
	}
	today := booking.DateIn(h.now, time.UTC)
	in := workflows.BookingInput{
		Code: booking.NewCode(h.now, [3]byte{1, 2, 3}), AccommodationID: ask[int64](h, `SELECT min(id) FROM accommodations`), GuestID: guest, Guests: 2,
		Stay: booking.Stay{CheckIn: today.AddDays(10), CheckOut: today.AddDays(13)}, Channel: booking.ChannelWhatsApp, HoldFor: time.Hour,
	}
	for range 2 {
		_, err := desk.PlaceHold(t.Context(), in)
		require.NoError(t, err)
		h.now = h.now.Add(time.Second)
	}
	require.InDelta(t, 1, counted(t, metrics.ReservationsCreated.WithLabelValues("whatsapp")), 0)

	h.now = h.now.Add(time.Hour + 2*time.Second)
	for range 2 {
		_, err := desk.ExpireHold(t.Context(), workflows.ReservationRef{Code: in.Code})
		require.NoError(t, err)
		h.now = h.now.Add(time.Minute)
	}
	count, sum := observed(t, registry, "hold_release_lateness_seconds", "")
	require.EqualValues(t, 1, count)
	require.InDelta(t, 4, sum, .1)
}

func TestRemindersAreCountedByTheirWay(t *testing.T) {
	t.Parallel()
	metrics := observe.NewMetrics(prometheus.NewRegistry())
	box := &outbox{message: postgres.OutboundMessage{ID: 1, RecipientPhone: "541155550101", Status: postgres.MessageQueued,
		Reply: []byte(`{"kind":"text","body":"Te quedan 30 minutos"}`), WindowOpenUntil: time.Now().Add(time.Hour), EffectKey: "RES260110A1B2C3/hold_half_time"}}
	messaging := &activities.Messaging{Store: box, WhatsApp: &taker{}, Metrics: metrics, Now: time.Now}
	_, err := messaging.DeliverMessages(t.Context(), workflows.DeliverInput{MessageIDs: []int64{1}})
	require.NoError(t, err)
	require.InDelta(t, 1, counted(t, metrics.HoldReminders.WithLabelValues("whatsapp")), 0)
	require.Zero(t, counted(t, metrics.HoldReminders.WithLabelValues("email")))
}

// observed is how often a histogram was observed, and the sum of what.
func observed(t *testing.T, registry *prometheus.Registry, name, label string) (count uint64, sum float64) {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		for _, series := range family.GetMetric() {
			if family.GetName() == name && (label == "" || series.GetLabel()[0].GetValue() == label) {
				return series.GetHistogram().GetSampleCount(), series.GetHistogram().GetSampleSum()
			}
		}
	}
	return 0, 0
}
