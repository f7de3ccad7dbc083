// Package mercadopago stands in for Mercado Pago's Checkout Pro: preferences, payments and refunds under /mp, a checkout
// page, signed notifications with their legacy twins, and what can go wrong with all of it. It shares no code with the
// client it is used to test.
package mercadopago

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"cabanas/sandbox/control"
	"cabanas/sandbox/delivery"
	"cabanas/sandbox/journal"
)

// Options set up a Server. Every field is needed unless its comment says otherwise.
type Options struct {
	AccessToken   string
	WebhookSecret string
	// WebhookURL is the panel's address, used for preferences without a notification_url; may be empty.
	WebhookURL  string
	CollectorID int64
	// PublicURL is this server's own address, for checkout links.
	PublicURL string
	Clock     func() time.Time
	Journal   *journal.Journal
	Logger    *slog.Logger
	// Rand makes ids; it is used by this server alone.
	Rand *rand.Rand
}

// Server is the stand-in. Its methods are safe for concurrent use.
type Server struct {
	o     Options
	queue *delivery.Queue

	mu          sync.Mutex
	preferences map[string]*preference
	order       []string // preference ids as they were made
	payments    map[int64]*payment
	byPref      map[string][]*payment
	byReference map[string][]*payment
	refunds     map[int64]*refund
	replays     map[string]*replay // by route and idempotency key
	faults      faults
	calls       control.Calls
	quit        chan struct{}
	closed      bool
}

const (
	kindPreference = "preference"
	kindPayment    = "payment"
	kindRefund     = "refund"
	kindReplay     = "replay"
)

// New returns a Server with the state that the journal holds.
func New(o Options) (*Server, error) {
	queue, err := delivery.New(delivery.Options{
		Provider: "mercadopago", Journal: o.Journal, Logger: o.Logger,
		First: 500 * time.Millisecond, Max: 30 * time.Second, GiveUp: 7 * 24 * time.Hour, Timeout: 22 * time.Second,
		Accepted:    func(status int) bool { return status == http.StatusOK || status == http.StatusCreated },
		RetryHeader: "X-Retry",
		Rand:        rand.New(rand.NewPCG(o.Rand.Uint64(), o.Rand.Uint64())),
	})
	if err != nil {
		return nil, fmt.Errorf("start sandbox mercadopago: %w", err)
	}
	s := &Server{o: o, queue: queue, quit: make(chan struct{})}
	s.empty()
	if err := s.load(); err != nil {
		return nil, fmt.Errorf("start sandbox mercadopago: %w", err)
	}
	return s, nil
}

// Run posts notifications until ctx ends.
func (s *Server) Run(ctx context.Context) { s.queue.Run(ctx) }

// Close ends unanswered calls.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.quit)
	}
}

// Reset forgets preferences, payments, refunds, notifications and faults.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue.Reset()
	s.empty()
}

// Deliveries reports on the notifications.
func (s *Server) Deliveries() control.Deliveries { return s.queue.Report() }

// Calls counts the API calls by operation.
func (s *Server) Calls() control.Calls {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := make(control.Calls, len(s.calls))
	maps.Copy(calls, s.calls)
	return calls
}

