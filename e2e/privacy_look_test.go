package e2e

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/proto"
)

// collector takes traces and keeps every byte of them.
type collector struct {
	*httptest.Server

	mu  sync.Mutex
	got []byte
}

func newCollector(t *testing.T) *collector {
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body io.Reader = r.Body
		if r.Header.Get("Content-Encoding") == "gzip" {
			unzipped, err := gzip.NewReader(r.Body)
			if err != nil {
				http.Error(w, "not gzip", http.StatusBadRequest)
				return
			}
			body = unzipped
		}
		raw, _ := io.ReadAll(body)
		c.mu.Lock()
		c.got = append(c.got, raw...)
		c.mu.Unlock()
		w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) bytes() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.got)
}

// search looks for what must not be found, however it is written.
type search struct {
	needles map[string]string // as written → what it is
}

func newSearch(texts ...string) *search {
	s := &search{needles: map[string]string{}}
	for _, text := range texts {
		for _, spelling := range spellings(text) {
			s.needles[spelling] = text
		}
	}
	return s
}

// spellings are the ways in which a text gets into logs, addresses, JSON and payloads.
func spellings(text string) []string {
	all := []string{text, strings.ToUpper(text), strings.ToLower(text), url.QueryEscape(text), url.PathEscape(text), hex.EncodeToString([]byte(text)),
		strings.Trim(strconv.QuoteToASCII(text), `"`)}
	// Base64 of a longer text has one of three forms in its middle.
	for shift := range 3 {
		padded := append(bytes.Repeat([]byte("x"), shift), text...)
		whole := len(padded) / 3 * 3
		encoded := base64.StdEncoding.EncodeToString(padded[:whole])
		if middle := encoded[(shift+2)/3*4:]; len(middle) >= 8 {
			all = append(all, middle)
		}
	}
	return all
}

// in fails when the place holds any of it.
func (s *search) in(t *testing.T, where string, raw []byte) {
	t.Helper()
	for needle, text := range s.needles {
		if at := bytes.Index(raw, []byte(needle)); at >= 0 {
			t.Errorf("%q is in %s: …%q…", text, where, raw[max(0, at-300):min(len(raw), at+150)])
		}
	}
}

// everywhere searches all that operators, dashboards and collectors see, and what is only ever added to.
func (s *search) everywhere(t *testing.T, st *stack, traces []byte) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(st.home, "logs", "*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, path := range append(files, filepath.Join(st.home, "dev.out")) {
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		s.in(t, filepath.Base(path), raw)
	}
	for _, address := range append([]string{st.info.APIURL + "/metrics"}, st.info.MetricsURLs...) {
		s.in(t, address, get(t, address))
	}
	require.NotEmpty(t, traces, "no traces came")
	s.in(t, "traces", traces)
	s.histories(t, st)
	s.redis(t, st)
	for _, table := range []string{"audit_log", "booking_events", "live_events"} {
		s.table(t, st, table)
	}
}

func get(t *testing.T, address string) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(patient(t), http.MethodGet, address, nil)
	require.NoError(t, err)
	response, err := web.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NotEmpty(t, raw)
	return raw
}

// histories searches every workflow: ids, memos, search attributes, summaries, payloads and failures.
func (s *search) histories(t *testing.T, st *stack) {
	t.Helper()
	request := &workflowservice.ListWorkflowExecutionsRequest{PageSize: 500}
	for {
		page, err := st.temporal.ListWorkflow(patient(t), request)
		require.NoError(t, err)
		for _, execution := range page.GetExecutions() {
			id := execution.GetExecution()
			info, err := proto.Marshal(execution)
			require.NoError(t, err)
			s.in(t, id.GetWorkflowId(), info)
			described, err := st.temporal.DescribeWorkflowExecution(patient(t), id.GetWorkflowId(), id.GetRunId())
			require.NoError(t, err)
			raw, err := proto.Marshal(described)
			require.NoError(t, err)
			s.in(t, id.GetWorkflowId()+" described", raw)
			events := st.temporal.GetWorkflowHistory(patient(t), id.GetWorkflowId(), id.GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
			for events.HasNext() {
				event, err := events.Next()
				require.NoError(t, err)
				raw, err := proto.Marshal(event)
				require.NoError(t, err)
				s.in(t, fmt.Sprintf("%s, event %d, %s", id.GetWorkflowId(), event.GetEventId(), event.GetEventType()), raw)
			}
		}
		if request.NextPageToken = page.GetNextPageToken(); len(request.GetNextPageToken()) == 0 {
			return
		}
	}
}

func (s *search) redis(t *testing.T, st *stack) {
	t.Helper()
	options, err := redis.ParseURL(st.info.RedisURL)
	require.NoError(t, err)
	client := redis.NewClient(options)
	defer client.Close()
	ctx := patient(t)
	keys := client.Scan(ctx, 0, "*", 1000).Iterator()
	for keys.Next(ctx) {
		key := keys.Val()
		s.in(t, "a key of Redis", []byte(key))
		var value any
		switch client.Type(ctx, key).Val() {
		case "string":
			value = client.Get(ctx, key).Val()
		case "hash":
			value = client.HGetAll(ctx, key).Val()
		case "set":
			value = client.SMembers(ctx, key).Val()
		case "zset":
			value = client.ZRange(ctx, key, 0, -1).Val()
		case "list":
			value = client.LRange(ctx, key, 0, -1).Val()
		case "stream":
			value = client.XRange(ctx, key, "-", "+").Val()
		}
		raw, err := json.Marshal(value)
		require.NoError(t, err)
		s.in(t, "Redis "+key, raw)
	}
	require.NoError(t, keys.Err())
}

// tables lists every table.
func (s *stack) tables(t *testing.T) []string {
	t.Helper()
	rows, err := s.db.Query(patient(t), `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`)
	require.NoError(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Greater(t, len(tables), 25)
	return tables
}

// database searches every row of every table, as a dump of the data has them.
func (s *search) database(t *testing.T, st *stack) {
	t.Helper()
	for _, table := range st.tables(t) {
		s.table(t, st, table)
	}
}

// rows counts those that have a text in one of its spellings.
func (s *search) rows(t *testing.T, st *stack, text string) (found int64) {
	t.Helper()
	for _, table := range st.tables(t) {
		found += st.number(t, fmt.Sprintf(`SELECT count(*) FROM %s x WHERE EXISTS (SELECT 1 FROM unnest($1::text[]) n WHERE position(n in x::text) > 0)`, table),
			spellings(text))
	}
	return found
}

func (s *search) table(t *testing.T, st *stack, table string) {
	t.Helper()
	rows, err := st.db.Query(patient(t), fmt.Sprintf(`SELECT x::text FROM %s x`, table))
	require.NoError(t, err)
	texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	for _, text := range texts {
		s.in(t, "table "+table, []byte(text))
	}
}

// found waits until a table holds a text, so that searching it later means something.
func (s *stack) found(t *testing.T, table, text string) {
	t.Helper()
	s.eventually(t, patience, text+" is in "+table, func(ctx context.Context) error {
		n, err := s.count(ctx, fmt.Sprintf(`SELECT count(*) FROM %s x WHERE position($1 in x::text) > 0`, table), text)
		if err == nil && n == 0 {
			err = fmt.Errorf("no row of %s has it", table)
		}
		return err
	})
}
