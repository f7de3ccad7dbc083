package dialogue

import (
	"strconv"
	"strings"

	"cabanas/booking"
)

// Action is what a button or list row asks for; it is the beginning of its id.
type Action string

// The actions of buttons and list rows. Ids live on in chats for years: add freely, rename never.
const (
	ActionAvailability   Action = "menu_availability"
	ActionReservations   Action = "menu_reservations"
	ActionHelp           Action = "menu_help"
	ActionMenu           Action = "menu_back"
	ActionThisWeekend    Action = "date_this_weekend"
	ActionNextWeekend    Action = "date_next_weekend"
	ActionOtherDates     Action = "date_custom"
	ActionDates          Action = "date_range"      // _{in}_{out}, or _{in} when the end is still to be asked
	ActionAccommodation  Action = "acc"             // _{id}, with _{in}_{out}_{guests} when the stay is known
	ActionGuests         Action = "guests"          // _{n}
	ActionOtherGuests    Action = "guests_other"    //
	ActionOthers         Action = "see_other_acc"   //
	ActionMoreOffers     Action = "more_offers"     // _{in}_{out}_{guests}_{from}
	ActionHold           Action = "hold"            // _{id}_{in}_{out}_{guests}, with _{centavos} of the total that was shown
	ActionChangeDates    Action = "change_dates"    // _{code}
	ActionPay            Action = "pay_res"         // _{code}
	ActionPayNow         Action = "pay_now"         // _{code}
	ActionConfirm        Action = "confirm_res"     // _{code}
	ActionConsultPayment Action = "consult_payment" // _{code}
	ActionChangePayment  Action = "change_payment"  // _{code}
	ActionExtend         Action = "extend"          // _{code}
	ActionCancel         Action = "cancel_res"      // _{code}
	ActionCancelYes      Action = "cancel_confirm"  // _{code}
	ActionCancelNo       Action = "cancel_abort"    //
	ActionDetails        Action = "view_details"    // _{code}
	ActionReserveAgain   Action = "reserve_again"   //
	ActionHuman          Action = "human"           //
	ActionTopic          Action = "help"            // _{topic}
	ActionBotBack        Action = "bot_back"        // the guest's own, or _{guest} on the owner's phone
	ActionHeardYes       Action = "heard_yes"       //
	ActionHeardNo        Action = "heard_no"        //
	ActionOptOut         Action = "opt_out"         //
	ActionRefundOK       Action = "refund_ok"       // _{code}, on the owner's phone
	ActionRefundNo       Action = "refund_no"       // _{code}, on the owner's phone
	ActionTransferOk     Action = "transfer_ok"     // _{code}, on the owner's phone
	ActionTransferNo     Action = "transfer_no"     // _{code}, on the owner's phone
	ActionTransfer       Action = "transfer"        // _{code}
	ActionAlternativeYes Action = "alt_yes"         // _{code}
	ActionAlternativeNo  Action = "alt_no"          // _{code}
)

// Topic is a subject of the help list.
type Topic string

// The help topics.
const (
	TopicReserve  Topic = "how_to_reserve"
	TopicPayment  Topic = "payment_methods"
	TopicCancel   Topic = "cancellation"
	TopicCheckIn  Topic = "check_in"
	TopicAmenity  Topic = "amenities"
	TopicContact  Topic = "contact"
	TopicLocation Topic = "location"
	TopicPhotos   Topic = "photos"
)

var topics = []Topic{TopicReserve, TopicPayment, TopicCancel, TopicCheckIn, TopicAmenity, TopicLocation, TopicPhotos, TopicContact}

// Press is the meaning of a button or list row, whole in its id: it survives deployments and can be pressed years later.
type Press struct {
	Action          Action
	AccommodationID int64
	Stay            booking.Stay
	Guests          int
	// From is the number of offers shown before.
	From int
	// Centavos is the total that was shown with a hold button, 0 when it did not say.
	Centavos int64
	Code     string
	Topic    Topic
	// GuestID is whose conversation the owner gives back to the bot, 0 for the guest's own.
	GuestID int64
}

var plainActions = []Action{
	ActionAvailability, ActionReservations, ActionHelp, ActionMenu, ActionThisWeekend, ActionNextWeekend, ActionOtherDates,
	ActionOtherGuests, ActionOthers, ActionCancelNo, ActionReserveAgain, ActionHuman,
	ActionBotBack, ActionHeardYes, ActionHeardNo, ActionOptOut,
}

