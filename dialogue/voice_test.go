package dialogue_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/dialogue"
)

// speaks sends a voice note that was heard as text.
func (c *chat) speaks(text string) *chat {
	c.t.Helper()
	return c.hearsVoice(dialogue.VoiceHeard, text)
}

func (c *chat) hearsVoice(outcome dialogue.VoiceOutcome, text string) *chat {
	c.t.Helper()
	return c.take(dialogue.Inbound{Kind: dialogue.InboundAudio, Voice: &dialogue.Voice{Outcome: outcome, Text: text}})
}

func TestBookByVoice(t *testing.T) {
	t.Parallel()
	c := newChat(t)
	c.speaks("hola qué tal mirá queríamos ver si tenés algo del 10 al 15 de enero, dos adultos y un nene").
		hears("Te escuché: 2 adultos y 1 nene, del dom 10/1 al vie 15/1.", "para 3 personas").sees(dialogue.ReplyList)
	c.speaks("la primera").hears("*Cabaña Arrayán*", "¿Te la reservo?")
	for _, yes := range []string{"sí", "dale reservala"} {
		c.speaks(yes).hears("¿Te reservo *Cabaña Arrayán*").sees(dialogue.ReplyButtons, "hold_1_2027-01-10_2027-01-15_3_31000000", "see_other_acc", "date_custom").
			holdsNothing()
	}
	byButton := *c
	byButton.pressesOne("hold_").does(dialogue.Effect{Kind: dialogue.EffectHold, AccommodationID: 1, Stay: stayOf("2027-01-10", "2027-01-15"), Guests: 3})
	c.says("sí").does(dialogue.Effect{Kind: dialogue.EffectHold, AccommodationID: 1, Stay: stayOf("2027-01-10", "2027-01-15"), Guests: 3})
}

func TestWhatIsHeardIsRepeated(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"somos cuatro":                            "Te escuché: 4 personas.",
		"para el finde que viene":                 "Te escuché: del vie",
		"llegamos el 10 de enero":                 "Te escuché: desde el dom 10/1.",
		"ya te transferí cincuenta mil":           "Te escuché: “ya te transferí cincuenta mil”.",
		"tenés wifi?":                             "Te escuché: “tenés wifi?”.",
		"del 10 al 12 de enero para 2 y un perro": "2 personas",
	} {
		newChat(t).speaks(said).hears(want)
	}
	c := newChat(t)
	c.speaks("hola")
	require.NotContains(t, c.body(), "escuché", "a greeting is not worth repeating")
}

func TestVoiceNeverCancelsByItself(t *testing.T) {
	t.Parallel()
	c := withBookings(t, (*business).paid)
	c.speaks("quiero cancelar mi reserva").hears("¿Cancelo la reserva").holdsNothing()
	c.speaks("sí").hears("¿Cancelo la reserva").sees(dialogue.ReplyButtons, "cancel_confirm_"+paidCode, "cancel_abort").holdsNothing()
	c.says("sí").does(dialogue.Effect{Kind: dialogue.EffectCancel, Code: paidCode})
}

