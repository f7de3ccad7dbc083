package temporal_test

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"cabanas/internal/embedded/embeddedtest"
	"cabanas/temporal"
	"cabanas/workflows"
)

var encryptedMark = regexp.MustCompile(`"encryption-key-id"`)

func base64Of(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// Each carries the same word, so that one search finds whatever any of them leaves in clear.
const secretWord = "Ñandubay"

func secret(where string) string { return secretWord + " in " + where }

// leaky puts the word wherever a workflow can put something.
func leaky(ctx workflow.Context, in string) (string, error) {
	_ = workflow.SetUpdateHandler(ctx, "update", func(_ workflow.Context, text string) (string, error) { return text + secret("update"), nil })
	_ = workflow.SetQueryHandler(ctx, "query", func() (string, error) { return secret("query"), nil })
	workflow.SetCurrentDetails(ctx, secret("details"))
	var signal string
	workflow.GetSignalChannel(ctx, "signal").Receive(ctx, &signal)
	_ = workflow.UpsertMemo(ctx, map[string]any{"memo": secret("memo")})
	_, _ = workflow.NewTimerWithOptions(ctx, time.Millisecond, workflow.TimerOptions{Summary: secret("timer")}), workflow.SideEffect(ctx,
		func(workflow.Context) any { return secret("side effect") })
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 10 * time.Second, Summary: secret("summary"), RetryPolicy: &sdktemporal.RetryPolicy{MaximumAttempts: 1},
	})
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout: 10 * time.Second, RetryPolicy: &sdktemporal.RetryPolicy{MaximumAttempts: 1},
	})
	err := workflow.ExecuteActivity(ctx, "leak", in).Get(ctx, nil)
	local := workflow.ExecuteLocalActivity(ctx, "leak", in).Get(ctx, nil)
	return secret("result"), errors.Join(errors.New(secret("failure")), err, local)
}

func leak(ctx context.Context, _ string) (string, error) {
	if activity.GetInfo(ctx).IsLocalActivity {
		return "", errors.New(secret("local error"))
	}
	activity.RecordHeartbeat(ctx, secret("heartbeat"))
	return "", sdktemporal.NewApplicationErrorWithCause(secret("error"), "Leak", errors.New(secret("cause")), secret("error details"))
}

func dialWith(t *testing.T, address, namespace string, keys ...temporal.PayloadKey) client.Client {
	t.Helper()
	c, err := temporal.Dial(t.Context(), temporal.Options{
		Address: address, Namespace: namespace, PayloadKeys: keys, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func TestHistoriesAreEncrypted(t *testing.T) {
	t.Parallel()
	address, namespace := embeddedtest.Namespace(t)
	key := newKey("2026")
	plain, sealed := dialWith(t, address, namespace), dialWith(t, address, namespace, key)
	w := worker.New(sealed, "leaky", worker.Options{})
	w.RegisterWorkflow(leaky)
	w.RegisterActivityWithOptions(leak, activity.RegisterOptions{Name: "leak"})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	ctx := t.Context()

	run, err := sealed.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: "leaky", TaskQueue: "leaky", StaticSummary: secret("static summary"), StaticDetails: secret("static details"),
		Memo: map[string]any{"at start": secret("start memo")},
	}, leaky, secret("input"))
	require.NoError(t, err)
	answer, err := sealed.QueryWorkflow(ctx, "leaky", "", "query")
	require.NoError(t, err)
	var text string
	require.NoError(t, answer.Get(&text))
	require.Equal(t, secret("query"), text)
	update, err := sealed.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: "leaky", UpdateName: "update", Args: []any{secret("update input")}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	require.NoError(t, err)
	require.NoError(t, update.Get(ctx, &text))
	// An operator's CLI without our codec: what it sends in clear is taken.
	require.NoError(t, plain.SignalWorkflow(ctx, "leaky", "", "signal", "in clear"))

	err = run.Get(ctx, nil)
	require.ErrorContains(t, err, secret("failure"), "who has the key reads the failure")
	require.ErrorContains(t, err, secret("error"))
	err = plain.GetWorkflow(ctx, "leaky", "").Get(ctx, nil)
	require.Error(t, err)
	require.NotContains(t, err.Error(), secretWord)

	// Everything the server tells somebody without the key: history, description, list.
	stored := []proto.Message{}
	events := plain.GetWorkflowHistory(ctx, "leaky", "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		stored = append(stored, event)
	}
	require.Greater(t, len(stored), 20)
	description, err := plain.DescribeWorkflowExecution(ctx, "leaky", "")
	require.NoError(t, err)
	stored = append(stored, description)
	require.EventuallyWithT(t, func(ct *assert.CollectT) {
		list, err := plain.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: "WorkflowId = 'leaky'"})
		require.NoError(ct, err)
		require.Len(ct, list.GetExecutions(), 1)
		stored = append(stored, list)
	}, 20*time.Second, 50*time.Millisecond)
	encrypted := 0
	for _, message := range stored {
		json := protojson.Format(message)
		require.NotContains(t, json, "andubay")
		require.NotContains(t, json, "codec_history_test.go", "no stack trace")
		encrypted += len(encryptedMark.FindAllString(json, -1))
	}
	require.Greater(t, encrypted, 12)
}

