package postgres_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"cabanas/booking"
	"cabanas/store/postgres"
)

func TestPlaceHoldKeepsEverything(t *testing.T) {
	t.Parallel()
	b := setup(t)
	wish := b.wish(stay("2027-01-10", 3))
	r, err := b.PlaceHold(t.Context(), wish, now)
	require.NoError(t, err)
	require.Equal(t, wish.Code, r.Code)
	require.Equal(t, "Cabaña", r.UnitName)
	require.Equal(t, wish.Stay, r.Stay)
	require.Equal(t, wish.Quote, r.Quote)
	require.Equal(t, booking.PreReserved, r.Status)
	require.Equal(t, booking.PaymentPending, r.PaymentStatus)
	require.Equal(t, wish.TokenHash, r.TokenHash)
	require.True(t, r.ExpiresAt.Equal(wish.ExpiresAt))
	require.True(t, r.CreatedAt.Equal(now))
	require.True(t, r.ConfirmedAt.IsZero())

	read, err := b.Reservation(t.Context(), wish.Code)
	require.NoError(t, err)
	require.Equal(t, r, read)
	mine, err := b.GuestReservations(t.Context(), b.guest, 10)
	require.NoError(t, err)
	require.Equal(t, []postgres.Reservation{r}, mine)

	events, err := b.Events(t.Context(), wish.Code)
	require.NoError(t, err)
	require.Len(t, events, 1)
	require.Equal(t, "held", events[0].Kind)
	require.Equal(t, booking.ByGuest, events[0].Actor)
	require.True(t, events[0].At.Equal(now))
	require.JSONEq(t, `{"total_centavos":10000000,"deposit_centavos":3000000,"guests":2,"rate_version":1}`, string(events[0].Details))
	b.clean()
}

func TestPlaceHoldAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	wish := b.wish(stay("2027-01-10", 3))
	first, err := b.PlaceHold(t.Context(), wish, now)
	require.NoError(t, err)

	again, err := b.PlaceHold(t.Context(), wish, now.Add(time.Minute))
	require.NoError(t, err)
	require.Equal(t, first, again, "the same wish is the same hold")
	require.Equal(t, "held", b.story(wish.Code))

	other := wish
	other.Stay = stay("2027-03-10", 3)
	_, err = b.PlaceHold(t.Context(), other, now)
	requireCode(t, err, booking.CodeDuplicate)
	other = wish
	other.GuestID = b.newGuest()
	_, err = b.PlaceHold(t.Context(), other, now)
	requireCode(t, err, booking.CodeDuplicate)

	// A block that landed meanwhile is a conflict of its own and does not make the hold unmade.
	b.exec(`INSERT INTO calendar_blocks (accommodation_id, start_date, end_date) VALUES ($1, '2027-01-10', '2027-01-12')`, b.cabin)
	again, err = b.PlaceHold(t.Context(), wish, now)
	require.NoError(t, err)
	require.Equal(t, first.Code, again.Code)
}

