package control

import "time"

// DeliveryFaults disturb webhooks on their way to the business. Nil fields are left as they are.
type DeliveryFaults struct {
	// Duplicate sends every webhook this many extra times.
	Duplicate *int `json:"duplicate,omitempty"`
	// Reorder holds webhooks until this many wait (or two seconds passed) and sends them in another order; below 2 is off.
	Reorder *int `json:"reorder,omitempty"`
	// DelayMS waits before the first attempt.
	DelayMS *int `json:"delay_ms,omitempty"`
	// DropNext loses the next webhooks; DropPercent loses that share of all.
	DropNext    *int `json:"drop_next,omitempty"`
	DropPercent *int `json:"drop_percent,omitempty"`
}

// CallFaults disturb the business's API calls. Nil fields are left as they are.
type CallFaults struct {
	// FailNext refuses the next calls without doing them.
	FailNext *FailNext `json:"fail_next,omitempty"`
	// TimeoutNext carries out the next writing calls and never answers them.
	TimeoutNext *int `json:"timeout_next,omitempty"`
	// Outage answers everything with 503; OutageReset cuts the connection instead.
	Outage      *bool `json:"outage,omitempty"`
	OutageReset *bool `json:"outage_reset,omitempty"`
	// SignWith replaces the webhook secret, so that signatures are wrong; empty restores it.
	SignWith *string `json:"sign_with,omitempty"`
}

// FailNext says how the next Count calls fail.
type FailNext struct {
	Count int `json:"count"`
	// Status is the HTTP status; 0 is 500, or 400 when Code is set. Mercado Pago cycles through Statuses when given.
	Status   int   `json:"status,omitempty"`
	Statuses []int `json:"statuses,omitempty"`
	// Code is the provider's error code (WhatsApp: 131000, 130429, 131056, …).
	Code int `json:"code,omitempty"`
}

// WhatsAppFaults is what can go wrong at WhatsApp.
type WhatsAppFaults struct {
	DeliveryFaults
	CallFaults
	// FailStatusNext accepts the next messages and then reports them failed with Code.
	FailStatusNext *FailNext `json:"fail_status_next,omitempty"`
	// NoStatuses sends no status webhooks.
	NoStatuses *bool `json:"no_statuses,omitempty"`
	// TestNumber refuses recipients written 549… with 131030, as Meta's test numbers do.
	TestNumber *bool `json:"test_number,omitempty"`
	// AllowedNumbers is the recipient list of a test number: any other written number is refused with 131030; an empty list
	// switches it off.
	AllowedNumbers *[]string `json:"allowed_numbers,omitempty"`
	// NoDeliveryTo accepts messages to these written numbers and then reports them failed with 131026; empty switches it off.
	NoDeliveryTo *[]string `json:"no_delivery_to,omitempty"`
	// WindowLate accepts free messages outside the window and then reports them failed with 131047.
	WindowLate *bool `json:"window_late,omitempty"`
	// BadToken refuses every call with 190, as if the token had expired.
	BadToken *bool `json:"bad_token,omitempty"`
	// MessagesPerSecond refuses sends above this rate with 130429; 0 is no limit.
	MessagesPerSecond *int `json:"messages_per_second,omitempty"`
	// PairLimit refuses more than 45 quick messages to one guest, then one per six seconds, with 131056.
	PairLimit *bool `json:"pair_limit,omitempty"`
}

// MercadoPagoFaults is what can go wrong at Mercado Pago.
type MercadoPagoFaults struct {
	DeliveryFaults
	CallFaults
	// Failures refuse chosen calls, or a share of them, without doing them; each set replaces the one before, an empty one ends it.
	Failures *[]CallFailure `json:"failures,omitempty"`
	// CutNext carries out the next writing calls and cuts the connection where the answer begins.
	CutNext *int `json:"cut_next,omitempty"`
	// CallsPerSecond refuses calls above this rate with 429; 0 is no limit.
	CallsPerSecond *int `json:"calls_per_second,omitempty"`
	// LegacyTwins is auto (unless the URL says source_news=webhooks), always, never, or four: a new payment is told with
	// payment.created, payment.updated and both legacy forms, at any address.
	LegacyTwins *string `json:"legacy_twins,omitempty"`
	// RepeatAfterMS sends every notification a second time, so much later; 0 is off.
	RepeatAfterMS *int `json:"repeat_after_ms,omitempty"`
	// TimestampAgeMS signs with a ts so much in the past.
	TimestampAgeMS *int `json:"timestamp_age_ms,omitempty"`
	// Unsigned leaves the signature out.
	Unsigned *bool `json:"unsigned,omitempty"`
	// TimestampUnit of x-signature is s or ms.
	TimestampUnit *string `json:"timestamp_unit,omitempty"`
	// SearchLagMS is how far search is behind: it does not find newer payments, and shows older states of the others.
	SearchLagMS *int `json:"search_lag_ms,omitempty"`
	// NotFoundGets answers the first GETs of every payment made from now on with 404.
	NotFoundGets *int `json:"not_found_gets,omitempty"`
	// RefundsInProcess leaves new refunds in_process until they are settled by control.
	RefundsInProcess *bool `json:"refunds_in_process,omitempty"`
}

// SpeechFaults is what can go wrong at the speech service. Nil fields are left as they are.
type SpeechFaults struct {
	// FailNext refuses the next calls.
	FailNext *FailNext `json:"fail_next,omitempty"`
	// Outage answers everything with 503.
	Outage *bool `json:"outage,omitempty"`
	// DelayMS is how long an answer takes.
	DelayMS *int `json:"delay_ms,omitempty"`
	// LowConfidence answers as an engine does that hardly understood.
	LowConfidence *bool `json:"low_confidence,omitempty"`
	// ModelMissing answers that the model is not installed, whichever is asked for.
	ModelMissing *bool `json:"model_missing,omitempty"`
}

// CallFailure says which calls to Mercado Pago fail, and how.
type CallFailure struct {
	// Operations are create_preference, get_preference, change_preference, search_preferences, get_payment, search_payments,
	// change_payment, refund, list_refunds, get_refund, get_chargeback, get_merchant_order, get_me; empty is all of them.
	Operations []string `json:"operations,omitempty"`
	// Percent of the calls; 0 is all.
	Percent int `json:"percent,omitempty"`
	// Count is how many fail; 0 is without end.
	Count int `json:"count,omitempty"`
	// Statuses are gone through in turn; empty is 500.
	Statuses []int `json:"statuses,omitempty"`
	// Code is the provider's error code: 2001, 2063, 2024, 4040, …
	Code int `json:"code,omitempty"`
	// RetryAfter in seconds goes with any status; 429 has 1 unless it is set.
	RetryAfter int `json:"retry_after,omitempty"`
}

// Delivery is one webhook, waiting or done.
type Delivery struct {
	ID       string    `json:"id"`
	Provider string    `json:"provider"`
	Kind     string    `json:"kind"`
	State    string    `json:"state"`
	Attempts int       `json:"attempts"`
	Last     string    `json:"last,omitempty"`
	At       time.Time `json:"at"`
}

// Deliveries sums up a provider's webhooks and lists the last ones.
type Deliveries struct {
	Pending   int        `json:"pending"`
	Delivered int        `json:"delivered"`
	Dropped   int        `json:"dropped"`
	GivenUp   int        `json:"given_up"`
	Attempts  int        `json:"attempts"`
	Recent    []Delivery `json:"recent"`
}
