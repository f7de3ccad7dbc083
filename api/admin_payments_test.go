package api_test

import (
	"context"
	"crypto/sha256"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/api"
	"cabanas/booking"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// bell notes who was woken for a payment; no booking runs while closed.
type bell struct {
	sends
	mu     sync.Mutex
	closed bool
	rang   []string
	late   []workflows.LatePaymentInput
}

func (b *bell) Payment(_ context.Context, code, _ string) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rang = append(b.rang, code)
	return !b.closed, nil
}

func (b *bell) LatePayment(_ context.Context, in workflows.LatePaymentInput) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.late = append(b.late, in)
	return nil
}

// counter is an office with a cash box and a hold of 100,000 pesos, 30,000 down.
type counter struct {
	*office
	bell  *bell
	cabin int64
	guest int64
	code  string
	n     byte
}

func newCounter(t *testing.T) *counter {
	t.Helper()
	c := &counter{bell: &bell{}}
	var box *activities.Cashbox
	c.office = newOffice(t, func(options *api.Options) {
		now := options.Now
		box = &activities.Cashbox{Processes: c.bell, OwnerPhone: "5491144440000", Now: func() time.Time { return now() }}
		options.Cashbox = box
	})
	box.Store = c.store
	c.setUp(t)
	var err error
	c.cabin, err = c.store.CreateAccommodation(t.Context(), booking.Accommodation{Name: "Arrayán", Type: booking.Cabin, Capacity: 4, Active: true,
		Rate: booking.Rate{Base: booking.Pesos(20_000), WeekendPercent: 100, MinNights: 1}})
	require.NoError(t, err)
	c.guest, err = c.store.UpsertGuest(t.Context(), postgres.Guest{Phone: "541155556666", Name: "Ana"})
	require.NoError(t, err)
	c.code = c.hold(t, "2027-01-10")
	return c
}

func (c *counter) hold(t *testing.T, from string) string {
	t.Helper()
	c.n++
	first := booking.MustDate(from)
	r, err := c.store.PlaceHold(t.Context(), postgres.NewHold{
		Code: booking.NewCode(c.now, [3]byte{1, 2, c.n}), AccommodationID: c.cabin, GuestID: c.guest,
		Stay: booking.Stay{CheckIn: first, CheckOut: first.AddDays(5)}, Guests: 2, Channel: booking.ChannelDirect, ExpiresAt: c.now.Add(time.Hour),
		Quote: booking.Quote{Total: booking.Pesos(100_000), Deposit: booking.Pesos(30_000), RateVersion: 1},
	}, c.now)
	require.NoError(t, err)
	return r.Code
}

func (c *counter) payments(code string) string { return admin + "/reservations/" + code + "/payments" }

func TestStaffWritesDownCashAndTransfers(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	owner, _ := c.logIn(t, ownerEmail)
	staff, staffID := c.member(t, "staff")
	readonly, _ := c.member(t, "readonly")
	body := `{"method":"cash","amount":"30000.00","note":"seña en mano"}`
	requireProblem(t, c.ask(t, readonly, http.MethodPost, c.payments(c.code), body), 403, booking.CodeForbidden)
	requireProblem(t, c.ask(t, "", http.MethodPost, c.payments(c.code), body), 401, booking.CodeUnauthorized)

	answer := c.ask(t, staff, http.MethodPost, c.payments(c.code), body, "Idempotency-Key", "one")
	require.Equal(t, http.StatusCreated, answer.Code, answer.Body.String())
	first := object(t, answer)
	require.Equal(t, "confirmed", first["reservation"].(map[string]any)["status"])
	require.Equal(t, map[string]any{"amount": "70000.00", "currency": "ARS"}, first["reservation"].(map[string]any)["balance"])
	require.Equal(t, false, first["repeated"])
	again := c.ask(t, staff, http.MethodPost, c.payments(c.code), body, "Idempotency-Key", "one")
	require.Equal(t, "true", again.Header().Get("Idempotency-Replayed"))
	require.Equal(t, first, object(t, again))
	requireProblem(t, c.ask(t, staff, http.MethodPost, c.payments(c.code), `{"method":"cash","amount":"1"}`, "Idempotency-Key", "one"), 409, api.CodeIdempotencyConflict)

	c.bell.closed = true
	require.Equal(t, http.StatusCreated, c.ask(t, owner, http.MethodPost, c.payments(c.code), `{"method":"transfer","amount":"70000"}`).Code)
	require.Len(t, c.bell.late, 1, "a booking that does not run is resolved as a late payment")
	require.Equal(t, true, object(t, c.ask(t, owner, http.MethodPost, c.payments(c.code), `{"method":"transfer","amount":"70000"}`))["repeated"], "the same day")
	requireProblem(t, c.ask(t, owner, http.MethodPost, c.payments(c.code), `{"method":"transfer","amount":"0.01"}`), 422, booking.CodeMoreThanDue)

	list := object(t, c.ask(t, readonly, http.MethodGet, c.payments(c.code), ""))
	require.Equal(t, "paid", list["reservation"].(map[string]any)["payment_status"])
	items := list["items"].([]any)
	require.Len(t, items, 2)
	require.Equal(t, "seña en mano", items[0].(map[string]any)["note"])
	require.EqualValues(t, staffID, items[0].(map[string]any)["recorded_by"])
	require.Equal(t, "transfer", items[1].(map[string]any)["method"])
	requireProblem(t, c.ask(t, readonly, http.MethodGet, c.payments("RES990101000000"), ""), 404, booking.CodeNotFound)
}

