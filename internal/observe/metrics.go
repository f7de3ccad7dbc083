package observe

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"cabanas/booking"
)

// Metrics are the measurements of a process, one field each. Label values are from closed sets or small ids of ours, never
// of a person: no phone, name, address, reservation code.
type Metrics struct {
	ReservationsCreated     *prometheus.CounterVec // channel
	ReservationsDateOverlap *prometheus.CounterVec // channel
	ReservationsLockFailed  *prometheus.CounterVec // channel
	ReservationsConfirmed   *prometheus.CounterVec // channel
	HoldsExpired            *prometheus.CounterVec // accommodation_id
	HoldReminders           *prometheus.CounterVec // channel (whatsapp, email)
	// DialogueHolds counts what asking for a hold by chat or API came to: action pre_reserved, refused or error; source whatsapp or api.
	DialogueHolds *prometheus.CounterVec // action, source
	// RedisLockUnavailable counts holds that went on without night locks because Redis did not answer.
	RedisLockUnavailable prometheus.Counter
	WhatsAppSends        *prometheus.CounterVec // result
	// WhatsAppHeldBack counts messages that waited for their turn, by the limit: account, pair or paused.
	WhatsAppHeldBack *prometheus.CounterVec // limit
	// WhatsAppAccountRefused counts refusals of the account or its token, which stop all sending: somebody has to act.
	WhatsAppAccountRefused prometheus.Counter
	// SendBudgetUnavailable counts messages sent without asking the shared budget because Redis did not answer.
	SendBudgetUnavailable prometheus.Counter
	// EmailsSent counts how tries to send a mail ended: sent, dropped, or the mail gateway's reason; type is the kind of notice.
	EmailsSent      *prometheus.CounterVec // type, status
	PaymentsSettled *prometheus.CounterVec // verdict
	// PaymentLag is the time from a payment's change at the provider to its place in the ledger.
	PaymentLag prometheus.Histogram
	// HoldLateness is how long after its deadline a hold gave its nights back.
	HoldLateness prometheus.Histogram
	// ReplyTime is the time from a guest's message in the inbox to the first reply that WhatsApp took.
	ReplyTime *prometheus.HistogramVec // kind (text, audio)
	// Transcriptions counts voice notes by outcome (heard, unclear, silent, too_long, failed); TranscriptionSeconds is the time of
	// each stage (convert, engine).
	Transcriptions       *prometheus.CounterVec   // outcome
	TranscriptionSeconds *prometheus.HistogramVec // stage

	// WebhookReceived counts deliveries acknowledged as stored, repetitions included; WebhookDuplicate those that were known
	// already; WebhookRefused those that were not stored, by reason.
	WebhookReceived  *prometheus.CounterVec // provider
	WebhookDuplicate *prometheus.CounterVec // provider
	WebhookRefused   *prometheus.CounterVec // provider, reason
	// WebhookDispatchLag is the time from the row in the inbox to its delivery to Temporal.
	WebhookDispatchLag *prometheus.HistogramVec // provider

	// Fetches of feeds: good or failed ones with their reason (a word of ours), events that were new, and how long they take.
	ICalSyncErrors     *prometheus.CounterVec // accommodation_id, error_type
	ICalEventsImported *prometheus.CounterVec // accommodation_id, source
	ICalSyncSeconds    prometheus.Histogram
	ICalConflicts      *prometheus.CounterVec // source
	// ICalFreshness counts what asking the feeds just before a promise came to: fresh, refreshed or stale, by what was promised.
	ICalFreshness *prometheus.CounterVec // moment, outcome

	// Repeated writes: answered from the store (hits), carried out (misses), their answers kept (keys), and what went wrong: conflict,
	// lookup, wait, keep or free. The endpoint is the operation of the description.
	IdempotencyHits   *prometheus.CounterVec // endpoint, method
	IdempotencyMisses *prometheus.CounterVec // endpoint, method
	IdempotencyKeys   *prometheus.CounterVec // endpoint
	IdempotencyErrors *prometheus.CounterVec // endpoint, error_type
	// RateLimitBlocked counts requests refused by class; RateLimitErrors the times Redis did not answer, after which nothing is
	// limited for a second.
	RateLimitBlocked *prometheus.CounterVec // class
	RateLimitErrors  prometheus.Counter

	// HousekeepingRows counts what was forgotten because its time was over, by what it was.
	HousekeepingRows *prometheus.CounterVec // what

	// HTTPRequests and HTTPDuration know routes by their template; what matched no route is "unmatched".
	HTTPRequests *prometheus.CounterVec   // handler, method, status (2xx, 3xx, 4xx, 5xx)
	HTTPDuration *prometheus.HistogramVec // handler, method
}

