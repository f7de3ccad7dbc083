package activities

import (
	"context"

	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/gateways/llm"
)

// LanguageModel proposes what a language model reads in a message.
type LanguageModel struct {
	Client interface {
		Propose(ctx context.Context, text string, today booking.Date) (llm.Reading, error)
	}
}

// modelConfidence is what a proposal counts: enough to be repeated to the guest, never enough to act on.
const modelConfidence = 0.5

// ProposedIntents are the words a language model may read a message as.
var ProposedIntents = []string{
	string(dialogue.IntentGreeting), string(dialogue.IntentAvailability), string(dialogue.IntentPrice), string(dialogue.IntentBook),
	string(dialogue.IntentMyBookings), string(dialogue.IntentCancel), string(dialogue.IntentChangeDates), string(dialogue.IntentExtendHold),
	string(dialogue.IntentPay), string(dialogue.IntentPaymentSent), string(dialogue.IntentLocation), string(dialogue.IntentAmenities),
	string(dialogue.IntentCheckinInfo), string(dialogue.IntentPolicies), string(dialogue.IntentPhotos), string(dialogue.IntentHuman),
	string(dialogue.IntentThanks), string(dialogue.IntentGoodbye), string(dialogue.IntentProvideInfo), string(dialogue.IntentOther),
}

// Propose asks the model once.
func (m *LanguageModel) Propose(ctx context.Context, text string, today booking.Date) (dialogue.Understanding, error) {
	reading, err := m.Client.Propose(ctx, text, today)
	if err != nil {
		return dialogue.Understanding{}, err
	}
	proposal := dialogue.Understanding{
		Intent: dialogue.Intent(reading.Intent), Confidence: modelConfidence, CheckIn: reading.CheckIn, CheckOut: reading.CheckOut,
		Nights: reading.Nights, Guests: reading.Guests, Adults: reading.Adults, Children: reading.Children, Pets: reading.Pets,
		Language: reading.Language,
	}
	if proposal.Intent == "" {
		proposal.Intent = dialogue.IntentOther
	}
	return proposal, nil
}
