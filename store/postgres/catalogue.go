package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// Property returns the business; the migrations make one. Its DepositPercent is 0 until the owner sets one.
func (s *Store) Property(ctx context.Context) (booking.Property, error) {
	return s.propertyIn(ctx, s.pool)
}

func (s *Store) propertyIn(ctx context.Context, db dbgen.DBTX) (booking.Property, error) {
	row, err := s.queries.GetProperty(ctx, db)
	if err != nil {
		return booking.Property{}, explain("read property", err)
	}
	location, err := time.LoadLocation(row.TimeZone)
	if err != nil {
		return booking.Property{}, fmt.Errorf("read property: %w", err)
	}
	property := booking.Property{
		ID: row.ID, Name: row.Name, Location: location, Currency: row.Currency,
		CheckInTime: int(row.CheckInMinutes), CheckOutTime: int(row.CheckOutMinutes),
		Limits:         booking.Limits{HorizonMonths: int(row.HorizonMonths), LongestStay: int(row.LongestStay)},
		DepositPercent: int(row.DepositPercent),
		Payments: booking.PaymentTerms{BalanceMode: booking.BalanceMode(row.BalanceMode), BalanceDays: int(row.BalanceDaysBefore),
			TransferDetails: row.TransferDetails, TransferHours: int(row.TransferHoldHours)},
	}
	if row.DepositFixedCentavos > 0 {
		property.DepositFixed = money(row.DepositFixedCentavos, row.Currency)
	}
	if err := json.Unmarshal(row.Cancellation, &property.Cancellation); err != nil {
		return booking.Property{}, fmt.Errorf("read property: cancellation policy: %w", err)
	}
	return property, nil
}

// Accommodations lists what is offered, by id, with the rate rules in force.
func (s *Store) Accommodations(ctx context.Context) ([]booking.Accommodation, error) {
	rows, err := s.queries.ListActiveAccommodations(ctx, s.pool)
	if err != nil {
		return nil, explain("list accommodations", err)
	}
	encoded, err := s.queries.ActiveRateRules(ctx, s.pool)
	if err != nil {
		return nil, explain("list accommodations", err)
	}
	rules, err := rateRules(encoded)
	if err != nil {
		return nil, err
	}
	places := make([]booking.Accommodation, 0, len(rows))
	for _, row := range rows {
		place, err := offeredOf(&row.Accommodation, row.DepositFixed, rules)
		if err != nil {
			return nil, err
		}
		places = append(places, place)
	}
	return places, nil
}

// Accommodation reads one, offered or not, with the rate rules in force; unknown ids are [booking.CodeNotFound].
func (s *Store) Accommodation(ctx context.Context, id int64) (booking.Accommodation, error) {
	row, err := s.queries.GetAccommodation(ctx, s.pool, id)
	if err != nil {
		return booking.Accommodation{}, explain("read accommodation", err)
	}
	rules, err := rateRules(row.Rules)
	if err != nil {
		return booking.Accommodation{}, err
	}
	return offeredOf(&row.Accommodation, row.DepositFixed, rules)
}

// CreateAccommodation adds one to the property and returns its id; values that break a rule are [booking.CodeInvalidInput].
func (s *Store) CreateAccommodation(ctx context.Context, accommodation booking.Accommodation) (int64, error) {
	return s.insertAccommodation(ctx, s.pool, accommodation)
}

// SetAccommodationActive offers an accommodation or takes it off the offer; its bookings stay.
func (s *Store) SetAccommodationActive(ctx context.Context, id int64, active bool) error {
	found, err := s.queries.SetAccommodationActive(ctx, s.pool, &dbgen.SetAccommodationActiveParams{ID: id, Active: active})
	if err == nil && found == 0 {
		err = pgx.ErrNoRows
	}
	return explain("offer accommodation", err)
}

// Busy lists what cannot be sold between two dates (to excluded): live reservations and active blocks of offered accommodations.
func (s *Store) Busy(ctx context.Context, from, to booking.Date) ([]booking.Busy, error) {
	rows, err := s.queries.ListBusy(ctx, s.pool, &dbgen.ListBusyParams{FromDate: from.Time(), ToDate: to.Time()})
	if err != nil {
		return nil, explain("list busy nights", err)
	}
	busy := make([]booking.Busy, 0, len(rows))
	for _, row := range rows {
		busy = append(busy, booking.Busy{AccommodationID: row.AccommodationID, Stay: nightsOf(row.FromDate, row.ToDate)})
	}
	return busy, nil
}

// BusyAt is [Store.Busy] of one accommodation, offered or not.
func (s *Store) BusyAt(ctx context.Context, accommodationID int64, from, to booking.Date) ([]booking.Busy, error) {
	rows, err := s.queries.ListBusyAt(ctx, s.pool, &dbgen.ListBusyAtParams{AccommodationID: accommodationID, FromDate: from.Time(), ToDate: to.Time()})
	if err != nil {
		return nil, explain("list busy nights of an accommodation", err)
	}
	busy := make([]booking.Busy, 0, len(rows))
	for _, row := range rows {
		busy = append(busy, booking.Busy{AccommodationID: accommodationID, Stay: nightsOf(row.FromDate, row.ToDate)})
	}
	return busy, nil
}

