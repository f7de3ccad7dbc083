package workflows

import (
	"time"

	"cabanas/booking"
)

// The rule of reminders: a hold is worth a half-time reminder from ten minutes on and a last call from five; the last call
// comes when a quarter of the hold is left, but not earlier than ten minutes before the end.
const (
	worthHalfTime    = 10 * time.Minute
	worthLastCall    = 5 * time.Minute
	earliestLastCall = 10 * time.Minute
)

// reminder is something to do before a hold ends; without a kind it is the end itself.
type reminder struct {
	at     time.Time
	kind   NoticeKind
	suffix string
}

func (r reminder) summary() string {
	switch r.kind {
	case NoticeHalfTime:
		return "half of the hold is over"
	case NoticeLastCall:
		return "last call"
	case NoticeTransferReminder:
		return "a transfer is waited for"
	default:
		return "hold expires"
	}
}

// holdReminders returns the reminders of a hold that lasts for and ends at expires, in order.
func holdReminders(expires time.Time, lasts time.Duration) []reminder {
	var reminders []reminder
	if lasts >= worthHalfTime {
		reminders = append(reminders, reminder{at: expires.Add(-lasts / 2), kind: NoticeHalfTime})
	}
	return append(reminders, lastCall(expires, lasts, "")...)
}

// extensionReminders returns the reminders of an extended hold: a last call of its own.
func extensionReminders(expires time.Time, extension time.Duration) []reminder {
	return lastCall(expires, extension, "2")
}

func lastCall(expires time.Time, lasts time.Duration, suffix string) []reminder {
	if lasts < worthLastCall {
		return nil
	}
	before := min(earliestLastCall, lasts/4)
	return []reminder{{at: expires.Add(-before), kind: NoticeLastCall, suffix: suffix}}
}

// dropPastReminders forgets reminders whose time has gone by: a hold may start or be extended late.
func (b *bookingRun) dropPastReminders(now time.Time) {
	for len(b.reminders) > 0 && !b.reminders[0].at.After(now) {
		b.reminders = b.reminders[1:]
	}
}

// remind sends the reminder whose time has come, unless the guest has no link to pay with or no time left.
func (b *bookingRun) remind(now time.Time, due reminder) {
	if b.link.url == "" && !b.transfer || b.status != booking.PreReserved || !now.Before(b.expiresAt) {
		return
	}
	b.tell(NoticeInput{Kind: due.kind, Suffix: due.suffix})
}
