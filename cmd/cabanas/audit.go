package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"cabanas/activities"
	"cabanas/internal/config"
	"cabanas/store/postgres"
	"cabanas/temporal"
)

// runAudit verifies DESIGN section 11. It changes nothing and can run beside a working system.
func runAudit(ctx context.Context, args []string) error {
	set := flags("audit")
	asJSON := set.Bool("json", false, "print one JSON object")
	if err := set.Parse(args); err != nil {
		return err
	}
	cfg, err := config.LoadOnly(os.Getenv, "DATABASE_URL", "TEMPORAL_ADDRESS")
	if err != nil {
		return err
	}
	report, err := audit(ctx, cfg)
	if err != nil {
		return err
	}
	if *asJSON {
		err = json.NewEncoder(os.Stdout).Encode(report)
	} else {
		err = printAudit(os.Stdout, report)
	}
	if err == nil && !report.OK {
		return exitError(1)
	}
	return err
}

func audit(ctx context.Context, cfg config.Config) (activities.AuditReport, error) {
	store, err := postgres.Open(ctx, cfg.DatabaseURL.Reveal(), 2)
	if err != nil {
		return activities.AuditReport{}, err
	}
	defer store.Close()
	client, err := temporal.Dial(ctx, temporalOptions(cfg, nil))
	if err != nil {
		return activities.AuditReport{}, err
	}
	defer client.Close()
	auditor := activities.Auditor{Store: store, Processes: &temporal.Processes{Client: client}, Now: time.Now}
	return auditor.Audit(ctx)
}

func printAudit(w io.Writer, report activities.AuditReport) error {
	if report.OK {
		_, err := fmt.Fprintf(w, "audit: all %d invariants hold\n", activities.Invariants)
		return err
	}
	for _, violation := range report.Violations {
		if _, err := fmt.Fprintf(w, "audit: invariant %d is broken: %s\n", violation.Invariant, violation.Name); err != nil {
			return err
		}
		for _, row := range violation.Rows {
			fmt.Fprintln(w, "  ", row)
		}
	}
	return nil
}
