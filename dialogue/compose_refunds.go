package dialogue

import (
	"strings"

	"cabanas/booking"
)

// The kinds of notice about refunds, the same words as workflows.NoticeKind.
const (
	noticeRefundSent    = "refund_sent"
	noticeRefundDone    = "refund_done"
	noticeRefundRefused = "refund_refused"

	noticeOwnerRefundAsk  = "owner_refund_ask"
	noticeOwnerRefundDue  = "owner_refund_due"
	noticeOwnerRefundGoes = "owner_refund_goes"

	// verdictRefundStuck is workflows.VerdictRefundStuck.
	verdictRefundStuck booking.Verdict = "refund_stuck"
)

// CancellationTerms words a cancellation policy in a language (es, pt, en): the law of the deposit, what goes back until when, and
// what happens when we cancel. The words follow the ladder; nobody types them.
func CancellationTerms(language string, policy booking.CancellationPolicy) string {
	c := languageCatalogue(language)
	return c.HelpDeposit + " " + termsOf(c, policy) + " " + refundTextsOf(c.Code).ByUs
}

// termsOf words the ladder of a policy.
func termsOf(c *catalogue, policy booking.CancellationPolicy) string {
	t := refundTextsOf(c.Code)
	var parts []string
	open := false // who comes on the last step gets something
	for _, step := range policy.Ladder() {
		if step.RefundPercent <= 0 {
			continue
		}
		text := t.StepPart
		switch {
		case step.DaysBefore == 0:
			text, open = t.StepArrival, true
		case step.DaysBefore == 1:
			text = t.StepLastDay
		case step.RefundPercent >= 100:
			text = t.StepFull
		}
		parts = append(parts, say(text, "days", number(step.DaysBefore), "percent", number(step.RefundPercent)))
	}
	switch {
	case len(parts) == 0:
		return t.LadderNone
	case !open:
		parts = append(parts, t.LadderEnd)
	}
	return strings.Join(parts, " ")
}

// terms is the policy that a booking was made under, the property's for one that does not say.
func (c composer) terms() booking.CancellationPolicy {
	if c.notice.Booking.Cancellation.Name == "" {
		return c.notice.Property.Cancellation
	}
	return c.notice.Booking.Cancellation
}

// toGuestRefund words a notice about a refund; false for any other.
func (c composer) toGuestRefund() (Reply, bool) {
	t := refundTextsOf(c.texts.Code)
	switch c.notice.Kind {
	case noticeRefundSent:
		return c.update(t.Sent), true
	case noticeRefundDone:
		return c.update(t.Done), true
	case noticeRefundRefused:
		return c.update(t.Refused), true
	case noticeCancelled:
		if c.notice.Verdict == booking.VerdictWait {
			return c.text(c.say(t.CancelledReview), c.sentence("payment_update", t.CancelledReview)), true
		}
	}
	return Reply{}, false
}

// toOwnerRefunds words a notice to the owner about a refund; false for any other.
func (c composer) toOwnerRefunds() (Reply, bool) {
	t := toOwnerRefund
	switch c.notice.Kind {
	case noticeOwnerRefundAsk:
		return c.askRefund(t.Ask), true
	case noticeOwnerRefundDue:
		return c.askRefund(t.Due), true
	case noticeOwnerRefundGoes:
		return c.text(c.say(t.Goes), c.sentence("owner_alert", t.Goes)), true
	case noticeOwnerCancelled:
		if c.notice.Verdict == booking.VerdictWait {
			return c.text(c.say(t.CancelledAsk), c.sentence("owner_alert", t.CancelledAsk)), true
		}
	case noticeOwnerPayment:
		if c.notice.Verdict == verdictRefundStuck {
			return c.text(c.say(t.Stuck), c.sentence("owner_alert", t.Stuck)), true
		}
	}
	return Reply{}, false
}

// askRefund asks the owner whether a sum may go back, outside the window in the panel: there are no buttons there.
func (c composer) askRefund(text string) Reply {
	code := c.notice.Booking.Code
	return c.buttons(text, c.sentence("owner_alert", text+"\n"+toOwnerRefund.AskPanel),
		button(toOwnerRefund.ButtonOK, Press{Action: ActionRefundOK, Code: code}),
		button(toOwnerRefund.ButtonNo, Press{Action: ActionRefundNo, Code: code}))
}

// ownerRefunds takes the owner's word on a refund, by the button of the question.
func (t *turn) ownerRefunds() bool {
	press, known := ParsePress(t.in.ChoiceID)
	if t.in.Kind != InboundChoice || !t.in.FromOwner || !known {
		return false
	}
	switch press.Action {
	case ActionRefundOK:
		t.effect(Effect{Kind: EffectRefundOK, Code: press.Code})
	case ActionRefundNo:
		t.effect(Effect{Kind: EffectRefundNo, Code: press.Code})
	default:
		return false
	}
	return true
}

// resolveRefund tells the owner what became of the decision.
func (t *turn) resolveRefund(effect Effect, result Result) {
	text := toOwnerRefund.Approved
	if effect.Kind == EffectRefundNo {
		text = toOwnerRefund.Kept
	}
	if result.Refusal != "" {
		text = toOwnerRefund.TooLate
	}
	t.say(say(text, "code", effect.Code))
}
