package booking

import (
	"cmp"
	"slices"
)

// LateSearch is a stay that was paid for when its nights were no longer free.
type LateSearch struct {
	// Paid is the accommodation the guest had, Stay and Total what they paid for; Total is what they go on paying.
	Paid    Accommodation
	Stay    Stay
	Guests  int
	Total   Money
	Today   Date
	Catalog []Accommodation
	Limits  Limits
}

// LateOffer is another stay at the price that was agreed for the lost one.
type LateOffer struct {
	AccommodationID int64
	UnitName        string
	Stay            Stay
	// Price is what the stay would cost by its own rate; the guest pays the old total.
	Price Money
	// Reason is why it was chosen: [SameNights], [SameCabin] or [OtherNights].
	Reason OfferReason
}

// OfferReason says in one word why a stay is the nearest to the lost one.
type OfferReason string

// The reasons, best first.
const (
	SameNights  OfferReason = "same_nights"  // another accommodation for the nights that were paid
	SameCabin   OfferReason = "same_cabin"   // the same accommodation, a few days earlier or later
	OtherNights OfferReason = "other_nights" // another accommodation, a few days earlier or later
)

// lateShift is how many days away a stay still counts as nearly the same.
const lateShift = 3

// LateOffers lists what may be offered instead of a stay that was paid late, best first. People plan their journey before
// their cabin: so the same nights come first, in the accommodation whose price is nearest (the dearer of two equally near, at
// the old price), then the same accommodation moved by up to three days, then others moved. Everything listed is free by the
// snapshot, sleeps the guests and keeps the limits.
func (c Calendar) LateOffers(search LateSearch) []LateOffer {
	offers := c.lateOffers(search, 0)
	for distance := 1; distance <= lateShift; distance++ {
		offers = append(offers, c.lateOffers(search, distance)...)
		offers = append(offers, c.lateOffers(search, -distance)...)
	}
	rank := map[OfferReason]int{SameNights: 0, SameCabin: 1, OtherNights: 2}
	distance := func(o LateOffer) int {
		return max(search.Stay.CheckIn.DaysUntil(o.Stay.CheckIn), o.Stay.CheckIn.DaysUntil(search.Stay.CheckIn))
	}
	gap := func(o LateOffer) int64 {
		return max(o.Price.Centavos-search.Total.Centavos, search.Total.Centavos-o.Price.Centavos)
	}
	slices.SortStableFunc(offers, func(a, b LateOffer) int {
		return cmp.Or(rank[a.Reason]-rank[b.Reason], distance(a)-distance(b), cmp.Compare(gap(a), gap(b)), cmp.Compare(b.Price.Centavos, a.Price.Centavos))
	})
	return offers
}

func (c Calendar) lateOffers(search LateSearch, days int) []LateOffer {
	var offers []LateOffer
	stay := search.Stay.Shift(days)
	for _, place := range search.Catalog {
		same := place.ID == search.Paid.ID
		if days == 0 && same || !place.Active || search.Limits.Check(place, stay, search.Guests, search.Today) != nil || !c.Free(place.ID, stay) {
			continue
		}
		price := QuoteStay(place.Rate, stay, search.Guests, 100).Total
		if price.Currency != search.Total.Currency {
			continue
		}
		offer := LateOffer{AccommodationID: place.ID, UnitName: place.Name, Stay: stay, Price: price, Reason: OtherNights}
		switch {
		case days == 0:
			offer.Reason = SameNights
		case same:
			offer.Reason = SameCabin
		}
		offers = append(offers, offer)
	}
	return offers
}
