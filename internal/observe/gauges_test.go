package observe_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"cabanas/internal/observe"
)

func TestAFloodOfQuestionsCostsOne(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	var remembered observe.Remembered[int]
	release := make(chan struct{})
	ask := func(context.Context) (int, error) {
		asked.Add(1)
		<-release
		return 7, nil
	}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			value, err := remembered.Get(t.Context(), time.Hour, time.Minute, ask)
			require.NoError(t, err)
			require.Equal(t, 7, value)
		})
	}
	require.Eventually(t, func() bool { return asked.Load() == 1 }, 5*time.Second, time.Millisecond)
	close(release)
	all.Wait()
	_, err := remembered.Get(t.Context(), time.Hour, time.Minute, ask)
	require.NoError(t, err)
	require.EqualValues(t, 1, asked.Load())
}

func TestAnAnswerGrowsOldAndAFailureIsRememberedToo(t *testing.T) {
	t.Parallel()
	var remembered observe.Remembered[int]
	asked := 0
	ask := func(context.Context) (int, error) {
		asked++
		return asked, errors.New("away")
	}
	for range 3 {
		_, err := remembered.Get(t.Context(), time.Hour, time.Minute, ask)
		require.ErrorContains(t, err, "away")
	}
	require.Equal(t, 1, asked)
	var forgetful observe.Remembered[int]
	for n := range 3 {
		value, _ := forgetful.Get(t.Context(), 0, time.Minute, ask)
		require.Equal(t, n+2, value)
	}
}

func TestNobodyWaitsForLongerThanPatience(t *testing.T) {
	t.Parallel()
	var remembered observe.Remembered[int]
	release := make(chan struct{})
	deaf := func(context.Context) (int, error) { <-release; return 1, nil }
	_, err := remembered.Get(t.Context(), time.Hour, 10*time.Millisecond, deaf)
	require.Error(t, err)
	close(release)
	require.Eventually(t, func() bool {
		value, err := remembered.Get(t.Context(), time.Hour, time.Second, deaf)
		return err == nil && value == 1
	}, 5*time.Second, time.Millisecond, "the answer that came late is kept")
}

func TestAskedGaugesShowNothingWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	gauge := observe.NewGauge("things_waiting", "Things.", "kind")
	var away atomic.Bool
	registry := prometheus.NewRegistry()
	registry.MustRegister(&observe.Asked{
		What: "things", Gauges: []*observe.Gauge{gauge}, Patience: time.Second,
		Ask: func(context.Context) ([]observe.Sample, error) {
			if away.Load() {
				return nil, errors.New("away")
			}
			return []observe.Sample{{Gauge: gauge, Value: 3, Labels: []string{"a"}}}, nil
		},
	})
	count, err := series(registry)
	require.NoError(t, err)
	require.Equal(t, 1, count)
	away.Store(true)
	count, err = series(registry)
	require.NoError(t, err, "the other metrics of the process are shown all the same")
	require.Zero(t, count)
}

func series(registry *prometheus.Registry) (number int, err error) {
	families, err := registry.Gather()
	for _, family := range families {
		number += len(family.GetMetric())
	}
	return number, err
}
