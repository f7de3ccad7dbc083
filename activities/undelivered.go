package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"cabanas/dialogue"
	"cabanas/gateways/whatsapp"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// remedyOf says what may help a message that Meta took and then reported as failed.
func remedyOf(status whatsapp.Status) (postgres.Remedy, whatsapp.Reason) {
	if len(status.Errors) == 0 {
		return postgres.RemedyNone, whatsapp.ReasonUnknown
	}
	failure := status.Errors[0]
	switch reason := failure.Reason(); {
	case whatsapp.HasOtherForm(failure.Code):
		return postgres.RemedyOtherForm, reason
	case reason == whatsapp.ReasonWindowClosed:
		return postgres.RemedyTemplate, reason
	case reason == whatsapp.ReasonTransient, reason == whatsapp.ReasonThroughput, reason == whatsapp.ReasonPairRate:
		return postgres.RemedyRepeat, reason
	case reason == whatsapp.ReasonAccount:
		return postgres.RemedyAccount, reason
	default:
		return postgres.RemedyNone, reason
	}
}

// What keeps a message from ever being sent; the words are kept with it.
var (
	errUnsendable = errors.New("unsendable")
	errNobody     = errors.New("no_recipient") // an alarm without OWNER_WHATSAPP
)

const (
	// accountPause is how long nobody sends after Meta refused the account: what comes meanwhile would be refused too.
	accountPause       = time.Minute
	longestAccountWait = 15 * time.Minute
	longestPairWait    = 10 * time.Minute
	longestBackOff     = time.Minute
	// mostUnexplained is how often a message is sent that Meta refuses without a reason.
	mostUnexplained = 10
)

// failed records a failed attempt: ambiguous ones stay claimed, what may be repeated is queued again, the rest is final.
func (a *Messaging) failed(ctx context.Context, message postgres.OutboundMessage, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	failure, _ := errors.AsType[*whatsapp.Error](cause)
	reason := whatsapp.ReasonOf(cause)
	a.Metrics.WhatsAppSends.WithLabelValues(string(reason)).Inc()
	slog.WarnContext(ctx, "message not sent", "message_id", message.ID, "key", message.EffectKey, "reason", string(reason), "error", cause)
	switch {
	case errors.Is(cause, errUnsendable):
		return a.giveUp(ctx, message, errUnsendable.Error())
	case errors.Is(cause, errNobody):
		return a.giveUp(ctx, message, errNobody.Error())
	case reason == whatsapp.ReasonAmbiguous:
		return cause
	case reason == whatsapp.ReasonRecipient:
		if whatsapp.HasOtherForm(failure.Code) {
			a.rememberForm(ctx, message, "") // neither form works now
		}
		return a.giveUp(ctx, message, string(reason))
	case reason == whatsapp.ReasonMessageInvalid, reason == whatsapp.ReasonTemplate, reason == whatsapp.ReasonWindowClosed:
		return a.giveUp(ctx, message, string(reason))
	case reason == whatsapp.ReasonTransient && failure.Code == whatsapp.CodeUnexplained && message.Attempts >= mostUnexplained:
		return a.giveUp(ctx, message, string(reason))
	case reason == whatsapp.ReasonAccount:
		return a.accountRefused(ctx, message, accountPause)
	case reason == whatsapp.ReasonPairRate:
		cause = heldBack(message, string(reason), backOff(failure.RetryAfter, 4, message.Attempts, longestPairWait))
	case reason == whatsapp.ReasonThroughput:
		cause = heldBack(message, string(reason), backOff(max(failure.RetryAfter, time.Second), 2, message.Attempts, longestBackOff))
	case reason == whatsapp.ReasonUnknown:
		slog.ErrorContext(ctx, "refused for a reason in no table", "message_id", message.ID, "error", cause)
	}
	// Whatever else it was, a wrong address of the API included, somebody can mend it and the message still goes out.
	return errors.Join(cause, a.Store.SendFailed(ctx, message.ID, string(reason), false, a.Now()))
}

// backOff grows with every attempt. For one person it is Meta's rule: at least six seconds, and four times as long each time.
func backOff(least time.Duration, factor, attempts int, most time.Duration) time.Duration {
	wait := least
	for range attempts - 1 {
		wait = min(wait*time.Duration(factor), most)
	}
	return wait
}

// accountRefused stops all sending for a moment and calls for help. The message waits and goes out when it is mended.
func (a *Messaging) accountRefused(ctx context.Context, message postgres.OutboundMessage, wait time.Duration) error {
	a.Metrics.WhatsAppAccountRefused.Inc()
	slog.ErrorContext(ctx, "WhatsApp refuses the account: sending stops until it is mended", "message_id", message.ID)
	if a.Budget != nil {
		if err := a.Budget.Pause(ctx, accountPause); err != nil {
			slog.WarnContext(ctx, "other processes are not held back", "error", err)
		}
	}
	return errors.Join(heldBack(message, string(whatsapp.ReasonAccount), wait), a.alarmAccount(ctx),
		a.Store.SendFailed(ctx, message.ID, string(whatsapp.ReasonAccount), false, a.Now()))
}

