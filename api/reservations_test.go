package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/api"
	"cabanas/booking"
)

const (
	reservations = "/api/v1/reservations"
	wish         = `{"accommodation_id":1,"check_in":"2027-01-14","check_out":"2027-01-16","guests":2,` +
		`"contact_name":"Ana Pérez","contact_phone":"+54 9 11 1234-5678","contact_email":"ana@example.org"}`
)

func TestAHoldIsAnsweredInTheAgreedShape(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	answer := e.do(t, http.MethodPost, reservations, wish)
	require.Equal(t, http.StatusCreated, answer.Code, answer.Body.String())
	require.Equal(t, "/api/v1/reservations/RES261121ABCDEF", answer.Header().Get("Location"))
	require.Equal(t, "no-store", answer.Header().Get("Cache-Control"))
	require.JSONEq(t, `{"code":"RES261121ABCDEF","token":"the-secret-token","status":"pre_reserved","expires_at":"2026-11-21T12:30:00Z",
		"accommodation_id":1,"check_in":"2027-01-14","check_out":"2027-01-16","guests":2,"nights":2,
		"total":{"amount":"25000.00","currency":"ARS"},"deposit":{"amount":"7500.00","currency":"ARS"},
		"price":[
			{"kind":"night","night":"2027-01-14","amount":{"amount":"10000.00","currency":"ARS"},"reason":"base price"},
			{"kind":"night","night":"2027-01-15","amount":{"amount":"12000.00","currency":"ARS"},"reason":"weekend night, 120 % of base price"},
			{"kind":"cleaning_fee","amount":{"amount":"3000.00","currency":"ARS"},"reason":"cleaning, once a stay"}],
		"payment_url":"https://pay.example.org/1"}`, answer.Body.String())
	require.Equal(t, []activities.BookRequest{{AccommodationID: 1, Stay: january, Guests: 2, Name: "Ana Pérez", Phone: "+54 9 11 1234-5678",
		Email: "ana@example.org", Channel: booking.ChannelDirect, Address: "192.0.2.1"}}, e.desk.booked())
	require.NotContains(t, e.logs.String(), "Ana")
	require.NotContains(t, e.logs.String(), "1234-5678")
	require.NotContains(t, e.logs.String(), "12345678")
	require.NotContains(t, e.logs.String(), "the-secret-token")
}

func TestALinkThatIsLateIsNull(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	e.desk.view.PaymentURL = ""
	body := object(t, e.do(t, http.MethodPost, reservations, wish))
	require.Contains(t, body, "payment_url")
	require.Nil(t, body["payment_url"])
}

func TestATakenStayIsRefusedWithAlternatives(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	e.desk.err = fmt.Errorf("place hold: %w", &activities.TakenError{Alternatives: []booking.Alternative{
		{AccommodationID: 2, Stay: january, Total: booking.Pesos(30000), Deposit: booking.Pesos(9000)}}})
	problem := requireProblem(t, e.do(t, http.MethodPost, reservations, wish), http.StatusConflict, booking.CodeDatesTaken)
	require.Equal(t, []any{map[string]any{"accommodation_id": 2.0, "check_in": "2027-01-14", "check_out": "2027-01-16",
		"total": map[string]any{"amount": "30000.00", "currency": "ARS"}, "deposit": map[string]any{"amount": "9000.00", "currency": "ARS"}}},
		problem["alternatives"])

	e.desk.err = &activities.TakenError{}
	problem = requireProblem(t, e.do(t, http.MethodPost, reservations, wish), http.StatusConflict, booking.CodeDatesTaken)
	require.Equal(t, []any{}, problem["alternatives"], "a list, also when there is nothing to offer")
}