// NewRegistry returns the registry of a process, with the measurements of the Go runtime and the operating system in it.
func NewRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return registry
}

// NewMetrics makes the metrics and registers them; it panics when one of the names is taken in the registerer.
func NewMetrics(registerer prometheus.Registerer) *Metrics {
	r := registry{registerer}
	m := &Metrics{
		ReservationsCreated:     r.counters("reservations_created_total", "Holds placed.", "channel"),
		ReservationsDateOverlap: r.counters("reservations_date_overlap_total", "Holds refused because a night was taken.", "channel"),
		ReservationsLockFailed:  r.counters("reservations_lock_failed_total", "Holds refused because another hold had locked a night.", "channel"),
		ReservationsConfirmed:   r.counters("reservations_confirmed_total", "Reservations confirmed.", "channel"),
		HoldsExpired:            r.counters("prereservations_expired_total", "Holds that expired unpaid.", "accommodation_id"),
		HoldReminders:           r.counters("prereservation_reminders_sent_total", "Reminders of a hold's deadline sent.", "channel"),
		DialogueHolds:           r.counters("nlu_pre_reserve_total", "Outcomes of asking for a hold.", "action", "source"),
		RedisLockUnavailable: r.counter("redis_lock_unavailable_total",
			"Holds that went on without night locks because Redis did not answer."),
		WhatsAppSends:    r.counters("whatsapp_send_total", "Messages handed to WhatsApp, by result.", "result"),
		WhatsAppHeldBack: r.counters("whatsapp_held_back_total", "Messages that waited for their turn, by the limit.", "limit"),
		WhatsAppAccountRefused: r.counter("whatsapp_account_refused_total",
			"Refusals of the WhatsApp account or its token, which stop all sending."),
		SendBudgetUnavailable: r.counter("whatsapp_send_budget_unavailable_total",
			"Messages sent without asking the send budget because Redis did not answer."),
		EmailsSent:      r.counters("email_sent_total", "Tries to send a mail, by how they ended.", "type", "status"),
		PaymentsSettled: r.counters("payments_settled_total", "Payments judged, by verdict.", "verdict"),
		PaymentLag: r.histogram("payment_lag_seconds", "Time from a change of a payment at the provider to the ledger.",
			[]float64{.25, .5, 1, 2.5, 5, 10, 30, 60, 150, 300, 600, 1800, 3600, 7200, 86400}),
		HoldLateness: r.histogram("hold_release_lateness_seconds", "Time from a hold's deadline to the release of its nights.",
			[]float64{.05, .1, .25, .5, 1, 2, 3, 4, 5, 7.5, 10, 30, 60, 300, 3600}),
		ReplyTime: r.histograms("reply_time_seconds", "Time from a guest's message to the first reply that WhatsApp took.",
			[]float64{.25, .5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 8, 10, 12.5, 15, 17.5, 20, 25, 30, 45, 60, 120, 300}, "kind"),

		Transcriptions: r.counters("audio_transcriptions_total", "Voice notes listened to, by outcome.", "outcome"),
		TranscriptionSeconds: r.histograms("audio_transcription_duration_seconds", "Time to convert a voice note and of the speech engine.",
			[]float64{.025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 660}, "stage"),

		WebhookReceived:  r.counters("webhook_inbox_received_total", "Webhook deliveries acknowledged as stored.", "provider"),
		WebhookDuplicate: r.counters("webhook_inbox_duplicate_total", "Webhook deliveries that were stored before.", "provider"),
		WebhookRefused:   r.counters("webhook_inbox_refused_total", "Webhook deliveries not stored, by reason.", "provider", "reason"),
		WebhookDispatchLag: r.histograms("webhook_dispatch_lag_seconds", "Time from the inbox row to its delivery to Temporal.",
			[]float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 15, 60, 300}, "provider"),

		ICalSyncErrors: r.counters("ical_sync_errors_total", "Fetches of feeds that failed, and events that could not be read.",
			"accommodation_id", "error_type"),
		ICalEventsImported: r.counters("ical_events_imported_total", "Events of feeds that were new or changed.", "accommodation_id", "source"),
		ICalSyncSeconds: r.histogram("ical_sync_job_duration_seconds", "Time to fetch a feed and apply it.",
			[]float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 30}),
		ICalConflicts: r.counters("ical_conflicts_total", "Closed nights of a feed that landed on a reservation.", "source"),
		ICalFreshness: r.counters("ical_freshness_total", "Outcomes of asking the feeds just before a promise.", "moment", "outcome"),

		HousekeepingRows: r.counters("housekeeping_rows_total", "Rows emptied or deleted because their time was over.", "what"),

		IdempotencyHits:   r.counters("idempotency_cache_hits_total", "Repeated writes answered with the first answer.", "endpoint", "method"),
		IdempotencyMisses: r.counters("idempotency_cache_misses_total", "Writes with an Idempotency-Key that were carried out.", "endpoint", "method"),
		IdempotencyKeys:   r.counters("idempotency_keys_created_total", "Answers kept for repetitions.", "endpoint"),
		IdempotencyErrors: r.counters("idempotency_errors_total", "Failures around Idempotency-Keys, by kind.", "endpoint", "error_type"),
		RateLimitBlocked:  r.counters("rate_limit_requests_blocked_total", "Requests refused by a rate limit.", "class"),
		RateLimitErrors:   r.counter("rate_limit_redis_errors_total", "Times Redis did not answer, after which requests are not limited for a second."),

		HTTPRequests: r.counters("http_requests_total", "HTTP requests answered.", "handler", "method", "status"),
		HTTPDuration: r.histograms("http_request_duration_seconds", "Time to answer an HTTP request.",
			[]float64{.0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}, "handler", "method"),
	}
	m.showAtZero()
	return m
}

