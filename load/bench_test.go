package load_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/internal/embedded/embeddedtest"
	"cabanas/load"
)

// Every scenario runs for a moment on the real program and real servers. Nothing is asserted about time: only that each side did
// something, that nothing failed, and that every account adds up, which Bench itself holds against the database.
func TestEveryScenarioAddsUp(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts the whole program")
	}
	address, namespace := embeddedtest.Namespace(t)
	var progress bytes.Buffer
	report, err := load.Bench(t.Context(), load.BenchOptions{
		System: load.SystemOptions{
			Program: buildProgram(t),
			Settings: map[string]string{
				"DATABASE_URL": embeddedtest.Database(t, nil), "REDIS_URL": embeddedtest.Redis(t),
				"TEMPORAL_ADDRESS": address, "TEMPORAL_NAMESPACE": namespace,
			},
		},
		Measure: 300 * time.Millisecond, Rounds: 1, Workers: []int{2}, Patience: 100 * time.Millisecond, OpenWorkers: 4, Progress: &progress,
		Jobs:   load.JobSizes{Notifications: 3, Payments: 12, Feeds: 4, FewFeeds: 2, Events: 100, Bookings: 30},
		Fleets: []int{2, 5}, HookRate: 40,
	})
	require.NoError(t, err, progress.String())
	require.Len(t, report.Scenarios, len(load.ScenarioNames))
	for _, scenario := range report.Scenarios {
		if scenario.Name == "understanding" {
			require.Positive(t, scenario.Ours.Rate)
			require.Positive(t, scenario.Floor.Rate)
			require.Positive(t, scenario.Ours.Nanoseconds)
			continue
		}
		if scenario.Name == "availability" {
			require.Len(t, scenario.Answers, 10)
			for _, answer := range scenario.Answers {
				require.Positive(t, answer.P50, "%+v", answer)
				require.Positive(t, answer.FloorP50, "%+v", answer)
			}
			require.InDelta(t, scenario.Answers[0].Statements, scenario.Answers[5].Statements, 0, "one cabin, whatever there is beside it")
			continue
		}
		if scenario.Name == "memory" {
			require.Len(t, scenario.Memory, 6)
			for _, held := range scenario.Memory {
				require.Positive(t, held.RSSMB, "%+v", held)
				require.Positive(t, held.HeapMB, "%+v", held)
			}
			require.Zero(t, scenario.Ours.Failed, progress.String())
			continue
		}
		if scenario.Job {
			for side, got := range map[string]load.SideReport{"ours": scenario.Ours, "floor": scenario.Floor} {
				require.Len(t, got.Closed, 1, scenario.Name+" "+side)
				require.Positive(t, got.Closed[0].Done, scenario.Name+" "+side)
			}
			continue
		}
		for side, got := range map[string]load.SideReport{"ours": scenario.Ours, "floor": scenario.Floor} {
			name := scenario.Name + " " + side
			if scenario.Fixed {
				require.Empty(t, got.Closed, name)
				require.Positive(t, scenario.OpenRate, name)
			} else {
				require.Len(t, got.Closed, 1, name)
				require.Positive(t, got.Closed[0].Done, name)
				require.Equal(t, got.Closed[0].Offered, got.Closed[0].Done+got.Closed[0].Failed, name)
			}
			require.Positive(t, got.Open.Offered, name)
			require.Equal(t, got.Open.Offered, got.Open.Dropped+got.Open.Done+got.Open.Failed, name)
			require.Zero(t, got.Failed, "%s\n%s", name, progress.String())
		}
	}

	var text, encoded bytes.Buffer
	require.NoError(t, report.WriteText(&text))
	for _, name := range load.ScenarioNames {
		require.Contains(t, text.String(), name)
	}
	require.NoError(t, report.WriteJSON(&encoded))
	var decoded load.Report
	require.NoError(t, json.Unmarshal(encoded.Bytes(), &decoded))
	require.Len(t, decoded.Scenarios, len(load.ScenarioNames))
}

func TestAnUnknownScenarioIsRefused(t *testing.T) {
	t.Parallel()
	_, err := load.Bench(t.Context(), load.BenchOptions{Scenarios: []string{"moon"}, Measure: time.Second, Rounds: 1})
	require.ErrorContains(t, err, `no scenario "moon"`)
}

// buildProgram compiles what is measured: the api and the worker are processes of their own.
func buildProgram(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "cabanas")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "cabanas/cmd/cabanas").CombinedOutput()
	require.NoError(t, err, strings.TrimSpace(string(out)))
	return program
}
