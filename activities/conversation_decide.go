package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"
	"unicode/utf8"

	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/dialogue/understanding"
	"cabanas/gateways/whatsapp"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// decider decides one turn. It may be asked several times, when the conversation moves on meanwhile.
type decider struct {
	*Conversation
	in     workflows.TurnInput
	spoken language
	// proposals are what the language model was asked already, by text.
	proposals map[string]*dialogue.Understanding
}

// unheardError asks for a voice message to be heard first.
type unheardError struct{ messageID int64 }

func (e *unheardError) Error() string {
	return fmt.Sprintf("voice message %d is not heard yet", e.messageID)
}

func (d *decider) decide(ctx context.Context, turn postgres.TurnContext) (postgres.TurnDecision, error) {
	state, err := stateOf(turn.State, turn.HandedOver)
	if err != nil {
		return postgres.TurnDecision{}, err
	}
	inbound, merged, err := gather(turn.Waiting, d.in.Flood)
	if err != nil {
		return postgres.TurnDecision{}, err
	}
	if err := d.hear(&inbound, turn.Message); err != nil {
		return postgres.TurnDecision{}, err
	}
	inbound.ProfileName = turn.Guest.Name
	inbound.FromOwner = d.isOwner(turn.Guest)
	facts, err := newFacts(ctx, d.Desk.catalogue(), d.Store, turn.Guest.ID)
	if err != nil {
		return postgres.TurnDecision{}, err
	}
	if !state.HandedOver {
		inbound.Proposal = d.propose(ctx, inbound, booking.DateIn(facts.now, facts.property.Location))
	}
	outcome, err := dialogue.Take(state, inbound, facts)
	if err != nil {
		return postgres.TurnDecision{}, err
	}
	d.spoken = language{guest: turn.Guest, spoken: outcome.State.Language}
	decision, err := decisionOf(outcome, turn.Waiting[merged])
	decision.Merged, decision.OptedIn = merged, state.OptedOut && !outcome.State.OptedOut
	return decision, err
}

const (
	// mostPieces and longestThought bound what is read as one thought: messages, and characters of them together.
	mostPieces     = 10
	longestThought = 4000
)

// gather reads the oldest waiting message and what is answered with it: texts that follow it without anything else between
// are pieces of one thought. In a flood all of the same kind that waits counts, and only the end of it is read.
func gather(waiting []postgres.InboundMessage, flood bool) (whole dialogue.Inbound, merged int, err error) {
	for n, message := range waiting {
		var next dialogue.Inbound
		if err := json.Unmarshal(message.Body, &next); err != nil {
			if n > 0 {
				return whole, merged, nil // it fails when it is its turn
			}
			return whole, 0, fmt.Errorf("read message %d: %w", message.ID, err)
		}
		if n == 0 {
			whole = next
			continue
		}
		if !joins(whole.Kind, next, flood) || !flood && (n >= mostPieces || tooLong(whole.Text, next.Text)) {
			break
		}
		next.Text = whole.Text + "\n" + next.Text
		whole, merged = next, n
	}
	if flood && merged > 0 {
		whole.Text = lastCharacters(whole.Text, longestThought)
	}
	return whole, merged, nil
}

// joins reports whether a message can be answered with those before it. Silent ones, files and presses stand alone.
func joins(before dialogue.InboundKind, next dialogue.Inbound, flood bool) bool {
	return before == next.Kind && (next.Kind == dialogue.InboundText || flood && next.Kind == dialogue.InboundUnsupported)
}

func tooLong(before, next string) bool {
	return utf8.RuneCountInString(before)+1+utf8.RuneCountInString(next) > longestThought
}

func lastCharacters(text string, most int) string {
	for excess := utf8.RuneCountInString(text) - most; excess > 0; excess-- {
		_, size := utf8.DecodeRuneInString(text)
		text = text[size:]
	}
	return text
}

// hear fills in what was heard in a voice message, or asks for it to be heard.
func (d *decider) hear(inbound *dialogue.Inbound, message postgres.InboundMessage) error {
	if inbound.Kind != dialogue.InboundAudio {
		return nil
	}
	switch {
	case message.Heard != nil:
		inbound.Voice = &dialogue.Voice{Outcome: dialogue.VoiceOutcome(message.Heard.Outcome), Text: message.Heard.Text, Confidence: message.Heard.Confidence}
	case !d.Listening:
	case d.in.Unheard == message.ID || inbound.Media == nil:
		inbound.Voice = &dialogue.Voice{Outcome: dialogue.VoiceFailed}
	default:
		return &unheardError{messageID: message.ID}
	}
	return nil
}

// isOwner tells the owner's own phone by its canonical number.
func (a *Conversation) isOwner(guest postgres.Guest) bool {
	owner, err := whatsapp.CanonicalPhone(a.OwnerPhone)
	return err == nil && guest.Phone == owner
}

// fewestWords is what a model needs to make more of a message than we do.
const fewestWords = 4

// propose asks the language model about a text that our own reading makes nothing of. No answer in time is no proposal.
func (d *decider) propose(ctx context.Context, inbound dialogue.Inbound, today booking.Date) *dialogue.Understanding {
	text := inbound.Text
	if inbound.Voice != nil && inbound.Voice.Outcome == dialogue.VoiceHeard {
		text = inbound.Voice.Text
	}
	if d.Proposer == nil || inbound.Kind != dialogue.InboundText && inbound.Kind != dialogue.InboundAudio || !isRiddle(text, today) {
		return nil
	}
	if known, asked := d.proposals[text]; asked {
		return known
	}
	var proposal *dialogue.Understanding
	began := time.Now()
	proposed, err := d.Proposer.Propose(ctx, text, today)
	if err == nil {
		proposal = &proposed
	}
	slog.InfoContext(ctx, "language model asked", "proposed", err == nil, "took", time.Since(began), "error", err)
	d.proposals = map[string]*dialogue.Understanding{text: proposal}
	return proposal
}

// isRiddle reports whether a text says something that our own reading does not find.
func isRiddle(text string, today booking.Date) bool {
	reading := understanding.Read(text, understanding.Context{Today: today})
	return reading.Intent == dialogue.IntentOther && !reading.HasData() && reading.Code == "" && len(understanding.Words(text)) >= fewestWords
}
