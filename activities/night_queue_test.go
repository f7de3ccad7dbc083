package activities

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
)

func nightsFrom(day string, nights int) booking.Stay {
	in := booking.MustDate(day)
	return booking.Stay{CheckIn: in, CheckOut: in.AddDays(nights)}
}

func TestNightQueueLetsOverlappingWishesWait(t *testing.T) {
	t.Parallel()
	var q nightQueue
	leave, ahead := q.enter(1, nightsFrom("2027-01-10", 3))
	require.Nil(t, ahead)

	_, ahead = q.enter(1, nightsFrom("2027-01-12", 3))
	require.NotNil(t, ahead, "one night in common")
	for name, other := range map[string]struct {
		id   int64
		stay booking.Stay
	}{
		"the day of departure":  {1, nightsFrom("2027-01-13", 3)},
		"the days before":       {1, nightsFrom("2027-01-08", 2)},
		"another accommodation": {2, nightsFrom("2027-01-10", 3)},
	} {
		goes, inTheWay := q.enter(other.id, other.stay)
		require.Nil(t, inTheWay, name)
		goes()
	}
	leave()
	<-ahead
	leave, ahead = q.enter(1, nightsFrom("2027-01-12", 3))
	require.Nil(t, ahead)
	leave()
	require.Empty(t, q.ahead, "nothing is kept of who left")
}

func TestNightQueuePassesOneAtATime(t *testing.T) {
	t.Parallel()
	var (
		q       nightQueue
		inside  atomic.Int32
		passed  atomic.Int32
		waiting sync.WaitGroup
	)
	for i := range 100 {
		waiting.Go(func() {
			for {
				// Every stay contains the night of 15 January.
				leave, ahead := q.enter(1, booking.Stay{CheckIn: booking.MustDate("2027-01-15").AddDays(-(i % 4)), CheckOut: booking.MustDate("2027-01-16")})
				if ahead != nil {
					<-ahead
					continue
				}
				if inside.Add(1) == 1 {
					passed.Add(1)
				}
				inside.Add(-1)
				leave()
				return
			}
		})
	}
	waiting.Wait()
	require.EqualValues(t, 100, passed.Load())
}
