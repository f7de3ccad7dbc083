package main

import (
	"context"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"

	"cabanas/api"
)

const (
	slowDatabase = 500 * time.Millisecond
	slowRedis    = 200 * time.Millisecond
	slowTemporal = time.Second
)

// health looks at what the API depends on. Without Postgres nothing can be taken; without Redis or Temporal messages and
// payments are still accepted and worked off later.
func (a *app) health() api.Health {
	return api.Probes{Build: a.config.BuildID, Logger: slog.Default(), Now: time.Now, List: []api.Probe{
		{Name: "database", Critical: true, Slow: slowDatabase, Check: a.store.Ping},
		{Name: "redis", Slow: slowRedis, Check: a.redis.Ping},
		{Name: "temporal", Slow: slowTemporal, Check: func(ctx context.Context) error {
			_, err := a.temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
			return err
		}},
		a.feedHealth(),
	}}
}
