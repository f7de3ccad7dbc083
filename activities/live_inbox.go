package activities

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"cabanas/booking"
	"cabanas/store/postgres"
)

// Monitor is where staff sees what was changed by whom, and the deliveries that came in.
type Monitor struct {
	Store MonitorStore
	// Inbox hands deliveries on again.
	Inbox *Inbox
	Now   func() time.Time
}

// MonitorStore is what the monitor reads and writes.
type MonitorStore interface {
	AuditLines(ctx context.Context, filter postgres.AuditFilter, before int64, most int) ([]postgres.AuditLine, error)
	InboxEntries(ctx context.Context, provider string, status postgres.InboxStatus, before int64, most int) ([]postgres.InboxEntry, error)
	InboxDelivery(ctx context.Context, id int64) (postgres.InboxItem, postgres.InboxEntry, error)
	RecordByStaff(ctx context.Context, by postgres.Author, entry postgres.AuditEntry, now time.Time) error
}

// AuditLog lists what was changed, newest first.
func (m *Monitor) AuditLog(ctx context.Context, filter postgres.AuditFilter, before int64, most int) ([]postgres.AuditLine, error) {
	return m.Store.AuditLines(ctx, filter, before, most)
}

// Deliveries lists what providers delivered, newest first.
func (m *Monitor) Deliveries(ctx context.Context, provider string, status postgres.InboxStatus, before int64, most int) ([]postgres.InboxEntry, error) {
	return m.Store.InboxEntries(ctx, provider, status, before, most)
}

// Retry hands a delivery on again, also one that was handed on: whoever gets it knows what it has seen. It returns how far the
// delivery is then; [booking.CodeUnavailable] says that it did not work, and the relay goes on trying what never arrived.
func (m *Monitor) Retry(ctx context.Context, id int64, by postgres.Author) (postgres.InboxEntry, error) {
	item, entry, err := m.Store.InboxDelivery(ctx, id)
	if err != nil {
		return postgres.InboxEntry{}, err
	}
	// Written before the try: it happened, whatever comes of it.
	facts := map[string]any{"status": entry.Status, "attempts": entry.Attempts}
	if err := m.Store.RecordByStaff(ctx, by, postgres.AuditEntry{Action: "webhook.retried", Entity: "webhook",
		EntityID: strconv.FormatInt(id, 10), Before: facts}, m.Now()); err != nil {
		return postgres.InboxEntry{}, err
	}
	if err := m.Inbox.dispatch(ctx, item); err != nil {
		slog.WarnContext(ctx, "delivery not handed on again", "inbox_id", id, "provider", item.Provider, "error", err)
		return postgres.InboxEntry{}, booking.Refuse(booking.CodeUnavailable, "the delivery could not be handed on; the relay tries again")
	}
	if err := m.Inbox.Store.MarkDispatched(ctx, []int64{id}, m.Now()); err != nil {
		return postgres.InboxEntry{}, err
	}
	_, entry, err = m.Store.InboxDelivery(ctx, id)
	return entry, err
}
