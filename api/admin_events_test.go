package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"cabanas/activities"
	"cabanas/api"
	"cabanas/booking"
	"cabanas/store/postgres"
)

const eventsPath = admin + "/events"

// told is one event as a client reads it.
type told struct {
	id, kind string
	data     map[string]any
}

// line is an open stream.
type line struct {
	body    io.ReadCloser
	scanner *bufio.Scanner
	pings   int
}

var errPing = errors.New("ping")

// dial opens a stream; lastID may be empty.
func dial(ctx context.Context, url, token, lastID string) (*line, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+eventsPath, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if lastID != "" {
		request.Header.Set("Last-Event-ID", lastID)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" {
		defer func() { _ = answer.Body.Close() }()
		return nil, fmt.Errorf("status %d, %s", answer.StatusCode, answer.Header.Get("Content-Type"))
	}
	return &line{body: answer.Body, scanner: bufio.NewScanner(answer.Body)}, nil
}

// read waits for the next event; comments are counted.
func (l *line) read() (told, error) {
	var event told
	for l.scanner.Scan() {
		field, value, _ := strings.Cut(l.scanner.Text(), ": ")
		switch field {
		case "":
			if strings.HasPrefix(l.scanner.Text(), ":") {
				l.pings++
				l.scanner.Scan()
				return told{}, errPing
			}
			return event, nil
		case "id":
			event.id = value
		case "event":
			event.kind = value
		case "data":
			if err := json.Unmarshal([]byte(value), &event.data); err != nil {
				return told{}, err
			}
		}
	}
	return told{}, io.EOF
}

func (l *line) close() { _ = l.body.Close() }

func (l *line) expect(t *testing.T, kind string) told {
	t.Helper()
	for {
		event, err := l.read()
		if errors.Is(err, errPing) {
			continue
		}
		require.NoError(t, err)
		require.Equal(t, kind, event.kind)
		require.Equal(t, kind, event.data["type"])
		return event
	}
}

// newsroom is two API processes on one database.
type newsroom struct {
	*office
	urls  [2]string
	token string
}

func newNewsroom(t *testing.T) *newsroom {
	t.Helper()
	var accounts api.Accounts
	live := &activities.Live{Every: 5 * time.Millisecond}
	n := &newsroom{office: newOffice(t, func(options *api.Options) {
		accounts, options.Live, options.LiveCheck, options.LivePing = options.Accounts, live, 30*time.Millisecond, 50*time.Millisecond
	})}
	live.Store = n.store
	other := newEdge(t, func(options *api.Options) {
		options.Accounts, options.Live = accounts, &activities.Live{Store: n.store, Every: 5 * time.Millisecond}
	})
	for i, handler := range []http.Handler{n, other} {
		server := httptest.NewUnstartedServer(handler)
		// Far less than a stream takes: neither may cut it.
		server.Config.WriteTimeout, server.Config.ReadTimeout = 200*time.Millisecond, 200*time.Millisecond
		server.Start()
		t.Cleanup(server.Close)
		n.urls[i] = server.URL
	}
	n.setUp(t)
	n.token, _ = n.logIn(t, ownerEmail)
	return n
}

func (n *newsroom) dial(t *testing.T, process int, lastID string) *line {
	t.Helper()
	l, err := dial(t.Context(), n.urls[process], n.token, lastID)
	require.NoError(t, err)
	t.Cleanup(l.close)
	return l
}

func TestEventsReachEveryProcess(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	lines := []*line{n.dial(t, 0, ""), n.dial(t, 1, "")}
	begins := lines[0].expect(t, "stream.ready")
	require.NotEmpty(t, begins.id)
	lines[1].expect(t, "stream.ready")
	guest, message, _, err := n.store.RecordInbound(t.Context(), postgres.Inbound{Guest: postgres.Guest{Phone: "543511234567", Name: "Secret Name"}, ProviderID: "wamid.1",
		Kind: "text", Body: json.RawMessage(`{"text":"secret words"}`), SentAt: n.now}, n.now)
	require.NoError(t, err)
	takeOver := fmt.Sprintf("%s/conversations/%d/take-over", admin, guest)
	require.Less(t, n.ask(t, n.token, http.MethodPost, takeOver, `{}`).Code, 300)
	var last string
	for _, l := range lines {
		event := l.expect(t, "message.received")
		require.Equal(t, map[string]any{"type": "message.received", "at": event.data["at"], "guest_id": float64(guest), "message_id": float64(message)}, event.data,
			"ids, and nothing of the person")
		last = event.id
		require.EqualValues(t, guest, l.expect(t, "conversation.taken_over").data["guest_id"])
	}
	again := n.dial(t, 1, last)
	again.expect(t, "stream.ready")
	again.expect(t, "conversation.taken_over")
	before := n.dial(t, 0, begins.id)
	before.expect(t, "stream.ready")
	before.expect(t, "message.received")
	n.dial(t, 0, "1-1").expect(t, "stream.reset")
}

