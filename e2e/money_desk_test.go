package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/sandbox/control"
	"cabanas/workflows"
)

// ownerIsAsked waits until the owner was offered a button so many times: when the guest chose to transfer, and with the photo.
func (s *stack) ownerIsAsked(t *testing.T, button string, times int) {
	t.Helper()
	s.eventually(t, patience, "the owner is asked", func(ctx context.Context) error {
		all, err := s.world.Messages(ctx, ownerNumber, 0)
		if err != nil {
			return err
		}
		if asked := slices.DeleteFunc(all, func(m control.Message) bool { return !offers(button)(m) }); len(asked) != times {
			return fmt.Errorf("%d times, not %d", len(asked), times)
		}
		return nil
	})
}

// returned waits until so much of a deposit has gone back that the rest is what was paid.
func (s *stack) returned(t *testing.T, h hold, centavos int64) {
	t.Helper()
	s.eventually(t, patience, "the books show what went back", func(ctx context.Context) error {
		r, err := s.row(ctx, h.Code)
		if err == nil && (r.Paid != r.Deposit-centavos || r.Status != "confirmed" || r.Payment != "partially_paid") {
			err = fmt.Errorf("%s, %s, %d paid of a deposit of %d", r.Status, r.Payment, r.Paid, r.Deposit)
		}
		return err
	})
}

// ownerHearsOf waits for what the owner is told of a payment.
func (s *stack) ownerHearsOf(t *testing.T, h hold, paid control.Payment, verdict booking.Verdict) {
	t.Helper()
	s.ownerHears(t, h.Code, fmt.Sprintf("%s/%d/%s", workflows.NoticeOwnerPayment, paid.ID, verdict))
}

// opensPage opens an address as a browser does that follows nothing.
func (o *office) opensPage(t *testing.T, address string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(patient(t), http.MethodGet, address, nil)
	require.NoError(t, err)
	request.Header.Set("Accept-Language", "es-AR,es;q=0.9")
	browser := http.Client{Transport: web.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := browser.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{response.StatusCode, response.Header, body}
}

func isPDF(a answer) bool {
	return a.status == http.StatusOK && bytes.HasPrefix(a.body, []byte("%PDF"))
}

// isSold holds a stay of a sample cabin by REST and pays its deposit.
func (o *office) isSold(t *testing.T) (hold, string, control.Payment) {
	t.Helper()
	w, number := o.wishes(1, o.week(t, 2), 2)
	h := o.books(t, w)
	paid, err := o.world.Pay(patient(t), paymentOf(o.preference(t, h.Code)))
	require.NoError(t, err)
	o.becomes(t, h.Code, "confirmed", "partially_paid")
	return h, number, paid
}

// posts is a request of staff with an Idempotency-Key.
func (o *office) posts(path, key string, body any, want int) answer {
	o.t.Helper()
	a := o.must(o.t, http.MethodPost, "/api/v1"+path, asJSON(o.t, body), "Authorization", "Bearer "+o.token, "Idempotency-Key", key)
	require.Equal(o.t, want, a.status, "%s", a.body)
	return a
}

type recorded struct {
	PaymentID string `json:"payment_id"`
	Repeated  bool   `json:"repeated"`
}

func (o *office) records(code, key string, body any) (done recorded) {
	o.t.Helper()
	o.posts("/admin/reservations/"+code+"/payments", key, body, http.StatusCreated).into(o.t, &done)
	return done
}

type bookedPayments struct {
	Reservation struct {
		Balance money `json:"balance"`
	} `json:"reservation"`
	Items []struct {
		Method  string `json:"method"`
		Amount  money  `json:"amount"`
		Counted bool   `json:"counted"`
	} `json:"items"`
}

func (o *office) bookedPayments(code string) (found bookedPayments) {
	o.t.Helper()
	o.ask(http.MethodGet, "/admin/reservations/"+code+"/payments", nil, http.StatusOK, &found)
	return found
}

type refundItem struct {
	ID        int64  `json:"id"`
	Code      string `json:"code"`
	Amount    money  `json:"amount"`
	DecidedBy string `json:"decided_by"`
}

// refundOf waits until the refund of a reservation is listed with a status.
func (o *office) refundOf(code, status string) (found refundItem) {
	o.t.Helper()
	o.eventually(o.t, patience, "a refund that is "+status, func(ctx context.Context) error {
		var list struct{ Items []refundItem }
		if err := o.tries(ctx, http.MethodGet, "/admin/refunds?status="+status, nil, http.StatusOK, &list); err != nil {
			return err
		}
		for _, found = range list.Items {
			if found.Code == code {
				return nil
			}
		}
		return errors.New("not listed")
	})
	return found
}

// answersAll waits until every message of a number has its turn.
func (s *stack) answersAll(t *testing.T, number string) {
	t.Helper()
	all, err := s.world.Messages(patient(t), number, 0)
	require.NoError(t, err)
	said := int64(0)
	for _, m := range all {
		if m.Direction == "in" {
			said++
		}
	}
	s.reaches(t, said, `SELECT count(*) FROM turns t JOIN guests g ON g.id = t.guest_id WHERE g.phone = $1`, canonical(number))
}

// dailyReport is what `cabanas audit --report` says of a day.
type dailyReport struct {
	Taken    []moneySum `json:"taken"`
	Returned []moneySum `json:"returned"`
	Disputed []moneySum `json:"disputed"`
	Open     []struct {
		Kind string `json:"kind"`
	} `json:"open"`
	Bookings []struct {
		Code string `json:"code"`
	} `json:"bookings"`
}

type moneySum struct {
	Of       string `json:"of"`
	Currency string `json:"currency"`
	Centavos int64  `json:"centavos"`
}

func (s *stack) report(t *testing.T, day time.Time) dailyReport {
	t.Helper()
	program, err := program()
	require.NoError(t, err)
	command := exec.CommandContext(patient(t), program, "audit", "--report", "--json", "--day", day.Format(time.DateOnly))
	command.Env = append(environment(), "DATABASE_URL="+s.info.DatabaseURL, "TEMPORAL_ADDRESS="+s.info.TemporalAddress)
	var problems bytes.Buffer
	command.Stderr = &problems
	out, err := command.Output()
	require.NoError(t, err, "%s%s", out, problems.Bytes())
	var answer struct {
		OK     bool         `json:"ok"`
		Report *dailyReport `json:"report"`
	}
	require.NoError(t, json.Unmarshal(out, &answer))
	require.True(t, answer.OK)
	require.NotNil(t, answer.Report)
	require.Equal(t, 1, bytes.Count(out, []byte("\n")), "one JSON object")
	s.holdsNothingPrivate(t, "the report", out)
	return *answer.Report
}

// pesos writes centavos as the API reads them.
func pesos(centavos int64) string { return fmt.Sprintf("%d.%02d", centavos/100, centavos%100) }
