package activities

import (
	"context"
	"time"

	"cabanas/booking"
	"cabanas/store/postgres"
)

// CatalogueDesk is where the owner keeps accommodations and what they cost. Errors are booking refusals.
type CatalogueDesk struct {
	Store CatalogueDeskStore
	Terms Terms
	// Pictures is the address that our own pictures begin with.
	Pictures string
	Now      func() time.Time
}

// CatalogueDeskStore is what the catalogue desk reads and writes.
type CatalogueDeskStore interface {
	Property(ctx context.Context) (booking.Property, error)
	Accommodation(ctx context.Context, id int64) (booking.Accommodation, error)
	AccommodationRecords(ctx context.Context) ([]postgres.AccommodationRecord, error)
	AccommodationRecord(ctx context.Context, id int64) (postgres.AccommodationRecord, error)
	AddAccommodation(ctx context.Context, by postgres.Author, change booking.AccommodationChange, ownPictures string, now time.Time) (postgres.AccommodationRecord, error)
	ChangeAccommodation(ctx context.Context, by postgres.Author, id int64, revision int, change booking.AccommodationChange,
		ownPictures string, now time.Time) (postgres.AccommodationRecord, error)
	RemoveAccommodation(ctx context.Context, by postgres.Author, id int64, revision int, now time.Time) (bool, error)
	RateRules(ctx context.Context, filter postgres.RateRuleFilter) ([]postgres.RateRule, error)
	RateRule(ctx context.Context, id int64) (postgres.RateRule, error)
	AddRateRule(ctx context.Context, by postgres.Author, change booking.RateRuleChange, now time.Time) (postgres.RateRule, error)
	ChangeRateRule(ctx context.Context, by postgres.Author, id int64, version int, change booking.RateRuleChange, now time.Time) (postgres.RateRule, error)
	DeleteRateRule(ctx context.Context, by postgres.Author, id int64, version int, now time.Time) error
}

// Accommodations lists every accommodation by id, offered or not.
func (d *CatalogueDesk) Accommodations(ctx context.Context) ([]postgres.AccommodationRecord, error) {
	return d.Store.AccommodationRecords(ctx)
}

// Accommodation returns one, offered or not.
func (d *CatalogueDesk) Accommodation(ctx context.Context, id int64) (postgres.AccommodationRecord, error) {
	return d.Store.AccommodationRecord(ctx, id)
}

// Add makes an accommodation. It refuses as [booking.AccommodationChange.Apply] does.
func (d *CatalogueDesk) Add(ctx context.Context, by postgres.Author, change booking.AccommodationChange) (postgres.AccommodationRecord, error) {
	return d.Store.AddAccommodation(ctx, by, change, d.Pictures, d.Now())
}

// Change changes an accommodation that is still as its author saw it, see [postgres.Store.ChangeAccommodation].
func (d *CatalogueDesk) Change(ctx context.Context, by postgres.Author, id int64, revision int, change booking.AccommodationChange) (postgres.AccommodationRecord, error) {
	return d.Store.ChangeAccommodation(ctx, by, id, revision, change, d.Pictures, d.Now())
}

// Remove deletes an accommodation that nothing refers to, else takes it off the offer; it reports whether it deleted it.
func (d *CatalogueDesk) Remove(ctx context.Context, by postgres.Author, id int64, revision int) (bool, error) {
	return d.Store.RemoveAccommodation(ctx, by, id, revision, d.Now())
}

// Rules lists rate rules by id.
func (d *CatalogueDesk) Rules(ctx context.Context, filter postgres.RateRuleFilter) ([]postgres.RateRule, error) {
	return d.Store.RateRules(ctx, filter)
}

// Rule returns one rate rule.
func (d *CatalogueDesk) Rule(ctx context.Context, id int64) (postgres.RateRule, error) {
	return d.Store.RateRule(ctx, id)
}

// AddRule makes a rate rule, see [postgres.Store.AddRateRule].
func (d *CatalogueDesk) AddRule(ctx context.Context, by postgres.Author, change booking.RateRuleChange) (postgres.RateRule, error) {
	return d.Store.AddRateRule(ctx, by, change, d.Now())
}

// ChangeRule changes a rate rule, see [postgres.Store.ChangeRateRule].
func (d *CatalogueDesk) ChangeRule(ctx context.Context, by postgres.Author, id int64, version int, change booking.RateRuleChange) (postgres.RateRule, error) {
	return d.Store.ChangeRateRule(ctx, by, id, version, change, d.Now())
}

// DeleteRule ends a rate rule.
func (d *CatalogueDesk) DeleteRule(ctx context.Context, by postgres.Author, id int64, version int) error {
	return d.Store.DeleteRateRule(ctx, by, id, version, d.Now())
}

// longestTable is in nights.
const longestTable = 400

// PriceTable prices each night of a range in one accommodation, offered or not, as it would be priced now.
func (d *CatalogueDesk) PriceTable(ctx context.Context, accommodationID int64, nights booking.Stay) ([]booking.NightPrice, error) {
	if nights.Nights() < 1 || nights.Nights() > longestTable {
		return nil, &booking.FieldError{Field: "last_night", Rule: "must not be before first_night, nor more than 400 nights on"}
	}
	property, err := d.Store.Property(ctx)
	if err != nil {
		return nil, err
	}
	place, err := d.Store.Accommodation(ctx, accommodationID)
	if err != nil {
		return nil, err
	}
	return place.Rate.PriceTable(nights, d.Terms.of(property).Limits), nil
}
