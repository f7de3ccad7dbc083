package dialogue

import (
	"fmt"
	"time"

	"cabanas/booking"
	"cabanas/dialogue/understanding"
)

// The questions a conversation may have open (State.Awaiting).
const (
	awaitDates    = "dates"     // when
	awaitCheckOut = "check_out" // until when
	awaitGuests   = "guests"    // how many
	awaitChoice   = "choice"    // which of the offers
	awaitYes      = "confirm"   // the explicit yes before a hold
	awaitCancel   = "cancel"    // the yes before State.Code is cancelled
	awaitPerson   = "person"    // whether a person should take over
)

// stateVersion is the form of State that is written; older forms are read as they are.
const stateVersion = 1

// turn is one message being answered.
type turn struct {
	state State
	in    Inbound
	facts Facts
	today booking.Date
	read  understanding.Reading
	texts *catalogue

	replies []Reply
	effects []Effect
	// introduced says that the replies already tell who is speaking.
	introduced bool
}

// Take answers one message of a guest. It returns what the conversation remembers now, the replies in order, each within the
// limits of WhatsApp, and the effects to carry out after them. A hold is asked for only after an explicit yes to a priced
// offer. While a person has taken over, and for silent kinds, nothing is said. Errors are those of facts that are not booking
// refusals: the turn is then to be repeated with the same state.
func Take(state State, in Inbound, facts Facts) (Outcome, error) {
	t := newTurn(state, in, facts)
	if in.Kind == InboundText || in.Kind == InboundPicture {
		t.read = understanding.Read(in.Text, understanding.Context{Today: t.today, Anchor: state.CheckIn, Awaited: understanding.Question(state.Awaiting)})
	}
	if state.HandedOver || in.Kind == InboundSilent {
		return Outcome{State: state, Understood: t.read.Understanding}, nil
	}
	t.speak()
	if err := t.answer(); err != nil {
		return Outcome{}, fmt.Errorf("take turn: %w", err)
	}
	t.introduce()
	return t.outcome(), nil
}

func newTurn(state State, in Inbound, facts Facts) *turn {
	state.V = max(state.V, stateVersion)
	return &turn{state: state, in: in, facts: facts, today: booking.DateIn(facts.Now(), zone(facts.Property())), texts: languageCatalogue(state.Language)}
}

func zone(property booking.Property) *time.Location {
	if property.Location == nil {
		return time.UTC
	}
	return property.Location
}

// speak settles the language: the first clear sign, then only another clear sign changes it.
func (t *turn) speak() {
	if t.read.Language != "" {
		t.state.Language = t.read.Language
	}
	if t.state.Language == "" {
		t.state.Language = "es"
	}
	t.texts = languageCatalogue(t.state.Language)
}

func (t *turn) answer() error {
	switch t.in.Kind {
	case InboundText:
		return t.text()
	case InboundChoice:
		press, known := ParsePress(t.in.ChoiceID)
		if !known {
			t.menu()
			return nil
		}
		t.state.Failures = 0
		return t.press(press)
	case InboundPicture:
		if t.read.Intent != IntentOther && !t.read.Empty() {
			return t.text()
		}
		t.say(t.texts.GotPicture)
	case InboundAudio:
		t.say(t.texts.GotAudio)
	case InboundLocation:
		t.say(t.texts.GotLocation)
	default:
		t.say(t.texts.GotUnsupported)
	}
	return nil
}

// introduce makes the bot say that it is one, in front of its first reply.
func (t *turn) introduce() {
	if t.state.Greeted || len(t.replies) == 0 {
		return
	}
	t.state.Greeted = true
	if t.introduced {
		return
	}
	first := &t.replies[0]
	text := t.introduction()
	if first.Kind != ReplyPicture && first.Kind != ReplyLocation && runes(text)+runes(first.Body)+2 <= bodyLimit(first.Kind) {
		first.Body = text + "\n\n" + first.Body
		return
	}
	t.replies = append([]Reply{{Kind: ReplyText, Body: text}}, t.replies...)
}

func (t *turn) introduction() string {
	return say(t.texts.Introduction, "name", t.firstName(), "property", shown(t.facts.Property().Name, longestName))
}

func (t *turn) outcome() Outcome {
	for i := range t.replies {
		t.replies[i] = fit(t.replies[i])
	}
	return Outcome{State: t.state, Replies: t.replies, Effects: t.effects, Understood: t.read.Understanding}
}

func (t *turn) reply(r Reply) { t.replies = append(t.replies, r) }

func (t *turn) say(text string) { t.reply(Reply{Kind: ReplyText, Body: text}) }

// ask replies with buttons.
func (t *turn) ask(text string, buttons ...Choice) {
	t.reply(Reply{Kind: ReplyButtons, Body: text, Choices: buttons})
}

func (t *turn) effect(e Effect) { t.effects = append(t.effects, e) }

func button(title string, press Press) Choice { return Choice{ID: press.ID(), Title: title} }

func (t *turn) menuButton() Choice { return button(t.texts.ButtonMenu, Press{Action: ActionMenu}) }

func (t *turn) humanButton() Choice { return button(t.texts.ButtonHuman, Press{Action: ActionHuman}) }

func (t *turn) searchButton() Choice {
	return button(t.texts.ButtonAvailability, Press{Action: ActionAvailability})
}

// menu greets and shows what the bot can do.
func (t *turn) menu() {
	text := t.texts.MenuQuestion
	switch {
	case !t.state.Greeted:
		text = t.introduction() + "\n\n" + text
		t.introduced = true
	case t.read.Intent == IntentGreeting && !t.read.Says(menuWords...):
		text = say(t.texts.Hello, "name", t.firstName()) + "\n\n" + text
	}
	t.state.Awaiting, t.state.Failures = "", 0
	t.ask(text,
		t.searchButton(),
		button(t.texts.ButtonReservations, Press{Action: ActionReservations}),
		button(t.texts.ButtonHelp, Press{Action: ActionHelp}))
}

// handOver calls a person and falls silent.
func (t *turn) handOver() {
	t.state.HandedOver, t.state.Awaiting, t.state.Failures = true, "", 0
	t.effect(Effect{Kind: EffectHandOver})
	t.say(t.texts.HandedOver)
}

// lost helps with examples the first time a message is not understood and offers a person from the second on.
func (t *turn) lost() error {
	t.state.Failures++
	if t.state.Failures >= 2 {
		t.state.Awaiting = awaitPerson
		t.ask(t.texts.OfferPerson, t.humanButton(), t.menuButton())
		return nil
	}
	if question, open := t.question(); open {
		question.Body = t.texts.SayAgain + " " + question.Body
		t.reply(question)
		return nil
	}
	t.ask(t.texts.NotUnderstood, t.searchButton(), t.humanButton())
	return nil
}
