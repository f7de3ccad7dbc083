package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"cabanas/booking"
)

// moved takes over what the database says of the reservation. Answers can arrive late and out of order: only a legal step
// forward counts. by is the payment that moved it, zero for anything else.
func (b *bookingRun) moved(change ReservationChange, by Settlement) {
	from := b.status
	if from == booking.PreReserved && change.Status == from && change.ExpiresAt.After(b.expiresAt) {
		b.expiresAt = change.ExpiresAt
	}
	if !from.CanBecome(change.Status) {
		return
	}
	b.status = change.Status
	b.publish()
	b.dropStale()
	if from == booking.PreReserved {
		b.closeLink()
	}
	b.closeBalance(from)
	if b.status == booking.Confirmed {
		b.tellConfirmed(from, by)
	}
}

func (b *bookingRun) tellConfirmed(from booking.Status, by Settlement) {
	if from == booking.Expired && by.PaymentID != "" {
		b.tell(by.lateConfirmed()...)
		return
	}
	b.tell(NoticeInput{Kind: NoticeConfirmed}, NoticeInput{Kind: NoticeOwnerConfirmed})
}

// publish makes the status searchable. A life has three changes of status at most (expired, confirmed late, cancelled or
// completed), which matters: an upsert rewrites a row with 74 indexes.
func (b *bookingRun) publish() {
	err := workflow.UpsertTypedSearchAttributes(b.background, AttributeBookingStatus.ValueSet(string(b.status)))
	if err != nil {
		workflow.GetLogger(b.background).Error("status not published", "code", b.in.Code, "error", err)
	}
}

// show tells people in Temporal's UI where the booking stands.
func (b *bookingRun) show(waitsFor string) {
	b.waitsFor = waitsFor
	var table strings.Builder
	row := func(name, value string) { fmt.Fprintf(&table, "| %s | %s |\n", name, value) }
	row("Booking", b.in.Code)
	row("---", "---")
	row("Unit", b.in.UnitName)
	row("Stay", fmt.Sprintf("%s, %d nights, %d guests", b.in.Stay, b.in.Stay.Nights(), b.in.Guests))
	row("Status", string(b.status))
	row("Waits for", waitsFor)
	for _, line := range b.refunds.lines {
		row("Refund", line.String())
	}
	switch b.status {
	case booking.PreReserved:
		row("Deadline", b.expiresAt.UTC().Format(time.DateTime)+" UTC")
	case booking.Expired:
		row("Late payments until", b.expiresAt.Add(b.in.Grace).UTC().Format(time.DateTime)+" UTC")
	}
	workflow.SetCurrentDetails(b.background, table.String())
}
