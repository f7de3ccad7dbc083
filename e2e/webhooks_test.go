package e2e

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/sandbox/control"
)

// TestWebhooks is providers as they are: everything comes several times, and in any order.
func TestWebhooks(t *testing.T) {
	t.Parallel()
	s := start(t, true)
	disorder := control.DeliveryFaults{Duplicate: new(4), Reorder: new(3)}
	require.NoError(t, s.world.SetWhatsAppFaults(patient(t), control.WhatsAppFaults{DeliveryFaults: disorder}))
	require.NoError(t, s.world.SetMercadoPagoFaults(patient(t), control.MercadoPagoFaults{DeliveryFaults: disorder, LegacyTwins: new("always")}))
	t.Run("all at once", func(t *testing.T) {
		for name, test := range map[string]func(*testing.T, *stack){
			"a booking is made once":             bookedOnce,
			"notifications come in any order":    notifiedInDisorder,
			"twenty messages in one":             func(t *testing.T, s *stack) { batchOfTwenty(t, s, "messages") },
			"twenty messages in many changes":    func(t *testing.T, s *stack) { batchOfTwenty(t, s, "changes") },
			"twenty messages in as many entries": func(t *testing.T, s *stack) { batchOfTwenty(t, s, "entries") },
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, s)
			})
		}
	})
	require.NoError(t, s.world.ClearWhatsAppFaults(patient(t)))
	require.NoError(t, s.world.ClearMercadoPagoFaults(patient(t)))
}

func bookedOnce(t *testing.T, s *stack) {
	g, when := s.arrives(t), s.week(t, 2)
	h := g.holds(when, 2)
	s.confirms(t, g, h, when, 2)
	require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM reservations r JOIN guests g ON g.id = r.guest_id WHERE g.phone = $1`, canonical(g.Number)))
	require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM booking_events e JOIN reservations r ON r.id = e.reservation_id
		WHERE r.code = $1 AND e.kind = 'confirmed'`, h.Code))
	s.everythingAnsweredOnce(t, g.Number)
}

// everythingAnsweredOnce waits until each message of a guest has its one turn, taken in the order in which they were written.
func (s *stack) everythingAnsweredOnce(t *testing.T, number string) {
	t.Helper()
	said, err := s.world.Messages(patient(t), number, 0)
	require.NoError(t, err)
	written := 0
	for _, m := range said {
		if m.Direction == "in" {
			written++
		}
	}
	s.eventually(t, patience, fmt.Sprintf("%d messages have their turn", written), func(ctx context.Context) error {
		turns, err := s.count(ctx, `SELECT count(*) FROM turns t JOIN guests g ON g.id = t.guest_id WHERE g.phone = $1`, canonical(number))
		if err != nil {
			return err
		}
		if turns != int64(written) {
			return fmt.Errorf("%d turns", turns)
		}
		open, err := s.count(ctx, `SELECT count(*) FROM messages m JOIN guests g ON g.id = m.guest_id WHERE g.phone = $1 AND
			m.status IN ('received', 'queued', 'sending')`, canonical(number))
		if err == nil && open > 0 {
			err = fmt.Errorf("%d messages are under way", open)
		}
		return err
	})
}

func notifiedInDisorder(t *testing.T, s *stack) {
	w, number := s.wishes(1, s.week(t, 2), 2)
	h := s.books(t, w)
	ctx := patient(t)
	p, err := s.world.Pay(ctx, control.NewPayment{PreferenceID: s.preference(t, h.Code), Outcome: "pending"})
	require.NoError(t, err)
	_, err = s.world.ChangePayment(ctx, p.ID, control.PaymentChange{Status: "in_process"})
	require.NoError(t, err)
	_, err = s.world.ChangePayment(ctx, p.ID, control.PaymentChange{Status: "approved"})
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, s.world.Notify(ctx, p.ID))
	}
	s.becomes(t, h.Code, "confirmed", "partially_paid")
	require.NoError(t, s.world.WaitIdle(ctx))
	r := s.becomes(t, h.Code, "confirmed", "partially_paid")
	require.Equal(t, r.Deposit, r.Paid)
	require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM payments WHERE reservation_id = $1`, r.ID))
	s.hearsOnce(t, number, h.Code+"/confirmed")
}

// batchOfTwenty is four guests with five messages each in one webhook, delivered five times.
func batchOfTwenty(t *testing.T, s *stack, spread string) {
	people := make([]string, 4)
	batch := control.Batch{Spread: spread}
	for i := range people {
		number, name := s.person()
		people[i] = number
		_, err := s.world.AddGuest(patient(t), control.Guest{Number: number, Name: name})
		require.NoError(t, err)
	}
	questions := []string{"Hola", "tienen wifi en la cabaña?", "donde queda exactamente?", "a qué hora es el ingreso?", "gracias"}
	for _, question := range questions {
		s.keepSaid(question)
		for _, number := range people {
			batch.Messages = append(batch.Messages, control.Inbound{From: number, Text: question})
		}
	}
	wamids, err := s.world.SendBatch(patient(t), batch)
	require.NoError(t, err)
	require.Len(t, wamids, 20)
	for _, number := range people {
		s.everythingAnsweredOnce(t, number)
		s.answeredInOrder(t, number)
	}
}

// answeredInOrder compares the order of turns with the order of the messages they answer.
func (s *stack) answeredInOrder(t *testing.T, number string) {
	t.Helper()
	require.Zero(t, s.number(t, `SELECT count(*) FROM (
		SELECT t.message_id, lag(t.message_id) OVER (ORDER BY t.id) AS before FROM turns t JOIN guests g ON g.id = t.guest_id WHERE g.phone = $1
		) turns WHERE before > message_id`, canonical(number)), "turns out of order")
}