func TestAnAmountIsADecimalAndOnlyOwnersDecide(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	owner, _ := c.logIn(t, ownerEmail)
	staff, _ := c.member(t, "staff")
	for _, body := range []string{
		`{"method":"cash","amount":30000}`, `{"method":"cash","amount":"30.000"}`, `{"method":"cash","amount":"-1"}`, `{"method":"cash","amount":"0"}`,
		`{"method":"cash","amount":"1e4"}`, `{"method":"cash","amount":"99999999999999999999"}`, `{"method":"cheque","amount":"1"}`,
		`{"method":"cash","amount":"1","note":"a\u0000b"}`, `{"amount":"1"}`, `{"method":"cash","amount":{"amount":"1","currency":"USD"}}`,
		`{"method":"cash","amount":{"amount":"1,5","currency":"ARS"}}`, `{"method":"cash","amount":{"amount":"1"}}`, `{"method":"cash","amount":null}`,
	} {
		require.Equal(t, http.StatusUnprocessableEntity, c.ask(t, owner, http.MethodPost, c.payments(c.code), body).Code, body)
	}
	body := `{"method":"cash","amount":{"amount":"10000.00","currency":"ARS"},"confirm":true}`
	requireProblem(t, c.ask(t, staff, http.MethodPost, c.payments(c.code), body), 403, booking.CodeForbidden)
	answer := object(t, c.ask(t, owner, http.MethodPost, c.payments(c.code), body))
	require.Equal(t, "confirmed", answer["reservation"].(map[string]any)["status"])
	require.Equal(t, "partially_paid", answer["reservation"].(map[string]any)["payment_status"])
}

func TestACreditOfTheAccountPaysWhoWaitsForIt(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	owner, _ := c.logIn(t, ownerEmail)
	other := c.hold(t, "2027-02-10")
	for _, code := range []string{c.code, other} {
		_, err := c.store.ChooseTransfer(t.Context(), code, c.now.Add(48*time.Hour), c.now)
		require.NoError(t, err)
	}
	credit := func(reference string) map[string]any {
		t.Helper()
		body := `{"amount":"30000.00","reference":"` + reference + `","credited_at":"` + c.now.UTC().Format(time.RFC3339) + `"}`
		answer := c.ask(t, owner, http.MethodPost, admin+"/movements", body)
		require.Equal(t, http.StatusCreated, answer.Code, answer.Body.String())
		return object(t, answer)
	}
	doubtful := credit("A")
	require.Equal(t, "ambiguous", doubtful["outcome"])
	require.Len(t, doubtful["candidates"], 2)
	require.Len(t, c.bell.ids, 1, "the owner is asked")
	require.Equal(t, true, credit("A")["repeated"])
	require.Equal(t, c.bell.ids[0], c.bell.ids[1], "with one message")

	require.Equal(t, http.StatusCreated, c.ask(t, owner, http.MethodPost, c.payments(other), `{"method":"transfer","amount":"30000"}`).Code)
	matched := credit("B")
	require.Equal(t, "matched", matched["outcome"])
	require.Equal(t, []any{c.code}, matched["candidates"])
	require.Equal(t, "unmatched", credit("C")["outcome"])
	body := `{"amount":"1","reference":"D","credited_at":"2099-01-01T00:00:00Z"}`
	require.Equal(t, http.StatusUnprocessableEntity, c.ask(t, owner, http.MethodPost, admin+"/movements", body).Code)
}

