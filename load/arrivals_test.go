package load_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/load"
)

// In a synctest bubble the clock is fake: it moves when every goroutine waits.

func TestArrivalsKeepTheirSchedule(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var starts []time.Duration
		outcome := load.Arrivals{Rate: 10, For: time.Second, Workers: 1}.Run(t.Context(), func(context.Context) error {
			starts = append(starts, time.Since(start))
			<-time.After(20 * time.Millisecond)
			return nil
		})
		require.Len(t, starts, 10)
		for n, at := range starts {
			require.Equal(t, time.Duration(n)*100*time.Millisecond, at)
		}
		require.EqualValues(t, 10, outcome.Offered)
		require.EqualValues(t, 10, outcome.Done)
		require.Zero(t, outcome.Dropped)
		require.InDelta(t, 10, outcome.Rate(), 0.01)
		require.Equal(t, 20*time.Millisecond, outcome.Latency.Max())
	})
}

// A system that stalls is still offered the same, the workers' waits show in the latency, and what found no worker is counted.
func TestArrivalsDoNotWaitForASlowSystem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		outcome := load.Arrivals{Rate: 10, For: 2 * time.Second, Workers: 3}.Run(t.Context(), func(context.Context) error {
			<-time.After(950 * time.Millisecond)
			return nil
		})
		require.EqualValues(t, 20, outcome.Offered)
		require.EqualValues(t, 6, outcome.Done)
		require.EqualValues(t, 14, outcome.Dropped)
		require.Equal(t, outcome.Offered, outcome.Dropped+outcome.Done+outcome.Failed)
		// The last began at 1.2 s and ended at 2.15 s.
		require.InDelta(t, 6/2.15, outcome.Rate(), 0.01)
	})
}

// The latency counts from the planned instant even when the generator itself comes late.
func TestLatencyCountsFromThePlannedStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var begun atomic.Int64
		outcome := load.Arrivals{Rate: 1000, For: 3 * time.Millisecond, Workers: 8}.Run(t.Context(), func(context.Context) error {
			<-time.After(time.Duration(begun.Add(1)) * 10 * time.Millisecond)
			return nil
		})
		require.EqualValues(t, 3, outcome.Done)
		require.Equal(t, 30*time.Millisecond, outcome.Latency.Max())
	})
}

func TestFailuresAreCountedByTheirError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var turn atomic.Int64
		outcome := load.Arrivals{Rate: 100, For: 100 * time.Millisecond, Workers: 2}.Run(t.Context(), func(context.Context) error {
			if turn.Add(1)%2 == 0 {
				return errors.New("refused")
			}
			return nil
		})
		require.EqualValues(t, 5, outcome.Failed)
		require.EqualValues(t, 5, outcome.Done)
		require.Equal(t, map[string]int64{"refused": 5}, outcome.Failures)
		require.EqualValues(t, 5, outcome.Latency.Count())
	})
}

func TestArrivalsEndWithTheirContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 450*time.Millisecond)
		defer cancel()
		outcome := load.Arrivals{Rate: 10, For: time.Hour, Workers: 1}.Run(ctx, func(context.Context) error { return nil })
		require.EqualValues(t, 5, outcome.Offered)
	})
}

func TestSaturationCountsWhatEndedInsideItsWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		outcome := load.Saturation{Workers: 2, For: time.Second}.Run(t.Context(), func(context.Context) error {
			<-time.After(30 * time.Millisecond)
			return nil
		})
		// Each worker starts 34 iterations, the last of which ends after the window; 25 of them end in (250 ms, 1 s].
		require.EqualValues(t, 68, outcome.Done)
		require.EqualValues(t, 50, outcome.Counted)
		require.Equal(t, 750*time.Millisecond, outcome.Window)
		require.Equal(t, outcome.Offered, outcome.Done+outcome.Failed)
	})
}
