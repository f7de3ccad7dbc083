package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/api"
	"cabanas/booking"
	"cabanas/internal/embedded/embeddedtest"
	"cabanas/migrations"
	"cabanas/store/postgres"
)

// keptByNobody are the writes that have no Idempotency-Key: they give or change secrets, take files, or are webhooks.
var keptByNobody = []string{"set-up", "log-in", "refresh-session", "log-out", "change-password", "enroll-totp", "confirm-totp", "disable-totp",
	"transcribe", "import-calendar"}

func TestEveryWriteSaysThatItTakesAKey(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	paths := object(t, o.do(t, http.MethodGet, "/openapi.json", ""))["paths"].(map[string]any)
	writes := 0
	for path, methods := range paths {
		for method, described := range methods.(map[string]any) {
			operation := described.(map[string]any)
			text, err := json.Marshal(operation["parameters"])
			require.NoError(t, err)
			takes := strings.Contains(string(text), "Idempotency-Key")
			id := operation["operationId"].(string)
			if method == "get" || slices.Contains(keptByNobody, id) {
				require.False(t, takes, "%s %s", method, path)
				continue
			}
			require.True(t, takes, "%s %s (%s)", method, path, id)
			require.Equal(t, 1, strings.Count(string(text), `"Idempotency-Key"`), id)
			for status, response := range operation["responses"].(map[string]any) {
				if strings.HasPrefix(status, "2") {
					require.Contains(t, response.(map[string]any)["headers"], "Idempotency-Replayed", id)
				}
			}
			require.Contains(t, operation["responses"], "409", id)
			writes++
		}
	}
	require.Greater(t, writes, 15)
}

func TestAWriteOfStaffIsCarriedOutAndAuditedOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	owner, _ := o.logIn(t, ownerEmail)
	guest, _ := o.hear(t, "541155550001", "hola")
	audited := func() (n int) {
		require.NoError(t, o.sql.QueryRow(t.Context(), `SELECT count(*) FROM audit_log WHERE action = 'user.created'`).Scan(&n))
		return n
	}
	body := `{"email":"ayuda@example.org","role":"staff","password":"una frase bien larga"}`
	first := o.ask(t, owner, http.MethodPost, admin+"/users", body, "Idempotency-Key", "same")
	require.Equal(t, http.StatusCreated, first.Code, first.Body.String())
	before := audited()
	again := o.ask(t, owner, http.MethodPost, admin+"/users", body, "Idempotency-Key", "same")
	require.Equal(t, http.StatusCreated, again.Code)
	require.Equal(t, first.Body.String(), again.Body.String())
	require.Equal(t, first.Header().Get("Content-Type"), again.Header().Get("Content-Type"))
	require.Equal(t, "true", again.Header().Get("Idempotency-Replayed"))
	require.Equal(t, before, audited())
	requireProblem(t, o.ask(t, owner, http.MethodPost, admin+"/users", strings.Replace(body, "ayuda", "otra", 1), "Idempotency-Key", "same"),
		409, api.CodeIdempotencyConflict)

	staff, _ := o.member(t, "staff")
	requireProblem(t, o.ask(t, staff, http.MethodPost, admin+"/users", body, "Idempotency-Key", "same"), 403, booking.CodeForbidden)
	requireProblem(t, o.ask(t, "", http.MethodPost, admin+"/users", body, "Idempotency-Key", "same"), 401, booking.CodeUnauthorized)

	// Another account with the same key is another write.
	takeOver := admin + "/conversations/" + strconv.FormatInt(guest, 10) + "/take-over"
	for _, token := range []string{owner, staff} {
		answer := o.ask(t, token, http.MethodPost, takeOver, "", "Idempotency-Key", "same")
		require.Less(t, answer.Code, 300, answer.Body.String())
		require.Empty(t, answer.Header().Get("Idempotency-Replayed"))
	}
	require.NotEmpty(t, o.answers.kept)
	for key, stored := range o.answers.kept {
		require.NotContains(t, string(stored.response.Body), "ayuda@example.org", "answers are sealed")
		require.NotContains(t, key, "same", "keys are hashed")
	}
}

