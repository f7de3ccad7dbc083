// Command devserver is the official Temporal server and its Web UI in one process for a developer's machine, storing in a Postgres
// server, so that killing it loses nothing.
//
// It is a module of its own because the server's dependency tree is far larger than the application's. It is not for production: one
// process, no authentication, generous limits.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
	"go.temporal.io/server/temporal"
)

// postgresVariable carries --postgres where a password must not show in the command line.
const postgresVariable = "TEMPORAL_POSTGRES_URL"

// stopWithin is less than the 30 s after which a supervisor loses patience.
const stopWithin = 25 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	opts, err := parseOptions(os.Args[1:], os.Getenv, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintln(os.Stderr, "temporal-devserver:", err)
		os.Exit(2)
	}
	if err := run(ctx, opts, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "temporal-devserver:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. Everything that may be away for a moment at the start (Postgres, the frontend) is waited for.
func run(ctx context.Context, opts options, stdout io.Writer) error {
	logger := log.NewZapLogger(log.BuildZapLogger(log.Config{Level: opts.logLevel, Format: "json"}))
	if err := prepareStore(ctx, opts.store, logger); err != nil {
		return ignoreStop(ctx, err)
	}
	server, err := newServer(opts, logger)
	if err != nil {
		return fmt.Errorf("build the server: %w", err)
	}
	if err := server.Start(); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	ui := newUI(opts)
	go func() { _ = ui.Start() }()

	switch err := prepareNamespace(ctx, opts.frontend(), opts.namespace, logger); {
	case ctx.Err() != nil: // Stopped before it was ready.
	case err != nil:
		logger.Error("namespace not prepared", tag.Error(err))
	default:
		fmt.Fprintf(stdout, "ready frontend=%s ui=http://%s namespace=%s\n", opts.frontend(), opts.ui(), opts.namespace)
	}
	<-ctx.Done()

	ui.Stop()
	return stopServer(server)
}

// stopServer bounds the graceful stop, since a frontend with open long polls may take its time.
func stopServer(server temporal.Server) error {
	stopped := make(chan error, 1)
	go func() { stopped <- server.Stop() }()
	select {
	case err := <-stopped:
		return err
	case <-time.After(stopWithin):
		return errors.New("the server did not stop in time")
	}
}

func newUI(opts options) *uiserver.Server {
	return uiserver.NewServer(server_options.WithConfigProvider(&uiconfig.Config{
		Host:                opts.ip,
		Port:                opts.uiPort,
		TemporalGRPCAddress: opts.frontend(),
		EnableUI:            true,
		DefaultNamespace:    opts.namespace,
		// The browser brings the cookie of the codec server's log-in page.
		Codec:            uiconfig.Codec{Endpoint: opts.codecEndpoint, IncludeCredentials: true},
		CORS:             uiconfig.CORS{CookieInsecure: true},
		HideLogs:         true,
		DisableNewsFetch: true,
	}))
}

// options are the command line, checked.
type options struct {
	store         store
	ip            string
	port          int
	uiPort        int
	httpPort      int // 0 leaves the frontend's HTTP API off.
	metricsPort   int // 0 leaves metrics off.
	namespace     string
	logLevel      string
	codecEndpoint string
}

func (o options) frontend() string { return net.JoinHostPort(o.ip, strconv.Itoa(o.port)) }
func (o options) ui() string       { return net.JoinHostPort(o.ip, strconv.Itoa(o.uiPort)) }

func parseOptions(args []string, getenv func(string) string, usage io.Writer) (options, error) {
	var (
		opts     options
		postgres string
	)
	flags := flag.NewFlagSet("temporal-devserver", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.StringVar(&postgres, "postgres", "", "Postgres server to store in, postgres://user:password@host:port/database (or "+postgresVariable+
		"); its databases "+storeDatabase+" and "+visibilityDatabase+" are created when missing")
	flags.StringVar(&opts.ip, "ip", "127.0.0.1", "address to listen on")
	flags.IntVar(&opts.port, "port", 7233, "port of the frontend (gRPC)")
	flags.IntVar(&opts.uiPort, "ui-port", 8233, "port of the Web UI")
	flags.IntVar(&opts.httpPort, "http-port", 0, "port of the frontend's HTTP API (0: off)")
	flags.IntVar(&opts.metricsPort, "metrics-port", 0, "port of /metrics (0: off)")
	flags.StringVar(&opts.namespace, "namespace", "default", "namespace created with the application's search attributes")
	flags.StringVar(&opts.logLevel, "log-level", "warn", "debug, info, warn or error")
	flags.StringVar(&opts.codecEndpoint, "codec-endpoint", "", "codec server the Web UI decodes payloads with")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if net.ParseIP(opts.ip) == nil {
		return options{}, fmt.Errorf("--ip %q is not an address", opts.ip)
	}
	for name, port := range map[string]int{"port": opts.port, "ui-port": opts.uiPort} {
		if port < 1 || port > 65535 {
			return options{}, fmt.Errorf("--%s %d is not a port", name, port)
		}
	}
	parsed, err := url.Parse(cmp.Or(postgres, getenv(postgresVariable)))
	if err != nil {
		return options{}, errors.New("--postgres is not a URL") // The parser's message would repeat the password.
	}
	opts.store, err = newStore(parsed)
	return opts, err
}

func ignoreStop(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
