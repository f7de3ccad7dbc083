package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"
)

const (
	// conversationVersion is the version of the state that a run hands to the next. Since 2 a carried signal stands for all that wait.
	conversationVersion = 2
	// continueAfter keeps histories short, which replay fast.
	continueAfter = 200
	// mostTurns bounds the turns taken for one signal: turns left over by a run that died come first.
	mostTurns = 50
	// mostPauses is how many times the pause for the next piece may pass in all.
	mostPauses = 3
	// A guest with floodTurns turns within floodTime is answered after floodPause of quiet only.
	floodTurns = 15
	floodTime  = time.Minute
	floodPause = 6 * time.Second
)

// Conversation answers the messages of one guest, one at a time and in order. A signal says that a message waits in the
// database; deciding and storing the answer is one short step there, sending it and carrying out what it asks for follow. What
// a guest writes in pieces is waited for, and answered as one. While a person has taken over nothing is said; this workflow
// keeps the time of the bot's return. It ends after a silence; the next message starts a new run.
//
// Whatever is new since the first release happens only by values that older histories do not have, so that they replay.
func Conversation(ctx workflow.Context, in ConversationInput) error {
	c := &conversation{in: in, messages: workflow.GetSignalChannelWithOptions(ctx, SignalMessage, workflow.SignalChannelOptions{
		Description: "a message of the guest waits in the database",
	})}
	if c.in.ContinueAfter <= 0 {
		c.in.ContinueAfter = continueAfter
	}
	return c.run(ctx)
}

type conversation struct {
	in       ConversationInput
	messages workflow.ReceiveChannel
	// queue are signals taken in and not handled.
	queue []MessageSignal
	// merged are messages that were answered as one before their own signal was handled.
	merged  map[int64]bool
	alarm   alarm
	back    alarm
	handled int
}

func (c *conversation) run(ctx workflow.Context) error {
	c.show(ctx)
	for {
		if c.mustContinue(ctx) {
			return c.continueAsNew(ctx)
		}
		signal, waits, err := c.awaitMessage(ctx)
		if err != nil || !waits {
			return err
		}
		if c.merged[signal.MessageID] {
			c.handled++
			delete(c.merged, signal.MessageID)
			continue
		}
		if err := c.settle(ctx, signal); err != nil {
			return err
		}
		if err := c.answer(ctx, signal.MessageID); err != nil {
			return err
		}
	}
}

// awaitMessage takes one signal; false means that the guest has been silent for long enough. One timer serves many messages:
// when it rings too early it is set again. The bot's return is kept meanwhile.
func (c *conversation) awaitMessage(ctx workflow.Context) (signal MessageSignal, waits bool, err error) {
	if c.in.Pending > 0 {
		c.in.Pending--
		signal.Free = c.in.V >= 2
		return signal, true, nil
	}
	silentSince := workflow.Now(ctx)
	for {
		if c.takeIn(); len(c.queue) > 0 {
			signal, c.queue = c.queue[0], c.queue[1:]
			return signal, true, nil
		}
		if err := c.returnIfDue(ctx); err != nil {
			return signal, false, err
		}
		end := silentSince.Add(c.in.Idle)
		if !workflow.Now(ctx).Before(end) && c.in.BackAt.IsZero() {
			return signal, false, nil
		}
		if workflow.Now(ctx).Before(end) && !c.alarm.pending() {
			c.alarm.set(ctx, end, "the guest is silent")
		}
		if !c.in.BackAt.IsZero() {
			c.back.set(ctx, c.in.BackAt, "the bot answers again")
		}
		silence, away := c.alarm.pending(), c.back.pending()
		err := workflow.Await(ctx, func() bool {
			return c.messages.Len() > 0 || silence != c.alarm.pending() || away != c.back.pending()
		})
		if err != nil {
			return signal, false, err
		}
	}
}

// takeIn moves what was signalled to the queue.
func (c *conversation) takeIn() {
	for {
		var signal MessageSignal
		if !c.messages.ReceiveAsync(&signal) {
			return
		}
		c.queue = append(c.queue, signal)
	}
}

// settle waits for the rest of what a guest writes in pieces: until nothing came for a while, something whole came, or it has
// taken long enough. A message that is whole waits for nothing.
func (c *conversation) settle(ctx workflow.Context, signal MessageSignal) error {
	pause, flood := signal.Settle, signal.Free && c.floods(ctx)
	if flood {
		pause = floodPause
	}
	if pause <= 0 {
		return nil
	}
	began, seen, whole := workflow.Now(ctx), 0, false
	quiet := began.Add(pause)
	look := func() bool {
		for c.takeIn(); seen < len(c.queue); seen++ {
			next := c.queue[seen]
			whole = whole || !next.Free || !flood && next.Settle <= 0
			quiet = workflow.Now(ctx).Add(pause)
		}
		return whole
	}
	for !look() {
		end := began.Add(mostPauses * pause)
		if quiet.Before(end) {
			end = quiet
		}
		left := end.Sub(workflow.Now(ctx))
		if left <= 0 {
			return nil
		}
		if _, err := workflow.AwaitWithTimeout(ctx, left, look); err != nil {
			return err
		}
	}
	return nil
}

// floods reports whether the guest had more turns of late than anybody needs.
func (c *conversation) floods(ctx workflow.Context) bool {
	return len(c.in.Recent) >= floodTurns && workflow.Now(ctx).Sub(c.in.Recent[0]) < floodTime
}