var codeActions = []Action{
	ActionChangeDates, ActionPay, ActionPayNow, ActionConfirm, ActionConsultPayment, ActionChangePayment, ActionExtend,
	ActionCancel, ActionCancelYes, ActionDetails, ActionRefundOK, ActionRefundNo,
	// The longer ids first: one is the beginning of the others.
	ActionTransferOk, ActionTransferNo, ActionTransfer, ActionAlternativeYes, ActionAlternativeNo,
}

// ID returns the id of the button, at most 200 characters, readable by [ParsePress].
func (p Press) ID() string {
	parts := []string{string(p.Action)}
	add := func(values ...string) { parts = append(parts, values...) }
	stay := []string{p.Stay.CheckIn.String(), p.Stay.CheckOut.String()}
	guests := strconv.Itoa(p.Guests)
	switch p.Action {
	case ActionDates:
		if p.Stay.CheckOut.IsZero() {
			stay = stay[:1]
		}
		add(stay...)
	case ActionAccommodation:
		add(strconv.FormatInt(p.AccommodationID, 10))
		if !p.Stay.IsZero() {
			add(append(stay, guests)...)
		}
	case ActionGuests:
		add(guests)
	case ActionMoreOffers:
		add(append(stay, guests, strconv.Itoa(p.From))...)
	case ActionHold:
		add(strconv.FormatInt(p.AccommodationID, 10))
		add(append(stay, guests)...)
		if p.Centavos > 0 {
			add(strconv.FormatInt(p.Centavos, 10))
		}
	case ActionTopic:
		add(string(p.Topic))
	case ActionBotBack:
		if p.GuestID != 0 {
			add(strconv.FormatInt(p.GuestID, 10))
		}
	default:
		if p.Code != "" {
			add(p.Code)
		}
	}
	return strings.Join(parts, "_")
}

// ParsePress reads the id of a button or list row; false means that no version of ours made it.
func ParsePress(id string) (Press, bool) {
	for _, action := range plainActions {
		if id == string(action) {
			return Press{Action: action}, true
		}
	}
	for _, action := range codeActions {
		if code, found := strings.CutPrefix(id, string(action)+"_"); found {
			return Press{Action: action, Code: code}, booking.ValidCode(code)
		}
	}
	for _, topic := range topics {
		if id == string(ActionTopic)+"_"+string(topic) {
			return Press{Action: ActionTopic, Topic: topic}, true
		}
	}
	for _, action := range []Action{ActionDates, ActionMoreOffers, ActionAccommodation, ActionGuests, ActionHold, ActionBotBack} {
		if values, found := strings.CutPrefix(id, string(action)+"_"); found {
			return parseValues(action, strings.Split(values, "_"))
		}
	}
	return Press{}, false
}

func parseValues(action Action, values []string) (Press, bool) {
	v := idParts{rest: values}
	p := Press{Action: action}
	switch action {
	case ActionDates:
		p.Stay.CheckIn = v.date()
		if len(v.rest) > 0 {
			p.Stay.CheckOut = v.date()
		}
	case ActionAccommodation:
		p.AccommodationID = v.number()
		if len(v.rest) > 0 {
			p.Stay, p.Guests = v.stay(), v.guests()
		}
	case ActionGuests:
		p.Guests = v.guests()
	case ActionBotBack:
		if p.GuestID = v.number(); p.GuestID == 0 {
			v.failed = true
		}
	case ActionMoreOffers:
		p.Stay, p.Guests, p.From = v.stay(), v.guests(), int(v.number())
	case ActionHold:
		p.AccommodationID, p.Stay, p.Guests = v.number(), v.stay(), v.guests()
		if len(v.rest) > 0 {
			p.Centavos = v.number()
		}
	}
	return p, !v.failed && len(v.rest) == 0
}

// idParts takes the parts of an id one by one and remembers when one was not what it should be.
type idParts struct {
	rest   []string
	failed bool
}

func (v *idParts) next() string {
	if len(v.rest) == 0 {
		v.failed = true
		return ""
	}
	first := v.rest[0]
	v.rest = v.rest[1:]
	return first
}

func (v *idParts) number() int64 {
	text := v.next()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != text {
		v.failed = true
	}
	return n
}

func (v *idParts) guests() int {
	const most = 9999
	n := v.number()
	if n > most {
		v.failed = true
	}
	return int(n)
}

func (v *idParts) stay() booking.Stay {
	return booking.Stay{CheckIn: v.date(), CheckOut: v.date()}
}

func (v *idParts) date() booking.Date {
	date, err := booking.ParseDate(v.next())
	if err != nil {
		v.failed = true
	}
	return date
}