func TestPlaceHoldRefusals(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.hold(stay("2027-01-10", 3))
	b.exec(`INSERT INTO calendar_blocks (accommodation_id, start_date, end_date) VALUES ($1, '2027-02-10', '2027-02-12')`, b.cabin)
	gone := b.newCabin()
	require.NoError(t, b.SetAccommodationActive(t.Context(), gone, false))

	tests := map[string]struct {
		change func(*postgres.NewHold)
		code   booking.Code
	}{
		"the same nights":      {func(h *postgres.NewHold) { h.Stay = stay("2027-01-10", 3) }, booking.CodeDatesTaken},
		"one shared night":     {func(h *postgres.NewHold) { h.Stay = stay("2027-01-12", 5) }, booking.CodeDatesTaken},
		"around it":            {func(h *postgres.NewHold) { h.Stay = stay("2027-01-01", 30) }, booking.CodeDatesTaken},
		"a closed night":       {func(h *postgres.NewHold) { h.Stay = stay("2027-02-11", 1) }, booking.CodeDatesTaken},
		"reversed dates":       {func(h *postgres.NewHold) { h.Stay = booking.Stay{CheckIn: h.Stay.CheckOut, CheckOut: h.Stay.CheckIn} }, booking.CodeInvalidDates},
		"no night":             {func(h *postgres.NewHold) { h.Stay.CheckOut = h.Stay.CheckIn }, booking.CodeInvalidDates},
		"nobody":               {func(h *postgres.NewHold) { h.Guests = 0 }, booking.CodeInvalidGuests},
		"not offered":          {func(h *postgres.NewHold) { h.AccommodationID = gone }, booking.CodeInactive},
		"no such place":        {func(h *postgres.NewHold) { h.AccommodationID = 4711 }, booking.CodeNotFound},
		"no such guest":        {func(h *postgres.NewHold) { h.GuestID = 4711 }, booking.CodeNotFound},
		"a code of no form":    {func(h *postgres.NewHold) { h.Code = "RES1" }, booking.CodeInvalidInput},
		"a channel of nowhere": {func(h *postgres.NewHold) { h.Channel = "fax" }, booking.CodeInvalidInput},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			wish := b.wish(stay("2027-06-10", 2))
			test.change(&wish)
			_, err := b.PlaceHold(t.Context(), wish, now)
			requireCode(t, err, test.code)
		})
	}

	free := b.wish(stay("2027-01-13", 2))
	_, err := b.PlaceHold(t.Context(), free, now)
	require.NoError(t, err, "arriving on the day of a departure is free")
	_, err = b.PlaceHold(t.Context(), b.wish(stay("2027-02-12", 2)), now)
	require.NoError(t, err, "the end of a block is open")
	b.clean()
}

