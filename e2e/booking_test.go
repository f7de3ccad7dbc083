package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/sandbox/control"
	"cabanas/sandbox/guest"
)

// TestGuests is one ordinary day: many guests at once on the sample cabins, nobody disturbs anything.
func TestGuests(t *testing.T) {
	t.Parallel()
	s := start(t, true)
	for name, test := range map[string]func(*testing.T, *stack){
		"books by text over several messages":      booksByText,
		"books by buttons alone":                   booksByButtons,
		"pays with a payment that is pending":      paysPending,
		"is rejected and pays again":               paysAgain,
		"sees and cancels by chat":                 cancelsByChat,
		"cancels by REST":                          cancelsByREST,
		"asks for a person":                        asksForPerson,
		"is not understood":                        isNotUnderstood,
		"extends once":                             extendsOnce,
		"books by REST":                            booksByREST,
		"repeats with an idempotency key":          repeatsWithKey,
		"pays outside the window":                  paysOutsideWindow,
		"has no WhatsApp":                          hasNoWhatsApp,
		"pays one peso":                            paysOnePeso,
		"pays what cannot be booked with":          paysOddly,
		"writes what cannot be booked":             writesBadDates,
		"asks by REST for what cannot be booked":   asksBadly,
		"wants a cabin that is removed meanwhile":  wantsRemovedCabin,
		"sends webhooks that are not right":        sendsBadWebhooks,
		"writes to a number that is not ours":      writesElsewhere,
		"cancels and books the same dates at once": rebooksAtOnce,
		"finds by chat what was booked by REST":    findsByChat,
		"hides their number":                       hidesNumber,
		"sends anything":                           sendsAnything,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, s)
		})
	}
}

func booksByText(t *testing.T, s *stack) {
	g, when := s.arrives(t), s.week(t, 3)
	g.says("Hola")
	g.isOffered("menu_availability")
	g.says(fmt.Sprintf("Quiero una cabaña del %s al %s", when.in.Format("2/1"), when.out.Format("2/1")))
	g.isOffered("guests_")
	g.says("somos 2")
	g.isOffered("acc_")
	g.says("la primera")
	question := g.isOffered("hold_")
	require.Zero(t, s.number(t, `SELECT count(*) FROM reservations r JOIN guests g ON g.id = r.guest_id WHERE g.phone = $1`, canonical(g.Number)),
		"nothing is held before the yes to %s", question.ID)
	g.says("sí, dale")
	offer := g.hears("the payment link", func(m control.Message) bool { return m.CTA != nil })
	held := s.bookedBy(t, g.Number, "pre_reserved")
	require.Equal(t, held.Code+"/hold", offer.BizOpaque)
	s.confirms(t, g, guest.Hold{Code: held.Code, URL: offer.CTA.URL}, when, 2)
}

// confirms pays a hold made by chat and checks what became of it everywhere.
func (s *stack) confirms(t *testing.T, g *talker, h guest.Hold, when stay, people int) {
	t.Helper()
	paid := g.pays(h, "")
	g.isTold(h.Code, "confirmed")
	r := s.becomes(t, h.Code, "confirmed", "partially_paid")
	require.Equal(t, when.checkIn(), r.CheckIn.Format(time.DateOnly))
	require.Equal(t, when.checkOut(), r.CheckOut.Format(time.DateOnly))
	require.Equal(t, people, r.Guests)
	require.Equal(t, "whatsapp", r.Channel)
	require.Equal(t, r.Deposit, r.Paid)
	require.Equal(t, payment{Status: "approved", Disposition: "applied", Amount: r.Deposit, Counted: true}, s.ledger(t, paid.ID))
	s.hears(t, g.Number, h.Code, "hold", "confirmed", "receipt")
	s.ownerHears(t, h.Code, "owner_confirmed")
	s.bookingRuns(t, h.Code, true)
}

func booksByButtons(t *testing.T, s *stack) {
	g := s.arrives(t)
	g.says("Hola")
	for _, prefix := range []string{"menu_availability", "date_next_weekend", "guests_2", "acc_", "hold_"} {
		g.presses(g.isOffered(prefix))
	}
	link := g.hears("the payment link", func(m control.Message) bool { return m.CTA != nil })
	r := s.bookedBy(t, g.Number, "pre_reserved")
	require.Equal(t, time.Friday, r.CheckIn.Weekday())
	require.True(t, r.CheckIn.After(today()))
	s.confirms(t, g, guest.Hold{Code: r.Code, URL: link.CTA.URL}, stay{r.CheckIn, r.CheckIn.AddDate(0, 0, 2)}, 2)
}

