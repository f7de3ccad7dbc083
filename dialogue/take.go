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
	awaitHeard    = "heard"     // whether State.Heard is what a voice note says
	awaitOptOut   = "opt_out"   // whether nothing more is to be sent
	awaitNewDates = "new_dates" // to which dates State.Code, already confirmed, should be moved by a person
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
	// words are those of the message, folded.
	words []string
	// longAgo says that the guest comes back to the conversation after hours.
	longAgo bool
	// introduced says that the replies already tell who is speaking.
	introduced bool
	// voice and proposed say that the reading is of a voice note or of a language model: it is repeated and never a yes.
	voice, proposed bool
	// paidSaid says that the message before was about a payment.
	paidSaid bool
	// useless says that the reply helps nobody a second time.
	useless bool
	// spokeBefore is when the guest wrote the message before this one.
	spokeBefore time.Time
}

// Take answers one message of a guest. It returns what the conversation remembers now, the replies in order, each within the
// limits of WhatsApp, and the effects to carry out after them. A hold is asked for only after an explicit yes to a priced
// offer, by a button or in writing, never by voice. While a person has taken over, and for silent kinds, nothing is said, except
// to who gives the conversation back. Errors are those of facts that are not booking refusals: the turn is then to be repeated
// with the same state.
func Take(state State, in Inbound, facts Facts) (Outcome, error) {
	t := newTurn(state, in, facts)
	t.listen()
	if in.Kind == InboundSilent {
		return Outcome{State: state, Understood: t.read.Understanding}, nil
	}
	if t.ownerHandsBack() || t.ownerRefunds() || t.ownerDecides() {
		return t.outcome(), nil
	}
	if state.HandedOver && !t.goesOn() {
		return Outcome{State: state, Understood: t.read.Understanding}, nil
	}
	t.speak()
	t.forgetPast()
	t.comeBack()
	if err := t.answer(); err != nil {
		return Outcome{}, fmt.Errorf("take turn: %w", err)
	}
	t.guard()
	t.echo()
	t.introduce()
	return t.outcome(), nil
}

func newTurn(state State, in Inbound, facts Facts) *turn {
	state.V = max(state.V, stateVersion)
	t := &turn{state: state, in: in, facts: facts, today: booking.DateIn(facts.Now(), zone(facts.Property())), texts: languageCatalogue(state.Language)}
	t.paidSaid, t.state.PaidSaid = state.PaidSaid, false
	t.spokeBefore = time.Unix(state.SpokeAt, 0)
	return t
}

func zone(property booking.Property) *time.Location {
	if property.Location == nil {
		return time.UTC
	}
	return property.Location
}

// listen reads what is written or was heard; what the grammar finds nothing in may have been read by a language model.
func (t *turn) listen() {
	switch {
	case t.in.Kind == InboundAudio && t.in.Voice != nil && t.in.Voice.Outcome == VoiceHeard:
		t.in.Text, t.voice = t.in.Voice.Text, true
	case t.in.Kind != InboundText && t.in.Kind != InboundPicture && t.in.Kind != InboundDocument:
		return
	}
	t.understand(t.in.Text)
}

func (t *turn) understand(text string) {
	t.in.Text, t.words = text, understanding.Words(text)
	context := understanding.Context{Today: t.today, Anchor: t.state.CheckIn, Awaited: understanding.Question(t.state.Awaiting)}
	t.read = understanding.Read(text, context)
	if month := firstOfMonth(t.state.CheckIn); t.today.Before(month) && t.read.BareDays() {
		context.Today = month
		if read := understanding.Read(text, context); !read.CheckIn.IsZero() == !t.read.CheckIn.IsZero() {
			t.read = read
		}
	}
	t.propose()
}

// comeBack remembers when the guest wrote and whether that is a return.
func (t *turn) comeBack() {
	const hours = 6 * 60 * 60
	now := t.facts.Now().Unix()
	t.longAgo = now-t.state.SpokeAt > hours
	t.state.SpokeAt = now
}

// forgetPast drops dates that went by since the guest last wrote of them.
func (t *turn) forgetPast() {
	if t.state.CheckIn.IsZero() || !t.state.CheckIn.Before(t.today) {
		return
	}
	t.setStay(booking.Stay{})
	t.state.AccommodationID, t.state.Quoted = 0, 0
	if t.state.Awaiting == awaitYes || t.state.Awaiting == awaitChoice || t.state.Awaiting == awaitCheckOut {
		t.state.Awaiting = ""
	}
}

// firstOfMonth is the first day of the month of a day, the zero day for that.
func firstOfMonth(d booking.Date) booking.Date {
	if d.IsZero() {
		return d
	}
	return booking.NewDate(d.Time().Year(), d.Time().Month(), 1)
}

// speak settles the language: the first clear sign, then only another clear sign in a sentence changes it.
func (t *turn) speak() {
	const sentence = 3
	if t.read.Language != "" && (t.state.Language == "" || len(t.words) >= sentence) {
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
		if !known || press.GuestID != 0 {
			t.menu()
			return nil
		}
		t.state.Failures = 0
		return t.press(press)
	case InboundAudio:
		return t.audio()
	case InboundPicture, InboundDocument:
		return t.file()
	case InboundLocation:
		t.cannotRead(t.texts.GotLocation)
	default:
		t.cannotRead(t.texts.GotUnsupported)
	}
	return nil
}

// cannotRead says what to send instead of something that helps nobody.
func (t *turn) cannotRead(text string) {
	t.useless = true
	t.say(text)
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
	case t.read.Intent == IntentGreeting && !t.read.Says(menuWords...) && t.longAgo:
		text = say(t.texts.Hello, "name", t.firstName()) + "\n\n" + text
	}
	t.state.Awaiting, t.state.Failures = "", 0
	t.ask(text,
		t.searchButton(),
		button(t.texts.ButtonReservations, Press{Action: ActionReservations}),
		button(t.texts.ButtonHelp, Press{Action: ActionHelp}))
}

// lost helps with examples the first time a message is not understood and calls a person the second time in a row.
func (t *turn) lost() error {
	t.state.Failures++
	const enough = 2
	if t.state.Failures >= enough {
		t.handOver(ReasonLost, t.texts.HandedOverLost)
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
