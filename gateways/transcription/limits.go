package transcription

import "time"

const (
	// MaxDuration is the longest sound that is listened to.
	MaxDuration = 5 * time.Minute
	// MaxBytes is the largest file that is listened to: WhatsApp's own limit of a sound.
	MaxBytes = 16 << 20
)
