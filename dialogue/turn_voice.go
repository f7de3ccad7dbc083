package dialogue

import (
	"strings"

	"cabanas/booking"
)

// longestHeard is how much of a doubtful transcription is kept and repeated.
const longestHeard = 400

// audio answers a voice note by what was heard in it.
func (t *turn) audio() error {
	if t.in.Voice == nil {
		t.cannotRead(t.texts.GotAudio)
		return nil
	}
	heard := cut(strings.TrimSpace(strings.ToValidUTF8(t.in.Voice.Text, "")), longestHeard)
	switch t.in.Voice.Outcome {
	case VoiceHeard:
		if lively(heard) {
			return t.text()
		}
		t.cannotRead(t.texts.VoiceSilent)
	case VoiceUnclear:
		if !lively(heard) {
			t.cannotRead(t.texts.VoiceSilent)
			return nil
		}
		t.state.Heard, t.state.Awaiting = heard, awaitHeard
		t.ask(say(t.texts.VoiceUnclear, "heard", shown(heard, longestHeard)),
			button(t.texts.ButtonHeardYes, Press{Action: ActionHeardYes}), button(t.texts.ButtonHeardNo, Press{Action: ActionHeardNo}))
	case VoiceSilent:
		t.cannotRead(t.texts.VoiceSilent)
	case VoiceTooLong:
		t.cannotRead(t.texts.VoiceTooLong)
	default:
		t.cannotRead(t.texts.VoiceFailed)
	}
	return nil
}

// heardRight takes a doubtful transcription for what the guest says. It stays a voice note: it can ask, not agree.
func (t *turn) heardRight() error {
	heard := t.state.Heard
	if heard == "" {
		t.menu()
		return nil
	}
	t.state.Heard, t.state.Awaiting, t.voice = "", "", true
	t.understand(heard)
	t.speak()
	return t.text()
}

func (t *turn) heardWrong() {
	t.state.Heard, t.state.Awaiting = "", t.searchQuestion()
	t.say(t.texts.WriteIt)
}

// searchQuestion names what a search that is under way still asks, "" when none is.
func (t *turn) searchQuestion() string {
	s := t.state
	switch {
	case s.CheckIn.IsZero() && s.CheckOut.IsZero() && s.Guests == 0 && s.Nights == 0:
		return ""
	case s.CheckIn.IsZero():
		return awaitDates
	case s.CheckOut.IsZero():
		return awaitCheckOut
	case s.Guests == 0:
		return awaitGuests
	}
	return ""
}

// echo repeats what was heard in a voice note or proposed by a language model, in front of the answer to it.
func (t *turn) echo() {
	if !t.voice && !t.proposed || len(t.replies) == 0 {
		return
	}
	what := t.understood()
	if what == "" {
		if !t.voice || len(t.words) == 0 || t.small() {
			return
		}
		const longestQuote = 160
		what = "“" + shown(t.in.Text, longestQuote) + "”"
	}
	text := t.texts.Understood
	if t.voice {
		text = t.texts.HeardYou
	}
	t.before(say(text, "what", what))
}

// small reports a courtesy, which is not worth repeating.
func (t *turn) small() bool {
	switch t.read.Intent {
	case IntentGreeting, IntentAffirm, IntentDeny, IntentThanks, IntentGoodbye:
		return true
	}
	return false
}

// before puts a line in front of the first reply, on its own when it does not fit.
func (t *turn) before(line string) {
	first := &t.replies[0]
	if first.Kind != ReplyPicture && first.Kind != ReplyLocation && first.Body != "" && runes(line)+runes(first.Body)+2 <= bodyLimit(first.Kind) {
		first.Body = line + "\n\n" + first.Body
		return
	}
	t.replies = append([]Reply{{Kind: ReplyText, Body: line}}, t.replies...)
}

