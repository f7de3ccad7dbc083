package deploy

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/internal/embedded/embeddedtest"
	"cabanas/migrations"
	"cabanas/store/postgres"
)

// house is a server with the three databases of an installation; the application's has bookings.
type house struct {
	t           *testing.T
	app         string // URL
	names       [3]string
	folder      string
	environment []string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, folder: t.TempDir(), app: embeddedtest.Database(t, migrations.Up)}
	engine, visibility := embeddedtest.Database(t, nil), embeddedtest.Database(t, nil)
	for i, address := range []string{engine, visibility, h.app} {
		parsed, err := url.Parse(address)
		require.NoError(t, err)
		h.names[i] = strings.Trim(parsed.Path, "/")
	}
	h.exec(engine, `CREATE TABLE executions (shard int, id bytea, data bytea, PRIMARY KEY (shard, id))`,
		`INSERT INTO executions SELECT n % 4, sha256(n::text::bytea), sha256((n * 7)::text::bytea) FROM generate_series(1, 500) AS n`)
	h.exec(visibility, `CREATE TABLE executions_visibility (run_id text PRIMARY KEY, status int, search_attributes jsonb)`,
		`INSERT INTO executions_visibility SELECT 'run-' || n, n % 3, jsonb_build_object('Channel', 'whatsapp') FROM generate_series(1, 200) AS n`)
	h.seed()

	server, err := url.Parse(h.app)
	require.NoError(t, err)
	password, _ := server.User.Password()
	path, err := program()
	require.NoError(t, err)
	h.environment = []string{
		"PGHOST=" + server.Hostname(), "PGPORT=" + server.Port(), "PGUSER=" + server.User.Username(), "PGPASSWORD=" + password,
		"TEMPORAL_DB_NAME=" + h.names[0], "TEMPORAL_VISIBILITY_DB_NAME=" + h.names[1], "CABANAS_DB_NAME=" + h.names[2],
		"BACKUP_DIR=" + filepath.Join(h.folder, "backups"), "CABANAS=" + path, "ENVIRONMENT=test",
	}
	return h
}

// seed sells nights of the sample cabins.
func (h *house) seed() {
	h.t.Helper()
	store, err := postgres.Open(h.t.Context(), h.app, 2)
	require.NoError(h.t, err)
	defer store.Close()
	require.NoError(h.t, store.SeedSampleCabins(h.t.Context(), func(name string) string { return "https://example.org/" + name }))
	guest, err := store.UpsertGuest(h.t.Context(), postgres.Guest{Phone: "5492944123456", Name: "Ana Prueba", Language: "es"})
	require.NoError(h.t, err)
	now := time.Now()
	first := booking.MustDate(now.AddDate(0, 0, 30).Format(time.DateOnly))
	night := booking.Pesos(15_000)
	for n := range 12 {
		in := first.AddDays(4 * n)
		_, err := store.PlaceHold(h.t.Context(), postgres.NewHold{
			Code: fmt.Sprintf("RES261122%06X", 0xABC000+n), AccommodationID: 1, GuestID: guest,
			Stay: booking.Stay{CheckIn: in, CheckOut: in.AddDays(1)}, Guests: 2, ExpiresAt: now.Add(48 * time.Hour),
			Channel: booking.ChannelDirect, TokenHash: []byte("h"),
			Quote: booking.Quote{
				Lines: []booking.Line{{Kind: booking.LineNight, Night: in, Amount: night, Reason: "base price"}},
				Total: night, Deposit: booking.Pesos(4_500), RateVersion: 1,
			},
		}, now)
		require.NoError(h.t, err)
	}
}

func (h *house) exec(address string, statements ...string) {
	h.t.Helper()
	ctx := context.Background() // Cleaning up uses it too.
	conn, err := pgx.Connect(ctx, address)
	require.NoError(h.t, err)
	defer conn.Close(ctx)
	for _, statement := range statements {
		_, err := conn.Exec(ctx, statement)
		require.NoError(h.t, err, statement)
	}
}

