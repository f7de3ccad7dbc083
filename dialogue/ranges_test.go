package dialogue_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/dialogue"
)

func TestTimesWithoutDaysAreAskedWithChoices(t *testing.T) {
	t.Parallel()
	c := newChat(t)
	c.says("tenés una semana en enero para 4?").hears("Para 7 noches", "¿Cuáles te sirven?").
		sees(dialogue.ReplyList, "date_range_2027-01-02_2027-01-09", "date_range_2027-01-09_2027-01-16", "date_range_2027-01-16_2027-01-23", "date_custom").
		holdsNothing()
	require.Equal(t, "sáb 2/1 al sáb 9/1", c.last.Replies[0].Choices[0].Title)
	require.Contains(t, plain(c.last.Replies[0].Choices[0].Description), "desde $ ")
	c.pressesOne("date_range_2027-01-09").hears("Del sáb 9/1 al sáb 16/1 (7 noches), para 4 personas").sees(dialogue.ReplyList)

	c = newChat(t)
	c.says("hay algo en febrero?").hears("Para 2 noches").
		sees(dialogue.ReplyList, "date_range_2027-02-05_2027-02-07", "date_range_2027-02-12_2027-02-14", "date_range_2027-02-19_2027-02-21", "date_custom")
	c.pressesOne("date_range").hears("¿Cuántas personas son?")

	c = newChat(t)
	c.says("tenés lugar la semana que viene?").sees(dialogue.ReplyList, "date_range_2026-11-27_2026-11-29", "date_custom")
	c = newChat(t)
	c.says("y para el mes que viene hay lugar?").sees(dialogue.ReplyList)
	require.Contains(t, c.ids(), "date_range_2026-12-04_2026-12-06")
	newChat(t).says("cuánto sale en enero?").sees(dialogue.ReplyList)
	newChat(t).says("enero").sees(dialogue.ReplyList)

	c = newChat(t)
	for id := int64(1); id <= 5; id++ {
		c.business.busy = append(c.business.busy, booking.Busy{AccommodationID: id, Stay: stayOf("2027-01-01", "2027-01-14")},
			booking.Busy{AccommodationID: id, Stay: stayOf("2027-02-01", "2027-03-01")})
	}
	c.says("algo en enero para 4?").sees(dialogue.ReplyList, "date_range_2027-01-15_2027-01-17", "date_range_2027-01-22_2027-01-24", "date_range_2027-01-29_2027-01-31", "date_custom")
	c.says("y en febrero?").hears("no me queda nada libre", "otras fechas").sees(dialogue.ReplyButtons, "date_this_weekend", "date_next_weekend", "date_custom")
}

func TestLaterQuestionsChangeTheSearch(t *testing.T) {
	t.Parallel()
	c := newChat(t)
	c.says("del 10 al 15 de enero para 4").sees(dialogue.ReplyList)
	c.says("mejor para 6").hears("Del dom 10/1 al vie 15/1", "para 6 personas")
	c.says("y del 20 al 22?").hears("Del mié 20/1 al vie 22/1", "para 6 personas")
	c.says("la primera").hears("*Cabaña Coihue*")
	c.says("y la otra?").hears("*Cabaña Ñire*", "¿Te la reservo?")
	c.says("para 5").sees(dialogue.ReplyButtons)
	for said, want := range map[string]string{
		"mejor del 12 al 14": "Del mar 12/1 al jue 14/1", "del 20/12 al 22/12": "Del dom 20/12 al mar 22/12", "este finde": "Del vie 27/11",
		"del 3 al 5 de febrero": "Del mié 3/2 al vie 5/2", "del viernes al domingo": "Del vie 27/11 al dom 29/11", "hasta el 18": "al lun 18/1",
		"somos 2": "Del dom 10/1 al vie 15/1",
	} {
		newChat(t).says("del 10 al 15 de enero para 4").says(said).hears(want)
	}
	c = newChat(t)
	c.says("del 10 al 15 de enero para 2").says("ver más").hears("Más opciones", "Ñire")
	c.says("la de Lenga").hears("*Cabaña Lenga*").says("otra cabaña").sees(dialogue.ReplyList)
	require.NotContains(t, c.body(), "Lenga")
	c.says("del 10 al 15 de enero para 8").hears("Ñire")
	c.says("y la otra?").hears("es la única que me queda libre").sees(dialogue.ReplyButtons, "date_custom", "human")
}

func TestDatesThatWentByAreForgotten(t *testing.T) {
	t.Parallel()
	c := newChat(t)
	c.says("del 10 al 15 de enero para 4").says("la primera")
	c.business.now = clockAt(t, "2027-01-20T12:00")
	c.says("sí").holdsNothing()
	c.says("quiero reservar").hears("¿Qué días querés venir?")
	c.says("del 10 al 12").hears("Del mié 10/2 al vie 12/2", "para 4 personas")
}