func TestRacersForOverlappingStays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const racers = 200
	var won, lost atomic.Int32
	var group errgroup.Group
	for i := range racers {
		// Stays of two to seven nights that all contain the night of 15 January, most of them different.
		s := stay(fmt.Sprintf("2027-01-%02d", 15-i%5), 1+i%5+1+i%2)
		group.Go(func() error {
			_, err := b.PlaceHold(t.Context(), b.wish(s), now)
			switch {
			case err == nil:
				won.Add(1)
			case booking.IsCode(err, booking.CodeDatesTaken):
				lost.Add(1)
			default:
				return err
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	require.Equal(t, int32(1), won.Load())
	require.Equal(t, int32(racers-1), lost.Load())
	require.Equal(t, int64(1), ask[int64](b, `SELECT count(*) FROM reservations`))
	b.clean()
}

// Without the early check of the trigger the constraint alone must hold.
func TestTheConstraintAloneDecides(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.exec(`ALTER TABLE reservations DISABLE TRIGGER reservations_before_write`)
	var won atomic.Int32
	var group errgroup.Group
	for i := range 50 {
		group.Go(func() error {
			_, err := b.PlaceHold(t.Context(), b.wish(stay(fmt.Sprintf("2027-01-%02d", 15-i%5), 6)), now)
			if err == nil {
				won.Add(1)
				return nil
			}
			if !booking.IsCode(err, booking.CodeDatesTaken) {
				return err
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	require.Equal(t, int32(1), won.Load())
}

func TestConstraintAndCalendarAgree(t *testing.T) {
	t.Parallel()
	b := setup(t)
	rapid.Check(t, func(rt *rapid.T) {
		cabin := b.newCabin()
		var taken []booking.Busy
		for range rapid.IntRange(1, 10).Draw(rt, "stays") {
			wish := b.wish(stay("2027-01-01", 1).Shift(rapid.IntRange(0, 15).Draw(rt, "check in")))
			wish.Stay.CheckOut = wish.Stay.CheckIn.AddDays(rapid.IntRange(1, 5).Draw(rt, "nights"))
			wish.AccommodationID = cabin
			free := booking.NewCalendar(taken).Free(cabin, wish.Stay)
			_, err := b.PlaceHold(t.Context(), wish, now)
			if free {
				require.NoError(rt, err, "domain says free: %s", wish.Stay)
				taken = append(taken, booking.Busy{AccommodationID: cabin, Stay: wish.Stay})
				continue
			}
			require.Equal(rt, booking.CodeDatesTaken, booking.CodeOf(err), "domain says taken: %s", wish.Stay)
		}
		busy, err := b.Busy(t.Context(), booking.MustDate("2027-01-01"), booking.MustDate("2027-02-01"))
		require.NoError(rt, err)
		var mine []booking.Busy
		for _, nights := range busy {
			if nights.AccommodationID == cabin {
				mine = append(mine, nights)
			}
		}
		require.ElementsMatch(rt, taken, mine)
	})
	b.clean()
}

func TestDatabaseAndDomainHaveTheSameTransitions(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i, from := range booking.Statuses {
		for j, to := range booking.Statuses {
			require.Equal(t, from.CanBecome(to), ask[bool](b, `SELECT is_legal_transition($1, $2)`, from, to), "%s to %s", from, to)
			if from == to {
				continue
			}
			// Each pair has nights of its own, and gets into its state behind the trigger's back.
			r := b.hold(stay("2027-01-01", 1).Shift(i*20 + j*2))
			b.forge(`UPDATE reservations SET reservation_status = $2, confirmed_at = now(), cancelled_at = now(), completed_at = now() WHERE code = $1`, r.Code, from)
			_, err := b.sql.Exec(t.Context(), `UPDATE reservations SET reservation_status = $2 WHERE code = $1`, r.Code, to)
			if from.CanBecome(to) {
				require.NoError(t, err, "%s to %s", from, to)
				continue
			}
			var failure *pgconn.PgError
			require.ErrorAs(t, err, &failure, "%s to %s must be refused", from, to)
			require.Equal(t, "legal_transition", failure.ConstraintName)
		}
	}
	for _, born := range booking.Statuses {
		_, err := b.sql.Exec(t.Context(), `INSERT INTO reservations (code, accommodation_id, guest_id, check_in, check_out, guests, channel_source,
			reservation_status, price, total_centavos, deposit_centavos, currency, expires_at, confirmed_at, cancelled_at, completed_at)
			VALUES ($1, $2, $3, $4, $5, 1, 'direct', $6, '{}', 0, 0, 'ARS', now(), now(), now(), now())`,
			newCode(), b.newCabin(), b.guest, "2028-01-01", "2028-01-02", born)
		require.Equal(t, born.Live(), err == nil, "born %s: %v", born, err)
	}
}

func TestWhatIsFixedStays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 2))
	for name, test := range map[string]struct{ set, constraint string }{
		"code":     {`code = 'RES260101AAAAAA'`, "reservation_identity_fixed"},
		"guest":    {fmt.Sprintf(`guest_id = %d`, b.newGuest()), "reservation_identity_fixed"},
		"currency": {`currency = 'USD'`, "reservation_identity_fixed"},
		"birth":    {`created_at = now()`, "reservation_identity_fixed"},
		"deadline": {`expires_at = NULL`, "reservation_hold_has_deadline"},
		"deposit":  {`deposit_centavos = total_centavos + 1`, "reservation_deposit_within_total"},
		"paid":     {`paid_centavos = -1`, "reservation_paid_not_negative"},
	} {
		_, err := b.sql.Exec(t.Context(), `UPDATE reservations SET `+test.set+` WHERE code = $1`, r.Code)
		var failure *pgconn.PgError
		require.ErrorAs(t, err, &failure, name)
		require.Equal(t, test.constraint, failure.ConstraintName, name)
	}
	_, err := b.Cancel(t.Context(), r.Code, booking.ByGuest, "guest", now)
	require.NoError(t, err)
	_, err = b.sql.Exec(t.Context(), `UPDATE reservations SET check_out = check_out + 1 WHERE code = $1`, r.Code)
	require.ErrorContains(t, err, "over")
	for _, rewriting := range []string{`UPDATE booking_events SET actor = 'owner'`, `DELETE FROM booking_events`, `TRUNCATE booking_events`} {
		_, err := b.sql.Exec(t.Context(), rewriting)
		require.ErrorContains(t, err, "append-only")
	}
}

// A change made by hand is recorded too, as one that did not say why.
func TestUntoldChangesAreRecorded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 2))
	b.exec(`UPDATE reservations SET check_out = check_out + 1, updated_at = now() WHERE code = $1`, r.Code)
	events, err := b.Events(t.Context(), r.Code)
	require.NoError(t, err)
	require.Len(t, events, 2)
	require.Equal(t, "moved", events[1].Kind)
	require.Equal(t, booking.BySystem, events[1].Actor)
	require.Equal(t, "untold", events[1].Reason)
	require.Contains(t, string(events[1].Details), "database_user")
	b.clean()
}
