package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"time"

	"go.temporal.io/sdk/client"

	"cabanas/api/codec"
	"cabanas/internal/accounts"
	"cabanas/internal/config"
	"cabanas/internal/observe"
	"cabanas/migrations"
	"cabanas/store/postgres"
	"cabanas/temporal"
)

// codecConnections is enough to look at sessions: staff are few.
const codecConnections = 4

// runCodec serves who may read payloads in Temporal's UI and CLI.
func runCodec(ctx context.Context, args []string) error {
	if err := flags("codec").Parse(args); err != nil {
		return err
	}
	cfg, err := config.LoadOnly(os.Getenv, "DATABASE_URL", "JWT_SECRET", "PAYLOAD_KEYS")
	if err != nil {
		return err
	}
	if len(cfg.PayloadKeys) == 0 {
		return errors.New("codec: PAYLOAD_KEYS is not set, so that there is nothing to decrypt")
	}
	slog.SetDefault(observe.NewLogger(os.Stdout, cfg.LogLevel))
	store, err := eventually(ctx, "Postgres", func() (*postgres.Store, error) {
		return postgres.Open(ctx, cfg.DatabaseURL.Reveal(), codecConnections)
	})
	if err != nil {
		return err
	}
	defer store.Close()
	if err := migrations.Check(ctx, cfg.DatabaseURL.Reveal()); err != nil {
		return err
	}
	server, err := codecServer(cfg, store)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", cfg.Codec.Address)
	if err != nil {
		return err
	}
	slog.InfoContext(ctx, "codec server listening", "address", listener.Addr().String(), "ui", cfg.Codec.UIOrigin)
	return server.Run(ctx, listener)
}

func codecServer(cfg config.Config, store *postgres.Store) (*codec.Server, error) {
	work, err := temporal.NewCodec(payloadKeys(cfg.PayloadKeys))
	if err != nil {
		return nil, err
	}
	// Nobody is set up here: that is the API's door.
	desk, err := accounts.New(store, cfg.JWTSecret.Reveal(), "", time.Now)
	if err != nil {
		return nil, err
	}
	registry := observe.NewRegistry()
	observe.RegisterBuild(registry, "codec", version(cfg.BuildID))
	return codec.New(codec.Options{
		Codec: work, Accounts: desk, UIOrigin: cfg.Codec.UIOrigin, TrustedProxies: cfg.TrustedProxies, Check: store.Ping,
		Gatherer: registry, Logger: slog.Default(), Now: time.Now,
	})
}

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
