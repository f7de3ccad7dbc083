package dialogue_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cabanas/booking"
	"cabanas/dialogue"
)

func drawDate(t *rapid.T) booking.Date {
	return booking.MustDate("2020-01-01").AddDays(rapid.IntRange(0, 20000).Draw(t, "day"))
}

func drawCode(t *rapid.T) string {
	return rapid.StringMatching(`RES[0-9]{6}[0-9A-F]{6}`).Draw(t, "code")
}

func drawPress(t *rapid.T) dialogue.Press {
	p := dialogue.Press{Action: rapid.SampledFrom([]dialogue.Action{
		dialogue.ActionAvailability, dialogue.ActionReservations, dialogue.ActionHelp, dialogue.ActionMenu, dialogue.ActionThisWeekend,
		dialogue.ActionNextWeekend, dialogue.ActionOtherDates, dialogue.ActionDates, dialogue.ActionAccommodation, dialogue.ActionGuests,
		dialogue.ActionOtherGuests, dialogue.ActionOthers, dialogue.ActionMoreOffers, dialogue.ActionHold, dialogue.ActionChangeDates,
		dialogue.ActionPay, dialogue.ActionPayNow, dialogue.ActionConfirm, dialogue.ActionConsultPayment, dialogue.ActionChangePayment,
		dialogue.ActionExtend, dialogue.ActionCancel, dialogue.ActionCancelYes, dialogue.ActionCancelNo, dialogue.ActionDetails,
		dialogue.ActionReserveAgain, dialogue.ActionHuman, dialogue.ActionTopic,
		dialogue.ActionBotBack, dialogue.ActionHeardYes, dialogue.ActionHeardNo, dialogue.ActionOptOut,
	}).Draw(t, "action")}
	stay := func() {
		p.Stay, p.Guests = booking.Stay{CheckIn: drawDate(t), CheckOut: drawDate(t)}, rapid.IntRange(0, 9999).Draw(t, "guests")
	}
	switch p.Action {
	case dialogue.ActionDates:
		stay()
		p.Guests = 0
		if rapid.Bool().Draw(t, "open") {
			p.Stay.CheckOut = booking.Date{}
		}
	case dialogue.ActionGuests:
		p.Guests = rapid.IntRange(0, 9999).Draw(t, "guests")
	case dialogue.ActionAccommodation:
		p.AccommodationID = rapid.Int64Min(0).Draw(t, "id")
		if rapid.Bool().Draw(t, "whole") {
			stay()
		}
	case dialogue.ActionMoreOffers:
		stay()
		p.From = rapid.IntRange(0, 100000).Draw(t, "from")
	case dialogue.ActionHold:
		p.AccommodationID = rapid.Int64Min(0).Draw(t, "id")
		stay()
		p.Centavos = rapid.Int64Min(0).Draw(t, "centavos")
	case dialogue.ActionBotBack:
		p.GuestID = rapid.Int64Min(0).Draw(t, "guest")
	case dialogue.ActionTopic:
		p.Topic = rapid.SampledFrom([]dialogue.Topic{dialogue.TopicReserve, dialogue.TopicPayment, dialogue.TopicCancel,
			dialogue.TopicCheckIn, dialogue.TopicAmenity, dialogue.TopicContact, dialogue.TopicLocation, dialogue.TopicPhotos}).Draw(t, "topic")
	case dialogue.ActionChangeDates, dialogue.ActionPay, dialogue.ActionPayNow, dialogue.ActionConfirm, dialogue.ActionConsultPayment,
		dialogue.ActionChangePayment, dialogue.ActionExtend, dialogue.ActionCancel, dialogue.ActionCancelYes, dialogue.ActionDetails:
		p.Code = drawCode(t)
	}
	return p
}

func TestPressesAreReadAsTheyWereBuilt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawPress(t)
		id := p.ID()
		require.LessOrEqual(t, len(id), 200)
		read, ok := dialogue.ParsePress(id)
		require.True(t, ok, id)
		require.Equal(t, p, read, id)
	})
}

func TestAnyIDIsReadWithoutHarm(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.OneOf(rapid.String(), rapid.StringMatching(`(acc|hold|guests|date_range|more_offers|help|pay_res)(_[-0-9A-Z_]{0,30})?`)).Draw(t, "id")
		if p, ok := dialogue.ParsePress(id); ok {
			require.Equal(t, id, p.ID())
		}
	})
}

func TestIDsOfTheContract(t *testing.T) {
	t.Parallel()
	for _, id := range []string{
		"menu_availability", "menu_reservations", "menu_help", "menu_back", "date_this_weekend", "date_next_weekend", "date_custom",
		"date_range_2026-12-20_2026-12-23", "date_range_2026-12-20", "acc_7", "guests_2", "guests_4", "guests_11", "guests_other", "confirm_res_" + heldCode,
		"change_dates_" + heldCode, "see_other_acc", "pay_res_" + heldCode, "pay_now_" + heldCode, "consult_payment_" + heldCode,
		"change_payment_" + heldCode, "cancel_res_" + heldCode, "cancel_confirm_" + heldCode, "cancel_abort", "view_details_" + heldCode,
		"help_how_to_reserve", "help_payment_methods", "help_cancellation", "help_check_in", "help_amenities", "help_contact", "reserve_again",
		"hold_1_2026-12-20_2026-12-23_4", "extend_" + heldCode, "human", "more_offers_2026-12-20_2026-12-23_4_3", "bot_back", "bot_back_77",
		"heard_yes", "heard_no", "opt_out",
	} {
		p, ok := dialogue.ParsePress(id)
		require.True(t, ok, id)
		require.Equal(t, id, p.ID())
	}
}
