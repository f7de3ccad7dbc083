package dialogue_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/dialogue"
)

func (c *chat) sends(kind dialogue.InboundKind, caption, filename string) *chat {
	c.t.Helper()
	return c.take(dialogue.Inbound{Kind: kind, Text: caption, Media: &dialogue.Media{ID: "9", Filename: filename}})
}

func TestReceiptsAreNotBelieved(t *testing.T) {
	t.Parallel()
	receipt := dialogue.Effect{Kind: dialogue.EffectReceipt, Code: heldCode}
	for _, file := range []struct {
		kind              dialogue.InboundKind
		caption, filename string
	}{
		{dialogue.InboundPicture, "", ""}, {dialogue.InboundPicture, "ahí va el comprobante", ""}, {dialogue.InboundPicture, "listo, ya pagué", ""},
		{dialogue.InboundDocument, "", "comprobante_mp_2231.pdf"}, {dialogue.InboundDocument, "segue o comprovante", "x.pdf"},
		{dialogue.InboundPicture, "payment receipt", ""}, {dialogue.InboundDocument, "", "IMG-22.pdf"},
	} {
		c := withBookings(t, (*business).held)
		before := c.state
		c.sends(file.kind, file.caption, file.filename).does(receipt)
		require.Equal(t, dialogue.ReplyLink, c.last.Replies[0].Kind)
		require.Equal(t, before.CheckIn, c.state.CheckIn)
	}
	c := withBookings(t, (*business).held)
	c.sends(dialogue.InboundPicture, "", "").hears("Recibido", "sin verificar", "se confirma sola cuando el pago se acredita", "siguen guardadas hasta las 12:30").does(receipt)
	c.isTold(receipt, dialogue.Result{})
	require.Empty(t, c.last.Replies)

	c = withBookings(t, (*business).paid)
	c.sends(dialogue.InboundPicture, "transferencia del saldo", "").hears("sin verificar", "confirmada", "$ 75.000").
		does(dialogue.Effect{Kind: dialogue.EffectReceipt, Code: paidCode})

	c = newChat(t)
	c.sends(dialogue.InboundPicture, "comprobante", "").hears("no veo ninguna reserva").does(dialogue.Effect{Kind: dialogue.EffectReceipt})
	c = newChat(t)
	c.says("ya pagué").sends(dialogue.InboundPicture, "", "").does(dialogue.Effect{Kind: dialogue.EffectReceipt})
	newChat(t).sends(dialogue.InboundPicture, "", "foto.jpg").hears("Recibí tu imagen").holdsNothing()
	newChat(t).sends(dialogue.InboundDocument, "", "menu.pdf").hears("Recibí tu archivo").holdsNothing()
	newChat(t).sends(dialogue.InboundPicture, "tenés esta cabaña del 10 al 15 de enero para 4?", "").sees(dialogue.ReplyList).holdsNothing()
	withBookings(t, (*business).held).sends(dialogue.InboundPicture, "esta tiene pileta?", "").holdsNothing()
	withBookings(t, (*business).held).sends(dialogue.InboundPicture, "cómo pago esto?", "").does(dialogue.Effect{Kind: dialogue.EffectLink, Code: heldCode})
}

func TestPaymentSentIsAnsweredFromTheLedger(t *testing.T) {
	t.Parallel()
	c := withBookings(t, (*business).held)
	c.says("ya te transferí").hears("Todavía no veo el pago de la reserva " + heldCode).sees(dialogue.ReplyLink).holdsNothing()
	require.Equal(t, "https://pay.example/1", c.last.Replies[0].LinkURL)
	c.business.bookings[0].Status = booking.Confirmed
	c.says("ya te pagué").hears("está confirmada")
}

func TestMeansOfPayment(t *testing.T) {
	t.Parallel()
	c := withBookings(t, (*business).held)
	for _, text := range []string{"puedo pagar en efectivo?", "me pasás el alias?"} {
		c.says(text).hears("30 %", "Mercado Pago").sees(dialogue.ReplyLink).holdsNothing()
	}
}

func TestTooMuchPaidIsForAPerson(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"te transferí de más, devolveme la diferencia", "pagué dos veces", "paguei a mais", "I paid too much", "me cobraron dos veces!"} {
		c := withBookings(t, (*business).paid)
		c.says(text).does(handOver(dialogue.ReasonAsked)).sees(dialogue.ReplyButtons, "bot_back")
	}
	withBookings(t, (*business).paid).says("mandé de más").hears("por el mismo medio con el que pagaste")
}