func TestEveryRefusalHasItsStatus(t *testing.T) {
	t.Parallel()
	for code, status := range map[booking.Code]int{
		booking.CodeInvalidDates: 422, booking.CodeInThePast: 422, booking.CodeBeyondHorizon: 422, booking.CodeTooShort: 422,
		booking.CodeTooLong: 422, booking.CodeInvalidGuests: 422, booking.CodeTooManyGuests: 422, booking.CodeDatesTaken: 409,
		booking.CodeNotFound: 404, booking.CodeInactive: 422, booking.CodeWrongState: 409, booking.CodeAlreadyExtended: 409,
		booking.CodeInvalidInput: 422, booking.CodeTooManyHolds: 429, booking.CodeDuplicate: 409, booking.CodeUnavailable: 503,
		booking.CodeUnauthorized: 401, booking.CodeForbidden: 403, booking.CodeInternal: 500,
	} {
		t.Run(string(code), func(t *testing.T) {
			t.Parallel()
			e := newEdge(t)
			e.desk.err = fmt.Errorf("wrapped: %w", booking.Refuse(code, "why"))
			answer := e.do(t, http.MethodPost, reservations, wish)
			problem := requireProblem(t, answer, status, code)
			require.Equal(t, status == 503 || status == 429, answer.Header().Get("Retry-After") != "")
			require.Equal(t, code == booking.CodeDatesTaken, problem["alternatives"] != nil)
		})
	}
}

func TestFaultsOfOursTellNothing(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	e.desk.err = errors.New("dial tcp 10.0.0.1:5432: password is hunter2")
	answer := e.do(t, http.MethodPost, reservations, wish, "X-Trace-ID", "trace-of-mine")
	problem := requireProblem(t, answer, http.StatusInternalServerError, booking.CodeInternal)
	require.Equal(t, "trace-of-mine", problem["trace_id"])
	require.NotContains(t, answer.Body.String(), "hunter2")
	require.Contains(t, e.logs.String(), `"trace_id":"trace-of-mine"`)

	e.desk.err = fmt.Errorf("update with start: %w", context.DeadlineExceeded)
	requireProblem(t, e.do(t, http.MethodPost, reservations, wish), http.StatusServiceUnavailable, booking.CodeUnavailable)
}

func TestWhatIsWrongWithABodyIsNamed(t *testing.T) {
	t.Parallel()
	with := func(from, to string) string { return strings.Replace(wish, from, to, 1) }
	for name, test := range map[string]struct {
		body   string
		status int
		code   booking.Code
		field  string
	}{
		"no body":                {"", 400, api.CodeMalformed, ""},
		"not JSON":               {`{"accommodation_id":1,`, 400, api.CodeMalformed, ""},
		"more after the JSON":    {wish + "}", 400, api.CodeMalformed, ""},
		"a list":                 {"[]", 422, booking.CodeInvalidInput, ""},
		"null":                   {"null", 422, booking.CodeInvalidInput, ""},
		"guests missing":         {with(`"guests":2,`, ""), 422, booking.CodeInvalidInput, "guests"},
		"guests null":            {with(`"guests":2`, `"guests":null`), 422, booking.CodeInvalidInput, "guests"},
		"guests as text":         {with(`"guests":2`, `"guests":"2"`), 422, booking.CodeInvalidInput, "guests"},
		"guests with a fraction": {with(`"guests":2`, `"guests":2.5`), 422, booking.CodeInvalidInput, "guests"},
		"guests beyond numbers":  {with(`"guests":2`, `"guests":1e300`), 422, booking.CodeInvalidInput, ""},
		"no guests":              {with(`"guests":2`, `"guests":0`), 422, booking.CodeInvalidGuests, ""},
		"negative guests":        {with(`"guests":2`, `"guests":-3`), 422, booking.CodeInvalidGuests, ""},
		"a date of another form": {with("2027-01-14", "14/01/2027"), 422, booking.CodeInvalidInput, "check_in"},
		"no such date":           {with("2027-01-14", "2027-02-30"), 422, booking.CodeInvalidInput, "check_in"},
		"an instant":             {with("2027-01-14", "2027-01-14T00:00:00Z"), 422, booking.CodeInvalidInput, "check_in"},
		"reversed dates":         {with("2027-01-16", "2027-01-13"), 422, booking.CodeInvalidDates, ""},
		"no night":               {with("2027-01-16", "2027-01-14"), 422, booking.CodeInvalidDates, ""},
		"a long name":            {with("Ana Pérez", strings.Repeat("ñ", 101)), 422, booking.CodeInvalidInput, "contact_name"},
		"an empty name":          {with("Ana Pérez", ""), 422, booking.CodeInvalidInput, "contact_name"},
		"a blank name":           {with("Ana Pérez", "   "), 422, booking.CodeInvalidInput, "contact_name"},
		"NUL in the name":        {with("Ana Pérez", `Ana\u0000`), 422, booking.CodeInvalidInput, "contact_name"},
		"a name of two lines":    {with("Ana Pérez", `Ana\nPérez`), 422, booking.CodeInvalidInput, "contact_name"},
		"no phone number":        {with("+54 9 11 1234-5678", "call me"), 422, booking.CodeInvalidInput, "contact_phone"},
		"a short phone number":   {with("+54 9 11 1234-5678", "12345"), 422, booking.CodeInvalidInput, "contact_phone"},
		"a long phone number":    {with("+54 9 11 1234-5678", strings.Repeat("1", 41)), 422, booking.CodeInvalidInput, "contact_phone"},
		"no e-mail address":      {with("ana@example.org", "ana"), 422, booking.CodeInvalidInput, "contact_email"},
		"an address with a name": {with("ana@example.org", `Ana <ana@example.org>`), 422, booking.CodeInvalidInput, "contact_email"},
		"an unknown channel":     {with(`"guests":2`, `"guests":2,"channel":"fax"`), 422, booking.CodeInvalidInput, "channel"},
		"an unknown field":       {with(`"guests":2`, `"guests":2,"contact_mail":"x"`), 422, booking.CodeInvalidInput, "contact_mail"},
		"a field in other case":  {with(`"guests":2`, `"guests":2,"Guests":0`), 422, booking.CodeInvalidInput, "Guests"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEdge(t)
			answer := e.do(t, http.MethodPost, reservations, test.body)
			problem := requireProblem(t, answer, test.status, test.code)
			if test.field != "" {
				requireField(t, problem, "body", test.field)
			}
			require.NotContains(t, answer.Body.String(), "Pérez", "values are not repeated")
			require.NotContains(t, answer.Body.String(), "Go struct")
			require.Empty(t, e.desk.booked())
		})
	}
}

