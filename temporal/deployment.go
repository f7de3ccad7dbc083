package temporal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"cabanas/workflows"
)

// deploymentPause is between two looks at whether the workers of a build have come.
const deploymentPause = 500 * time.Millisecond

// MakeCurrent waits until workers of the build poll every task queue, and then gives them the tasks: what starts, what is not
// bound to a build, and nothing of what is bound to another. Until then versioned workers get nothing at all. It returns the
// build that was current before, "" for none, and an error when ctx ends first.
func MakeCurrent(ctx context.Context, c client.Client, buildID string, logger *slog.Logger) (previous string, err error) {
	handle := c.WorkerDeploymentClient().GetHandle(workflows.Deployment)
	for attempt := 0; ; attempt++ {
		missing, err := queuesWithout(ctx, handle, buildID)
		if err == nil && len(missing) == 0 {
			break
		}
		if err != nil && !isAway(err) && !isUnknown(err) {
			return "", fmt.Errorf("look for workers of build %s: %w", buildID, err)
		}
		if attempt%10 == 0 {
			logger.InfoContext(ctx, "waiting for workers of the build", "build_id", buildID, "queues", strings.Join(missing, ","))
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("workers of build %s do not poll %s: %w", buildID, strings.Join(missing, ", "), errors.Join(ctx.Err(), err))
		case <-time.After(deploymentPause):
		}
	}
	before, err := DescribeBuilds(ctx, c)
	if err != nil {
		return "", err
	}
	if _, err := handle.SetCurrentVersion(ctx, client.WorkerDeploymentSetCurrentVersionOptions{BuildID: buildID}); err != nil {
		return "", fmt.Errorf("make build %s current: %w", buildID, err)
	}
	return before.Current, nil
}

// queuesWithout lists the task queues that no worker of the build polls.
func queuesWithout(ctx context.Context, handle client.WorkerDeploymentHandle, buildID string) ([]string, error) {
	missing := slices.Clone(workflows.Queues)
	version, err := handle.DescribeVersion(ctx, client.WorkerDeploymentDescribeVersionOptions{BuildID: buildID})
	if err != nil {
		return missing, err
	}
	for _, queue := range version.Info.TaskQueuesInfos {
		missing = slices.DeleteFunc(missing, func(name string) bool { return name == queue.Name })
	}
	return missing, nil
}

// Builds says which builds of workers the server knows.
type Builds struct {
	// Current gets new work; "" are workers without versioning.
	Current string
	// Draining still have runs that are bound to them: their workers must stay until those have ended.
	Draining []string
}

// DescribeBuilds returns the builds of workers; no deployment at all is the zero value.
func DescribeBuilds(ctx context.Context, c client.Client) (Builds, error) {
	described, err := c.WorkerDeploymentClient().GetHandle(workflows.Deployment).Describe(ctx, client.WorkerDeploymentDescribeOptions{})
	if isUnknown(err) {
		return Builds{}, nil
	}
	if err != nil {
		return Builds{}, fmt.Errorf("describe worker deployment: %w", err)
	}
	var builds Builds
	if current := described.Info.RoutingConfig.CurrentVersion; current != nil {
		builds.Current = current.BuildID
	}
	for _, version := range described.Info.VersionSummaries {
		if version.DrainageStatus == client.WorkerDeploymentVersionDrainageStatusDraining {
			builds.Draining = append(builds.Draining, version.Version.BuildID)
		}
	}
	return builds, nil
}

func isUnknown(err error) bool {
	_, unknown := errors.AsType[*serviceerror.NotFound](err)
	return unknown
}
