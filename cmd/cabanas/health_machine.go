package main

import (
	"context"
	"fmt"
	"os"
	"runtime/metrics"
	"strconv"
	"strings"
	"syscall"

	"cabanas/api"
)

const (
	// leastDisk and mostMemory, in percent, are where the machine gets tight.
	leastDisk  = 10
	mostMemory = 90
	megabyte   = 1 << 20
)

// diskState is degraded when the disk that the process writes to is nearly full.
func diskState(context.Context) (api.HealthStatus, string, error) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(os.TempDir(), &disk); err != nil {
		return api.Degraded, "", fmt.Errorf("look at the disk: %w", err)
	}
	if disk.Blocks == 0 {
		return api.Healthy, "size not known", nil
	}
	free := 100 * float64(disk.Bavail) / float64(disk.Blocks)
	detail := fmt.Sprintf("%.0f %% free", free)
	if free <= leastDisk {
		return api.Degraded, detail, nil
	}
	return api.Healthy, detail, nil
}

// memoryState is degraded when the process is near the limit of its container. Without a limit it tells what it has.
func memoryState(context.Context) (api.HealthStatus, string, error) {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	used := samples[0].Value.Uint64() - samples[1].Value.Uint64()
	limit, limited := memoryLimit("/sys/fs/cgroup/memory.max")
	if !limited {
		return api.Healthy, fmt.Sprintf("%d MB, no limit", used/megabyte), nil
	}
	detail := fmt.Sprintf("%d MB of %d MB", used/megabyte, limit/megabyte)
	if used*100 >= limit*mostMemory {
		return api.Degraded, detail, nil
	}
	return api.Healthy, detail, nil
}

// memoryLimit reads a limit as cgroups version 2 write it; "max" is none.
func memoryLimit(file string) (uint64, bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	limit, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	return limit, err == nil && limit > 0
}