func TestMalformedJSONIsToldWhere(t *testing.T) {
	t.Parallel()
	problem := requireProblem(t, newEdge(t).do(t, http.MethodPost, reservations, "{\n  \"guests\": x}"), http.StatusBadRequest, api.CodeMalformed)
	require.Contains(t, problem["errors"].([]any)[0].(map[string]any)["message"], "line 2, column 13")
}

func TestOptionalFieldsMayBeNullOrEmpty(t *testing.T) {
	t.Parallel()
	for _, email := range []string{`null`, `""`} {
		e := newEdge(t)
		body := strings.Replace(wish, `"ana@example.org"`, email, 1)
		require.Equal(t, http.StatusCreated, e.do(t, http.MethodPost, reservations, body).Code)
		require.Empty(t, e.desk.booked()[0].Email)
	}
	e := newEdge(t)
	require.Equal(t, http.StatusCreated, e.do(t, http.MethodPost, reservations, strings.Replace(wish, `"guests":2`, `"guests":2,"channel":"whatsapp"`, 1)).Code)
	require.Equal(t, booking.ChannelWhatsApp, e.desk.booked()[0].Channel)
}

func TestBodiesThatAreNotReadAsJSON(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	requireProblem(t, e.do(t, http.MethodPost, reservations, wish, "Content-Type", "application/x-www-form-urlencoded"),
		http.StatusUnsupportedMediaType, api.CodeUnsupportedMediaType)
	require.Equal(t, http.StatusCreated, e.do(t, http.MethodPost, reservations, wish, "Content-Type", "application/json; charset=utf-8").Code)
	large := strings.Replace(wish, "Ana", strings.Repeat("A", 70_000), 1)
	requireProblem(t, e.do(t, http.MethodPost, reservations, large), http.StatusRequestEntityTooLarge, api.CodeTooLarge)
}

