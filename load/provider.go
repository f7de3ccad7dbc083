package load

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Provider answers for WhatsApp, Mercado Pago and the speech service over HTTP, at once and without rules: the calls the program makes while it books and
// talks, and nothing else. Who waits for a message hears of it the moment its request arrives.
type Provider struct {
	// URL is the address for WHATSAPP_API_URL, MERCADOPAGO_API_URL and WHISPER_API_URL.
	URL string

	server *http.Server
	serial atomic.Int64
	// Amounts by reference, from the last preference made for it.
	preferences sync.Map
	payments    sync.Map // Payment id -> body.

	note     []byte // The voice note of every guest.
	noteHash string
	heard    atomic.Int64

	mu      sync.Mutex
	waiting map[string]chan struct{}
}

// StartProvider serves on a free loopback port until Close.
func StartProvider() (*Provider, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the providers' stand-in: %w", err)
	}
	p := &Provider{URL: "http://" + listener.Addr().String(), waiting: map[string]chan struct{}{}}
	if p.note, err = note(); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	hash := sha256.Sum256(p.note)
	p.noteHash = base64.StdEncoding.EncodeToString(hash[:])
	mux := http.NewServeMux()
	mux.HandleFunc("POST /checkout/preferences", p.createPreference)
	mux.HandleFunc("PUT /checkout/preferences/{id}", p.changePreference)
	mux.HandleFunc("GET /v1/payments/search", p.searchPayments)
	mux.HandleFunc("GET /v1/payments/{id}", p.getPayment)
	mux.HandleFunc("POST /{version}/{phone}/messages", p.takeMessage)
	mux.HandleFunc("GET /{version}/"+noteID, p.findNote)
	mux.HandleFunc("GET /lookaside", p.serveNote)
	mux.HandleFunc("POST /v1/audio/transcriptions", p.hear)
	p.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = p.server.Serve(listener) }()
	return p, nil
}

// Close stops serving.
func (p *Provider) Close() error { return p.server.Close() }

// Expect returns a channel that is closed when the next message with this key arrives: its callback data, which is the effect key of
// a notice, or [GuestKey] of its recipient. One key has one who waits; forget ends the wait.
func (p *Provider) Expect(key string) (arrived <-chan struct{}, forget func()) {
	signal := make(chan struct{})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting[key] = signal
	return signal, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.waiting[key] == signal {
			delete(p.waiting, key)
		}
	}
}

func (p *Provider) arrived(keys ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, key := range keys {
		if signal := p.waiting[key]; signal != nil {
			close(signal)
			delete(p.waiting, key)
		}
	}
}

// GuestKey is the key of messages to a phone, however its Argentine mobile prefix is written.
func GuestKey(phone string) string {
	const national = 10
	return "to:" + phone[max(len(phone)-national, 0):]
}

var errNothingToPay = errors.New("no payment link was made for this booking")

// Approve makes an approved payment of a booking's link and returns its id; nobody is notified.
func (p *Provider) Approve(code string) (string, error) {
	amount, made := p.preferences.Load(code)
	if !made {
		return "", errNothingToPay
	}
	id := p.serial.Add(1) + 1_000_000_000
	now := time.Now().UTC().Format("2006-01-02T15:04:05.000-07:00")
	body := map[string]any{
		"id": id, "status": "approved", "status_detail": "accredited", "transaction_amount": amount, "transaction_amount_refunded": 0,
		"currency_id": "ARS", "external_reference": code, "collector_id": 1, "live_mode": false, "payment_method_id": "visa",
		"payment_type_id": "credit_card", "date_created": now, "date_approved": now, "date_last_updated": now,
	}
	key := fmt.Sprint(id)
	p.payments.Store(key, body)
	return key, nil
}

// Owe makes a booking payable without a link, for what is measured without the program.
func (p *Provider) Owe(code string) { p.preferences.Store(code, floorDeposit/100) }