func paysPending(t *testing.T, s *stack) {
	g, when := s.arrives(t), s.week(t, 2)
	h := g.holds(when, 2)
	p := g.pays(h, "pending")
	g.isTold(h.Code, "payment_pending")
	require.Equal(t, "pre_reserved", s.becomes(t, h.Code, "pre_reserved", "pending").Status)
	_, err := s.world.ChangePayment(patient(t), p.ID, control.PaymentChange{Status: "approved"})
	require.NoError(t, err)
	g.isTold(h.Code, "confirmed")
	// Notifications of the past arrive late, and for a moment the provider itself says what was: nothing goes back.
	require.NoError(t, s.world.Notify(patient(t), p.ID))
	for _, status := range []string{"pending", "approved"} {
		_, err = s.world.ChangePayment(patient(t), p.ID, control.PaymentChange{Status: status, Force: true})
		require.NoError(t, err)
		s.isHandedOn(t, p.ID)
		r := s.becomes(t, h.Code, "confirmed", "partially_paid")
		require.Equal(t, r.Deposit, r.Paid)
	}
	s.hears(t, g.Number, h.Code, "hold", "payment_pending", "confirmed", "receipt")
}

// isHandedOn waits until every notification about a payment has gone to its booking.
func (s *stack) isHandedOn(t *testing.T, paymentID int64) {
	t.Helper()
	require.NoError(t, s.world.WaitIdle(patient(t)))
	s.eventually(t, patience, "the notifications are handed on", func(ctx context.Context) error {
		n, err := s.count(ctx, `SELECT count(*) FROM webhook_inbox WHERE meta ->> 'payment_id' = $1 AND dispatched_at IS NULL`,
			strconv.FormatInt(paymentID, 10))
		if err == nil && n > 0 {
			err = fmt.Errorf("%d wait", n)
		}
		return err
	})
}

func paysAgain(t *testing.T, s *stack) {
	g, when := s.arrives(t), s.week(t, 2)
	h := g.holds(when, 2)
	first := g.pays(h, "rejected")
	g.isTold(h.Code, "payment_rejected")
	s.becomes(t, h.Code, "pre_reserved", "pending")
	second := g.pays(h, "")
	g.isTold(h.Code, "confirmed")
	r := s.becomes(t, h.Code, "confirmed", "partially_paid")
	require.Equal(t, r.Deposit, r.Paid)
	require.Equal(t, "failed", s.ledger(t, first.ID).Disposition)
	require.Equal(t, "applied", s.ledger(t, second.ID).Disposition)
	s.hears(t, g.Number, h.Code, "hold", "payment_rejected", "confirmed", "receipt")

	// Paying a third time by mistake is money that goes back.
	third, err := s.world.Pay(patient(t), control.NewPayment{PreferenceID: second.PreferenceID, Late: true})
	require.NoError(t, err)
	s.refundedOnce(t, third.ID, r.Deposit)
	g.isTold(h.Code, "surplus_refund")
	s.ownerHears(t, h.Code, "owner_payment_case")
	require.Equal(t, r.Deposit, s.becomes(t, h.Code, "confirmed", "partially_paid").Paid)
}

func cancelsByChat(t *testing.T, s *stack) {
	g, when := s.arrives(t), s.week(t, 2)
	h := g.holds(when, 2)
	p := g.pays(h, "")
	g.isTold(h.Code, "confirmed")
	g.says("mis reservas")
	g.hears("the booking", func(m control.Message) bool { return offers("cancel_res_" + h.Code)(m) })
	g.says("quiero cancelar la reserva")
	g.presses(g.isOffered("cancel_confirm_"))
	g.isTold(h.Code, "cancelled")
	r := s.becomes(t, h.Code, "cancelled", "refunded")
	s.refundedOnce(t, p.ID, r.Deposit)
	require.Equal(t, "refunded", s.ledger(t, p.ID).Disposition)
	s.hears(t, g.Number, h.Code, "hold", "confirmed", "receipt", "cancelled", "refund_done")
	s.ownerHears(t, h.Code, "owner_cancelled")
	s.bookingRuns(t, h.Code, false)
	// Pressed again, the old button changes nothing.
	g.presses(control.Button{ID: "cancel_confirm_" + h.Code})
	g.hearsAnything()
	s.hears(t, g.Number, h.Code, "hold", "confirmed", "receipt", "cancelled", "refund_done")
}

