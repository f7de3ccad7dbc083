package activities

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"cabanas/booking"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
)

// GaugeStore is what gauges are read from.
type GaugeStore interface {
	Standing(ctx context.Context, now time.Time) (postgres.Standing, error)
	Occupancy(ctx context.Context, today booking.Date) ([]postgres.Occupancy, error)
}

// How often the database is asked for gauges, and how long a scrape waits for it.
const (
	standingEvery = 10 * time.Second
	standingTime  = time.Second
)

var (
	inboxPending  = observe.NewGauge("webhook_inbox_pending", "Webhook deliveries that are stored and not handed on.", "provider")
	inboxAge      = observe.NewGauge("webhook_inbox_oldest_seconds", "Age of the oldest webhook delivery that is not handed on.", "provider")
	unanswered    = observe.NewGauge("messages_unanswered", "Messages of guests without a turn.", "kind")
	unansweredAge = observe.NewGauge("messages_unanswered_oldest_seconds", "Age of the oldest message of a guest without a turn.", "kind")
	outWaiting    = observe.NewGauge("outbound_messages_waiting", "Messages not sent yet; account: held back because the account is refused.", "reason")
	outAge        = observe.NewGauge("outbound_messages_oldest_seconds", "Age of the oldest message not sent yet.", "reason")
	outFailed     = observe.NewGauge("outbound_messages_failed_day", "Messages written in the last 24 hours that will not be sent.", "reason")
	mailsWaiting  = observe.NewGauge("mails_waiting", "Mails not sent yet.")
	mailsAge      = observe.NewGauge("mails_oldest_seconds", "Age of the oldest mail not sent yet.")

	refundsOpen   = observe.NewGauge("refunds_open", "Refunds that are not done.", "status")
	refundsAge    = observe.NewGauge("refunds_oldest_seconds", "Age of the oldest refund that is not done.", "status")
	paymentsOpen  = observe.NewGauge("payments_open", "Payments whose money waits for a person, a guest or a refund.", "disposition")
	paymentsAge   = observe.NewGauge("payments_open_oldest_seconds", "Time since the oldest payment that waits was first heard of.", "disposition")
	disputesOpen  = observe.NewGauge("disputes_open", "Mediations and chargebacks that are not decided.")
	moneyOpen     = observe.NewGauge("money_open_centavos", "Money that somebody or something has to move.", "kind", "currency")
	dayDiffers    = observe.NewGauge("payment_day_differing", "Payments of yesterday and today whose numbers differ between the provider and the ledger.")
	sweepAge      = observe.NewGauge("payment_sweep_age_seconds", "Time since the provider's account was last gone through.")
	conflicts     = observe.NewGauge("calendar_conflicts_open", "Nights sold here and closed by another channel, undecided.")
	conflictsAge  = observe.NewGauge("calendar_conflicts_oldest_seconds", "Age of the oldest undecided conflict.")
	active        = observe.NewGauge("active_reservations", "Live reservations.", "status")
	activeMoney   = observe.NewGauge("active_reservations_centavos", "Money of live reservations: their total, and what is paid of it.", "status", "part", "currency")
	overdue       = observe.NewGauge("holds_overdue", "Holds past their deadline that still hold their nights.")
	overdueAge    = observe.NewGauge("holds_overdue_oldest_seconds", "How long the oldest hold is past its deadline.")
	unitsActive   = observe.NewGauge("accommodations_active", "Accommodations that are offered.")
	nightsTaken   = observe.NewGauge("occupied_nights", "Nights from today on that are taken, by our bookings or by blocks.", "days", "by")
	nightsOffered = observe.NewGauge("bookable_nights", "Nights from today on of all accommodations that are offered.", "days")
)

// StandingGauges are the gauges of what waits and what lives, read from the database. One kind of process shows them, the worker that
// serves the calendar queue; several of it show the same numbers, so take the max and never the sum.
func StandingGauges(store GaugeStore, now func() time.Time) *observe.Asked {
	return &observe.Asked{
		What: "standing", Every: standingEvery, Patience: standingTime,
		Gauges: []*observe.Gauge{
			inboxPending, inboxAge, unanswered, unansweredAge, outWaiting, outAge, outFailed, mailsWaiting, mailsAge, refundsOpen, refundsAge,
			paymentsOpen, paymentsAge, disputesOpen, moneyOpen, dayDiffers, sweepAge, conflicts, conflictsAge, active, activeMoney, overdue,
			overdueAge, unitsActive, nightsTaken, nightsOffered,
		},
		Ask: func(ctx context.Context) ([]observe.Sample, error) {
			at := now()
			standing, err := store.Standing(ctx, at)
			if err != nil {
				return nil, err
			}
			occupancy, err := store.Occupancy(ctx, standing.Today)
			if err != nil {
				return nil, err
			}
			return append(samplesOf(standing, at), nightSamples(standing, occupancy)...), nil
		},
	}
}

