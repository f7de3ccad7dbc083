package main

import "context"

// runRelease prepares Postgres and Temporal for this program, for hosts that run one command before they replace machines. The
// programs that still run work on what it leaves: migrations expand first.
func runRelease(ctx context.Context, args []string) error {
	if err := flags("release").Parse(args); err != nil {
		return err
	}
	if err := runMigrate(ctx, []string{"up"}); err != nil {
		return err
	}
	return runSetup(ctx, nil)
}
