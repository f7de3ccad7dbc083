package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// Standing is what waits and what lives at one instant, for gauges and health.
type Standing struct {
	// Inbox is what is not handed on yet, by provider; Unanswered is what guests said and no turn answered, by text and audio.
	Inbox, Unanswered map[string]Waiting
	// Messages are unsent, by waiting and account (held back because the account is refused); FailedMessages those of the last day
	// that will not be sent, by template and other.
	Messages, FailedMessages map[string]Waiting
	Mails                    Waiting
	// Refunds that are not done, by status; Payments that wait for somebody or something, by disposition: parked, offered, to_refund.
	Refunds, Payments   map[string]Waiting
	Disputes, Conflicts Waiting
	// Reservations are the live ones by status, with the sum of their totals; Paid is the same with what is paid of it.
	Reservations, Paid map[string]Waiting
	// Overdue are holds past their deadline, since that deadline.
	Overdue Waiting
	// DaysDiffering counts payments of yesterday and today whose numbers differ at the provider.
	DaysDiffering Waiting
	// SweptAt is when the account was last gone through; zero for never.
	SweptAt time.Time
	// Units are the accommodations that are offered.
	Units int64
	// Currency is of every sum.
	Currency string
	// Today is the property's day at the instant.
	Today booking.Date
}

// Waiting is how many of a kind there are, since when the oldest is, and how much money they are.
type Waiting struct {
	Number   int64
	Since    time.Time // zero when there is none
	Centavos int64
}

// Age is how long the oldest has been; 0 when there is none.
func (w Waiting) Age(now time.Time) time.Duration {
	if w.Since.IsZero() {
		return 0
	}
	return max(now.Sub(w.Since), 0)
}

// The words of messages.error that are told apart.
const (
	accountError  = "account"
	templateError = "template"
)

// Standing reads what waits and what lives now.
func (s *Store) Standing(ctx context.Context, now time.Time) (Standing, error) {
	property, err := s.Property(ctx)
	if err != nil {
		return Standing{}, err
	}
	today := booking.DateIn(now, property.Location)
	rows, err := s.queries.ListStanding(ctx, s.pool, &dbgen.ListStandingParams{
		AccountError: accountError, TemplateError: templateError, Now: now, Today: today.Time(),
	})
	if err != nil {
		return Standing{}, explain("read what waits", err)
	}
	standing := Standing{Currency: property.Currency, Today: today}
	labelled := map[string]*map[string]Waiting{
		"inbox": &standing.Inbox, "unanswered": &standing.Unanswered, "message": &standing.Messages, "message_failed": &standing.FailedMessages,
		"refund": &standing.Refunds, "payment": &standing.Payments, "reservation": &standing.Reservations, "paid": &standing.Paid,
	}
	single := map[string]*Waiting{
		"mail": &standing.Mails, "dispute": &standing.Disputes, "conflict": &standing.Conflicts, "overdue": &standing.Overdue,
		"day_differing": &standing.DaysDiffering,
	}
	for _, into := range labelled {
		*into = map[string]Waiting{}
	}
	for _, row := range rows {
		waiting := Waiting{Number: row.Number, Since: row.Since, Centavos: row.Centavos}
		switch {
		case labelled[row.Thing] != nil:
			(*labelled[row.Thing])[row.Label] = waiting
		case single[row.Thing] != nil:
			*single[row.Thing] = waiting
		case row.Thing == "sweep":
			standing.SweptAt = waiting.Since
		case row.Thing == "unit":
			standing.Units = row.Number
		}
	}
	return standing, nil
}

// Occupancy is how many nights from a day on are taken.
type Occupancy struct {
	// Days is how far it looks: 7, 30 or 90.
	Days int
	// By is booking for our reservations, block for what other channels or people closed.
	By     string
	Nights int64
}

// Occupancy counts the taken nights of the next 7, 30 and 90 days over all accommodations.
func (s *Store) Occupancy(ctx context.Context, today booking.Date) ([]Occupancy, error) {
	rows, err := s.queries.ListOccupancy(ctx, s.pool, today.Time())
	if err != nil {
		return nil, explain("read occupancy", err)
	}
	all := make([]Occupancy, 0, len(rows))
	for _, row := range rows {
		all = append(all, Occupancy{Days: int(row.Days), By: row.TakenBy, Nights: row.Nights})
	}
	return all, nil
}

// SchemaVersion is the number of the last migration the database has.
func (s *Store) SchemaVersion(ctx context.Context) (int64, error) {
	var version int64
	err := s.pool.QueryRow(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&version)
	return version, explain("read schema version", err)
}

// PoolStats tells how the pool of connections does.
func (s *Store) PoolStats() *pgxpool.Stat { return s.pool.Stat() }
