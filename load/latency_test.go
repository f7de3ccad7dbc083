package load_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cabanas/load"
)

func TestQuantilesAreNeverTooShortAndAtMostOneBucketTooLong(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		micros := rapid.SliceOfN(rapid.Int64Range(0, int64(time.Hour/time.Microsecond)), 1, 200).Draw(rt, "micros")
		q := rapid.Float64Range(0, 1).Draw(rt, "q")
		var one, other, merged load.Latency
		for n, us := range micros {
			into := &one
			if n%2 == 1 {
				into = &other
			}
			into.Add(time.Duration(us) * time.Microsecond)
		}
		merged.Merge(&one)
		merged.Merge(&other)
		slices.Sort(micros)
		rank := 0
		for float64(rank+1) < q*float64(len(micros)) {
			rank++
		}
		exact := time.Duration(micros[rank]) * time.Microsecond
		got := merged.Quantile(q)
		require.GreaterOrEqual(rt, got, exact)
		require.LessOrEqual(rt, float64(got), float64(exact)*1.016+1000)
		require.Equal(rt, time.Duration(micros[len(micros)-1])*time.Microsecond, merged.Max())
		require.EqualValues(rt, len(micros), merged.Count())
	})
}

func TestAnEmptyHistogramHasNoLatency(t *testing.T) {
	t.Parallel()
	var empty load.Latency
	require.Zero(t, empty.Quantile(0.99))
	require.Zero(t, empty.Max())
}
