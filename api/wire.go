package api

import (
	"time"

	"cabanas/activities"
	"cabanas/booking"
)

// The types of this file are the JSON of the API. They are apart from the domain's so that neither binds the other.

type money struct {
	Amount   string `json:"amount" doc:"Decimal with two places." example:"15000.00"`
	Currency string `json:"currency" doc:"ISO 4217." example:"ARS"`
}

type priceLine struct {
	Kind        string `json:"kind" enum:"night,extra_guests,length_discount,cleaning_fee"`
	Night       string `json:"night,omitempty" format:"date" doc:"With kind night: the evening the guest arrives or stays."`
	Amount      money  `json:"amount"`
	Reason      string `json:"reason" doc:"Why this amount, in English."`
	RuleID      int64  `json:"rule_id,omitempty" doc:"The rate rule that made the amount; absent for the accommodation's own prices."`
	RuleVersion int    `json:"rule_version,omitempty" doc:"Of the rule, when the price was made."`
}

type quote struct {
	Nights  int         `json:"nights"`
	Total   money       `json:"total"`
	Deposit money       `json:"deposit" doc:"Part of the total; paying it confirms."`
	Price   []priceLine `json:"price" nullable:"false" doc:"Each night and fee; they add up to the total."`
}

type alternative struct {
	AccommodationID int64  `json:"accommodation_id"`
	CheckIn         string `json:"check_in" format:"date"`
	CheckOut        string `json:"check_out" format:"date"`
	Total           money  `json:"total"`
	Deposit         money  `json:"deposit"`
}

type accommodation struct {
	ID                int64            `json:"id"`
	Name              string           `json:"name"`
	Type              string           `json:"type" enum:"cabin,apartment,house,room"`
	Capacity          int              `json:"capacity"`
	BasePrice         money            `json:"base_price" doc:"One night."`
	WeekendPercent    int              `json:"weekend_percent" doc:"Friday and Saturday nights cost this percentage of the base price."`
	CleaningFee       money            `json:"cleaning_fee" doc:"Once a stay."`
	GuestsIncluded    int              `json:"guests_included" doc:"Guests in the base price; 0 means all."`
	ExtraGuest        money            `json:"extra_guest" doc:"Each further guest, a night."`
	MinNights         int              `json:"min_nights"`
	LengthOfStayOff   []lengthDiscount `json:"length_discounts" nullable:"false"`
	Description       string           `json:"description"`
	Amenities         []string         `json:"amenities" nullable:"false"`
	Photos            []photo          `json:"photos" nullable:"false" doc:"Best first."`
	Location          location         `json:"location"`
	AvailabilityRoute string           `json:"availability_url" doc:"Where to ask for dates."`
}

type lengthDiscount struct {
	Nights  int `json:"nights" example:"7" doc:"From this many nights on."`
	Percent int `json:"percent" example:"10" doc:"Off the nights."`
}

type photo struct {
	URL     string `json:"url" example:"https://fotos.example.org/arrayan/1.jpg"`
	Caption string `json:"caption,omitempty" example:"La galería al atardecer"`
}

type location struct {
	Address   string   `json:"address,omitempty"`
	City      string   `json:"city,omitempty"`
	Province  string   `json:"province,omitempty"`
	Latitude  *float64 `json:"lat,omitempty"`
	Longitude *float64 `json:"lng,omitempty"`
}

type accommodationList struct {
	Items      []accommodation `json:"items" nullable:"false"`
	NextCursor *string         `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last."`
}

type availability struct {
	CancellationPolicy *cancellationPolicy `json:"cancellation_policy,omitempty" doc:"What goes back when the guest cancels; a booking keeps the one it was made under."`
	Available          bool                `json:"available"`
	Reason             *string             `json:"reason" doc:"Null when available, else the code of the refusal, such as dates_taken or too_short."`
	Quote              *quote              `json:"quote,omitempty" doc:"Absent when the stay cannot be priced."`
	Alternatives       []alternative       `json:"alternatives" nullable:"false" doc:"Stays that can be booked instead, best first."`
}

type hold struct {
	CancellationPolicy *cancellationPolicy `json:"cancellation_policy,omitempty" doc:"What goes back when the guest cancels, for the life of the booking."`
	Code               string              `json:"code" example:"RES261120A1B2C3"`
	Token              string              `json:"token" doc:"The guest's secret for X-Reservation-Token. It is shown here and never again."`
	Status             string              `json:"status" example:"pre_reserved"`
	ExpiresAt          time.Time           `json:"expires_at" doc:"Unpaid by then, the nights are free again."`
	AccommodationID    int64               `json:"accommodation_id"`
	CheckIn            string              `json:"check_in" format:"date"`
	CheckOut           string              `json:"check_out" format:"date"`
	Guests             int                 `json:"guests"`
	Nights             int                 `json:"nights"`
	Total              money               `json:"total"`
	Deposit            money               `json:"deposit"`
	Price              []priceLine         `json:"price" nullable:"false"`
	PaymentURL         *string             `json:"payment_url" doc:"Where the deposit is paid; null when the payment provider did not answer in time: read the reservation a little later."`
	PayPageURL         *string             `json:"pay_page_url,omitempty" doc:"The guest's page, which leads to the checkout that is open or says how things stand, and stays the same for the life of the reservation. Only for the guest."`
}

