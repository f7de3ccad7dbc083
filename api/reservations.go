package api

import (
	"context"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"unicode"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"cabanas/activities"
	"cabanas/booking"
)

const (
	tagReservations = "Reservations"
	tokenHeader     = "X-Reservation-Token"
	tokenScheme     = "reservationToken"
)

func addReservations(api huma.API, o *Options) {
	routes := reservationRoutes{o}
	withToken := []map[string][]string{{tokenScheme: {}}}
	huma.Register(api, huma.Operation{
		OperationID: "place-hold", Method: http.MethodPost, Path: prefix + "/reservations", Tags: []string{tagReservations},
		Summary: "Hold a stay", DefaultStatus: http.StatusCreated,
		Description: "Holds the nights until expires_at and answers with the payment link of the deposit. A phone and an " +
			"address may have some unpaid holds at a time: 429 too_many_holds says when the first of them ends.",
		Errors: []int{http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge,
			http.StatusTooManyRequests, http.StatusServiceUnavailable},
		// The body is read before huma sees it; a deadline set by huma would stay on the connection and cancel slow answers.
		BodyReadTimeout: -1,
		Middlewares:     huma.Middlewares{withClientAddress, o.writes.once},
	}, routes.book)
	huma.Register(api, huma.Operation{
		OperationID: "get-reservation", Method: http.MethodGet, Path: prefix + "/reservations/{code}", Tags: []string{tagReservations},
		Summary: "A reservation, for its guest", Security: withToken,
		Errors: []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusServiceUnavailable},
	}, routes.get)
	huma.Register(api, huma.Operation{
		OperationID: "cancel-reservation", Method: http.MethodPost, Path: prefix + "/reservations/{code}/cancel", Tags: []string{tagReservations},
		Summary: "Cancel, by the guest", Security: withToken,
		Description: "Frees the nights; what was paid is returned by the cancellation policy.",
		Errors:      []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict, http.StatusServiceUnavailable},
		Middlewares: huma.Middlewares{o.writes.once},
	}, routes.cancel)
}

type reservationRoutes struct{ *Options }

type bookInput struct{ Body bookBody }

type bookBody struct {
	AccommodationID int64  `json:"accommodation_id" example:"1"`
	CheckIn         string `json:"check_in" format:"date" example:"2027-01-10"`
	CheckOut        string `json:"check_out" format:"date" example:"2027-01-15"`
	Guests          int    `json:"guests" doc:"At least 1." example:"4"`
	ContactName     string `json:"contact_name" minLength:"1" maxLength:"100"`
	ContactPhone    string `json:"contact_phone" minLength:"1" maxLength:"40" doc:"In any usual spelling; outside Argentina with the country code." example:"+54 9 11 1234-5678"`
	ContactEmail    string `json:"contact_email,omitempty" nullable:"true" maxLength:"254" example:"ana@example.org"`
	Channel         string `json:"channel,omitempty" nullable:"true" enum:"whatsapp,direct,airbnb,booking,other" doc:"Where the booking came from; direct when absent."`
}

type bookOutput struct {
	Location string `header:"Location"`
	Body     hold
}

func (r reservationRoutes) book(ctx context.Context, in *bookInput) (*bookOutput, error) {
	request, problem := r.bookRequest(ctx, in.Body)
	if problem != nil {
		return nil, problem
	}
	booked, err := r.Desk.Book(ctx, request)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "place hold", err)
	}
	placed := holdOf(booked, request)
	placed.PayPageURL = r.payPage(booked.Code)
	return &bookOutput{Location: prefix + "/reservations/" + placed.Code, Body: placed}, nil
}

