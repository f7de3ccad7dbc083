package e2e

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// TestRaces lets very many want the same nights at once, with Redis.
func TestRaces(t *testing.T) {
	t.Parallel()
	s := start(t, false)
	t.Run("200 want one night", func(t *testing.T) { oneWins(t, s) })
	t.Run("200 want four weeks", func(t *testing.T) { oneWinsEachWeek(t, s) })
}

// TestRacesWithoutRedis is the same with nothing at Redis's address.
func TestRacesWithoutRedis(t *testing.T) {
	t.Parallel()
	address, err := nobodysAddress()
	require.NoError(t, err)
	s := start(t, false, "REDIS_URL=redis://"+address)
	t.Run("200 want one night", func(t *testing.T) { oneWins(t, s) })
}

// nobodysAddress is one at which nothing listens.
func nobodysAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

const racers = 200

// oneWins: stays of different lengths that all have one night in common.
func oneWins(t *testing.T, s *stack) {
	cabin, other := s.cabin(t, "La Codiciada", 4), s.cabin(t, "La Otra", 4)
	wishes := make([]wish, racers)
	for i := range wishes {
		from, to := i%4, 1+(i/4)%5
		wishes[i], _ = s.wishes(cabin, stayFrom(60-from, from+to), 1+i%4)
	}
	winners := s.race(t, wishes, other)
	require.Len(t, winners, 1)
	s.onlyWinnerHolds(t, cabin, winners)
}

// oneWinsEachWeek: four sets of stays in which each night of one is wanted by others, none across two sets.
func oneWinsEachWeek(t *testing.T, s *stack) {
	cabin, other := s.cabin(t, "La Disputada", 4), s.cabin(t, "La Tranquila", 4)
	wishes := make([]wish, racers)
	for i := range wishes {
		wishes[i], _ = s.wishes(cabin, stayFrom(60+7*(i%4)+(i/4)%2, 4+(i/8)%2), 2)
	}
	winners := s.race(t, wishes, other)
	require.Len(t, winners, 4)
	s.onlyWinnerHolds(t, cabin, winners)
}

// race sends all wishes at once. Every loser is told that the dates are taken, and offered the other cabin.
func (s *stack) race(t *testing.T, wishes []wish, other int64) []hold {
	t.Helper()
	ctx := patient(t)
	bodies := make([][]byte, len(wishes))
	for i, w := range wishes {
		bodies[i] = asJSON(t, w)
	}
	answers := make([]answer, len(wishes))
	gun := make(chan struct{})
	var ready sync.WaitGroup
	var group errgroup.Group
	for i := range wishes {
		ready.Add(1)
		group.Go(func() (err error) {
			ready.Done()
			<-gun
			answers[i], err = s.call(ctx, http.MethodPost, "/api/v1/reservations", bodies[i])
			return err
		})
	}
	ready.Wait()
	close(gun)
	require.NoError(t, group.Wait())
	var winners []hold
	for i, a := range answers {
		if a.status == http.StatusCreated {
			var h hold
			a.into(t, &h)
			winners = append(winners, h)
			continue
		}
		require.Equal(t, http.StatusConflict, a.status, "%s", a.body)
		p := a.problem(t)
		require.Equal(t, "dates_taken", p.Code)
		offered := map[int64]bool{}
		for _, alternative := range p.Alternatives {
			offered[alternative.AccommodationID] = true
		}
		require.True(t, offered[other], "loser %d is not offered the other cabin: %s", i, a.body)
	}
	return winners
}

// onlyWinnerHolds checks that losing left nothing behind.
func (s *stack) onlyWinnerHolds(t *testing.T, cabin int64, winners []hold) {
	t.Helper()
	require.EqualValues(t, len(winners), s.number(t, `SELECT count(*) FROM reservations WHERE accommodation_id = $1`, cabin))
	for _, h := range winners {
		s.bookingRuns(t, h.Code, true)
		_, err := s.world.Pay(patient(t), paymentOf(s.preference(t, h.Code)))
		require.NoError(t, err)
		s.becomes(t, h.Code, "confirmed", "partially_paid")
	}
	require.Zero(t, s.number(t, fmt.Sprintf(`SELECT count(*) FROM reservations a JOIN reservations b ON a.id < b.id AND a.accommodation_id = b.accommodation_id
		AND a.period && b.period WHERE a.accommodation_id = %d`, cabin)))
}
