package load

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"go.temporal.io/sdk/client"

	"cabanas/internal/config"
	"cabanas/internal/embedded"
	"cabanas/internal/supervisor"
	"cabanas/temporal"
)

// SystemOptions say what StartSystem starts.
type SystemOptions struct {
	// Program is the cabanas program whose api and worker run; this one when empty.
	Program string
	// Settings are added to those of the measured program. With DATABASE_URL, REDIS_URL or TEMPORAL_ADDRESS that part is used instead
	// of a private one: it is filled with made-up bookings, so never a real one's.
	Settings map[string]string
	// Stdout gets what the supervisor says; the parts log to files.
	Stdout io.Writer
	// Cabins are offered; each has room for [StaysPerCabin] bookings at a time.
	Cabins int
}

// System is a private, running installation and the ways to reach it.
type System struct {
	API      string
	Pool     *pgxpool.Pool
	Temporal client.Client
	Redis    *redis.Client
	Provider *Provider
	HTTP     *http.Client

	phoneID, whatsAppSecret, mercadoPagoSecret string
	running                                    *supervisor.Running
	meter                                      *meter
	nights                                     *nights
	closers                                    []func() error
}

// phoneID is the number the guests of the load write to.
const loadPhoneID = "100000000000001"

// StartSystem starts everything in a temporary home. Close stops and deletes it.
func StartSystem(ctx context.Context, o SystemOptions) (*System, error) {
	s := &System{phoneID: loadPhoneID, whatsAppSecret: strings.ToLower(rand.Text() + rand.Text()),
		mercadoPagoSecret: strings.ToLower(rand.Text() + rand.Text())}
	err := s.start(ctx, o)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close stops the parts and deletes what they kept.
func (s *System) Close() error {
	var failures []error
	for _, closer := range slices.Backward(s.closers) {
		failures = append(failures, closer())
	}
	s.closers = nil
	return errors.Join(failures...)
}

func (s *System) start(ctx context.Context, o SystemOptions) error {
	var err error
	if s.Provider, err = StartProvider(); err != nil {
		return err
	}
	s.closers = append(s.closers, s.Provider.Close)
	if err := s.startParts(ctx, o); err != nil {
		return err
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 1024, IdleConnTimeout: time.Minute}
	s.HTTP = &http.Client{Transport: transport, Timeout: iterationTime}
	s.closers = append(s.closers, func() error { transport.CloseIdleConnections(); return nil })
	if err := s.connect(ctx, s.running.Info(), o.Settings); err != nil {
		return err
	}
	s.meter = &meter{pool: s.Pool, parts: func() map[string]int { return s.running.Info().PIDs }}
	s.nights, err = offerCabins(ctx, s.Pool, s.Redis, o.Cabins)
	return err
}

// startParts starts the program on a home of its own, which is deleted at the end.
func (s *System) startParts(ctx context.Context, o SystemOptions) error {
	home, err := os.MkdirTemp("", "cabanas-load-")
	if err != nil {
		return fmt.Errorf("make a home for the load: %w", err)
	}
	s.closers = append(s.closers, func() error {
		return errors.Join(embedded.RemovePostgres(context.WithoutCancel(ctx), home), os.RemoveAll(home))
	})
	// Postgres' own user has to walk into it.
	if err := os.Chmod(home, 0o755); err != nil {
		return fmt.Errorf("open the home of the load: %w", err)
	}
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	// Ctrl-C while it starts ends the start; afterwards only Close stops it, when the measurements have ended.
	unwatch := context.AfterFunc(ctx, stop)
	s.running, err = supervisor.Start(life, supervisor.Options{
		Home: home, NoSeed: true, Quiet: true, Stdout: o.Stdout, Env: s.environment(o.Settings), Program: o.Program,
	})
	unwatch()
	if err != nil {
		stop()
		return fmt.Errorf("start the system under load: %w", err)
	}
	s.closers = append(s.closers, func() error {
		stop()
		return s.running.Wait()
	})
	return nil
}

// environment takes over nothing of the caller's but what programs need to run: a DATABASE_URL of the shell must not be filled with
// made-up bookings. Deadlines are far away, so that nothing rings while it is measured.
func (s *System) environment(settings map[string]string) []string {
	all := map[string]string{
		"WHATSAPP_API_URL": s.Provider.URL, "WHATSAPP_APP_SECRET": s.whatsAppSecret, "WHATSAPP_PHONE_ID": s.phoneID,
		"MERCADOPAGO_API_URL": s.Provider.URL, "MERCADOPAGO_WEBHOOK_SECRET": s.mercadoPagoSecret, "WHISPER_API_URL": s.Provider.URL,
		// As many as an account may be allowed: what is measured is the program, not its manners.
		"WHATSAPP_MESSAGES_PER_SECOND": "1000", "WHATSAPP_PAIR_BURST": "100000",
		"HOLD_TTL": "96h", "PAYMENT_RECONCILE_INTERVAL": "24h",
		"HOLDS_PER_ADDRESS": "0", "HOLDS_PER_PHONE": "0", "RATE_LIMIT_REQUESTS": "0",
	}
	for _, name := range []string{"PATH", "HOME", "USER", "TMPDIR", "LANG", "GOCOVERDIR"} {
		if value := os.Getenv(name); value != "" {
			all[name] = value
		}
	}
	maps.Copy(all, settings)
	env := make([]string, 0, len(all))
	for name, value := range all {
		env = append(env, name+"="+value)
	}
	return env
}

// loadConnections is the size of the floors' pool, the same as the program's by default.
const loadConnections = 20

func (s *System) connect(ctx context.Context, info supervisor.DevInfo, given map[string]string) error {
	s.API = info.APIURL
	settings, err := config.LoadOnly(func(name string) string { return given[name] })
	if err != nil {
		return err
	}
	pool, err := pgxpool.ParseConfig(info.DatabaseURL)
	if err != nil {
		return fmt.Errorf("address of Postgres: %w", err)
	}
	pool.MaxConns = loadConnections
	if s.Pool, err = pgxpool.NewWithConfig(ctx, pool); err != nil {
		return fmt.Errorf("connect to Postgres: %w", err)
	}
	s.closers = append(s.closers, func() error { s.Pool.Close(); return nil })
	redisOptions, err := redis.ParseURL(info.RedisURL)
	if err != nil {
		return fmt.Errorf("address of Redis: %w", err)
	}
	s.Redis = redis.NewClient(redisOptions)
	s.closers = append(s.closers, s.Redis.Close)
	keys := make([]temporal.PayloadKey, 0, len(settings.PayloadKeys))
	for _, key := range settings.PayloadKeys {
		keys = append(keys, temporal.PayloadKey{ID: key.ID, Key: []byte(key.Key.Reveal())})
	}
	s.Temporal, err = temporal.Dial(ctx, temporal.Options{
		Address: info.TemporalAddress, Namespace: settings.TemporalNamespace, PayloadKeys: keys, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	s.closers = append(s.closers, func() error { s.Temporal.Close(); return nil })
	return nil
}
