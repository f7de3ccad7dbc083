package e2e

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/sandbox/control"
	"cabanas/sandbox/guest"
)

// TestOutages takes the providers away for a while, at one step after the other. Faults are everybody's, so each goes alone.
func TestOutages(t *testing.T) {
	t.Parallel()
	s := start(t, true)
	for _, step := range []struct {
		name string
		test func(*testing.T, *stack)
	}{
		{"WhatsApp is away", whatsAppAway},
		{"WhatsApp takes a message and does not answer", whatsAppSilent},
		{"WhatsApp fails a message it had taken", whatsAppFailsLater},
		{"WhatsApp fails a message it had taken, for a moment", whatsAppFailsForAMoment},
		{"WhatsApp is busy", whatsAppBusy},
		{"Mercado Pago is away when the link is made", noLinkAtFirst},
		{"Mercado Pago makes a link and does not answer", linkUnheard},
		{"Mercado Pago is away when money comes", paymentNotSeenAtFirst},
		{"Mercado Pago is away when money goes back", refundDelayed},
		{"Mercado Pago does not know its own payment yet", paymentNotFoundAtFirst},
	} {
		t.Run(step.name, func(t *testing.T) {
			t.Cleanup(func() { s.heal(t) })
			step.test(t, s)
			s.heal(t)
			s.settled(t)
		})
	}
}

// heal ends every fault.
func (s *stack) heal(t *testing.T) {
	t.Helper()
	require.NoError(t, s.world.ClearWhatsAppFaults(patient(t)))
	require.NoError(t, s.world.ClearMercadoPagoFaults(patient(t)))
}

func outage() control.CallFaults { return control.CallFaults{Outage: new(true)} }

// calls waits until the business has made more calls of a kind than before.
func (s *stack) calls(t *testing.T, count func(context.Context) (control.Calls, error), operation string, before int64) {
	t.Helper()
	s.eventually(t, patience, operation+" is called", func(ctx context.Context) error {
		calls, err := count(ctx)
		if err == nil && calls[operation] <= before {
			err = fmt.Errorf("%s: %d of %v", operation, calls[operation], calls)
		}
		return err
	})
}

func (s *stack) called(t *testing.T, count func(context.Context) (control.Calls, error), operation string) int64 {
	t.Helper()
	calls, err := count(patient(t))
	require.NoError(t, err)
	return calls[operation]
}

func whatsAppAway(t *testing.T, s *stack) {
	g, when := s.arrives(t), s.week(t, 2)
	require.NoError(t, s.world.SetWhatsAppFaults(patient(t), control.WhatsAppFaults{CallFaults: outage()}))
	g.asksFor(when, 2)
	s.reaches(t, 1, `SELECT count(*) FROM messages m JOIN guests g ON g.id = m.guest_id WHERE g.phone = $1 AND m.direction = 'out' AND m.attempts >= 2`,
		canonical(g.Number))
	require.Empty(t, s.received(t, g.Number, ""))
	require.NoError(t, s.world.ClearWhatsAppFaults(patient(t)))
	h := g.followsOffers()
	s.confirms(t, g, h, when, 2)
}

// whatsAppSilent: nobody can know whether the message arrived, until its status tells.
func whatsAppSilent(t *testing.T, s *stack) {
	g, when := s.arrives(t), s.week(t, 2)
	require.NoError(t, s.world.SetWhatsAppFaults(patient(t), control.WhatsAppFaults{CallFaults: control.CallFaults{TimeoutNext: new(1)}}))
	h := g.holds(when, 2)
	s.confirms(t, g, h, when, 2)
}

