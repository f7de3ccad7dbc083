package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"cabanas/load"
)

// runLoad measures a private system of its own; it never touches one that runs.
func runLoad(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] != "bench" {
		return fmt.Errorf("load wants: bench [--scenario NAME,…] [--seconds N] [--rounds N] [--workers N,…] [--feeds N] [--payments N] [--json FILE]; scenarios: %s",
			strings.Join(load.ScenarioNames, ", "))
	}
	options := load.DefaultBench
	set := flags("load bench")
	set.Func("scenario", "only these, comma separated: "+strings.Join(load.ScenarioNames, ", "), func(text string) error {
		options.Scenarios = strings.Split(text, ",")
		for _, name := range options.Scenarios {
			if !slices.Contains(load.ScenarioNames, name) {
				return fmt.Errorf("no scenario %q", name)
			}
		}
		return nil
	})
	set.Func("workers", "concurrencies to try instead of each scenario's own, comma separated", func(text string) error {
		for part := range strings.SplitSeq(text, ",") {
			var count int
			if _, err := fmt.Sscanf(part, "%d", &count); err != nil || count < 1 {
				return fmt.Errorf("%q is not a number of workers", part)
			}
			options.Workers = append(options.Workers, count)
		}
		return nil
	})
	seconds := set.Float64("seconds", options.Measure.Seconds(), "length of each measurement")
	set.IntVar(&options.Rounds, "rounds", options.Rounds, "measurements of each kind; medians are reported")
	set.IntVar(&options.Jobs.Feeds, "feeds", options.Jobs.Feeds, "calendars that are kept in step")
	set.IntVar(&options.Jobs.Payments, "payments", options.Jobs.Payments, "payments that are reconciled")
	file := set.String("json", "", "write the report to this file too")
	if err := set.Parse(args[1:]); err != nil {
		return err
	}
	if *seconds <= 0 || options.Rounds < 1 || options.Jobs.Feeds < 1 || options.Jobs.Payments < 1 {
		return errors.New("load bench: --seconds, --rounds, --feeds and --payments must be more than zero")
	}
	options.Measure = time.Duration(*seconds * float64(time.Second))
	options.Progress = os.Stderr
	report, err := load.Bench(ctx, options)
	return errors.Join(err, writeReport(report, *file))
}

func writeReport(report load.Report, file string) error {
	if len(report.Scenarios) == 0 {
		return nil
	}
	if err := report.WriteText(os.Stdout); err != nil || file == "" {
		return err
	}
	out, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return errors.Join(report.WriteJSON(out), out.Close())
}
