package dialogue

import (
	"cabanas/booking"
	"cabanas/dialogue/understanding"
)

// press answers a button or list row, however old: what it names is checked again now.
func (t *turn) press(p Press) error {
	switch p.Action {
	case ActionMenu:
		t.menu()
	case ActionHuman:
		t.handOver(ReasonAsked, t.texts.HandedOver)
	case ActionBotBack:
		return t.goOn()
	case ActionHeardYes:
		return t.heardRight()
	case ActionHeardNo:
		t.heardWrong()
	case ActionOptOut:
		t.optOut()
	case ActionHelp:
		t.help()
	case ActionTopic:
		return t.topic(p.Topic, true)
	case ActionReservations:
		return t.myBookings("")
	case ActionDetails, ActionConsultPayment:
		return t.myBookings(p.Code)
	case ActionPay, ActionPayNow, ActionConfirm, ActionChangePayment:
		return t.pay(p.Code)
	case ActionTransfer:
		return t.transfer(p.Code)
	case ActionTransferOk, ActionTransferNo:
		t.menu() // only on the owner's phone
	case ActionExtend:
		return t.extend(p.Code)
	case ActionCancel:
		return t.startCancel(p.Code)
	case ActionCancelYes:
		return t.pressCancel(p.Code)
	case ActionCancelNo:
		return t.keep()
	case ActionChangeDates:
		return t.changeDates(p.Code)
	case ActionAlternativeYes, ActionAlternativeNo:
		return t.pressAlternative(p.Code, p.Action == ActionAlternativeYes)
	case ActionHold:
		return t.pressHold(p)
	default:
		return t.pressSearch(p)
	}
	return nil
}

// pressSearch answers the buttons that lead from dates and people to offers.
func (t *turn) pressSearch(p Press) error {
	s := &t.state
	switch p.Action {
	case ActionAvailability, ActionReserveAgain:
		s.CheckIn, s.CheckOut, s.Nights, s.AccommodationID = booking.Date{}, booking.Date{}, 0, 0
		if p.Action == ActionReserveAgain {
			s.Guests = 0
		}
	case ActionThisWeekend:
		t.setStay(booking.Stay{CheckIn: understanding.ThisWeekend(t.today), CheckOut: understanding.ThisWeekend(t.today).AddDays(2)})
	case ActionNextWeekend:
		t.setStay(booking.Stay{CheckIn: understanding.NextWeekend(t.today), CheckOut: understanding.NextWeekend(t.today).AddDays(2)})
	case ActionDates:
		t.setStay(p.Stay)
	case ActionOtherDates:
		s.CheckIn, s.CheckOut, s.Nights, s.Awaiting = booking.Date{}, booking.Date{}, 0, awaitDates
		t.say(t.texts.AskOtherDates)
		return nil
	case ActionGuests:
		s.Guests = p.Guests
		if p.Guests < 1 {
			t.askGuests(t.texts.NoGuests)
			return nil
		}
	case ActionOtherGuests:
		s.Guests, s.Awaiting = 0, awaitGuests
		t.say(t.texts.AskOtherGuests)
		return nil
	case ActionOthers:
		s.AccommodationID = 0
	case ActionAccommodation:
		s.AccommodationID = p.AccommodationID
		if !p.Stay.IsZero() {
			t.setStay(p.Stay)
			s.Guests = p.Guests
		}
	case ActionMoreOffers:
		t.setStay(p.Stay)
		s.Guests, s.AccommodationID = p.Guests, 0
		if question, open := t.missing(); open {
			t.reply(question)
			return nil
		}
		return t.moreOffers(p.From)
	}
	return t.proceed()
}

func (t *turn) setStay(stay booking.Stay) {
	t.state.CheckIn, t.state.CheckOut, t.state.Nights = stay.CheckIn, stay.CheckOut, 0
}

// pressHold is the explicit yes by button.
func (t *turn) pressHold(p Press) error {
	if p.Guests < 1 {
		t.setStay(p.Stay)
		t.askGuests(t.texts.NoGuests)
		return nil
	}
	return t.hold(p)
}