// Mount adds the API, the checkout pages and the control routes of Mercado Pago to mux.
func (s *Server) Mount(mux *http.ServeMux) {
	mux.HandleFunc("POST /mp/checkout/preferences", s.writing("create_preference", s.createPreference))
	mux.HandleFunc("GET /mp/checkout/preferences/search", s.reading("search_preferences", s.searchPreferences))
	mux.HandleFunc("GET /mp/checkout/preferences/{id}", s.reading("get_preference", s.getPreference))
	mux.HandleFunc("PUT /mp/checkout/preferences/{id}", s.writing("change_preference", s.changePreference))
	mux.HandleFunc("GET /mp/v1/payments/search", s.reading("search_payments", s.searchPayments))
	mux.HandleFunc("GET /mp/v1/payments/{id}", s.reading("get_payment", s.getPayment))
	mux.HandleFunc("PUT /mp/v1/payments/{id}", s.writing("change_payment", s.changePayment))
	mux.HandleFunc("POST /mp/v1/payments/{id}/refunds", s.writing("refund", s.createRefund))
	mux.HandleFunc("GET /mp/v1/payments/{id}/refunds", s.reading("list_refunds", s.listRefunds))
	mux.HandleFunc("GET /mp/v1/payments/{id}/refunds/{refund}", s.reading("get_refund", s.getRefund))
	mux.HandleFunc("GET /mp/v1/chargebacks/{id}", s.reading("get_chargeback", s.getChargeback))
	mux.HandleFunc("GET /mp/merchant_orders/{id}", s.reading("get_merchant_order", s.getMerchantOrder))
	mux.HandleFunc("GET /mp/users/me", s.reading("get_me", s.getMe))
	mux.HandleFunc("/mp/", s.reading("unknown", func(w http.ResponseWriter, _ *http.Request) {
		(&refusal{status: http.StatusNotFound, kind: "not_found", text: "resource not found"}).write(w)
	}))

	mux.HandleFunc("GET /mp/checkout/{id}", s.serveCheckout)
	mux.HandleFunc("POST /mp/checkout/{id}/pay", s.servePay)
	mux.HandleFunc("POST /mp/checkout/{id}/settle", s.serveSettle)

	mux.HandleFunc("GET /control/preferences", s.controlPreferences)
	mux.HandleFunc("GET /control/payments", s.controlPayments)
	mux.HandleFunc("POST /control/payments", s.controlPay)
	mux.HandleFunc("PATCH /control/payments/{id}", s.controlChange)
	mux.HandleFunc("POST /control/payments/{id}/notify", s.controlNotify)
	mux.HandleFunc("POST /control/payments/{id}/refund", s.controlPanelRefund)
	mux.HandleFunc("PUT /control/payments/{id}/raw", s.controlRaw)
	mux.HandleFunc("POST /control/payments/{id}/dispute", s.controlDispute)
	mux.HandleFunc("GET /control/mercadopago/accounts", s.controlAccounts)
	mux.HandleFunc("GET /control/refunds", s.controlRefunds)
	mux.HandleFunc("PATCH /control/refunds/{id}", s.controlSettleRefund)
	mux.HandleFunc("GET /control/mercadopago", s.controlInfo)
	mux.HandleFunc("POST /control/mercadopago/notify", s.controlNotice)
	mux.HandleFunc("POST /control/mercadopago/faults", s.controlFaults)
	mux.HandleFunc("DELETE /control/mercadopago/faults", s.controlClearFaults)
}

func (s *Server) empty() {
	s.preferences = make(map[string]*preference)
	s.order = nil
	s.payments = make(map[int64]*payment)
	s.byPref = make(map[string][]*payment)
	s.byReference = make(map[string][]*payment)
	s.refunds = make(map[int64]*refund)
	s.replays = make(map[string]*replay)
	s.faults = faults{}
	s.calls = make(control.Calls)
}

func (s *Server) load() error {
	j := s.o.Journal
	err := j.Load(kindPreference, func(id string, value json.RawMessage) error {
		p := &preference{}
		s.preferences[id] = p
		s.order = append(s.order, id)
		return json.Unmarshal(value, p)
	})
	if err != nil {
		return err
	}
	err = j.Load(kindPayment, func(_ string, value json.RawMessage) error {
		p := &payment{}
		if err := json.Unmarshal(value, p); err != nil {
			return err
		}
		s.index(p)
		return nil
	})
	if err != nil {
		return err
	}
	err = j.Load(kindRefund, func(_ string, value json.RawMessage) error {
		r := &refund{}
		if err := json.Unmarshal(value, r); err != nil {
			return err
		}
		s.refunds[r.ID] = r
		if p := s.payments[r.PaymentID]; p != nil {
			p.refunds = append(p.refunds, r)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, p := range s.payments {
		p.remember(p.Updated)
	}
	return j.Load(kindReplay, func(key string, value json.RawMessage) error {
		r := &replay{}
		s.replays[key] = r
		return json.Unmarshal(value, r)
	})
}

func (s *Server) index(p *payment) {
	s.payments[p.ID] = p
	s.byPref[p.PreferenceID] = append(s.byPref[p.PreferenceID], p)
	s.byReference[p.ExternalReference] = append(s.byReference[p.ExternalReference], p)
}
