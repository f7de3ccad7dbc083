package load

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// webhooks are acknowledged and nothing more: they bring messages to a number that is not ours, so that what follows is only the
// marking of the delivery.
func (w *workload) webhooks() Scenario {
	send := func(address string) Iteration {
		return func(ctx context.Context) error {
			return w.postMessage(ctx, address, otherNumber, phoneOf(writingGuests, 0), textOf(datesQuestion(0)))
		}
	}
	return Scenario{
		Name:  "webhooks",
		Ours:  "signed WhatsApp webhook, until it is acknowledged",
		Floor: "net/http handler that verifies the signature and inserts the body",
		ours:  send(w.API + "/api/v1/webhooks/whatsapp"), floor: send(w.hooks.url),
		Workers: []int{8, 32}, reset: func(context.Context) error { return nil },
		check: func(ctx context.Context, o Outcome) error {
			var lost int64
			err := w.Pool.QueryRow(ctx, `SELECT count(*) FROM webhook_inbox WHERE dispatched_at IS NULL`).Scan(&lost)
			if err != nil {
				return fmt.Errorf("count deliveries: %w", err)
			}
			if lost > o.Failed {
				return fmt.Errorf("%w: %d deliveries were not handed on", ErrAccount, lost)
			}
			return nil
		},
	}
}

const signatureHeader = "X-Hub-Signature-256"

func sign(secret string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return mac.Sum(nil)
}

// hookFloor is the least that takes a webhook safely.
type hookFloor struct {
	url    string
	server *http.Server
	pool   *pgxpool.Pool
	secret string
}

func startHookFloor(ctx context.Context, pool *pgxpool.Pool, secret string) (*hookFloor, error) {
	// The same columns, constraints and indexes as the program's inbox.
	_, err := pool.Exec(ctx, `CREATE TABLE load_floor_inbox (LIKE webhook_inbox INCLUDING ALL)`)
	if err != nil {
		return nil, fmt.Errorf("create the floor's inbox: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve the webhooks' floor: %w", err)
	}
	f := &hookFloor{url: "http://" + listener.Addr().String(), pool: pool, secret: secret}
	f.server = &http.Server{Handler: f, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = f.server.Serve(listener) }()
	return f, nil
}

func (f *hookFloor) close() error { return f.server.Close() }

// ServeHTTP verifies, inserts and acknowledges.
func (f *hookFloor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "not read", http.StatusBadRequest)
		return
	}
	given, err := hex.DecodeString(trimScheme(r.Header.Get(signatureHeader)))
	if err != nil || !hmac.Equal(given, sign(f.secret, body)) {
		http.Error(w, "wrong signature", http.StatusForbidden)
		return
	}
	if err := f.insert(r.Context(), body); err != nil {
		http.Error(w, "not stored", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusOK)
}

func trimScheme(signature string) string {
	const scheme = "sha256="
	return signature[min(len(scheme), len(signature)):]
}
