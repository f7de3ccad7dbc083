package api_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/argon2"

	"cabanas/activities"
	"cabanas/api"
	"cabanas/booking"
	"cabanas/dialogue/understanding"
	"cabanas/internal/accounts"
	"cabanas/internal/embedded/embeddedtest"
	"cabanas/migrations"
	"cabanas/store/postgres"
)

const (
	admin      = "/api/v1/admin"
	setUpToken = "the-one-time-token"
	password   = "caballo correcto batería"
	ownerEmail = "duena@example.org"
)

// nobody lets nobody in: for servers whose staff is not what a test is about.
type nobody struct{ staffAccounts }

type staffAccounts = api.Accounts

func (nobody) Identify(context.Context, string) (accounts.Member, error) {
	return accounts.Member{}, booking.Refuse(booking.CodeUnauthorized, "nobody")
}

// understand reads as the product does.
func understand(text string, now time.Time) understanding.Fields {
	zone := time.FixedZone("-03", -3*60*60)
	return understanding.Understand(text, now, zone).Fields()
}

// office is a server with accounts and conversations in a real database.
type office struct {
	*edge
	store       *postgres.Store
	sql         *pgxpool.Pool
	sends       *sends
	bookingRuns *bookingRuns
}

// sends is what was asked to be sent; err keeps it from being begun.
type sends struct {
	mu  sync.Mutex
	ids []int64
	err error
}

func (s *sends) Redelivery(_ context.Context, id int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids = append(s.ids, id)
	return s.err
}

