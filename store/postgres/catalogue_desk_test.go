package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"cabanas/booking"
	"cabanas/store/postgres"
)

func TestAnAccommodationIsKeptByTheOwner(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.exec(`UPDATE properties SET deposit_fixed_centavos = 500000`)
	made, err := b.AddAccommodation(t.Context(), byOwner, booking.AccommodationChange{
		Name: new("Arrayán"), Type: new(booking.House), Capacity: new(5), Base: new(booking.Pesos(80_000)), CheckInText: new("El código es 1234"),
		Photos: &[]booking.Photo{{URL: "http://localhost:8000/samples/x.jpg"}}}, "http://localhost:8000/samples/", now)
	require.NoError(t, err)
	require.Equal(t, 1, made.Revision)
	require.Equal(t, 120, made.Rate.WeekendPercent)
	_, after := b.audited("accommodation.created")
	require.Equal(t, "17 characters", after["check_in_text"], "a text that may hold the code of a door")

	place, err := b.Accommodation(t.Context(), made.ID)
	require.NoError(t, err)
	require.Equal(t, booking.Pesos(5_000), place.Rate.DepositFixed, "the property's")
	require.Zero(t, made.Rate.DepositFixed)

	named, err := b.ChangeAccommodation(t.Context(), byOwner, made.ID, 1, booking.AccommodationChange{Name: new("Arrayanes")}, "", now)
	require.NoError(t, err)
	require.Equal(t, []int{2, 1}, []int{named.Revision, named.Rate.Version}, "a name is no price")
	require.Len(t, named.Photos, 1, "pictures are looked at when they change")
	priced, err := b.ChangeAccommodation(t.Context(), byOwner, made.ID, postgres.AnyRevision, booking.AccommodationChange{
		DepositFixed: new(booking.Pesos(9_000)), LengthDiscounts: &[]booking.LengthDiscount{{Nights: 7, Percent: 10}}}, "", now)
	require.NoError(t, err)
	require.Equal(t, []int{3, 2}, []int{priced.Revision, priced.Rate.Version})
	place, err = b.Accommodation(t.Context(), made.ID)
	require.NoError(t, err)
	require.Equal(t, booking.Pesos(9_000), place.Rate.DepositFixed)
	before, after := b.audited("accommodation.changed")
	require.Equal(t, map[string]any{"deposit_fixed_centavos": 0.0, "length_discounts": []any{}}, before)
	require.EqualValues(t, 900_000, after["deposit_fixed_centavos"])

	_, err = b.ChangeAccommodation(t.Context(), byOwner, made.ID, 1, booking.AccommodationChange{Name: new("x")}, "", now)
	requireCode(t, err, postgres.CodeChangedMeanwhile)
	same, err := b.ChangeAccommodation(t.Context(), byOwner, made.ID, 3, booking.AccommodationChange{Name: new("Arrayanes")}, "", now)
	require.NoError(t, err)
	require.Equal(t, priced, same)
	_, err = b.ChangeAccommodation(t.Context(), byOwner, 4711, 0, booking.AccommodationChange{}, "", now)
	requireCode(t, err, booking.CodeNotFound)
	_, err = b.ChangeAccommodation(t.Context(), byOwner, made.ID, 0, booking.AccommodationChange{Capacity: new(0)}, "", now)
	requireCode(t, err, booking.CodeInvalidInput)

	every, err := b.AccommodationRecords(t.Context())
	require.NoError(t, err)
	require.Len(t, every, 2)
	require.Equal(t, priced, every[1])
}

func TestAnAccommodationGoesWhenNothingRefersToIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	booked := b.hold(stay("2027-01-10", 3))
	deleted, err := b.RemoveAccommodation(t.Context(), byOwner, b.cabin, postgres.AnyRevision, now)
	require.NoError(t, err)
	require.False(t, deleted)
	record, err := b.AccommodationRecord(t.Context(), b.cabin)
	require.NoError(t, err)
	require.False(t, record.Active)
	kept, err := b.Reservation(t.Context(), booked.Code)
	require.NoError(t, err)
	require.Equal(t, booking.PreReserved, kept.Status)
	before, _ := b.audited("accommodation.deactivated")
	require.Equal(t, map[string]any{"active": true}, before)

	unused := b.newCabin()
	_, err = b.RemoveAccommodation(t.Context(), byOwner, unused, 7, now)
	requireCode(t, err, postgres.CodeChangedMeanwhile)
	deleted, err = b.RemoveAccommodation(t.Context(), byOwner, unused, 1, now)
	require.NoError(t, err)
	require.True(t, deleted)
	_, err = b.AccommodationRecord(t.Context(), unused)
	requireCode(t, err, booking.CodeNotFound)
	_, err = b.RemoveAccommodation(t.Context(), byOwner, unused, 1, now)
	requireCode(t, err, booking.CodeNotFound)
	before, _ = b.audited("accommodation.deleted")
	require.Equal(t, "Cabaña", before["name"])
}

// Of two people who read the same, one changes it and the other is told.
func TestTwoWhoChangeTheSameAccommodation(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var group errgroup.Group
	outcomes := make(chan error, 2)
	for _, name := range []string{"Una", "Otra"} {
		group.Go(func() error {
			_, err := b.ChangeAccommodation(t.Context(), byOwner, b.cabin, 1, booking.AccommodationChange{Name: &name}, "", now)
			outcomes <- err
			return nil
		})
	}
	require.NoError(t, group.Wait())
	first, second := <-outcomes, <-outcomes
	if first != nil {
		first, second = second, first
	}
	require.NoError(t, first)
	requireCode(t, second, postgres.CodeChangedMeanwhile)
}
