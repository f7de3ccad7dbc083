package dialogue

import (
	"strings"

	"cabanas/booking"
)

func (c composer) toOwner() Reply {
	n := c.notice
	if reply, known := c.toOwnerOfMoney(); known {
		return reply
	}
	if reply, known := c.toOwnerLate(); known {
		return reply
	}
	if reply, known := c.toOwnerRefunds(); known {
		return reply
	}
	text := toOwner.Other
	switch n.Kind {
	case noticeOwnerConfirmed:
		text = toOwner.Confirmed
	case noticeOwnerCancelled:
		text = toOwner.Cancelled
		if n.Amount.Centavos > 0 {
			text = toOwner.CancelledRefund
		}
	case noticeOwnerHandOver:
		if n.Reason != "" || n.Booking.Code == "" {
			return c.ownerHandOver()
		}
		text = toOwner.NoLink
	case noticeOwnerReceipt:
		text = toOwner.Receipt
		if n.Booking.Code != "" {
			text += "\n" + toOwner.ReceiptBooking
		}
		text += "\n\n" + toOwner.ReceiptEnd
	case noticeOwnerUnsent:
		text = toOwner.Unsent
		if words := shown(n.LastText, longestWords); words != "" {
			text += "\n" + say(toOwner.UnsentWords, "words", words)
		}
		text += "\n" + c.unsent()
	case noticeOwnerAccount:
		text = toOwner.Account + "\n" + toOwner.AccountDo
	case noticeOwnerPayment:
		text = toOwner.PaymentCase + "\n" + c.paymentCase()
	}
	return c.text(c.say(text), c.sentence("owner_alert", text))
}

// paymentCase says what happened to a payment and whether the owner has to do something.
func (c composer) paymentCase() string {
	confirmed := c.notice.Booking.Status == booking.Confirmed
	if text := c.lateCase(); text != "" {
		return text
	}
	switch c.notice.Verdict {
	case booking.VerdictShort:
		return toOwner.CaseShort
	case booking.VerdictLate:
		if confirmed {
			return toOwner.CaseLateConfirmed
		}
		return toOwner.CaseReturned
	case booking.VerdictReturn:
		return toOwner.CaseReturned
	case booking.VerdictReversed:
		return toOwner.CaseReversed
	}
	return toOwner.CasePark
}

// longestWords is how much of a guest's last words an alarm repeats.
const longestWords = 250

// ownerHandOver tells who needs a person and all that is known, with the button that gives the guest back to the bot.
func (c composer) ownerHandOver() Reply {
	n := c.notice
	reason := map[HandOverReason]string{ReasonLost: toOwner.Lost, ReasonUpset: toOwner.Upset, ReasonLoop: toOwner.Loop}[n.Reason]
	if reason == "" {
		reason = toOwner.Asked
	}
	lines := []string{c.say(say(toOwner.HandOver, "reason", reason))}
	if wish := c.wish(); wish != "" {
		lines = append(lines, say(toOwner.HandOverWish, "wish", wish))
	}
	if n.Booking.Code != "" {
		lines = append(lines, c.say(toOwner.HandOverBooking))
	} else if code := shown(n.Conversation.Code, longestName); code != "" {
		lines = append(lines, say(toOwner.HandOverCode, "code", code))
	}
	if words := shown(n.LastText, longestWords); words != "" {
		lines = append(lines, say(toOwner.HandOverWords, "words", words))
	}
	known := strings.Join(lines, "\n")
	template := &Template{Name: "owner_alert", Language: c.texts.TemplateLanguage, Parameters: []string{parameter(known)}}
	body := known + "\n\n" + toOwner.HandOverEnd
	if n.GuestID <= 0 {
		return c.text(body, template)
	}
	back := button(toOwner.ButtonBotBack, Press{Action: ActionBotBack, GuestID: n.GuestID})
	template.Name, template.Replies = "owner_hand_over", []string{back.ID}
	return Reply{Kind: ReplyButtons, Body: body, Template: template, Choices: []Choice{back}}
}

// wish is what the guest was searching: dates, people, cabin.
func (c composer) wish() string {
	s := c.notice.Conversation
	today := booking.DateIn(c.notice.Now, zone(c.notice.Property))
	words := []string{"in", c.texts.date(s.CheckIn, today), "out", c.texts.date(s.CheckOut, today)}
	var parts []string
	switch {
	case !s.CheckIn.IsZero() && !s.CheckOut.IsZero():
		parts = append(parts, say(c.texts.SaidStay, words...))
	case !s.CheckIn.IsZero():
		parts = append(parts, say(c.texts.SaidCheckIn, words...))
	case s.Nights > 0:
		parts = append(parts, c.texts.nights(s.Nights))
	}
	if s.Guests > 0 {
		parts = append(parts, c.texts.people(s.Guests))
	}
	if name := shown(c.notice.CabinName, longestName); name != "" {
		parts = append(parts, name)
	}
	return strings.Join(parts, " · ")
}

// unsent says what to do about a message that did not reach its guest, by the WhatsApp gateway's word for why.
func (c composer) unsent() string {
	switch c.notice.Problem {
	case "recipient":
		return toOwner.UnsentRecipient
	case "template":
		return toOwner.UnsentTemplate
	case "window_closed":
		return toOwner.UnsentWindow
	}
	return toOwner.UnsentOther
}