func TestOffersAreNamedLater(t *testing.T) {
	t.Parallel()
	c := newChat(t)
	c.says("del 10 al 15 de enero para 2").says("hay wifi?").says("la más barata").hears("*Cabaña Lenga*")
	c.says("la segunda").hears("*Cabaña Arrayán*").says("y la de Coihue?").hears("*Cabaña Coihue*", "¿Te la reservo?")
	c.says("ver más").sees(dialogue.ReplyList)
	c = newChat(t)
	c.says("del 10 al 15 de enero para 2").says("ver más").hears("Coihue", "Ñire").says("la primera").hears("*Cabaña Coihue*")
}

func TestCheaperAndBigger(t *testing.T) {
	t.Parallel()
	c := newChat(t)
	c.says("del 10 al 15 de enero para 4").says("dale").hears("¿Cuál de estas te reservo?").sees(dialogue.ReplyList).holdsNothing()
	c.says("la última").hears("*Cabaña Coihue*")
	c.says("es muy caro").hears("La más barata para esas fechas es esta:", "*Cabaña Arrayán*", "¿Te la reservo?")
	c.says("algo más barato?").hears("Es la más barata que tengo").sees(dialogue.ReplyButtons, "date_custom", "human", "menu_back").holdsNothing()
	c.says("tenés una más grande?").hears("*Cabaña Ñire*")
	c.says("y más grande?").hears("Es la más grande")
	c.says("dale").does(dialogue.Effect{Kind: dialogue.EffectHold, AccommodationID: 4, Stay: januaryHold.Stay, Guests: 4})
}

func TestCancellingBeforeBooking(t *testing.T) {
	t.Parallel()
	c := newChat(t)
	c.says("del 10 al 15 de enero para 4").says("la primera").says("y si cancelo?").hears("te devolvemos todo", "¿Te reservo *Cabaña Arrayán*").
		sees(dialogue.ReplyButtons)
	require.Len(t, c.last.Replies, 1)
	c.says("cancelar").hears("Sin problema").holdsNothing()
	c.says("cancelar").hears("No tenés ninguna reserva")
}

func TestWhatWasSaidIsNoted(t *testing.T) {
	t.Parallel()
	c := newChat(t)
	c.says("somos 2 adultos y 1 nene").hears("Anotado: 2 adultos y 1 nene.", "¿Qué días querés venir?")
	newChat(t).says("del 10 al 15 de enero").hears("Anotado: del dom 10/1 al vie 15/1.", "¿Cuántas personas son?")
}

// Only a clear yes in writing to what was offered holds the dates.
func TestWhatIsNotAYes(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"cómo reservo?", "la segunda", "quisiera reservar otra", "sí, después confirmo", "dale, después te aviso", "ok gracias, lo consulto con mi marido",
		"lo pienso", "mañana te confirmo", "la de Coihue", "se puede reservar?", "ok y tiene pileta?", "no", "todavía no", "no sé", "I'll think about it",
		"sí pero somos 3", "otra", "perfecto, y a qué hora se entra?",
	} {
		newChat(t).says("del 10 al 15 de enero para 4").says("la primera").says(text).holdsNothing()
	}
	for _, text := range []string{"sí", "dale", "ok", "de una", "sí, quiero esa", "dale, reservala", "la reservo", "perfecto, la tomo", "sim", "👍", "sí, la primera"} {
		newChat(t).says("del 10 al 15 de enero para 4").says("la primera").says(text).does(januaryHold)
	}
	newChat(t).says("del 10 al 15 de enero para 4").says("la primera").says("lo pienso y te aviso").hears("no te guardo las fechas").
		sees(dialogue.ReplyButtons, "hold_1_2027-01-10_2027-01-15_4_31000000", "see_other_acc", "date_custom").says("dale").does(januaryHold)
}

func TestTwoReadingsAreAsked(t *testing.T) {
	t.Parallel()
	c := newChat(t)
	c.says("del 10 al 15 de enero o del 12 al 17 de enero, somos 4").hears("¿Qué fechas decís?", "• dom 10/1 al vie 15/1\n• mar 12/1 al dom 17/1").
		sees(dialogue.ReplyButtons, "date_range_2027-01-10_2027-01-15", "date_range_2027-01-12_2027-01-17", "date_custom").holdsNothing()
	require.Equal(t, "10/1 al 15/1", c.last.Replies[0].Choices[0].Title)
	c.pressesOne("date_range_2027-01-12").hears("Del mar 12/1 al dom 17/1", "para 4 personas")

	c = newChat(t)
	c.says("hay lugar el viernes 10 de enero?").hears("• dom 10/1", "• vie 8/1").sees(dialogue.ReplyButtons, "date_range_2027-01-10", "date_range_2027-01-08", "date_custom")
	c.pressesOne("date_range_2027-01-08").hears("¿Hasta qué día te quedás? Llegarías el vie 8/1.")
	c.says("el 10").hears("¿Cuántas personas son?")
}

func TestPetsAreNotForgotten(t *testing.T) {
	t.Parallel()
	newChat(t).says("del 10 al 15 de enero somos 4 y un perro").hears("Por tu mascota", "para 4 personas").sees(dialogue.ReplyList)
}
