package dialogue_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/dialogue"
)

func handOver(reason dialogue.HandOverReason) dialogue.Effect {
	return dialogue.Effect{Kind: dialogue.EffectHandOver, Reason: reason}
}

func TestWhoIsUpsetGetsAPerson(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"esto es una estafa!!", "son unos estafadores", "me robaron la plata", "los voy a denunciar", "esto es una vergüenza",
		"nadie me contesta hace dos dias", "hola?? respondan", "sos un pelotudo", "QUE BOT DE MIERDA", "devuélvanme la plata", "estoy muy enojada... estoy enojada con ustedes",
		"isso é uma vergonha", "vou denunciar vocês", "this is bullshit", "I want my money back", "nobody answers me",
	} {
		newChat(t).says(text).does(handOver(dialogue.ReasonUpset)).sees(dialogue.ReplyButtons, "bot_back")
	}
	for _, text := range []string{
		"me da vergüenza preguntar, aceptan perros?", "es un desastre el clima? del 10 al 15 de enero somos 4", "no vimos nada raro, somos 4",
		"tenés algo en la zona de La Concha? del 10 al 15 de enero",
	} {
		c := newChat(t).says(text)
		require.NotContains(t, c.last.Effects, handOver(dialogue.ReasonUpset), text)
	}
}

func TestWhoIsWaryIsReassuredFirst(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"es una estafa?", "esto no es una estafa, no?", "hay muchas estafas, cómo sé que son reales?", "son confiables?", "me da desconfianza",
		"ya me estafaron una vez, es seguro pagar?", "isso é golpe?", "is this a scam?", "can I trust you?",
	} {
		c := newChat(t).says(text).sees(dialogue.ReplyButtons, "human", "menu_back").holdsNothing()
		require.Contains(t, c.body(), "Mercado Pago", text)
		c.says(text).does(handOver(dialogue.ReasonUpset))
	}
}

func TestTheBotSaysThatItIsOne(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"sos un bot?", "estoy hablando con una máquina?", "sos una persona real?"} {
		newChat(t).says(text).hears("Sí, soy un bot").sees(dialogue.ReplyButtons, "human", "menu_back").holdsNothing()
	}
	newChat(t).says("sos un bot? quiero hablar con una persona").does(handOver(dialogue.ReasonAsked))
	newChat(t).says("quién sos?").hears("Sí, soy un bot")
	newChat(t).says("qué podés hacer?").sees(dialogue.ReplyList).hears("¿Con qué te ayudo?")
	newChat(t).says("are you a bot?").hears("Yes, I am a bot").holdsNothing()
}

func TestWaitByTheHour(t *testing.T) {
	t.Parallel()
	c := newChat(t)
	c.business.now = clockAt(t, "2026-11-22T23:30")
	c.says("quiero hablar con alguien").hears("recién a partir de las 09:00", "no escribo más")
	newChat(t).says("quiero hablar con alguien").hears("apenas pueda")
}

func TestGoingOnWithTheBot(t *testing.T) {
	t.Parallel()
	back := dialogue.Effect{Kind: dialogue.EffectHandBack}
	c := newChat(t)
	c.says("del 10 al 15 de enero").says("quiero hablar con una persona")
	require.True(t, c.state.HandedOver)
	c.says("hola??")
	require.Empty(t, c.last.Replies)
	byText := *c
	byText.says("volver al bot").does(back).hears("¿Cuántas personas son?")
	c.presses("bot_back").does(back).hears("Dale, sigo yo.", "¿Cuántas personas son?")
	require.False(t, c.state.HandedOver)
	c.isTold(back, dialogue.Result{})
	require.Empty(t, c.last.Replies)
	c.says("4").sees(dialogue.ReplyList)
	c.presses("bot_back").holdsNothing().sees(dialogue.ReplyList)

	// A yes that was open is asked again, not taken from what was said to the person.
	c = newChat(t)
	c.says("del 10 al 15 de enero para 4").says("la primera").says("quiero hablar con una persona")
	c.presses("bot_back").hears("¿Te la reservo?")
	c.says("sí").does(januaryHold)
}

func TestTheOwnerGivesAGuestBack(t *testing.T) {
	t.Parallel()
	c := newChat(t)
	c.state.HandedOver = true
	c.take(dialogue.Inbound{Kind: dialogue.InboundChoice, ChoiceID: "bot_back_77", FromOwner: true}).hears("Listo").
		does(dialogue.Effect{Kind: dialogue.EffectHandBack, OtherGuestID: 77})
	require.True(t, c.state.HandedOver, "it is another conversation that comes back")
	c.state.HandedOver = false
	c.presses("bot_back_77").holdsNothing().sees(dialogue.ReplyButtons, "menu_availability", "menu_reservations", "menu_help")
}

func TestReturn(t *testing.T) {
	t.Parallel()
	b := newBusiness(t)
	returned := func(state dialogue.State) dialogue.Outcome {
		state.HandedOver, state.Language, state.Greeted = true, "es", true
		outcome, err := dialogue.Return(state, b)
		require.NoError(t, err)
		require.False(t, outcome.State.HandedOver)
		require.Len(t, outcome.Replies, 1)
		require.Contains(t, outcome.Replies[0].Body, "Acá estoy de nuevo")
		return outcome
	}
	require.Contains(t, returned(dialogue.State{}).Replies[0].Body, "¿Qué necesitás?")
	require.Contains(t, returned(dialogue.State{CheckIn: booking.MustDate("2027-01-10"), CheckOut: booking.MustDate("2027-01-15")}).Replies[0].Body, "¿Cuántas personas son?")
	require.Contains(t, returned(dialogue.State{CheckIn: booking.MustDate("2026-01-10"), CheckOut: booking.MustDate("2026-01-15"), Guests: 2}).Replies[0].Body, "¿Qué días querés venir?")
}

