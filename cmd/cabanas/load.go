package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"cabanas/load"
)

// runLoad measures a private system of its own; it never touches one that runs.
func runLoad(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] != "bench" {
		return fmt.Errorf("load wants: bench [--scenario NAME,…] [--seconds N] [--rounds N] [--workers N,…] [--feeds N] [--payments N] [--cabins N,…] [--hooks N] [--json FILE]; scenarios: %s",
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
	set.Func("workers", "concurrencies to try instead of each scenario's own, comma separated", counts(&options.Workers))
	set.Func("cabins", "sizes of the places that availability is asked in, growing, comma separated", counts(&options.Fleets))
	set.Float64Var(&options.HookRate, "hooks", options.HookRate, "webhooks a second of webhook-ack and memory")
	seconds := set.Float64("seconds", options.Measure.Seconds(), "length of each measurement")
	set.IntVar(&options.Rounds, "rounds", options.Rounds, "measurements of each kind; medians are reported")
	set.IntVar(&options.Jobs.Feeds, "feeds", options.Jobs.Feeds, "calendars that are kept in step")
	set.IntVar(&options.Jobs.Payments, "payments", options.Jobs.Payments, "payments that are reconciled")
	file := set.String("json", "", "write the report to this file too")
	if err := set.Parse(args[1:]); err != nil {
		return err
	}
	if *seconds <= 0 || options.Rounds < 1 || options.Jobs.Feeds < 1 || options.Jobs.Payments < 1 || options.HookRate <= 0 {
		return errors.New("load bench: --seconds, --rounds, --feeds, --payments and --hooks must be more than zero")
	}
	options.Measure = time.Duration(*seconds * float64(time.Second))
	options.Progress = os.Stderr
	report, err := load.Bench(ctx, options)
	return errors.Join(err, writeReport(report, *file))
}

// counts reads a list of numbers above zero in place of the one that is there.
func counts(into *[]int) func(string) error {
	return func(text string) error {
		var all []int
		for part := range strings.SplitSeq(text, ",") {
			count, err := strconv.Atoi(part)
			if err != nil || count < 1 {
				return fmt.Errorf("%q is not a number above zero", part)
			}
			all = append(all, count)
		}
		*into = all
		return nil
	}
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
