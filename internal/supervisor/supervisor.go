// Package supervisor is `cabanas dev`: it starts what no setting names (Postgres, Redis, Temporal, the sandbox) and the program's own
// api and worker, each as a process of its own, and restarts whatever dies until it is told to stop.
//
// Nothing is lost when any part, or the supervisor itself, is killed: every part keeps its state in Postgres or on disk, children die
// with the supervisor (Linux) or are cleaned up by its next start, and $CABANAS_HOME/dev.json always says what runs where.
package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"cabanas/internal/embedded"
)

// Options say how `cabanas dev` was called.
type Options struct {
	Home    string    // CABANAS_HOME; from Env, else ".cabanas", when empty.
	Reset   bool      // Starts over: deletes everything Home keeps. A database named by DATABASE_URL is not touched.
	NoSeed  bool      // Leaves an empty database empty.
	Quiet   bool      // Children log to files only.
	Stdout  io.Writer // Progress, banner and the children's logs; os.Stdout when nil.
	Env     []string  // Settings as "NAME=value"; os.Environ() when nil.
	Program string    // The cabanas program whose sub-commands are started; this one when empty.
}

// Running is a started system.
type Running struct {
	opts     Options
	settings *settings
	console  *console
	info     *infoFile
	lock     io.Closer
	steps    *steps

	mu       sync.Mutex
	children []*child // In the order they were started.

	stopped chan struct{}
	err     error
}

// Run starts everything, prints where it is, and returns when ctx has ended and all parts are stopped.
func Run(ctx context.Context, opts Options) error {
	running, err := Start(ctx, opts)
	if err != nil {
		return err
	}
	running.PrintBanner()
	return running.Wait()
}

// Start returns when every part answers. The system stops when ctx ends; Wait tells when it has.
func Start(ctx context.Context, opts Options) (*Running, error) {
	r, err := prepare(opts)
	if err != nil {
		return nil, err
	}
	if err := r.startAll(ctx); err != nil {
		r.shutdown()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	go func() {
		<-ctx.Done()
		r.shutdown()
	}()
	return r, nil
}

// Reset deletes everything the home keeps, without starting anything. It fails while a system runs on it.
func Reset(ctx context.Context, opts Options) error {
	opts.Reset = true
	r, err := prepare(opts)
	if err != nil {
		return err
	}
	return errors.Join(r.cleanUp(ctx), r.console.close(), r.lock.Close())
}

// Info is what dev.json says now.
func (r *Running) Info() DevInfo { return r.info.current() }

// Wait returns when all parts are stopped.
func (r *Running) Wait() error {
	<-r.stopped
	return r.err
}

// startAll is the order of things: stores first and side by side, then the schema, then the program.
func (r *Running) startAll(ctx context.Context) error {
	if err := r.cleanUp(ctx); err != nil {
		return err
	}
	if err := r.settings.choose(r.notef); err != nil {
		return err
	}
	r.info.update(func(info *DevInfo) { r.settings.describe(info) })

	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error { return r.startRedis(groupCtx) })
	group.Go(func() error { return r.startSandbox(groupCtx) })
	group.Go(func() error {
		if err := r.startPostgres(groupCtx); err != nil {
			return err
		}
		group.Go(func() error { return r.startTemporal(groupCtx) })
		return r.once(groupCtx, "creating the schema", "migrate", "up")
	})
	if err := group.Wait(); err != nil {
		return err
	}
	if err := r.settings.writeEnvFile(); err != nil {
		return err
	}
	setup := []string{"setup"}
	if !r.opts.NoSeed {
		setup = append(setup, "--seed")
	}
	if err := r.once(ctx, "setting up", setup...); err != nil {
		return err
	}
	return r.startProgram(ctx)
}

// startProgram starts worker and api together, and with encrypted payloads the codec server.
func (r *Running) startProgram(ctx context.Context) error {
	r.settings.ports.take("api")
	r.settings.ports.take("metrics")
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return r.keep(ctx, "worker", r.command("worker", "worker", "--queues=all"), answers(r.settings.metricsURL("/readyz")))
	})
	group.Go(func() error {
		return r.keep(ctx, "api", r.command("api", "api"), answers(r.settings.apiURL()+"/readyz"))
	})
	if r.settings.needsCodec() {
		r.settings.ports.take("codec")
		group.Go(func() error {
			return r.keep(ctx, "codec", r.command("codec", "codec"), answers(r.settings.codecURL()+"/healthz"))
		})
	}
	return group.Wait()
}

