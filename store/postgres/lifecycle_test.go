package postgres_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"cabanas/booking"
	"cabanas/store/postgres"
)

func TestExpireHold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 2))

	change, err := b.ExpireHold(t.Context(), r.Code, r.ExpiresAt.Add(-time.Microsecond))
	require.NoError(t, err)
	require.False(t, change.Changed, "not before the deadline")
	require.Equal(t, booking.PreReserved, change.Reservation.Status)

	change, err = b.ExpireHold(t.Context(), r.Code, r.ExpiresAt)
	require.NoError(t, err)
	require.True(t, change.Changed)
	require.Equal(t, booking.Expired, change.Reservation.Status)
	require.True(t, change.Reservation.ExpiresAt.Equal(r.ExpiresAt), "people ask when it was")

	change, err = b.ExpireHold(t.Context(), r.Code, r.ExpiresAt)
	require.NoError(t, err)
	require.False(t, change.Changed)
	require.Equal(t, "held expired", b.story(r.Code))

	b.hold(stay("2027-01-10", 2)) // the nights are free again
	_, err = b.ExpireHold(t.Context(), "RES000000000000", now)
	requireCode(t, err, booking.CodeNotFound)
	b.clean()
}

func TestExtendHold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 2))
	until := r.ExpiresAt.Add(time.Hour + 7*time.Nanosecond)

	_, err := b.ExtendHold(t.Context(), r.Code, r.ExpiresAt.Add(-time.Minute), now)
	requireCode(t, err, booking.CodeInvalidInput)

	change, err := b.ExtendHold(t.Context(), r.Code, until, now)
	require.NoError(t, err)
	require.True(t, change.Changed)
	require.True(t, change.Reservation.ExtendedOnce)
	require.True(t, change.Reservation.ExpiresAt.Equal(until.Truncate(time.Microsecond)))

	change, err = b.ExtendHold(t.Context(), r.Code, until, now)
	require.NoError(t, err, "the same again is no second extension")
	require.False(t, change.Changed)
	_, err = b.ExtendHold(t.Context(), r.Code, until.Add(time.Hour), now)
	requireCode(t, err, booking.CodeAlreadyExtended)

	late := b.hold(stay("2027-02-10", 2))
	_, err = b.ExtendHold(t.Context(), late.Code, until, late.ExpiresAt)
	requireCode(t, err, booking.CodeWrongState)
	require.Equal(t, "held extended", b.story(r.Code))
	b.clean()
}

func TestCancelConfirmComplete(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 2))

	change, err := b.CompleteStay(t.Context(), r.Code, now)
	require.NoError(t, err)
	require.False(t, change.Changed, "a hold is no stay")

	change, err = b.ConfirmByOwner(t.Context(), r.Code, 42, now)
	require.NoError(t, err)
	require.True(t, change.Changed)
	require.True(t, change.Reservation.ConfirmedAt.Equal(now))
	change, err = b.ConfirmByOwner(t.Context(), r.Code, 42, now)
	require.NoError(t, err)
	require.False(t, change.Changed)
	b.clean() // the owner's named decision explains it

	change, err = b.CompleteStay(t.Context(), r.Code, now)
	require.NoError(t, err)
	require.True(t, change.Changed)
	_, err = b.Cancel(t.Context(), r.Code, booking.ByOwner, "owner", now)
	requireCode(t, err, booking.CodeWrongState)
	_, err = b.ConfirmByOwner(t.Context(), r.Code, 42, now)
	requireCode(t, err, booking.CodeWrongState)
	require.Equal(t, "held confirmed completed", b.story(r.Code))

	again := b.hold(stay("2027-02-10", 2))
	for _, changed := range []bool{true, false} {
		change, err = b.Cancel(t.Context(), again.Code, booking.ByGuest, "guest", now)
		require.NoError(t, err)
		require.Equal(t, changed, change.Changed)
		require.Equal(t, booking.Cancelled, change.Reservation.Status)
	}
	events, err := b.Events(t.Context(), again.Code)
	require.NoError(t, err)
	require.Equal(t, booking.ByGuest, events[1].Actor)
	require.Equal(t, "guest", events[1].Reason)
	b.clean()
}

func TestOwnerConfirmsExpiredHoldOnlyWhileItsNightsAreFree(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 2))
	_, err := b.ExpireHold(t.Context(), r.Code, r.ExpiresAt)
	require.NoError(t, err)
	other := b.hold(stay("2027-01-11", 2))

	_, err = b.ConfirmByOwner(t.Context(), r.Code, 42, now)
	requireCode(t, err, booking.CodeDatesTaken)
	_, err = b.Cancel(t.Context(), other.Code, booking.ByOwner, "owner", now)
	require.NoError(t, err)
	change, err := b.ConfirmByOwner(t.Context(), r.Code, 42, now)
	require.NoError(t, err)
	require.Equal(t, booking.Confirmed, change.Reservation.Status)
	b.clean()
}