func newOffice(t *testing.T, change ...func(*api.Options)) *office {
	t.Helper()
	url := embeddedtest.Database(t, migrations.Up)
	store, err := postgres.Open(t.Context(), url, 8)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	pool, err := pgxpool.New(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	o := &office{store: store, sql: pool, sends: &sends{}}
	digest := sha256.Sum256([]byte(setUpToken))
	o.edge = newEdge(t, append([]func(*api.Options){func(options *api.Options) {
		now := options.Now
		desk, err := accounts.New(store, strings.Repeat("k", 40), hex.EncodeToString(digest[:]), func() time.Time { return now() })
		require.NoError(t, err)
		options.Accounts = desk
		options.Reservations = o.reservationDesk(func() time.Time { return now() })
		options.Receipts = &activities.ReceiptDesk{Store: store, Now: func() time.Time { return now() }}
		options.Refunds = &activities.RefundDesk{Store: store, Now: func() time.Time { return now() }}
		options.Catalogue = &activities.CatalogueDesk{Store: store, Terms: activities.Terms{Limits: booking.DefaultLimits}, Pictures: "http://localhost:8000/samples/",
			Now: func() time.Time { return now() }}
		options.Property = &activities.PropertyDesk{Store: store, Terms: activities.Terms{DepositPercent: 25}, Now: func() time.Time { return now() }}
		options.Privacy = &activities.PrivacyDesk{Store: store, Now: func() time.Time { return now() }}
		options.Cashbox = &activities.Cashbox{Store: store, Now: func() time.Time { return now() }}
		options.Switchboard = &activities.Switchboard{Store: store, Processes: o.sends, Return: 4 * time.Hour, Now: func() time.Time { return now() }}
	}}, change...)...)
	return o
}

// ask asks as whoever the token is of; an empty one is nobody.
func (o *office) ask(t *testing.T, token, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	if token != "" {
		headers = append(headers, "Authorization", "Bearer "+token)
	}
	return o.do(t, method, path, body, headers...)
}

// setUp makes an owner whose password costs next to nothing to check.
func (o *office) setUp(t *testing.T) {
	t.Helper()
	_, err := o.store.CreateFirstOwner(t.Context(), postgres.User{Email: ownerEmail, PasswordHash: cheapHash}, postgres.Author{Kind: "setup"}, o.now)
	require.NoError(t, err)
}

// cheapHash is of password, with parameters that no real one has.
var cheapHash = func() string {
	salt := []byte("sixteen bytes or")
	coded := base64.RawStdEncoding.EncodeToString
	return "$argon2id$v=19$m=64,t=1,p=1$" + coded(salt) + "$" + coded(argon2.IDKey([]byte(password), salt, 1, 64, 1, 32))
}()

func (o *office) setUpByRoute(t *testing.T) {
	t.Helper()
	answer := o.ask(t, "", http.MethodPost, admin+"/setup", fmt.Sprintf(`{"token":%q,"email":%q,"password":%q}`, setUpToken, ownerEmail, password))
	require.Equal(t, http.StatusCreated, answer.Code, answer.Body.String())
}

func credentials(email, secret string) string {
	return fmt.Sprintf(`{"email":%q,"password":%q}`, email, secret)
}

// logIn returns the tokens of a new session.
func (o *office) logIn(t *testing.T, email string) (access, refresh string) {
	t.Helper()
	answer := o.ask(t, "", http.MethodPost, admin+"/login", credentials(email, password))
	require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
	body := object(t, answer)
	require.EqualValues(t, 900, body["expires_in"])
	return body["access_token"].(string), body["refresh_token"].(string)
}

// member adds an account and logs it in.
func (o *office) member(t *testing.T, role string) (access string, id int64) {
	t.Helper()
	email := role + "@example.org"
	id, err := o.store.CreateUser(t.Context(), postgres.User{Email: email, Role: role, PasswordHash: cheapHash}, postgres.Author{Kind: "command"}, o.now)
	require.NoError(t, err)
	access, _ = o.logIn(t, email)
	return access, id
}

func (o *office) actions(t *testing.T) []string {
	t.Helper()
	rows, err := o.sql.Query(t.Context(), `SELECT action FROM audit_log ORDER BY id`)
	require.NoError(t, err)
	actions, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return actions
}

func TestTheFirstOwnerIsMadeOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	body := func(token, email, secret string) string {
		return fmt.Sprintf(`{"token":%q,"email":%q,"password":%q}`, token, email, secret)
	}
	requireProblem(t, o.do(t, http.MethodPost, admin+"/setup", body("guess", ownerEmail, password)), 401, accounts.CodeBadSetUpToken)
	requireProblem(t, o.do(t, http.MethodPost, admin+"/setup", body(setUpToken, "no address", password)), 422, booking.CodeInvalidInput)
	requireProblem(t, o.do(t, http.MethodPost, admin+"/setup", body(setUpToken, ownerEmail, "corta")), 422, accounts.CodeBadPassword)
	answer := o.do(t, http.MethodPost, admin+"/setup", body(setUpToken, " Duena@Example.org ", password))
	require.Equal(t, http.StatusCreated, answer.Code, answer.Body.String())
	require.Equal(t, "owner", object(t, answer)["role"])
	require.Equal(t, ownerEmail, object(t, answer)["email"])
	requireProblem(t, o.do(t, http.MethodPost, admin+"/setup", body(setUpToken, "otra@example.org", password)), 409, accounts.CodeSetUpDone)
	require.Equal(t, []string{"user.created"}, o.actions(t))
}

func TestManySetUpsMakeOneOwner(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	codes := make(chan int, 6)
	for i := range cap(codes) {
		go func() {
			codes <- o.do(t, http.MethodPost, admin+"/setup", fmt.Sprintf(`{"token":%q,"email":"o%d@example.org","password":%q}`, setUpToken, i, password)).Code
		}()
	}
	made := 0
	for range cap(codes) {
		if <-codes == http.StatusCreated {
			made++
		}
	}
	require.Equal(t, 1, made)
}

