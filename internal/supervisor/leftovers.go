package supervisor

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"

	"cabanas/internal/embedded"
)

const lockFile = "dev.lock"

// lockHome makes sure that one supervisor runs per home. The kernel frees the lock however its holder dies.
func lockHome(home string) (io.Closer, error) {
	file, err := os.OpenFile(filepath.Join(home, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock CABANAS_HOME: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("another `cabanas dev` (process %d) runs on %s", readInfo(home).PIDs["dev"], home)
	}
	return file, nil
}

// cleanUp ends what a killed supervisor left running, and with Reset deletes what it left lying.
func (r *Running) cleanUp(ctx context.Context) error {
	left := readInfo(r.settings.home)
	group, groupCtx := errgroup.WithContext(ctx)
	for name, pid := range left.PIDs {
		if !ours(name, embedded.CommandLine(pid), filepath.Base(r.opts.Program)) {
			continue
		}
		group.Go(func() error {
			r.console.logger().Info("stopping a part that an earlier run left behind", "part", name, "pid", pid)
			return embedded.StopOrphan(groupCtx, pid, syscall.SIGTERM)
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("clean up after an earlier run: %w", err)
	}
	if !r.opts.Reset {
		return nil
	}
	return r.reset(ctx)
}

// ours tells whether a process id that dev.json remembers still is the part it was. Postgres is not asked about: its own lock file
// names it better.
func ours(name, commandLine, program string) bool {
	switch part, _, _ := strings.Cut(name, "-"); part {
	case "api", "worker", "sandbox":
		return strings.Contains(commandLine, program+" "+part)
	case "temporal":
		return strings.Contains(commandLine, "temporal-devserver")
	case "redis":
		return strings.Contains(commandLine, "redis-server") || strings.Contains(commandLine, "valkey-server")
	default:
		return false
	}
}

// reset deletes everything in the home except our lock and downloaded programs.
func (r *Running) reset(ctx context.Context) error {
	if r.settings.given("DATABASE_URL") {
		r.notef("--reset leaves the database of DATABASE_URL as it is")
	}
	if err := embedded.RemovePostgres(ctx, r.settings.home); err != nil {
		return fmt.Errorf("reset: %w", err)
	}
	entries, err := os.ReadDir(r.settings.home)
	if err != nil {
		return fmt.Errorf("reset: %w", err)
	}
	for _, entry := range entries {
		if entry.Name() == lockFile || entry.Name() == embedded.ProgramsFolder || entry.Name() == logsFolder {
			continue
		}
		if err := os.RemoveAll(filepath.Join(r.settings.home, entry.Name())); err != nil {
			return fmt.Errorf("reset: %w", err)
		}
	}
	return nil
}
