package e2e

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type money struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

// centavos reads the amount as the database keeps it.
func (m money) centavos(t *testing.T) int64 {
	t.Helper()
	var pesos, cents int64
	_, err := fmt.Sscanf(m.Amount, "%d.%02d", &pesos, &cents)
	require.NoError(t, err, "amount %q", m.Amount)
	return pesos*100 + cents
}

type hold struct {
	Code       string    `json:"code"`
	Token      string    `json:"token"`
	Status     string    `json:"status"`
	ExpiresAt  time.Time `json:"expires_at"`
	Nights     int       `json:"nights"`
	Total      money     `json:"total"`
	Deposit    money     `json:"deposit"`
	PaymentURL string    `json:"payment_url"`
	Price      []struct {
		Kind   string `json:"kind"`
		Amount money  `json:"amount"`
	} `json:"price"`
}

type reservation struct {
	Code          string     `json:"code"`
	Status        string     `json:"status"`
	PaymentStatus string     `json:"payment_status"`
	Paid          money      `json:"paid"`
	Refund        *money     `json:"refund"`
	ExpiresAt     *time.Time `json:"expires_at"`
	PaymentURL    *string    `json:"payment_url"`
}

type problem struct {
	Status       int           `json:"status"`
	Code         string        `json:"code"`
	Alternatives []alternative `json:"alternatives"`
}

type alternative struct {
	AccommodationID int64  `json:"accommodation_id"`
	CheckIn         string `json:"check_in"`
	CheckOut        string `json:"check_out"`
	Total           money  `json:"total"`
}

// wish is the body of POST /reservations.
type wish struct {
	AccommodationID int64  `json:"accommodation_id"`
	CheckIn         string `json:"check_in"`
	CheckOut        string `json:"check_out"`
	Guests          int    `json:"guests"`
	ContactName     string `json:"contact_name"`
	ContactPhone    string `json:"contact_phone"`
	ContactEmail    string `json:"contact_email,omitempty"`
}

// wishes makes up a guest who wants that stay, and returns their number.
func (s *stack) wishes(cabin int64, when stay, people int) (wish, string) {
	number, name := s.person()
	return wish{AccommodationID: cabin, CheckIn: when.checkIn(), CheckOut: when.checkOut(), Guests: people, ContactName: name,
		ContactPhone: "+" + number}, number
}

// answer is a response with its body read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) into(t *testing.T, value any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(a.body, value), "%s", a.body)
}

func (a answer) problem(t *testing.T) problem {
	t.Helper()
	require.Contains(t, a.header.Get("Content-Type"), "application/problem+json", "%s", a.body)
	var p problem
	a.into(t, &p)
	require.Equal(t, a.status, p.Status)
	return p
}

// call makes one request of the API; header holds names and values in turn.
func (s *stack) call(ctx context.Context, method, path string, body []byte, header ...string) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.info.APIURL+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if len(body) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := web.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, raw}, err
}

func (s *stack) must(t *testing.T, method, path string, body []byte, header ...string) answer {
	t.Helper()
	a, err := s.call(patient(t), method, path, body, header...)
	require.NoError(t, err)
	return a
}

func (s *stack) post(t *testing.T, w wish, header ...string) answer {
	t.Helper()
	return s.must(t, http.MethodPost, "/api/v1/reservations", asJSON(t, w), header...)
}

// books holds a stay by REST.
func (s *stack) books(t *testing.T, w wish) hold {
	t.Helper()
	a := s.post(t, w)
	require.Equal(t, http.StatusCreated, a.status, "%s", a.body)
	var h hold
	a.into(t, &h)
	return h
}

// shown is a reservation as its guest sees it.
func (s *stack) shown(t *testing.T, h hold) reservation {
	t.Helper()
	a := s.must(t, http.MethodGet, "/api/v1/reservations/"+h.Code, nil, "X-Reservation-Token", h.Token)
	require.Equal(t, http.StatusOK, a.status, "%s", a.body)
	var r reservation
	a.into(t, &r)
	return r
}

func asJSON(t *testing.T, value any) []byte {
	t.Helper()
	raw, err := json.Marshal(value)
	require.NoError(t, err)
	return raw
}

// fromMeta posts a WhatsApp webhook signed with that secret.
func (s *stack) fromMeta(t *testing.T, secret string, body []byte) answer {
	t.Helper()
	return s.must(t, http.MethodPost, "/api/v1/webhooks/whatsapp", body, "X-Hub-Signature-256", "sha256="+signature(secret, body))
}

// fromMercadoPago posts a notification about a payment signed with that secret.
func (s *stack) fromMercadoPago(t *testing.T, secret, paymentID string) answer {
	t.Helper()
	const requestID, ts = "2066ca19-c6f1-498a-be75-1923005edd06", "1704908010"
	v1 := signature(secret, fmt.Appendf(nil, "id:%s;request-id:%s;ts:%s;", paymentID, requestID, ts))
	body := fmt.Appendf(nil, `{"type":"payment","action":"payment.updated","data":{"id":%q}}`, paymentID)
	return s.must(t, http.MethodPost, "/api/v1/webhooks/mercadopago?data.id="+paymentID+"&type=payment", body,
		"x-signature", "ts="+ts+",v1="+v1, "x-request-id", requestID)
}

func signature(secret string, message []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(message)
	return hex.EncodeToString(mac.Sum(nil))
}