func (h *house) count(table string) (n int) {
	h.t.Helper()
	conn, err := pgx.Connect(h.t.Context(), h.app)
	require.NoError(h.t, err)
	defer conn.Close(context.Background())
	require.NoError(h.t, conn.QueryRow(h.t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
	return n
}

func (h *house) run(name string, arguments ...string) ran {
	h.t.Helper()
	return script(h.t, h.folder, h.environment, name, arguments...)
}

// leftovers are databases of this house under other names.
func (h *house) leftovers(like string) (names []string) {
	h.t.Helper()
	ctx := context.Background() // Cleaning up uses it too.
	conn, err := pgx.Connect(ctx, h.app)
	require.NoError(h.t, err)
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, "SELECT datname FROM pg_database WHERE datname LIKE $1", like)
	require.NoError(h.t, err)
	names, err = pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(h.t, err)
	return names
}

// One house for all of it: making one takes longer than what is done with it.
func TestBackupDrillAndRestore(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	copying := filepath.Join(h.folder, "copy.sh")
	require.NoError(t, os.WriteFile(copying, []byte("cp \"$1\" "+h.folder+"\n"), 0o600))
	h.failsWithoutATrace()
	h.environment = append(h.environment, "BACKUP_PASSPHRASE=una frase que nadie adivina", "BACKUP_HOOK=sh "+copying)
	backup := h.drillPasses()
	h.damageIsRefused(backup)
	h.restoreSwapsAll(backup)
	h.drillFindsWhatIsWrong()
}

func (h *house) failsWithoutATrace() {
	h.t.Helper()
	h.run("backup.sh", "--fresh", "1").requireRefused(h.t, "no backup yet")
	script(h.t, h.folder, append(h.environment, "TEMPORAL_VISIBILITY_DB_NAME=cabanas_no_such_database"), "backup.sh").
		requireRefused(h.t, `database "cabanas_no_such_database" does not exist`)
	script(h.t, h.folder, append(h.environment, "BACKUP_HOOK=false"), "backup.sh").requireRefused(h.t, "BACKUP_HOOK failed")
	require.NoFileExists(h.t, filepath.Join(h.folder, "backups", "metrics", "cabanas_backup.prom"), "what is on this machine only is not told as a backup")
	entries, err := os.ReadDir(filepath.Join(h.folder, "backups"))
	require.NoError(h.t, err)
	for _, entry := range entries {
		require.False(h.t, strings.HasPrefix(entry.Name(), ".backup-"), "half a backup is cleared away: %s", entry.Name())
	}
	require.NoError(h.t, os.RemoveAll(filepath.Join(h.folder, "backups")))
}

func (h *house) drillPasses() (backup string) {
	h.t.Helper()
	drill := h.run("restore-drill.sh")
	drill.requireOK(h.t)
	require.Contains(h.t, drill.output, "temporal: 1 tables hold what was backed up")
	require.Regexp(h.t, `app: [0-9]{2} tables hold what was backed up`, drill.output)
	require.Contains(h.t, drill.output, "invariants hold")
	require.Contains(h.t, drill.output, "the drill passed")

	backups, err := filepath.Glob(filepath.Join(h.folder, "backups", "cabanas-*.tar.gpg"))
	require.NoError(h.t, err)
	require.Len(h.t, backups, 1)
	content, err := os.ReadFile(backups[0])
	require.NoError(h.t, err)
	require.NotContains(h.t, string(content), "app.dump", "what is inside cannot be read")
	info, err := os.Stat(backups[0])
	require.NoError(h.t, err)
	require.Zero(h.t, info.Mode()&0o077, "only its owner may look at it")
	require.FileExists(h.t, filepath.Join(h.folder, filepath.Base(backups[0])), "the hook has copied it")
	metric, err := os.ReadFile(filepath.Join(h.folder, "backups", "metrics", "cabanas_backup.prom"))
	require.NoError(h.t, err)
	require.Regexp(h.t, `(?m)^cabanas_backup_last_success_timestamp_seconds [0-9]{10}$`, string(metric))
	h.run("backup.sh", "--fresh", "1").requireOK(h.t)
	return backups[0]
}

// damageIsRefused: what is damaged, cut or somebody else's is refused before anything is changed.
func (h *house) damageIsRefused(backup string) {
	h.t.Helper()
	whole, err := os.ReadFile(backup)
	require.NoError(h.t, err)
	sums, err := os.ReadFile(backup + ".sha256")
	require.NoError(h.t, err)
	flipped := append([]byte(nil), whole...)
	flipped[len(flipped)/2] ^= 1
	for _, c := range []struct {
		name          string
		content, sums []byte
		why           string
	}{
		{"one bit", flipped, sums, "checksum differs"},
		{"half of it", whole[:len(whole)/2], sums, "checksum differs"},
		{"one bit and a checksum that fits", flipped, fmt.Appendf(nil, "%x  %s\n", sha256.Sum256(flipped), filepath.Base(backup)), "cannot be decrypted"},
		{"no checksum", whole, nil, "is missing"},
	} {
		path := filepath.Join(h.t.TempDir(), filepath.Base(backup))
		require.NoError(h.t, os.WriteFile(path, c.content, 0o600))
		if c.sums != nil {
			require.NoError(h.t, os.WriteFile(path+".sha256", c.sums, 0o600))
		}
		h.run("restore-drill.sh", path).requireRefused(h.t, c.why)
		h.run("restore.sh", "--yes", path).requireRefused(h.t, c.why)
	}
	script(h.t, h.folder, append(h.environment, "BACKUP_PASSPHRASE=another"), "restore.sh", "--yes", backup).requireRefused(h.t, "cannot be decrypted")
	require.Empty(h.t, h.leftovers(h.names[2]+"_%"))
}

func (h *house) restoreSwapsAll(backup string) {
	h.t.Helper()
	h.exec(h.app, "DELETE FROM accommodations WHERE id NOT IN (SELECT accommodation_id FROM reservations)")
	cabins := h.count("accommodations")

	// Somebody is at work.
	visitor, err := pgx.Connect(h.t.Context(), h.app+separator(h.app)+"application_name=cabanas-worker")
	require.NoError(h.t, err)
	h.run("restore.sh", "--yes", backup).requireRefused(h.t, "is in use by cabanas-worker")
	require.NoError(h.t, visitor.Close(h.t.Context()))
	require.NotZero(h.t, h.run("restore.sh", backup).status, "nobody has said that it is meant")
	require.Empty(h.t, h.leftovers(h.names[2]+"_%"))
	require.Equal(h.t, cabins, h.count("accommodations"))

	h.t.Cleanup(func() {
		for _, name := range h.names {
			for _, old := range h.leftovers(name + "_before_%") {
				h.exec(h.app, "DROP DATABASE "+old+" WITH (FORCE)")
			}
		}
	})
	h.run("restore.sh", "--yes", backup).requireOK(h.t)
	require.Greater(h.t, h.count("accommodations"), cabins, "what was deleted since is back")
	require.Equal(h.t, 12, h.count("reservations"))
	for _, name := range h.names {
		require.Len(h.t, h.leftovers(name+"_before_%"), 1, "the database of before is kept")
		require.Empty(h.t, h.leftovers(name+"_restored_%"))
	}
	require.NoError(h.t, migrations.Check(h.t.Context(), h.app))
}

// drillFindsWhatIsWrong: the copy is as the original was, and that was not right.
func (h *house) drillFindsWhatIsWrong() {
	h.t.Helper()
	h.exec(h.app, "UPDATE reservations SET expires_at = now() - interval '1 hour' WHERE id = (SELECT min(id) FROM reservations)")
	drill := h.run("restore-drill.sh")
	drill.requireRefused(h.t, "audit FAILED")
	require.Contains(h.t, drill.output, "invariant 4 is broken")
}

func separator(address string) string {
	if strings.Contains(address, "?") {
		return "&"
	}
	return "?"
}
