package dialogue

import (
	"fmt"
	"strings"
)

// The hours in which somebody of the team is usually there to answer.
const (
	firstHour = 9
	lastHour  = 21
)

// handOver calls a person and falls silent, saying what to expect; the guest may go on with the bot instead. What was being
// searched stays, an open yes does not: it could be meant for the person.
func (t *turn) handOver(reason HandOverReason, text string) {
	t.state.HandedOver, t.state.Failures, t.state.Heard = true, 0, ""
	switch t.state.Awaiting {
	case awaitDates, awaitCheckOut, awaitGuests:
	default:
		t.state.Awaiting = ""
	}
	t.effect(Effect{Kind: EffectHandOver, Reason: reason, Code: t.state.Code})
	t.ask(text+" "+t.wait(), button(t.texts.ButtonGoOn, Press{Action: ActionBotBack}))
}

// wait says when an answer of a person can be expected.
func (t *turn) wait() string {
	hour := t.facts.Now().In(zone(t.facts.Property())).Hour()
	if hour >= firstHour && hour < lastHour {
		return t.texts.WaitByDay
	}
	return say(t.texts.WaitByNight, "from", clock(firstHour*60))
}

// goesOn gives a conversation that a person had taken over back to the bot, when its guest asks for that.
func (t *turn) goesOn() bool {
	return t.in.Kind == InboundText && t.gives(signGoOn) || t.in.Kind == InboundChoice && t.in.ChoiceID == Press{Action: ActionBotBack}.ID()
}

// goOn answers who prefers the bot.
func (t *turn) goOn() error {
	if t.state.HandedOver {
		t.effect(Effect{Kind: EffectHandBack})
	}
	t.state.HandedOver = false
	return t.resume(t.texts.GoneOn)
}

// ownerHandsBack takes the owner's button that gives a guest's conversation back to the bot.
func (t *turn) ownerHandsBack() bool {
	press, known := ParsePress(t.in.ChoiceID)
	if t.in.Kind != InboundChoice || !t.in.FromOwner || !known || press.Action != ActionBotBack || press.GuestID == 0 {
		return false
	}
	t.effect(Effect{Kind: EffectHandBack, OtherGuestID: press.GuestID})
	t.say(toOwner.HandedBack)
	return true
}

// Return words what the bot says when the time of a person is over and the guest's last message was not answered: that it is
// back, and the question that was open. Errors are those of facts that are not booking refusals.
func Return(state State, facts Facts) (Outcome, error) {
	t := newTurn(state, Inbound{}, facts)
	t.state.HandedOver, t.state.Failures = false, 0
	if err := t.resume(t.texts.Returned); err != nil {
		return Outcome{}, fmt.Errorf("word the bot's return: %w", err)
	}
	return t.outcome(), nil
}

// resume says a line and comes back to where the search was, else to the menu.
func (t *turn) resume(line string) error {
	t.forgetPast()
	searching := !t.state.CheckIn.IsZero() || t.state.Guests > 0
	if !searching {
		t.menu()
	} else if err := t.proceed(); err != nil {
		return err
	}
	t.before(line)
	return nil
}

// feelings answers what matters before any wish: enough of the bot, money sent twice, anger, fear, and who is speaking.
func (t *turn) feelings() bool {
	switch {
	case t.gives(signOptOut):
		t.askOptOut()
	case t.state.OptedOut && t.gives(signOptIn):
		t.state.OptedOut = false
		t.ask(t.texts.OptedIn, t.searchButton(), t.menuButton())
	case t.gives(signSurplus):
		t.handOver(ReasonAsked, t.texts.PaidTooMuch)
	case t.angry():
		t.handOver(ReasonUpset, t.texts.HandedOverUpset)
	case t.wary() && t.state.Reassured:
		t.handOver(ReasonUpset, t.texts.HandedOver)
	case t.wary():
		t.state.Reassured = true
		t.ask(say(t.texts.Reassure, "property", shown(t.facts.Property().Name, longestName)), t.humanButton(), t.menuButton())
	case t.gives(signBot) && !t.gives(signPerson):
		t.state.Awaiting = t.searchQuestion()
		t.ask(t.texts.IsBot, t.humanButton(), t.menuButton())
	case t.gives(signAbilities):
		t.help()
	case t.gives(signWait):
		t.say(t.texts.Waiting)
	case t.gives(signQuestion):
		t.say(t.texts.WriteIt)
	default:
		return false
	}
	return true
}

// askOptOut asks once whether nothing more is to be sent.
func (t *turn) askOptOut() {
	if t.state.OptedOut {
		t.say(t.texts.OptedOutAlready)
		return
	}
	t.state.Awaiting = awaitOptOut
	t.ask(t.texts.AskOptOut, button(t.texts.ButtonOptOut, Press{Action: ActionOptOut}), t.menuButton())
}

func (t *turn) optOut() {
	t.state.Awaiting, t.state.OptedOut = "", true
	t.effect(Effect{Kind: EffectOptOut})
	t.say(t.texts.OptedOut)
}

// lively reports whether a message has words, not only signs and smileys.
func lively(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return isLetter(r) || r >= '0' && r <= '9' })
}
