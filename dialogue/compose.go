package dialogue

import (
	"strings"

	"cabanas/booking"
)

// The kinds of notice, the same words as workflows.NoticeKind, which this package must not import.
const (
	noticeHold          = "hold"
	noticeHalfTime      = "hold_half_time"
	noticeLastCall      = "hold_last_call"
	noticeExpired       = "hold_expired"
	noticeExtended      = "hold_extended"
	noticeConfirmed     = "confirmed"
	noticeLateConfirmed = "late_confirmed"
	noticeLateRefund    = "late_refund"
	noticeSurplus       = "surplus_refund"
	noticeShort         = "payment_short"
	noticePending       = "payment_pending"
	noticeRejected      = "payment_rejected"
	noticeCancelled     = "cancelled"
	noticeArrival       = "arrival"
	noticeThanks        = "thanks"

	noticeOwnerConfirmed = "owner_confirmed"
	noticeOwnerCancelled = "owner_cancelled"
	noticeOwnerPayment   = "owner_payment_case"
	noticeOwnerHandOver  = "owner_hand_over"
	noticeOwnerReceipt   = "owner_receipt"
	noticeOwnerUnsent    = "owner_undelivered"
	noticeOwnerAccount   = "owner_account"
)

// composer words one notice.
type composer struct {
	notice Notice
	texts  *catalogue
	words  []string
}