func TestAReplayedKeyGetsTheFirstAnswer(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	first := e.do(t, http.MethodPost, reservations, wish, "Idempotency-Key", "attempt-1")
	require.Equal(t, http.StatusCreated, first.Code)
	require.Empty(t, first.Header().Get("Idempotency-Replayed"))

	e.desk.err = &activities.TakenError{}
	again := e.do(t, http.MethodPost, reservations, strings.ReplaceAll(wish, ",", ", "), "Idempotency-Key", "attempt-1")
	require.Equal(t, http.StatusCreated, again.Code)
	require.Equal(t, first.Body.String(), again.Body.String())
	require.Equal(t, first.Header().Get("Location"), again.Header().Get("Location"))
	require.Equal(t, "true", again.Header().Get("Idempotency-Replayed"))
	require.Len(t, e.desk.booked(), 1)

	other := strings.Replace(wish, `"guests":2`, `"guests":3`, 1)
	requireProblem(t, e.do(t, http.MethodPost, reservations, other, "Idempotency-Key", "attempt-1"), http.StatusConflict, api.CodeIdempotencyConflict)
	requireProblem(t, e.do(t, http.MethodPost, reservations, wish, "Idempotency-Key", "attempt-2"), http.StatusConflict, booking.CodeDatesTaken)
	requireProblem(t, e.do(t, http.MethodPost, reservations, wish), http.StatusConflict, booking.CodeDatesTaken)
	require.Len(t, e.desk.booked(), 3)

	e.now = e.now.Add(49 * time.Hour)
	requireProblem(t, e.do(t, http.MethodPost, reservations, wish, "Idempotency-Key", "attempt-1"), http.StatusConflict, booking.CodeDatesTaken)
}

func TestRefusalsAndFaultsAreNotKept(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	for _, err := range []error{booking.Refuse(booking.CodeUnavailable, "away"), errors.New("boom"), &activities.TakenError{}} {
		e.desk.err = err
		require.NotEqual(t, http.StatusCreated, e.do(t, http.MethodPost, reservations, wish, "Idempotency-Key", "k").Code)
	}
	e.desk.err = nil
	require.Equal(t, http.StatusCreated, e.do(t, http.MethodPost, reservations, wish, "Idempotency-Key", "k").Code)
}

func TestWithoutItsStoreAKeyedRequestIsNotCarriedOut(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	e.answers.err = errors.New("connection refused")
	requireProblem(t, e.do(t, http.MethodPost, reservations, wish, "Idempotency-Key", "k"), http.StatusServiceUnavailable, booking.CodeUnavailable)
	require.Empty(t, e.desk.booked())
	requireProblem(t, e.do(t, http.MethodPost, reservations, wish, "Idempotency-Key", strings.Repeat("k", 256)), 422, booking.CodeInvalidInput)
	requireProblem(t, e.do(t, http.MethodPost, reservations, wish, "Idempotency-Key", "ñ"), 422, booking.CodeInvalidInput)
}

func TestConcurrentRequestsWithOneKeyPlaceOneHold(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	entered, release := make(chan struct{}), make(chan struct{})
	e.desk.onBook = func(context.Context) {
		close(entered) // twice would panic
		<-release
	}
	var clients sync.WaitGroup
	codes := make(chan int, 5)
	post := func() { codes <- e.do(t, http.MethodPost, reservations, wish, "Idempotency-Key", "same").Code }
	clients.Go(post)
	<-entered
	for range 4 {
		clients.Go(post)
	}
	close(release)
	clients.Wait()
	for range 5 {
		require.Equal(t, http.StatusCreated, <-codes)
	}
	require.Len(t, e.desk.booked(), 1)
}

func TestAHoldIsFinishedAndKeptWhenItsClientHasGone(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	ctx, leave := context.WithCancel(t.Context())
	e.desk.onBook = func(book context.Context) {
		leave()
		require.NoError(t, book.Err())
		_, bounded := book.Deadline()
		require.True(t, bounded)
	}
	request := httptest.NewRequestWithContext(ctx, http.MethodPost, reservations, strings.NewReader(wish))
	request.Header.Set("Idempotency-Key", "k")
	e.ServeHTTP(httptest.NewRecorder(), request)

	e.desk.onBook, e.desk.err = nil, &activities.TakenError{}
	require.Equal(t, http.StatusCreated, e.do(t, http.MethodPost, reservations, wish, "Idempotency-Key", "k").Code)
	require.Len(t, e.desk.booked(), 1)
}

func TestAPanicFreesTheKey(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	e.desk.onBook = func(context.Context) { panic("boom") }
	requireProblem(t, e.do(t, http.MethodPost, reservations, wish, "Idempotency-Key", "k"), http.StatusInternalServerError, booking.CodeInternal)
	e.desk.onBook = nil
	require.Equal(t, http.StatusCreated, e.do(t, http.MethodPost, reservations, wish, "Idempotency-Key", "k").Code)
}

