package dialogue

import "cabanas/booking"

// transfer gives a hold the account and the time to pay by bank transfer, where the property takes them.
func (t *turn) transfer(code string) error {
	if t.facts.Property().Payments.TransferDetails == "" {
		return t.noTransfers(code)
	}
	b, done, err := t.oneUnpaid(code, t.texts.NothingToPay, t.texts.AlreadyPaid, ActionTransfer)
	if done || err != nil {
		return err
	}
	t.effect(Effect{Kind: EffectTransfer, Code: b.Code})
	return nil
}

// noTransfers says so with the way that there is.
func (t *turn) noTransfers(code string) error {
	text := moneyTextsOf(t.texts.Code).TransferNotTaken
	held, err := t.meant(code, unpaid)
	if err != nil {
		return err
	}
	if len(held) != 1 || !unpaid(held[0]) {
		t.ask(text, t.humanButton(), t.menuButton())
		return nil
	}
	t.state.Code = held[0].Code
	t.payable(held[0], text)
	return nil
}

// moneyWish answers who wants to pay a hold by transfer, or a receipt of what they paid.
func (t *turn) moneyWish() (bool, error) {
	switch {
	case t.in.Kind != InboundText || t.read.Intent == IntentPaymentSent:
		return false, nil
	case t.gives(signMyReceipt):
		return true, t.askReceipt()
	case !t.gives(signTransfer) || t.facts.Property().Payments.TransferDetails == "":
		return false, nil
	}
	held, err := t.meant("", unpaid)
	if err != nil || len(held) == 0 {
		return false, err
	}
	return true, t.transfer(t.read.Code)
}

// resolveTransfer says where to transfer to and until when.
func (t *turn) resolveTransfer(result Result) error {
	texts, b := moneyTextsOf(t.texts.Code), result.Booking
	if result.Refusal != "" {
		return t.couldNot(result, texts.TransferOver)
	}
	if b.Status != booking.PreReserved {
		t.ask(say(texts.TransferOver, t.bookingWords(b)...), t.humanButton(), t.menuButton())
		return nil
	}
	t.state.Code = b.Code
	words := append(t.bookingWords(b), "account", instructions(t.facts.Property().Payments.TransferDetails))
	t.say(say(texts.TransferChosen, words...))
	return nil
}

// askReceipt sends the receipts of a booking again.
func (t *turn) askReceipt() error {
	bookings, err := t.facts.Bookings()
	if err != nil {
		return err
	}
	for _, b := range bookings {
		if b.Paid.Centavos > 0 && (t.read.Code == "" || b.Code == t.read.Code) {
			t.state.Code = b.Code
			t.effect(Effect{Kind: EffectSendReceipt, Code: b.Code})
			return nil
		}
	}
	t.ask(moneyTextsOf(t.texts.Code).ReceiptNone, t.humanButton(), t.menuButton())
	return nil
}

// ownerDecides takes the owner's buttons about a transfer; on any other phone they mean nothing.
func (t *turn) ownerDecides() bool {
	press, known := ParsePress(t.in.ChoiceID)
	if t.in.Kind != InboundChoice || !known || press.Action != ActionTransferOk && press.Action != ActionTransferNo {
		return false
	}
	if !t.in.FromOwner {
		return false
	}
	kind := EffectTransferPaid
	if press.Action == ActionTransferNo {
		kind = EffectTransferUnseen
	}
	t.effect(Effect{Kind: kind, Code: press.Code})
	return true
}

// resolveOwner answers the owner's decision about a transfer.
func (t *turn) resolveOwner(effect Effect, result Result) {
	words := []string{"code", effect.Code, "status", statusOf(&spanish, result.Booking.Status)}
	switch {
	case result.Refusal != "":
		t.say(say(toOwnerMoney.TransferRefused, words...))
	case effect.Kind == EffectTransferPaid:
		t.say(say(toOwnerMoney.TransferRecorded, words...))
	default:
		t.say(say(toOwnerMoney.TransferNotYet, words...))
	}
}
