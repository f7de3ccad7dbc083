package dialogue_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/dialogue"
)

func TestConfirmedGuestsReadHowTheBalanceIsPaid(t *testing.T) {
	t.Parallel()
	view := dialogue.BookingView{Code: "RES260110A1B2C3", UnitName: "Arrayán", Status: booking.Confirmed, Total: booking.Pesos(100_000),
		Deposit: booking.Pesos(30_000), Paid: booking.Pesos(30_000), Cancellation: booking.StrictPolicy}
	for _, kind := range []string{"confirmed", "late_confirmed", "arrival"} {
		for language, said := range map[string][2]string{
			"es": {"se paga al llegar", "se paga antes de llegar, con el link"}, "pt": {"se paga na chegada", "se paga antes da chegada, com o link"},
			"en": {"is paid on arrival", "is paid before you arrive, with the payment link"},
		} {
			for i, mode := range []booking.BalanceMode{booking.BalanceOnArrival, booking.BalanceByLink} {
				property := booking.Property{Name: "Cabañas", Location: time.UTC, Payments: booking.PaymentTerms{BalanceMode: mode, BalanceDays: 7}}
				reply := dialogue.Compose(dialogue.Notice{Kind: kind, Language: language, Booking: view, Property: property, Now: time.Unix(1795360000, 0)})
				require.Contains(t, reply.Body, said[i], "%s %s %s", kind, language, mode)
				require.Contains(t, reply.Body, "70")
				require.NotContains(t, reply.Body, said[1-i], "%s %s %s", kind, language, mode)
			}
		}
	}
}

func TestAlertsSayWhereToAnswer(t *testing.T) {
	t.Parallel()
	view := dialogue.BookingView{Code: "RES260110A1B2C3", UnitName: "Arrayán", Status: booking.PreReserved, Deposit: booking.Pesos(30_000)}
	replies := []dialogue.Reply{dialogue.AskWhoseTransfer(booking.Pesos(30_000), []string{"A", "B"})}
	for _, kind := range []string{"owner_transfer", "owner_receipt", "owner_refund_ask", "owner_refund_due"} {
		property := booking.Property{Name: "Cabañas", Location: time.UTC, Payments: booking.PaymentTerms{TransferDetails: "Alias: cabanas"}}
		replies = append(replies, dialogue.Compose(dialogue.Notice{Kind: kind, Language: "es", Booking: view, Property: property,
			Amount: booking.Pesos(30_000), GuestName: "Ana", GuestPhone: "5411", Now: time.Unix(1795360000, 0)}))
	}
	for _, reply := range replies {
		require.NotEmpty(t, reply.Choices)
		require.Equal(t, "owner_alert", reply.Template.Name)
		alert := reply.Template.Parameters[0]
		require.Contains(t, alert, "en el panel")
		require.NotContains(t, alert, "acá", "nothing can be pressed there")
		require.NotContains(t, alert, "botón")
	}
}

func TestOffersAndHelpSpeakOfTheTermsOfTheProperty(t *testing.T) {
	t.Parallel()
	c := newChat(t)
	c.says("ayuda")
	c.presses("help_payment_methods").hears("La seña es el 30 % del total", "El resto se paga al llegar.")
	c.business.property.Payments.BalanceMode = booking.BalanceByLink
	c.business.property.DepositFixed = booking.Pesos(70_000)
	for i := range c.business.places {
		c.business.places[i].Rate.DepositFixed = booking.Pesos(70_000)
	}
	c.business.places[0].Rate.DepositFixed = booking.Pesos(90_000)
	c.presses("help_payment_methods").hears("La seña es de $", "70.000", "El resto se paga antes de llegar, con el link")
	require.NotContains(t, c.body(), "%")
	c.says("del 10 al 15 de enero, 2 personas")
	c.says("quiero ver la cabaña Arrayán").hears("90.000", "lo pagás antes de llegar, con el link de pago que te mando por acá")
	require.NotContains(t, c.body(), "al llegar")
	c.says("cómo puedo pagar?").hears("La seña es de $ 90.000")
	for language, want := range map[string]string{"pt": "com o link de pagamento", "en": "with the payment link I send you here"} {
		c.state.Language = language
		c.presses("help_payment_methods").hears(want)
	}
}
