package dialogue

import "strings"

// catalogue is everything the bot says in one language. A name in braces is filled in when the text is said; one star on
// each side makes bold. The texts themselves are in texts_es.go, texts_pt.go and texts_en.go.
type catalogue struct {
	// Code is es, pt or en, TemplateLanguage the name Meta has for it.
	Code, TemplateLanguage string

	// How dates and numbers are said. Days of the week start on Sunday.
	Weekdays, ShortWeekdays             [7]string
	DateForm, MomentForm                string
	Months                              [12]string
	Night, Nights                       string
	Person, People                      string
	Adult, Adults, Child, Children      string
	Pet, Pets, And                      string
	SaidStay, SaidCheckIn, SaidCheckOut string
	MinutesLeft, MinuteLeft, HoursLeft  string
	// MoneySign stands for the "$" of pesos where guests would take it for another currency.
	MoneySign      string
	CommaThousands bool

	// Greeting and menu.
	Introduction, Hello, MenuQuestion, Welcome, Farewell, Kept     string
	ButtonAvailability, ButtonReservations, ButtonHelp, ButtonMenu string
	ButtonHuman                                                    string

	// Dates and people.
	AskDates, AskCheckOut, AskGuests, AskOtherDates, AskOtherGuests string
	AskCheckInFor                                                   string
	ButtonThisWeekend, ButtonNextWeekend, ButtonOtherDates          string
	ButtonOtherGuests                                               string

	// A time without days.
	WhichRange, RangeTitle, RangeRow, NoRanges, WhichDates string
	PetsNote                                               string

	// Offers.
	OffersHead, MoreOffersHead, OfferLine, OfferRow, ChooseOne, AllShown string
	ButtonSeeOptions, RowMore, RowMoreHint, RowOtherDates                string
	RowOtherDatesHint, NothingFree, NothingFreeNear, AlternativeRow      string
	NoCabins, GeneralCabin, OnlyThisOne                                  string

	// One cabin.
	DetailsHead, DetailsStay, LineNights, LineWeekend, LineExtra, LineDiscount string
	LineCleaning, LineTotal, LineDeposit, LineNoBalance, AskYes, AskYesShort   string
	PriceChanged, OneFree, DeniedOffer, NoHurry                                string
	WhichOne, CheapestOne, NothingCheaper, BiggestOne, NothingBigger           string
	ButtonYes, ButtonOthers                                                    string

	// Refusals.
	DatesReversed, DatesPast, DatesTooFar, StayTooLong, StayTooShort string
	CabinTooShort, NoGuests, TooManyGuests, CabinTooSmall            string
	CabinTaken, CabinGone, AlreadyYours, JustTaken                   string
	InsteadHead, ButtonAgain                                         string
	TooManyHolds, Unavailable                                        string

	// Bookings of the guest.
	NoBookings, BookingsHead, BookingRow, BookingDetails, BookingPaid string
	BookingDeadline, ButtonSeeBookings, BookingNotFound, WhichCancel  string
	StatusPreReserved, StatusConfirmed, StatusExpired                 string
	StatusCancelled, StatusCompleted, StatusNoShow                    string
	ButtonPay, ButtonExtend, ButtonCancel, ButtonChangeDates          string
	ButtonReserveAgain                                                string

	// Cancelling, extending, paying.
	AskCancelUnpaid, AskCancelRefund, AskCancelNoRefund          string
	ButtonCancelYes, ButtonCancelNo, CancelKept, CannotCancel    string
	NothingToCancel                                              string
	NothingToExtend, AlreadyExtended, CannotExtend               string
	NothingToPay, AlreadyPaid, LinkAgain, LinkFollows, LinkTitle string
	PaymentSeen, PaymentNotSeen, PaymentNone, ChangeDatesHeld    string
	ChangeDatesPaid, WhichChange, MoveAsked, MoveAskedOpen       string
	AskReplace, ButtonReplaceYes, AskOldHold                     string

	// What may be a receipt.
	ReceiptUnverified, ReceiptConfirmed, ReceiptNoBooking, FooterHuman string

	// A person.
	HandedOver, HandedOverLost, HandedOverUpset, PaidTooMuch string
	WaitByDay, WaitByNight, ButtonGoOn, GoneOn, Returned     string
	IsBot, Reassure, LoopOffer                               string

	// Messages that are not wanted.
	AskOptOut, ButtonOptOut, OptedOut, OptedOutAlready, OptedIn string

	// Voice notes, and what a language model read.
	HeardYou, Understood, Noted, VoiceUnclear, ButtonHeardYes, ButtonHeardNo string
	VoiceSilent, VoiceTooLong, VoiceFailed, WriteIt, Waiting                 string

	// Not understood and other kinds of message.
	NotUnderstood, SayAgain, GotAudio, GotPicture, GotLocation, GotUnsupported, GotDocument string

	// Help.
	HelpHead, HelpButton                                                     string
	HelpReserveTitle, HelpPaymentTitle, HelpCancelTitle                      string
	HelpCheckInTitle, HelpAmenitiesTitle, HelpContactTitle                   string
	HelpLocationTitle, HelpPhotosTitle                                       string
	HelpReserve, HelpPayment, HelpCancel, HelpCheckIn, HelpAmenities         string
	HelpContact, HelpLocation, HelpLocationUnknown, HelpPhotosNone, HelpLine string
	AmenityAll, AmenitySome                                                  string
	HelpPhotos, PhotoCaption, HelpCheckInFull, HelpDeposit                   string
	HelpPriceHead, HelpPriceLine                                             string
	PolicyPets                                                               string

	// What a booking sends by itself.
	NoticeHold, NoticeHoldNoLink, NoticeHalfTime, NoticeLastCall, NoticeExpired, NoticeExtended string
	NoticeConfirmed, NoticeLateConfirmed, NoticeBalance, NoticePaidAll, NoticeCheckTimes        string
	NoticeAddress, NoticeTerms, NoticeLateRefund, NoticeSurplus, NoticeShort, NoticePending     string
	NoticeRejected, NoticeCancelled, NoticeCancelledRefund, NoticeArrival, NoticeThanks         string
	NoticeShortLate, NoticeRejectedLate, NoticeHoldFooter                                       string
	NoticeOther                                                                                 string
}

// languageCatalogue returns the texts of a language, Spanish for any other.
func languageCatalogue(language string) *catalogue {
	switch language {
	case "pt":
		return &portuguese
	case "en":
		return &english
	}
	return &spanish
}

// say fills the names in braces of a text; pairs are name, value.
func say(text string, pairs ...string) string {
	named := make([]string, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		named[i], named[i+1] = "{"+pairs[i]+"}", pairs[i+1]
	}
	return strings.NewReplacer(named...).Replace(text)
}
