package embedded

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	postgresUser = "cabanas"
	// DatabaseName is the application's database inside a private cluster.
	DatabaseName = "cabanas"
)

// ProgramsFolder holds downloaded Postgres programs, beside the cluster.
const ProgramsFolder = "postgres-programs"

// PostgresOptions says where a private cluster lives and how it is used.
type PostgresOptions struct {
	Home      string       // CABANAS_HOME; made when missing.
	Port      int          // On loopback; 0 takes a free one.
	Ephemeral bool         // For tests: no fsync, no password check. A killed process still loses nothing, a crashed machine would.
	Output    io.Writer    // Server log; nil discards.
	Logger    *slog.Logger // Nil discards.
	Progress  func(string) // Told before a step that takes more than a second; may be nil.
}

// Cluster is a private Postgres that is set up and can be started and restarted.
type Cluster struct {
	opts     PostgresOptions
	binaries binaries
	account  *account
	folder   string // Holds data, password and lock files.
	password string
}

// PreparePostgres finds or downloads the programs, makes the cluster when there is none, and stops a server that an earlier, killed
// run left on it.
func PreparePostgres(ctx context.Context, opts PostgresOptions) (*Cluster, error) {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Progress == nil {
		opts.Progress = func(string) {}
	}
	home, err := filepath.Abs(opts.Home)
	if err != nil {
		return nil, fmt.Errorf("find CABANAS_HOME: %w", err)
	}
	// Made first: whether Postgres can reach it depends on the mode it gets from the umask.
	if err := os.MkdirAll(home, 0o755); err != nil {
		return nil, fmt.Errorf("make CABANAS_HOME: %w", err)
	}
	c := &Cluster{opts: opts}
	if c.account, err = unprivileged(); err != nil {
		return nil, err
	}
	var moved bool
	if c.folder, moved = clusterFolder(home, c.account); moved {
		opts.Logger.Warn("postgres cannot run as root and its user cannot reach CABANAS_HOME; the cluster is elsewhere", "folder", c.folder)
	}
	if err := c.makeFolder(); err != nil {
		return nil, err
	}
	if err := c.stopOrphan(ctx); err != nil {
		return nil, err
	}
	if err := c.chooseBinaries(ctx); err != nil {
		return nil, err
	}
	if err := c.initialise(ctx); err != nil {
		return nil, err
	}
	if c.opts.Port == 0 {
		if c.opts.Port, err = FreePort(0); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// RemovePostgres deletes the cluster of a home, wherever PreparePostgres put it, after stopping what runs on it.
func RemovePostgres(ctx context.Context, home string) error {
	home, err := filepath.Abs(home)
	if err != nil {
		return fmt.Errorf("find CABANAS_HOME: %w", err)
	}
	as, err := unprivileged()
	if err != nil {
		return err
	}
	folder, _ := clusterFolder(home, as)
	c := &Cluster{folder: folder, opts: PostgresOptions{Logger: slog.New(slog.DiscardHandler)}}
	if err := c.stopOrphan(ctx); err != nil {
		return err
	}
	if err := os.RemoveAll(folder); err != nil {
		return fmt.Errorf("remove the cluster: %w", err)
	}
	return nil
}

// URL is the application's database, with user and password.
func (c *Cluster) URL() string { return c.url(DatabaseName) }

// Command starts the server in the foreground; killing it is safe at any moment.
func (c *Cluster) Command() Command {
	settings := []string{
		"port=" + strconv.Itoa(c.opts.Port), "listen_addresses=127.0.0.1", "unix_socket_directories=",
		"max_connections=300", "shared_buffers=256MB", "max_wal_size=2GB", "jit=off", "timezone=UTC", "log_timezone=UTC",
		// Statements and error details would carry guests' data into the log.
		"log_min_error_statement=panic", "log_error_verbosity=terse", "log_min_messages=warning", "logging_collector=off",
		"log_destination=stderr",
	}
	if c.opts.Ephemeral {
		settings = append(settings, "fsync=off", "full_page_writes=off")
	} else {
		settings = append(settings, "fsync=on", "synchronous_commit=on")
	}
	args := []string{"-D", c.data()}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	return Command{
		Name: "postgres", Path: c.binaries.path("postgres"), Args: args, Env: c.environment(), Dir: c.folder,
		Stop: syscall.SIGINT, Output: c.opts.Output, account: c.account,
	}
}

// Ready waits until the server answers and the application's database exists; gone ends the wait when the process has ended.
func (c *Cluster) Ready(ctx context.Context, gone <-chan struct{}) error {
	var conn *pgx.Conn
	err := poll(ctx, gone, func(ctx context.Context) (err error) {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		conn, err = pgx.Connect(ctx, c.url("postgres"))
		return err
	})
	if err != nil {
		return fmt.Errorf("wait for postgres: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var exists bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", DatabaseName).Scan(&exists)
	if err == nil && !exists {
		_, err = conn.Exec(ctx, "CREATE DATABASE "+DatabaseName)
	}
	if err != nil {
		return fmt.Errorf("create database %s: %w", DatabaseName, err)
	}
	return nil
}

func (c *Cluster) data() string { return filepath.Join(c.folder, "data") }

func (c *Cluster) url(database string) string {
	address := url.URL{
		Scheme: "postgres", User: url.UserPassword(postgresUser, c.password), Host: loopback(c.opts.Port),
		Path: "/" + database, RawQuery: "sslmode=disable",
	}
	return address.String()
}

// environment leaves out PG* variables of the person's shell, which would otherwise steer initdb and the server.
func (c *Cluster) environment() []string {
	kept := []string{"LC_ALL=C", "TZ=UTC"}
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, "PG") && !strings.HasPrefix(name, "LC_") && name != "LANG" && name != "TZ" && name != "HOME" {
			kept = append(kept, variable)
		}
	}
	return append(kept, "HOME="+c.folder)
}

func (c *Cluster) makeFolder() error {
	if err := os.MkdirAll(c.folder, 0o700); err != nil {
		return fmt.Errorf("make the cluster's folder: %w", err)
	}
	if c.account == nil {
		return nil
	}
	if err := os.Chown(c.folder, int(c.account.uid), int(c.account.gid)); err != nil {
		return fmt.Errorf("give the cluster's folder to %s: %w", c.account.name, err)
	}
	return nil
}

func (c *Cluster) chooseBinaries(ctx context.Context) error {
	major, err := c.existingMajor()
	if err != nil {
		return err
	}
	found, ok := findBinaries(ctx, major)
	if !ok {
		// Beside the data, because the unprivileged user has to reach them too.
		downloads := filepath.Join(filepath.Dir(c.folder), ProgramsFolder)
		if found, err = downloadBinaries(ctx, downloads, major, c.opts.Progress); err != nil {
			if major != 0 {
				return fmt.Errorf("the cluster was made by Postgres %d (`cabanas dev --reset` starts over): %w", major, err)
			}
			return err
		}
	}
	c.binaries = found
	return nil
}

// existingMajor is the version that made the cluster, or 0 when there is none.
func (c *Cluster) existingMajor() (int, error) {
	raw, err := os.ReadFile(filepath.Join(c.data(), "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the cluster's version: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		return 0, fmt.Errorf("read the cluster's version: %w", err)
	}
	return major, nil
}

// initialise runs initdb beside the final place and renames, so that a start killed in the middle is as if it never was.
func (c *Cluster) initialise(ctx context.Context) error {
	passwordFile := filepath.Join(c.folder, "password")
	if _, err := os.Stat(c.data()); err == nil {
		raw, err := os.ReadFile(passwordFile)
		if err != nil {
			return fmt.Errorf("read the cluster's password: %w", err)
		}
		c.password = strings.TrimSpace(string(raw))
		return nil
	}
	c.opts.Progress("creating the Postgres cluster")
	c.password = rand.Text()
	if err := os.WriteFile(passwordFile, []byte(c.password+"\n"), 0o600); err != nil {
		return fmt.Errorf("write the cluster's password: %w", err)
	}
	if c.account != nil {
		if err := os.Chown(passwordFile, int(c.account.uid), int(c.account.gid)); err != nil {
			return fmt.Errorf("give the password to %s: %w", c.account.name, err)
		}
	}
	var err error
	// Byte order for sorting everywhere; a UTF-8 character type, where the machine knows one, so that lower('Ñ') works.
	for _, locale := range [][]string{{"--locale=C", "--lc-ctype=C.UTF-8"}, {"--locale=C"}} {
		if err = c.initdb(ctx, passwordFile, locale); err == nil {
			return nil
		}
	}
	return err
}

func (c *Cluster) initdb(ctx context.Context, passwordFile string, locale []string) error {
	unfinished := c.data() + ".new"
	if err := os.RemoveAll(unfinished); err != nil {
		return fmt.Errorf("remove an unfinished cluster: %w", err)
	}
	auth := "scram-sha-256"
	args := []string{"-D", unfinished, "-U", postgresUser, "--pwfile=" + passwordFile, "--encoding=UTF8"}
	if c.opts.Ephemeral {
		auth, args = "trust", append(args, "--no-sync")
	}
	cmd := exec.CommandContext(ctx, c.binaries.path("initdb"), append(append(args, "--auth="+auth), locale...)...)
	cmd.Env, cmd.Dir = c.environment(), c.folder
	if c.account != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.account.credential()}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, strings.TrimSpace(string(out)))
	}
	if err := os.Rename(unfinished, c.data()); err != nil {
		return fmt.Errorf("finish the cluster: %w", err)
	}
	return nil
}

