package api_test

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/api"
)

type looks struct {
	number atomic.Int32
	look   func() api.HealthReport
}

func (l *looks) Check(context.Context) api.HealthReport {
	l.number.Add(1)
	return l.look()
}

func TestProbesAreRememberedForAMoment(t *testing.T) {
	t.Parallel()
	inner := &looks{look: func() api.HealthReport { return api.HealthReport{Status: api.Degraded} }}
	health := api.Remembering(inner, time.Hour)
	for range 100 {
		require.Equal(t, api.Degraded, health.Check(t.Context()).Status)
	}
	require.EqualValues(t, 1, inner.number.Load())
}

func TestAProbeThatDoesNotEndIsUnhealthy(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	defer close(release)
	health := api.Remembering(&looks{look: func() api.HealthReport { <-release; return api.HealthReport{} }}, time.Hour)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	require.Equal(t, api.Unhealthy, health.Check(ctx).Status)
}

func TestReadinessNamesWhatIsAway(t *testing.T) {
	t.Parallel()
	now := time.Now()
	ready, code := api.ReadinessOf(api.HealthReport{Status: api.Degraded}, false, now)
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, "ready", ready.Status)
	away := api.HealthReport{Status: api.Unhealthy, Checks: map[string]api.PartHealth{
		"redis": {Status: api.Degraded}, "database": {Status: api.Unhealthy}, "a": {Status: api.Unhealthy}}}
	ready, code = api.ReadinessOf(away, false, now)
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.Equal(t, []string{"a", "database"}, ready.Waiting)
	ready, code = api.ReadinessOf(api.HealthReport{Status: api.Healthy}, true, now)
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.Equal(t, []string{"stopping"}, ready.Waiting)
}

// A process that was told to stop says so for a while and answers all the same, so that load balancers can go elsewhere.
func TestAServerSaysThatItStopsBeforeItDoes(t *testing.T) {
	t.Parallel()
	e := newEdge(t, func(o *api.Options) { o.Drain = time.Minute })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx, listener) }()
	ask := func(path string) int {
		answer, err := http.Get("http://" + listener.Addr().String() + path)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer.StatusCode
	}
	require.Equal(t, http.StatusOK, ask("/readyz"))
	stop()
	require.Eventually(t, func() bool { return ask("/readyz") == http.StatusServiceUnavailable }, 5*time.Second, 5*time.Millisecond)
	require.Equal(t, http.StatusOK, ask("/healthz"), "what comes is still answered")
	require.NoError(t, listener.Close())
	<-ended
}