// understood words the people, the dates and the booking of the message: "2 adultos y 1 nene, del vie 4/12 al dom 6/12".
func (t *turn) understood() string {
	r, c := t.read, t.texts
	var parts []string
	var who []string
	add := func(n int, one, many string) {
		if n > 0 {
			who = append(who, counted(n, one, many))
		}
	}
	switch {
	case r.Adults > 0 && r.Adults+r.Children == r.Guests:
		add(r.Adults, c.Adult, c.Adults)
		add(r.Children, c.Child, c.Children)
	default:
		add(r.Guests, c.Person, c.People)
	}
	add(r.Pets, c.Pet, c.Pets)
	if len(who) > 0 {
		parts = append(parts, c.listed(who))
	}
	words := []string{"in", t.date(r.CheckIn), "out", t.date(r.CheckOut)}
	switch {
	case len(r.Ambiguous) > 1:
	case !r.CheckIn.IsZero() && !r.CheckOut.IsZero():
		parts = append(parts, say(c.SaidStay, words...))
	case !r.CheckIn.IsZero():
		parts = append(parts, say(c.SaidCheckIn, words...))
	case !r.CheckOut.IsZero():
		parts = append(parts, say(c.SaidCheckOut, words...))
	case r.Nights > 0:
		parts = append(parts, t.nights(r.Nights))
	}
	if r.Code != "" {
		parts = append(parts, r.Code)
	}
	return strings.Join(parts, ", ")
}

// listed joins words as a language does: "2 adultos y 1 nene".
func (c *catalogue) listed(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + c.And + " " + words[last]
}

// mostProposed is how many guests a language model may speak of.
const mostProposed = 50

// propose takes over what a language model read, where the grammar found nothing and as far as it keeps the rules. It may say what
// a guest asks about, never that they agree, refuse, pay or cancel.
func (t *turn) propose() {
	p := t.in.Proposal
	if p == nil || t.read.Intent != IntentOther || t.read.HasData() || t.read.Code != "" || !lively(t.in.Text) {
		return
	}
	valid := Understanding{Intent: IntentOther, Confidence: min(max(p.Confidence, 0), 1), Language: t.read.Language}
	switch p.Intent {
	case IntentGreeting, IntentAvailability, IntentPrice, IntentBook, IntentMyBookings, IntentLocation, IntentAmenities, IntentCheckinInfo,
		IntentPolicies, IntentPhotos, IntentHuman, IntentProvideInfo, IntentThanks, IntentGoodbye:
		valid.Intent = p.Intent
	}
	t.proposeStay(*p, &valid)
	if p.Guests >= 1 && p.Guests <= mostProposed {
		valid.Guests = p.Guests
		if p.Adults >= 0 && p.Children >= 0 && p.Adults+p.Children == p.Guests {
			valid.Adults, valid.Children = p.Adults, p.Children
		}
	}
	if known := languageCatalogue(p.Language); valid.Language == "" && known.Code == p.Language {
		valid.Language = p.Language
	}
	hasData := !valid.CheckIn.IsZero() || valid.Guests > 0 || valid.Nights > 0
	if valid.Intent == IntentOther && hasData {
		valid.Intent = IntentProvideInfo
	}
	if valid.Intent == IntentOther || valid.Intent == IntentProvideInfo && !hasData {
		return
	}
	t.read.Understanding, t.proposed = valid, true
}

// proposeStay takes dates over that can be booked by the limits of the property.
func (t *turn) proposeStay(p Understanding, valid *Understanding) {
	if p.CheckIn.IsZero() {
		if p.CheckOut.IsZero() && p.Nights > 0 && p.Nights <= max(t.facts.Property().Limits.LongestStay, 1) {
			valid.Nights = p.Nights
		}
		return
	}
	stay := booking.Stay{CheckIn: p.CheckIn, CheckOut: p.CheckOut}
	if p.CheckOut.IsZero() {
		stay.CheckOut = p.CheckIn.AddDays(1)
	}
	anything := booking.Accommodation{Active: true, Capacity: 1}
	if t.facts.Property().Limits.Check(anything, stay, 1, t.today) != nil {
		return
	}
	valid.CheckIn, valid.CheckOut = p.CheckIn, p.CheckOut
	if !p.CheckOut.IsZero() {
		valid.Nights = stay.Nights()
	}
}
