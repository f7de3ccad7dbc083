package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"
)

// finish is what every system must stand up to when its tests are over.
func (s *stack) finish(t *testing.T) {
	if t.Failed() {
		return
	}
	s.settled(t)
	s.eachMessageOnce(t)
	s.nothingPrivateInHistories(t)
	s.doctorIsContent(t)

	require.NoError(t, s.dev.Process.Signal(syscall.SIGTERM))
	s.awaitEnd(t)
	require.NoError(t, s.endErr, "cabanas dev stops cleanly: %s", s.tail("dev.out"))
	s.logsAreClean(t)
}

// settled waits until nothing is under way and the audit finds every invariant to hold.
func (s *stack) settled(t *testing.T) {
	t.Helper()
	require.NoError(t, s.world.WaitIdle(patient(t)), "webhooks that were not taken")
	s.reaches(t, 1, `SELECT (NOT EXISTS (SELECT FROM messages WHERE direction = 'out' AND status IN ('queued', 'sending')))::int`)
	s.audit(t)
}

// audit waits, no longer than things may take to settle, until `cabanas audit --json` ends with status 0.
func (s *stack) audit(t *testing.T) {
	t.Helper()
	path, err := program()
	require.NoError(t, err)
	s.eventually(t, 40*time.Second, "the audit is clean", func(ctx context.Context) error {
		command := exec.CommandContext(ctx, path, "audit", "--json")
		command.Env = append(environment(), "DATABASE_URL="+s.info.DatabaseURL, "TEMPORAL_ADDRESS="+s.info.TemporalAddress)
		var out, problems bytes.Buffer
		command.Stdout, command.Stderr = &out, &problems
		if err := command.Run(); err != nil {
			return fmt.Errorf("cabanas audit: %w\n%s%s", err, out.Bytes(), problems.Bytes())
		}
		return nil
	})
}

// doctorIsContent asks `cabanas doctor` with the settings of this system, as an operator would: every part is well, and every
// workflow that runs is carried on by the program that runs it.
func (s *stack) doctorIsContent(t *testing.T) {
	t.Helper()
	path, err := program()
	require.NoError(t, err)
	command := exec.CommandContext(patient(t), "sh", "-c", `set -a; . "$1/settings.env"; exec "$2" doctor --json --replay`, "sh", s.home, path)
	command.Env = environment()
	out, err := command.Output()
	var report struct {
		OK     bool `json:"ok"`
		Checks []struct{ Name, Status, Detail string }
	}
	require.NoError(t, json.Unmarshal(out, &report), "%s", out)
	looked := map[string]bool{}
	for _, check := range report.Checks {
		require.NotEqual(t, "failed", check.Status, "%s: %s", check.Name, check.Detail)
		looked[check.Name] = true
	}
	require.NoError(t, err, "%s", out)
	require.True(t, report.OK)
	for _, name := range []string{"database", "redis", "temporal", "address", "whatsapp", "mercadopago", "feeds", "replay"} {
		require.True(t, looked[name], name)
	}
	s.holdsNothingPrivate(t, "the doctor's report", out)
}

// eachMessageOnce checks on the phones that no effect key reached anybody twice, and that the database knows the same.
func (s *stack) eachMessageOnce(t *testing.T) {
	t.Helper()
	all, err := s.world.Messages(patient(t), "", 0)
	require.NoError(t, err)
	got := map[string]int{}
	for _, m := range all {
		if m.Direction != "out" || m.Status == "failed" {
			continue
		}
		if len(m.Request) == 0 {
			continue // written by the owner on their own phone
		}
		require.NotEmpty(t, m.BizOpaque, "a message without a key: %s", m.Request)
		got[m.BizOpaque]++
	}
	for key, times := range got {
		require.Equal(t, 1, times, "message %s was sent more than once", key)
	}
	rows, err := s.db.Query(patient(t), `SELECT effect_key, status FROM messages WHERE direction = 'out' AND author <> 'phone'`)
	require.NoError(t, err)
	// A pool with rows left open does not close.
	defer rows.Close()
	known := map[string]bool{}
	for rows.Next() {
		var key, status string
		require.NoError(t, rows.Scan(&key, &status))
		known[key] = true
		if status != "failed" {
			require.Equal(t, 1, got[key], "message %s is %s in the database", key, status)
		}
	}
	require.NoError(t, rows.Err())
	for key := range got {
		require.True(t, known[key], "message %s is not in the database", key)
	}
}

// nothingPrivateInHistories looks through every workflow for what guests are called, where they are reached and what they said.
func (s *stack) nothingPrivateInHistories(t *testing.T) {
	t.Helper()
	ctx := patient(t)
	request := &workflowservice.ListWorkflowExecutionsRequest{PageSize: 500}
	seen := 0
	for {
		page, err := s.temporal.ListWorkflow(ctx, request)
		require.NoError(t, err)
		for _, execution := range page.GetExecutions() {
			seen++
			s.nothingPrivateIn(t, execution)
		}
		if request.NextPageToken = page.GetNextPageToken(); len(request.GetNextPageToken()) == 0 {
			break
		}
	}
	require.NotZero(t, seen, "no workflow to look at")
}

func (s *stack) nothingPrivateIn(t *testing.T, execution *workflowpb.WorkflowExecutionInfo) {
	t.Helper()
	id := execution.GetExecution()
	info, err := proto.Marshal(execution)
	require.NoError(t, err)
	s.holdsNothingPrivate(t, id.GetWorkflowId(), info)
	events := s.temporal.GetWorkflowHistory(patient(t), id.GetWorkflowId(), id.GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		raw, err := proto.Marshal(event)
		require.NoError(t, err)
		s.holdsNothingPrivate(t, fmt.Sprintf("%s, event %d, %s", id.GetWorkflowId(), event.GetEventId(), event.GetEventType()), raw)
	}
}

func (s *stack) holdsNothingPrivate(t *testing.T, where string, raw []byte) {
	t.Helper()
	for _, text := range s.private {
		if at := bytes.Index(raw, []byte(text)); at >= 0 {
			require.Fail(t, "a guest's data leaked", "%q is in %s: %q", text, where, raw[max(0, at-300):min(len(raw), at+100)])
		}
	}
}

// logsAreClean checks that no part raced or panicked, and that no log names a guest.
func (s *stack) logsAreClean(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.home, "logs", "*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, path := range append(files, filepath.Join(s.home, "dev.out")) {
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, disaster := range []string{"WARNING: DATA RACE", "panic:", "fatal error:"} {
			if at := bytes.Index(raw, []byte(disaster)); at >= 0 {
				require.NoError(t, errors.New(disaster), "in %s: %s", filepath.Base(path), raw[at:min(len(raw), at+4000)])
			}
		}
		s.holdsNothingPrivate(t, filepath.Base(path), raw)
	}
}