// The labels that exist from the start, at zero: an alert needs the zero before the first one.
var (
	providers     = []string{"mercadopago", "whatsapp"}
	messageKinds  = []string{"text", "audio"}
	waitReasons   = []string{"waiting", "account"}
	failReasons   = []string{"template", "other"}
	refundStates  = []string{"planned", "awaiting_approval", "by_hand", "in_process", "failed"}
	openPayments  = []string{"parked", "offered", "to_refund"}
	liveStatuses  = []string{string(booking.PreReserved), string(booking.Confirmed)}
	moneyOfRefund = "refund_"
)

func samplesOf(s postgres.Standing, at time.Time) []observe.Sample {
	var all samples
	all.waiting(inboxPending, inboxAge, s.Inbox, providers, at)
	all.waiting(unanswered, unansweredAge, s.Unanswered, messageKinds, at)
	all.waiting(outWaiting, outAge, s.Messages, waitReasons, at)
	all.waiting(outFailed, nil, s.FailedMessages, failReasons, at)
	all.one(mailsWaiting, mailsAge, s.Mails, at)
	all.waiting(refundsOpen, refundsAge, s.Refunds, refundStates, at)
	all.waiting(paymentsOpen, paymentsAge, s.Payments, openPayments, at)
	all.one(disputesOpen, nil, s.Disputes, at)
	all.one(dayDiffers, nil, s.DaysDiffering, at)
	all.one(conflicts, conflictsAge, s.Conflicts, at)
	all.one(overdue, overdueAge, s.Overdue, at)
	all.waiting(active, nil, s.Reservations, liveStatuses, at)
	if !s.SweptAt.IsZero() {
		all.add(sweepAge, at.Sub(s.SweptAt).Seconds())
	}
	for _, status := range liveStatuses {
		all.add(activeMoney, float64(s.Reservations[status].Centavos), status, "total", s.Currency)
		all.add(activeMoney, float64(s.Paid[status].Centavos), status, "paid", s.Currency)
	}
	for _, disposition := range openPayments {
		all.add(moneyOpen, float64(s.Payments[disposition].Centavos), disposition, s.Currency)
	}
	for _, status := range refundStates {
		all.add(moneyOpen, float64(s.Refunds[status].Centavos), moneyOfRefund+status, s.Currency)
	}
	all.add(moneyOpen, float64(s.Disputes.Centavos), "disputed", s.Currency)
	all.add(unitsActive, float64(s.Units))
	return all
}

func nightSamples(s postgres.Standing, occupancy []postgres.Occupancy) []observe.Sample {
	var all samples
	offered := map[int]bool{}
	for _, taken := range occupancy {
		days := strconv.Itoa(taken.Days)
		all.add(nightsTaken, float64(taken.Nights), days, taken.By)
		if !offered[taken.Days] {
			offered[taken.Days] = true
			all.add(nightsOffered, float64(int64(taken.Days)*s.Units), days)
		}
	}
	return all
}

type samples []observe.Sample

func (s *samples) add(gauge *observe.Gauge, value float64, labels ...string) {
	*s = append(*s, observe.Sample{Gauge: gauge, Value: value, Labels: labels})
}

func (s *samples) one(number, age *observe.Gauge, waiting postgres.Waiting, at time.Time) {
	s.add(number, float64(waiting.Number))
	if age != nil {
		s.add(age, waiting.Age(at).Seconds())
	}
}

// waiting adds the known labels, and those that only the database knows.
func (s *samples) waiting(number, age *observe.Gauge, by map[string]postgres.Waiting, known []string, at time.Time) {
	labels := slices.Concat(known, slices.Sorted(maps.Keys(by)))
	slices.Sort(labels)
	for _, label := range slices.Compact(labels) {
		s.add(number, float64(by[label].Number), label)
		if age != nil {
			s.add(age, by[label].Age(at).Seconds(), label)
		}
	}
}
