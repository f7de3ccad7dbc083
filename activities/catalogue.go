package activities

import (
	"context"
	"time"

	"cabanas/booking"
)

// Terms are the booking rules that come from the settings of this installation.
type Terms struct {
	HoldFor   time.Duration
	Extension time.Duration
	Grace     time.Duration
	// AlternativeFor is how long other nights are held for who paid when theirs were sold; 0 offers none.
	AlternativeFor time.Duration
	// DepositPercent is asked where the property has none of its own.
	DepositPercent int
	Limits         booking.Limits
	// HoldsPerPhone and HoldsPerAddress bound unpaid holds of one phone and of one network address; 0 is no limit.
	HoldsPerPhone, HoldsPerAddress int
	// RefundApprovalAbove is the sum above which the owner lets a refund go first; zero asks for none.
	RefundApprovalAbove booking.Money
}

// CatalogueStore reads what is offered and what is taken.
type CatalogueStore interface {
	Property(ctx context.Context) (booking.Property, error)
	Accommodations(ctx context.Context) ([]booking.Accommodation, error)
	Accommodation(ctx context.Context, id int64) (booking.Accommodation, error)
	Busy(ctx context.Context, from, to booking.Date) ([]booking.Busy, error)
	BusyAt(ctx context.Context, accommodationID int64, from, to booking.Date) ([]booking.Busy, error)
}

const (
	// alternativesWindow is how many days around the wished dates are searched for free ones.
	alternativesWindow = 21
	// lateOfferWindow covers what [booking.Calendar.LateOffers] looks at around a stay.
	lateOfferWindow = 7
)

// catalogue answers what is free and what it costs. It advises: only the insert of a hold decides.
type catalogue struct {
	store CatalogueStore
	terms Terms
	now   func() time.Time
}

func (c catalogue) property(ctx context.Context) (booking.Property, error) {
	property, err := c.store.Property(ctx)
	return c.terms.of(property), err
}

// of is a property under these rules; what the owner set for it wins.
func (t Terms) of(property booking.Property) booking.Property {
	property.Limits = t.Limits
	if property.DepositPercent == 0 {
		property.DepositPercent = t.DepositPercent
	}
	return property
}

func (c catalogue) today(property booking.Property) booking.Date {
	return booking.DateIn(c.now(), property.Location)
}

func (c catalogue) quote(property booking.Property, place booking.Accommodation, stay booking.Stay, guests int) booking.Quote {
	return booking.QuoteStay(place.Rate, stay, guests, property.DepositPercent)
}

// offer prices a stay in one accommodation, refuses it by the limits, or says that it is taken and what is free instead.
func (c catalogue) offer(ctx context.Context, id int64, stay booking.Stay, guests int) (offered, error) {
	property, err := c.property(ctx)
	if err != nil {
		return offered{}, err
	}
	place, err := c.store.Accommodation(ctx, id)
	if err != nil {
		return offered{}, err
	}
	answer := offered{property: property, place: place}
	if stay.CheckIn.Before(stay.CheckOut) && stay.Nights() <= property.Limits.LongestStay {
		answer.quote = c.quote(property, place, stay, max(guests, 1))
	}
	if err := property.Limits.Check(place, stay, guests, c.today(property)); err != nil {
		return answer, err
	}
	// What the others have sold matters only when this one is: most who ask are told yes.
	busy, err := c.store.BusyAt(ctx, id, stay.CheckIn, stay.CheckOut)
	if err != nil {
		return answer, err
	}
	if len(busy) > 0 {
		return answer, c.taken(ctx, answer, stay, guests)
	}
	return answer, nil
}

// offered is what is known of an accommodation for a stay; complete as far as it got when there is an error beside it.
type offered struct {
	property booking.Property
	place    booking.Accommodation
	quote    booking.Quote
	// stale are the feeds of other channels that were asked and gave no good answer.
	stale []int64
}

// calendar is what is sold of every accommodation from some days before a stay to as many after it.
func (c catalogue) calendar(ctx context.Context, stay booking.Stay, days int) (booking.Calendar, error) {
	busy, err := c.store.Busy(ctx, stay.CheckIn.AddDays(-days), stay.CheckOut.AddDays(days))
	if err != nil {
		return booking.Calendar{}, err
	}
	return booking.NewCalendar(busy), nil
}

// taken builds the refusal of a stay that is sold, with alternatives; an error when they cannot be read. Other accommodations are
// looked at for the same dates, the wished one for the days around them.
func (c catalogue) taken(ctx context.Context, wish offered, stay booking.Stay, guests int) error {
	catalog, err := c.store.Accommodations(ctx)
	if err != nil {
		return err
	}
	busy, err := c.store.Busy(ctx, stay.CheckIn, stay.CheckOut)
	if err != nil {
		return err
	}
	around, err := c.store.BusyAt(ctx, wish.place.ID, stay.CheckIn.AddDays(-alternativesWindow), stay.CheckOut.AddDays(alternativesWindow))
	if err != nil {
		return err
	}
	return &TakenError{Alternatives: booking.NewCalendar(append(busy, around...)).Alternatives(booking.AlternativeSearch{
		Wanted: wish.place, Stay: stay, Guests: guests, Today: c.today(wish.property), Catalog: catalog,
		Limits: wish.property.Limits, DepositPercent: wish.property.DepositPercent, WindowDays: alternativesWindow,
	})}
}