func whatsAppFailsLater(t *testing.T, s *stack) {
	g, when := s.arrives(t), s.week(t, 2)
	h := g.holds(when, 2)
	require.NoError(t, s.world.SetWhatsAppFaults(patient(t), control.WhatsAppFaults{FailStatusNext: &control.FailNext{Count: 1, Code: 131050}}))
	g.pays(h, "")
	s.becomes(t, h.Code, "confirmed", "partially_paid")
	s.reaches(t, 1, `SELECT count(*) FROM messages WHERE (effect_key = $1 OR effect_key = $2) AND status = 'failed' AND error <> ''`,
		h.Code+"/confirmed", h.Code+"/owner_confirmed")
}

// whatsAppFailsForAMoment: what was taken and then failed for a reason that passes is sent again, as a template where the window was the reason.
func whatsAppFailsForAMoment(t *testing.T, s *stack) {
	for _, code := range []int{131000, 131047} {
		g, when := s.arrives(t), s.week(t, 2)
		h := g.holds(when, 2)
		require.NoError(t, s.world.SetWhatsAppFaults(patient(t), control.WhatsAppFaults{FailStatusNext: &control.FailNext{Count: 1, Code: code}}))
		g.pays(h, "")
		s.becomes(t, h.Code, "confirmed", "partially_paid")
		s.reaches(t, 1, `SELECT count(*) FROM messages WHERE effect_key = $1 AND attempts = 2 AND status IN ('sent', 'delivered', 'read')`,
			h.Code+"/confirmed")
		s.hears(t, g.Number, h.Code, "hold", "confirmed", "receipt")
	}
}

func whatsAppBusy(t *testing.T, s *stack) {
	g, when := s.arrives(t), s.week(t, 2)
	require.NoError(t, s.world.SetWhatsAppFaults(patient(t), control.WhatsAppFaults{CallFaults: control.CallFaults{
		FailNext: &control.FailNext{Count: 2, Code: 131000},
	}}))
	h := g.holds(when, 2)
	require.NoError(t, s.world.SetWhatsAppFaults(patient(t), control.WhatsAppFaults{CallFaults: control.CallFaults{
		FailNext: &control.FailNext{Count: 1, Code: 130429},
	}}))
	s.confirms(t, g, h, when, 2)
	require.NotZero(t, s.number(t, `SELECT count(*) FROM messages m JOIN guests g ON g.id = m.guest_id WHERE g.phone = $1 AND m.attempts > 1`,
		canonical(g.Number)), "attempts are written down")
}

// yes brings a guest to the yes, and returns what is held then.
func (g *talker) yes(when stay, people int) row {
	g.t.Helper()
	g.asksFor(when, people)
	g.presses(g.isOffered("acc_"))
	g.presses(g.isOffered("hold_"))
	return g.s.bookedBy(g.t, g.Number, "pre_reserved")
}

func noLinkAtFirst(t *testing.T, s *stack) {
	g, when := s.arrives(t), s.week(t, 2)
	before := s.called(t, s.world.MercadoPagoCalls, "create_preference")
	// The failures are for this call alone: reconciliation searches all the time, and would take some of them.
	require.NoError(t, s.world.SetMercadoPagoFaults(patient(t), control.MercadoPagoFaults{Failures: &[]control.CallFailure{
		{Operations: []string{"create_preference"}, Count: 3, Statuses: []int{500, 429, 503}},
	}}))
	r := g.yes(when, 2)
	s.calls(t, s.world.MercadoPagoCalls, "create_preference", before+2)
	link := g.hears("the payment link", func(m control.Message) bool { return m.CTA != nil })
	s.confirms(t, g, guest.Hold{Code: r.Code, URL: link.CTA.URL}, when, 2)

	// Away for longer than the web waits: the hold is answered without a link, which follows.
	require.NoError(t, s.world.SetMercadoPagoFaults(patient(t), control.MercadoPagoFaults{CallFaults: outage()}))
	w, number := s.wishes(1, s.week(t, 2), 2)
	h := s.books(t, w)
	require.Empty(t, h.PaymentURL)
	require.NoError(t, s.world.ClearMercadoPagoFaults(patient(t)))
	s.hears(t, number, h.Code, "hold")
	shown := s.shown(t, h)
	require.NotNil(t, shown.PaymentURL)
	_, err := s.world.Pay(patient(t), paymentOf(s.preference(t, h.Code)))
	require.NoError(t, err)
	s.becomes(t, h.Code, "confirmed", "partially_paid")
}

