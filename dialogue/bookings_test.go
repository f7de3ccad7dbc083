package dialogue_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/dialogue"
)

func withBookings(t *testing.T, pick ...func(*business) dialogue.BookingView) *chat {
	t.Helper()
	c := newChat(t)
	for _, one := range pick {
		c.business.bookings = append(c.business.bookings, one(c.business))
	}
	return c
}

func TestMyBookings(t *testing.T) {
	t.Parallel()
	newChat(t).says("mis reservas").hears("Todavía no tenés reservas").sees(dialogue.ReplyButtons, "menu_availability", "human")

	c := withBookings(t, (*business).held, (*business).paid, (*business).gone)
	c.presses("menu_reservations").sees(dialogue.ReplyList, "view_details_"+heldCode, "view_details_"+paidCode, "view_details_"+goneCode)
	require.Equal(t, "Cabaña Arrayán", c.last.Replies[0].Choices[0].Title)
	require.Equal(t, "dom 10/1 al vie 15/1 · esperando la seña", c.last.Replies[0].Choices[0].Description)
	c.presses("view_details_"+heldCode).hears("Reserva RES261122AAAAA1: esperando la seña", "hasta las 12:30 del domingo 22/11").
		sees(dialogue.ReplyButtons, "pay_res_"+heldCode, "extend_"+heldCode, "cancel_res_"+heldCode)
	c.presses("view_details_"+paidCode).hears("confirmada", "Pagaste $ 75.000, quedan $ 175.000").
		sees(dialogue.ReplyButtons, "change_dates_"+paidCode, "cancel_res_"+paidCode, "menu_back")
	c.presses("view_details_"+goneCode).hears("vencida").sees(dialogue.ReplyButtons, "reserve_again", "menu_back")
	c.presses("reserve_again").hears("¿Qué días querés venir?")
	c.says("RES261122AAAAA1").hears("esperando la seña")
	c.presses("view_details_RES261122FFFFFF").hears("No encuentro esa reserva")
	withBookings(t, (*business).paid).says("ver mi reserva").hears("Reserva " + paidCode)
}

func TestCancel(t *testing.T) {
	t.Parallel()
	newChat(t).says("cancelar").hears("No tenés ninguna reserva para cancelar").holdsNothing()

	c := withBookings(t, (*business).paid)
	c.says("quiero cancelar mi reserva").hears("¿Cancelo la reserva RES261101BBBBB2", "te devolvemos $ 75.000 de los $ 75.000").
		sees(dialogue.ReplyButtons, "cancel_confirm_"+paidCode, "cancel_abort").holdsNothing()
	c.says("no").hears("sigue en pie").holdsNothing()
	c.says("cancelar " + paidCode).hears("¿Cancelo la reserva")
	c.says("cancelar").hears("¿Cancelo la reserva").holdsNothing()
	cancel := dialogue.Effect{Kind: dialogue.EffectCancel, Code: paidCode}
	c.says("sí").does(cancel)
	require.Empty(t, c.last.Replies, "the booking's own notice tells")
	c.says("sí").holdsNothing()

	c.isTold(cancel, dialogue.Result{Booking: c.business.bookings[0], Refund: booking.Pesos(75000)})
	require.Empty(t, c.last.Replies)
	c.business.bookings[0].Status = booking.Cancelled
	c.isTold(cancel, dialogue.Result{Refusal: booking.CodeWrongState}).hears("ya no se puede cancelar: está cancelada")
	c.presses("cancel_confirm_" + paidCode).hears("ya no se puede cancelar").holdsNothing()
	c.says("cancelar "+paidCode).hears("ya no se puede cancelar", "cancelada")

	c = withBookings(t, (*business).held, (*business).paid)
	c.says("cancelar").sees(dialogue.ReplyList, "cancel_res_"+heldCode, "cancel_res_"+paidCode)
	c.presses("cancel_res_" + heldCode).hears("Todavía no pagaste nada")
	c.says("sí, cancelala").does(dialogue.Effect{Kind: dialogue.EffectCancel, Code: heldCode})
	c.presses("cancel_abort").hears("sigue en pie").holdsNothing()
	c.says("cancelame la del 20 al 23 de diciembre").hears("¿Cancelo la reserva " + paidCode)
	c.business.bookings[1].RefundIfCancelled = booking.Pesos(0)
	c.presses("cancel_res_" + paidCode).hears("no corresponde devolución de los $ 75.000")
	c.presses("cancel_confirm_" + paidCode).does(cancel)
	c.presses("menu_back").presses("cancel_confirm_" + paidCode).hears("¿Cancelo la reserva " + paidCode).holdsNothing()
	c.presses("cancel_confirm_" + paidCode).does(cancel)
	c.says("cancelar RES261122FFFFFF").hears("No encuentro esa reserva").holdsNothing()
}

