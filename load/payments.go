package load

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"cabanas/booking"
	"cabanas/gateways/mercadopago"
	"cabanas/temporal"
	"cabanas/workflows"
)

// heldPayment is an approved payment of a held booking, of which nobody was told.
type heldPayment struct {
	Code string `json:"code"`
	ID   string `json:"id"`
}

// notifiers is how many notifications are on their way to us at once.
const notifiers = 16

// notifications of payments are sent all at once; the time counts until the last payment stands in the ledger.
func (w *workload) notifications(sizes JobSizes) job {
	var held []heldPayment
	return job{
		Ours: fmt.Sprintf("%d signed notifications at once, each of another booking's payment, until the ledger has every payment: webhook, inbox, "+
			"signal, GET of the payment, settlement", sizes.Notifications),
		Floor: "INSERT into an inbox, signal to a workflow of one activity, GET of the payment, and one statement that writes payment, report and reservation",
		ours: heap{
			ready: func(ctx context.Context) (err error) {
				held, err = w.holdToPay(ctx, sizes.Notifications, w.startHold)
				return err
			},
			do: func(ctx context.Context) (int64, error) { return w.untilApplied(ctx, held, w.notify) },
		},
		floor: heap{
			ready: func(ctx context.Context) (err error) {
				held, err = w.holdToPay(ctx, sizes.Notifications, w.startFloorHold)
				return err
			},
			do: func(ctx context.Context) (int64, error) { return w.untilApplied(ctx, held, w.notifyFloor) },
		},
		rounds: 3,
	}
}

// holdToPay makes holds with a payment each.
func (w *workload) holdToPay(ctx context.Context, count int, hold func(context.Context, place, string) error) ([]heldPayment, error) {
	if err := w.nights.clear(ctx); err != nil {
		return nil, err
	}
	held := make([]heldPayment, count)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(sampleWorkers)
	for n := range held {
		group.Go(func() error {
			at, err := w.nights.next()
			if err != nil {
				return err
			}
			held[n].Code = w.nights.code()
			if err := hold(ctx, at, held[n].Code); err != nil {
				return err
			}
			held[n].ID, err = w.Provider.Approve(held[n].Code)
			return err
		})
	}
	return held, group.Wait()
}

func (w *workload) startHold(ctx context.Context, at place, code string) error {
	outcome, err := temporal.StartBooking(ctx, w.Temporal, workflows.BookingInput{
		Code: code, AccommodationID: at.Cabin, UnitName: "Cabaña", Stay: at.Stay, Guests: cabinGuests, GuestID: w.guests[0],
		Channel: booking.ChannelDirect, TokenHash: []byte("load"), HoldFor: 96 * time.Hour, Extension: 30 * time.Minute, Grace: time.Hour,
	})
	switch {
	case err != nil:
		return errors.New("start the booking: " + rootCause(err))
	case !outcome.Placed:
		return fmt.Errorf("the hold was refused: %s", outcome.Refusal)
	}
	return nil
}

func (w *workload) startFloorHold(ctx context.Context, at place, code string) error {
	if err := w.nights.insertHoldAs(ctx, code, at, w.guests[0]); err != nil {
		return fmt.Errorf("insert a hold: %w", err)
	}
	w.Provider.Owe(code)
	return w.floors.awaitPayment(ctx, code)
}

// untilApplied tells of all payments and waits until each is applied.
func (w *workload) untilApplied(ctx context.Context, held []heldPayment, tell func(context.Context, heldPayment) error) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, iterationTime+time.Duration(len(held))*time.Second/2)
	defer cancel()
	group, telling := errgroup.WithContext(ctx)
	group.SetLimit(notifiers)
	ids := make([]string, len(held))
	for n, payment := range held {
		ids[n] = payment.ID
		group.Go(func() error { return tell(telling, payment) })
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	for {
		var applied int64
		err := w.Pool.QueryRow(ctx, `SELECT count(*) FROM payments WHERE provider_id = ANY($1) AND disposition = 'applied'`, ids).Scan(&applied)
		switch {
		case err != nil:
			return applied, fmt.Errorf("%w: %d of %d payments applied: %w", ErrAccount, applied, len(held), err)
		case applied == int64(len(held)):
			return applied, nil
		}
		const glance = 10 * time.Millisecond
		if !sleepUntil(ctx, time.Now().Add(glance)) {
			return applied, fmt.Errorf("%w: %d of %d payments applied in time", ErrAccount, applied, len(held))
		}
	}
}

