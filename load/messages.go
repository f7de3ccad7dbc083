package load

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// messages go from the signed webhook to the request of the reply that reaches WhatsApp.
func (w *workload) messages() Scenario {
	return Scenario{
		Name:  "messages",
		Ours:  "signed webhook with a question about dates, until the reply is posted to WhatsApp",
		Floor: "signal-with-start and one empty local activity",
		ours:  w.asGuest(w.ask), floor: w.asGuest(w.floors.converse),
		Workers: []int{16, 48}, prepare: w.meetEveryGuest, reset: w.nights.clear,
		check: w.everyTurnTaken,
	}
}

// everyTurnTaken fails when messages were left without a turn.
func (w *workload) everyTurnTaken(ctx context.Context, o Outcome) error {
	var unanswered int64
	err := w.Pool.QueryRow(ctx, `SELECT count(*) FROM messages WHERE direction = 'in' AND status = 'received'`).Scan(&unanswered)
	if err != nil {
		return fmt.Errorf("count unanswered messages: %w", err)
	}
	if unanswered > o.Failed {
		return fmt.Errorf("%w: %d messages have no turn, %d failed", ErrAccount, unanswered, o.Failed)
	}
	return nil
}

// meetEveryGuest begins a conversation with each, once, on both sides: what is measured is the message in the middle of one.
func (w *workload) meetEveryGuest(ctx context.Context) error {
	if w.met {
		return nil
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(sampleWorkers)
	for guest := range cap(w.writers) {
		meet := bounded(func(ctx context.Context) error { return errors.Join(w.ask(ctx, guest), w.floors.converse(ctx, guest)) })
		group.Go(func() error { return meet(ctx) })
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("begin the conversations: %w", err)
	}
	w.met = true
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

// ask asks about dates; answering reads the catalogue, the calendar and prices.
func (w *workload) ask(ctx context.Context, guest int) error {
	return w.await(ctx, guest, textOf(datesQuestion(w.turn(guest))))
}

// turn counts the messages of a guest, who is in one iteration at a time.
func (w *workload) turn(guest int) int {
	w.turns[guest]++
	return w.turns[guest] - 1
}

// await sends a guest's message and waits for the reply.
func (w *workload) await(ctx context.Context, guest int, message map[string]any) error {
	phone := phoneOf(writingGuests, guest)
	replied, forget := w.Provider.Expect(GuestKey(phone))
	defer forget()
	if err := w.postMessage(ctx, w.API+"/api/v1/webhooks/whatsapp", w.phoneID, phone, message); err != nil {
		return err
	}
	return await(ctx, replied, "the reply")
}

func textOf(text string) map[string]any {
	return map[string]any{"type": "text", "text": map[string]string{"body": text}}
}

var wamid atomic.Int64

// postMessage delivers a message of a type as Meta does.
func (w *workload) postMessage(ctx context.Context, address, phoneID, from string, message map[string]any) error {
	body, err := messageBody(phoneID, from, message)
	if err != nil {
		return err
	}
	return w.deliverTo(ctx, address, body)
}

// messageBody is a delivery of one new message.
func messageBody(phoneID, from string, message map[string]any) ([]byte, error) {
	now := time.Now()
	message["from"], message["timestamp"] = from, strconv.FormatInt(now.Unix(), 10)
	message["id"] = fmt.Sprintf("wamid.%d.%d", now.UnixNano(), wamid.Add(1))
	body, err := json.Marshal(map[string]any{
		"object": "whatsapp_business_account",
		"entry": []any{map[string]any{"id": "1", "changes": []any{map[string]any{"field": "messages", "value": map[string]any{
			"messaging_product": "whatsapp",
			"metadata":          map[string]string{"display_phone_number": "5493510000000", "phone_number_id": phoneID},
			"contacts":          []any{map[string]any{"profile": map[string]string{"name": "Carga"}, "wa_id": from}},
			"messages":          []any{message},
		}}}}},
	})
	if err != nil {
		return nil, fmt.Errorf("encode a message: %w", err)
	}
	return body, nil
}

// deliverTo posts a signed delivery and waits for its acknowledgement.
func (w *workload) deliverTo(ctx context.Context, address string, body []byte) error {
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
