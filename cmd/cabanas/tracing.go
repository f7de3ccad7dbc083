package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"cabanas/internal/config"
	"cabanas/internal/observe"
)

// flushTime is what a stop leaves for the last traces; a collector that is away must not hold it up.
const flushTime = 3 * time.Second

// startTracing begins the traces of a process, which stop ends and sends.
func startTracing(ctx context.Context, cfg config.Config, service string) (stop func(), err error) {
	end, err := observe.StartTracing(ctx, observe.TracingOptions{
		Exporter: cfg.TracesExporter, Service: "cabanas-" + service, Version: version(cfg.BuildID), Console: os.Stdout, Getenv: os.Getenv,
		Logger: slog.Default(),
	})
	if err != nil {
		return nil, fmt.Errorf("start traces: %w", err)
	}
	return func() {
		flush, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
		defer cancel()
		if err := end(flush); err != nil {
			slog.WarnContext(flush, "last traces not sent", "error", err)
		}
	}, nil
}
