package dialogue

import (
	"strings"

	"cabanas/booking"
)

// The notices of transfers, balances and receipts, the same words as workflows.NoticeKind.
const (
	noticeTransferOffer    = "transfer_offer"
	noticeTransferReminder = "transfer_reminder"
	noticeTransferUnseen   = "transfer_unseen"
	noticeBalanceLink      = "balance_link"
	noticeBalanceReminder  = "balance_reminder"
	noticeReceipt          = "receipt"

	noticeOwnerTransfer      = "owner_transfer"
	noticeOwnerBalanceUnpaid = "owner_balance_unpaid"
	noticeOwnerReturn        = "owner_return"
)

// Document is a file that a notice sends: Meta fetches it from its address.
type Document struct {
	URL      string
	Filename string
	// Number is what it is called to people.
	Number string
	Amount booking.Money
}

// toGuestMoney words a notice about transfers, balances or receipts; false for any other.
func (c composer) toGuestMoney() (Reply, bool) {
	t, b := moneyTextsOf(c.texts.Code), c.notice.Booking
	switch c.notice.Kind {
	case noticeTransferOffer:
		return c.buttons(t.TransferOffer, c.sentence("payment_update", t.TransferOffer),
			button(t.ButtonTransfer, Press{Action: ActionTransfer, Code: b.Code})), true
	case noticeTransferReminder:
		return c.update(t.TransferReminder), true
	case noticeTransferUnseen:
		return c.update(t.TransferUnseen), true
	case noticeBalanceLink:
		return c.balanceReply(t.BalanceLink), true
	case noticeBalanceReminder:
		return c.balanceReply(t.BalanceReminder), true
	case noticeReceipt:
		return c.receipt(t), true
	}
	return Reply{}, false
}

// balance says what is left to pay and how the property takes it.
func (c composer) balance() string {
	if c.notice.Property.Payments.BalanceMode == booking.BalanceByLink {
		return c.say(moneyTextsOf(c.texts.Code).BalanceByLink)
	}
	return c.say(c.texts.NoticeBalance)
}

// balanceReply carries the link of the balance; without one it says what is left.
func (c composer) balanceReply(text string) Reply {
	where := c.notice.Booking.BalanceURL
	if where == "" {
		return c.update(text)
	}
	return Reply{Kind: ReplyLink, Body: c.say(text), LinkTitle: c.texts.LinkTitle, LinkURL: where,
		Template: c.sentence("payment_update", text+" "+where)}
}

func (c composer) receipt(t *moneyTexts) Reply {
	d := c.notice.Document
	words := []string{"number", d.Number, "amount", c.texts.money(d.Amount), "url", d.URL}
	return Reply{Kind: ReplyDocument, Body: c.say(say(t.ReceiptCaption, words...)), LinkURL: d.URL, Name: d.Filename,
		Template: c.sentence("payment_update", say(t.ReceiptLink, words...))}
}

// toOwnerOfMoney words a notice to the owner about transfers and balances; false for any other.
func (c composer) toOwnerOfMoney() (Reply, bool) {
	alert := func(text string) (Reply, bool) { return c.text(c.say(text), c.sentence("owner_alert", text)), true }
	switch c.notice.Kind {
	case noticeOwnerTransfer:
		return c.askTransfer(toOwnerMoney.TransferChosen), true
	case noticeOwnerReceipt:
		if c.notice.Booking.Status == booking.PreReserved && c.notice.Property.Payments.TransferDetails != "" {
			return c.askTransfer(toOwner.Receipt + "\n" + toOwner.ReceiptBooking), true
		}
	case noticeOwnerBalanceUnpaid:
		return alert(toOwnerMoney.BalanceUnpaid)
	case noticeOwnerReturn:
		return alert(toOwnerMoney.ReturnByHand)
	}
	return Reply{}, false
}

// askTransfer asks the owner whether the money is on the account.
func (c composer) askTransfer(text string) Reply {
	code := c.notice.Booking.Code
	// Outside the window there are no buttons: the panel is where to answer.
	return c.buttons(text+"\n\n"+toOwnerMoney.TransferAsk, c.sentence("owner_alert", text+"\n"+toOwnerMoney.TransferAskPanel),
		button(toOwnerMoney.ButtonTransferOk, Press{Action: ActionTransferOk, Code: code}),
		button(toOwnerMoney.ButtonTransferNo, Press{Action: ActionTransferNo, Code: code}))
}

// AskWhoseTransfer asks the owner which of the bookings a credit of the account is for; the first three have a button.
func AskWhoseTransfer(amount booking.Money, codes []string) Reply {
	text := say(toOwnerMoney.WhoseTransfer, "amount", spanish.money(amount), "list", strings.Join(codes, ", ")) + " "
	reply := Reply{Kind: ReplyButtons, Body: text + toOwnerMoney.WhoseEnd,
		Template: &Template{Name: "owner_alert", Language: spanish.TemplateLanguage, Parameters: []string{parameter(text + toOwnerMoney.WhosePanel)}}}
	for _, code := range codes[:min(len(codes), mostButtons)] {
		reply.Choices = append(reply.Choices, button(code, Press{Action: ActionTransferOk, Code: code}))
	}
	return fit(reply)
}
