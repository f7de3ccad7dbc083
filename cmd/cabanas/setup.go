package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

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
	if err := set.Parse(args); err != nil {
		return err
	}
	needed := []string{"DATABASE_URL", "TEMPORAL_ADDRESS"}
	if *seed {
		needed = append(needed, "BASE_URL")
	}
	cfg, err := config.LoadOnly(os.Getenv, needed...)
	if err != nil {
		return err
	}
	slog.SetDefault(observe.NewLogger(os.Stdout, cfg.LogLevel))
	client, err := temporal.Dial(ctx, temporalOptions(cfg, nil))
	if err != nil {
		return err
	}
	defer client.Close()
	if err := temporal.Setup(ctx, client, temporal.SetupOptions{
		Namespace: cfg.TemporalNamespace, ReconcileEvery: cfg.Booking.PaymentReconcileInterval,
		WatchFeedsEvery: watchEvery(cfg.ICal.StaleAfter), Logger: slog.Default(),
	}); err != nil {
		return fmt.Errorf("set up Temporal: %w", err)
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
