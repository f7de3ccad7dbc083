package activities

import (
	"context"
	"log/slog"
	"time"

	"cabanas/booking"
	"cabanas/gateways/mercadopago"
	"cabanas/internal/observe"
)

// FeedPromises asks the calendars of other channels just before a promise; [Calendars] is one.
type FeedPromises interface {
	// Freshen fetches the feeds of a cabin that are older than a minute, within the budget.
	Freshen(ctx context.Context, accommodationID int64, budget time.Duration) (Freshness, error)
	// NoteStale writes into the story of a booking that it was promised without a fresh answer of these feeds.
	NoteStale(ctx context.Context, code, moment string, feeds []int64) error
}

// Moments of a promise, as labels and as words of the flight recorder.
const (
	momentHold    = "hold"
	momentConfirm = "confirm"
)

// freshen asks the feeds before a promise. Trouble of ours is like feeds that do not answer: the promise goes on, and it is said.
// An attempt that has little time spends half of it at most.
func freshen(ctx context.Context, feeds FeedPromises, metrics *observe.Metrics, moment string, accommodationID int64) Freshness {
	if feeds == nil {
		return Freshness{}
	}
	budget := FreshBudget
	if deadline, limited := ctx.Deadline(); limited {
		budget = min(budget, time.Until(deadline)/2)
	}
	fresh, err := feeds.Freshen(ctx, accommodationID, budget)
	outcome := "fresh"
	switch {
	case err != nil:
		slog.WarnContext(ctx, "feeds not asked", "accommodation_id", accommodationID, "moment", moment, "error", err)
		outcome = "unknown"
	case len(fresh.Stale) > 0:
		slog.WarnContext(ctx, "feeds are stale", "accommodation_id", accommodationID, "moment", moment, "stale", fresh.Stale)
		outcome = "stale"
	case len(fresh.Asked) > 0:
		outcome = "refreshed"
	}
	metrics.ICalFreshness.WithLabelValues(moment, outcome).Inc()
	return fresh
}

// noteStale says in the booking's story what was not known when it was promised. A note that cannot be written is only logged:
// the promise was made.
func noteStale(ctx context.Context, feeds FeedPromises, code, moment string, stale []int64) {
	if feeds == nil || len(stale) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	if err := feeds.NoteStale(ctx, code, moment, stale); err != nil {
		slog.WarnContext(ctx, "stale feeds not noted", "code", code, "error", err)
	}
}

// askFeeds asks the feeds of a wish and, when one of them was asked, looks again whether it can still be booked.
func (d *FrontDesk) askFeeds(ctx context.Context, wish *offered, stay booking.Stay, guests int) error {
	fresh := freshen(ctx, d.Feeds, d.Metrics, momentHold, wish.place.ID)
	if len(fresh.Asked) == 0 {
		return nil
	}
	again, err := d.catalogue().offer(ctx, wish.place.ID, stay, guests)
	if err != nil {
		return err
	}
	*wish = again
	wish.stale = fresh.Stale
	return nil
}

// askFeeds asks the feeds before an approved payment that is news confirms a booking: a conflict that they bring is open when the
// ledger decides.
func (a *Payments) askFeeds(ctx context.Context, payment mercadopago.Payment) {
	if a.Feeds == nil || payment.Status != booking.ProviderApproved || !booking.ValidCode(payment.ExternalReference) {
		return
	}
	stored, known, err := a.Store.PaymentVersion(ctx, paymentID(payment))
	if err != nil || known && !payment.DateLastUpdated.After(stored) {
		return
	}
	r, err := a.Store.Reservation(ctx, payment.ExternalReference)
	if err != nil || r.Status != booking.PreReserved && r.Status != booking.Expired {
		return
	}
	fresh := freshen(ctx, a.Feeds, a.Metrics, momentConfirm, r.AccommodationID)
	noteStale(ctx, a.Feeds, r.Code, momentConfirm, fresh.Stale)
}

// NoteStale writes the note into booking_events.
func (c *Calendars) NoteStale(ctx context.Context, code, moment string, feeds []int64) error {
	return c.Store.NoteCalendarStale(ctx, code, moment, feeds, c.Now())
}
