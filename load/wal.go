package load

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// DatabaseCost is what one iteration wrote into one database.
type DatabaseCost struct {
	Database string `json:"database"`
	// Commits are write transactions that ended well.
	Commits float64 `json:"write_transactions"`
	Records float64 `json:"wal_records"`
	// Bytes of WAL without whole pages, which depend on when the last checkpoint was.
	Bytes float64 `json:"wal_bytes"`
	// PageBytes are those whole pages.
	PageBytes float64 `json:"wal_page_bytes"`
}

// walByDatabase reads the log itself: every record names the database it changes, and its transaction, so that commits can be
// attributed too. An error means that this Postgres does not let us (no pg_walinspect, or not a superuser).
const walByDatabase = `
WITH records AS MATERIALIZED (
    SELECT xid::text::bigint AS xid, resource_manager, record_type, record_length - fpi_length AS bytes, fpi_length AS pages,
        (regexp_match(block_ref, 'rel [0-9]+/([0-9]+)/'))[1]::bigint AS database
    FROM pg_get_wal_records_info($1::pg_lsn, $2::pg_lsn)
), owners AS (
    SELECT xid, max(database) AS database FROM records WHERE xid <> 0 GROUP BY xid
)
SELECT coalesce(d.datname, 'shared'),
    count(*) FILTER (WHERE r.resource_manager = 'Transaction' AND r.record_type LIKE 'COMMIT%'),
    count(*), coalesce(sum(r.bytes), 0)::bigint, coalesce(sum(r.pages), 0)::bigint
FROM records r
LEFT JOIN owners o USING (xid)
LEFT JOIN pg_database d ON d.oid::bigint = coalesce(nullif(r.database, 0), o.database)
GROUP BY 1 ORDER BY 4 DESC`

func (s *System) databaseCosts(ctx context.Context, from, to string, n int64) ([]DatabaseCost, error) {
	rows, err := s.Pool.Query(ctx, walByDatabase, from, to)
	if err != nil {
		return nil, fmt.Errorf("read the WAL: %w", err)
	}
	type total struct {
		Database                       string
		Commits, Records, Bytes, Pages int64
	}
	totals, err := pgx.CollectRows(rows, pgx.RowToStructByPos[total])
	if err != nil {
		return nil, fmt.Errorf("read the WAL: %w", err)
	}
	costs := make([]DatabaseCost, 0, len(totals))
	for _, t := range totals {
		costs = append(costs, DatabaseCost{
			Database: t.Database, Commits: float64(t.Commits) / float64(n), Records: float64(t.Records) / float64(n),
			Bytes: float64(t.Bytes) / float64(n), PageBytes: float64(t.Pages) / float64(n),
		})
	}
	return costs, nil
}

// keepWAL stops the server from recycling the log until release: a checkpoint, which any neighbour on a shared server can cause,
// removes what has not been read yet. The slot is temporary, so it ends with its connection whatever happens to us.
func (s *System) keepWAL(ctx context.Context) (release func(), err error) {
	held, err := s.Pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("keep the WAL: %w", err)
	}
	// A pooled connection would outlive the measurement, and its slot with it.
	conn := held.Hijack()
	release = func() { _ = conn.Close(context.WithoutCancel(ctx)) }
	name := fmt.Sprintf("cabanas_bench_%d", conn.PgConn().PID())
	if _, err := conn.Exec(ctx, `SELECT pg_create_physical_replication_slot($1, true, true)`, name); err != nil {
		release()
		return nil, fmt.Errorf("keep the WAL: %w", err)
	}
	return release, nil
}

// walPosition is the end of what can be read of the log.
func (s *System) walPosition(ctx context.Context) (string, error) {
	var position string
	err := s.Pool.QueryRow(ctx, `SELECT pg_current_wal_flush_lsn()::text`).Scan(&position)
	if err != nil {
		return "", fmt.Errorf("read the WAL position: %w", err)
	}
	return position, nil
}
