package activities

import (
	"context"
	"iter"
	"log/slog"
	"net/url"
	"strconv"
	"time"

	"go.temporal.io/sdk/activity"

	"cabanas/booking"
	"cabanas/gateways/mercadopago"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// Payments makes payment links and finds out what became of payments. A notification is only a hint: what counts is what
// the provider answers when asked, and only the ledger in the database decides.
type Payments struct {
	Store     PaymentStore
	Provider  PaymentProvider
	Locks     NightLocks
	Processes Processes
	Bookings  BookingResumer
	Terms     Terms
	// NotificationURL is the address of our webhook; the reservation code is added to it as a hint.
	NotificationURL *url.URL
	// Pages are where guests come back to from the checkout.
	Pages PayPages
	// CollectorID is the account that must have received a payment; 0 does not check.
	CollectorID int64
	// LiveOnly parks payments made with test credentials.
	LiveOnly bool
	// Feeds are asked before a payment confirms; nil asks none.
	Feeds   FeedPromises
	Metrics *observe.Metrics
	Now     func() time.Time
}

var _ workflows.PaymentActivities = (*Payments)(nil)

// PaymentProvider is the payment gateway.
type PaymentProvider interface {
	CreatePreference(ctx context.Context, request mercadopago.PreferenceRequest, idempotencyKey string) (mercadopago.Preference, error)
	ClosePreference(ctx context.Context, id string, at time.Time) error
	Payment(ctx context.Context, id int64) (mercadopago.Payment, error)
	SearchPayments(ctx context.Context, externalReference string) ([]mercadopago.Payment, error)
	SearchPage(ctx context.Context, search mercadopago.Search) (mercadopago.Page, error)
	PaymentsUpdated(ctx context.Context, from, to time.Time) iter.Seq2[mercadopago.Payment, error]
	Refund(ctx context.Context, paymentID int64, amount *booking.Money, idempotencyKey string) (mercadopago.Refund, error)
	Refunds(ctx context.Context, paymentID int64) ([]mercadopago.Refund, error)
}

// PaymentStore is what the payment activities read and write.
type PaymentStore interface {
	RecordedStore
	ReceiptStore
	LackingReceipts(ctx context.Context, most int) ([]string, error)
	CatalogueStore
	Reservation(ctx context.Context, code string) (postgres.Reservation, error)
	SavePaymentLink(ctx context.Context, link postgres.PaymentLink, now time.Time) (postgres.PaymentLink, error)
	PaymentLink(ctx context.Context, code string, kind booking.LinkKind, attempt int) (postgres.PaymentLink, bool, error)
	OpenPaymentLinks(ctx context.Context, code string) ([]postgres.PaymentLink, error)
	ClosePaymentLink(ctx context.Context, providerID string, now time.Time) error
	ReservationsAwaitingPayment(ctx context.Context, since time.Time, limit int) ([]string, error)
	PaymentVersion(ctx context.Context, providerID string) (updatedAt time.Time, known bool, err error)
	LastSweep(ctx context.Context) (through, deep time.Time, err error)
	SaveSweep(ctx context.Context, sweep postgres.Sweep, now time.Time) error
	LedgerPayments(ctx context.Context, providerIDs []string) (map[string]postgres.LedgerPayment, error)
	PaymentDay(ctx context.Context, day booking.Date) (postgres.PaymentDay, bool, error)
	SavePaymentDay(ctx context.Context, day postgres.PaymentDay, now time.Time) (postgres.PaymentDay, error)
	OfferAlternative(ctx context.Context, providerID string, offers []booking.LateOffer, until, now time.Time) (postgres.Alternative, bool, error)
	AcceptAlternative(ctx context.Context, providerID string, now time.Time) (postgres.Change, error)
	EndAlternative(ctx context.Context, providerID string, as postgres.AlternativeStatus, now time.Time) (postgres.Alternative, error)
	Settle(ctx context.Context, report postgres.PaymentReport, now time.Time) (postgres.Settlement, error)
	Park(ctx context.Context, what postgres.UnreadablePayment, now time.Time) (postgres.Settlement, error)
	PlanRefunds(ctx context.Context, order postgres.RefundOrder, now time.Time) ([]postgres.Refund, error)
	DecideRefund(ctx context.Context, code, reason string, decision postgres.RefundDecision, by booking.Actor, staffID int64,
		now time.Time) (postgres.RefundDecision, error)
	ShrinkRefund(ctx context.Context, refund postgres.Refund, amount booking.Money, now time.Time) error
	PlanRefund(ctx context.Context, providerPaymentID string, amount booking.Money, reason string, now time.Time) (postgres.Refund, error)
	TryRefund(ctx context.Context, id int64, now time.Time) error
	Refunds(ctx context.Context, providerPaymentID string) ([]postgres.Refund, error)
	FinishRefund(ctx context.Context, id int64, providerRefundID string, status postgres.RefundStatus, now time.Time) error
	CreditedPayments(ctx context.Context, code string) ([]postgres.CreditedPayment, error)
}

// BookingResumer starts the workflow of a reservation that was confirmed after its first workflow had ended.
type BookingResumer interface {
	Resume(ctx context.Context, in workflows.BookingInput) error
}

func notFound(err error) bool { return mercadopago.ReasonOf(err) == mercadopago.ReasonNotFound }

// SettlePayment asks the provider for one payment and applies the answer to the ledger. An answer that cannot be read is parked
// with what came: it would be the same tomorrow, and the owner has to know today.
func (a *Payments) SettlePayment(ctx context.Context, in workflows.SettleInput) (workflows.Settlement, error) {
	if isUnreadableName(in.PaymentID) {
		return a.park(ctx, in.PaymentID, in.Code, nil, asker(ctx))
	}
	if postgres.IsRecorded(in.PaymentID) {
		return a.hearRecorded(ctx, in.PaymentID)
	}
	id, err := providerID(in.PaymentID)
	if err != nil {
		return workflows.Settlement{}, asTemporal(err)
	}
	payment, err := a.Provider.Payment(ctx, id)
	if broken := mercadopago.Unreadable(err); len(broken) > 0 && mercadopago.ReasonOf(err) == mercadopago.ReasonUnreadable {
		return a.park(ctx, in.PaymentID, in.Code, broken[0].Raw, asker(ctx))
	}
	if err != nil {
		return workflows.Settlement{}, asTemporal(err)
	}
	return a.settle(ctx, payment)
}

func (a *Payments) settle(ctx context.Context, payment mercadopago.Payment) (workflows.Settlement, error) {
	report := a.report(payment)
	report.Asker = asker(ctx)
	var err error
	if report.CollectorOurs, err = a.collectorOurs(ctx, payment); err != nil {
		return workflows.Settlement{}, asTemporal(err)
	}
	if err := a.followRefunds(ctx, payment); err != nil {
		return workflows.Settlement{}, asTemporal(err)
	}
	a.askFeeds(ctx, payment)
	settled, err := a.Store.Settle(ctx, report, a.Now())
	if err != nil {
		return workflows.Settlement{}, asTemporal(err)
	}
	if settled.News {
		a.Metrics.PaymentsSettled.WithLabelValues(string(settled.Verdict)).Inc()
		if !payment.DateLastUpdated.IsZero() {
			a.Metrics.PaymentLag.Observe(max(a.Now().Sub(payment.DateLastUpdated), 0).Seconds())
		}
		slog.InfoContext(ctx, "payment settled", "payment_id", settled.PaymentID, "code", settled.Code,
			"verdict", string(settled.Verdict), "status", string(settled.Status))
	}
	result := workflows.Settlement{
		PaymentID: settled.PaymentID, Code: settled.Code, Verdict: settled.Verdict, Status: settled.Status,
		News: settled.News, Amount: settled.Amount, Case: settled.Case, Surplus: settled.Surplus, Returned: settled.Returned, AlsoDue: settled.AlsoDue,
	}
	if settled.Status == booking.Confirmed && (settled.Verdict == booking.VerdictConfirm || settled.Verdict == booking.VerdictLate) {
		result.LinkClosed, err = a.confirmed(ctx, settled)
	}
	return result, asTemporal(err)
}

// asker names the workflow that asks, over all its attempts: one that died before its answer was heard gets the same answer
// again.
func asker(ctx context.Context) string {
	if !activity.IsActivity(ctx) {
		return ""
	}
	return activity.GetInfo(ctx).WorkflowExecution.RunID
}

// linkTimeout bounds the closing of a link beside a settlement; the booking's workflow sees to it when it takes longer.
const linkTimeout = 2 * time.Second

// confirmed does what a confirmation leaves to do at once: the night locks are freed, because the row itself holds the nights
// from now on, and the link is closed. It reports whether the link is.
func (a *Payments) confirmed(ctx context.Context, settled postgres.Settlement) (bool, error) {
	r, err := a.Store.Reservation(ctx, settled.Code)
	if err != nil {
		return false, err
	}
	if settled.News {
		a.Metrics.ReservationsConfirmed.WithLabelValues(string(r.Channel)).Inc()
	}
	releaseNights(ctx, a.Locks, a.Metrics, r.AccommodationID, r.Stay, r.Code)
	closing, cancel := context.WithTimeout(ctx, linkTimeout)
	defer cancel()
	if _, err := a.ClosePaymentLink(closing, workflows.LinkCloseInput{Code: r.Code, Kind: booking.LinkDeposit}); err != nil {
		slog.WarnContext(ctx, "payment link not closed yet", "code", r.Code, "error", err)
		return false, nil
	}
	return true, nil
}

// report is a payment in the ledger's words. An amount that cannot be trusted is reported as none, which can only be parked.
func (a *Payments) report(payment mercadopago.Payment) postgres.PaymentReport {
	if payment.AmountError != nil {
		payment.Amount.Centavos, payment.Refunded.Centavos = 0, 0
	}
	return postgres.PaymentReport{
		ProviderID: paymentID(payment), Reference: payment.ExternalReference, Status: payment.Status, StatusDetail: payment.StatusDetail,
		Amount: payment.Amount, RefundedAmount: payment.Refunded, Dispute: booking.Dispute(payment.Dispute()), UpdatedAt: payment.DateLastUpdated, Raw: withoutPayer(payment.Raw),
	}
}

// collectorOurs reports whether the money went to our account. Without a configured account it is the one that the
// reservation's link was made for; a payment that does not say who collected it then counts.
func (a *Payments) collectorOurs(ctx context.Context, payment mercadopago.Payment) (bool, error) {
	if a.LiveOnly && !payment.LiveMode {
		return false, nil
	}
	if a.CollectorID != 0 {
		return payment.CollectorID == a.CollectorID, nil
	}
	link, _, err := a.Store.PaymentLink(ctx, payment.ExternalReference, "", 0)
	if err != nil {
		return false, err
	}
	account := mercadopago.CollectorOf(link.ProviderID)
	return account == 0 || payment.CollectorID == 0 || payment.CollectorID == account, nil
}

func paymentID(payment mercadopago.Payment) string { return strconv.FormatInt(payment.ID, 10) }

func providerID(paymentID string) (int64, error) {
	id, err := strconv.ParseInt(paymentID, 10, 64)
	if err != nil || id <= 0 {
		return 0, booking.Refuse(booking.CodeInvalidInput, "not a payment id of the provider")
	}
	return id, nil
}

// ForwardPayment wakes the running Booking workflow of a reservation.
func (a *Payments) ForwardPayment(ctx context.Context, in workflows.SettleInput) (workflows.ForwardResult, error) {
	delivered, err := a.Processes.Payment(ctx, in.Code, in.PaymentID)
	return workflows.ForwardResult{Delivered: delivered}, asTemporal(err)
}

// ResumeBooking starts the workflow of a reservation that a late payment confirmed.
func (a *Payments) ResumeBooking(ctx context.Context, ref workflows.ReservationRef) (workflows.Done, error) {
	r, err := a.Store.Reservation(ctx, ref.Code)
	if err != nil {
		return workflows.Done{}, asTemporal(err)
	}
	return workflows.Done{}, asTemporal(a.Bookings.Resume(ctx, workflows.BookingInput{
		Code: r.Code, AccommodationID: r.AccommodationID, UnitName: r.UnitName, Stay: r.Stay, Guests: r.Guests, GuestID: r.GuestID,
		Channel: r.Channel, HoldFor: a.Terms.HoldFor, Extension: a.Terms.Extension, Grace: a.Terms.Grace, Resume: true,
	}))
}
