package dialogue

import (
	"regexp"
	"slices"
	"strings"

	"cabanas/booking"
)

// text answers what was written: first as the answer to the open question, else by what is wanted.
func (t *turn) text() error {
	if t.read.Empty() && t.read.Code == "" || t.laughs() {
		t.wordless()
		return nil
	}
	failures := t.state.Failures
	t.state.Failures = 0
	if t.state.Awaiting == awaitHeard {
		if t.read.Intent == IntentAffirm || t.gives(signThat) {
			return t.heardRight()
		}
		if t.read.Intent == IntentDeny && !t.read.HasData() {
			t.heardWrong()
			return nil
		}
		t.state.Heard, t.state.Awaiting = "", t.searchQuestion()
		t.understand(t.in.Text)
	}
	if t.gives(signGoOn) {
		return t.goOn()
	}
	if t.feelings() {
		return nil
	}
	if t.repeats() {
		t.loop()
		return nil
	}
	if done, err := t.answerAlternative(); done || err != nil {
		return err
	}
	if done, err := t.another(); done || err != nil {
		return err
	}
	if done, err := t.answerQuestion(); done || err != nil {
		return err
	}
	if done, err := t.moneyWish(); done || err != nil {
		return err
	}
	if done, err := t.answerIntent(); done || err != nil {
		return err
	}
	if t.read.HasData() || t.vague() {
		return t.search()
	}
	t.state.Failures = failures
	return t.lost()
}

var laughter = regexp.MustCompile(`^(?:a?(?:ja|je|ji|ha|he)+[jh]?|j{2,}|k{2,}|(?:rs)+|lol|xd+)$`)

// laughs reports a message of nothing but laughter.
func (t *turn) laughs() bool {
	return len(t.words) > 0 && !slices.ContainsFunc(t.words, func(word string) bool { return !laughter.MatchString(word) })
}

// wordless answers a message of smileys or signs, which is no failure to understand.
func (t *turn) wordless() {
	if t.in.Text == "" || !t.state.Greeted {
		t.menu()
		return
	}
	if question, open := t.question(); open {
		t.reply(question)
		return
	}
	t.ask(t.texts.Kept, t.searchButton(), t.humanButton())
}

// answerQuestion takes the message as the answer to the question that is open, if it can be one.
func (t *turn) answerQuestion() (bool, error) {
	intent, plain := t.read.Intent, !t.read.HasData()
	yes := intent == IntentAffirm || intent == IntentThanks && t.saysYes()
	switch t.state.Awaiting {
	case awaitYes:
		if other, err := t.choosesOther(); other || err != nil {
			return other, err
		}
		switch {
		case t.changesSearch():
		case t.gives(signLater):
			return true, t.noHurry()
		case (yes || intent == IntentBook) && !t.agrees():
			return true, t.askYesAgain()
		case yes || intent == IntentBook:
			t.read.Intent = IntentAffirm
			return true, t.hold(Press{
				Action: ActionHold, AccommodationID: t.state.AccommodationID, Stay: t.stay(), Guests: t.state.Guests, Centavos: t.state.Quoted,
			})
		}
		if intent == IntentDeny && plain {
			t.declined()
			return true, nil
		}
	case awaitCancel:
		if yes || intent == IntentCancel && t.saysYes() && (t.read.Code == "" || t.read.Code == t.state.Code) && plain {
			if !t.agrees() {
				return true, t.startCancel(t.state.Code)
			}
			return true, t.cancelNow(t.state.Code)
		}
		if intent == IntentDeny && plain {
			return true, t.keep()
		}
	case awaitPerson:
		if yes {
			t.handOver(ReasonAsked, t.texts.HandedOver)
			return true, nil
		}
		if intent == IntentDeny && plain {
			t.menu()
			return true, nil
		}
	case awaitOptOut:
		switch {
		case yes && t.voice:
			t.askOptOut()
			return true, nil
		case yes:
			t.optOut()
			return true, nil
		}
		t.state.Awaiting = t.searchQuestion()
	case awaitNewDates:
		if t.read.HasStay() {
			return true, t.moveByPerson()
		}
	}
	if t.state.Awaiting == awaitChoice || t.offered() {
		return t.choose()
	}
	return false, nil
}

// offered reports whether offers for a whole stay have been shown, of which one can be named.
func (t *turn) offered() bool {
	s := t.state
	return (s.Awaiting == "" || s.Awaiting == awaitYes) && !s.CheckIn.IsZero() && !s.CheckOut.IsZero() && s.Guests > 0
}

// agrees reports whether a message takes what was offered for certain: in writing, not under a
// picture, without a question, a doubt or another wish.
func (t *turn) agrees() bool {
	if t.in.Kind != InboundText || t.proposed || strings.Contains(t.in.Text, "?") || t.gives(signAnother) {
		return false
	}
	const sure = 0.5
	return t.saysYes() || t.gives(signTakeIt) || t.read.Intent != IntentBook && t.read.Confidence >= sure
}

// choosesOther answers who names another offer than the one that is open.
func (t *turn) choosesOther() (bool, error) {
	open := t.state.AccommodationID
	places, err := t.facts.Accommodations()
	if err != nil || t.read.HasData() || t.read.Intent == IntentHuman {
		return false, err
	}
	if id := t.named(places, false); id != 0 {
		if id == open {
			return false, nil
		}
		return true, t.details(id, "")
	}
	if t.read.Position() == 0 || t.saysYes() {
		return false, nil
	}
	offer, found, err := t.offerAt(t.read.Position())
	if err != nil || !found || offer.Accommodation.ID == open {
		return false, err
	}
	return true, t.present(offer, "")
}

