package load

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/gateways/mercadopago"
	"cabanas/internal/observe"
	"cabanas/workflows"
)

// reconciliation finds payments of which no notification came. Who looks at each in the product is its booking's workflow; here the
// payment is settled at once, so that what is measured is the looking and the ledger. What the signal costs shows in notifications.
func (w *workload) reconciliation(sizes JobSizes) job {
	var due []heldPayment
	var account *account
	ready := func(ctx context.Context) (err error) {
		if account != nil {
			account.close()
		}
		if due, err = w.oweAll(ctx, sizes.Payments); err != nil {
			return err
		}
		account, err = openAccount(due)
		return err
	}
	return job{
		Ours: fmt.Sprintf("reconciliation of %d payments whose notifications were all lost: sweep of the account, look at the ledger, GET and settlement "+
			"of each, one after the other", sizes.Payments),
		Floor: "the same pages of the search, and for each payment one statement that writes payment, report and reservation",
		ours: heap{ready: ready, do: func(ctx context.Context) (int64, error) {
			defer account.close()
			return w.reconcile(ctx, account, int64(len(due)))
		}},
		floor: heap{ready: ready, do: func(ctx context.Context) (int64, error) {
			defer account.close()
			return w.reconcileRaw(ctx, account, due)
		}},
		rounds: 1,
	}
}

// oweAll puts down held bookings, each with a payment at the provider that nobody told us of.
func (w *workload) oweAll(ctx context.Context, count int) ([]heldPayment, error) {
	// Reconciliation writes receipts that lack: those of the other side's payments are none of its work.
	if _, err := w.annex.pool.Exec(ctx, `UPDATE reservations SET paid_centavos = 0 WHERE paid_centavos > 0`); err != nil {
		return nil, fmt.Errorf("close the books: %w", err)
	}
	cabins, err := w.annex.addCabins(ctx, count/StaysPerCabin+1)
	if err != nil {
		return nil, err
	}
	due := make([]heldPayment, 0, count)
	for _, cabin := range cabins {
		first := booking.DateIn(time.Now(), time.UTC).AddDays(firstNight)
		codes, err := w.annex.addStays(ctx, cabin, booking.PreReserved, first, stayNights, min(StaysPerCabin, count-len(due)))
		if err != nil {
			return nil, err
		}
		for _, code := range codes {
			due = append(due, heldPayment{Code: code, ID: strconv.FormatInt(w.Provider.serial.Add(1)+1_000_000_000, 10)})
		}
	}
	return due, nil
}

// settler is the workflow that is not there.
type settler struct {
	activities.Processes
	payments *activities.Payments
}

func (s *settler) Payment(ctx context.Context, code, paymentID string) (bool, error) {
	_, err := s.payments.SettlePayment(ctx, workflows.SettleInput{PaymentID: paymentID, Code: code})
	return err == nil, err
}

func (w *workload) reconcile(ctx context.Context, account *account, due int64) (int64, error) {
	client, err := mercadopago.New(mercadopago.Options{BaseURL: account.url, Token: "load"})
	if err != nil {
		return 0, err
	}
	processes := &settler{}
	processes.payments = &activities.Payments{Store: w.annex.store, Provider: client, Locks: w.annex.redis, Processes: processes,
		Metrics: observe.NewMetrics(prometheus.NewRegistry()), Now: time.Now}
	found, err := processes.payments.ReconcilePayments(ctx)
	if err != nil {
		return 0, fmt.Errorf("reconcile: %w", err)
	}
	var applied int64
	err = w.annex.pool.QueryRow(ctx, `SELECT count(*) FROM payments p JOIN reservations r ON r.id = p.reservation_id
		WHERE p.disposition = 'applied' AND r.reservation_status = 'confirmed' AND p.provider_id = ANY($1)`, account.ids).Scan(&applied)
	if err == nil && (applied != due || int64(len(found.Items)) != due) {
		err = fmt.Errorf("%w: %d payments due, %d found, %d applied", ErrAccount, due, len(found.Items), applied)
	}
	return applied, err
}

