package corpus_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/dialogue/understanding/corpus"
)

var buenosAires = time.FixedZone("ART", -3*60*60)

// TestCorpusIsUnderstood is the bar of the understanding; `go test -v` and `make evaluate` show the report.
func TestCorpusIsUnderstood(t *testing.T) {
	t.Parallel()
	messages, err := corpus.Load(os.DirFS("../../testdata/corpus"))
	require.NoError(t, err)
	report := corpus.Evaluate(messages, buenosAires)
	var shown strings.Builder
	require.NoError(t, report.Write(&shown))
	t.Log("\n" + shown.String())
	require.GreaterOrEqual(t, report.Exact(), corpus.Bar)
}

func TestReportCountsFieldByField(t *testing.T) {
	t.Parallel()
	const null = `"check_in":null,"check_out":null,"nights":null,"adults":null,"children":null,"pets":null`
	messages, err := corpus.Load(fstest.MapFS{"a.jsonl": {Data: []byte(
		`{"id":"1","text":"somos 4","now":"2026-11-18T12:00:00-03:00","intent":"provide_info","guests":4,"language":"es",` + null + "}\n\n" +
			`{"id":"2","text":"somos 4","now":"2026-11-18T12:00:00-03:00","intent":"book","guests":5,"language":"es",` + null + "}\n")}})
	require.NoError(t, err)
	report := corpus.Evaluate(messages, buenosAires)
	require.Equal(t, corpus.Score{Right: 1, Wrong: 1, Missed: 1, Exact: 1}, report.Fields["guests"])
	require.InDelta(t, 0.5, report.Exact(), 0)
	require.Equal(t, []corpus.Confusion{{Want: "book", Got: "provide_info", Count: 1}}, report.Confusions)
	require.Equal(t, []corpus.Failure{{ID: "2", Text: "somos 4", Fields: []string{"intent book, not provide_info", "guests 5, not 4"}}}, report.Failures)
}

func TestLoadRefusesWhatCannotBeMeasured(t *testing.T) {
	t.Parallel()
	const line = `{"id":"1","text":"hola","now":"2026-11-18T12:00:00-03:00","intent":"greeting"}` + "\n"
	for want, folder := range map[string]fstest.MapFS{
		"no messages": {"readme.md": {Data: []byte("x")}},
		"line 2":      {"a.jsonl": {Data: []byte(line + "{")}},
		"twice":       {"a.jsonl": {Data: []byte(line)}, "b.jsonl": {Data: []byte(line)}},
		"are needed":  {"a.jsonl": {Data: []byte(`{"id":"1","text":"hola"}`)}},
	} {
		_, err := corpus.Load(folder)
		require.ErrorContains(t, err, want)
	}
}