// bookRequest checks what the description of the route cannot say.
func (r reservationRoutes) bookRequest(ctx context.Context, body bookBody) (activities.BookRequest, *Problem) {
	stay, err := parseStay(body.CheckIn, body.CheckOut)
	if err == nil && body.Guests < 1 {
		err = booking.Refuse(booking.CodeInvalidGuests, "%d guests", body.Guests)
	}
	if err != nil {
		return activities.BookRequest{}, refusal(ctx, r.Logger, "place hold", err)
	}
	request := activities.BookRequest{
		AccommodationID: body.AccommodationID, Stay: stay, Guests: body.Guests,
		Name: strings.TrimSpace(body.ContactName), Phone: strings.TrimSpace(body.ContactPhone), Email: strings.TrimSpace(body.ContactEmail),
		Channel: booking.Channel(body.Channel), Address: addressOf(ctx), Attempt: attemptOf(ctx),
	}
	if request.Channel == "" {
		request.Channel = booking.ChannelDirect
	}
	switch {
	case request.Name == "" || !printable(request.Name):
		return request, invalidField(ctx, "body", "contact_name", "expected a name of 1 to 100 printable characters")
	case !printable(request.Phone) || !r.isPhone(request.Phone):
		return request, invalidField(ctx, "body", "contact_phone", "expected a complete phone number with its area or country code")
	case request.Email != "" && !isEmail(request.Email):
		return request, invalidField(ctx, "body", "contact_email", "expected an e-mail address")
	}
	return request, nil
}

func (r reservationRoutes) isPhone(phone string) bool {
	if r.CanonicalPhone == nil {
		return phone != ""
	}
	_, err := r.CanonicalPhone(phone)
	return err == nil
}

type tokenInput struct {
	Code  string `path:"code" maxLength:"40" example:"RES261120A1B2C3"`
	Token string `header:"X-Reservation-Token" maxLength:"200"`
}

type reservationOutput struct{ Body reservation }

func (r reservationRoutes) get(ctx context.Context, in *tokenInput) (*reservationOutput, error) {
	return r.forGuest(ctx, in, "read reservation", r.Desk.Reservation)
}

func (r reservationRoutes) cancel(ctx context.Context, in *tokenInput) (*reservationOutput, error) {
	return r.forGuest(ctx, in, "cancel reservation", r.Desk.Cancel)
}

func (r reservationRoutes) forGuest(ctx context.Context, in *tokenInput, operation string,
	ask func(ctx context.Context, code, token string) (activities.ReservationView, error),
) (*reservationOutput, error) {
	if in.Token == "" {
		return nil, newProblem(ctx, booking.CodeUnauthorized, "the header "+tokenHeader+" is missing",
			FieldError{In: "header", Field: tokenHeader, Message: "expected the token given with the hold"})
	}
	code := booking.NormalizeCode(in.Code)
	if !booking.ValidCode(code) {
		return nil, newProblem(ctx, booking.CodeNotFound, "no such reservation for this token")
	}
	view, err := ask(ctx, code, in.Token)
	if err != nil {
		return nil, refusal(ctx, r.Logger, operation, err)
	}
	shown := reservationOf(view)
	shown.PayPageURL = r.payPage(view.Code)
	return &reservationOutput{Body: shown}, nil
}

// payPage is null where no pages are served.
func (r reservationRoutes) payPage(code string) *string {
	if r.PayDesk == nil {
		return nil
	}
	return orNull(r.PayDesk.PageAddress(code))
}

type addressKey struct{}

// withClientAddress hands the client's address to the handler, which sees only the context.
func withClientAddress(ctx huma.Context, next func(huma.Context)) {
	next(huma.WithValue(ctx, addressKey{}, clientAddress(humagin.Unwrap(ctx))))
}

func addressOf(ctx context.Context) string {
	address, _ := ctx.Value(addressKey{}).(string)
	return address
}

// printable refuses control characters: the database does not take NUL, and messages must not break lines.
func printable(text string) bool {
	return !slices.ContainsFunc([]rune(text), func(r rune) bool { return !unicode.IsPrint(r) && r != ' ' })
}

// isEmail accepts a bare address; display names and comments are not part of one here.
func isEmail(text string) bool {
	parsed, err := mail.ParseAddress(text)
	return err == nil && parsed.Name == "" && parsed.Address == text
}
