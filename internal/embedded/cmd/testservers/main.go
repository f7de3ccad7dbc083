// Command testservers runs a command with one real Postgres, Redis and Temporal server on free ports, named to it by
// TEST_DATABASE_URL, TEST_REDIS_URL and TEST_TEMPORAL_ADDRESS, stops them afterwards and exits with the command's status.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"cabanas/internal/embedded"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: testservers COMMAND [ARGUMENT…]")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		os.Exit(exit.ExitCode())
	case err != nil:
		fmt.Fprintln(os.Stderr, "testservers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, command []string) (err error) {
	home, err := os.MkdirTemp("", "cabanas-test-")
	if err != nil {
		return fmt.Errorf("make a temporary home: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(home)) }()
	if err := os.Chmod(home, 0o755); err != nil { // Postgres' own user must be able to walk in.
		return fmt.Errorf("open the temporary home: %w", err)
	}
	var processes []*embedded.Process
	defer func() { err = errors.Join(err, stopAll(processes)) }()
	start := func(command embedded.Command, ready func(context.Context, <-chan struct{}) error) error {
		process, err := command.Start()
		if err != nil {
			return err
		}
		processes = append(processes, process)
		return ready(ctx, process.Done())
	}

	cluster, err := embedded.PreparePostgres(ctx, embedded.PostgresOptions{Home: home, Ephemeral: true})
	if err != nil {
		return err
	}
	if err := start(cluster.Command(), cluster.Ready); err != nil {
		return err
	}
	redis, err := embedded.PrepareRedis(embedded.RedisOptions{Home: home, Ephemeral: true})
	if err != nil {
		return err
	}
	if err := start(redis.Command(), redis.Ready); err != nil {
		return err
	}
	// What a server says while tests pull the ground from under it is no news.
	temporalLog, err := os.Create(filepath.Join(home, "temporal.log"))
	if err != nil {
		return fmt.Errorf("open Temporal's log: %w", err)
	}
	defer func() { err = errors.Join(err, temporalLog.Close()) }()
	temporal, err := embedded.PrepareTemporal(ctx, embedded.TemporalOptions{DatabaseURL: cluster.URL(), Output: temporalLog})
	if err != nil {
		return err
	}
	if err := start(temporal.Command(), temporal.Ready); err != nil {
		return err
	}

	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(),
		"TEST_DATABASE_URL="+cluster.URL(), "TEST_REDIS_URL="+redis.URL(), "TEST_TEMPORAL_ADDRESS="+temporal.Address())
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	return cmd.Run()
}

// stopAll stops what was started, the last first.
func stopAll(processes []*embedded.Process) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var errs []error
	for _, process := range slices.Backward(processes) {
		errs = append(errs, process.Stop(ctx))
	}
	return errors.Join(errs...)
}