// showAtZero makes the series of known labels exist from the start: an alert on a rate needs the zero before the first event.
func (m *Metrics) showAtZero() {
	for _, channel := range booking.Channels {
		for _, counters := range []*prometheus.CounterVec{
			m.ReservationsCreated, m.ReservationsDateOverlap, m.ReservationsLockFailed, m.ReservationsConfirmed,
		} {
			counters.WithLabelValues(string(channel))
		}
	}
	for _, provider := range []string{"whatsapp", "mercadopago"} {
		m.WebhookReceived.WithLabelValues(provider)
		m.WebhookDuplicate.WithLabelValues(provider)
		m.WebhookDispatchLag.WithLabelValues(provider)
		for _, reason := range []string{
			"missing_signature", "wrong_signature", "wrong_verify_token", "malformed", "too_large", "unread", "unavailable", "other_topic", "too_many_hints",
		} {
			m.WebhookRefused.WithLabelValues(provider, reason)
		}
	}
	for _, kind := range []string{"text", "audio"} {
		m.ReplyTime.WithLabelValues(kind)
	}
	for _, channel := range []string{"whatsapp", "email"} {
		m.HoldReminders.WithLabelValues(channel)
	}
	for _, source := range []string{"whatsapp", "api"} {
		for _, action := range []string{"pre_reserved", "refused", "error"} {
			m.DialogueHolds.WithLabelValues(action, source)
		}
	}
	for _, result := range []string{
		"accepted", "throughput", "pair_rate", "transient", "not_sent", "ambiguous", "window_closed", "recipient", "message_invalid",
		"template", "account", "unknown",
	} {
		m.WhatsAppSends.WithLabelValues(result)
	}
	for _, limit := range []string{"account", "pair", "paused"} {
		m.WhatsAppHeldBack.WithLabelValues(limit)
	}
	for _, verdict := range booking.Verdicts {
		m.PaymentsSettled.WithLabelValues(string(verdict))
	}
	for _, outcome := range []string{"heard", "unclear", "silent", "too_long", "failed"} {
		m.Transcriptions.WithLabelValues(outcome)
	}
	for _, stage := range []string{"convert", "engine"} {
		m.TranscriptionSeconds.WithLabelValues(stage)
	}
}

type registry struct{ prometheus.Registerer }

func (r registry) counter(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	r.MustRegister(c)
	return c
}

func (r registry) counters(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	r.MustRegister(c)
	return c
}

func (r registry) histogram(name, help string, buckets []float64) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
	r.MustRegister(h)
	return h
}

func (r registry) histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	r.MustRegister(h)
	return h
}
