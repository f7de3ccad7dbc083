// Package migrations holds the schema: numbered SQL, embedded, applied with goose. Each file is one transaction; whoever
// migrates first keeps the others waiting on an advisory lock.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"time"

	// Registers the "pgx" driver that goose talks through.
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

//go:embed *.sql
var files embed.FS

// advisoryLock is the key that processes migrating the same database wait for; any number no one else uses.
const advisoryLock = 5242870115102871

// Migration is one numbered step and whether the database has it.
type Migration struct {
	Version   int64
	Name      string
	Applied   bool
	AppliedAt time.Time
}

// Up brings the database to the latest version; one that is there already is left alone.
func Up(ctx context.Context, databaseURL string) error {
	return with(ctx, databaseURL, func(provider *goose.Provider) error {
		_, err := provider.Up(ctx)
		return err
	})
}

// Down takes every step back and leaves an empty database.
func Down(ctx context.Context, databaseURL string) error {
	return with(ctx, databaseURL, func(provider *goose.Provider) error {
		_, err := provider.DownTo(ctx, 0)
		return err
	})
}

// Status lists every step, oldest first.
func Status(ctx context.Context, databaseURL string) ([]Migration, error) {
	var steps []Migration
	err := with(ctx, databaseURL, func(provider *goose.Provider) error {
		statuses, err := provider.Status(ctx)
		for _, status := range statuses {
			steps = append(steps, Migration{Version: status.Source.Version, Name: status.Source.Path,
				Applied: status.State == goose.StateApplied, AppliedAt: status.AppliedAt})
		}
		return err
	})
	return steps, err
}

// Latest returns the version this program was built for.
func Latest() int64 {
	var latest int64
	// The files are part of the program: that they parse is tested, not handled.
	provider, err := goose.NewProvider(goose.DialectPostgres, &sql.DB{}, files)
	if err != nil {
		panic(fmt.Sprintf("embedded migrations: %v", err))
	}
	for _, source := range provider.ListSources() {
		latest = max(latest, source.Version)
	}
	return latest
}

// Check refuses a database that this program cannot work on: one whose schema is older than the program, or one that has taken
// away what the program needs. A newer schema that only grew is fine: it is there before the program that needs it.
func Check(ctx context.Context, databaseURL string) error {
	db, err := sql.Open("pgx", databaseURL)
	if err != nil {
		return fmt.Errorf("check schema: %w", err)
	}
	defer db.Close()
	version, err := versionOf(ctx, db)
	if err != nil {
		return fmt.Errorf("check schema: %w", err)
	}
	latest := Latest()
	if version < latest {
		return fmt.Errorf("the database has schema version %d, this program needs %d: run cabanas migrate up", version, latest)
	}
	var oldest int64
	if err := db.QueryRowContext(ctx, `SELECT oldest_program FROM schema_compatibility`).Scan(&oldest); err != nil {
		return fmt.Errorf("check schema: %w", err)
	}
	if latest < oldest {
		return fmt.Errorf("the database has schema version %d for programs from %d on, this program knows %d: it is too old for this database",
			version, oldest, latest)
	}
	return nil
}

func versionOf(ctx context.Context, db *sql.DB) (int64, error) {
	var migrated bool
	if err := db.QueryRowContext(ctx, `SELECT to_regclass('goose_db_version') IS NOT NULL`).Scan(&migrated); err != nil || !migrated {
		return 0, err
	}
	var version int64
	err := db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`).Scan(&version)
	return version, err
}

func with(ctx context.Context, databaseURL string, work func(*goose.Provider) error) (err error) {
	db, err := sql.Open("pgx", databaseURL)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(sessionLock{}))
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if err := work(provider); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// sessionLock waits inside Postgres; goose's own locker asks again every few seconds.
type sessionLock struct{}

// SessionLock takes the lock on the connection that will migrate.
func (sessionLock) SessionLock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, int64(advisoryLock))
	return err
}

// SessionUnlock gives it back.
func (sessionLock) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, `SELECT pg_advisory_unlock($1)`, int64(advisoryLock))
	return err
}
