package activities

import (
	"strings"

	"cabanas/booking"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// The ways a reminder goes, as labels.
const (
	byWhatsApp = "whatsapp"
	byEmail    = "email"
)

// measureSent counts what a message that WhatsApp just took says about how well guests are served.
func (a *Messaging) measureSent(message postgres.OutboundMessage) {
	if _, kind, isNotice := strings.Cut(message.EffectKey, "/"); isNotice {
		countReminder(a.Metrics, kind, byWhatsApp)
	}
	if !message.AskedAt.IsZero() {
		kind := "text"
		if message.AskedByVoice {
			kind = "audio"
		}
		a.Metrics.ReplyTime.WithLabelValues(kind).Observe(max(a.Now().Sub(message.AskedAt), 0).Seconds())
	}
}

// countReminder counts what reminds of the deadline of a hold.
func countReminder(metrics *observe.Metrics, kind, channel string) {
	switch workflows.NoticeKind(kind) {
	case workflows.NoticeHalfTime, workflows.NoticeLastCall:
		metrics.HoldReminders.WithLabelValues(channel).Inc()
	default:
	}
}

// Where a hold was asked for, as labels.
const (
	sourceAPI  = "api"
	sourceChat = "whatsapp"
)

// countAsked counts what asking for a hold came to.
func (d *FrontDesk) countAsked(source string, err error) {
	action := "pre_reserved"
	switch code := booking.CodeOf(err); {
	case err == nil:
	case code == booking.CodeInternal || code == booking.CodeUnavailable:
		action = "error"
	default:
		action = "refused"
	}
	d.Metrics.DialogueHolds.WithLabelValues(action, source).Inc()
}
