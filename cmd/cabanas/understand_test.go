package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func understandText(t *testing.T, input string) ([]string, error) {
	t.Helper()
	zone, err := time.LoadLocation(propertyZone)
	require.NoError(t, err)
	var out bytes.Buffer
	now := func() time.Time { return time.Date(2026, 11, 18, 15, 0, 0, 0, time.UTC) }
	err = understandLines(strings.NewReader(input), &out, zone, now)
	if out.Len() == 0 {
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n"), err
}

func TestUnderstandAnswersEachLine(t *testing.T) {
	t.Parallel()
	lines, err := understandText(t, `{"id":"a","text":"tenés lugar del 28/12 al 3/1 para 4?","now":"2026-12-03T10:15:00-03:00"}

{"id":2,"text":"hoy, sin mascotas & <solo>","now":"2027-01-01T01:30:00Z"}
{"text":"👍"}`)
	require.NoError(t, err)
	require.Len(t, lines, 3)
	require.Regexp(t, `^\{"id":"a","intent":"availability","confidence":[0-9.]+,"check_in":"2026-12-28","check_out":"2027-01-03","nights":6,"guests":4,"adults":null,"children":null,"pets":null,"language":"es"\}$`, lines[0])
	require.Regexp(t, `^\{"id":2,.*"check_in":"2026-12-31","check_out":null,`, lines[1])
	require.Regexp(t, `^\{"id":null,"intent":"affirm",.*"language":null\}$`, lines[2])
}

func TestUnderstandGoesOnAfterABadLine(t *testing.T) {
	t.Parallel()
	long := `{"id":"long","text":"` + strings.Repeat("a", longestMessageLine) + `"}`
	fits := `{"id":"fits","text":"` + strings.Repeat("a", longestMessageLine-100) + `"}`
	lines, err := understandText(t, strings.Join([]string{
		`no json`, `{"id":"1"}`, `{"id":"2","text":"hola","now":"mañana"}`, `{"id":"3","text":7}`, `[1]`, long, fits, `{"id":"4","text":"hola"}`,
	}, "\r\n"))
	require.Equal(t, exitError(1), err)
	require.Len(t, lines, 8)
	for i, id := range []any{nil, "1", "2", "3", nil, nil} {
		var answer map[string]any
		require.NoError(t, json.Unmarshal([]byte(lines[i]), &answer))
		require.Equal(t, id, answer["id"], lines[i])
		require.NotEmpty(t, answer["error"])
	}
	require.Contains(t, lines[6], `"id":"fits","intent":"other"`)
	require.Contains(t, lines[7], `"id":"4","intent":"greeting"`)
}

func TestUnderstandNothing(t *testing.T) {
	t.Parallel()
	lines, err := understandText(t, "\n  \n")
	require.NoError(t, err)
	require.Empty(t, lines)
}

func TestUnderstandEvaluates(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(intent string) {
		line := `{"id":"1","text":"hola","now":"2026-11-18T12:00:00-03:00","intent":"` + intent + `","language":"es"}`
		require.NoError(t, os.WriteFile(filepath.Join(folder, "a.jsonl"), []byte(line), 0o600))
	}
	var report bytes.Buffer
	write("greeting")
	require.NoError(t, evaluate(folder, time.UTC, &report))
	require.Contains(t, report.String(), "1 messages, 100.00 % exact")
	write("book")
	require.Equal(t, exitError(1), evaluate(folder, time.UTC, &report))
	require.Contains(t, report.String(), "book taken for greeting")
}
