package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/api"
	"cabanas/booking"
	"cabanas/gateways/mercadopago"
	"cabanas/gateways/whatsapp"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
)

const secret = "secret"

// edge is a server over fakes.
type edge struct {
	*api.Server
	desk     *desk
	inbox    *inbox
	health   *health
	answers  *answers
	registry *prometheus.Registry
	logs     *syncBuffer
	now      time.Time
}

func newEdge(t *testing.T, change ...func(*api.Options)) *edge {
	t.Helper()
	e := &edge{desk: newDesk(), inbox: &inbox{}, health: &health{status: api.Healthy}, answers: &answers{kept: map[string]kept{}},
		registry: observe.NewRegistry(), logs: &syncBuffer{}, now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	options := api.Options{
		Desk: e.desk, Inbox: e.inbox, Health: e.health, Idempotency: e.answers, Accounts: nobody{},
		Switchboard: &activities.Switchboard{}, Refunds: &activities.RefundDesk{}, Cashbox: &activities.Cashbox{}, Receipts: &activities.ReceiptDesk{}, Understand: understand,
		Metrics: observe.NewMetrics(e.registry), Gatherer: e.registry, Logger: observe.NewLogger(e.logs, slog.LevelDebug),
		VerifyWhatsApp: func(header string, body []byte) bool { return whatsapp.VerifySignature(header, body, secret) },
		VerifySubscription: func(query url.Values) (string, bool) {
			return whatsapp.VerifySubscription(query, "our-verify-token")
		},
		VerifyMercadoPago: func(header, requestID, dataID string) bool {
			return mercadopago.VerifySignature(header, requestID, dataID, secret)
		},
		CanonicalPhone: whatsapp.CanonicalPhone,
		Version:        "test", Now: func() time.Time { return e.now },
	}
	for _, apply := range change {
		apply(&options)
	}
	server, err := api.New(options)
	require.NoError(t, err)
	e.Server = server
	return e
}

func (e *edge) do(t *testing.T, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	request := httptest.NewRequestWithContext(t.Context(), method, target, reader)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	e.ServeHTTP(recorder, request)
	return recorder
}

// object reads a JSON answer.
func object(t *testing.T, recorder *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var body map[string]any
	require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &body), recorder.Body.String())
	return body
}

// requireProblem checks the one shape that every error has.
func requireProblem(t *testing.T, recorder *httptest.ResponseRecorder, status int, code booking.Code) map[string]any {
	t.Helper()
	require.Equal(t, status, recorder.Code, recorder.Body.String())
	require.Equal(t, "application/problem+json", recorder.Header().Get("Content-Type"))
	problem := object(t, recorder)
	require.Equal(t, string(code), problem["code"], recorder.Body.String())
	require.EqualValues(t, status, problem["status"])
	require.Equal(t, "about:blank", problem["type"])
	require.Equal(t, http.StatusText(status), problem["title"])
	require.Equal(t, recorder.Header().Get("X-Trace-ID"), problem["trace_id"])
	require.NotEmpty(t, problem["trace_id"])
	return problem
}

func requireField(t *testing.T, problem map[string]any, in, field string) {
	t.Helper()
	for _, item := range problem["errors"].([]any) {
		refused := item.(map[string]any)
		if refused["in"] == in && refused["field"] == field {
			require.NotEmpty(t, refused["message"])
			return
		}
	}
	require.Fail(t, "field not named", "%s %s in %v", in, field, problem["errors"])
}

// desk is a front desk whose answers a test chooses.
type desk struct {
	mu             sync.Mutex
	requests       []activities.BookRequest
	tokens         []string
	accommodations []booking.Accommodation
	availability   activities.Availability
	view           activities.ReservationView
	err            error
	onBook         func(ctx context.Context)
	asked          activities.AvailabilityRequest
}

var january = booking.Stay{CheckIn: booking.MustDate("2027-01-14"), CheckOut: booking.MustDate("2027-01-16")}

func newDesk() *desk {
	rate := booking.Rate{Base: booking.Pesos(10000), WeekendPercent: 120, CleaningFee: booking.Pesos(3000), MinNights: 2,
		LengthDiscounts: []booking.LengthDiscount{{Nights: 7, Percent: 10}}}
	d := &desk{}
	for id := range int64(3) {
		d.accommodations = append(d.accommodations, booking.Accommodation{ID: 3 - id, Name: "Cabaña", Type: booking.Cabin, Capacity: 4, Active: true,
			Rate: rate, Photos: []booking.Photo{{URL: "https://example.org/1.jpg"}}, Location: booking.Location{City: "Villa La Angostura"},
			CheckInText: "the key is under the mat"})
	}
	quote := booking.QuoteStay(rate, january, 2, 30)
	d.availability = activities.Availability{Available: true, Quote: quote}
	d.view = activities.ReservationView{Code: "RES261121ABCDEF", Status: booking.PreReserved, PaymentStatus: booking.PaymentPending, AccommodationID: 1,
		AccommodationName: "Cabaña", Stay: january, Guests: 2, Quote: quote, ExpiresAt: time.Date(2026, 11, 21, 12, 30, 0, 0, time.UTC),
		PaymentURL: "https://pay.example.org/1"}
	return d
}