func TestASessionGoesOnAndEnds(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	access, refresh := o.logIn(t, "DUENA@example.org")
	me := object(t, o.ask(t, access, http.MethodGet, admin+"/me", ""))
	require.Equal(t, ownerEmail, me["email"])
	require.Equal(t, "owner", me["role"])

	o.now = o.now.Add(16 * time.Minute)
	answer := o.ask(t, access, http.MethodGet, admin+"/me", "")
	requireProblem(t, answer, 401, booking.CodeUnauthorized)
	require.Contains(t, answer.Header().Get("WWW-Authenticate"), "Bearer")

	answer = o.ask(t, "", http.MethodPost, admin+"/refresh", fmt.Sprintf(`{"refresh_token":%q}`, refresh))
	require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
	access = object(t, answer)["access_token"].(string)
	require.NotEqual(t, refresh, object(t, answer)["refresh_token"])
	require.Equal(t, http.StatusOK, o.ask(t, access, http.MethodGet, admin+"/me", "").Code)

	require.Equal(t, http.StatusNoContent, o.ask(t, access, http.MethodPost, admin+"/logout", "").Code)
	requireProblem(t, o.ask(t, access, http.MethodGet, admin+"/me", ""), 401, booking.CodeUnauthorized)
	requireProblem(t, o.ask(t, "", http.MethodPost, admin+"/refresh",
		fmt.Sprintf(`{"refresh_token":%q}`, object(t, answer)["refresh_token"])), 401, accounts.CodeSessionEnded)
	require.Equal(t, []string{"user.created", "session.opened", "session.ended"}, o.actions(t))
}

func TestARefreshTokenUsedTwiceEndsItsSessionOnly(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	other, _ := o.logIn(t, ownerEmail)
	_, stolen := o.logIn(t, ownerEmail)
	use := func(token string) *httptest.ResponseRecorder {
		return o.do(t, http.MethodPost, admin+"/refresh", fmt.Sprintf(`{"refresh_token":%q}`, token))
	}
	fresh := object(t, use(stolen))
	access := fresh["access_token"].(string)
	require.Equal(t, http.StatusOK, o.ask(t, access, http.MethodGet, admin+"/me", "").Code)
	requireProblem(t, use(stolen), 401, accounts.CodeSessionEnded)
	requireProblem(t, use(fresh["refresh_token"].(string)), 401, accounts.CodeSessionEnded)
	requireProblem(t, o.ask(t, access, http.MethodGet, admin+"/me", ""), 401, booking.CodeUnauthorized)
	require.Equal(t, http.StatusOK, o.ask(t, other, http.MethodGet, admin+"/me", "").Code, "another session goes on")
	requireProblem(t, use("nonsense"), 401, accounts.CodeSessionEnded)

	_, late := o.logIn(t, ownerEmail)
	o.now = o.now.Add(15 * 24 * time.Hour)
	requireProblem(t, use(late), 401, accounts.CodeSessionEnded)
}

func TestRefreshesAtTheSameTimeHaveOneWinner(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	_, refresh := o.logIn(t, ownerEmail)
	codes := make(chan int, 8)
	for range cap(codes) {
		go func() {
			codes <- o.do(t, http.MethodPost, admin+"/refresh", fmt.Sprintf(`{"refresh_token":%q}`, refresh)).Code
		}()
	}
	won := 0
	for range cap(codes) {
		if <-codes == http.StatusOK {
			won++
		}
	}
	require.Equal(t, 1, won)
}

func TestWhatIsWrongAtTheDoorIsNotTold(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	owner, _ := o.logIn(t, ownerEmail)
	_, id := o.member(t, "staff")
	require.Equal(t, http.StatusOK, o.ask(t, owner, http.MethodPost, fmt.Sprintf("%s/users/%d/disable", admin, id), "").Code)

	var bodies []string
	for _, body := range []string{
		credentials(ownerEmail, "otra contraseña"), credentials("nadie@example.org", password), credentials("staff@example.org", password),
	} {
		answer := o.do(t, http.MethodPost, admin+"/login", body, "X-Trace-ID", "t-1")
		requireProblem(t, answer, 401, accounts.CodeBadCredentials)
		bodies = append(bodies, answer.Body.String())
	}
	require.Equal(t, bodies[0], bodies[1])
	require.Equal(t, bodies[0], bodies[2])
	require.NotContains(t, o.logs.String(), "example.org")
	require.NotContains(t, o.logs.String(), password)
}

