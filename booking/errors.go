package booking

import (
	"errors"
	"fmt"
)

// Code names a refusal. Codes are part of the HTTP API and of Temporal error details: add freely, rename never.
type Code string

// The refusals of the domain.
const (
	CodeInvalidDates    Code = "invalid_dates"    // check-out is not after check-in
	CodeInThePast       Code = "in_the_past"      // check-in is before today at the property
	CodeBeyondHorizon   Code = "beyond_horizon"   // check-in is further ahead than bookings are taken
	CodeTooShort        Code = "too_short"        // fewer nights than the minimum
	CodeTooLong         Code = "too_long"         // more nights than the longest stay
	CodeInvalidGuests   Code = "invalid_guests"   // fewer than one guest
	CodeTooManyGuests   Code = "too_many_guests"  // more guests than the accommodation sleeps
	CodeDatesTaken      Code = "dates_taken"      // a live reservation or a block holds one of the nights
	CodeNotFound        Code = "not_found"        // no such accommodation, reservation or payment
	CodeInactive        Code = "inactive"         // the accommodation is not offered any more
	CodeWrongState      Code = "wrong_state"      // the reservation is not in a state that allows this
	CodeAlreadyExtended Code = "already_extended" // a hold is extended once
	CodeInvalidInput    Code = "invalid_input"    // a value breaks a rule that its field names
	CodeTooManyHolds    Code = "too_many_holds"   // this guest or address already holds as many unpaid stays as allowed
	CodeDuplicate       Code = "duplicate"        // the same thing was recorded before
	CodeUnavailable     Code = "unavailable"      // a part of the system is away; try again
	CodeUnauthorized    Code = "unauthorized"     // who is asking is not known
	CodeForbidden       Code = "forbidden"        // who is asking may not
	CodeInternal        Code = "internal"         // a fault of ours
)

// Error is a refusal with a stable code and an English sentence for developers that holds no person's data.
type Error struct {
	Code    Code
	Message string
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Is makes errors.Is(err, &Error{Code: c}) compare codes only.
func (e *Error) Is(target error) bool {
	var other *Error
	return errors.As(target, &other) && other.Code == e.Code
}

// Refuse builds an [Error].
func Refuse(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// CodeOf returns the code of the refusal in err's chain, "" when err is nil and [CodeInternal] for any other error.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if refusal, ok := errors.AsType[*Error](err); ok {
		return refusal.Code
	}
	return CodeInternal
}

// IsCode reports whether err is a refusal with that code.
func IsCode(err error, code Code) bool { return CodeOf(err) == code }