// saysYes reports whether a plain yes is among the words: "sí, cancelala", "dale gracias".
func (t *turn) saysYes() bool { return t.read.Says(plainYes...) }

var (
	plainYes  = []string{"si", "dale", "yes", "sim"}
	helpWords = []string{"ayuda", "ajuda", "help"}
	menuWords = []string{"menu", "inicio", "empezar", "volver"}
)

// changesSearch reports whether the message says something else than what was offered.
func (t *turn) changesSearch() bool {
	r := t.read
	return r.Nobody || r.Guests != 0 && r.Guests != t.state.Guests ||
		!r.CheckIn.IsZero() && r.CheckIn != t.state.CheckIn || !r.CheckOut.IsZero() && r.CheckOut != t.state.CheckOut ||
		r.Nights != 0 && r.Nights != t.stay().Nights()
}

// answerIntent answers what is wanted; false leaves the message to what data it brings.
func (t *turn) answerIntent() (bool, error) {
	switch t.read.Intent {
	case IntentHuman:
		const sure = 0.7
		if t.read.Confidence < sure && !t.gives(signPerson) {
			t.state.Awaiting = awaitPerson
			t.ask(t.texts.HelpContact, t.humanButton(), t.menuButton())
			return true, nil
		}
		t.handOver(ReasonAsked, t.texts.HandedOver)
	case IntentGreeting:
		if t.read.Says(helpWords...) {
			t.help()
			return true, nil
		}
		t.menu()
	case IntentThanks:
		t.say(t.texts.Welcome)
	case IntentGoodbye:
		t.say(t.texts.Farewell)
	case IntentAffirm, IntentDeny:
		return t.idleYesNo()
	case IntentCancel:
		return true, t.startCancel(t.read.Code)
	case IntentMyBookings:
		return true, t.myBookings(t.read.Code)
	case IntentExtendHold:
		return true, t.extend(t.read.Code)
	case IntentPay:
		return true, t.pay(t.read.Code)
	case IntentPaymentSent:
		return true, t.paymentSent()
	case IntentChangeDates:
		return true, t.changeDates(t.read.Code)
	case IntentAvailability, IntentBook:
		return true, t.search()
	case IntentProvideInfo:
		switch {
		case t.read.HasData() || t.vague():
			return true, t.search()
		case t.read.Pets > 0:
			return t.sideQuestion()
		}
		t.wordless()
	case IntentPrice:
		return true, t.price()
	default:
		return t.sideQuestion()
	}
	return true, nil
}

// idleYesNo answers a yes or no that no yes-or-no question asked for.
func (t *turn) idleYesNo() (bool, error) {
	if t.read.HasData() {
		return true, t.search()
	}
	if t.state.Awaiting == awaitChoice && t.read.Intent == IntentAffirm {
		found, refused, err := t.free()
		if refused || err != nil || len(found) == 0 {
			return true, t.search()
		}
		t.list(found, min(t.state.ShownFrom, len(found)-1), t.texts.WhichOne)
		return true, nil
	}
	if question, open := t.question(); open && t.read.Intent == IntentAffirm {
		t.reply(question)
		return true, nil
	}
	if t.read.Intent == IntentDeny {
		t.state.Awaiting = ""
		t.ask(t.texts.Kept, t.searchButton(), t.humanButton())
		return true, nil
	}
	t.menu()
	return true, nil
}

// sideQuestion answers a question about the place and comes back to the open one.
func (t *turn) sideQuestion() (bool, error) {
	topic, found := map[Intent]Topic{
		IntentLocation: TopicLocation, IntentAmenities: TopicAmenity, IntentCheckinInfo: TopicCheckIn, IntentPolicies: TopicCancel,
		IntentPhotos: TopicPhotos,
	}[t.read.Intent]
	if !found && t.read.Pets > 0 && !t.read.HasData() {
		topic, found = TopicCancel, true
	}
	if !found {
		return false, nil
	}
	if t.read.HasData() {
		if err := t.topic(topic, false); err != nil {
			return true, err
		}
		return true, t.search()
	}
	return true, t.aside(topic)
}

// aside answers a topic and comes back to the open question, in one message where it fits.
func (t *turn) aside(topic Topic) error {
	if err := t.topic(topic, false); err != nil {
		return err
	}
	if question, open := t.question(); open {
		t.follow(question)
	}
	return nil
}

// follow puts a question under the text said last, or after it.
func (t *turn) follow(question Reply) {
	if len(t.replies) > 0 {
		last := &t.replies[len(t.replies)-1]
		if body := last.Body + "\n\n" + question.Body; last.Kind == ReplyText && runes(body) <= bodyLimit(question.Kind) {
			question.Body = body
			*last = question
			return
		}
	}
	t.reply(question)
}

// price answers with priced offers as soon as it is known for when and how many.
func (t *turn) price() error {
	if t.read.HasData() || !t.state.CheckIn.IsZero() || t.vague() {
		return t.search()
	}
	list, err := t.listed(func(place booking.Accommodation) string {
		return say(t.texts.HelpPriceLine, "cabin", shown(place.Name, longestName), "price", t.money(place.Rate.Base))
	})
	if err != nil {
		return err
	}
	if err := t.search(); err != nil || list == "" {
		return err
	}
	if question := t.replies; len(question) == 1 {
		t.replies = nil
		t.say(say(t.texts.HelpPriceHead, "list", list))
		t.follow(question[0])
		return nil
	}
	t.replies = append([]Reply{{Kind: ReplyText, Body: say(t.texts.HelpPriceHead, "list", list)}}, t.replies...)
	return nil
}
