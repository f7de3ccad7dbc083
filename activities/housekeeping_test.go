package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// attic has so many old rows of each task, and guests of whom every third cannot go yet.
type attic struct {
	rows   int64
	guests []int64
	erased []int64
	most   int
}

func (a *attic) ForgetBatch(_ context.Context, _ string, _ postgres.Retention, most int, _ time.Time) (int64, error) {
	a.most = most
	done := min(a.rows, int64(most))
	a.rows -= done
	return done, nil
}

func (a *attic) GuestsToForget(_ context.Context, _ postgres.Retention, after int64, most int, _ time.Time) ([]int64, error) {
	var found []int64
	for _, id := range a.guests {
		if id > after && len(found) < most {
			found = append(found, id)
		}
	}
	return found, nil
}

func (a *attic) EraseGuest(_ context.Context, e postgres.Erasure, _ time.Time) (postgres.Erased, error) {
	if e.GuestID%3 == 0 {
		return postgres.Erased{}, booking.Refuse(booking.CodeWrongState, "not yet")
	}
	a.erased = append(a.erased, e.GuestID)
	return postgres.Erased{GuestID: e.GuestID}, nil
}

func TestHousekeepingGoesOnToTheEnd(t *testing.T) {
	t.Parallel()
	store := &attic{rows: 1234}
	for id := range int64(250) {
		store.guests = append(store.guests, id+1)
	}
	registry := prometheus.NewRegistry()
	metrics := observe.NewMetrics(registry)
	h := &activities.Housekeeping{Store: store, Metrics: metrics, Now: time.Now}

	plan, err := h.HousekeepingTasks(t.Context(), workflows.Done{})
	require.NoError(t, err)
	require.Equal(t, append(postgres.RetentionTasks(), "guests"), plan.Tasks)
	done, err := h.Housekeep(t.Context(), workflows.HousekeepingTask{Task: "webhooks"})
	require.NoError(t, err)
	require.Equal(t, workflows.HousekeepingDone{Task: "webhooks", Rows: 1234}, done)
	require.LessOrEqual(t, store.most, 1000, "batches are bounded")
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		if family.GetName() == "housekeeping_rows_total" {
			require.InDelta(t, 1234, family.GetMetric()[0].GetCounter().GetValue(), 0)
		}
	}

	done, err = h.Housekeep(t.Context(), workflows.HousekeepingTask{Task: "guests"})
	require.NoError(t, err)
	require.Equal(t, workflows.HousekeepingDone{Task: "guests", Rows: 167, Left: 83}, done)
	require.Len(t, store.erased, 167)
}