// stopOrphan ends a server that still runs on our data because its supervisor was killed.
func (c *Cluster) stopOrphan(ctx context.Context) error {
	raw, err := os.ReadFile(filepath.Join(c.data(), "postmaster.pid"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read postmaster.pid: %w", err)
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	pid, _ := strconv.Atoi(strings.TrimSpace(first))
	if !strings.Contains(CommandLine(pid), c.data()) {
		return nil // Stale or half written: Postgres sees that itself.
	}
	c.opts.Logger.Info("stopping a postgres that an earlier run left behind", "pid", pid)
	return StopOrphan(ctx, pid, syscall.SIGINT)
}

// StopOrphan asks a process that is not our child to end, and kills it when it has not after ten seconds.
func StopOrphan(ctx context.Context, pid int, stop syscall.Signal) error {
	ended := func(context.Context) error {
		if Alive(pid) && CommandLine(pid) != "" { // A zombie nobody waits for has no command line.
			return fmt.Errorf("process %d still runs", pid)
		}
		return nil
	}
	_ = syscall.Kill(pid, stop)
	patient, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if poll(patient, nil, ended) == nil {
		return nil
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
	last, cancelLast := context.WithTimeout(ctx, 5*time.Second)
	defer cancelLast()
	return poll(last, nil, ended)
}
