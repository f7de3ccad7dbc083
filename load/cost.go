package load

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Cost is what one iteration took of the machine, everything in the background included.
type Cost struct {
	// Writes are transactions that changed something, failed ones included: numbers that Postgres gave out.
	Writes float64 `json:"write_transactions"`
	// WALBytes of all databases; a checkpoint in between makes it larger by whole pages.
	WALBytes float64 `json:"wal_bytes"`
	// CPU milliseconds by part: api, worker, temporal, postgres, redis, and load, which is this process with the floors' workers, the
	// providers' stand-in and the generator. Empty where the system does not tell.
	CPU map[string]float64 `json:"cpu_ms,omitempty"`
}

func (c Cost) totalCPU() float64 {
	total := 0.0
	for _, used := range c.CPU {
		total += used
	}
	return total
}

// parts lists the parts that took part.
func (c Cost) parts() string {
	var texts []string
	for _, part := range slices.Sorted(maps.Keys(c.CPU)) {
		if used := c.CPU[part]; used >= 0.05 {
			texts = append(texts, fmt.Sprintf("%s %.1f", part, used))
		}
	}
	return strings.Join(texts, ", ")
}

// reading is the state of the counters at one instant.
type reading struct {
	at     time.Time
	writes int64
	wal    int64
	cpu    map[string]time.Duration
}

// meter reads what the whole system has used so far. It is exact because nothing else uses this Postgres.
type meter struct {
	pool  *pgxpool.Pool
	parts func() map[string]int // Process ids by part.
	// patience bounds the wait for a quiet system.
	patience time.Duration
	// What the system writes a second when nobody asks anything of it.
	idleWrites, idleWAL float64
}

func (m *meter) read(ctx context.Context) (reading, error) {
	r := reading{cpu: m.cpu()}
	err := m.pool.QueryRow(ctx, `SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
		pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint`).Scan(&r.writes, &r.wal)
	r.at = time.Now()
	if err != nil {
		return reading{}, fmt.Errorf("read the counters of Postgres: %w", err)
	}
	return r, nil
}

// between is the cost of each of n iterations that were all that happened between two readings.
func (m *meter) between(before, after reading, n int64) Cost {
	if n == 0 {
		return Cost{}
	}
	elapsed, each := after.at.Sub(before.at).Seconds(), float64(n)
	cost := Cost{
		Writes:   max(float64(after.writes-before.writes)-m.idleWrites*elapsed, 0) / each,
		WALBytes: max(float64(after.wal-before.wal)-m.idleWAL*elapsed, 0) / each,
		CPU:      map[string]float64{},
	}
	for part, used := range after.cpu {
		cost.CPU[part] = float64((used - before.cpu[part]).Microseconds()) / 1000 / each
	}
	return cost
}

const (
	quietFor = 500 * time.Millisecond
	// quietWrites above what is written anyway still count as quiet: closing timers, statistics.
	quietWrites = 10
)

// settle waits until the system has worked off what was asked of it, or its patience has ended, and returns the counters then.
func (m *meter) settle(ctx context.Context) (reading, error) {
	last, err := m.read(ctx)
	pause := min(quietFor, m.patience)
	for deadline := time.Now().Add(m.patience); err == nil && time.Now().Before(deadline); {
		if !sleepUntil(ctx, time.Now().Add(pause)) {
			return last, ctx.Err()
		}
		var now reading
		if now, err = m.read(ctx); err != nil {
			break
		}
		quiet := float64(now.writes-last.writes) <= quietWrites+m.idleWrites*pause.Seconds()
		last = now
		if quiet {
			break
		}
	}
	return last, err
}

// calibrate measures what an idle system writes.
func (m *meter) calibrate(ctx context.Context, window time.Duration) error {
	before, err := m.settle(ctx)
	if err != nil {
		return err
	}
	if !sleepUntil(ctx, time.Now().Add(window)) {
		return ctx.Err()
	}
	after, err := m.read(ctx)
	if err != nil {
		return err
	}
	elapsed := after.at.Sub(before.at).Seconds()
	m.idleWrites = float64(after.writes-before.writes) / elapsed
	m.idleWAL = float64(after.wal-before.wal) / elapsed
	return nil
}

// cpu is the processor time of every part so far, from Linux' /proc; elsewhere nothing.
func (m *meter) cpu() map[string]time.Duration {
	pids := m.parts()
	used := map[string]time.Duration{}
	byPID := map[int]string{os.Getpid(): "load"}
	for part, pid := range pids {
		if part != "dev" {
			byPID[pid] = part
		}
	}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue // It has ended meanwhile.
		}
		pid, parent, own, reaped, ok := parseStat(raw)
		if !ok {
			continue
		}
		if part, known := byPID[pid]; known {
			used[part] += own
			if part != "load" {
				used[part] += reaped // Ended backends; FFmpeg.
			}
		} else if byPID[parent] == "postgres" {
			used["postgres"] += own // A backend; the server itself is their parent.
		}
	}
	return used
}

// clockTick is the unit of /proc times on every Linux that Go runs on.
const clockTick = 10 * time.Millisecond

// parseStat reads /proc/<pid>/stat; the name in parentheses may contain anything.
func parseStat(raw []byte) (pid, parent int, own, reaped time.Duration, ok bool) {
	first, _, _ := bytes.Cut(raw, []byte(" "))
	end := bytes.LastIndexByte(raw, ')')
	if end < 0 {
		return 0, 0, 0, 0, false
	}
	// After the name: state, parent, …, and as 12th to 15th user and system time of the process and of its ended children.
	fields := strings.Fields(string(raw[end+1:]))
	const parentField, userField, wanted = 1, 11, 15
	if len(fields) < wanted {
		return 0, 0, 0, 0, false
	}
	pid, err := strconv.Atoi(string(first))
	if err != nil {
		return 0, 0, 0, 0, false
	}
	parent, _ = strconv.Atoi(fields[parentField])
	ticks := func(n int) time.Duration {
		count, _ := strconv.ParseInt(fields[userField+n], 10, 64)
		return time.Duration(count) * clockTick
	}
	return pid, parent, ticks(0) + ticks(1), ticks(2) + ticks(3), true
}