func linkUnheard(t *testing.T, s *stack) {
	g, when := s.arrives(t), s.week(t, 2)
	require.NoError(t, s.world.SetMercadoPagoFaults(patient(t), control.MercadoPagoFaults{CallFaults: control.CallFaults{TimeoutNext: new(1)}}))
	r := g.yes(when, 2)
	link := g.hears("the payment link", func(m control.Message) bool { return m.CTA != nil })
	links, err := s.world.Preferences(patient(t), r.Code)
	require.NoError(t, err)
	require.Len(t, links, 1, "the key made the second call find the first one's link")
	s.confirms(t, g, guest.Hold{Code: r.Code, URL: link.CTA.URL}, when, 2)
}

func paymentNotSeenAtFirst(t *testing.T, s *stack) {
	g, when := s.arrives(t), s.week(t, 2)
	h := g.holds(when, 2)
	before := s.called(t, s.world.MercadoPagoCalls, "get_payment")
	require.NoError(t, s.world.SetMercadoPagoFaults(patient(t), control.MercadoPagoFaults{CallFaults: control.CallFaults{OutageReset: new(true)}}))
	p := g.pays(h, "")
	s.calls(t, s.world.MercadoPagoCalls, "get_payment", before+1)
	s.becomes(t, h.Code, "pre_reserved", "pending")
	require.NoError(t, s.world.ClearMercadoPagoFaults(patient(t)))
	g.isTold(h.Code, "confirmed")
	s.becomes(t, h.Code, "confirmed", "partially_paid")
	require.Equal(t, "applied", s.ledger(t, p.ID).Disposition)
	s.hears(t, g.Number, h.Code, "hold", "confirmed", "receipt")
}

func refundDelayed(t *testing.T, s *stack) {
	w, number := s.wishes(1, s.week(t, 2), 2)
	h := s.books(t, w)
	p, err := s.world.Pay(patient(t), paymentOf(s.preference(t, h.Code)))
	require.NoError(t, err)
	r := s.becomes(t, h.Code, "confirmed", "partially_paid")
	before := s.called(t, s.world.MercadoPagoCalls, "refund")
	require.NoError(t, s.world.SetMercadoPagoFaults(patient(t), control.MercadoPagoFaults{CallFaults: outage()}))
	a := s.must(t, http.MethodPost, "/api/v1/reservations/"+h.Code+"/cancel", nil, "X-Reservation-Token", h.Token)
	require.Equal(t, http.StatusOK, a.status, "%s", a.body)
	s.calls(t, s.world.MercadoPagoCalls, "refund", before)
	require.NoError(t, s.world.ClearMercadoPagoFaults(patient(t)))
	// The first call that works, a look at what went back already, is not answered.
	require.NoError(t, s.world.SetMercadoPagoFaults(patient(t), control.MercadoPagoFaults{CallFaults: control.CallFaults{TimeoutNext: new(1)}}))
	s.refundedOnce(t, p.ID, r.Deposit)
	s.becomes(t, h.Code, "cancelled", "refunded")
	s.hears(t, number, h.Code, "hold", "confirmed", "receipt", "cancelled", "refund_done")
}

func paymentNotFoundAtFirst(t *testing.T, s *stack) {
	g, when := s.arrives(t), s.week(t, 2)
	h := g.holds(when, 2)
	require.NoError(t, s.world.SetMercadoPagoFaults(patient(t), control.MercadoPagoFaults{NotFoundGets: new(2), SearchLagMS: new(2000)}))
	s.confirms(t, g, h, when, 2)
}