type reservation struct {
	CancellationPolicy *cancellationPolicy `json:"cancellation_policy,omitempty" doc:"What goes back when the guest cancels, as it was when the booking was made."`
	Code               string              `json:"code"`
	Status             string              `json:"status" enum:"pre_reserved,confirmed,expired,cancelled,completed,no_show"`
	PaymentStatus      string              `json:"payment_status" enum:"pending,partially_paid,paid,refunded,failed,charged_back"`
	AccommodationID    int64               `json:"accommodation_id"`
	AccommodationName  string              `json:"accommodation_name"`
	CheckIn            string              `json:"check_in" format:"date"`
	CheckOut           string              `json:"check_out" format:"date"`
	Guests             int                 `json:"guests"`
	Nights             int                 `json:"nights"`
	Total              money               `json:"total"`
	Deposit            money               `json:"deposit"`
	Paid               money               `json:"paid"`
	Refund             *money              `json:"refund,omitempty" doc:"What cancelling gave back."`
	Price              []priceLine         `json:"price" nullable:"false"`
	ExpiresAt          *time.Time          `json:"expires_at" doc:"Deadline of a hold; null when it is none."`
	PaymentURL         *string             `json:"payment_url" doc:"Where the deposit is paid; null when there is nothing to pay here."`
	PayPageURL         *string             `json:"pay_page_url,omitempty" doc:"The guest's page, the same for the life of the reservation. Only for the guest."`
}

func moneyOf(m booking.Money) money {
	if m.Currency == "" {
		m.Currency = booking.ARS
	}
	return money{Amount: m.Decimal(), Currency: m.Currency}
}

func priceOf(lines []booking.Line) []priceLine {
	price := make([]priceLine, 0, len(lines))
	for _, line := range lines {
		price = append(price, priceLine{Kind: string(line.Kind), Night: line.Night.String(), Amount: moneyOf(line.Amount), Reason: line.Reason,
			RuleID: line.RuleID, RuleVersion: line.RuleVersion})
	}
	return price
}

func alternatives(from []booking.Alternative) []alternative {
	list := make([]alternative, 0, len(from))
	for _, a := range from {
		list = append(list, alternative{AccommodationID: a.AccommodationID, CheckIn: a.CheckIn.String(), CheckOut: a.CheckOut.String(),
			Total: moneyOf(a.Total), Deposit: moneyOf(a.Deposit)})
	}
	return list
}

func availabilityOf(a activities.Availability, stay booking.Stay) availability {
	answer := availability{CancellationPolicy: policyOf(a.Cancellation), Available: a.Available, Reason: orNull(string(a.Reason)), Alternatives: alternatives(a.Alternatives)}
	if len(a.Quote.Lines) > 0 {
		answer.Quote = &quote{Nights: stay.Nights(), Total: moneyOf(a.Quote.Total), Deposit: moneyOf(a.Quote.Deposit), Price: priceOf(a.Quote.Lines)}
	}
	return answer
}

func holdOf(b activities.Booked, request activities.BookRequest) hold {
	return hold{
		CancellationPolicy: policyOf(b.Cancellation),
		Code:               b.Code, Token: b.Token, Status: string(b.Status), ExpiresAt: b.ExpiresAt.UTC(),
		AccommodationID: request.AccommodationID, CheckIn: b.Stay.CheckIn.String(), CheckOut: b.Stay.CheckOut.String(),
		Guests: request.Guests, Nights: b.Stay.Nights(), Total: moneyOf(b.Quote.Total), Deposit: moneyOf(b.Quote.Deposit),
		Price: priceOf(b.Quote.Lines), PaymentURL: orNull(b.PaymentURL),
	}
}

func reservationOf(v activities.ReservationView) reservation {
	answer := reservation{
		CancellationPolicy: policyOf(v.Cancellation),
		Code:               v.Code, Status: string(v.Status), PaymentStatus: string(v.PaymentStatus),
		AccommodationID: v.AccommodationID, AccommodationName: v.AccommodationName,
		CheckIn: v.Stay.CheckIn.String(), CheckOut: v.Stay.CheckOut.String(), Guests: v.Guests, Nights: v.Stay.Nights(),
		Total: moneyOf(v.Quote.Total), Deposit: moneyOf(v.Quote.Deposit), Paid: moneyOf(v.Paid),
		Price: priceOf(v.Quote.Lines), PaymentURL: orNull(v.PaymentURL),
	}
	if !v.Refund.IsZero() {
		refund := moneyOf(v.Refund)
		answer.Refund = &refund
	}
	if !v.ExpiresAt.IsZero() {
		deadline := v.ExpiresAt.UTC()
		answer.ExpiresAt = &deadline
	}
	return answer
}

func accommodationOf(a booking.Accommodation, route string) accommodation {
	answer := accommodation{
		ID: a.ID, Name: a.Name, Type: string(a.Type), Capacity: a.Capacity, BasePrice: moneyOf(a.Rate.Base),
		WeekendPercent: a.Rate.WeekendPercent, CleaningFee: moneyOf(a.Rate.CleaningFee), GuestsIncluded: a.Rate.GuestsIncluded,
		ExtraGuest: moneyOf(a.Rate.ExtraGuest), MinNights: max(a.Rate.MinNights, 1), LengthOfStayOff: []lengthDiscount{},
		Description: a.Description, Amenities: append([]string{}, a.Amenities...), Photos: []photo{},
		Location:          location{Address: a.Location.Address, City: a.Location.City, Province: a.Location.Province},
		AvailabilityRoute: route,
	}
	for _, d := range a.Rate.LengthDiscounts {
		answer.LengthOfStayOff = append(answer.LengthOfStayOff, lengthDiscount{Nights: d.Nights, Percent: d.Percent})
	}
	for _, p := range a.Photos {
		answer.Photos = append(answer.Photos, photo{URL: p.URL, Caption: p.Caption})
	}
	if a.Location.Latitude != 0 || a.Location.Longitude != 0 {
		answer.Location.Latitude, answer.Location.Longitude = &a.Location.Latitude, &a.Location.Longitude
	}
	return answer
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
