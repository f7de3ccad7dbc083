package activities_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/internal/embedded/embeddedtest"
	"cabanas/internal/observe"
	"cabanas/migrations"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// nightBook holds night locks in memory.
type nightBook struct {
	mu   sync.Mutex
	held map[string]string
}

func (n *nightBook) Acquire(_ context.Context, unit int64, nights []booking.Date, token string, _ time.Duration) (bool, string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, night := range nights {
		n.held[fmt.Sprint(unit, night)] = token
	}
	return true, token, nil
}

func (n *nightBook) Release(_ context.Context, unit int64, nights []booking.Date, token string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, night := range nights {
		if n.held[fmt.Sprint(unit, night)] == token {
			delete(n.held, fmt.Sprint(unit, night))
		}
	}
	return nil
}

// deskWorld is a desk and its activities on a real database, with a hold of two nights at 50,000 each.
type deskWorld struct {
	*activities.Reservations
	desk       *activities.ReservationDesk
	store      *postgres.Store
	locks      *nightBook
	hold       postgres.Reservation
	cabin, big int64
	now        time.Time
}

func openDesk(t *testing.T) *deskWorld {
	t.Helper()
	store, err := postgres.Open(t.Context(), embeddedtest.Database(t, migrations.Up), 5)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	w := &deskWorld{store: store, locks: &nightBook{held: map[string]string{}}, now: time.Date(2026, time.November, 22, 15, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	terms := activities.Terms{DepositPercent: 30, Limits: booking.DefaultLimits}
	w.Reservations = &activities.Reservations{Store: store, Locks: w.locks, Terms: terms, Metrics: observe.NewMetrics(prometheus.NewRegistry()), Now: clock}
	w.desk = &activities.ReservationDesk{Store: store, Terms: terms, Now: clock}
	place := booking.Accommodation{Name: "Arrayán", Type: booking.Cabin, Capacity: 4, Active: true, Rate: booking.Rate{Base: booking.Pesos(50_000), WeekendPercent: 100, MinNights: 1}}
	w.cabin, err = store.CreateAccommodation(t.Context(), place)
	require.NoError(t, err)
	place.Name, place.Capacity = "Coihue", 8
	w.big, err = store.CreateAccommodation(t.Context(), place)
	require.NoError(t, err)
	guest, err := store.UpsertGuest(t.Context(), postgres.Guest{Phone: "541155550001", Name: "Ana"})
	require.NoError(t, err)
	in := workflows.BookingInput{Code: "RES261122A1B2C3", AccommodationID: w.cabin, GuestID: guest, Stay: staying("2027-01-10", 2), Guests: 2,
		Channel: booking.ChannelDirect, HoldFor: time.Hour}
	_, err = w.PlaceHold(t.Context(), in)
	require.NoError(t, err)
	w.hold, err = store.Reservation(t.Context(), in.Code)
	require.NoError(t, err)
	return w
}

func staying(from string, nights int) booking.Stay {
	in := booking.MustDate(from)
	return booking.Stay{CheckIn: in, CheckOut: in.AddDays(nights)}
}

func (w *deskWorld) moves(t *testing.T, key string, unit int64, stay booking.Stay, guests int, price string) (workflows.StayChanged, error) {
	t.Helper()
	return w.ChangeStay(t.Context(), workflows.StayChangeInput{Code: w.hold.Code, Key: key, StayChangeRequest: workflows.StayChangeRequest{
		AccommodationID: unit, Stay: stay, Guests: guests, Price: price, StaffID: 7}})
}

// reasonOf is the refusal that an activity answered with.
func reasonOf(err error) booking.Code {
	var failure *temporal.ApplicationError
	var reason booking.Code
	if !errors.As(err, &failure) || failure.Details(&reason) != nil {
		return ""
	}
	return reason
}

func failureType(err error) string {
	if failure, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return failure.Type()
	}
	return ""
}

func TestChangeStayMovesTheNightLocksAndThePrice(t *testing.T) {
	t.Parallel()
	w := openDesk(t)
	require.Len(t, w.locks.held, 2)
	moved, err := w.moves(t, "1", w.big, staying("2027-01-11", 3), 6, workflows.PriceRequote)
	require.NoError(t, err)
	require.Equal(t, "Coihue", moved.UnitName)
	require.True(t, moved.Changed && moved.DepositChanged && moved.DueChanged)
	require.Equal(t, map[string]string{}, without(w.locks.held, w.big, staying("2027-01-11", 3)), "the old nights are free")
	require.Len(t, w.locks.held, 3)
	r, err := w.store.Reservation(t.Context(), w.hold.Code)
	require.NoError(t, err)
	require.Equal(t, booking.Pesos(150_000), r.Total)
	require.Equal(t, booking.Pesos(45_000), r.Deposit)

	again, err := w.moves(t, "1", w.big, staying("2027-01-11", 3), 6, workflows.PriceRequote)
	require.NoError(t, err)
	require.True(t, again.Changed, "who asks again has not heard it")
	same, err := w.moves(t, "2", w.big, staying("2027-01-11", 3), 6, workflows.PriceRequote)
	require.NoError(t, err)
	require.False(t, same.Changed)

	for name, test := range map[string]struct {
		unit   int64
		stay   booking.Stay
		guests int
		reason booking.Code
	}{
		"past":   {w.big, staying("2026-11-20", 5), 2, booking.CodeInThePast},
		"crowd":  {w.cabin, staying("2027-01-11", 3), 5, booking.CodeTooManyGuests},
		"long":   {w.big, staying("2027-01-11", 100), 2, booking.CodeTooLong},
		"nobody": {w.big, staying("2027-01-11", 3), 0, booking.CodeInvalidGuests},
	} {
		_, err := w.moves(t, name, test.unit, test.stay, test.guests, workflows.PriceRequote)
		require.Equal(t, workflows.ErrorRefused, failureType(err), "%s: %v", name, err)
		require.Equal(t, test.reason, reasonOf(err), name)
	}
	_, err = w.moves(t, "nowhere", 4711, staying("2027-01-11", 3), 2, workflows.PriceKeep)
	require.Equal(t, workflows.ErrorNotFound, failureType(err))
}

// without is what is locked beside a stay.
func without(held map[string]string, unit int64, stay booking.Stay) map[string]string {
	rest := maps.Clone(held)
	for _, night := range stay.EachNight() {
		delete(rest, fmt.Sprint(unit, night))
	}
	return rest
}

func TestAStayThatHasBegunKeepsItsFirstDay(t *testing.T) {
	t.Parallel()
	w := openDesk(t)
	_, err := w.store.ConfirmByOwner(t.Context(), w.hold.Code, 7, w.now)
	require.NoError(t, err)
	w.now = time.Date(2027, time.January, 11, 15, 0, 0, 0, time.UTC)
	_, err = w.moves(t, "longer", w.cabin, staying("2027-01-10", 4), 2, workflows.PriceKeep)
	require.NoError(t, err)
	_, err = w.moves(t, "yesterday", w.cabin, staying("2027-01-09", 4), 2, workflows.PriceKeep)
	require.Equal(t, booking.CodeInThePast, reasonOf(err))
	preview, err := w.desk.Preview(t.Context(), w.hold.Code, activities.StayWish{CheckOut: booking.MustDate("2027-01-12"), Requote: true})
	require.NoError(t, err)
	require.Empty(t, preview.Refusal)
	require.Equal(t, booking.Pesos(0), preview.Difference, "the price of before was kept")
	require.Equal(t, w.hold.Deposit, preview.After.Deposit)
	preview, err = w.desk.Preview(t.Context(), w.hold.Code, activities.StayWish{CheckOut: booking.MustDate("2027-01-10")})
	require.NoError(t, err)
	require.Equal(t, booking.CodeInvalidDates, preview.Refusal)

	marked, err := w.MarkNoShow(t.Context(), workflows.NoShowInput{Code: w.hold.Code, StaffID: 7})
	require.NoError(t, err)
	require.Equal(t, booking.NoShow, marked.Status)
	_, err = w.moves(t, "gone", w.cabin, staying("2027-01-20", 4), 2, workflows.PriceKeep)
	require.Equal(t, booking.CodeWrongState, reasonOf(err))
}

func TestPhonesAreSearchedInAnySpelling(t *testing.T) {
	t.Parallel()
	w := openDesk(t)
	for search, found := range map[string]int{
		"+54 9 11 5555-0001": 1, "011 15 5555-0001": 1, "1155550001": 1, "(11) 5555.0001": 1, "55550001": 1, "0001": 1, "5555 0002": 0, "001": 0, "ana": 1, "": 1,
	} {
		rows, err := w.desk.List(t.Context(), postgres.ReservationFilter{Search: search}, postgres.ReservationOrder{By: postgres.ByCreation}, postgres.ReservationPlace{}, 10)
		require.NoError(t, err)
		require.Len(t, rows, found, search)
	}
}
