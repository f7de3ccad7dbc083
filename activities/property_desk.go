package activities

import (
	"context"
	"time"

	"cabanas/booking"
	"cabanas/store/postgres"
)

// PropertyDesk is where the owner sets what holds for the whole property. Errors are booking refusals.
type PropertyDesk struct {
	Store PropertyDeskStore
	Terms Terms
	Now   func() time.Time
}

// PropertyDeskStore is what the property desk reads and writes.
type PropertyDeskStore interface {
	Property(ctx context.Context) (booking.Property, error)
	ChangeProperty(ctx context.Context, by postgres.Author, change booking.PropertyChange, now time.Time) (booking.Property, error)
}

// PropertyTerms are what holds for the property now.
type PropertyTerms struct {
	booking.Property
	// OwnDeposit reports whether the owner set DepositPercent; else it is the setting of the installation.
	OwnDeposit bool
}

// Property returns what holds now.
func (d *PropertyDesk) Property(ctx context.Context) (PropertyTerms, error) {
	property, err := d.Store.Property(ctx)
	return d.termsOf(property), err
}

// Change sets what the owner wants different, for bookings and questions from now on. It refuses as [booking.PropertyChange.Apply] does.
func (d *PropertyDesk) Change(ctx context.Context, by postgres.Author, change booking.PropertyChange) (PropertyTerms, error) {
	property, err := d.Store.ChangeProperty(ctx, by, change, d.Now())
	return d.termsOf(property), err
}

func (d *PropertyDesk) termsOf(property booking.Property) PropertyTerms {
	return PropertyTerms{Property: d.Terms.of(property), OwnDeposit: property.DepositPercent != 0}
}
