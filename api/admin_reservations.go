package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"cabanas/booking"
	"cabanas/internal/accounts"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// BookingDesk is where staff changes bookings; *activities.BookingDesk is one. Its refusals are [booking.Error]. The same key
// returns the first one's outcome.
type BookingDesk interface {
	Cancel(ctx context.Context, by postgres.Author, code, key string, choice booking.RefundChoice) (workflows.ChangeOutcome, error)
	Confirm(ctx context.Context, by postgres.Author, code, key string) (workflows.ChangeOutcome, error)
	Extend(ctx context.Context, by postgres.Author, code, key string) (workflows.ChangeOutcome, error)
}

func addBookingDesk(s staff, o *Options) {
	if o.BookingDesk == nil {
		return
	}
	routes := bookingDeskRoutes{o}
	op := func(id, what, summary, description string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodPost, Path: prefix + "/admin/reservations/{code}/" + what, Tags: []string{"Reservations"},
			Summary: summary, Description: description, Errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity}}
	}
	staffRoute(s, accounts.Owner, op("staff-cancel", "cancel", "Cancel a booking",
		"Held or confirmed. Everything that was paid goes back unless refund says otherwise; the guest is told."), routes.cancel)
	staffRoute(s, accounts.Owner, op("staff-confirm", "confirm", "Confirm a booking without money",
		"Held, or expired with its nights still free. Who confirmed is written down."), routes.confirm)
	staffRoute(s, accounts.Staff, op("staff-extend", "extend", "Extend a hold", "Once."), routes.extend)
}

type bookingDeskRoutes struct{ *Options }

type changeInput struct {
	Code           string `path:"code" maxLength:"40" example:"RES261120A1B2C3"`
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" doc:"Any text that names this one change, such as a UUID."`
}

type staffCancelInput struct {
	Code           string `path:"code" maxLength:"40" example:"RES261120A1B2C3"`
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" doc:"Any text that names this one change, such as a UUID."`
	Body           struct {
		Refund string `json:"refund,omitempty" enum:",full,policy,none" doc:"What goes back: everything (also when absent), what the terms of the booking say, or nothing."`
	}
}

type changeOutput struct {
	Body struct {
		Code      string     `json:"code"`
		Status    string     `json:"status"`
		ExpiresAt *time.Time `json:"expires_at" doc:"The deadline of a hold; null when it is none."`
		Refund    *money     `json:"refund" doc:"What goes back. Its way is in the list of refunds."`
	}
}

func (r bookingDeskRoutes) cancel(ctx context.Context, in *staffCancelInput) (*changeOutput, error) {
	return r.change(ctx, in.Code, in.IdempotencyKey, "staff cancels", func(code, key string) (workflows.ChangeOutcome, error) {
		return r.BookingDesk.Cancel(ctx, authorOf(ctx), code, key, booking.RefundChoice(in.Body.Refund))
	})
}

func (r bookingDeskRoutes) confirm(ctx context.Context, in *changeInput) (*changeOutput, error) {
	return r.change(ctx, in.Code, in.IdempotencyKey, "staff confirms", func(code, key string) (workflows.ChangeOutcome, error) {
		return r.BookingDesk.Confirm(ctx, authorOf(ctx), code, key)
	})
}

func (r bookingDeskRoutes) extend(ctx context.Context, in *changeInput) (*changeOutput, error) {
	return r.change(ctx, in.Code, in.IdempotencyKey, "staff extends", func(code, key string) (workflows.ChangeOutcome, error) {
		return r.BookingDesk.Extend(ctx, authorOf(ctx), code, key)
	})
}

func (r bookingDeskRoutes) change(
	ctx context.Context, typed, key, operation string, do func(code, key string) (workflows.ChangeOutcome, error),
) (*changeOutput, error) {
	code := booking.NormalizeCode(typed)
	if !booking.ValidCode(code) {
		return nil, newProblem(ctx, booking.CodeNotFound, "no such reservation")
	}
	if !printableASCII(key) {
		return nil, invalidField(ctx, "header", idempotencyHeader, "expected printable ASCII characters")
	}
	if key == "" {
		key = rand.Text()
	}
	outcome, err := do(code, code+"/"+key)
	if err != nil {
		return nil, refusal(ctx, r.Logger, operation, err)
	}
	out := &changeOutput{}
	out.Body.Code, out.Body.Status = code, string(outcome.Status)
	if outcome.Status == booking.PreReserved {
		out.Body.ExpiresAt = timeOrNull(outcome.ExpiresAt)
	}
	if !outcome.Refund.IsZero() {
		back := moneyOf(outcome.Refund)
		out.Body.Refund = &back
	}
	return out, nil
}
