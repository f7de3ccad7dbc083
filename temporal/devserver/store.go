package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
	_ "go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql" // Registers the plugin named below.
	"go.temporal.io/server/tools/common/schema"
	"go.temporal.io/server/tools/sql"
)

const (
	plugin             = "postgres12_pgx"
	storeDatabase      = "temporal"
	visibilityDatabase = "temporal_visibility"
	storeSchema        = "postgresql/v12/temporal"
	visibilitySchema   = "postgresql/v12/visibility"

	// setupLock is the advisory lock under which databases are created, so that two servers started together do not meet.
	setupLock = 7233_1320
)

// store is the Postgres server that holds both databases.
type store struct {
	address  string // host:port
	user     string
	password string
	attrs    map[string]string // TLS parameters of the URL.
	admin    string            // URL of the database named on the command line.
}

func newStore(address *url.URL) (store, error) {
	if address.Scheme != "postgres" && address.Scheme != "postgresql" {
		return store{}, errors.New("--postgres must be a URL that starts with postgres://")
	}
	if address.Hostname() == "" {
		return store{}, errors.New("--postgres names no host (a Unix socket is not supported)")
	}
	if strings.Trim(address.Path, "/") == "" {
		address = address.JoinPath("postgres")
	}
	port := address.Port()
	if port == "" {
		port = "5432"
	}
	s := store{address: net.JoinHostPort(address.Hostname(), port), user: "postgres", attrs: map[string]string{}, admin: address.String()}
	if address.User != nil {
		s.user = address.User.Username()
		s.password, _ = address.User.Password()
	}
	if s.password == "" {
		s.password = "trust" // The plugin wants one; a server that trusts loopback does not look at it.
	}
	for key, values := range address.Query() {
		if strings.HasPrefix(key, "ssl") {
			s.attrs[key] = values[0]
		}
	}
	return s, nil
}

// sql is the connection of one database as the server's configuration writes it.
func (s store) sql(database string, connections int) *config.SQL {
	return &config.SQL{
		PluginName:        plugin,
		DatabaseName:      database,
		ConnectAddr:       s.address,
		ConnectProtocol:   "tcp",
		ConnectAttributes: s.attrs,
		User:              url.PathEscape(s.user),
		Password:          s.password,
		MaxConns:          connections,
		MaxIdleConns:      connections,
		MaxConnLifetime:   time.Hour,
	}
}

// prepareStore creates what is missing and brings both schemas up to this server's version. It waits for Postgres until ctx ends.
func prepareStore(ctx context.Context, s store, logger log.Logger) error {
	admin, err := connect(ctx, s.admin, logger)
	if err != nil {
		return err
	}
	defer admin.Close(context.WithoutCancel(ctx))
	if _, err := admin.Exec(ctx, "SELECT pg_advisory_lock($1)", setupLock); err != nil {
		return fmt.Errorf("lock the set-up: %w", err)
	}
	for database, schemaName := range map[string]string{storeDatabase: storeSchema, visibilityDatabase: visibilitySchema} {
		if err := prepareDatabase(ctx, admin, s, database, schemaName, logger); err != nil {
			return fmt.Errorf("prepare database %s: %w", database, err)
		}
	}
	return nil
}

// prepareDatabase builds a new database under another name and renames it when it is complete: the schema's statements are neither
// idempotent nor one transaction, so a server killed in mid-set-up would otherwise never start again.
func prepareDatabase(ctx context.Context, admin *pgx.Conn, s store, database, schemaName string, logger log.Logger) error {
	var exists bool
	if err := admin.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database).Scan(&exists); err != nil {
		return err
	}
	if exists {
		return updateSchema(s, database, schemaName, logger)
	}
	unfinished := database + "_setup"
	if _, err := admin.Exec(ctx, "DROP DATABASE IF EXISTS "+unfinished+" WITH (FORCE)"); err != nil {
		return err
	}
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+unfinished); err != nil {
		return err
	}
	if err := setupSchema(s, unfinished, schemaName, logger); err != nil {
		return err
	}
	if err := renameInVersionTable(s, unfinished, database, logger); err != nil {
		return err
	}
	_, err := admin.Exec(ctx, "ALTER DATABASE "+unfinished+" RENAME TO "+database)
	return err
}

func setupSchema(s store, database, schemaName string, logger log.Logger) error {
	return withDatabase(s, database, logger, func(conn *sql.Connection) error {
		return schema.NewSetupSchemaTask(conn, &schema.SetupConfig{InitialVersion: "0.0"}, logger).Run()
	}, func(conn *sql.Connection) error {
		return schema.NewUpdateSchemaTask(conn, &schema.UpdateConfig{SchemaName: schemaName}, logger).Run()
	})
}

func updateSchema(s store, database, schemaName string, logger log.Logger) error {
	return withDatabase(s, database, logger, func(conn *sql.Connection) error {
		return schema.NewUpdateSchemaTask(conn, &schema.UpdateConfig{SchemaName: schemaName}, logger).Run()
	})
}

// renameInVersionTable exists because the schema version is kept under the name of the database.
func renameInVersionTable(s store, from, to string, logger log.Logger) error {
	return withDatabase(s, from, logger, func(conn *sql.Connection) error {
		return conn.Exec("UPDATE schema_version SET db_name = $1 WHERE db_name = $2", to, from)
	})
}

func withDatabase(s store, database string, logger log.Logger, steps ...func(*sql.Connection) error) error {
	conn, err := sql.NewConnection(s.sql(database, 1), logger)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, step := range steps {
		if err := step(conn); err != nil {
			return err
		}
	}
	return nil
}

// connect tries until Postgres answers, because the server is restarted together with it.
func connect(ctx context.Context, address string, logger log.Logger) (*pgx.Conn, error) {
	for {
		conn, err := pgx.Connect(ctx, address)
		if err == nil {
			return conn, nil
		}
		logger.Warn("waiting for postgres", tag.Error(err))
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(250 * time.Millisecond):
		}
	}
}