func (d *desk) Accommodations(context.Context) ([]booking.Accommodation, error) {
	return d.accommodations, d.err
}

func (d *desk) Accommodation(_ context.Context, id int64) (booking.Accommodation, error) {
	for _, a := range d.accommodations {
		if a.ID == id && d.err == nil {
			return a, nil
		}
	}
	if d.err != nil {
		return booking.Accommodation{}, d.err
	}
	return booking.Accommodation{}, booking.Refuse(booking.CodeNotFound, "accommodation %d", id)
}

func (d *desk) Availability(_ context.Context, request activities.AvailabilityRequest) (activities.Availability, error) {
	d.asked = request
	return d.availability, d.err
}

func (d *desk) Book(ctx context.Context, request activities.BookRequest) (activities.Booked, error) {
	d.mu.Lock()
	d.requests = append(d.requests, request)
	onBook := d.onBook
	d.mu.Unlock()
	if onBook != nil {
		onBook(ctx)
	}
	if d.err != nil {
		return activities.Booked{}, d.err
	}
	return activities.Booked{Code: d.view.Code, Token: "the-secret-token", Status: booking.PreReserved, ExpiresAt: d.view.ExpiresAt,
		Stay: request.Stay, Quote: d.view.Quote, PaymentURL: d.view.PaymentURL}, nil
}

func (d *desk) Reservation(_ context.Context, code, token string) (activities.ReservationView, error) {
	d.tokens = append(d.tokens, code+" "+token)
	return d.view, d.err
}

func (d *desk) Cancel(_ context.Context, code, token string) (activities.ReservationView, error) {
	d.tokens = append(d.tokens, "cancel "+code+" "+token)
	cancelled := d.view
	cancelled.Status, cancelled.Refund, cancelled.ExpiresAt, cancelled.PaymentURL = booking.Cancelled, booking.Pesos(500), time.Time{}, ""
	return cancelled, d.err
}

func (d *desk) booked() []activities.BookRequest {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]activities.BookRequest{}, d.requests...)
}

type inbox struct {
	received []activities.Webhook
	err      error
}

func (i *inbox) Receive(_ context.Context, webhook activities.Webhook) error {
	if i.err != nil {
		return i.err
	}
	i.received = append(i.received, webhook)
	return nil
}

type health struct{ status api.HealthStatus }

func (h *health) Check(context.Context) api.HealthReport {
	return api.HealthReport{Status: h.status, Checks: map[string]api.PartHealth{"postgres": {Status: h.status, LatencyMS: 1.5}}}
}

// answers is an [api.IdempotencyStore] in memory.
type answers struct {
	mu   sync.Mutex
	kept map[string]kept
	err  error
}

type kept struct {
	hash     []byte
	lease    *postgres.Lease
	response postgres.StoredResponse
	until    time.Time
}

func (a *answers) TakeWrite(_ context.Context, write postgres.WriteKey, length time.Duration, now time.Time) (postgres.TakenWrite, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err != nil {
		return postgres.TakenWrite{}, a.err
	}
	known, found := a.kept[write.Endpoint+write.Key]
	switch {
	case !found || !now.Before(known.until):
		lease := &postgres.Lease{}
		a.kept[write.Endpoint+write.Key] = kept{hash: write.RequestHash, lease: lease, until: now.Add(length)}
		return postgres.TakenWrite{Lease: lease}, nil
	case !bytes.Equal(known.hash, write.RequestHash):
		return postgres.TakenWrite{}, booking.Refuse(booking.CodeDuplicate, "key used for another request")
	case known.lease != nil:
		return postgres.TakenWrite{}, nil
	}
	return postgres.TakenWrite{Stored: &known.response}, nil
}

func (a *answers) KeepWrite(_ context.Context, write postgres.WriteKey, _ postgres.Lease, response postgres.StoredResponse, now time.Time) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.kept[write.Endpoint+write.Key] = kept{hash: write.RequestHash, response: response, until: now.Add(48 * time.Hour)}
	return true, nil
}

func (a *answers) FreeWrite(_ context.Context, write postgres.WriteKey, _ postgres.Lease) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.kept, write.Endpoint+write.Key)
	return nil
}

// syncBuffer takes logs of several goroutines.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *syncBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(data)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
