package main

import (
	"context"
	"log/slog"

	"go.temporal.io/sdk/client"

	"cabanas/internal/config"
	"cabanas/temporal"
)

func payloadKeys(set []config.PayloadKey) []temporal.PayloadKey {
	keys := make([]temporal.PayloadKey, 0, len(set))
	for _, key := range set {
		keys = append(keys, temporal.PayloadKey{ID: key.ID, Key: []byte(key.Key.Reveal())})
	}
	return keys
}

// sealSchedules brings what schedules hold to the first key: they outlive every run, and with them a key that was replaced.
func sealSchedules(ctx context.Context, c client.Client, cfg config.Config) error {
	if len(cfg.PayloadKeys) == 0 {
		return nil
	}
	changed, err := temporal.SealSchedules(ctx, c, payloadKeys(cfg.PayloadKeys))
	if changed > 0 {
		slog.InfoContext(ctx, "schedules encrypted with the first key", "schedules", changed, "key", cfg.PayloadKeys[0].ID)
	}
	return err
}