func TestClientsComeBackToAnyProcess(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	first := n.dial(t, 0, "")
	lastID := first.expect(t, "stream.ready").id
	first.close()
	const writers, transactions = 3, 60
	var writing errgroup.Group
	for w := range writers {
		writing.Go(func() error {
			for i := range transactions {
				err := pgx.BeginFunc(t.Context(), n.sql, func(tx pgx.Tx) error {
					for k := range 3 {
						if _, err := tx.Exec(t.Context(), `SELECT tell_live('calendar.closed', jsonb_build_object('block_id', $1::int))`,
							1+w*10_000+i*10+k); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	random := rand.New(rand.NewPCG(3, 5))
	seen := map[float64]bool{}
	for connections := 0; len(seen) < writers*transactions*3; connections++ {
		l, err := dial(t.Context(), n.urls[connections%2], n.token, lastID)
		require.NoError(t, err)
		l.expect(t, "stream.ready")
		for range 1 + random.IntN(40) {
			event, err := l.read()
			if errors.Is(err, errPing) {
				break
			}
			require.NoError(t, err)
			number := event.data["block_id"].(float64)
			require.False(t, seen[number], "told twice")
			seen[number], lastID = true, event.id
		}
		l.close()
	}
	require.NoError(t, writing.Wait())
	l := n.dial(t, 0, lastID)
	l.expect(t, "stream.ready")
	_, err := n.sql.Exec(t.Context(), `SELECT tell_live('calendar.opened', '{}')`)
	require.NoError(t, err)
	l.expect(t, "calendar.opened") // and nothing before it
}

func TestAQuietStreamStaysOpen(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	l := n.dial(t, 0, "")
	l.expect(t, "stream.ready")
	for l.pings < 12 { // longer than every timeout of the server
		_, err := l.read()
		require.ErrorIs(t, err, errPing)
	}
	_, err := n.sql.Exec(t.Context(), `SELECT tell_live('calendar.opened', '{}')`)
	require.NoError(t, err)
	l.expect(t, "calendar.opened")
}

func TestAStreamEndsWithItsSession(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	token, id := n.member(t, "readonly")
	l, err := dial(t.Context(), n.urls[0], token, "")
	require.NoError(t, err)
	defer l.close()
	l.expect(t, "stream.ready")
	require.Less(t, n.ask(t, n.token, http.MethodPost, fmt.Sprintf("%s/users/%d/disable", admin, id), "").Code, 300)
	require.Equal(t, "session_ended", l.expect(t, "stream.ended").data["why"])
	_, err = l.read()
	require.ErrorIs(t, err, io.EOF)
	_, err = dial(t.Context(), n.urls[0], token, "")
	require.ErrorContains(t, err, "status 401")
}

func TestAStopEndsStreams(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	stopped := make(chan error, 1)
	go func() { stopped <- n.Run(ctx, listener) }()
	l, err := dial(t.Context(), "http://"+listener.Addr().String(), n.token, "")
	require.NoError(t, err)
	defer l.close()
	l.expect(t, "stream.ready")
	began := time.Now()
	stop()
	require.Equal(t, "stopping", l.expect(t, "stream.ended").data["why"])
	require.NoError(t, <-stopped)
	require.Less(t, time.Since(began), 10*time.Second)
}

func TestEventsAreRefusedAsEverythingElse(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	requireProblem(t, n.do(t, http.MethodGet, eventsPath, ""), 401, booking.CodeUnauthorized)
	for _, wrong := range []string{"x", "1", "1-", "99999999999999999999-1", "01-1", "9999999999999999999-1"} {
		requireProblem(t, n.ask(t, n.token, http.MethodGet, eventsPath, "", "Last-Event-ID", wrong), 422, booking.CodeInvalidInput)
	}
	head := n.ask(t, n.token, http.MethodHead, eventsPath, "")
	require.Equal(t, http.StatusOK, head.Code)
	require.Equal(t, "text/event-stream", head.Header().Get("Content-Type"))
	require.Empty(t, head.Body.String())
}

func TestEveryEventIsDescribed(t *testing.T) {
	t.Parallel()
	n := newNewsroom(t)
	description := object(t, n.do(t, http.MethodGet, "/openapi.json", ""))
	get := description["paths"].(map[string]any)[eventsPath].(map[string]any)["get"].(map[string]any)
	content := get["responses"].(map[string]any)["200"].(map[string]any)["content"].(map[string]any)
	require.Len(t, content, 1)
	require.Contains(t, content, "text/event-stream")
	schema := description["components"].(map[string]any)["schemas"].(map[string]any)["LiveEvent"].(map[string]any)
	types := schema["properties"].(map[string]any)["type"].(map[string]any)["enum"].([]any)

	rows, err := n.sql.Query(t.Context(), `SELECT prosrc FROM pg_proc WHERE proname LIKE 'live\_of\_%'`)
	require.NoError(t, err)
	sources, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Greater(t, len(sources), 7)
	for _, kind := range regexp.MustCompile(`'([a-z_]+\.[a-z_]+)'`).FindAllStringSubmatch(strings.Join(sources, "\n"), -1) {
		require.Contains(t, types, kind[1])
	}
}