func TestExtend(t *testing.T) {
	t.Parallel()
	c := withBookings(t, (*business).held)
	extend := dialogue.Effect{Kind: dialogue.EffectExtend, Code: heldCode}
	c.presses("extend_" + heldCode).does(extend)
	c.says("dame mas tiempo para pagar").does(extend)
	c.isTold(extend, dialogue.Result{Booking: c.business.bookings[0]})
	require.Empty(t, c.last.Replies)
	c.business.bookings[0].ExtendedOnce = true
	c.isTold(extend, dialogue.Result{Refusal: booking.CodeAlreadyExtended}).hears("Ya te dimos más tiempo", "las 12:30")
	c.presses("extend_" + heldCode).hears("Ya te dimos más tiempo").holdsNothing()
	c.business.bookings[0].Status = booking.Expired
	c.isTold(extend, dialogue.Result{Refusal: booking.CodeWrongState}).hears("está vencida")
	c.presses("extend_" + heldCode).hears("está vencida").holdsNothing()
	c.says("necesito mas tiempo").hears("ninguna reserva esperando la seña").holdsNothing()
}

func TestPayAgain(t *testing.T) {
	t.Parallel()
	c := withBookings(t, (*business).held)
	link := dialogue.Effect{Kind: dialogue.EffectLink, Code: heldCode}
	for _, id := range []string{"pay_res_", "pay_now_", "confirm_res_", "change_payment_"} {
		c.presses(id + heldCode).does(link)
	}
	c.says("no me llegó el link").does(link)
	c.isTold(link, dialogue.Result{Booking: c.business.bookings[0]}).sees(dialogue.ReplyLink).hears("seña de $ 100.200", "hasta las 12:30")
	require.Equal(t, "Pagar seña", c.last.Replies[0].LinkTitle)
	require.Equal(t, "https://pay.example/1", c.last.Replies[0].LinkURL)
	c.business.bookings[0].PaymentURL = ""
	c.isTold(link, dialogue.Result{Booking: c.business.bookings[0]}).hears("Estoy preparando el link")
	c.says("ya pagué").hears("Todavía no veo el pago").sees(dialogue.ReplyButtons, "pay_res_"+heldCode, "human")
	c.business.bookings[0].Status = booking.Confirmed
	c.says("ya pagué").hears("está confirmada")
	c.presses("pay_res_" + heldCode).hears("no tenés que pagar nada ahora").holdsNothing()
	c.isTold(link, dialogue.Result{Booking: c.business.bookings[0]}).hears("no tenés que pagar nada ahora")
	newChat(t).says("cómo pago?").hears("30 %", "Mercado Pago").holdsNothing()
	newChat(t).says("ya pagué").hears("No veo ninguna reserva")
}

