package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
)

// ReservationFilter says which reservations a list has; a zero field asks for nothing.
type ReservationFilter struct {
	Statuses        []booking.Status
	PaymentStatuses []booking.PaymentStatus
	Channels        []booking.Channel
	AccommodationID int64
	// CheckInFrom and CheckInTo are the first and the last day of check-in.
	CheckInFrom, CheckInTo booking.Date
	// StaysFrom and StaysTo bound the nights: those that sleep a night from the first to the one before the last.
	StaysFrom, StaysTo booking.Date
	// CreatedTo is not included.
	CreatedFrom, CreatedTo time.Time
	// Search is part of a code, a name or an e-mail address; capitals and accents do not count.
	Search string
	// Phone is a canonical number, or digits that a number contains.
	Phone string
}

// ReservationSort is what a list of reservations is ordered by.
type ReservationSort string

// The orders of a list of reservations.
const (
	ByCreation ReservationSort = "created_at"
	ByCheckIn  ReservationSort = "check_in"
	// ByDeadline is when a hold ends or ended; a reservation that never had a deadline counts from its creation.
	ByDeadline ReservationSort = "expires_at"
)

// ReservationOrder is an order with its direction.
type ReservationOrder struct {
	By         ReservationSort
	Descending bool
}

// ReservationPlace is a [Place] in a list of reservations; its instant is the day's in UTC for [ByCheckIn].
type ReservationPlace = Place

// ReservationRow is a reservation in a list, with its guest.
type ReservationRow struct {
	ID              int64
	Code            string
	AccommodationID int64
	UnitName        string
	Stay            booking.Stay
	Guests          int
	Guest           Guest
	Channel         booking.Channel
	Status          booking.Status
	PaymentStatus   booking.PaymentStatus
	Total           booking.Money
	Deposit         booking.Money
	Paid            booking.Money
	// Due is what a live reservation still owes.
	Due       booking.Money
	ExpiresAt time.Time
	CreatedAt time.Time
	// Place is where a list goes on after this row.
	Place ReservationPlace
}

// sortKeys are the expressions with an index, and their types.
var sortKeys = map[ReservationSort]struct{ expression, kind string }{
	ByCreation: {"r.created_at", "timestamptz"},
	ByCheckIn:  {"r.check_in", "date"},
	ByDeadline: {"coalesce(r.expires_at, r.created_at)", "timestamptz"},
}

// Reservations lists reservations with their guests, at most that many, after a place.
func (s *Store) Reservations(ctx context.Context, filter ReservationFilter, order ReservationOrder, after ReservationPlace, most int) ([]ReservationRow, error) {
	query, args, err := reservationQuery(filter, order, after, most)
	if err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, explain("list reservations", err)
	}
	list, err := pgx.CollectRows(rows, scanReservation)
	return list, explain("list reservations", err)
}

// reservationQuery puts the statement together from words of this file; what the caller says is bound.
func reservationQuery(filter ReservationFilter, order ReservationOrder, after ReservationPlace, most int) (string, []any, error) {
	key, known := sortKeys[order.By]
	if !known {
		return "", nil, booking.Refuse(booking.CodeInvalidInput, "no such order of reservations")
	}
	where := &conditions{}
	filter.conditions(where)
	direction, beyond := "ASC", ">"
	if order.Descending {
		direction, beyond = "DESC", "<"
	}
	if after.ID != 0 {
		where.add(fmt.Sprintf("(%s, r.id) %s ($::%s, $::bigint)", key.expression, beyond, key.kind), after.At, after.ID)
	}
	query := `SELECT r.id, r.code, r.accommodation_id, a.name, r.check_in, r.check_out, r.guests, g.id, g.name, coalesce(g.phone, ''), g.email,
    r.channel_source, r.reservation_status, r.payment_status, r.total_centavos, r.deposit_centavos, r.paid_centavos, r.currency, r.expires_at,
    r.created_at, ` + key.expression + `::timestamptz
FROM reservations r JOIN accommodations a ON a.id = r.accommodation_id JOIN guests g ON g.id = r.guest_id
` + where.text() + fmt.Sprintf("ORDER BY %[1]s %[2]s, r.id %[2]s LIMIT %[3]d", key.expression, direction, most)
	return query, where.args, nil
}

