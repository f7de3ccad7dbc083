package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/api"
	"cabanas/internal/observe"
)

// looked is what a look at the health found.
type looked api.HealthReport

func (l looked) Check(context.Context) api.HealthReport { return api.HealthReport(l) }

func TestAWorkersDoorTellsWhetherItAsksForWork(t *testing.T) {
	t.Parallel()
	fine := looked{Status: api.Healthy, Checks: map[string]api.PartHealth{"database": {Status: api.Healthy}}}
	away := looked{Status: api.Unhealthy, Checks: map[string]api.PartHealth{"database": {Status: api.Unhealthy}}}
	for name, test := range map[string]struct {
		found           looked
		serving         bool
		healthz, readyz int
		pollers         api.HealthStatus
	}{
		"at work":              {fine, true, http.StatusOK, http.StatusOK, api.Healthy},
		"not yet, or stopping": {fine, false, http.StatusServiceUnavailable, http.StatusServiceUnavailable, api.Unhealthy},
		"without its database": {away, true, http.StatusServiceUnavailable, http.StatusServiceUnavailable, api.Healthy},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			door := doorOf(observe.NewRegistry(), test.found, test.found, func() bool { return test.serving })
			ask := func(path string) *httptest.ResponseRecorder {
				answer := httptest.NewRecorder()
				door.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, http.NoBody))
				return answer
			}
			health := ask("/healthz")
			require.Equal(t, test.healthz, health.Code)
			var report api.HealthReport
			require.NoError(t, json.Unmarshal(health.Body.Bytes(), &report))
			require.Equal(t, test.pollers, report.Checks["pollers"].Status)
			require.Contains(t, report.Checks, "database")
			require.NotContains(t, test.found.Checks, "pollers", "the report is remembered and shared")
			require.Equal(t, test.readyz, ask("/readyz").Code)
			require.Contains(t, ask("/metrics").Body.String(), "go_goroutines")
			require.Equal(t, http.StatusNotFound, ask("/").Code)
		})
	}
}
