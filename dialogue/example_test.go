package dialogue_test

import (
	"fmt"
	"testing"

	"cabanas/dialogue"
)

// A guest asks, chooses and says yes. The state of one turn goes into the next; the effect is what the system is to do.
func ExampleTake() {
	business := newBusiness(&testing.T{})
	state := dialogue.State{Greeted: true}
	for _, text := range []string{"tenés algo este finde para 2?", "la primera", "dale"} {
		outcome, err := dialogue.Take(state, dialogue.Inbound{Kind: dialogue.InboundText, Text: text}, business)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("> " + text)
		for _, reply := range outcome.Replies {
			fmt.Println(plain(reply.Body))
		}
		for _, effect := range outcome.Effects {
			fmt.Println(effect.Kind, effect.AccommodationID, effect.Stay, effect.Guests)
		}
		state = outcome.State
	}
	// Output:
	// > tenés algo este finde para 2?
	// Del vie 27/11 al dom 29/11 (2 noches), para 2 personas, tengo libre:
	// • *Cabaña Lenga*: total $ 106.000, seña $ 31.800
	//   _2 noches de finde a $ 48.000: $ 96.000 · Limpieza: $ 10.000_
	// • *Cabaña Arrayán*: total $ 154.000, seña $ 46.200
	// • *Cabaña Maitén*: total $ 178.000, seña $ 53.400
	//
	// Elegí una para ver los detalles.
	// > la primera
	// *Cabaña Lenga*, hasta 2 personas
	// Con vista al cerro y parrilla propia.
	// Del vie 27/11 al dom 29/11 · 2 noches · 2 personas
	//
	// 2 noches de finde a $ 48.000: $ 96.000
	// Limpieza: $ 10.000
	// *Total: $ 106.000*
	// Reservás con una seña de $ 31.800, que es parte del precio. El resto ($ 74.200) lo pagás al llegar.
	//
	// Si cancelás 2 días antes o más, te devolvemos todo. Si cancelás antes del día de llegada, te devolvemos el 50 %. Después de eso no hay devolución.
	// ¿Te la reservo?
	// > dale
	// hold 3 2026-11-27/2026-11-29 2
}
