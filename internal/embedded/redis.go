package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// ErrNoRedis means that neither redis-server nor valkey-server is on PATH.
var ErrNoRedis = errors.New("no redis-server or valkey-server on PATH")

// EphemeralRedisDatabases is how many numbered databases an ephemeral server has, so that parallel tests need not share one.
const EphemeralRedisDatabases = 4096

// RedisOptions says where a private Redis keeps its file.
type RedisOptions struct {
	Home      string
	Port      int       // On loopback; 0 takes a free one.
	Ephemeral bool      // For tests: nothing is written, and there are many numbered databases.
	Output    io.Writer // Server log; nil discards.
}

// Redis is a private server that can be started and restarted.
type Redis struct {
	opts    RedisOptions
	program string
	folder  string
}

// PrepareRedis finds the program and makes its folder; ErrNoRedis when the machine has none.
func PrepareRedis(opts RedisOptions) (*Redis, error) {
	r := &Redis{opts: opts}
	for _, name := range []string{"redis-server", "valkey-server"} {
		if path, err := exec.LookPath(name); err == nil {
			r.program = path
			break
		}
	}
	if r.program == "" {
		return nil, ErrNoRedis
	}
	home, err := filepath.Abs(opts.Home)
	if err != nil {
		return nil, fmt.Errorf("find CABANAS_HOME: %w", err)
	}
	r.folder = filepath.Join(home, "redis")
	if err := os.MkdirAll(r.folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of redis: %w", err)
	}
	if r.opts.Port == 0 {
		if r.opts.Port, err = FreePort(0); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// URL is the server's address.
func (r *Redis) URL() string { return "redis://" + loopback(r.opts.Port) }

// Command starts the server in the foreground.
func (r *Redis) Command() Command {
	args := []string{"--port", strconv.Itoa(r.opts.Port), "--bind", "127.0.0.1", "--dir", r.folder, "--save", "", "--daemonize", "no"}
	if r.opts.Ephemeral {
		args = append(args, "--appendonly", "no", "--databases", strconv.Itoa(EphemeralRedisDatabases))
	} else {
		args = append(args, "--appendonly", "yes")
	}
	return Command{Name: "redis", Path: r.program, Args: args, Dir: r.folder, Output: r.opts.Output}
}

// Ready waits until the server answers; gone ends the wait when the process has ended.
func (r *Redis) Ready(ctx context.Context, gone <-chan struct{}) error {
	options, err := redis.ParseURL(r.URL())
	if err != nil {
		return fmt.Errorf("address of redis: %w", err)
	}
	options.MaxRetries = -1
	client := redis.NewClient(options)
	defer client.Close()
	err = poll(ctx, gone, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		return client.Ping(ctx).Err()
	})
	if err != nil {
		return fmt.Errorf("wait for redis: %w", err)
	}
	return nil
}

// InProcessRedis serves the Redis protocol from this process, for machines without a server; it forgets when it ends.
type InProcessRedis struct{ server *miniredis.Miniredis }

// StartInProcessRedis listens on a loopback port (0 takes a free one).
func StartInProcessRedis(port int) (*InProcessRedis, error) {
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr(loopback(port)); err != nil {
		return nil, fmt.Errorf("start miniredis: %w", err)
	}
	r := &InProcessRedis{server: server}
	return r, nil
}

// URL is the server's address.
func (r *InProcessRedis) URL() string { return "redis://" + r.server.Addr() }

// Run lets keys expire, which miniredis does only when told the time, until ctx ends; then it closes the server.
func (r *InProcessRedis) Run(ctx context.Context) {
	const step = 50 * time.Millisecond
	ticker := time.NewTicker(step)
	defer ticker.Stop()
	defer r.server.Close()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			r.server.FastForward(now.Sub(last))
			last = now
		}
	}
}