func TestTooManyHoldsSaysWhenTheFirstEnds(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	e.desk.err = fmt.Errorf("book: %w", booking.Refuse(booking.CodeTooManyHolds, "3 unpaid holds"))
	answer := e.do(t, http.MethodPost, reservations, wish)
	requireProblem(t, answer, http.StatusTooManyRequests, booking.CodeTooManyHolds)
	require.Equal(t, "60", answer.Header().Get("Retry-After"), "nothing is known")
}

func TestTheAddressIsTheOneBeforeTheTrustedProxies(t *testing.T) {
	t.Parallel()
	e := newEdge(t, func(o *api.Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("10.0.0.0/8")}
	})
	for forwarded, want := range map[string]string{
		"203.0.113.7":                         "203.0.113.7",
		"198.51.100.1, 203.0.113.7":           "203.0.113.7", // the first is what the client itself wrote
		"198.51.100.1, 203.0.113.7, 10.1.1.1": "203.0.113.7",
		"10.0.0.1, 10.0.0.2":                  "10.0.0.1",
		"2001:db8:1:2:ffff::3":                "2001:db8:1:2::/64", // a /64 is one client
		"::ffff:203.0.113.9":                  "203.0.113.9",
		"nonsense":                            "192.0.2.1",
	} {
		require.Equal(t, 201, e.do(t, http.MethodPost, reservations, wish, "X-Forwarded-For", forwarded).Code)
		all := e.desk.booked()
		require.Equal(t, want, all[len(all)-1].Address, forwarded)
	}
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, reservations, strings.NewReader(wish))
	request.Header.Add("X-Forwarded-For", "198.51.100.1")
	request.Header.Add("X-Forwarded-For", "203.0.113.7")
	e.ServeHTTP(httptest.NewRecorder(), request)
	all := e.desk.booked()
	require.Equal(t, "203.0.113.7", all[len(all)-1].Address, "a proxy may add a line of its own")
}

func TestForwardedAddressesOfStrangersAreNotBelieved(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	require.Equal(t, 201, e.do(t, http.MethodPost, reservations, wish, "X-Forwarded-For", "203.0.113.7", "X-Real-IP", "203.0.113.7").Code)
	require.Equal(t, "192.0.2.1", e.desk.booked()[0].Address)
}

func TestAGuestReadsAndCancelsWithTheToken(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	route := reservations + "/res261121abcdef"
	answer := e.do(t, http.MethodGet, route, "", "X-Reservation-Token", "tok")
	require.Equal(t, http.StatusOK, answer.Code)
	body := object(t, answer)
	require.Equal(t, "pre_reserved", body["status"])
	require.Equal(t, "2026-11-21T12:30:00Z", body["expires_at"])
	require.Equal(t, "https://pay.example.org/1", body["payment_url"])
	require.NotContains(t, body, "refund")

	answer = e.do(t, http.MethodPost, route+"/cancel", "", "X-Reservation-Token", "tok")
	require.Equal(t, http.StatusOK, answer.Code)
	body = object(t, answer)
	require.Equal(t, "cancelled", body["status"])
	require.Equal(t, map[string]any{"amount": "500.00", "currency": "ARS"}, body["refund"])
	require.Nil(t, body["expires_at"])
	require.Equal(t, []string{"RES261121ABCDEF tok", "cancel RES261121ABCDEF tok"}, e.desk.tokens)
	require.NotContains(t, e.logs.String(), "RES261121ABCDEF", "routes are logged by their template")

	requireField(t, requireProblem(t, e.do(t, http.MethodGet, route, ""), http.StatusUnauthorized, booking.CodeUnauthorized), "header", "X-Reservation-Token")
	requireProblem(t, e.do(t, http.MethodGet, reservations+"/nonsense", "", "X-Reservation-Token", "tok"), http.StatusNotFound, booking.CodeNotFound)
	e.desk.err = booking.Refuse(booking.CodeNotFound, "no such reservation")
	requireProblem(t, e.do(t, http.MethodGet, route, "", "X-Reservation-Token", "other"), http.StatusNotFound, booking.CodeNotFound)
	e.desk.err = booking.Refuse(booking.CodeWrongState, "it is over")
	requireProblem(t, e.do(t, http.MethodPost, route+"/cancel", "{}", "X-Reservation-Token", "tok"), http.StatusConflict, booking.CodeWrongState)
}
