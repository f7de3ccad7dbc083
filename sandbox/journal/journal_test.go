package journal_test

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/sandbox/journal"
)

func load(t *testing.T, j *journal.Journal, kind string) map[string]string {
	t.Helper()
	got := map[string]string{}
	require.NoError(t, j.Load(kind, func(key string, value json.RawMessage) error {
		got[key] = string(value)
		return nil
	}))
	return got
}

func open(t *testing.T, path string) *journal.Journal {
	t.Helper()
	j, err := journal.Open(path, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func TestLastLineOfAKeyWins(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state", "sandbox.jsonl")
	j := open(t, path)
	j.Put("guest", "1", 1)
	j.Put("guest", "2", 2)
	j.Put("guest", "1", 3)
	j.Put("payment", "1", "x")
	j.Delete("guest", "2")
	j.Put("guest", "2", 4)
	j.Delete("payment", "1")
	j.Delete("payment", "unknown")
	require.NoError(t, j.Close())

	again := open(t, path)
	require.Equal(t, map[string]string{"1": "3", "2": "4"}, load(t, again, "guest"))
	require.Empty(t, load(t, again, "payment"))
	require.Empty(t, load(t, again, "guest"), "a kind is loaded once")
}

func TestALineCutByAKillIsIgnored(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sandbox.jsonl")
	whole := `{"kind":"guest","key":"1","value":1}` + "\n"
	require.NoError(t, os.WriteFile(path, []byte(whole+`{"kind":"guest","key":"2","va`), 0o600))
	require.Equal(t, map[string]string{"1": "1"}, load(t, open(t, path), "guest"))

	require.NoError(t, os.WriteFile(path, []byte("not json\n"+whole), 0o600))
	_, err := journal.Open(path, slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "line 1")
}

func TestResetForgetsEverything(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sandbox.jsonl")
	j := open(t, path)
	j.Put("guest", "1", 1)
	require.NoError(t, j.Reset())
	j.Put("guest", "2", 2)
	require.NoError(t, j.Close())
	require.Equal(t, map[string]string{"2": "2"}, load(t, open(t, path), "guest"))
}
