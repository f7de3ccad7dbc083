package dialogue_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/dialogue"
)

var noticeKinds = []string{
	"hold", "hold_half_time", "hold_last_call", "hold_expired", "hold_extended", "confirmed", "late_confirmed", "late_refund", "surplus_refund",
	"payment_short", "payment_pending", "payment_rejected", "cancelled", "arrival", "thanks",
	"owner_confirmed", "owner_cancelled", "owner_payment_case", "owner_hand_over", "owner_receipt", "owner_undelivered",
	"owner_account",
}

func noticeOf(t *testing.T, kind string) dialogue.Notice {
	t.Helper()
	b := newBusiness(t)
	return dialogue.Notice{Kind: kind, Language: "es", Booking: b.held(), GuestName: "Ana Pérez", GuestPhone: "+5491122334455",
		Location: b.places[0].Location, CheckInText: "La llave está en la caja, clave 4321.", Property: b.property, Now: b.now}
}

func TestComposeHold(t *testing.T) {
	t.Parallel()
	n := noticeOf(t, "hold")
	r := dialogue.Compose(n)
	require.Equal(t, dialogue.ReplyLink, r.Kind)
	require.Equal(t, "Pagar seña", r.LinkTitle)
	require.Equal(t, "https://pay.example/1", r.LinkURL)
	for _, part := range []string{heldCode, "Cabaña Arrayán", "Del dom 10/1 al vie 15/1", "5 noches", "4 personas", "$ 334.000", "$ 100.200", "hasta las 12:30 del domingo 22/11"} {
		require.Contains(t, plain(r.Body), part)
	}
	require.Equal(t, &dialogue.Template{Name: "hold_created", Language: "es_AR", Parameters: []string{
		heldCode, "Cabaña Arrayán", "dom 10/1 - vie 15/1", "$ 100.200", "las 12:30 del domingo 22/11", "https://pay.example/1"}}, r.Template)
	n.Booking.PaymentURL = ""
	r = dialogue.Compose(n)
	require.Equal(t, dialogue.ReplyText, r.Kind)
	require.Contains(t, plain(r.Body), "te mando el link")
}

func TestComposeReminders(t *testing.T) {
	t.Parallel()
	n := noticeOf(t, "hold_half_time")
	require.Contains(t, plain(dialogue.Compose(n).Body), "vence en 30 minutos")
	n.Now = n.Booking.ExpiresAt.Add(-5 * time.Hour)
	require.Contains(t, plain(dialogue.Compose(n).Body), "vence en 5 horas")
	n.Kind, n.Now = "hold_last_call", n.Booking.ExpiresAt.Add(-50*time.Second)
	r := dialogue.Compose(n)
	require.Contains(t, plain(r.Body), "En 1 minuto vence")
	require.Equal(t, "hold_reminder", r.Template.Name)
	n.Booking.PaymentURL = ""
	require.Equal(t, []dialogue.Choice{{ID: "pay_res_" + heldCode, Title: "Pagar seña"}}, dialogue.Compose(n).Choices)
}

func TestComposeConfirmed(t *testing.T) {
	t.Parallel()
	n := noticeOf(t, "confirmed")
	n.Booking = newBusiness(t).paid()
	r := dialogue.Compose(n)
	for _, part := range []string{"confirmada", "Pagaste $ 75.000 de un total de $ 250.000", "La seña es parte del precio. El saldo de $ 175.000",
		"Entrada desde las 14:00, salida hasta las 10:00", "Ruta 5 km 3, Villa Mar", "clave 4321", "te devolvemos todo"} {
		require.Contains(t, plain(r.Body), part)
	}
	require.Equal(t, []string{paidCode, "Cabaña Coihue", "dom 20/12 - mié 23/12", "$ 175.000"}, r.Template.Parameters)
	n.Booking.Paid = n.Booking.Total
	require.Contains(t, plain(dialogue.Compose(n).Body), "Está todo pago")
}

func TestComposeMoney(t *testing.T) {
	t.Parallel()
	n := noticeOf(t, "cancelled")
	require.NotContains(t, plain(dialogue.Compose(n).Body), "devolvemos")
	n.Amount = booking.Pesos(75000)
	require.Contains(t, plain(dialogue.Compose(n).Body), "Te devolvemos $ 75.000")
	for kind, want := range map[string]string{
		"late_refund": "$ 75.000", "surplus_refund": "$ 75.000 de más", "payment_short": "Recibimos $ 75.000, pero la seña",
		"payment_pending": "procesando", "payment_rejected": "siguen guardadas hasta las 12:30",
	} {
		n.Kind = kind
		require.Contains(t, plain(dialogue.Compose(n).Body), want, kind)
	}
	n.Booking.Status, n.Kind = booking.Expired, "payment_rejected"
	require.Contains(t, plain(dialogue.Compose(n).Body), "ya está vencida")
	n.Kind = "late_refund"
	require.Contains(t, plain(dialogue.Compose(n).Body), "ya estaba vencida")
}

