// Package embeddedtest gives tests of any package real servers: a fresh Postgres database, a Redis of their own, a Temporal namespace.
//
// With TEST_DATABASE_URL, TEST_REDIS_URL and TEST_TEMPORAL_ADDRESS (set by `make test`) the servers are shared by all packages;
// without, the first test of a process that needs one starts a private one, which ends with the process. What a test gets is its own
// either way, so tests and packages may run in parallel.
package embeddedtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"cabanas/internal/embedded"
)

const (
	databasePrefix = "cabanas_test_"
	// abandonedAfter is when a database left by a killed test process is dropped by a later one.
	abandonedAfter = 6 * time.Hour
	startWithin    = 2 * time.Minute
)

// Postgres returns the URL of a Postgres server, shared; use Database for a database of the test's own.
func Postgres(t testing.TB) string {
	t.Helper()
	address, err := postgres()
	require.NoError(t, err)
	return address
}

// Database returns the URL of a fresh database, a copy of one that migrate has prepared once in this process. It is dropped when the
// test ends, whoever is still connected. A nil migrate gives an empty database.
func Database(t testing.TB, migrate func(ctx context.Context, databaseURL string) error) string {
	t.Helper()
	server := Postgres(t)
	template, err := templateFor(t.Context(), server, migrate)
	require.NoError(t, err)
	name := uniqueName()
	require.NoError(t, execute(t.Context(), server, "CREATE DATABASE "+name+" TEMPLATE "+template))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		require.NoError(t, execute(ctx, server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"))
	})
	return withDatabase(server, name)
}

// Redis returns the URL of an empty numbered database of a Redis server that no other test uses.
func Redis(t testing.TB) string {
	t.Helper()
	server, err := redisServer()
	require.NoError(t, err)
	options, err := redis.ParseURL(server)
	require.NoError(t, err)
	client := redis.NewClient(options)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	// Number 0 counts; the others are handed out in turn and start over when the server's run out.
	turn, err := client.Incr(t.Context(), "embeddedtest:turn").Result()
	require.NoError(t, err)
	number := 1 + (turn-1)%(redisDatabases(t, client)-1)
	options.DB = int(number)
	own := redis.NewClient(options)
	require.NoError(t, own.FlushDB(t.Context()).Err())
	t.Cleanup(func() {
		require.NoError(t, own.FlushDB(context.Background()).Err())
		require.NoError(t, own.Close())
	})
	return server + "/" + strconv.FormatInt(number, 10)
}

func redisDatabases(t testing.TB, client *redis.Client) int64 {
	t.Helper()
	// miniredis has no such setting, and as many databases as anybody asks for.
	setting, err := client.ConfigGet(t.Context(), "databases").Result()
	if err != nil {
		return embedded.EphemeralRedisDatabases
	}
	count, err := strconv.ParseInt(setting["databases"], 10, 64)
	require.NoError(t, err)
	return count
}

// template is a migrated database that others are copied from.
type template struct {
	once sync.Once
	name string
	err  error
}

var templates sync.Map // Function pointer of migrate -> *template.

func templateFor(ctx context.Context, server string, migrate func(context.Context, string) error) (string, error) {
	if migrate == nil {
		return "template1", nil
	}
	entry, _ := templates.LoadOrStore(reflect.ValueOf(migrate).Pointer(), &template{})
	t := entry.(*template)
	t.once.Do(func() {
		t.name = uniqueName()
		// The first test's context must not decide for all others.
		ctx := context.WithoutCancel(ctx)
		if t.err = dropAbandoned(ctx, server); t.err != nil {
			return
		}
		if t.err = execute(ctx, server, "CREATE DATABASE "+t.name); t.err != nil {
			return
		}
		if err := migrate(ctx, withDatabase(server, t.name)); err != nil {
			t.err = fmt.Errorf("migrate the template: %w", err)
			return
		}
		// A pool the migration has just closed may still hang on, and Postgres copies no database that is in use.
		t.err = execute(ctx, server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+t.name+"'",
			"ALTER DATABASE "+t.name+" ALLOW_CONNECTIONS false")
	})
	return t.name, t.err
}

var counter atomic.Int64

// uniqueName is unique over all processes on the server and tells when it was made.
func uniqueName() string {
	return fmt.Sprintf("%s%d_%d_%d", databasePrefix, time.Now().Unix(), os.Getpid(), counter.Add(1))
}

// dropAbandoned drops databases of test processes that were killed; each belongs to a server that outlives `make test`.
func dropAbandoned(ctx context.Context, server string) error {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, "SELECT datname FROM pg_database WHERE starts_with(datname, $1)", databasePrefix)
	if err != nil {
		return fmt.Errorf("list test databases: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("list test databases: %w", err)
	}
	for _, name := range names {
		made, _, _ := strings.Cut(strings.TrimPrefix(name, databasePrefix), "_")
		seconds, err := strconv.ParseInt(made, 10, 64)
		if err != nil || time.Since(time.Unix(seconds, 0)) < abandonedAfter {
			continue
		}
		if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)"); err != nil {
			return fmt.Errorf("drop an abandoned test database: %w", err)
		}
	}
	return nil
}

func execute(ctx context.Context, server string, statements ...string) error {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

func withDatabase(server, name string) string {
	address, err := url.Parse(server)
	if err != nil {
		return server
	}
	address.Path = "/" + name
	return address.String()
}
