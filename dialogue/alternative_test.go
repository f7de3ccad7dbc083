package dialogue_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/dialogue"
)

var (
	takes  = dialogue.Effect{Kind: dialogue.EffectTakeAlternative, Code: goneCode}
	leaves = dialogue.Effect{Kind: dialogue.EffectLeaveAlternative, Code: goneCode}
)

// offered is a guest to whom other nights were offered an hour after they last wrote.
func offered(t *testing.T) *chat {
	c := newChat(t)
	b := c.business.gone()
	b.Alternative = &dialogue.AlternativeView{UnitName: "Cabaña Maitén", Stay: b.Stay, Price: booking.Pesos(120000), OfferedAt: c.business.now.Add(-time.Hour),
		ExpiresAt: c.business.now.Add(time.Hour), Open: true}
	c.business.bookings = []dialogue.BookingView{b}
	c.state.SpokeAt = c.business.now.Add(-2 * time.Hour).Unix()
	return c
}

func (c *chat) alternative() *dialogue.AlternativeView { return c.business.bookings[0].Alternative }

func TestAlternativeIsAnsweredByButton(t *testing.T) {
	t.Parallel()
	offered(t).presses("alt_yes_" + goneCode).does(takes)
	offered(t).presses("alt_no_" + goneCode).does(leaves)
	c := offered(t)
	c.alternative().Open = false
	c.presses("alt_yes_" + goneCode).hears("ya no te lo puedo dar").holdsNothing()
	offered(t).presses("alt_yes_" + heldCode).hears("No encuentro esa reserva").holdsNothing()
	press, known := dialogue.ParsePress(dialogue.Press{Action: dialogue.ActionAlternativeYes, Code: goneCode}.ID())
	require.True(t, known)
	require.Equal(t, dialogue.Press{Action: dialogue.ActionAlternativeYes, Code: goneCode}, press)
}

func TestAlternativeIsAnsweredInWriting(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]dialogue.Effect{
		"sí": takes, "dale": takes, "Si, la quiero": takes, "no": leaves, "no gracias": leaves, "cancelar": leaves, "yes": takes, "não": leaves,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			offered(t).says(text).does(want)
		})
	}
	// The question that was asked last is the one that is answered.
	c := offered(t)
	c.state.Awaiting, c.state.Code = "cancel", goneCode
	c.says("sí").does(takes)
	c = offered(t)
	c.state.SpokeAt = c.business.now.Unix()
	c.says("quiero reservar del 10 al 15 de enero para 4").sees(dialogue.ReplyList)
	c.says("la primera").hears("¿Te la reservo?")
	c.says("sí").does(januaryHold)
	c = offered(t)
	c.says("¿dónde queda?").holdsNothing()
	c.says("sí").does(takes)
	// A voice note and a doubt are asked again.
	c = offered(t)
	c.take(dialogue.Inbound{Kind: dialogue.InboundAudio, Voice: &dialogue.Voice{Outcome: dialogue.VoiceHeard, Text: "sí", Confidence: 0.9}}).holdsNothing().
		sees(dialogue.ReplyButtons, "alt_yes_"+goneCode, "alt_no_"+goneCode)
	c.says("sí").does(takes)
	c = offered(t)
	c.alternative().Open = false
	c.says("sí").holdsNothing()
}

func TestAlternativeOutcomeIsTold(t *testing.T) {
	t.Parallel()
	c := offered(t)
	c.isTold(takes, dialogue.Result{Booking: c.business.bookings[0]})
	require.Empty(t, c.last.Replies, "the booking's own notice tells")
	c.isTold(leaves, dialogue.Result{}).hears("te devolvemos lo que pagaste")
	c.isTold(takes, dialogue.Result{Refusal: booking.CodeDatesTaken}).hears("ya no te lo puedo dar")
}

func TestNoticesOfLateMoney(t *testing.T) {
	t.Parallel()
	c := offered(t)
	notice := dialogue.Notice{Kind: "alternative", Booking: c.business.bookings[0], Amount: booking.Pesos(27000), Property: c.business.property, Now: c.business.now,
		GuestName: "Ana", GuestPhone: "541155550101"}
	said := func(change func(*dialogue.Notice)) string {
		n := notice
		change(&n)
		return plain(dialogue.Compose(n).Body)
	}
	offer := dialogue.Compose(notice)
	require.Equal(t, dialogue.ReplyButtons, offer.Kind)
	require.Equal(t, []dialogue.Choice{{ID: "alt_yes_" + goneCode, Title: "Sí, la quiero"}, {ID: "alt_no_" + goneCode, Title: "No, devolveme"}}, offer.Choices)
	require.Contains(t, plain(offer.Body), "*Cabaña Maitén* para las mismas noches, al mismo precio ($ 90.000)")
	require.Contains(t, plain(offer.Body), "Respondé sí o no hasta las 13:00")
	require.NotContains(t, offer.Body, "{")
	require.Contains(t, offer.Template.Parameters[1], "Respondé sí o no")
	for _, language := range []string{"pt", "en"} {
		require.NotContains(t, said(func(n *dialogue.Notice) { n.Language = language }), "{")
	}
	toOwner := said(func(n *dialogue.Notice) { n.Kind = "owner_alternative" })
	require.Contains(t, toOwner, "Le ofrecí Cabaña Maitén")
	require.Contains(t, toOwner, "por su tarifa saldría $ 120.000")
	taken := said(func(n *dialogue.Notice) {
		view := *n.Booking.Alternative
		view.Open, view.Taken = false, true
		n.Kind, n.Booking.Alternative, n.Booking.Status, n.Booking.UnitName = "late_confirmed", &view, booking.Confirmed, "Cabaña Maitén"
	})
	require.Contains(t, taken, "confirmada en el nuevo lugar")
	toOwner = said(func(n *dialogue.Notice) {
		view := *n.Booking.Alternative
		view.Open, view.Taken = false, true
		n.Kind, n.Verdict, n.Booking.Alternative, n.Booking.Status = "owner_payment_case", booking.VerdictLate, &view, booking.Confirmed
	})
	require.Contains(t, toOwner, "aceptó")
	require.NotContains(t, toOwner, "seguían libres")
	require.Contains(t, said(func(n *dialogue.Notice) { n.Kind = "owner_ledger" }), "la diferencia es de $ 27.000")
	for verdict, words := range map[booking.Verdict]string{
		booking.VerdictCount: "Se sumó a lo pagado", booking.VerdictPart: "sigue confirmada", booking.VerdictMediation: "abrió un reclamo",
		booking.VerdictChargeback: "contracargo", booking.VerdictLost: "Se perdió", booking.VerdictRestored: "a tu favor", booking.VerdictTaken: "se devolvió",
		booking.VerdictReversed: "se devolvió desde Mercado Pago",
	} {
		text := said(func(n *dialogue.Notice) {
			n.Kind, n.Verdict, n.Booking.Status = "owner_payment_case", verdict, booking.Confirmed
		})
		require.Contains(t, text, words)
		require.Contains(t, text, "$ 27.000")
		require.NotContains(t, text, "{")
	}
}