// Compose words a message that a booking sends by itself, in the guest's language, or in Spanish to the owner. Each reply
// carries the approved template that says the same when the 24-hour window is closed. An unknown kind gets a general text.
func Compose(notice Notice) Reply {
	owner := strings.HasPrefix(notice.Kind, "owner_")
	c := composer{notice: notice, texts: languageCatalogue(notice.Language)}
	if owner {
		c.texts = &spanish
	}
	location := zone(notice.Property)
	today := booking.DateIn(notice.Now, location)
	c.words = append(bookingWords(c.texts, notice.Booking, today, location),
		"amount", c.texts.money(notice.Amount),
		"left", c.texts.minutes(notice.Booking.ExpiresAt.Sub(notice.Now)),
		"checkin", clock(notice.Property.CheckInTime), "checkout", clock(notice.Property.CheckOutTime),
		"property", shown(notice.Property.Name, longestName), "guest", orDash(shown(notice.GuestName, longestName)),
		"phone", orDash(shown(notice.GuestPhone, longestName)), "problem", orDash(shown(notice.Problem, longestName)))
	if owner {
		return fit(c.toOwner())
	}
	return fit(c.toGuest())
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func (c composer) say(text string) string { return say(text, c.words...) }

func (c composer) word(name string) string { return c.say("{" + name + "}") }

func (c composer) toGuest() Reply {
	n, t := c.notice, c.texts
	if reply, known := c.toGuestRefund(); known {
		return reply
	}
	if reply, known := c.toGuestLate(); known {
		return reply
	}
	if reply, known := c.toGuestStay(); known {
		return reply
	}
	held := n.Booking.Status == booking.PreReserved || n.Booking.Status == ""
	switch n.Kind {
	case noticeHold:
		return c.holdReply()
	case noticeHalfTime:
		return c.payReply(t.NoticeHalfTime, c.reminder())
	case noticeLastCall:
		return c.payReply(t.NoticeLastCall, c.reminder())
	case noticeExtended:
		return c.payReply(t.NoticeExtended, c.reminder())
	case noticeExpired:
		return c.buttons(t.NoticeExpired, c.template("hold_expired", "code", "cabin", "stay"),
			Choice{ID: Press{Action: ActionReserveAgain}.ID(), Title: t.ButtonReserveAgain})
	case noticeConfirmed:
		return c.confirmed(t.NoticeConfirmed)
	case noticeLateConfirmed:
		return c.confirmed(t.NoticeLateConfirmed)
	case noticeLateRefund:
		return c.update(t.NoticeLateRefund)
	case noticeSurplus:
		return c.update(t.NoticeSurplus)
	case noticeShort:
		if held {
			return c.payReply(t.NoticeShort, c.sentence("payment_update", t.NoticeShort))
		}
		return c.update(t.NoticeShortLate)
	case noticePending:
		return c.update(t.NoticePending)
	case noticeRejected:
		if held {
			return c.payReply(t.NoticeRejected, c.sentence("payment_update", t.NoticeRejected))
		}
		return c.update(t.NoticeRejectedLate)
	case noticeCancelled:
		text := t.NoticeCancelled
		if n.Amount.Centavos > 0 {
			text = t.NoticeCancelledRefund
		}
		return c.text(c.say(text), c.template("booking_cancelled", "code", "cabin", "stay", "amount"))
	case noticeArrival:
		return c.text(c.arrival(), c.template("stay_info", "code", "cabin", "stay", "checkin"))
	case noticeThanks:
		return c.text(c.say(t.NoticeThanks), c.template("stay_info", "code", "cabin", "stay", "checkout"))
	}
	if reply, known := c.toGuestMoney(); known {
		return reply
	}
	return c.text(c.say(t.NoticeOther), c.sentence("payment_update", t.NoticeOther))
}

// holdReply tells that the nights are held, with the button that pays.
func (c composer) holdReply() Reply {
	template := c.payable(c.template("hold_created", "code", "cabin", "stay", "deposit", "deadline"))
	text := c.texts.NoticeHold + "\n\n" + say(c.texts.NoticeTerms, "terms", CancellationTerms(c.texts.Code, c.terms()))
	if c.notice.Booking.PaymentURL == "" {
		return c.text(c.say(text)+"\n"+c.texts.NoticeHoldNoLink, template)
	}
	reply := c.payReply(text, template)
	reply.Footer = c.texts.NoticeHoldFooter
	return reply
}

// payReply carries the payment link, or a button that asks for it.
func (c composer) payReply(text string, template *Template) Reply {
	b := c.notice.Booking
	if b.PaymentURL == "" {
		return c.buttons(text, template, Choice{ID: Press{Action: ActionPay, Code: b.Code}.ID(), Title: c.texts.ButtonPay})
	}
	return Reply{Kind: ReplyLink, Body: c.say(text), LinkTitle: c.texts.LinkTitle, LinkURL: b.PaymentURL, Template: template}
}

func (c composer) reminder() *Template {
	return c.payable(c.template("hold_reminder", "code", "cabin", "deposit", "deadline"))
}

// payable adds where to pay to a template: outside the window there is no button to ask for it.
func (c composer) payable(template *Template) *Template {
	where := c.notice.Booking.PaymentURL
	if where == "" {
		where = c.texts.NoticeHoldNoLink
	}
	template.Parameters = append(template.Parameters, parameter(where))
	return template
}

// confirmed tells what was paid, what is left, how to come and the terms.
func (c composer) confirmed(head string) Reply {
	n, t := c.notice, c.texts
	lines := []string{c.say(head), ""}
	if remaining(n.Booking).Centavos > 0 {
		lines = append(lines, c.balance())
	} else {
		lines = append(lines, t.NoticePaidAll)
	}
	lines = append(lines, c.say(t.NoticeCheckTimes))
	lines = append(lines, c.place()...)
	lines = append(lines, "", say(t.NoticeTerms, "terms", termsOf(t, c.terms())))
	return c.text(strings.Join(lines, "\n"), c.template("booking_confirmed", "code", "cabin", "stay", "balance"))
}

func (c composer) arrival() string {
	t := c.texts
	lines := append([]string{c.say(t.NoticeArrival), c.say(t.NoticeCheckTimes)}, c.place()...)
	if remaining(c.notice.Booking).Centavos > 0 {
		lines = append(lines, c.balance())
	}
	return strings.Join(lines, "\n")
}

// longestInstructions bounds the owner's text on how to get in.
const longestInstructions = 1500

func (c composer) place() []string {
	var lines []string
	if where := address(c.notice.Location); where != "" {
		lines = append(lines, say(c.texts.NoticeAddress, "address", where))
	}
	if how := instructions(c.notice.CheckInText); how != "" {
		lines = append(lines, how)
	}
	return lines
}

func (c composer) text(body string, template *Template) Reply {
	return Reply{Kind: ReplyText, Body: body, Template: template}
}

func (c composer) update(text string) Reply {
	return c.text(c.say(text), c.sentence("payment_update", text))
}

func (c composer) buttons(text string, template *Template, choices ...Choice) Reply {
	return Reply{Kind: ReplyButtons, Body: c.say(text), Choices: choices, Template: template}
}

// template fills a template with the named words in order; "stay" is both dates.
func (c composer) template(name string, words ...string) *Template {
	template := &Template{Name: name, Language: c.texts.TemplateLanguage}
	for _, word := range words {
		value := c.word(word)
		if word == "stay" {
			value = c.word("in") + " - " + c.word("out")
		}
		template.Parameters = append(template.Parameters, parameter(value))
	}
	return template
}

// sentence fills a template with the code and one sentence; the owner's has the sentence alone.
func (c composer) sentence(name, text string) *Template {
	template := &Template{Name: name, Language: c.texts.TemplateLanguage, Parameters: []string{parameter(c.say(text))}}
	if name != "owner_alert" {
		template.Parameters = append([]string{parameter(c.notice.Booking.Code)}, template.Parameters...)
	}
	return template
}

// longestParameter keeps a template within Meta's limit of its whole body.
const longestParameter = 600

// parameter brings a value into the form Meta takes: one line, single spaces, not empty.
func parameter(value string) string {
	value = strings.NewReplacer("*", "", "\n", " · ", hardSpace, " ").Replace(value)
	return orDash(cut(oneLine(value), longestParameter))
}
