package understanding_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/dialogue/understanding"
)

func TestWhoComes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"mi marido, yo y tres nietitos":                      "provide_info g=5 a=2 c=3",
		"somos mi esposa, yo y los mellizos de 4 años":       "provide_info g=4 a=2 c=2",
		"vamos mi mujer, los trillizos y yo":                 "provide_info g=5 a=2 c=3",
		"3 adultos y 2 changuitos":                           "provide_info g=5 a=3 c=2",
		"somos dos adultos y tres gurises":                   "provide_info g=5 a=2 c=3",
		"2 adultos y una guagua":                             "provide_info g=3 a=2 c=1",
		"el papá, la mamá y 2 nenas":                         "provide_info g=4 a=2 c=2",
		"2 adultos, un nene de 5 y otro de 8":                "provide_info g=4 a=2 c=2",
		"voy con mis 3 hijos":                                "provide_info g=4 a=1 c=3",
		"just me and my girlfriend":                          "provide_info g=2 a=2",
		"me, my wife and our son":                            "provide_info g=3 a=2 c=1",
		"1 adult and a 10 year old child":                    "provide_info g=2 a=1 c=1",
		"four adults and one 3-year-old":                     "provide_info g=5 a=4 c=1",
		"é pra mim e meu marido":                             "provide_info g=2 a=2",
		"dos perros medianos y una gatita, buenos los tres":  "provide_info p=3",
		"al final la gata se queda con mi hermana, 2 perros": "provide_info p=2",
	} {
		require.Equal(t, want, summary(understanding.Understand(text, clockAt(t, defaultNow), buenosAires)), text)
	}
}

func TestWhoIsOnlyNamedDoesNotCome(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"mi hermana se queda con la gata", "la reserva está a nombre de mi marido", "mi tía te escribió ayer",
		"a qué hora se entra? con la beba no queremos esperar", "me pasás con una persona por favor", "se me va el pique, hasta luego",
	} {
		u := understanding.Understand(text, clockAt(t, defaultNow), buenosAires)
		require.Zero(t, [4]int{u.Guests, u.Adults, u.Children, u.Pets}, text)
	}
}

func TestDaysInOtherWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"from the 20th to the 24th of January":                   "provide_info 2027-01-20..2027-01-24 n=4",
		"between January 20th and 24th":                          "provide_info 2027-01-20..2027-01-24 n=4",
		"arriving on the 3rd of January, leaving on the 8th":     "provide_info 2027-01-03..2027-01-08 n=5",
		"LLEGAMOS EL 21 NO EL 20":                                "provide_info 2026-11-21..",
		"no el 20, el 22 de enero":                               "provide_info 2027-01-22..",
		"del primero al siete de febrero":                        "provide_info 2027-02-01..2027-02-07 n=6",
		"ay no perdoname le erre era del dos al ocho de febrero": "provide_info 2027-02-02..2027-02-08 n=6",
		"chegando dia 3 e saindo dia 8":                          "provide_info 2026-12-03..2026-12-08 n=5",
		"llegando el 30 de diciembre y volviendo el 3":           "provide_info 2026-12-30..2027-01-03 n=4",
		"llegaríamos 15 de enero y saldríamos 18":                "provide_info 2027-01-15..2027-01-18 n=3",
	} {
		require.Equal(t, want, summary(understanding.Understand(text, clockAt(t, defaultNow), buenosAires)), text)
	}
}

func TestLookingForAPlaceIsAvailability(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"precisaba una cabaña del 2 al 9 de enero, somos dos", "necesitamos algo desde mañana hasta el lunes", "este finde hay algo con hogar?",
		"te mando audio, necesito una cabaña para mañana para mi señora y yo nada mas",
	} {
		require.Equal(t, understanding.Availability, understanding.Understand(text, clockAt(t, defaultNow), buenosAires).Intent, text)
	}
}
