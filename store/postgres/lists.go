package postgres

import (
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"cabanas/booking"
)

// Place is where a page of a list ended; the zero value is the beginning.
type Place struct {
	At time.Time
	ID int64
}

// listOrder is what a list is ordered by, and by the id after that. key and id are expressions of this package, kind is key's type.
type listOrder struct {
	key, kind, id string
	oldest        bool
}

// page ends a statement: it goes on after an instance of the key and an id, 0 for the beginning, and takes so many rows.
func (o listOrder) page(where *conditions, after any, id int64, most int) string {
	direction, beyond := "DESC", "<"
	if o.oldest {
		direction, beyond = "ASC", ">"
	}
	if id != 0 {
		where.add(fmt.Sprintf("(%s, %s) %s ($::%s, $::bigint)", o.key, o.id, beyond, o.kind), after, id)
	}
	return where.text() + fmt.Sprintf("ORDER BY %[1]s %[3]s, %[2]s %[3]s LIMIT %[4]d", o.key, o.id, direction, most)
}

// among wants one of some words; none at all want nothing.
func among[T ~string](c *conditions, expression string, words []T) {
	if len(words) > 0 {
		c.add(expression+" = ANY($::text[])", words)
	}
}

// within wants an instant from one to before another; a zero one is no bound.
func (c *conditions) within(expression string, from, to time.Time) {
	if !from.IsZero() {
		c.add(expression+" >= $::timestamptz", from)
	}
	if !to.IsZero() {
		c.add(expression+" < $::timestamptz", to)
	}
}

func dayOrNull(day booking.Date) pgtype.Date {
	return pgtype.Date{Time: day.Time(), Valid: !day.IsZero()}
}
