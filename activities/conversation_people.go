package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// callOwner silences the bot and tells the owner that a guest needs a person, why, and what was talked about.
func (a *Conversation) callOwner(ctx context.Context, in workflows.EffectInput) (carried, error) {
	var done carried
	if a.TakeoverReturn > 0 {
		done.backAt = a.Now().Add(a.TakeoverReturn).Truncate(time.Microsecond) // as Postgres keeps it
	}
	if err := a.Store.SetHandedOver(ctx, in.GuestID, true, done.backAt); err != nil {
		return done, err
	}
	notice, err := a.alarmAbout(ctx, in, workflows.NoticeOwnerHandOver)
	if err != nil {
		return done, err
	}
	notice.Reason = dialogue.HandOverReason(in.Effect.Reason)
	done.also, err = a.alarm(ctx, in, notice)
	return done, err
}

// raiseReceipt tells the owner, once per message, of a picture that may be a transfer receipt. Nothing is believed.
func (a *Conversation) raiseReceipt(ctx context.Context, in workflows.EffectInput) ([]int64, error) {
	notice, err := a.alarmAbout(ctx, in, workflows.NoticeOwnerReceipt)
	if err != nil {
		return nil, err
	}
	return a.alarm(ctx, in, notice)
}

// alarmAbout is what the owner should know of a conversation.
func (a *Conversation) alarmAbout(ctx context.Context, in workflows.EffectInput, kind workflows.NoticeKind) (dialogue.Notice, error) {
	guest, err := a.Store.Guest(ctx, in.GuestID)
	if err != nil {
		return dialogue.Notice{}, err
	}
	property, err := a.Desk.catalogue().property(ctx)
	if err != nil {
		return dialogue.Notice{}, err
	}
	stored, err := a.Store.ConversationState(ctx, in.GuestID)
	if err != nil {
		return dialogue.Notice{}, err
	}
	state, err := stateOf(stored, false)
	if err != nil {
		return dialogue.Notice{}, err
	}
	notice := dialogue.Notice{
		Kind: string(kind), Language: "es", Property: property, Now: a.Now(),
		GuestID: guest.ID, GuestName: guest.Name, GuestPhone: guest.Phone, Conversation: state,
	}
	if notice.LastText, err = a.lastWords(ctx, in.MessageID); err != nil {
		return notice, err
	}
	if state.AccommodationID != 0 {
		place, err := a.Store.Accommodation(ctx, state.AccommodationID)
		if err != nil {
			return notice, err
		}
		notice.CabinName = place.Name
	}
	if in.Effect.Code == "" {
		return notice, nil
	}
	if err := a.owned(ctx, in); err != nil {
		return notice, err
	}
	shown, err := a.done(ctx, in.Effect.Code, booking.Money{})
	notice.Booking = shown.Booking
	return notice, err
}

// lastWords are what a turn answers, as written or heard.
func (a *Conversation) lastWords(ctx context.Context, messageID int64) (string, error) {
	messages, err := a.Store.TurnMessages(ctx, messageID)
	if err != nil {
		return "", err
	}
	var words []string
	for _, message := range messages {
		var said dialogue.Inbound
		if err := json.Unmarshal(message.Body, &said); err != nil {
			return "", fmt.Errorf("read message of turn %d: %w", messageID, err)
		}
		if text := said.Text + message.Heard; text != "" {
			words = append(words, text)
		}
	}
	return strings.Join(words, "\n"), nil
}

func (a *Conversation) alarm(ctx context.Context, in workflows.EffectInput, notice dialogue.Notice) ([]int64, error) {
	words := dialogue.Compose(notice)
	reply, err := json.Marshal(words)
	if err != nil {
		return nil, fmt.Errorf("encode notice: %w", err)
	}
	id, err := a.Store.QueueNotice(ctx, postgres.Notice{
		Key: in.Effect.Key, Owner: true, OwnerPhone: a.OwnerPhone, Reply: reply, TraceID: in.Effect.TraceID,
	}, a.Now())
	if err != nil {
		return nil, err
	}
	err = a.Mailbox.alarm(ctx, in.Effect.Key, about{kind: workflows.NoticeKind(notice.Kind), guest: notice.GuestID, code: notice.Booking.Code}, words)
	if err != nil || id == 0 {
		return nil, err
	}
	return []int64{id}, nil
}

// handBack lets the bot answer again: to the guest, who is answered in the same turn, or to another guest by the owner's word.
func (a *Conversation) handBack(ctx context.Context, in workflows.EffectInput) ([]int64, error) {
	other := in.Effect.OtherGuestID
	if other == 0 {
		return nil, a.Store.SetHandedOver(ctx, in.GuestID, false, time.Time{})
	}
	by, err := a.Store.Guest(ctx, in.GuestID)
	if err != nil {
		return nil, err
	}
	if !a.isOwner(by) {
		return nil, booking.Refuse(booking.CodeNotFound, "only the owner hands the conversations of others back")
	}
	returned, err := a.Store.ReturnToBot(ctx, other, true, a.Now(), a.wordReturn)
	return returned.Deliver, err
}

// ReturnToBot gives a conversation back to the bot when the time of the person is over. Who was left without an answer is told.
func (a *Conversation) ReturnToBot(ctx context.Context, in workflows.ReturnInput) (workflows.ReturnResult, error) {
	now := a.Now()
	if now.Before(in.Now) {
		now = in.Now
	}
	returned, err := a.Store.ReturnToBot(ctx, in.GuestID, false, now, a.wordReturn)
	if err != nil {
		return workflows.ReturnResult{}, asTemporal(err)
	}
	slog.InfoContext(ctx, "time of a person is over", "guest_id", in.GuestID, "replies", len(returned.Deliver), "later", !returned.TakenOverUntil.IsZero())
	return workflows.ReturnResult{Deliver: returned.Deliver, BackAt: returned.TakenOverUntil}, nil
}

// wordReturn says nothing to a guest whom a person answered, or whom WhatsApp lets nobody write to.
func (a *Conversation) wordReturn(ctx context.Context, talk postgres.ReturnContext) (json.RawMessage, []json.RawMessage, error) {
	if !talk.Unanswered || !talk.WindowOpen {
		return nil, nil, nil
	}
	state, err := stateOf(talk.State, true)
	if err != nil {
		return nil, nil, err
	}
	facts, err := newFacts(ctx, a.Desk.catalogue(), a.Store, talk.GuestID)
	if err != nil {
		return nil, nil, err
	}
	outcome, err := dialogue.Return(state, facts)
	if err != nil {
		return nil, nil, err
	}
	decision, err := encoded(outcome)
	return decision.State, decision.Replies, err
}
