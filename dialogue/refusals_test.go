package dialogue_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/dialogue"
)

func TestRefusalsKeepWhatIsValid(t *testing.T) {
	t.Parallel()
	c := newChat(t)
	c.says("del 10/01/2020 al 15/01/2020 para 4").hears("El vie 10/1/2020 ya pasó", "¿Qué fechas querés?").
		sees(dialogue.ReplyButtons, "date_this_weekend", "date_next_weekend", "date_custom")
	require.Equal(t, 4, c.state.Guests)
	require.Zero(t, c.state.CheckIn)
	c.says("del 15 al 10 de enero").hears("La salida (dom 10/1) tiene que ser después de la llegada (vie 15/1)")
	c.says("del 10 al 15 de enero de 2029").hears("hasta el lunes 22/5/2028")
	c.says("del 1 de diciembre al 20 de febrero").hears("Podés quedarte hasta 60 noches")
	require.Equal(t, "2026-12-01", c.state.CheckIn.String())
	c.says("hasta el 5").hears("Del mar 1/12 al sáb 5/12", "para 4 personas")

	c = newChat(t)
	c.says("del 10 al 15 de enero para 99").hears("La más grande que tengo es *Cabaña Ñire*, para 8 personas").
		sees(dialogue.ReplyButtons, "guests_8", "guests_other", "human")
	require.Equal(t, "2027-01-10", c.state.CheckIn.String())
	c.says("0 personas").hears("al menos una persona")
	c.presses("guests_0").hears("al menos una persona")
	c.presses("guests_99").hears("La más grande")
	c.says("8").hears("Cabaña Ñire")
}

func TestMinimumNights(t *testing.T) {
	t.Parallel()
	c := newChat(t)
	c.says("del 10 al 11 de enero, 8 personas").hears("la estadía mínima es de 2 noches", "¿hasta qué día te quedás?")
	c.says("hasta el 13").hears("Cabaña Ñire", "Del dom 10/1 al mié 13/1")

	c = newChat(t)
	c.says("del 10 al 11 de enero para 2").sees(dialogue.ReplyList)
	c.presses("acc_4").hears("En *Cabaña Ñire* la estadía mínima es de 2 noches", "tengo libre").holdsNothing()
}

func TestNothingFree(t *testing.T) {
	t.Parallel()
	c := newChat(t)
	for id := int64(1); id <= 5; id++ {
		c.business.busy = append(c.business.busy, booking.Busy{AccommodationID: id, Stay: stayOf("2027-01-08", "2027-01-16")})
	}
	c.says("del 10 al 12 de enero para 7").hears("no me queda nada libre para 7 personas. Lo más parecido").
		sees(dialogue.ReplyList, "acc_4_2027-01-06_2027-01-08_7", "acc_4_2027-01-05_2027-01-07_7", "date_custom")
	require.Equal(t, "mié 6/1 al vie 8/1 · total $ 250.000", plain(c.last.Replies[0].Choices[0].Description))
	c.presses("acc_4_2027-01-06_2027-01-08_7").hears("Cabaña Ñire", "Del mié 6/1 al vie 8/1", "¿Te la reservo?")
	c.business.busy = []booking.Busy{}
	for id := int64(1); id <= 5; id++ {
		c.business.busy = append(c.business.busy, booking.Busy{AccommodationID: id, Stay: stayOf("2026-11-22", "2027-03-01")})
	}
	c.says("del 10 al 12 de enero para 7").hears("está ocupada", "¿Probamos con otras fechas?").
		sees(dialogue.ReplyButtons, "date_this_weekend", "date_next_weekend", "date_custom")
}

func TestCabinTakenOrRemovedInMidConversation(t *testing.T) {
	t.Parallel()
	c := newChat(t)
	c.says("del 10 al 15 de enero para 4").says("la primera").hears("Arrayán")
	c.business.busy = []booking.Busy{{AccommodationID: 1, Stay: stayOf("2027-01-12", "2027-01-13")}}
	c.says("sí").holdsNothing().hears("*Cabaña Arrayán* está ocupada", "Cabaña Maitén").sees(dialogue.ReplyList)
	c.says("la primera").hears("Maitén")
	c.business.places[4].Active = false
	c.says("sí").holdsNothing().hears("Esa cabaña ya no está disponible", "Cabaña Coihue").sees(dialogue.ReplyList)
	c.presses("acc_77_2027-01-10_2027-01-15_4").hears("ya no está disponible").sees(dialogue.ReplyList)
	for i := range c.business.places {
		c.business.places[i].Active = false
	}
	c.says("del 10 al 15 de enero para 4").hears("no tengo cabañas publicadas").sees(dialogue.ReplyButtons, "human", "menu_back")
}

