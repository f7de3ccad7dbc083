package workflows_test

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"cabanas/workflows"
)

// Stored histories must replay: a running booking is carried on by the next release. After a change that is meant to break
// them, guard it with workflow.GetVersion and add a history; TestRefreshHistories writes new ones.
func TestStoredHistoriesReplay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/histories/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			replayer := worker.NewWorkflowReplayer()
			workflows.Register(replayer, "")
			require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), file))
		})
	}
}

// Names are wire format: a change here breaks running workflows and schedules.
func TestWorkflowNamesAreGolden(t *testing.T) {
	t.Parallel()
	names := map[string]string{}
	for _, d := range workflows.Workflows() {
		names[d.Name] = d.Queue
	}
	require.Equal(t, map[string]string{
		"Conversation": "conversation", "Redelivery": "conversation", "Booking": "booking", "LatePayment": "booking", "PaymentReconciliation": "booking",
		"CalendarSync": "calendar", "CalendarWatch": "calendar", "Mail": "conversation", "Housekeeping": "booking",
	}, names)
	require.Equal(t, []string{"conversation", "booking", "messaging", "media", "calendar"}, workflows.Queues)
	require.Equal(t, []string{"message", "payment", "place_hold", "cancel", "extend", "confirm", "state", "answer_alternative"}, []string{
		workflows.SignalMessage, workflows.SignalPayment, workflows.UpdateHold, workflows.UpdateCancel, workflows.UpdateExtend,
		workflows.UpdateConfirm, workflows.QueryState, workflows.UpdateAnswerAlternative,
	})
}
