package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// Cashbox is where people of the business write down money that no provider tells of.
type Cashbox struct {
	Store     CashboxStore
	Processes CashboxProcesses
	// OwnerPhone is asked whose a credit is that several holds wait for; empty when nobody is.
	OwnerPhone string
	// Mailbox mails that question beside; nil does not.
	Mailbox *Mailbox
	Now     func() time.Time
}

// CashboxStore is what the cash box reads and writes.
type CashboxStore interface {
	Property(ctx context.Context) (booking.Property, error)
	Reservation(ctx context.Context, code string) (postgres.Reservation, error)
	RecordPayment(ctx context.Context, payment postgres.RecordedPayment, now time.Time) (postgres.Recorded, error)
	RecordedPayment(ctx context.Context, key string) (paymentID string, found bool, err error)
	ImportMovement(ctx context.Context, movement postgres.Movement, by postgres.Author, now time.Time) (postgres.Imported, error)
	BookedPayments(ctx context.Context, code string) ([]postgres.BookedPayment, error)
	MarkReturned(ctx context.Context, code string, refundID int64, by postgres.Author, now time.Time) error
	QueueNotice(ctx context.Context, notice postgres.Notice, now time.Time) (int64, error)
}

// CashboxProcesses wakes whoever has to know of recorded money.
type CashboxProcesses interface {
	RedeliveryStarter
	Payment(ctx context.Context, code, paymentID string) (bool, error)
	LatePayment(ctx context.Context, in workflows.LatePaymentInput) error
}

// RecordRequest is money that somebody of the business saw.
type RecordRequest struct {
	Code   string
	Method booking.PaymentMethod
	// Amount of the reservation's currency; its own currency may be empty.
	Amount booking.Money
	Note   string
	// Key makes a repetition recognisable; without one the same method and amount of the same day are.
	Key     string
	Confirm bool
	By      postgres.Author
	Via     string
}

// Record counts money and wakes the booking, which tells everybody. It refuses as [postgres.Store.RecordPayment] does. A booking
// that could not be woken hears of it from the next reconciliation.
func (c *Cashbox) Record(ctx context.Context, request RecordRequest) (postgres.Recorded, error) {
	property, err := c.Store.Property(ctx)
	if err != nil {
		return postgres.Recorded{}, err
	}
	if request.Amount, err = inCurrency(request.Amount, property.Currency); err != nil {
		return postgres.Recorded{}, err
	}
	key := recordKey(request.Code, request.Key)
	if request.Key == "" {
		key = fmt.Sprintf("%s/day/%s/%d/%s", request.Code, request.Method, request.Amount.Centavos, booking.DateIn(c.Now(), property.Location))
	}
	recorded, err := c.Store.RecordPayment(ctx, postgres.RecordedPayment{
		Code: request.Code, Method: request.Method, Amount: request.Amount, Note: request.Note,
		Key: key, Confirm: request.Confirm, By: request.By, Via: request.Via,
	}, c.Now())
	if err != nil {
		return recorded, err
	}
	c.wake(ctx, request.Code, recorded.PaymentID)
	return recorded, nil
}

// inCurrency gives an amount without a currency the property's, and refuses another.
func inCurrency(amount booking.Money, currency string) (booking.Money, error) {
	if amount.Currency != "" && amount.Currency != currency {
		return amount, &booking.FieldError{Field: "amount", Rule: "must be in " + currency}
	}
	amount.Currency = currency
	return amount, nil
}

func recordKey(code, key string) string { return code + "/key/" + key }

// recordedBefore reports whether money was recorded under a key of a booking, and wakes the booking again: who recorded it may have
// died before it did.
func (c *Cashbox) recordedBefore(ctx context.Context, code, key string) (bool, error) {
	paymentID, found, err := c.Store.RecordedPayment(ctx, recordKey(code, key))
	if found {
		c.wake(ctx, code, paymentID)
	}
	return found, err
}

// Import takes a credit of the bank account. One that several holds wait for is asked about.
func (c *Cashbox) Import(ctx context.Context, movement postgres.Movement, by postgres.Author) (postgres.Imported, error) {
	property, err := c.Store.Property(ctx)
	if err != nil {
		return postgres.Imported{}, err
	}
	if movement.Amount, err = inCurrency(movement.Amount, property.Currency); err != nil {
		return postgres.Imported{}, err
	}
	imported, err := c.Store.ImportMovement(ctx, movement, by, c.Now())
	if err != nil {
		return imported, err
	}
	switch imported.Outcome {
	case postgres.MovementMatched:
		c.wake(ctx, imported.Candidates[0], imported.PaymentID)
	case postgres.MovementAmbiguous:
		if len(imported.Candidates) > 0 {
			err = c.askWhose(ctx, movement, imported.Candidates)
		}
	case postgres.MovementUnmatched:
	}
	return imported, err
}