func TestChangeDates(t *testing.T) {
	t.Parallel()
	c := withBookings(t, (*business).held)
	c.presses("change_dates_"+heldCode).hears("sigue guardada hasta las 12:30", "decime las fechas")
	c.says("del 17 al 20 de enero").hears("*Cabaña Arrayán*", "Del dom 17/1 al mié 20/1", "4 personas")
	hold := dialogue.Effect{Kind: dialogue.EffectHold, AccommodationID: 1, Stay: stayOf("2027-01-17", "2027-01-20"), Guests: 4}
	c.says("dale").does(hold)
	c.isTold(hold, dialogue.Result{Booking: dialogue.BookingView{Code: goneCode}}).
		hears("Te sigue quedando la reserva anterior "+heldCode, "¿La cancelo?").sees(dialogue.ReplyButtons, "cancel_confirm_"+heldCode, "cancel_abort")
	require.Equal(t, goneCode, c.state.Code)
	require.Empty(t, c.state.Replaces)
	c.says("sí").holdsNothing()
	c.presses("cancel_confirm_" + heldCode).does(dialogue.Effect{Kind: dialogue.EffectCancel, Code: heldCode})

	c = newChat(t)
	c.says("del 10 al 15 de enero para 4")
	c.says("quiero cambiar las fechas").hears("decime las fechas")
	c.says("del 12 al 14 de enero").hears("para 4 personas")
}

// A longer stay in the same cabin collides with the guest's own unpaid nights: they are given up only after a yes.
func TestChangeDatesOverTheOwnNights(t *testing.T) {
	t.Parallel()
	c := withBookings(t, (*business).held)
	c.business.busy = []booking.Busy{{AccommodationID: 1, Stay: c.business.bookings[0].Stay}}
	c.says("quiero cambiar las fechas de mi reserva").hears("sigue guardada", "decime las fechas")
	c.says("del 10 al 17 de enero").hears("primero tengo que liberar la reserva "+heldCode, "no perdés plata").holdsNothing().
		sees(dialogue.ReplyButtons, "cancel_confirm_"+heldCode, "cancel_abort", "see_other_acc")
	kept := *c
	kept.says("no").hears("sigue en pie").holdsNothing()
	cancel := dialogue.Effect{Kind: dialogue.EffectCancel, Code: heldCode}
	c.says("sí").does(cancel)
	c.business.busy, c.business.bookings[0].Status = nil, booking.Cancelled
	c.isTold(cancel, dialogue.Result{Booking: c.business.bookings[0]}).hears("*Cabaña Arrayán*", "Del dom 10/1 al dom 17/1", "¿Te la reservo?")
}

func TestChangeDatesOfAConfirmedBooking(t *testing.T) {
	t.Parallel()
	c := withBookings(t, (*business).paid)
	c.presses("change_dates_"+paidCode).hears("te ayuda una persona", "¿A qué fechas").sees(dialogue.ReplyButtons, "human", "menu_back").holdsNothing()
	c.says("tienen wifi?").hears("wifi", "¿A qué fechas")
	c.says("del 27 al 30 de diciembre").hears("mover la reserva "+paidCode+" del dom 27/12 al mié 30/12", "sigue como está").
		does(dialogue.Effect{Kind: dialogue.EffectHandOver, Reason: dialogue.ReasonAsked, Code: paidCode})
	require.Equal(t, stayOf("2026-12-27", "2026-12-30"), booking.Stay{CheckIn: c.state.CheckIn, CheckOut: c.state.CheckOut}, "the owner is told them")

	c = withBookings(t, (*business).held, (*business).paid)
	c.says("quiero cambiar las fechas").sees(dialogue.ReplyList, "change_dates_"+heldCode, "change_dates_"+paidCode)
	c.presses("change_dates_" + goneCode).hears("No encuentro esa reserva")
}

