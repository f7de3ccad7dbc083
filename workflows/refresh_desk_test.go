package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"cabanas/booking"
	"cabanas/temporal"
	"cabanas/workflows"
)

// TestRefreshHistoriesOfTheDesk records what staff do to bookings, and the housekeeping.
func TestRefreshHistoriesOfTheDesk(t *testing.T) {
	t.Parallel()
	skipUnlessRefreshing(t)
	id := workflows.BookingID(code)
	for name, play := range map[string]func(*testing.T, *stage){
		"moved": func(t *testing.T, s *stage) {
			s.arrival = 5 * time.Second
			s.balance = []workflows.BalanceStep{{At: s.started.Add(2 * time.Second), Kind: workflows.NoticeBalanceLink}}
			s.start(t, time.Hour, 0)
			s.move(t, "held")
			s.pay(t)
			s.become(t, booking.Confirmed)
			require.Eventually(t, func() bool { return len(s.at(workflows.NoticeBalanceLink)) > 0 }, 20*time.Second, 10*time.Millisecond)
			s.move(t, "confirmed")
		},
		"no-show": func(t *testing.T, s *stage) {
			s.row.stay = time.Hour
			s.start(t, time.Hour, 0)
			s.pay(t)
			s.become(t, booking.Confirmed)
			outcome, err := (&temporal.Processes{Client: s}).NoShow(t.Context(), code, "1", workflows.ConfirmRequest{StaffID: 3})
			require.NoError(t, err)
			require.True(t, outcome.Done)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			play(t, s)
			s.end(t, id)
			save(t, name, s.history(t, id, ""))
		})
	}
	t.Run("housekeeping", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		options := client.StartWorkflowOptions{ID: workflows.HousekeepingID, TaskQueue: workflows.QueueBooking}
		run, err := s.ExecuteWorkflow(t.Context(), options, workflows.Housekeeping)
		require.NoError(t, err)
		require.ErrorContains(t, run.Get(t.Context(), nil), "broken")
		save(t, "housekeeping", s.history(t, run.GetID(), run.GetRunID()))
	})
}

// move gives the booking another price on the same nights, under a key.
func (s *stage) move(t *testing.T, key string) {
	t.Helper()
	request := workflows.StayChangeRequest{AccommodationID: 8, Stay: hold(0).Stay, Guests: 4, Price: workflows.PriceRequote, StaffID: 3}
	outcome, err := (&temporal.Processes{Client: s}).ChangeStay(t.Context(), code, key, request)
	require.NoError(t, err)
	require.True(t, outcome.Done)
}
