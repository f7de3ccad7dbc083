package embedded_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"cabanas/internal/embedded"
)

func TestPostgresSurvivesKillAndRestart(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	home := openFolder(t)
	opts := embedded.PostgresOptions{Home: home}

	cluster, err := embedded.PreparePostgres(ctx, opts)
	require.NoError(t, err)
	process := start(t, cluster.Command())
	require.NoError(t, cluster.Ready(ctx, process.Done()))
	query(t, cluster.URL(), "CREATE TABLE kept (n int)")
	query(t, cluster.URL(), "INSERT INTO kept VALUES (1)")
	require.Equal(t, "on", query(t, cluster.URL(), "SHOW fsync"))
	require.Equal(t, "C.UTF-8", query(t, cluster.URL(), "SELECT datctype FROM pg_database WHERE datname = 'cabanas'"))

	// The part dies alone and is started again, the old backends perhaps still leaving.
	require.NoError(t, syscall.Kill(process.PID(), syscall.SIGKILL))
	<-process.Done()
	process = startUntilReady(t, cluster)
	require.Equal(t, "1", query(t, cluster.URL(), "SELECT count(*)::text FROM kept"))

	// Its supervisor dies and leaves it: the next one stops the orphan, and a wrong password is refused.
	again, err := embedded.PreparePostgres(ctx, opts)
	require.NoError(t, err)
	<-process.Done()
	process = start(t, again.Command())
	require.NoError(t, again.Ready(ctx, process.Done()))
	require.Equal(t, "1", query(t, again.URL(), "SELECT count(*)::text FROM kept"))
	_, err = pgx.Connect(ctx, strings.Replace(again.URL(), "cabanas:", "cabanas:x", 1))
	require.Error(t, err)

	stop(t, process)
	require.NoError(t, process.Err(), "a fast shutdown ends with status 0")
	require.NoError(t, embedded.RemovePostgres(ctx, home))
	require.NoDirExists(t, filepath.Join(home, "postgres"))
}

// t.TempDir is 0700: as root, the unprivileged user Postgres runs as cannot get there.
func TestPostgresBelowAClosedFolder(t *testing.T) {
	t.Parallel()
	home := filepath.Join(t.TempDir(), "home with a space")
	var log lockedBuffer
	cluster, err := embedded.PreparePostgres(t.Context(), embedded.PostgresOptions{
		Home: home, Ephemeral: true, Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, embedded.RemovePostgres(context.Background(), home)) })
	process := start(t, cluster.Command())
	require.NoError(t, cluster.Ready(t.Context(), process.Done()))
	require.Equal(t, "1", query(t, cluster.URL(), "SELECT '1'"))
	if os.Geteuid() == 0 {
		require.Contains(t, log.String(), "the cluster is elsewhere")
	}
	stop(t, process)
}

func TestUnfinishedClusterIsMadeAgain(t *testing.T) {
	t.Parallel()
	home := openFolder(t)
	unfinished := filepath.Join(home, "postgres", "data.new")
	require.NoError(t, os.MkdirAll(unfinished, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(unfinished, "half"), nil, 0o600))
	cluster, err := embedded.PreparePostgres(t.Context(), embedded.PostgresOptions{Home: home, Ephemeral: true})
	require.NoError(t, err)
	require.NoDirExists(t, unfinished)
	process := start(t, cluster.Command())
	require.NoError(t, cluster.Ready(t.Context(), process.Done()))
	stop(t, process)
}

func start(t *testing.T, command embedded.Command) *embedded.Process {
	t.Helper()
	process, err := command.Start()
	require.NoError(t, err)
	t.Cleanup(func() { stop(t, process) })
	return process
}

func stop(t *testing.T, process *embedded.Process) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	require.NoError(t, process.Stop(ctx))
}

// startUntilReady does what a supervisor does: start again as long as the server ends at once.
func startUntilReady(t *testing.T, cluster *embedded.Cluster) *embedded.Process {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		process := start(t, cluster.Command())
		if err := cluster.Ready(ctx, process.Done()); err == nil {
			return process
		}
		require.NoError(t, ctx.Err())
	}
}

func query(t *testing.T, databaseURL, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), databaseURL)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	rows, err := conn.Query(t.Context(), sql)
	require.NoError(t, err)
	values, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return strings.Join(values, "\n")
}

// openFolder is a temporary folder another user may walk into.
func openFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "cabanas-embedded-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(folder, 0o755))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	return folder
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