func TestComposeOwner(t *testing.T) {
	t.Parallel()
	n := noticeOf(t, "owner_payment_case")
	n.Language, n.Amount = "en", booking.Pesos(50000)
	for verdict, want := range map[booking.Verdict]string{
		booking.VerdictShort: "menos que la seña", booking.VerdictReturn: "se devolvió", booking.VerdictReversed: "devuelto o desconocido",
		booking.VerdictPark: "Revisalo", "": "Revisalo", booking.VerdictLate: "se devolvió",
	} {
		n.Verdict = verdict
		r := dialogue.Compose(n)
		require.Contains(t, plain(r.Body), want)
		require.Contains(t, plain(r.Body), "Ana Pérez (+5491122334455)")
		require.Equal(t, "owner_alert", r.Template.Name)
		require.Equal(t, "es_AR", r.Template.Language)
		require.False(t, strings.ContainsAny(r.Template.Parameters[0], "\n\t*"))
	}
	n.Verdict, n.Booking.Status = booking.VerdictLate, booking.Confirmed
	require.Contains(t, plain(dialogue.Compose(n).Body), "quedó confirmada")
	n.Kind = "owner_hand_over"
	require.Contains(t, plain(dialogue.Compose(n).Body), "link de pago")
	n.Booking = dialogue.BookingView{}
	require.Contains(t, plain(dialogue.Compose(n).Body), "pidió hablar con una persona")
}

func TestComposeHandOver(t *testing.T) {
	t.Parallel()
	n := noticeOf(t, "owner_hand_over")
	n.Reason, n.GuestID, n.LastText, n.CabinName = dialogue.ReasonUpset, 77, "nadie me contesta {cabin} *ya*", "Cabaña Lenga"
	n.Conversation = dialogue.State{CheckIn: n.Booking.Stay.CheckIn, CheckOut: n.Booking.Stay.CheckOut, Guests: 4}
	r := dialogue.Compose(n)
	for _, part := range []string{"Ana Pérez (+5491122334455) está molesto o preocupado", "Busca: del dom 10/1 al vie 15/1 · 4 personas · Cabaña Lenga",
		"Reserva " + heldCode + " · Cabaña Arrayán (esperando la seña)", "“nadie me contesta (cabin) ya”", "hasta que se lo devuelvas"} {
		require.Contains(t, plain(r.Body), part)
	}
	require.Equal(t, []dialogue.Choice{{ID: "bot_back_77", Title: "Devolver al bot"}}, r.Choices)
	require.Contains(t, r.Template.Parameters[0], "nadie me contesta")
	for reason, want := range map[dialogue.HandOverReason]string{
		dialogue.ReasonAsked: "pidió hablar con una persona", dialogue.ReasonLost: "no se está entendiendo", dialogue.ReasonLoop: "dando vueltas",
	} {
		n = noticeOf(t, "owner_hand_over")
		n.Reason, n.Booking = reason, dialogue.BookingView{}
		r = dialogue.Compose(n)
		require.Equal(t, dialogue.ReplyText, r.Kind)
		require.Contains(t, plain(r.Body), want)
		require.NotContains(t, r.Body, "Reserva ")
		require.NotContains(t, r.Body, "Busca")
	}
	n.Conversation.Code = heldCode
	require.Contains(t, dialogue.Compose(n).Body, "Reserva "+heldCode)
}

func TestComposeAlarmsSayWhatToDo(t *testing.T) {
	t.Parallel()
	n := noticeOf(t, "owner_receipt")
	require.Contains(t, plain(dialogue.Compose(n).Body), "No está verificado")
	require.Contains(t, plain(dialogue.Compose(n).Body), heldCode)
	n.Booking = dialogue.BookingView{}
	require.NotContains(t, plain(dialogue.Compose(n).Body), "Reserva ")
	n.Kind, n.LastText = "owner_undelivered", "Tu reserva {code} vence"
	require.Contains(t, dialogue.Compose(n).Body, "Decía: “Tu reserva (code) vence”")
	for problem, want := range map[string]string{
		"recipient": "por otro medio", "template": "plantilla", "window_closed": "24 horas", "unknown": "motivo: unknown", "": "motivo: -",
	} {
		n.Problem = problem
		require.Contains(t, plain(dialogue.Compose(n).Body), want)
		require.Contains(t, plain(dialogue.Compose(n).Body), "Qué hacer")
	}
	n.Kind = "owner_account"
	require.Contains(t, plain(dialogue.Compose(n).Body), "rechazando nuestra cuenta")
}

func TestComposeEveryKindInEveryLanguage(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, language := range []string{"es", "pt", "en", "", "fr"} {
		for _, kind := range append(noticeKinds, "something_new") {
			n := noticeOf(t, kind)
			n.Language = language
			r := dialogue.Compose(n)
			require.NoError(t, withinLimits(r), kind)
			require.NotNil(t, r.Template, kind)
			if language == "es" {
				require.False(t, seen[r.Body], "%s says what another kind says", kind)
				seen[r.Body] = true
			}
		}
	}
}