func (w *workload) reconcileRaw(ctx context.Context, account *account, due []heldPayment) (int64, error) {
	query := url.Values{"limit": {strconv.Itoa(accountPage)}}
	for n := range due {
		if n%accountPage == 0 {
			query.Set("offset", strconv.Itoa(n))
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, account.url+"/v1/payments/search?"+query.Encode(), nil)
			if err != nil {
				return int64(n), fmt.Errorf("search payments: %w", err)
			}
			if _, err := w.fetch(request); err != nil {
				return int64(n), err
			}
		}
		if err := settleRaw(ctx, w.annex.pool, due[n], account.bodies[n]); err != nil {
			return int64(n), err
		}
	}
	return int64(len(due)), nil
}

// fetch reads the body of a good answer.
func (s *System) fetch(request *http.Request) ([]byte, error) {
	response, err := s.HTTP.Do(request)
	if err != nil {
		return nil, fmt.Errorf("fetch: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("fetch: %w", err)
	}
	return body, wantStatus(response, http.StatusOK)
}

// accountPage is the most that the account shows at once.
const accountPage = 100

// account is Mercado Pago with approved payments that changed a millisecond after each other.
type account struct {
	url    string
	ids    []string
	bodies []json.RawMessage
	at     map[string]int
	first  time.Time
	server *http.Server
}

const accountDates = "2006-01-02T15:04:05.000-07:00"

func openAccount(payments []heldPayment) (*account, error) {
	a := &account{at: map[string]int{}, first: time.Now().UTC().Add(-time.Duration(len(payments))*time.Millisecond - time.Minute).Truncate(time.Millisecond)}
	for n, payment := range payments {
		changed := a.first.Add(time.Duration(n) * time.Millisecond).Format(accountDates)
		a.ids = append(a.ids, payment.ID)
		a.at[payment.ID] = n
		a.bodies = append(a.bodies, fmt.Appendf(nil, `{"id":%s,"status":"approved","status_detail":"accredited","transaction_amount":%d,`+
			`"transaction_amount_refunded":0,"currency_id":"ARS","external_reference":%q,"collector_id":1,"live_mode":false,"payment_method_id":"visa",`+
			`"payment_type_id":"credit_card","date_created":%q,"date_approved":%q,"date_last_updated":%q}`,
			payment.ID, floorDeposit/100, payment.Code, changed, changed, changed))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve an account: %w", err)
	}
	a.url = "http://" + listener.Addr().String()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/payments/search", a.search)
	mux.HandleFunc("GET /v1/payments/{id}", a.payment)
	a.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = a.server.Serve(listener) }()
	return a, nil
}

func (a *account) close() { _ = a.server.Close() }

// search gives the payments that changed from begin_date on, oldest first.
func (a *account) search(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	start := 0
	if from, err := time.Parse(accountDates, query.Get("begin_date")); err == nil && from.After(a.first) {
		start = int(from.Sub(a.first) / time.Millisecond)
	}
	offset, _ := strconv.Atoi(query.Get("offset"))
	limit, _ := strconv.Atoi(query.Get("limit"))
	matching := a.bodies[min(start, len(a.bodies)):]
	if query.Get("external_reference") != "" {
		matching = nil // the sweep has found it already
	}
	page := matching[min(offset, len(matching)):]
	answer(w, http.StatusOK, map[string]any{
		"paging": map[string]int{"total": len(matching), "offset": offset, "limit": limit}, "results": page[:min(limit, accountPage, len(page))],
	})
}

func (a *account) payment(w http.ResponseWriter, r *http.Request) {
	n, found := a.at[r.PathValue("id")]
	if !found {
		http.Error(w, `{"message":"payment not found","status":404}`, http.StatusNotFound)
		return
	}
	answer(w, http.StatusOK, a.bodies[n])
}