// Payments lists what was paid for a reservation, oldest first, with the reservation.
func (c *Cashbox) Payments(ctx context.Context, code string) (postgres.Reservation, []postgres.BookedPayment, error) {
	r, err := c.Store.Reservation(ctx, code)
	if err != nil {
		return r, nil, err
	}
	payments, err := c.Store.BookedPayments(ctx, code)
	return r, payments, err
}

// MarkReturned notes that the owner gave money back by hand, see [postgres.Store.MarkReturned].
func (c *Cashbox) MarkReturned(ctx context.Context, code string, refundID int64, by postgres.Author) (postgres.Reservation, error) {
	if err := c.Store.MarkReturned(ctx, code, refundID, by, c.Now()); err != nil {
		return postgres.Reservation{}, err
	}
	return c.Store.Reservation(ctx, code)
}

func (c *Cashbox) wake(ctx context.Context, code, paymentID string) {
	delivered, err := c.Processes.Payment(ctx, code, paymentID)
	if err == nil && !delivered {
		err = c.Processes.LatePayment(ctx, workflows.LatePaymentInput{PaymentID: paymentID, Code: code})
	}
	if err != nil {
		slog.WarnContext(ctx, "booking not woken, reconciliation tells it", "code", code, "payment_id", paymentID, "error", err)
	}
}

// askWhose asks the owner, once, which of the holds a credit is for.
func (c *Cashbox) askWhose(ctx context.Context, movement postgres.Movement, codes []string) error {
	words := dialogue.AskWhoseTransfer(movement.Amount, codes)
	reply, err := json.Marshal(words)
	if err != nil {
		return fmt.Errorf("encode notice: %w", err)
	}
	key := fmt.Sprintf("movement/%s/%d/%d", movement.Reference, movement.Amount.Centavos, movement.CreditedAt.Unix())
	id, err := c.Store.QueueNotice(ctx, postgres.Notice{Key: key, Owner: true, OwnerPhone: c.OwnerPhone, Reply: reply, TraceID: observe.Trace(ctx)}, c.Now())
	if err != nil {
		return err
	}
	err = c.Mailbox.alarm(ctx, key, about{kind: workflows.NoticeOwnerTransfer}, words)
	if err != nil || id == 0 {
		return err
	}
	return c.Processes.Redelivery(ctx, id)
}

// RecordedStore is what the payment activities read of money recorded by hand.
type RecordedStore interface {
	HearRecorded(ctx context.Context, paymentID, asker string, now time.Time) (postgres.Settlement, error)
	UnheardRecorded(ctx context.Context, before time.Time, most int) ([]postgres.RecordedRef, error)
}

// hearRecorded is the settlement of a payment that was counted when it was recorded: no provider knows it.
func (a *Payments) hearRecorded(ctx context.Context, paymentID string) (workflows.Settlement, error) {
	heard, err := a.Store.HearRecorded(ctx, paymentID, asker(ctx), a.Now())
	if err != nil {
		return workflows.Settlement{}, asTemporal(err)
	}
	if heard.News {
		a.Metrics.PaymentsSettled.WithLabelValues(string(heard.Verdict)).Inc()
	}
	result := workflows.Settlement{PaymentID: heard.PaymentID, Code: heard.Code, Verdict: heard.Verdict, Status: heard.Status,
		News: heard.News, Amount: heard.Amount}
	if heard.Status == booking.Confirmed && (heard.Verdict == booking.VerdictConfirm || heard.Verdict == booking.VerdictLate) {
		result.LinkClosed, err = a.confirmed(ctx, heard)
	}
	return result, asTemporal(err)
}

// unheardAfter is how long whoever recorded a payment has to wake its booking.
const unheardAfter = time.Minute

// handOnRecorded wakes the bookings of recorded payments that nobody took over: a process died between the two.
func (a *Payments) handOnRecorded(ctx context.Context) ([]workflows.Settlement, error) {
	unheard, err := a.Store.UnheardRecorded(ctx, a.Now().Add(-unheardAfter), reconcileMost)
	if err != nil {
		return nil, err
	}
	var handedOn []workflows.Settlement
	for _, ref := range unheard {
		if err := a.handOn(ctx, ref.Code, ref.PaymentID); err != nil {
			return handedOn, err
		}
		handedOn = append(handedOn, workflows.Settlement{PaymentID: ref.PaymentID, Code: ref.Code, News: true})
	}
	return handedOn, nil
}

var errReturnedByHand = errors.New("no provider has this money: the owner returns it by hand")

// returnByHand leaves a refund of recorded money to the owner, who is told by the booking as of every refund that is stuck.
func (a *Payments) returnByHand(ctx context.Context, plan postgres.Refund) error {
	if plan.Status != postgres.RefundByHand {
		if err := a.Store.FinishRefund(ctx, plan.ID, "", postgres.RefundByHand, a.Now()); err != nil {
			return err
		}
	}
	return final(errReturnedByHand, workflows.ErrorPaymentRejected)
}