// alarmAccount puts the trouble on record and tells the owner, at most once an hour; while a former alarm has not gone out no
// further message is queued behind it.
func (a *Messaging) alarmAccount(ctx context.Context) error {
	notice, err := a.ownerNotice(ctx, workflows.NoticeOwnerAccount)
	if err != nil {
		return err
	}
	notice.Problem = string(whatsapp.ReasonAccount)
	phone := a.OwnerPhone
	waiting, err := a.Store.NoticeWaits(ctx, string(workflows.NoticeOwnerAccount)+"/")
	if err != nil {
		return err
	}
	if waiting {
		phone = ""
	}
	hour := a.Now().UTC().Truncate(time.Hour).Format("2006-01-02T15")
	return a.alarm(ctx, notice, string(workflows.NoticeOwnerAccount)+"/"+hour, phone)
}

// giveUp ends a message and tells the owner. The telling comes first: should this process die in between, both are repeated.
func (a *Messaging) giveUp(ctx context.Context, message postgres.OutboundMessage, word string) error {
	if err := a.tellOwner(ctx, message, problemOf(word)); err != nil {
		return err
	}
	return a.Store.SendFailed(ctx, message.ID, word, true, a.Now())
}

// tellOwner alarms the owner, once, that a message does not reach its guest. Of the replies of one turn only the first one is
// told. An alarm that fails itself is for the log.
func (a *Messaging) tellOwner(ctx context.Context, message postgres.OutboundMessage, problem whatsapp.Reason) error {
	if problem == "" {
		return nil
	}
	if problem == whatsapp.ReasonMessageInvalid || problem == whatsapp.ReasonTemplate || message.GuestID == 0 {
		slog.ErrorContext(ctx, "message failed for good", "message_id", message.ID, "key", message.EffectKey, "reason", string(problem))
	}
	if message.GuestID == 0 {
		return nil
	}
	notice, err := a.ownerNotice(ctx, workflows.NoticeOwnerUnsent)
	if err != nil {
		return err
	}
	guest, err := a.Store.Guest(ctx, message.GuestID)
	if err != nil {
		return err
	}
	var said dialogue.Reply
	if err := json.Unmarshal(message.Reply, &said); err != nil {
		slog.WarnContext(ctx, "stored reply cannot be read", "message_id", message.ID)
	}
	notice.GuestID, notice.GuestName, notice.GuestPhone = guest.ID, guest.Name, guest.Phone
	notice.Problem, notice.LastText = string(problem), said.Body
	return a.alarm(ctx, notice, alarmKey(message.EffectKey), a.OwnerPhone)
}

// alarmKey is one for all replies of a turn, whose keys begin with the number of the guest's message.
func alarmKey(effectKey string) string {
	if turn, _, _ := strings.Cut(effectKey, "/"); isNumber(turn) {
		effectKey = turn
	}
	return string(workflows.NoticeOwnerUnsent) + "/" + effectKey
}

func isNumber(text string) bool {
	_, err := strconv.ParseInt(text, 10, 64)
	return err == nil
}

// alarm writes a notice to the owner under its key and has it sent apart from the message it is about.
func (a *Messaging) alarm(ctx context.Context, notice dialogue.Notice, key, phone string) error {
	return a.alarmReply(ctx, dialogue.Compose(notice), key, phone, about{kind: workflows.NoticeKind(notice.Kind), guest: notice.GuestID, code: notice.Booking.Code})
}

func (a *Messaging) alarmReply(ctx context.Context, words dialogue.Reply, key, phone string, of about) error {
	reply, err := json.Marshal(words)
	if err != nil {
		return fmt.Errorf("encode alarm: %w", err)
	}
	id, err := a.Store.QueueNotice(ctx, postgres.Notice{Key: key, Owner: true, OwnerPhone: phone, Reply: reply, TraceID: observe.Trace(ctx)}, a.Now())
	if err != nil {
		return err
	}
	return errors.Join(a.sendAlarm(ctx, id), a.Mailbox.alarm(ctx, key, of, words))
}

func (a *Messaging) sendAlarm(ctx context.Context, id int64) error {
	if id == 0 {
		return nil
	}
	alarm, err := a.Store.Outbound(ctx, id)
	if err != nil || alarm.Status != postgres.MessageQueued {
		return err
	}
	return a.Again.Redelivery(ctx, id)
}

// problemOf is the reason of a mark on a failed message; a guest who opted out is no problem.
func problemOf(mark string) whatsapp.Reason {
	switch mark {
	case optedOut:
		return ""
	case errUnsendable.Error():
		return whatsapp.ReasonMessageInvalid
	case errNobody.Error():
		return whatsapp.ReasonRecipient
	}
	if isNumber(mark) {
		return whatsapp.ReasonOfCode(mark)
	}
	return whatsapp.Reason(mark)
}
