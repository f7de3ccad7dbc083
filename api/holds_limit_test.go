package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"cabanas/activities"
	"cabanas/api"
	"cabanas/booking"
	"cabanas/internal/embedded/embeddedtest"
	"cabanas/internal/observe"
	"cabanas/migrations"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// atOnce carries the hold of a workflow out in place.
type atOnce struct {
	activities.Bookings
	activities.NightLocks
	*activities.Reservations
}

func (a *atOnce) Start(ctx context.Context, in workflows.BookingInput) (workflows.HoldOutcome, error) {
	_, err := a.PlaceHold(ctx, in)
	refused, ok := errors.AsType[*temporal.ApplicationError](err)
	if !ok {
		return workflows.HoldOutcome{Placed: err == nil}, err
	}
	var code booking.Code
	err = refused.Details(&code)
	return workflows.HoldOutcome{Refusal: code}, err
}

func (a *atOnce) Acquire(context.Context, int64, []booking.Date, string, time.Duration) (bool, string, error) {
	return true, "", nil
}

func (a *atOnce) Release(context.Context, int64, []booking.Date, string) error { return nil }

// A script that asks for all nights of all cabins at once gets what anybody gets.
func TestOneScriptCannotFreezeACalendar(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }
	store, err := postgres.Open(t.Context(), embeddedtest.Database(t, migrations.Up), 20)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	require.NoError(t, store.SeedSampleCabins(t.Context(), func(name string) string { return "https://example.org/" + name }))
	cabins, err := store.Accommodations(t.Context())
	require.NoError(t, err)

	terms := activities.Terms{HoldFor: time.Hour, DepositPercent: 30, Limits: booking.Limits{HorizonMonths: 18, LongestStay: 30}, HoldsPerPhone: 3, HoldsPerAddress: 10}
	metrics := observe.NewMetrics(prometheus.NewRegistry())
	bookings := &atOnce{}
	bookings.Reservations = &activities.Reservations{Store: store, Locks: bookings, Terms: terms, Metrics: metrics, Now: now}
	e := newEdge(t, func(o *api.Options) {
		o.Desk = &activities.FrontDesk{Store: store, Bookings: bookings, Terms: terms, ClientKey: []byte("key"), Metrics: metrics, Now: now}
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	})
	ask := func(n int, phone, address string) int {
		day := booking.MustDate("2027-02-01").AddDays(n / len(cabins) * 3)
		answer := e.do(t, http.MethodPost, reservations, fmt.Sprintf(
			`{"accommodation_id":%d,"check_in":%q,"check_out":%q,"guests":1,"contact_name":"Ana","contact_phone":%q}`,
			cabins[n%len(cabins)].ID, day, day.AddDays(3), phone), "X-Forwarded-For", address)
		if answer.Code == http.StatusTooManyRequests {
			requireProblem(t, answer, http.StatusTooManyRequests, booking.CodeTooManyHolds)
			wait, err := strconv.Atoi(answer.Header().Get("Retry-After"))
			require.NoError(t, err)
			require.Equal(t, 3600, wait, "until the first hold ends")
		}
		return answer.Code
	}
	rush := func(from int, phone func(n int) string, address func(n int) string) (held int32) {
		var placed atomic.Int32
		var clients sync.WaitGroup
		for n := range 50 {
			clients.Go(func() {
				switch code := ask(from+n, phone(n), address(n)); code {
				case http.StatusCreated:
					placed.Add(1)
				case http.StatusTooManyRequests:
				default:
					t.Errorf("request %d is answered %d", n, code)
				}
			})
		}
		clients.Wait()
		return placed.Load()
	}
	const phone, address = "+54 9 11 4000-0000", "203.0.113.7"
	phones := func(n int) string { return fmt.Sprintf("+54 9 11 5%07d", n) }
	addresses := func(n int) string { return fmt.Sprintf("198.51.100.%d", n) }
	require.Equal(t, int32(10), rush(0, phones, func(int) string { return address }), "one address, many phones")
	require.Equal(t, int32(3), rush(50, func(int) string { return phone }, addresses), "one phone, many addresses")
}