func TestTwoProcessesCarryAWriteOutOnce(t *testing.T) {
	t.Parallel()
	store, err := postgres.Open(t.Context(), embeddedtest.Database(t, migrations.Up), 10)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	process := func() *edge {
		return newEdge(t, func(o *api.Options) { o.Idempotency, o.Secret = store, []byte("one secret") })
	}
	one, two := process(), process()
	entered, release := make(chan struct{}), make(chan struct{})
	var began sync.Once
	var placed atomic.Int32
	hold := func(context.Context) {
		placed.Add(1)
		began.Do(func() { close(entered) })
		<-release
	}
	one.desk.onBook, two.desk.onBook = hold, hold
	var clients sync.WaitGroup
	answers := make(chan string, 6)
	post := func(e *edge) {
		answer := e.do(t, http.MethodPost, reservations, wish, "Idempotency-Key", "same")
		answers <- answer.Header().Get("Idempotency-Replayed") + answer.Header().Get("Location") + answer.Body.String()
	}
	clients.Go(func() { post(one) })
	<-entered
	for n := range 5 {
		clients.Go(func() { post([]*edge{one, two}[n%2]) })
	}
	close(release)
	clients.Wait()
	require.Equal(t, int32(1), placed.Load())
	seen := map[string]int{}
	for range 6 {
		seen[<-answers]++
	}
	require.Len(t, seen, 2, "the first answer, and the same replayed")
	metrics := one.do(t, http.MethodGet, "/metrics", "").Body.String() + two.do(t, http.MethodGet, "/metrics", "").Body.String()
	require.Contains(t, metrics, `idempotency_cache_misses_total{endpoint="place-hold",method="POST"} 1`)
	require.Contains(t, metrics, `idempotency_keys_created_total{endpoint="place-hold"} 1`)
	require.Contains(t, metrics, `idempotency_cache_hits_total{endpoint="place-hold",method="POST"}`)
}

func TestAGuestsKeyIsOfTheirTokenAndTheirBooking(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	cancel := func(code, token string) string {
		answer := e.do(t, http.MethodPost, reservations+"/"+code+"/cancel", "", "X-Reservation-Token", token, "Idempotency-Key", "k")
		require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
		return answer.Header().Get("Idempotency-Replayed")
	}
	require.Empty(t, cancel("RES261121ABCDEF", "a"))
	require.Equal(t, "true", cancel("RES261121ABCDEF", "a"))
	require.Empty(t, cancel("RES261121ABCDEF", "b"))
	require.Empty(t, cancel("RES261121ABCDE0", "a"))
	require.Len(t, e.desk.tokens, 3)
}

// The process that carries a hold out may die before it keeps its answer: the next attempt is known as the same.
func TestRepetitionsOfABookingShareASecret(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	attempts := map[string]string{}
	for name, test := range map[string]struct{ key, body string }{
		"first": {"k-1", wish}, "another key": {"k-2", wish}, "another guest": {"k-3", strings.Replace(wish, "Ana", "Eva", 1)}, "no key": {"", wish},
	} {
		headers := []string{}
		if test.key != "" {
			headers = append(headers, "Idempotency-Key", test.key)
		}
		e.do(t, http.MethodPost, reservations, test.body, headers...)
		attempts[name] = string(e.desk.requests[len(e.desk.requests)-1].Attempt)
	}
	require.Len(t, attempts["first"], 32)
	require.Empty(t, attempts["no key"])
	require.NotEqual(t, attempts["first"], attempts["another key"])
	require.NotEqual(t, attempts["first"], attempts["another guest"])
	e.answers.kept = map[string]kept{} // as when the process had died before it kept the answer
	e.do(t, http.MethodPost, reservations, wish, "Idempotency-Key", "k-1")
	require.Equal(t, attempts["first"], string(e.desk.requests[len(e.desk.requests)-1].Attempt))
}