func TestHelp(t *testing.T) {
	t.Parallel()
	c := newChat(t)
	c.says("ayuda").sees(dialogue.ReplyList)
	c.presses("menu_help").sees(dialogue.ReplyList, "help_how_to_reserve", "help_payment_methods", "help_cancellation", "help_check_in",
		"help_amenities", "help_location", "help_photos", "help_contact", "menu_back")
	for id, want := range map[string]string{
		"help_how_to_reserve": "Reservar es fácil", "help_payment_methods": "30 %", "help_cancellation": "te devolvemos todo",
		"help_check_in": "14:00", "help_amenities": "parrilla", "help_location": "Ruta 5", "help_photos": "no tengo fotos", "help_contact": "persona",
	} {
		c.presses(id).hears(want).sees(dialogue.ReplyButtons, "menu_availability", "human", "menu_back")
	}
	c.presses("help_cancellation").hears("La seña es parte del precio", "te devolvemos todo")
	c.business.places[1].Amenities = []string{"Pileta climatizada", "wifi"}
	c.says("tienen pileta?").hears("Sí, hay pileta climatizada en Cabaña Coihue.")
	c.says("incluye sábanas?").hears("wifi, parrilla", "*Cabaña Coihue*: Pileta climatizada, wifi")
	c.says("aceptan perros?").hears("mascotas")
	require.NotContains(t, c.body(), "devolvemos")
	c.says("cuál es la política de cancelación?").hears("te devolvemos todo")
	c.presses("help_location")
	require.Equal(t, dialogue.Reply{Kind: dialogue.ReplyLocation, Latitude: -31.9, Longitude: -64.5, Name: "Cabañas del Cerro",
		Address: "Ruta 5 km 3, Villa Mar"}, c.last.Replies[0])
	c.business.places[0].Photos = []booking.Photo{{URL: "https://img.example/a.jpg"}, {URL: "http://img.example/b.jpg"}}
	c.says("tenés fotos?").hears("Cabaña Arrayán")
	require.Equal(t, dialogue.ReplyPicture, c.last.Replies[0].Kind)
	require.Equal(t, "*Cabaña Arrayán*, hasta 4 personas. Desde $ 60.000 la noche.", plain(c.last.Replies[0].Body))
	for address, sent := range map[string]bool{
		"http://127.0.0.1:8000/samples/a.jpg": true, "http://[::1]:8000/a.jpg": true, "http://localhost/a.jpg": true, "https://10.0.0.1/a.jpg": true,
		"http://img.example/b.jpg": false, "http://127.0.0.1.example/a.jpg": false, "ftp://127.0.0.1/a.jpg": false, "https://": false, "x": false, "": false,
	} {
		c := withBookings(t)
		c.business.places[0].Photos = []booking.Photo{{URL: address}}
		c.says("tenés fotos?")
		require.Equal(t, sent, c.last.Replies[0].Kind == dialogue.ReplyPicture, address)
	}
}

func TestHowToGetInIsForConfirmedGuests(t *testing.T) {
	t.Parallel()
	for status, told := range map[booking.Status]bool{booking.Confirmed: true, booking.PreReserved: false, booking.Cancelled: false} {
		c := withBookings(t, (*business).paid)
		c.business.bookings[0].Status = status
		c.business.places[1].CheckInText = "La llave está en la caja, clave 4321."
		c.says("cómo hago para entrar?").hears("desde las 14:00")
		require.Equal(t, told, strings.Contains(c.body(), "clave 4321"), status)
	}
}

func TestPhotosOfTheCabinThatIsNamed(t *testing.T) {
	t.Parallel()
	c := newChat(t)
	c.business.places[0].Photos = []booking.Photo{{URL: "https://img.example/a.jpg"}}
	c.business.places[1].Photos = []booking.Photo{{URL: "https://img.example/b.jpg"}, {URL: "https://img.example/c.jpg", Caption: "El deck"}}
	c.says("me mandás fotos de la Coihue?")
	require.Len(t, c.last.Replies, 3)
	require.Equal(t, "https://img.example/b.jpg", c.last.Replies[0].LinkURL)
	require.Equal(t, "El deck", c.last.Replies[1].Body)
}
