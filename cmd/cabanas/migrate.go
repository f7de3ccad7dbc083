package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"cabanas/internal/config"
	"cabanas/migrations"
)

func runMigrate(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("migrate wants one of up, down, status")
	}
	cfg, err := config.LoadOnly(os.Getenv, "DATABASE_URL")
	if err != nil {
		return err
	}
	switch url := cfg.DatabaseURL.Reveal(); args[0] {
	case "up":
		return migrations.Up(ctx, url)
	case "down":
		return migrations.Down(ctx, url)
	case "status":
		steps, err := migrations.Status(ctx, url)
		for _, step := range steps {
			state := "pending"
			if step.Applied {
				state = "applied " + step.AppliedAt.UTC().Format(time.RFC3339)
			}
			fmt.Printf("%5d  %-28s %s\n", step.Version, step.Name, state)
		}
		return err
	}
	return fmt.Errorf("migrate %q: want up, down or status", args[0])
}