func (p *Provider) createPreference(w http.ResponseWriter, r *http.Request) {
	var preference struct {
		ExternalReference string `json:"external_reference"`
		Items             []struct {
			UnitPrice json.Number `json:"unit_price"`
		} `json:"items"`
		ExpiresAt string `json:"expiration_date_to"`
	}
	if err := json.NewDecoder(r.Body).Decode(&preference); err != nil || len(preference.Items) != 1 {
		http.Error(w, "not a preference", http.StatusBadRequest)
		return
	}
	p.preferences.Store(preference.ExternalReference, preference.Items[0].UnitPrice)
	id := fmt.Sprintf("1-%d", p.serial.Add(1))
	answer(w, http.StatusCreated, map[string]any{
		"id": id, "init_point": p.URL + "/checkout/" + id, "external_reference": preference.ExternalReference, "collector_id": 1,
		"expiration_date_to": preference.ExpiresAt,
	})
}

func (p *Provider) changePreference(w http.ResponseWriter, r *http.Request) {
	answer(w, http.StatusOK, map[string]any{"id": r.PathValue("id")})
}

func (p *Provider) searchPayments(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"paging": map[string]int{"total": 0}, "results": []any{}})
}

func (p *Provider) getPayment(w http.ResponseWriter, r *http.Request) {
	payment, found := p.payments.Load(r.PathValue("id"))
	if !found {
		http.Error(w, `{"message":"payment not found","status":404}`, http.StatusNotFound)
		return
	}
	answer(w, http.StatusOK, payment)
}

// takeMessage accepts a message or a read receipt.
func (p *Provider) takeMessage(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	var message struct {
		Status       string `json:"status"`
		To           string `json:"to"`
		CallbackData string `json:"biz_opaque_callback_data"`
	}
	if err != nil || json.Unmarshal(raw, &message) != nil {
		http.Error(w, "not a message", http.StatusBadRequest)
		return
	}
	if message.Status == "read" {
		answer(w, http.StatusOK, map[string]bool{"success": true})
		return
	}
	p.arrived(message.CallbackData, GuestKey(strings.TrimPrefix(message.To, "+")))
	answer(w, http.StatusOK, map[string]any{
		"messaging_product": "whatsapp", "contacts": []any{map[string]string{"input": message.To, "wa_id": message.To}},
		"messages": []any{map[string]string{"id": fmt.Sprintf("wamid.load-%d", p.serial.Add(1))}},
	})
}

// findNote tells where the voice note lies, serveNote gives it.
func (p *Provider) findNote(w http.ResponseWriter, _ *http.Request) {
	hash := sha256.Sum256(p.note)
	answer(w, http.StatusOK, map[string]any{
		"messaging_product": "whatsapp", "id": noteID, "url": p.URL + "/lookaside", "mime_type": noteMIME, "file_size": len(p.note),
		"sha256": hex.EncodeToString(hash[:]),
	})
}

func (p *Provider) serveNote(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", noteMIME)
	_, _ = w.Write(p.note) // A caller that has gone away has its reasons.
}

// hear is the speech engine. It answers at once and hears each time another of the questions, as different guests ask.
func (p *Provider) hear(w http.ResponseWriter, r *http.Request) {
	if size, err := io.Copy(io.Discard, r.Body); err != nil || size <= int64(len(p.note)) {
		http.Error(w, `{"detail":"no audio"}`, http.StatusUnprocessableEntity)
		return
	}
	text := datesQuestion(int(p.heard.Add(1)))
	answer(w, http.StatusOK, map[string]any{
		"task": "transcribe", "language": "spanish", "duration": 6.06, "text": text,
		"segments": []any{map[string]any{
			"id": 0, "start": 0, "end": 6.06, "text": text, "avg_logprob": -0.15, "no_speech_prob": 0.01, "compression_ratio": 1.2,
		}},
	})
}

func answer(w http.ResponseWriter, status int, value any) {
	var body bytes.Buffer
	if err := json.NewEncoder(&body).Encode(value); err != nil {
		http.Error(w, "not encoded", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // A caller that has gone away has its reasons.
}