func (r *Running) startPostgres(ctx context.Context) error {
	if r.settings.given("DATABASE_URL") {
		return nil
	}
	var cluster *embedded.Cluster
	err := r.steps.run("starting Postgres", func(progress func(string)) (err error) {
		cluster, err = embedded.PreparePostgres(ctx, embedded.PostgresOptions{
			Home: r.settings.home, Port: r.settings.ports.take("postgres"), Output: r.console.output("postgres"),
			Logger: r.console.logger(), Progress: progress,
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	r.settings.set("DATABASE_URL", cluster.URL())
	r.info.update(func(info *DevInfo) { info.DatabaseURL = cluster.URL() })
	return r.keep(ctx, "postgres", cluster.Command(), cluster.Ready)
}

func (r *Running) startRedis(ctx context.Context) error {
	if r.settings.given("REDIS_URL") {
		return nil
	}
	server, err := embedded.PrepareRedis(embedded.RedisOptions{
		Home: r.settings.home, Port: r.settings.ports.take("redis"), Output: r.console.output("redis"),
	})
	if errors.Is(err, embedded.ErrNoRedis) {
		return r.startInProcessRedis()
	}
	if err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	r.settings.set("REDIS_URL", server.URL())
	r.info.update(func(info *DevInfo) { info.RedisURL = server.URL() })
	return r.keep(ctx, "redis", server.Command(), server.Ready)
}

// startInProcessRedis serves until the supervisor stops, last of all parts.
func (r *Running) startInProcessRedis() error {
	server, err := embedded.StartInProcessRedis(r.settings.ports.take("redis"))
	if err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	r.console.logger().Warn("no redis-server or valkey-server on PATH: an in-process Redis is used, which forgets when this program ends")
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-r.stopped
		cancel()
	}()
	go server.Run(ctx)
	r.settings.set("REDIS_URL", server.URL())
	r.info.update(func(info *DevInfo) { info.RedisURL = server.URL() })
	return nil
}

func (r *Running) startTemporal(ctx context.Context) error {
	if r.settings.temporalGiven() {
		return nil
	}
	var server *embedded.Temporal
	err := r.steps.run("preparing Temporal", func(progress func(string)) (err error) {
		server, err = embedded.PrepareTemporal(ctx, embedded.TemporalOptions{
			DatabaseURL: r.settings.get("DATABASE_URL"), Namespace: r.settings.get("TEMPORAL_NAMESPACE"),
			Port: r.settings.ports.take("temporal"), UIPort: r.settings.ports.take("temporal-ui"),
			CodecURL: r.settings.codecURL(), Output: r.console.output("temporal"), Progress: progress,
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("temporal: %w", err)
	}
	return r.keep(ctx, "temporal", server.Command(), server.Ready)
}

func (r *Running) startSandbox(ctx context.Context) error {
	if !r.settings.needsSandbox() {
		return nil
	}
	command := r.command("sandbox", "sandbox", "--port", r.settings.ports.text("sandbox"))
	r.settings.ports.take("sandbox")
	return r.keep(ctx, "sandbox", command, answers(r.settings.sandboxURL()+"/healthz"))
}

// command is a sub-command of the program with all settings.
func (r *Running) command(name string, args ...string) embedded.Command {
	return embedded.Command{
		Name: name, Path: r.opts.Program, Args: args, Env: r.settings.environ(), Output: r.console.output(name),
	}
}

// once runs a sub-command to its end. A database that restarts under it is given another chance.
func (r *Running) once(ctx context.Context, what string, args ...string) error {
	return r.steps.run(what, func(func(string)) error {
		var last error
		for attempt := range 3 {
			if attempt > 0 && !sleep(ctx, time.Second) {
				return ctx.Err()
			}
			tail := &tail{}
			command := r.command(args[0], args...)
			command.Output = io.MultiWriter(command.Output, tail)
			process, err := command.Start()
			if err != nil {
				return err
			}
			select {
			case <-process.Done():
			case <-ctx.Done():
				stop, cancel := context.WithTimeout(context.Background(), 5*time.Second)
				_ = process.Stop(stop)
				cancel()
				return ctx.Err()
			}
			if process.Err() == nil {
				return nil
			}
			last = fmt.Errorf("cabanas %s: %w\n%s", args[0], process.Err(), tail)
		}
		return last
	})
}

func (r *Running) notef(format string, args ...any) { r.console.sayf(format, args...) }

func prepare(opts Options) (*Running, error) {
	if opts.Env == nil {
		opts.Env = os.Environ()
	}
	if opts.Stdout == nil {
		opts.Stdout = os.Stdout
	}
	if opts.Program == "" {
		program, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find this program: %w", err)
		}
		opts.Program = program
	}
	settings, err := newSettings(opts)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(settings.home, 0o755); err != nil {
		return nil, fmt.Errorf("make CABANAS_HOME: %w", err)
	}
	lock, err := lockHome(settings.home)
	if err != nil {
		return nil, err
	}
	console := newConsole(opts.Stdout, filepath.Join(settings.home, "logs"), opts.Quiet)
	return &Running{
		opts: opts, settings: settings, console: console, info: newInfoFile(settings.home), lock: lock,
		steps: &steps{say: console.sayf}, stopped: make(chan struct{}),
	}, nil
}
