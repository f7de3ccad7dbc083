package temporal_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"cabanas/temporal"
	"cabanas/workflows"
)

// serveBuild polls every queue as a build of workers does, until stop.
func serveBuild(t *testing.T, c client.Client, build string) (stop func()) {
	t.Helper()
	var started []worker.Worker
	for _, queue := range workflows.Queues {
		w := worker.New(c, queue, worker.Options{DeploymentOptions: worker.DeploymentOptions{
			UseVersioning:             true,
			Version:                   worker.WorkerDeploymentVersion{DeploymentName: workflows.Deployment, BuildID: build},
			DefaultVersioningBehavior: workflow.VersioningBehaviorPinned,
		}})
		workflows.Register(w, queue)
		w.RegisterActivity(&desk{})
		require.NoError(t, w.Start())
		started = append(started, w)
	}
	stop = func() {
		for _, w := range started {
			w.Stop()
		}
	}
	return stop
}

func patiently(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// A booking begun on one build is carried on by the next; a conversation stays where it began, and says so as draining.
func TestABuildTakesOver(t *testing.T) {
	t.Parallel()
	c, _ := dial(t, nil)
	ctx, quiet := patiently(t), slog.New(slog.DiscardHandler)

	builds, err := temporal.DescribeBuilds(ctx, c)
	require.NoError(t, err)
	require.Equal(t, temporal.Builds{}, builds)

	stopOne := serveBuild(t, c, "one")
	previous, err := temporal.MakeCurrent(ctx, c, "one", quiet)
	require.NoError(t, err)
	require.Empty(t, previous)
	_, err = temporal.StartBooking(ctx, c, bookingInput())
	require.NoError(t, err)
	require.NoError(t, temporal.SignalConversation(ctx, c, 9, workflows.MessageSignal{MessageID: 1}, time.Hour))

	stopTwo := serveBuild(t, c, "two")
	t.Cleanup(stopTwo)
	previous, err = temporal.MakeCurrent(ctx, c, "two", quiet)
	require.NoError(t, err)
	require.Equal(t, "one", previous)
	require.Eventually(t, func() bool {
		builds, err = temporal.DescribeBuilds(ctx, c)
		return err == nil && builds.Current == "two" && len(builds.Draining) == 1 && builds.Draining[0] == "one"
	}, time.Minute, 50*time.Millisecond, "the conversation is bound to the first build: %v", builds)

	stopOne()
	extended, err := temporal.ExtendBooking(ctx, c, code, "")
	require.NoError(t, err, "the second build answers for a booking of the first")
	require.True(t, extended.Done)
}

func TestABuildWithoutWorkersIsNotMadeCurrent(t *testing.T) {
	t.Parallel()
	c, _ := dial(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := temporal.MakeCurrent(ctx, c, "nobody", slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "workers of build nobody do not poll conversation, booking")
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// otherwise is a Booking of a build whose commands are not ours.
func otherwise(ctx workflow.Context, _ workflows.BookingInput) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	if err := workflow.ExecuteActivity(ctx, "StayTimes", workflows.ReservationRef{}).Get(ctx, nil); err != nil {
		return err
	}
	return workflow.Sleep(ctx, time.Hour)
}

func TestRunningWorkflowsAreTriedOnThisCode(t *testing.T) {
	t.Parallel()
	c, namespace := dial(t, nil)
	ctx := patiently(t)
	w := worker.New(c, workflows.QueueBooking, worker.Options{})
	workflows.Register(w, workflows.QueueBooking)
	w.RegisterActivity(&desk{})
	require.NoError(t, w.Start())
	_, err := temporal.StartBooking(ctx, c, bookingInput())
	require.NoError(t, err)

	tried := func() map[string]temporal.Replayed {
		results, err := temporal.ReplayRunning(ctx, c, temporal.Options{Namespace: namespace, Logger: slog.New(slog.DiscardHandler)}, 10)
		require.NoError(t, err)
		byType := map[string]temporal.Replayed{}
		for _, result := range results {
			byType[result.Type] = result
		}
		require.Len(t, byType, len(workflows.Workflows()))
		return byType
	}
	require.Eventually(t, func() bool { return tried()["Booking"].Runs == 1 }, time.Minute, 50*time.Millisecond)
	require.Empty(t, tried()["Booking"].Broken)
	w.Stop()

	other := worker.New(c, workflows.QueueBooking, worker.Options{})
	other.RegisterWorkflowWithOptions(otherwise, workflow.RegisterOptions{Name: "Booking"})
	other.RegisterActivity(&desk{})
	require.NoError(t, other.Start())
	t.Cleanup(other.Stop)
	in := bookingInput()
	in.Code = "RES260110BBBBBB"
	_, err = c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: workflows.BookingID(in.Code), TaskQueue: workflows.QueueBooking}, "Booking", in)
	require.NoError(t, err)
	var broken []temporal.BrokenRun
	require.Eventually(t, func() bool { broken = tried()["Booking"].Broken; return len(broken) == 1 }, time.Minute, 50*time.Millisecond)
	require.Equal(t, "booking/RES260110BBBBBB", broken[0].ID)
	require.ErrorContains(t, broken[0].Cause, "TMPRL1100", "the SDK's number of what is not deterministic")
}

func TestWhatAnInstallationLacks(t *testing.T) {
	t.Parallel()
	c, namespace := dial(t, nil)
	ctx := patiently(t)
	require.NoError(t, temporal.Setup(ctx, c, temporal.SetupOptions{
		Namespace: namespace, ReconcileEvery: time.Hour, WatchFeedsEvery: time.Hour, Logger: slog.New(slog.DiscardHandler),
	}))
	found, err := temporal.Look(ctx, c, namespace)
	require.NoError(t, err)
	require.True(t, found.Namespace)
	require.NotEmpty(t, found.ServerVersion)
	require.Empty(t, found.MissingAttributes)
	require.Empty(t, found.PausedSchedules)
	require.ElementsMatch(t, workflows.Queues, found.Unserved)
	require.NotContains(t, found.MissingSchedules, workflows.ReconciliationID)

	require.NoError(t, c.ScheduleClient().GetHandle(ctx, workflows.ReconciliationID).Pause(ctx, client.SchedulePauseOptions{}))
	require.NoError(t, c.ScheduleClient().GetHandle(ctx, workflows.CalendarWatchID).Delete(ctx))
	require.Eventually(t, func() bool {
		found, err = temporal.Look(ctx, c, namespace)
		return err == nil && len(found.PausedSchedules) == 1 && len(found.MissingSchedules) > 0
	}, time.Minute, 50*time.Millisecond)
	require.Contains(t, found.MissingSchedules, workflows.CalendarWatchID)

	nowhere, err := temporal.Look(ctx, c, "no-such-namespace")
	require.NoError(t, err)
	require.False(t, nowhere.Namespace)
}
