package config

import "time"

// Retention says how long things are kept that no open process needs; 0 keeps for ever. See docs/privacy.md.
type Retention struct {
	WebhookDays       int
	DialogueDays      int
	MailDays          int
	RecordDays        int
	MessageMonths     int
	GuestMonths       int
	BookedGuestMonths int
	// Every is how often the housekeeping runs; 0 never does.
	Every time.Duration
}
