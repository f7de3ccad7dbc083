package postgres

import (
	"context"
	"encoding/json"
	"time"
)

// Inbound is a message of a guest as it comes from the provider.
type Inbound struct {
	Guest Guest
	// ProviderID is the wamid; a message is kept once.
	ProviderID string
	Kind       string
	Body       json.RawMessage
	SentAt     time.Time
	TraceID    string
}

// InboundMessage is a stored message of a guest.
type InboundMessage struct {
	ID         int64
	ProviderID string
	Kind       string
	Body       json.RawMessage
	SentAt     time.Time
	TraceID    string
}

// TurnContext is what a turn is decided on.
type TurnContext struct {
	State      json.RawMessage
	HandedOver bool
	Message    InboundMessage
	Guest      Guest
}

// TurnDecision is what a turn stores: the state from now on, what is said and what is to be done.
type TurnDecision struct {
	State   json.RawMessage
	Replies []json.RawMessage
	// Effects is a JSON array; its length is how many outcomes StoreEffectOutcome will bring.
	Effects    json.RawMessage
	Understood json.RawMessage
}

// TakenTurn is a stored turn: outbound messages to deliver, in order, and effects to carry out.
type TakenTurn struct {
	MessageID int64
	Deliver   []int64
	Effects   json.RawMessage
	TraceID   string
}

// RecordInbound keeps a message with its guest and conversation in one statement; a message kept before is not new. The
// 24-hour window of the conversation is moved forward, never back.
func (s *Store) RecordInbound(ctx context.Context, inbound Inbound, now time.Time) (guestID, messageID int64, isNew bool, err error) {
	return 0, 0, false, errPending
}

// TakeTurn decides and stores the turn of the guest's oldest message, by (sent_at, id), that has none; false when none waits.
//
// Conversation, turn and replies are one transaction under the conversation's row lock, so a message has one turn whoever
// calls. When the newest stored turn was not worked off (a reply is still queued, or an effect has no outcome) it is returned
// again before a new one is decided: a caller that died between the commit and the answer loses nothing.
func (s *Store) TakeTurn(ctx context.Context, guestID int64, now time.Time,
	decide func(context.Context, TurnContext) (TurnDecision, error)) (TakenTurn, bool, error) {
	return TakenTurn{}, false, errPending
}

// StoreEffectOutcome keeps that an effect of a turn was carried out, with the replies that tell its outcome, once by its key
// (existing is true when it was kept before). A nil state leaves the dialogue state as it is.
func (s *Store) StoreEffectOutcome(ctx context.Context, guestID, messageID int64, effectKey string, state json.RawMessage,
	replies []json.RawMessage, now time.Time) (deliver []int64, existing bool, err error) {
	return nil, false, errPending
}

// ConversationState reads the dialogue state of a guest; nil when they never wrote.
func (s *Store) ConversationState(ctx context.Context, guestID int64) (json.RawMessage, error) {
	return nil, errPending
}

// SetHandedOver silences the bot for a guest, or hands the conversation back to it.
func (s *Store) SetHandedOver(ctx context.Context, guestID int64, handedOver bool) error {
	return errPending
}
