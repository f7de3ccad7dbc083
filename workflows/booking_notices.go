package workflows

import (
	"errors"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"cabanas/booking"
)

// outbox sends the notices of a booking in order: those that gather while a send is under way go out together.
type outbox struct {
	waiting []NoticeInput
	sending []NoticeInput
	stop    workflow.CancelFunc
}

// tell queues notices; it returns at once.
func (b *bookingRun) tell(notices ...NoticeInput) {
	if len(notices) == 0 {
		return
	}
	for _, notice := range notices {
		if notice.Kind == "" {
			continue // a link that is made for who does not wait for it
		}
		if notice.Code == "" {
			notice.Code = b.in.Code
		}
		b.outbox.waiting = append(b.outbox.waiting, notice)
	}
	if len(b.outbox.sending) == 0 && len(b.outbox.waiting) > 0 {
		b.outbox.sending, b.outbox.waiting = b.outbox.waiting, nil
		b.spawn(b.background, b.sendNotices)
	}
}

func (b *bookingRun) sendNotices(ctx workflow.Context) {
	for len(b.outbox.sending) > 0 {
		attempt, stop := workflow.WithCancel(ctx)
		b.outbox.stop = stop
		if err := sendAll(attempt, b.outbox.sending); err != nil && attempt.Err() == nil {
			workflow.GetLogger(ctx).Error("notices not sent", "code", b.in.Code, "notices", kinds(b.outbox.sending), "error", err)
		}
		b.outbox.sending, b.outbox.waiting = b.outbox.waiting, nil
	}
}

// dropStale gives up notices that the new status has overtaken: nobody is asked to pay for what is paid or over.
func (b *bookingRun) dropStale() {
	waiting := b.outbox.waiting[:0]
	for _, notice := range b.outbox.waiting {
		if !notice.Kind.Overtaken(b.status) {
			waiting = append(waiting, notice)
		}
	}
	b.outbox.waiting = waiting
	for _, notice := range b.outbox.sending {
		if !notice.Kind.Overtaken(b.status) {
			return
		}
	}
	if len(b.outbox.sending) > 0 {
		b.outbox.stop()
	}
}

// Overtaken reports whether a notice of this kind makes no sense any more for a reservation in that status.
func (k NoticeKind) Overtaken(status booking.Status) bool {
	switch k {
	case NoticeHold, NoticeHalfTime, NoticeLastCall, NoticeExtended, NoticeTransferOffer, NoticeTransferReminder:
		return status != booking.PreReserved
	case NoticePending, NoticeRejected:
		return status == booking.Confirmed
	case NoticeArrival, NoticeBalanceLink, NoticeBalanceReminder, NoticeOwnerBalanceUnpaid:
		return status != booking.Confirmed
	}
	return false
}

// sendAll sends notices in one activity. When one of them can never be sent, the others still are.
func sendAll(ctx workflow.Context, notices []NoticeInput) error {
	priority := priorityReminder
	for _, notice := range notices {
		if !notice.Kind.reminds() {
			priority = priorityNow
		}
	}
	send := sendNotices.run
	if notices[0].Kind.answersPayment() {
		send = sendNotices.promptly
	}
	_, err := send(noticeStep(ctx, kinds(notices), priority), NoticesInput{Notices: notices})
	if err == nil || len(notices) == 1 || temporal.IsCanceledError(err) {
		return err
	}
	var failures []error
	for _, notice := range notices {
		failures = append(failures, sendAll(ctx, []NoticeInput{notice}))
	}
	return errors.Join(failures...)
}

// answersPayment reports whether a guest who has just paid waits for the notice. The others go by the queue: they would hold
// up the answer of an update, or nobody waits for them.
func (k NoticeKind) answersPayment() bool { return k == NoticeConfirmed || k == NoticeLateConfirmed }

func (k NoticeKind) reminds() bool {
	return k == NoticeTransferReminder || k == NoticeBalanceReminder || k == NoticeHalfTime || k == NoticeLastCall || k == NoticeArrival || k == NoticeThanks
}

func kinds(notices []NoticeInput) string {
	names := make([]string, 0, len(notices))
	for _, notice := range notices {
		names = append(names, string(notice.Kind))
	}
	return strings.Join(names, ", ")
}
