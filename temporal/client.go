package temporal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
)

// Options say how to reach the Temporal server. What is empty here is taken from the SDK's environment configuration
// (TEMPORAL_TLS_*, TEMPORAL_API_KEY, TEMPORAL_PROFILE and so on), and then from its defaults.
type Options struct {
	Address   string // host:port of the frontend.
	Namespace string
	// Identity names this process in histories and task-queue lists; the SDK's process@host when empty.
	Identity string
	Logger   *slog.Logger // slog.Default when nil.
	// Metrics takes the SDK's metrics; nil means none are kept.
	Metrics prometheus.Registerer
	// PayloadKeys encrypt what the server stores, see [Codec]; empty means in clear. Whatever shares workflows shares the keys.
	PayloadKeys []PayloadKey
	// Traced carries traces through workflows, see [NewTracing].
	Traced bool
}

// How long to wait before the server is asked again, at first and at most.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 2 * time.Second
)

// Dial connects to the server and waits for it while it is not up, until ctx ends. The caller closes the client. Settings that
// can never work, such as an unreadable certificate, are returned as an error at once.
func Dial(ctx context.Context, o Options) (client.Client, error) {
	options, err := clientOptions(o)
	if err != nil {
		return nil, err
	}
	var connected client.Client
	err = whileAway(ctx, loggerOf(o), "temporal server not reachable yet", func() error {
		attempt, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		var err error
		connected, err = client.DialContext(attempt, options)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("connect to temporal at %s: %w", options.HostPort, err)
	}
	return connected, nil
}

func clientOptions(o Options) (client.Options, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return client.Options{}, fmt.Errorf("temporal settings of the environment: %w", err)
	}
	if o.Address != "" {
		options.HostPort = o.Address
	}
	if o.Namespace != "" {
		options.Namespace = o.Namespace
	}
	options.Identity = o.Identity
	// What travels are ids: compressing them costs more than it spares.
	options.ConnectionOptions.GrpcCompression = &client.GrpcCompressionNone{}
	options.Logger = NewLogger(loggerOf(o))
	if o.Traced {
		options.Interceptors = append(options.Interceptors, NewTracing())
	}
	if options.DataConverter, options.FailureConverter, err = Converters(o.PayloadKeys); err != nil {
		return client.Options{}, err
	}
	if o.Metrics != nil {
		options.MetricsHandler = NewMetricsHandler(o.Metrics)
	}
	return options, nil
}

func loggerOf(o Options) *slog.Logger {
	if o.Logger == nil {
		return slog.Default()
	}
	return o.Logger
}

// whileAway repeats a call for as long as it fails because the server is not up, and returns its last error when ctx ends.
func whileAway(ctx context.Context, logger *slog.Logger, waiting string, call func() error) error {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := call()
		if err == nil || !isAway(err) {
			return err
		}
		logger.Debug(waiting, "error", err)
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}

func isAway(err error) bool {
	var (
		unavailable *serviceerror.Unavailable
		deadline    *serviceerror.DeadlineExceeded
		notReady    *serviceerror.NamespaceNotFound
	)
	return errors.As(err, &unavailable) || errors.As(err, &deadline) || errors.As(err, &notReady) ||
		errors.Is(err, context.DeadlineExceeded)
}