func TestOptOut(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"BAJA", "Stop", "no me escriban más", "dejá de mandarme mensajes", "dame de baja de la lista", "pare de me mandar mensagens", "please stop messaging me",
	} {
		c := newChat(t).says(text).sees(dialogue.ReplyButtons, "opt_out", "menu_back").holdsNothing()
		require.False(t, c.state.OptedOut)
		c.says("sí").does(dialogue.Effect{Kind: dialogue.EffectOptOut})
		require.True(t, c.state.OptedOut)
	}
	for _, text := range []string{"cuánto sale en la baja temporada?", "bajame el precio", "quiero dar de baja la reserva", "baja del 10 al 15 de enero"} {
		c := newChat(t).says(text)
		require.NotContains(t, c.ids(), "opt_out", text)
	}

	c := newChat(t)
	c.says("BAJA").hears("¿Querés que no te escriba más").presses("opt_out").does(dialogue.Effect{Kind: dialogue.EffectOptOut}).
		hears("Si me escribís, te contesto como siempre", "ALTA")
	c.says("del 10 al 15 de enero para 4").sees(dialogue.ReplyList)
	require.True(t, c.state.OptedOut)
	c.says("BAJA").hears("Ya está").holdsNothing()
	c.says("ALTA").hears("te vuelvo a escribir")
	require.False(t, c.state.OptedOut)

	c.says("BAJA").presses("opt_out")
	c.isTold(januaryHold, dialogue.Result{Booking: dialogue.BookingView{Code: heldCode}})
	require.False(t, c.state.OptedOut, "who books again wants to hear of it")
	c.says("baja").says("no").holdsNothing()
	require.False(t, c.state.OptedOut)
}

func TestLoops(t *testing.T) {
	t.Parallel()
	// Another machine that always says the same.
	c := newChat(t)
	const machine = "Gracias por comunicarte con Transportes Sur. Tenés disponibilidad?"
	c.says(machine).says(machine).says(machine).hears("dando vueltas", "¿Querés que te pase con una persona?").holdsNothing()
	c.says(machine).does(handOver(dialogue.ReasonLoop))
	c.says(machine)
	require.Empty(t, c.last.Replies)

	// Different words that always get the same answer.
	c = newChat(t)
	c.says("hola").says("buenas").says("hola!").says("buenas!").hears("dando vueltas").sees(dialogue.ReplyButtons, "human", "menu_back")

	// Answers may be alike: a guest who says yes or presses buttons is no loop.
	c = newChat(t)
	for range 6 {
		c.presses("menu_back").sees(dialogue.ReplyButtons, "menu_availability", "menu_reservations", "menu_help")
	}
	for range 4 {
		c.says("del 10 al 15 de enero para 4").presses("menu_back")
	}
	require.LessOrEqual(t, len(c.state.Asked), 10)
	require.LessOrEqual(t, len(c.state.Said), 3)

	c = newChat(t)
	c.take(dialogue.Inbound{Kind: dialogue.InboundUnsupported}).hears("tipo de mensaje")
	c.take(dialogue.Inbound{Kind: dialogue.InboundUnsupported}).hears("¿Querés que te pase con una persona?")
	c.take(dialogue.Inbound{Kind: dialogue.InboundUnsupported}).does(handOver(dialogue.ReasonLoop))
}

func TestSmallTalkIsAnsweredInKind(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"esperame un segundo": "acá te espero", "te hago una consulta": "escribime qué necesitás", "un segundo": "acá te espero", "gracias!": "De nada",
	} {
		c := withBookings(t, (*business).held)
		c.says(text).hears(want).holdsNothing()
	}
	c := newChat(t)
	c.says("del 10 al 15 de enero").says("te hago una consulta").says("somos 4").sees(dialogue.ReplyList)
}

func TestSmileysAreNoFailure(t *testing.T) {
	t.Parallel()
	c := newChat(t)
	c.says("😂😂").hears("¿Te ayudo con algo más?")
	c.says("jajaja jaja").holdsNothing()
	c.says("del 10 al 15 de enero").says("🙈").hears("¿Cuántas personas son?")
	require.Zero(t, c.state.Failures)
}

// Whatever question is open, who wants a person gets one: "una persona" names no offer.
func TestAPersonIsNoChoiceOfTheList(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"quiero hablar con una persona", "me pasás con alguien?", "quiero que me atienda una persona", "posso falar com uma pessoa?", "I want to talk to a person"} {
		for name, lead := range map[string]func(*chat){
			"a list is open":   func(c *chat) { c.says("del 10 al 15 de enero para 4").sees(dialogue.ReplyList) },
			"an offer is open": func(c *chat) { c.says("del 10 al 15 de enero para 4"); c.says("la primera").hears("¿Te la reservo?") },
		} {
			t.Run(name+": "+text, func(t *testing.T) {
				t.Parallel()
				c := newChat(t)
				lead(c)
				c.says(text).does(dialogue.Effect{Kind: dialogue.EffectHandOver, Reason: dialogue.ReasonAsked})
			})
		}
	}
}
