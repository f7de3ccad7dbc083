package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"
)

const (
	// conversationVersion is the version of the state that a run hands to the next.
	conversationVersion = 1
	// continueAfter keeps histories short, which replay fast.
	continueAfter = 200
	// mostTurns bounds the turns taken for one signal: turns left over by a run that died come first.
	mostTurns = 50
)

// Conversation answers the messages of one guest, one at a time and in order. A signal says that a message waits in the
// database; deciding and storing the answer is one short step there, sending it and carrying out what it asks for follow. It
// ends after a silence; the next message starts a new run.
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
	alarm    alarm
	handled  int
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
		if err := c.answer(ctx, signal.MessageID); err != nil {
			return err
		}
	}
}

// awaitMessage takes one signal; false means that the guest has been silent for long enough. One timer serves many messages:
// when it rings too early it is set again.
func (c *conversation) awaitMessage(ctx workflow.Context) (signal MessageSignal, waits bool, err error) {
	if c.in.Pending > 0 {
		c.in.Pending--
		return signal, true, nil
	}
	silentSince := workflow.Now(ctx)
	for !c.messages.ReceiveAsync(&signal) {
		end := silentSince.Add(c.in.Idle)
		if !workflow.Now(ctx).Before(end) {
			return signal, false, nil
		}
		if !c.alarm.pending() {
			c.alarm.set(ctx, end, "the guest is silent")
		}
		err := workflow.Await(ctx, func() bool { return c.messages.Len() > 0 || !c.alarm.pending() })
		if err != nil {
			return signal, false, err
		}
	}
	return signal, true, nil
}

// answer takes turns up to the one of the signalled message. It is the first one unless messages came out of order, or a run
// that died left a turn over; a carried signal names no message and stands for all that wait.
func (c *conversation) answer(ctx workflow.Context, messageID int64) error {
	c.handled++
	for range mostTurns {
		turn, err := decideTurn.runLocal(databaseStep(ctx, "turn"), TurnInput{GuestID: c.in.GuestID})
		if err != nil {
			return c.goOn(ctx, "turn not decided", err)
		}
		if turn.MessageID == 0 {
			return nil
		}
		if err := c.workOff(ctx, turn); err != nil || turn.MessageID == messageID {
			return err
		}
	}
	return nil
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
	for c.messages.ReceiveAsync(nil) {
		c.in.Pending++
	}
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