// SeedSampleCabins adds three sample cabins to a catalogue that is empty and does nothing otherwise. pictureURL says
// where guests find the picture of a name.
func (s *Store) SeedSampleCabins(ctx context.Context, pictureURL func(name string) string) error {
	return s.transact(ctx, "seed sample cabins", func(tx pgx.Tx) error {
		if err := s.queries.LockCatalogue(ctx, tx); err != nil {
			return err
		}
		empty, err := s.queries.CatalogueIsEmpty(ctx, tx)
		if err != nil || !empty {
			return err
		}
		for _, cabin := range sampleCabins(pictureURL) {
			if _, err := s.insertAccommodation(ctx, tx, cabin); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) insertAccommodation(ctx context.Context, db dbgen.DBTX, a booking.Accommodation) (int64, error) {
	lists, err := listsOf(a)
	if err != nil {
		return 0, fmt.Errorf("create accommodation: %w", err)
	}
	id, err := s.queries.InsertAccommodation(ctx, db, &dbgen.InsertAccommodationParams{
		Name: a.Name, Type: string(a.Type), Description: a.Description, Capacity: int32(a.Capacity),
		BasePriceCentavos: a.Rate.Base.Centavos, WeekendPercent: int32(a.Rate.WeekendPercent),
		CleaningFeeCentavos: a.Rate.CleaningFee.Centavos, GuestsIncluded: int32(a.Rate.GuestsIncluded),
		ExtraGuestCentavos: a.Rate.ExtraGuest.Centavos, Currency: a.Rate.Base.Currency, MinNights: int32(a.Rate.MinNights),
		LengthDiscounts: lists.discounts, Amenities: emptyIfNil(a.Amenities), Photos: lists.photos, Location: lists.location,
		CheckInText: a.CheckInText, Active: a.Active, DepositFixedCentavos: nullIfZero(a.Rate.DepositFixed.Centavos),
	})
	return id, explain("create accommodation", err)
}

// accommodationLists are the columns of an accommodation that hold JSON.
type accommodationLists struct{ discounts, photos, location json.RawMessage }

func listsOf(a booking.Accommodation) (lists accommodationLists, err error) {
	var errs [3]error
	lists.discounts, errs[0] = json.Marshal(emptyIfNil(a.Rate.LengthDiscounts))
	lists.photos, errs[1] = json.Marshal(emptyIfNil(a.Photos))
	lists.location, errs[2] = json.Marshal(a.Location)
	return lists, errors.Join(errs[:]...)
}

// offeredOf is a place with the deposit that is asked for it, its own or the property's, and the rules that are for it.
func offeredOf(row *dbgen.Accommodation, deposit int64, rules []booking.RateRule) (booking.Accommodation, error) {
	place, err := accommodationOf(row)
	if deposit > 0 {
		place.Rate.DepositFixed = money(deposit, row.Currency)
	}
	place.Rate.Rules = booking.RulesFor(rules, row.ID)
	return place, err
}

func accommodationOf(row *dbgen.Accommodation) (booking.Accommodation, error) {
	place := booking.Accommodation{
		ID: row.ID, Name: row.Name, Type: booking.AccommodationType(row.Type), Capacity: int(row.Capacity), Active: row.Active,
		Rate: booking.Rate{
			Base: money(row.BasePriceCentavos, row.Currency), WeekendPercent: int(row.WeekendPercent),
			CleaningFee:    money(row.CleaningFeeCentavos, row.Currency),
			GuestsIncluded: int(row.GuestsIncluded), ExtraGuest: money(row.ExtraGuestCentavos, row.Currency),
			MinNights: int(row.MinNights), Version: int(row.RateVersion),
		},
		Description: row.Description, Amenities: row.Amenities, CheckInText: row.CheckInText,
	}
	if len(row.Cancellation) > 0 {
		place.Cancellation = &booking.CancellationPolicy{}
		if err := json.Unmarshal(row.Cancellation, place.Cancellation); err != nil {
			return booking.Accommodation{}, fmt.Errorf("read accommodation %d: cancellation policy: %w", row.ID, err)
		}
	}
	err := errors.Join(
		json.Unmarshal(row.LengthDiscounts, &place.Rate.LengthDiscounts),
		json.Unmarshal(row.Photos, &place.Photos),
		json.Unmarshal(row.Location, &place.Location))
	if err != nil {
		return booking.Accommodation{}, fmt.Errorf("read accommodation %d: %w", row.ID, err)
	}
	return place, nil
}

func emptyIfNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func nullIfZero[T int32 | int64](n T) *T {
	if n == 0 {
		return nil
	}
	return &n
}