// notify sends a notification as Mercado Pago signs it.
func (w *workload) notify(ctx context.Context, payment heldPayment) error {
	requestID, at := "load-"+payment.ID, fmt.Sprint(time.Now().UnixMilli())
	mac := hmac.New(sha256.New, []byte(w.mercadoPagoSecret))
	fmt.Fprintf(mac, "id:%s;request-id:%s;ts:%s;", payment.ID, requestID, at)
	body := notificationOf(payment.ID)
	query := url.Values{"data.id": {payment.ID}, "type": {"payment"}, "ref": {payment.Code}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.API+"/api/v1/webhooks/mercadopago?"+query.Encode(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(mercadopago.RequestIDHeader, requestID)
	request.Header.Set(mercadopago.SignatureHeader, "ts="+at+",v1="+hex.EncodeToString(mac.Sum(nil)))
	response, err := w.HTTP.Do(request)
	if err != nil {
		return errors.New("notify: " + rootCause(err))
	}
	defer response.Body.Close()
	return wantStatus(response, http.StatusOK)
}

func notificationOf(paymentID string) []byte {
	return fmt.Appendf(nil, `{"action":"payment.created","api_version":"v1","data":{"id":%q},"date_created":"2026-11-22T12:00:00Z","id":%s,"live_mode":false,`+
		`"type":"payment","user_id":"1"}`, paymentID, paymentID)
}

func (w *workload) notifyFloor(ctx context.Context, payment heldPayment) error {
	_, err := w.Pool.Exec(ctx, `INSERT INTO load_floor_inbox (provider, event_key, body, received_at, due_at)
		VALUES ('mercadopago', $1, $2, now(), now()) ON CONFLICT DO NOTHING`, payment.ID, notificationOf(payment.ID))
	if err != nil {
		return fmt.Errorf("store a notification: %w", err)
	}
	return w.floors.tellPayment(ctx, payment)
}

// settleFloor is the floor's activity: it asks for the payment and writes it down.
func (w *workload) settleFloor(ctx context.Context, payment heldPayment) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.Provider.URL+"/v1/payments/"+payment.ID, nil)
	if err != nil {
		return fmt.Errorf("ask for a payment: %w", err)
	}
	body, err := w.fetch(request)
	if err != nil {
		return err
	}
	return settleRaw(ctx, w.Pool, payment, body)
}

// floorDeposit is what raw holds ask, in centavos.
const floorDeposit = 3_000_000

// settleRaw is the least that puts a payment into the ledger: one statement.
func settleRaw(ctx context.Context, pool *pgxpool.Pool, payment heldPayment, raw []byte) error {
	_, err := pool.Exec(ctx, `
		WITH told AS MATERIALIZED (SELECT set_config('cabanas.change', '{"by":"provider"}', true)),
		paid AS (
			INSERT INTO payments (provider_id, reservation_id, reference, status, amount_centavos, currency, collector_ours, counted, verdict,
				disposition, provider_updated_at, first_received_at, last_received_at)
			SELECT $1, r.id, r.code, 'approved', r.deposit_centavos, r.currency, true, true, 'confirm', 'applied', now(), now(), now()
			FROM reservations r WHERE r.code = $2 RETURNING id, reservation_id, amount_centavos
		), reported AS (
			INSERT INTO payment_events (payment_id, status, amount_centavos, refunded_centavos, provider_updated_at, verdict, raw, received_at)
			SELECT id, 'approved', amount_centavos, 0, now(), 'confirm', $3, now() FROM paid
		)
		UPDATE reservations r SET reservation_status = 'confirmed', payment_status = 'partially_paid', paid_centavos = paid.amount_centavos,
			confirmed_at = now(), updated_at = now()
		FROM told, paid WHERE r.id = paid.reservation_id`, payment.ID, payment.Code, raw)
	if err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	return nil
}
