package main

import (
	"context"
	"flag"

	"cabanas/internal/supervisor"
)

func runDev(ctx context.Context, args []string) error {
	set := flags("dev")
	options := supervisorFlags(set)
	if err := set.Parse(args); err != nil {
		return err
	}
	return supervisor.Run(ctx, *options)
}

func supervisorFlags(set *flag.FlagSet) *supervisor.Options {
	var options supervisor.Options
	set.BoolVar(&options.Reset, "reset", false, "start over: delete what was kept from earlier runs")
	set.BoolVar(&options.NoSeed, "no-seed", false, "leave an empty database empty")
	set.BoolVar(&options.Quiet, "quiet", false, "write the parts' logs to files only")
	return &options
}