func TestVoiceThatWasNotHeardWell(t *testing.T) {
	t.Parallel()
	c := newChat(t)
	c.hearsVoice(dialogue.VoiceUnclear, "del 10 al 15 de enero para cuatro").hears("¿Dijiste esto?", "“del 10 al 15 de enero para cuatro”").
		sees(dialogue.ReplyButtons, "heard_yes", "heard_no").holdsNothing()
	require.Zero(t, c.state.CheckIn, "nothing is believed before the yes")
	byText, byVoice, other := *c, *c, *c
	c.presses("heard_yes").hears("Te escuché: 4 personas, del dom 10/1 al vie 15/1.").sees(dialogue.ReplyList)
	require.Empty(t, c.state.Heard)
	byText.says("eso es").hears("para 4 personas").sees(dialogue.ReplyList)
	byVoice.speaks("sí").hears("para 4 personas").sees(dialogue.ReplyList)
	other.says("no, del 10 al 12 de enero para 2").hears("Del dom 10/1 al mar 12/1", "para 2 personas")
	require.Empty(t, other.state.Heard)

	c = newChat(t)
	c.says("del 10 al 15 de enero")
	c.hearsVoice(dialogue.VoiceUnclear, "somos tres").presses("heard_no").hears("escribime")
	c.says("4").hears("para 4 personas").sees(dialogue.ReplyList)
	c.presses("heard_yes").sees(dialogue.ReplyButtons, "menu_availability", "menu_reservations", "menu_help").holdsNothing()

	c = newChat(t)
	c.says("del 10 al 15 de enero para 4").says("la primera")
	c.hearsVoice(dialogue.VoiceUnclear, "sí dale").presses("heard_yes").holdsNothing()
}

func TestVoiceThatCannotBeHeard(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[dialogue.VoiceOutcome]string{
		dialogue.VoiceSilent: "no se escucha que alguien hable", dialogue.VoiceTooLong: "unos 5 minutos", dialogue.VoiceFailed: "No pude escuchar tu audio",
		"something_new": "No pude escuchar", dialogue.VoiceHeard: "no se escucha", dialogue.VoiceUnclear: "no se escucha",
	} {
		c := newChat(t).hearsVoice(outcome, " … ").hears(want)
		c.hearsVoice(outcome, "").hears("¿Querés que te pase con una persona?").sees(dialogue.ReplyButtons, "human", "menu_back")
	}
}

func TestProposals(t *testing.T) {
	t.Parallel()
	day := booking.MustDate
	proposes := func(c *chat, text string, u dialogue.Understanding) *chat {
		return c.take(dialogue.Inbound{Kind: dialogue.InboundText, Text: text, Proposal: &u})
	}
	stay := dialogue.Understanding{Intent: dialogue.IntentAvailability, CheckIn: day("2027-01-10"), CheckOut: day("2027-01-15"), Guests: 4}
	proposes(newChat(t), "blorp", stay).hears("Te entendí: 4 personas, del dom 10/1 al vie 15/1.", "para 4 personas").sees(dialogue.ReplyList).holdsNothing()

	for name, u := range map[string]dialogue.Understanding{
		"affirm": {Intent: dialogue.IntentAffirm}, "deny": {Intent: dialogue.IntentDeny}, "cancel": {Intent: dialogue.IntentCancel},
		"pay": {Intent: dialogue.IntentPay}, "past": {Intent: dialogue.IntentProvideInfo, CheckIn: day("2020-01-10"), CheckOut: day("2020-01-15")},
		"far":      {Intent: dialogue.IntentProvideInfo, CheckIn: day("2040-01-10"), CheckOut: day("2040-01-15")},
		"reversed": {Intent: dialogue.IntentProvideInfo, CheckIn: day("2027-01-10"), CheckOut: day("2027-01-09")},
		"crowd":    {Intent: dialogue.IntentProvideInfo, Guests: 51}, "nobody": {Intent: dialogue.IntentProvideInfo, Guests: -1},
		"junk": {Intent: "rm -rf"},
	} {
		c := newChat(t)
		c.business.bookings = []dialogue.BookingView{c.business.held()}
		c.state.Awaiting, c.state.Code = "cancel", heldCode
		proposes(c, "blorp", u).hears("Perdón, no te entendí").holdsNothing()
		require.Zero(t, c.state.CheckIn, name)
	}

	c := newChat(t)
	c.says("del 10 al 15 de enero para 4").says("la primera")
	proposes(c, "blorp", dialogue.Understanding{Intent: dialogue.IntentBook}).hears("¿Te reservo").holdsNothing()
	proposes(newChat(t), "del 1 al 3 de febrero para 2", stay).hears("Del lun 1/2 al mié 3/2", "para 2 personas")
}
