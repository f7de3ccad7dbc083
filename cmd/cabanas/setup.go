package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"go.temporal.io/sdk/client"

	"cabanas/internal/config"
	"cabanas/internal/observe"
	"cabanas/samples"
	"cabanas/store/postgres"
	"cabanas/temporal"
)

// runSetup brings Temporal and, with --seed, an empty catalogue to where the program expects them. It may run any number of times.
func runSetup(ctx context.Context, args []string) error {
	set := flags("setup")
	seed := set.Bool("seed", false, "add three sample cabins to an empty database")
	makeCurrent := set.Bool("make-current", false, "only wait for the workers of BUILD_ID and give them the work")
	if err := set.Parse(args); err != nil {
		return err
	}
	needed := []string{"DATABASE_URL", "TEMPORAL_ADDRESS", "PAYLOAD_KEYS"}
	if *makeCurrent {
		needed = []string{"BUILD_ID", "TEMPORAL_ADDRESS"}
	}
	if *seed {
		needed = append(needed, "BASE_URL")
	}
	cfg, err := config.LoadOnly(os.Getenv, needed...)
	if err != nil {
		return err
	}
	slog.SetDefault(observe.NewLogger(os.Stdout, cfg.LogLevel))
	connected, err := temporal.Dial(ctx, temporalOptions(cfg, nil))
	if err != nil {
		return err
	}
	defer connected.Close()
	if *makeCurrent {
		return makeBuildCurrent(ctx, connected, cfg.BuildID)
	}
	if err := temporal.Setup(ctx, connected, temporal.SetupOptions{
		Namespace: cfg.TemporalNamespace, ReconcileEvery: cfg.Booking.PaymentReconcileInterval,
		WatchFeedsEvery: watchEvery(cfg.ICal.StaleAfter), HousekeepEvery: cfg.Retention.Every, Logger: slog.Default(),
	}); err != nil {
		return fmt.Errorf("set up Temporal: %w", err)
	}
	if err := sealSchedules(ctx, connected, cfg); err != nil {
		return err
	}
	if !*seed {
		return nil
	}
	store, err := postgres.Open(ctx, cfg.DatabaseURL.Reveal(), 2)
	if err != nil {
		return err
	}
	defer store.Close()
	return store.SeedSampleCabins(ctx, func(name string) string { return samples.Address(cfg.BaseURL.String(), name) })
}

// workersComeWithin is how long workers of a build are waited for.
const workersComeWithin = 5 * time.Minute

func makeBuildCurrent(ctx context.Context, c client.Client, buildID string) error {
	ctx, cancel := context.WithTimeout(ctx, workersComeWithin)
	defer cancel()
	previous, err := temporal.MakeCurrent(ctx, c, buildID, slog.Default())
	if err != nil {
		return err
	}
	slog.InfoContext(ctx, "build is current", "build_id", buildID, "previous", previous)
	return nil
}
