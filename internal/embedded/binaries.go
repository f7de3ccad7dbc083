package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

// oldestPostgres is the oldest major version the schema is tested with.
const oldestPostgres = 15

// binaries is one installation of Postgres.
type binaries struct {
	folder string
	major  int
}

func (b binaries) path(program string) string { return filepath.Join(b.folder, program) }

// postgresFolders are where distributions and Homebrew put each version; PATH is looked at before them.
var postgresFolders = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/usr/libexec/postgresql*",
	"/opt/homebrew/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql@*/bin",
	"/opt/homebrew/bin",
	"/usr/local/pgsql/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// findBinaries picks the installation for a cluster of version major, or, for a new cluster (0), the one on PATH, else the newest.
func findBinaries(ctx context.Context, major int) (binaries, bool) {
	var found []binaries
	if onPath, err := exec.LookPath("postgres"); err == nil {
		if program, err := filepath.EvalSymlinks(onPath); err == nil {
			if b, ok := inspect(ctx, filepath.Dir(program)); ok {
				found = append(found, b)
			}
		}
	}
	preferred := len(found)
	for _, pattern := range postgresFolders {
		folders, _ := filepath.Glob(pattern)
		for _, folder := range folders {
			if b, ok := inspect(ctx, folder); ok {
				found = append(found, b)
			}
		}
	}
	slices.SortStableFunc(found[preferred:], func(a, b binaries) int { return b.major - a.major })
	for _, b := range found {
		if major == 0 && b.major >= oldestPostgres || b.major == major {
			return b, true
		}
	}
	return binaries{}, false
}

var majorForm = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

func inspect(ctx context.Context, folder string) (binaries, bool) {
	if _, err := os.Stat(filepath.Join(folder, "initdb")); err != nil {
		return binaries{}, false
	}
	out, err := exec.CommandContext(ctx, filepath.Join(folder, "postgres"), "--version").Output()
	if err != nil {
		return binaries{}, false
	}
	match := majorForm.FindSubmatch(out)
	if match == nil {
		return binaries{}, false
	}
	major, err := strconv.Atoi(string(match[1]))
	return binaries{folder: folder, major: major}, err == nil
}

// downloadable maps the majors embedded-postgres can fetch; a new cluster takes the first.
var downloadable = []struct {
	major   int
	version embeddedpostgres.PostgresVersion
}{
	{17, embeddedpostgres.V17},
	{18, embeddedpostgres.V18},
	{16, embeddedpostgres.V16},
	{15, embeddedpostgres.V15},
}

// downloadBinaries fetches Postgres into folder once and keeps it there.
//
// The library has no call that only downloads: it goes on to start a throw-away server in a scratch folder. That start is stopped
// again, and as root, where it is refused, its failure does not matter as long as the programs are there.
func downloadBinaries(ctx context.Context, folder string, major int, progress func(string)) (binaries, error) {
	for _, candidate := range downloadable {
		if major != 0 && candidate.major != major {
			continue
		}
		target := filepath.Join(folder, strconv.Itoa(candidate.major))
		if b, ok := inspect(ctx, filepath.Join(target, "bin")); ok {
			return b, nil
		}
		progress(fmt.Sprintf("downloading Postgres %s, about 15 MB", candidate.version))
		scratch, err := os.MkdirTemp("", "cabanas-postgres-")
		if err != nil {
			return binaries{}, fmt.Errorf("make a scratch folder: %w", err)
		}
		defer os.RemoveAll(scratch)
		port, err := FreePort(0)
		if err != nil {
			return binaries{}, err
		}
		server := embeddedpostgres.NewDatabase(embeddedpostgres.DefaultConfig().
			Version(candidate.version).Port(uint32(port)).Logger(io.Discard).
			CachePath(filepath.Join(scratch, "cache")).BinariesPath(target).
			RuntimePath(filepath.Join(scratch, "run")).DataPath(filepath.Join(scratch, "data")))
		startErr := server.Start()
		if startErr == nil {
			_ = server.Stop()
		}
		if b, ok := inspect(ctx, filepath.Join(target, "bin")); ok {
			return b, nil
		}
		return binaries{}, fmt.Errorf("download Postgres: %w", errors.Join(startErr, errInstallPostgres))
	}
	return binaries{}, fmt.Errorf("no Postgres %d to download: %w", major, errInstallPostgres)
}

var errInstallPostgres = errors.New("install Postgres 15 or newer (Debian: apt-get install postgresql; macOS: brew install postgresql@17), " +
	"or set DATABASE_URL")