func (f ReservationFilter) conditions(where *conditions) {
	if len(f.Statuses) > 0 {
		where.add("r.reservation_status = ANY($::text[])", f.Statuses)
	}
	if len(f.PaymentStatuses) > 0 {
		where.add("r.payment_status = ANY($::text[])", f.PaymentStatuses)
	}
	if len(f.Channels) > 0 {
		where.add("r.channel_source = ANY($::text[])", f.Channels)
	}
	if f.AccommodationID != 0 {
		where.add("r.accommodation_id = $::bigint", f.AccommodationID)
	}
	if !f.CheckInFrom.IsZero() {
		where.add("r.check_in >= $::date", f.CheckInFrom.Time())
	}
	if !f.CheckInTo.IsZero() {
		where.add("r.check_in <= $::date", f.CheckInTo.Time())
	}
	if !f.StaysFrom.IsZero() {
		where.add("r.check_out > $::date", f.StaysFrom.Time())
	}
	if !f.StaysTo.IsZero() {
		where.add("r.check_in < $::date", f.StaysTo.Time())
	}
	if !f.CreatedFrom.IsZero() {
		where.add("r.created_at >= $::timestamptz", f.CreatedFrom)
	}
	if !f.CreatedTo.IsZero() {
		where.add("r.created_at < $::timestamptz", f.CreatedTo)
	}
	if f.Search == "" && f.Phone == "" {
		return
	}
	var found []string
	var args []any
	if f.Search != "" {
		found = append(found, "r.code LIKE upper($::text)", "search_text(g.name) LIKE search_text($::text)", "lower(g.email) LIKE lower($::text)")
		words := containing(f.Search)
		args = append(args, words, words, words)
	}
	if f.Phone != "" {
		found, args = append(found, "g.phone LIKE $::text"), append(args, containing(f.Phone))
	}
	where.add("("+strings.Join(found, " OR ")+")", args...)
}

// conditions gathers what a row has to satisfy; every $ of a condition is the next bound value.
type conditions struct {
	all  []string
	args []any
}

func (c *conditions) add(condition string, args ...any) {
	for _, arg := range args {
		c.args = append(c.args, arg)
		condition = strings.Replace(condition, "$::", fmt.Sprintf("$%d::", len(c.args)), 1)
	}
	c.all = append(c.all, condition)
}

func (c *conditions) text() string {
	if len(c.all) == 0 {
		return ""
	}
	return "WHERE " + strings.Join(c.all, " AND ") + "\n"
}

// containing is the LIKE pattern of texts that have these words in them, taken as they are.
func containing(words string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(words) + "%"
}

func scanReservation(row pgx.CollectableRow) (ReservationRow, error) {
	var (
		r                    ReservationRow
		checkIn, checkOut    time.Time
		total, deposit, paid int64
		currency             string
		expiresAt            *time.Time
		guests               int32
	)
	err := row.Scan(&r.ID, &r.Code, &r.AccommodationID, &r.UnitName, &checkIn, &checkOut, &guests, &r.Guest.ID, &r.Guest.Name, &r.Guest.Phone,
		&r.Guest.Email, &r.Channel, &r.Status, &r.PaymentStatus, &total, &deposit, &paid, &currency, &expiresAt, &r.CreatedAt, &r.Place.At)
	if err != nil {
		return r, err
	}
	r.Stay, r.Guests = booking.Stay{CheckIn: dateOf(checkIn), CheckOut: dateOf(checkOut)}, int(guests)
	r.Total, r.Deposit, r.Paid = money(total, currency), money(deposit, currency), money(paid, currency)
	r.Due = money(0, currency)
	if r.Status.Live() {
		r.Due.Centavos = max(total-paid, 0)
	}
	r.ExpiresAt, r.Place.ID = timeOf(expiresAt), r.ID
	return r, nil
}