func TestAnUnknownAddressTakesAsLongAsAKnownOne(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUpByRoute(t)
	shortest := map[string]time.Duration{}
	for range 4 {
		for _, email := range []string{ownerEmail, "nadie@example.org"} {
			began := time.Now()
			requireProblem(t, o.do(t, http.MethodPost, admin+"/login", credentials(email, "una que no es")), 401, accounts.CodeBadCredentials)
			if took := time.Since(began); shortest[email] == 0 || took < shortest[email] {
				shortest[email] = took
			}
		}
	}
	// A password check is most of the time by far: without it the answer would come twenty times as fast.
	require.Greater(t, 4*shortest["nadie@example.org"], shortest[ownerEmail])
}

func TestGuessingIsSlowedDown(t *testing.T) {
	t.Parallel()
	for _, email := range []string{ownerEmail, "nadie@example.org"} {
		t.Run(email, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.setUp(t)
			// Each try of nobody's costs a whole password check; the rows are what counts.
			_, err := o.sql.Exec(t.Context(), `INSERT INTO login_attempts (account, tried_at)
				SELECT sha256(('account ' || $1)::bytea), $2 FROM generate_series(1, 8)`, email, o.now)
			require.NoError(t, err)
			codes := make(chan int, 8)
			for range cap(codes) {
				go func() { codes <- o.do(t, http.MethodPost, admin+"/login", credentials(email, "una que no es")).Code }()
			}
			counts := map[int]int{}
			for range cap(codes) {
				counts[<-codes]++
			}
			require.Equal(t, map[int]int{401: 2, 429: 6}, counts, "tries at the same time are counted one after the other")
			answer := o.do(t, http.MethodPost, admin+"/login", credentials(email, password))
			requireProblem(t, answer, 429, accounts.CodeTooManyAttempts)
			require.Equal(t, "900", answer.Header().Get("Retry-After"))
			o.now = o.now.Add(15 * time.Minute)
			want := map[string]int{ownerEmail: 200, "nadie@example.org": 401}[email]
			require.Equal(t, want, o.do(t, http.MethodPost, admin+"/login", credentials(email, password)).Code)
		})
	}
}

func TestOneAddressCannotTryAllAccounts(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	// The tries themselves cost a password check each; the rows are what counts.
	_, err := o.sql.Exec(t.Context(), `INSERT INTO login_attempts (account, address, tried_at)
		SELECT sha256(n::text::bytea), sha256('address 192.0.2.1'), $1 FROM generate_series(1, 30) n`, o.now)
	require.NoError(t, err)
	requireProblem(t, o.do(t, http.MethodPost, admin+"/login", credentials(ownerEmail, password)), 429, accounts.CodeTooManyAttempts)
	requireProblem(t, o.do(t, http.MethodPost, admin+"/login", credentials(ownerEmail, password), "X-Forwarded-For", "198.51.100.7"),
		429, accounts.CodeTooManyAttempts)
	requireProblem(t, o.do(t, http.MethodPost, admin+"/setup", `{"token":"x","email":"a@example.org","password":"0123456789"}`), 429, accounts.CodeTooManyAttempts)
}

func TestForgedTokensAreNobody(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	access, refresh := o.logIn(t, ownerEmail)
	parts := strings.Split(access, ".")
	for name, header := range map[string]string{
		"none": "", "other scheme": "Basic " + access, "empty": "Bearer ", "refresh token": "Bearer " + refresh,
		"without signature":  "Bearer " + parts[0] + "." + parts[1] + ".",
		"algorithm none":     "Bearer eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0." + parts[1] + ".",
		"another's claims":   "Bearer " + parts[0] + "." + strings.ToUpper(parts[1]) + "." + parts[2],
		"signature cut":      "Bearer " + access[:len(access)-4],
		"more than a token ": "Bearer " + access + " x",
	} {
		answer := o.do(t, http.MethodGet, admin+"/me", "", "Authorization", header)
		requireProblem(t, answer, 401, booking.CodeUnauthorized)
		require.NotEmpty(t, answer.Header().Get("WWW-Authenticate"), name)
	}
}
