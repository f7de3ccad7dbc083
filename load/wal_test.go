package load

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"cabanas/internal/embedded/embeddedtest"
)

// Anybody on a shared server can cause a checkpoint between a measurement and the reading of its log.
func TestTheLogOfAMeasurementOutlivesCheckpoints(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	pool, err := pgxpool.New(ctx, embeddedtest.Database(t, nil))
	require.NoError(t, err)
	defer pool.Close()
	system := &System{Pool: pool}
	_, err = pool.Exec(ctx, `CREATE EXTENSION pg_walinspect`)
	require.NoError(t, err)

	release, err := system.keepWAL(ctx)
	require.NoError(t, err)
	defer release()
	from, err := system.walPosition(ctx)
	require.NoError(t, err)
	for _, statement := range []string{
		`CREATE TABLE written (n int)`, `SELECT pg_switch_wal()`, `CHECKPOINT`,
		`INSERT INTO written VALUES (1)`, `SELECT pg_switch_wal()`, `CHECKPOINT`, `INSERT INTO written VALUES (2)`, `CHECKPOINT`,
	} {
		_, err = pool.Exec(ctx, statement)
		require.NoError(t, err, statement)
	}
	to, err := system.walPosition(ctx)
	require.NoError(t, err)
	costs, err := system.databaseCosts(ctx, from, to, 1)
	require.NoError(t, err)
	require.NotEmpty(t, costs)
}