func cancelsByREST(t *testing.T, s *stack) {
	w, number := s.wishes(1, s.week(t, 2), 2)
	h := s.books(t, w)
	p, err := s.world.Pay(patient(t), control.NewPayment{PreferenceID: s.preference(t, h.Code)})
	require.NoError(t, err)
	r := s.becomes(t, h.Code, "confirmed", "partially_paid")
	s.hears(t, number, h.Code, "hold", "confirmed", "receipt")

	path := "/api/v1/reservations/" + h.Code + "/cancel"
	require.Equal(t, http.StatusNotFound, s.must(t, http.MethodPost, path, nil, "X-Reservation-Token", h.Token+"x").status)
	require.Equal(t, http.StatusUnauthorized, s.must(t, http.MethodPost, path, nil).status)
	a := s.must(t, http.MethodPost, path, nil, "X-Reservation-Token", h.Token)
	require.Equal(t, http.StatusOK, a.status, "%s", a.body)
	var shown reservation
	a.into(t, &shown)
	require.Equal(t, "cancelled", shown.Status)
	require.NotNil(t, shown.Refund)
	require.Equal(t, r.Deposit, shown.Refund.centavos(t))
	s.refundedOnce(t, p.ID, r.Deposit)
	s.becomes(t, h.Code, "cancelled", "refunded")
	require.Equal(t, http.StatusOK, s.must(t, http.MethodPost, path, nil, "X-Reservation-Token", h.Token).status, "again")
	s.hears(t, number, h.Code, "hold", "confirmed", "receipt", "cancelled", "refund_done")
	s.bookingRuns(t, h.Code, false)
}

func (s *stack) preference(t *testing.T, code string) string {
	t.Helper()
	p, err := s.world.WaitPreference(patient(t), code)
	require.NoError(t, err)
	return p.ID
}

func asksForPerson(t *testing.T, s *stack) {
	g := s.arrives(t)
	g.says("quiero hablar con una persona por favor")
	g.hearsAnything()
	s.eventually(t, patience, "the conversation is handed over", func(ctx context.Context) error {
		n, err := s.count(ctx, `SELECT count(*) FROM conversations c JOIN guests g ON g.id = c.guest_id WHERE g.phone = $1 AND c.handed_over`,
			canonical(g.Number))
		if err == nil && n == 0 {
			err = errors.New("the bot still speaks")
		}
		return err
	})
	s.reaches(t, 1, `SELECT count(*) FROM messages m JOIN turns t ON m.effect_key LIKE t.message_id || '/effect/%' JOIN guests g ON g.id = t.guest_id
		WHERE g.phone = $1 AND m.recipient <> '' AND m.status IN ('sent', 'delivered')`, canonical(g.Number))
	before := len(s.received(t, g.Number, ""))
	g.says("hola? hay alguien ahí?")
	s.reaches(t, 2, `SELECT count(*) FROM turns t JOIN guests g ON g.id = t.guest_id WHERE g.phone = $1`, canonical(g.Number))
	require.Len(t, s.received(t, g.Number, ""), before, "a bot that was silenced speaks:\n%s", g.chat())
}

func isNotUnderstood(t *testing.T, s *stack) {
	g := s.arrives(t)
	g.says("hola")
	g.isOffered("menu_availability")
	g.says("qwrtp zxcvb mnbvc")
	help := g.hearsAnything()
	require.NotEmpty(t, help.Text)
	g.says("plmokn ijbuhv ygctfx")
	g.isOffered("bot_back")
	s.reaches(t, 1, `SELECT count(*) FROM conversations c JOIN guests g ON g.id = c.guest_id WHERE g.phone = $1 AND c.handed_over`, canonical(g.Number))
	s.hasNoBooking(t, g.Number)
}