func TestOneOfManyEndsAHold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 30 {
		r := b.hold(stay("2027-01-01", 2).Shift(i * 3))
		var changed atomic.Int32
		var group errgroup.Group
		for _, end := range []func() (postgres.Change, error){
			func() (postgres.Change, error) { return b.ExpireHold(t.Context(), r.Code, r.ExpiresAt) },
			func() (postgres.Change, error) { return b.ExpireHold(t.Context(), r.Code, r.ExpiresAt) },
			func() (postgres.Change, error) {
				return b.ExtendHold(t.Context(), r.Code, r.ExpiresAt.Add(time.Hour), now)
			},
			func() (postgres.Change, error) { return b.ConfirmByOwner(t.Context(), r.Code, 1, now) },
			func() (postgres.Change, error) { return b.Cancel(t.Context(), r.Code, booking.ByGuest, "guest", now) },
		} {
			group.Go(func() error {
				change, err := end()
				if change.Changed {
					changed.Add(1)
				}
				if err != nil && !booking.IsCode(err, booking.CodeWrongState) {
					return err
				}
				return nil
			})
		}
		require.NoError(t, group.Wait())
		require.Equal(t, int64(changed.Load()+1), ask[int64](b,
			`SELECT count(*) FROM booking_events e JOIN reservations r ON r.id = e.reservation_id WHERE r.code = $1`, r.Code),
			"every change has its event, every event its change")
	}
	violations, err := b.Audit(t.Context(), now)
	require.NoError(t, err)
	require.Empty(t, violations)
}

func TestOpenHoldsAndLiveCodes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	guest, err := b.Guest(t.Context(), b.guest)
	require.NoError(t, err)
	first, second := b.hold(stay("2027-01-10", 2)), b.hold(stay("2027-02-10", 2))
	open, err := b.OpenHolds(t.Context(), guest.Phone, nil)
	require.NoError(t, err)
	require.Equal(t, postgres.OpenHolds{OfPhone: 2, PhoneUntil: first.ExpiresAt}, open)

	_, err = b.ConfirmByOwner(t.Context(), first.Code, 1, now)
	require.NoError(t, err)
	third := b.hold(stay("2027-03-10", 2))
	_, err = b.Cancel(t.Context(), third.Code, booking.ByGuest, "guest", now)
	require.NoError(t, err)
	open, err = b.OpenHolds(t.Context(), guest.Phone, nil)
	require.NoError(t, err)
	require.Equal(t, 1, open.OfPhone)
	codes, err := b.LiveCodes(t.Context())
	require.NoError(t, err)
	require.ElementsMatch(t, []string{first.Code, second.Code}, codes)
}

func TestBlocksAndHolds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const block = `INSERT INTO calendar_blocks (accommodation_id, start_date, end_date) VALUES ($1, '2027-01-09', '2027-01-11') RETURNING id`
	const open = `SELECT count(*) FROM calendar_conflicts WHERE resolved_at IS NULL`
	r := b.hold(stay("2027-01-10", 3))
	id := ask[int64](b, block, b.cabin)
	require.Equal(t, int64(1), ask[int64](b, `SELECT count(*) FROM calendar_conflicts c WHERE c.reservation_id = $1 AND c.resolved_at IS NULL`, r.ID))
	b.clean()

	busy, err := b.Busy(t.Context(), booking.MustDate("2027-01-01"), booking.MustDate("2027-02-01"))
	require.NoError(t, err)
	require.Len(t, busy, 2)

	_, err = b.ConfirmByOwner(t.Context(), r.Code, 1, now)
	require.NoError(t, err, "a hold that was there first is not undone by a block")
	b.exec(`UPDATE calendar_blocks SET active = false, updated_at = now() WHERE id = $1`, id)
	require.Zero(t, ask[int64](b, open), "a block that is gone is no conflict")
	b.exec(`UPDATE calendar_blocks SET active = true, updated_at = now() WHERE id = $1`, id)
	require.Equal(t, int64(1), ask[int64](b, open))
	b.exec(`UPDATE calendar_blocks SET start_date = '2027-01-13', end_date = '2027-01-15', updated_at = now() WHERE id = $1`, id)
	require.Zero(t, ask[int64](b, open), "a block that moved on is no conflict")
	b.exec(`UPDATE calendar_blocks SET start_date = '2027-01-12', updated_at = now() WHERE id = $1`, id)
	require.Equal(t, int64(1), ask[int64](b, open))
	_, err = b.Cancel(t.Context(), r.Code, booking.ByOwner, "owner", now)
	require.NoError(t, err)
	require.Zero(t, ask[int64](b, open), "a reservation that ended is no conflict")

	late := b.hold(stay("2027-01-08", 2))
	_, err = b.ExpireHold(t.Context(), late.Code, late.ExpiresAt)
	require.NoError(t, err)
	ask[int64](b, block, b.cabin)
	_, err = b.ConfirmByOwner(t.Context(), late.Code, 1, now)
	requireCode(t, err, booking.CodeDatesTaken)
	b.clean()
}

// Whoever is first, a block and a hold on one night end as refusal or as open conflict, never as neither.
func TestBlocksRaceHolds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	refused := 0
	for i := range 60 {
		s := stay("2027-01-01", 2).Shift(i * 3)
		var group errgroup.Group
		var lost atomic.Bool
		group.Go(func() error {
			_, err := b.PlaceHold(t.Context(), b.wish(s), now)
			lost.Store(booking.IsCode(err, booking.CodeDatesTaken))
			if lost.Load() {
				return nil
			}
			return err
		})
		group.Go(func() error {
			_, err := b.sql.Exec(t.Context(), `INSERT INTO calendar_blocks (accommodation_id, start_date, end_date) VALUES ($1, $2, $3)`,
				b.cabin, s.CheckIn.Time(), s.CheckOut.Time())
			return err
		})
		require.NoError(t, group.Wait())
		if lost.Load() {
			refused++
		}
	}
	require.Equal(t, int64(60-refused), ask[int64](b, `SELECT count(*) FROM calendar_conflicts WHERE resolved_at IS NULL`))
	b.clean()
}