// What a schedule starts is encrypted too, and moves to a new key: schedules live longer than keys.
func TestSchedulesMoveToTheNewKey(t *testing.T) {
	t.Parallel()
	address, namespace := embeddedtest.Namespace(t)
	older, newer := newKey("2025"), newKey("2026")
	ctx := t.Context()
	set := func(c client.Client) {
		processes := temporal.Processes{Client: c}
		_, err := processes.SetFeedSchedule(ctx, workflows.FeedSchedule{FeedID: 7, Unit: "Arrayán", Channel: "airbnb", Every: time.Hour, Paused: true})
		require.NoError(t, err)
	}
	id := workflows.FeedScheduleID(7)
	plain := dialWith(t, address, namespace)
	raw := func() string {
		description, err := plain.WorkflowService().DescribeSchedule(ctx, &workflowservice.DescribeScheduleRequest{Namespace: namespace, ScheduleId: id})
		require.NoError(t, err)
		return protojson.Format(description.GetSchedule().GetAction())
	}
	seal := func(keys ...temporal.PayloadKey) (changed int) {
		c := dialWith(t, address, namespace, keys...)
		require.EventuallyWithT(t, func(ct *assert.CollectT) {
			list, err := c.ScheduleClient().List(ctx, client.ScheduleListOptions{})
			require.NoError(ct, err)
			require.True(ct, list.HasNext(), "the list lags behind")
		}, 20*time.Second, 50*time.Millisecond)
		changed, err := temporal.SealSchedules(ctx, c, keys)
		require.NoError(t, err)
		return changed
	}
	eventuallyRaw := func(want, not string) {
		require.EventuallyWithT(t, func(ct *assert.CollectT) {
			require.Contains(ct, raw(), want)
			require.NotContains(ct, raw(), not)
		}, 10*time.Second, 20*time.Millisecond)
	}

	set(dialWith(t, address, namespace, older))
	require.Contains(t, raw(), base64Of("2025"))
	require.Equal(t, 1, seal(newer, older))
	eventuallyRaw(base64Of("2026"), base64Of("2025"))
	require.Equal(t, 0, seal(newer))

	description, err := dialWith(t, address, namespace, newer).ScheduleClient().GetHandle(ctx, id).Describe(ctx)
	require.NoError(t, err)
	action := description.Schedule.Action.(*client.ScheduleWorkflowAction)
	require.Equal(t, "Arrayán, airbnb", action.StaticSummary)
	require.True(t, description.Schedule.State.Paused, "an operator's settings are kept")
}
