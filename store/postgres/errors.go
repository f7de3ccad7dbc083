package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"cabanas/booking"
)

// SQLSTATEs the store understands (Postgres manual, appendix A).
const (
	stateDataException       = "22000" // daterange with its bounds the wrong way round
	stateNotText             = "22021" // a NUL, or bytes that are no UTF-8
	stateForeignKeyViolation = "23503"
	stateUniqueViolation     = "23505"
	stateCheckViolation      = "23514"
	stateExclusionViolation  = "23P01"
	stateCardinality         = "21000" // one statement would change a row a second time
)

// refusals maps named constraints to what their breach means to a caller. Unnamed ones are mapped by SQLSTATE.
var refusals = map[string]booking.Code{
	"no_overlap_reservations":            booking.CodeDatesTaken,
	"no_hold_over_block":                 booking.CodeDatesTaken,
	"legal_transition":                   booking.CodeWrongState,
	"reservation_nights_over":            booking.CodeWrongState,
	"reservation_identity_fixed":         booking.CodeForbidden,
	"booking_events_append_only":         booking.CodeForbidden,
	"payment_events_append_only":         booking.CodeForbidden,
	"ck_reservation_dates":               booking.CodeInvalidDates,
	"ck_guests_positive":                 booking.CodeInvalidGuests,
	"holds_per_phone":                    booking.CodeTooManyHolds,
	"holds_per_address":                  booking.CodeTooManyHolds,
	"reservations_code_key":              booking.CodeDuplicate,
	"reservations_accommodation_id_fkey": booking.CodeNotFound,
}

var byState = map[string]booking.Code{
	stateDataException:       booking.CodeInvalidDates,
	stateNotText:             booking.CodeInvalidInput,
	stateForeignKeyViolation: booking.CodeNotFound,
	stateUniqueViolation:     booking.CodeDuplicate,
	stateCheckViolation:      booking.CodeInvalidInput,
	stateExclusionViolation:  booking.CodeDatesTaken,
}

// retryable are classes of SQLSTATE that mean "not now": connection, serialization and deadlock, resources, shutdown.
var retryable = []string{"08", "40", "53", "57P"}

// explain gives an error of the database its meaning: a refusal with its code, or [booking.CodeUnavailable] when the same
// call may succeed later. The cause stays in the chain; values of rows never get into the text.
func explain(operation string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*booking.Error](err); ok {
		return fmt.Errorf("%s: %w", operation, err)
	}
	if failure, ok := errors.AsType[*pgconn.PgError](err); ok {
		return explainState(operation, failure)
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("%s: %w: %w", operation, booking.Refuse(booking.CodeNotFound, "there is none with this id"), err)
	}
	if disconnected(err) {
		return fmt.Errorf("%s: %w: %w", operation, booking.Refuse(booking.CodeUnavailable, "the database is away"), err)
	}
	return fmt.Errorf("%s: %w", operation, err)
}

func explainState(operation string, failure *pgconn.PgError) error {
	said := withoutValues(failure)
	for _, class := range retryable {
		if strings.HasPrefix(failure.Code, class) {
			return fmt.Errorf("%s: %w: %w", operation, booking.Refuse(booking.CodeUnavailable, "the database asks to try again"), said)
		}
	}
	code, named := refusals[failure.ConstraintName]
	if !named {
		code = byState[failure.Code]
	}
	if code == "" {
		return fmt.Errorf("%s: %w", operation, said)
	}
	return fmt.Errorf("%s: %w: %w", operation, booking.Refuse(code, "refused by %s", reasonOf(failure)), said)
}

// stateOnly is a failure without its message, which repeats the value that was wrong.
type stateOnly struct{ failure *pgconn.PgError }

func (e stateOnly) Error() string { return "SQLSTATE " + e.failure.Code }

func (e stateOnly) Unwrap() error { return e.failure }

// withoutValues keeps the values of rows out of the text of an error. The messages of data exceptions (class 22) have them; of other
// errors they are in the detail, which is not part of the text.
func withoutValues(failure *pgconn.PgError) error {
	if strings.HasPrefix(failure.Code, "22") {
		return stateOnly{failure}
	}
	return failure
}

func touchesTwice(err error) bool {
	var failure *pgconn.PgError
	return errors.As(err, &failure) && failure.Code == stateCardinality
}

func reasonOf(failure *pgconn.PgError) string {
	switch {
	case failure.ConstraintName != "":
		return failure.ConstraintName
	case failure.Code == stateNotText:
		return "a character that is none"
	}
	return "SQLSTATE " + failure.Code
}

func disconnected(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || pgconn.SafeToRetry(err) || pgconn.Timeout(err) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, context.DeadlineExceeded)
}