// answer takes turns up to the one of the signalled message. It is the first one unless messages came out of order, or a run
// that died left a turn over; a carried signal names no message and stands for all that wait.
func (c *conversation) answer(ctx workflow.Context, messageID int64) error {
	c.handled++
	for range mostTurns {
		turn, err := c.decide(ctx, TurnInput{GuestID: c.in.GuestID, Flood: c.floods(ctx)})
		if err != nil {
			return c.goOn(ctx, "turn not decided", err)
		}
		if turn.MessageID == 0 {
			if messageID == 0 && c.in.V >= 2 {
				c.in.Pending = 0
			}
			return nil
		}
		c.note(ctx, turn)
		answered := turn.MessageID == messageID || c.merged[messageID]
		delete(c.merged, messageID)
		if err := c.workOff(ctx, turn); err != nil || answered {
			return err
		}
	}
	return nil
}

// decide takes a turn; a voice message is heard before, once. What cannot be heard is decided without.
func (c *conversation) decide(ctx workflow.Context, in TurnInput) (Turn, error) {
	heard := int64(0)
	for {
		turn, err := decideTurn.runLocal(databaseStep(ctx, "turn"), in)
		if err != nil || turn.Transcribe == 0 || turn.Transcribe == in.Unheard {
			return turn, err
		}
		if turn.Transcribe != heard {
			heard = turn.Transcribe
			if _, err = transcribe.run(listenStep(ctx), TranscribeInput{MessageID: heard}); err == nil {
				continue
			}
			if err := c.goOn(ctx, "voice message not heard", err); err != nil {
				return Turn{}, err
			}
		}
		in.Unheard = turn.Transcribe
	}
}

// note keeps what a turn tells beside what is to be done.
func (c *conversation) note(ctx workflow.Context, turn Turn) {
	c.in.BackAt = turn.BackAt
	c.in.Recent = append(c.in.Recent, workflow.Now(ctx))
	c.in.Recent = c.in.Recent[max(0, len(c.in.Recent)-floodTurns):]
	if len(turn.Merged) == 0 {
		return
	}
	if c.merged == nil {
		c.merged = map[int64]bool{}
	}
	c.merged[turn.MessageID] = true
	for _, id := range turn.Merged {
		c.merged[id] = true
	}
}

// returnIfDue lets the bot come back when the time of the person is over.
func (c *conversation) returnIfDue(ctx workflow.Context) error {
	if c.in.BackAt.IsZero() || workflow.Now(ctx).Before(c.in.BackAt) {
		return nil
	}
	result, err := returnToBot.runLocal(databaseStep(ctx, "return"), ReturnInput{GuestID: c.in.GuestID, Now: workflow.Now(ctx)})
	c.in.BackAt = result.BackAt
	if err != nil {
		return c.goOn(ctx, "bot not returned", err)
	}
	return c.deliver(ctx, result.Deliver)
}

// workOff delivers the messages of a turn and carries out its effects. A message that cannot be delivered does not stop the
// conversation; only the workflow's cancellation does.
func (c *conversation) workOff(ctx workflow.Context, turn Turn) error {
	if err := c.deliver(ctx, turn.Deliver); err != nil {
		return err
	}
	for _, effect := range turn.Effects {
		result, err := runEffect.run(effectStep(ctx, effect.Kind),
			EffectInput{GuestID: c.in.GuestID, MessageID: turn.MessageID, Effect: effect})
		if err != nil {
			if err := c.goOn(ctx, "effect not carried out", err); err != nil {
				return err
			}
			continue
		}
		switch {
		case !result.BackAt.IsZero():
			c.in.BackAt = result.BackAt
		case effect.Kind == EffectHandBack && effect.OtherGuestID == 0:
			c.in.BackAt = time.Time{}
		}
		if err := c.deliver(ctx, result.Deliver); err != nil {
			return err
		}
	}
	return nil
}

func (c *conversation) deliver(ctx workflow.Context, messageIDs []int64) error {
	if len(messageIDs) == 0 {
		return nil
	}
	_, err := deliverMessages.promptly(replyStep(ctx), DeliverInput{MessageIDs: messageIDs})
	return c.goOn(ctx, "reply not delivered", err)
}

// goOn logs a step that failed for good and lets the conversation live; a cancelled workflow stops.
func (c *conversation) goOn(ctx workflow.Context, what string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	workflow.GetLogger(ctx).Error(what, "guest_id", c.in.GuestID, "error", err)
	return nil
}

func (c *conversation) mustContinue(ctx workflow.Context) bool {
	info := workflow.GetInfo(ctx)
	return c.handled >= c.in.ContinueAfter || c.handled > 0 &&
		(info.GetContinueAsNewSuggested() || info.GetTargetWorkerDeploymentVersionChanged())
}

// continueAsNew hands what was signalled and not handled to the next run; nothing else is open at this point.
func (c *conversation) continueAsNew(ctx workflow.Context) error {
	c.takeIn()
	c.in.Pending += len(c.queue)
	c.in.V = conversationVersion
	options := workflow.ContinueAsNewErrorOptions{}
	if workflow.GetInfo(ctx).GetTargetWorkerDeploymentVersionChanged() {
		options.InitialVersioningBehavior = workflow.ContinueAsNewVersioningBehaviorAutoUpgrade
	}
	return workflow.NewContinueAsNewErrorWithOptions(ctx, options, Conversation, c.in)
}

// show is set once: a line per message would cost more than it tells.
func (c *conversation) show(ctx workflow.Context) {
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("Conversation with guest %d, ends after %s of silence", c.in.GuestID,
		c.in.Idle.Round(time.Second)))
}