func TestOldButtons(t *testing.T) {
	t.Parallel()
	c := newChat(t)
	c.presses("hold_1_2025-01-10_2025-01-15_4").hears("ya pasó").holdsNothing()
	c.presses("acc_1_2025-01-10_2025-01-15_4").hears("ya pasó").holdsNothing()
	c.presses("more_offers_2025-01-10_2025-01-15_4_3").hears("ya pasó").holdsNothing()
	c.presses("hold_1_2027-01-15_2027-01-10_4").hears("tiene que ser después").holdsNothing()
	c.presses("hold_1_2027-01-10_2027-01-15_0").hears("al menos una persona").holdsNothing()
	c.presses("hold_1_2027-01-10_2027-01-15_4_1").hears("el precio cambió").holdsNothing()
	c.presses("more_offers_2027-01-10_2027-01-15_4_90").hears("Esas son todas")
	c.presses("acc_1").hears("*Cabaña Arrayán*")
	for _, id := range []string{"", "hello", "acc_", "acc_x", "hold_1", "guests_", "cancel_confirm_", "pay_res_RES1", "date_range_x_y"} {
		c.presses(id).sees(dialogue.ReplyButtons, "menu_availability", "menu_reservations", "menu_help").holdsNothing()
	}
	c.business.bookings = []dialogue.BookingView{c.business.held()}
	c.presses("hold_1_2027-01-10_2027-01-15_4").hears("Esas fechas ya son tuyas", heldCode).holdsNothing()
}

func TestHoldRefused(t *testing.T) {
	t.Parallel()
	start := func() *chat {
		c := newChat(t)
		return c.says("del 10 al 15 de enero para 4").says("la primera").says("sí").does(januaryHold)
	}
	alternatives := []booking.Alternative{
		{AccommodationID: 5, Stay: januaryHold.Stay, Total: booking.Pesos(360000), Deposit: booking.Pesos(108000)},
		{AccommodationID: 1, Stay: stayOf("2027-01-15", "2027-01-20"), Total: booking.Pesos(310000), Deposit: booking.Pesos(93000)},
	}
	c := start().isTold(januaryHold, dialogue.Result{Refusal: booking.CodeDatesTaken, Alternatives: alternatives})
	c.hears("alguien tomó *Cabaña Arrayán* del dom 10/1 al vie 15/1", "lo más parecido").
		sees(dialogue.ReplyList, "acc_5_2027-01-10_2027-01-15_4", "acc_1_2027-01-15_2027-01-20_4", "date_custom")
	c.presses("acc_1_2027-01-15_2027-01-20_4").hears("Del vie 15/1 al mié 20/1", "¿Te la reservo?")

	c = start()
	c.business.busy = []booking.Busy{{AccommodationID: 1, Stay: januaryHold.Stay}}
	c.isTold(januaryHold, dialogue.Result{Refusal: booking.CodeDatesTaken}).hears("alguien tomó", "Cabaña Maitén").sees(dialogue.ReplyList)

	c = start()
	c.business.bookings = []dialogue.BookingView{c.business.held()}
	c.isTold(januaryHold, dialogue.Result{Refusal: booking.CodeDatesTaken}).hears("Esas fechas ya son tuyas")

	start().isTold(januaryHold, dialogue.Result{Refusal: booking.CodeTooManyHolds}).hears("Ya tenés reservas esperando la seña").
		sees(dialogue.ReplyButtons, "menu_reservations", "human")
	start().isTold(januaryHold, dialogue.Result{Refusal: booking.CodeUnavailable}).hears("Tuve un problema").
		sees(dialogue.ReplyButtons, "hold_1_2027-01-10_2027-01-15_4", "human")
	c = start()
	c.business.places[0].Active = false
	c.isTold(januaryHold, dialogue.Result{Refusal: booking.CodeInactive}).hears("ya no está disponible", "Cabaña Maitén")
}
