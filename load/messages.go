package load

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"
)

// question is the message a guest begins with; answering it reads the catalogue, the calendar and prices.
const question = "Hola! Tenés algo libre del 10 al 14 de enero para 4 personas?"

// messages go from the signed webhook to the request of the reply that reaches WhatsApp.
func (w *workload) messages() Scenario {
	return Scenario{
		Name:  "messages",
		Ours:  "signed webhook with a question about dates, until the reply is posted to WhatsApp",
		Floor: "signal-with-start and one empty local activity",
		ours:  w.asGuest(w.ask), floor: w.asGuest(w.floors.converse),
		Workers: []int{16, 48}, prepare: w.meetEveryGuest, reset: w.nights.clear,
		check: func(ctx context.Context, o Outcome) error {
			var unanswered int64
			err := w.Pool.QueryRow(ctx, `SELECT count(*) FROM messages WHERE direction = 'in' AND status = 'received'`).Scan(&unanswered)
			if err != nil {
				return fmt.Errorf("count unanswered messages: %w", err)
			}
			if unanswered > o.Failed {
				return fmt.Errorf("%w: %d messages have no turn, %d failed", ErrAccount, unanswered, o.Failed)
			}
			return nil
		},
	}
}

// meetEveryGuest begins a conversation with each, on both sides: what is measured is the message in the middle of one.
func (w *workload) meetEveryGuest(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(sampleWorkers)
	for guest := range cap(w.writers) {
		meet := bounded(func(ctx context.Context) error { return errors.Join(w.ask(ctx, guest), w.floors.converse(ctx, guest)) })
		group.Go(func() error { return meet(ctx) })
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("begin the conversations: %w", err)
	}
	return nil
}

// asGuest lends a guest to an iteration: a person waits for the answer before writing again.
func (w *workload) asGuest(do func(context.Context, int) error) Iteration {
	return func(ctx context.Context) error {
		select {
		case guest := <-w.writers:
			defer func() { w.writers <- guest }()
			return do(ctx, guest)
		case <-ctx.Done():
			return fmt.Errorf("a guest who is not waiting %w", errNotInTime)
		}
	}
}

func (w *workload) ask(ctx context.Context, guest int) error {
	phone := phoneOf(writingGuests, guest)
	replied, forget := w.Provider.Expect(GuestKey(phone))
	defer forget()
	if err := w.postMessage(ctx, w.API+"/api/v1/webhooks/whatsapp", w.phoneID, phone); err != nil {
		return err
	}
	return await(ctx, replied, "the reply")
}

// webhooks are acknowledged and nothing more: they bring messages to a number that is not ours, so that what follows is only the
// marking of the delivery.
func (w *workload) webhooks() Scenario {
	const otherNumber = "100000000000002"
	send := func(address string) Iteration {
		return func(ctx context.Context) error {
			return w.postMessage(ctx, address, otherNumber, phoneOf(writingGuests, 0))
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

var wamid atomic.Int64

// postMessage delivers a text as Meta does.
func (w *workload) postMessage(ctx context.Context, address, phoneID, from string) error {
	now := time.Now()
	body, err := json.Marshal(map[string]any{
		"object": "whatsapp_business_account",
		"entry": []any{map[string]any{"id": "1", "changes": []any{map[string]any{"field": "messages", "value": map[string]any{
			"messaging_product": "whatsapp",
			"metadata":          map[string]string{"display_phone_number": "5493510000000", "phone_number_id": phoneID},
			"contacts":          []any{map[string]any{"profile": map[string]string{"name": "Carga"}, "wa_id": from}},
			"messages": []any{map[string]any{
				"from": from, "id": fmt.Sprintf("wamid.%d.%d", now.UnixNano(), wamid.Add(1)), "timestamp": strconv.FormatInt(now.Unix(), 10),
				"type": "text", "text": map[string]string{"body": question},
			}},
		}}}}},
	})
	if err != nil {
		return fmt.Errorf("encode a message: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("deliver a message: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(signatureHeader, "sha256="+hex.EncodeToString(sign(w.whatsAppSecret, body)))
	response, err := w.HTTP.Do(request)
	if err != nil {
		return errors.New("deliver a message: " + rootCause(err))
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return errors.New("read the acknowledgement: " + rootCause(err))
	}
	return wantStatus(response, http.StatusOK)
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
	key := sha256.Sum256(body)
	_, err = f.pool.Exec(r.Context(), `INSERT INTO load_floor_inbox (provider, event_key, body, received_at, due_at)
		VALUES ('whatsapp', $1, $2, now(), now()) ON CONFLICT DO NOTHING`, hex.EncodeToString(key[:]), body)
	if err != nil {
		http.Error(w, "not stored", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusOK)
}

func trimScheme(signature string) string {
	const scheme = "sha256="
	return signature[min(len(scheme), len(signature)):]
}