func extendsOnce(t *testing.T, s *stack) {
	g := s.arrives(t)
	h := g.holds(s.week(t, 2), 2)
	before := s.becomes(t, h.Code, "pre_reserved", "pending")
	g.says("mis reservas")
	extend := g.isOffered("extend_")
	g.presses(extend)
	g.isTold(h.Code, "hold_extended")
	after := s.becomes(t, h.Code, "pre_reserved", "pending")
	require.True(t, after.Extended)
	require.Greater(t, after.ExpiresAt.Sub(before.ExpiresAt), 10*time.Minute)
	g.presses(extend)
	g.hearsAnything()
	require.Equal(t, after.ExpiresAt, s.becomes(t, h.Code, "pre_reserved", "pending").ExpiresAt)
	g.pays(h, "")
	g.isTold(h.Code, "confirmed")
	s.hears(t, g.Number, h.Code, "hold", "hold_extended", "confirmed", "receipt")
}

func rebooksAtOnce(t *testing.T, s *stack) {
	w, number := s.wishes(2, s.week(t, 2), 2)
	first := s.books(t, w)
	taken := s.post(t, w)
	require.Equal(t, http.StatusConflict, taken.status)
	require.Equal(t, "dates_taken", taken.problem(t).Code)
	a := s.must(t, http.MethodPost, "/api/v1/reservations/"+first.Code+"/cancel", nil, "X-Reservation-Token", first.Token)
	require.Equal(t, http.StatusOK, a.status)
	second := s.books(t, w)
	require.NotEqual(t, first.Code, second.Code)
	s.becomes(t, first.Code, "cancelled", "pending")
	s.becomes(t, second.Code, "pre_reserved", "pending")
	s.bookingRuns(t, first.Code, false)
	s.bookingRuns(t, second.Code, true)
	s.hears(t, number, second.Code, "hold")
}

// findsByChat: the same person, whatever form their number is written in.
func findsByChat(t *testing.T, s *stack) {
	when := s.week(t, 2)
	w, number := s.wishes(1, when, 2)
	w.ContactPhone = fmt.Sprintf("011 15 %s-%s", number[5:9], number[9:])
	s.keepPrivate(w.ContactPhone)
	h := s.books(t, w)
	g := &talker{Guest: &guest.Guest{Control: s.world, Number: number, Name: w.ContactName}, s: s, t: t}
	require.NoError(t, g.Arrive(patient(t)))
	g.says("mis reservas")
	g.isOffered("cancel_res_" + h.Code)
	require.EqualValues(t, 1, s.number(t, `SELECT count(*) FROM guests WHERE phone = $1`, canonical(number)))
}

// hidesNumber: people with a user name are known by an id alone.
func hidesNumber(t *testing.T, s *stack) {
	g := s.arrives(t)
	_, err := s.world.AddGuest(patient(t), control.Guest{Number: g.Number, Name: g.Name, HideNumber: true, BSUID: "AR." + g.Number})
	require.NoError(t, err)
	h := g.holds(s.week(t, 2), 2)
	g.pays(h, "")
	g.isTold(h.Code, "confirmed")
	s.becomes(t, h.Code, "confirmed", "partially_paid")
	s.hears(t, g.Number, h.Code, "hold", "confirmed", "receipt")
}

// sendsAnything: whatever is sent, somebody who waits for an answer gets one, and nothing breaks.
func sendsAnything(t *testing.T, s *stack) {
	// Each from another guest: who sends nothing else is soon given to a person.
	for _, kind := range []string{"audio", "image", "video", "document", "sticker", "location", "contacts", "unsupported", "order", "broken_interactive"} {
		g := s.arrives(t)
		_, err := s.world.Send(patient(t), control.Inbound{From: g.Number, Type: kind})
		require.NoError(t, err, kind)
		g.hears("an answer to "+kind, nil)
	}
	g := s.arrives(t)
	last := g.hearsAfter("Hola")
	for _, in := range []control.Inbound{
		{Type: "reaction", Target: last.ID, Emoji: "👍"},
		{Type: "reaction", Target: last.ID},
		{Type: "system", SystemType: "customer_identity_changed"},
		{Type: "request_welcome"},
	} {
		in.From = g.Number
		_, err := s.world.Send(patient(t), in)
		require.NoError(t, err, in.Type)
	}
	require.NotEmpty(t, g.hearsAfter("mis reservas").Text)
}

// hearsAfter writes a text and waits for an answer to it.
func (g *talker) hearsAfter(text string) control.Message {
	g.t.Helper()
	g.says(text)
	return g.hearsAnything()
}