func TestCashGoesBackByHand(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	owner, _ := c.logIn(t, ownerEmail)
	recorded := object(t, c.ask(t, owner, http.MethodPost, c.payments(c.code), `{"method":"cash","amount":"30000"}`))
	_, err := c.store.Cancel(t.Context(), c.code, booking.ByGuest, "guest", c.now)
	require.NoError(t, err)
	plan, err := c.store.PlanRefund(t.Context(), recorded["payment_id"].(string), booking.Pesos(30_000), "cancelled", c.now)
	require.NoError(t, err)
	path := admin + "/reservations/" + c.code + "/refunds/" + "1" + "/returned"
	requireProblem(t, c.ask(t, owner, http.MethodPost, path, ""), 409, booking.CodeWrongState)
	require.NoError(t, c.store.FinishRefund(t.Context(), plan.ID, "", postgres.RefundByHand, c.now))
	left, err := c.store.ToReturnByHand(t.Context(), c.code, booking.ARS)
	require.NoError(t, err)
	require.Equal(t, booking.Pesos(30_000), left)

	for range 2 {
		answer := object(t, c.ask(t, owner, http.MethodPost, path, ""))
		require.Equal(t, "refunded", answer["payment_status"])
		require.Equal(t, map[string]any{"amount": "0.00", "currency": "ARS"}, answer["paid"])
	}
	requireProblem(t, c.ask(t, owner, http.MethodPost, admin+"/reservations/"+c.code+"/refunds/99/returned", ""), 404, booking.CodeNotFound)
}

func TestReceiptsAreForTheirGuestStaffAndWhoeverHasTheirAddress(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	owner, _ := c.logIn(t, ownerEmail)
	require.Equal(t, http.StatusCreated, c.ask(t, owner, http.MethodPost, c.payments(c.code), `{"method":"cash","amount":"30000"}`).Code)
	hash := sha256.Sum256([]byte("the guest's"))
	_, err := c.sql.Exec(t.Context(), `UPDATE reservations SET token_hash = $1 WHERE code = $2`, hash[:], c.code)
	require.NoError(t, err)
	list := object(t, c.ask(t, owner, http.MethodGet, admin+"/reservations/"+c.code+"/receipts", ""))
	number := list["items"].([]any)[0].(map[string]any)["number"].(string)
	require.Equal(t, "R-0001-00000001", number)

	path := "/api/v1/reservations/" + c.code + "/receipts/" + number + ".pdf"
	answer := c.ask(t, "", http.MethodGet, path, "", "X-Reservation-Token", "the guest's")
	require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
	require.Equal(t, "application/pdf", answer.Header().Get("Content-Type"))
	require.True(t, strings.HasPrefix(answer.Body.String(), "%PDF-"))
	requireProblem(t, c.ask(t, "", http.MethodGet, path, "", "X-Reservation-Token", "another's"), 404, booking.CodeNotFound)
	requireProblem(t, c.ask(t, "", http.MethodGet, path, ""), 401, booking.CodeUnauthorized)
	for _, other := range []string{"R-0001-00000002.pdf", "..%2f..%2fetc", "x"} {
		requireProblem(t, c.ask(t, owner, http.MethodGet, admin+"/reservations/"+c.code+"/receipts/"+other, ""), 404, booking.CodeNotFound)
	}
	staff := c.ask(t, owner, http.MethodGet, admin+"/reservations/"+c.code+"/receipts/"+number+".pdf", "")
	require.Equal(t, answer.Body.Bytes(), staff.Body.Bytes(), "the same paper")

	issued, err := c.store.IssueReceipts(t.Context(), c.code, c.now)
	require.NoError(t, err)
	open := c.ask(t, "", http.MethodGet, "/receipts/"+issued[0].Token+".pdf", "")
	require.Equal(t, http.StatusOK, open.Code)
	require.Equal(t, answer.Body.Bytes(), open.Body.Bytes())
	requireProblem(t, c.ask(t, "", http.MethodGet, "/receipts/"+issued[0].Token, ""), 404, booking.CodeNotFound)
	requireProblem(t, c.ask(t, "", http.MethodGet, "/receipts/nobody.pdf", ""), 404, booking.CodeNotFound)
}
