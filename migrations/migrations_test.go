package migrations_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"cabanas/internal/embedded/embeddedtest"
	"cabanas/migrations"
)

// objects counts what the migrations leave in the schema, goose's own table aside.
const objects = `SELECT (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = 'public' AND c.relname NOT LIKE 'goose%')
	+ (SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public')
	+ (SELECT count(*) FROM pg_extension WHERE extname = 'btree_gist')`

func count(t *testing.T, url string) int {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	var n int
	require.NoError(t, conn.QueryRow(t.Context(), objects).Scan(&n))
	return n
}

func TestUpDownUp(t *testing.T) {
	t.Parallel()
	url := embeddedtest.Database(t, nil)

	require.ErrorContains(t, migrations.Check(t.Context(), url), "cabanas migrate up")
	require.NoError(t, migrations.Up(t.Context(), url))
	require.NoError(t, migrations.Check(t.Context(), url))
	full := count(t, url)
	require.NoError(t, migrations.Up(t.Context(), url), "again is nothing")

	require.NoError(t, migrations.Down(t.Context(), url))
	require.Zero(t, count(t, url), "nothing may be left behind")
	require.Error(t, migrations.Check(t.Context(), url))

	require.NoError(t, migrations.Up(t.Context(), url))
	require.Equal(t, full, count(t, url))
}

func TestStatusListsEveryStep(t *testing.T) {
	t.Parallel()
	url := embeddedtest.Database(t, migrations.Up)
	steps, err := migrations.Status(t.Context(), url)
	require.NoError(t, err)
	require.Equal(t, migrations.Latest(), steps[len(steps)-1].Version)
	for i, step := range steps {
		require.Equal(t, int64(i+1), step.Version, "numbers have no gaps")
		require.True(t, step.Applied)
		require.False(t, step.AppliedAt.IsZero())
	}
}

func TestCheckRefusesASchemaThatTookAwayWhatTheProgramNeeds(t *testing.T) {
	t.Parallel()
	url := embeddedtest.Database(t, migrations.Up)
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES ($1, true)`, migrations.Latest()+1)
	require.NoError(t, err)
	require.NoError(t, migrations.Check(t.Context(), url), "a schema that only grew is there before its program")
	_, err = conn.Exec(t.Context(), `UPDATE schema_compatibility SET oldest_program = $1`, migrations.Latest()+1)
	require.NoError(t, err)
	require.ErrorContains(t, migrations.Check(t.Context(), url), "too old")
}

func TestManyMigrateAtOnce(t *testing.T) {
	t.Parallel()
	url := embeddedtest.Database(t, nil)
	var group errgroup.Group
	for range 8 {
		group.Go(func() error { return migrations.Up(t.Context(), url) })
	}
	require.NoError(t, group.Wait())
	require.NoError(t, migrations.Check(t.Context(), url))
}
