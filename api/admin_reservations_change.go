package api

import (
	"context"
	"crypto/rand"
	"strings"
	"unicode/utf8"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/internal/accounts"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

type editInput struct {
	Code string `path:"code" maxLength:"40" example:"RES261120A1B2C3"`
	Body struct {
		ContactName     *string `json:"contact_name,omitempty" minLength:"1" maxLength:"100"`
		ContactPhone    *string `json:"contact_phone,omitempty" minLength:"1" maxLength:"40" doc:"In any usual spelling; of no other guest." example:"+54 9 11 1234-5678"`
		ContactEmail    *string `json:"contact_email,omitempty" maxLength:"254" example:"ana@example.org" doc:"Empty takes it away."`
		Guests          *int    `json:"guests,omitempty" minimum:"1" maximum:"1000" doc:"The price stays."`
		SpecialRequests *string `json:"special_requests,omitempty" maxLength:"2000" doc:"What the guest wishes."`
		InternalNotes   *string `json:"internal_notes,omitempty" maxLength:"4000" doc:"For staff; no guest sees them."`
	}
}

func (r deskRoutes) edit(ctx context.Context, in *editInput) (*fileOutput, error) {
	code, problem := codeOfPath(ctx, in.Code)
	if problem != nil {
		return nil, problem
	}
	body := &in.Body
	for _, words := range []*string{body.ContactName, body.ContactPhone, body.ContactEmail, body.SpecialRequests, body.InternalNotes} {
		if words != nil {
			*words = strings.TrimSpace(*words)
		}
	}
	switch {
	case body.ContactName != nil && (*body.ContactName == "" || !printable(*body.ContactName)):
		return nil, invalidField(ctx, "body", "contact_name", "expected a name of 1 to 100 printable characters")
	case body.ContactPhone != nil && (!printable(*body.ContactPhone) || !reservationRoutes(r).isPhone(*body.ContactPhone)):
		return nil, invalidField(ctx, "body", "contact_phone", "expected a complete phone number with its area or country code")
	case body.ContactEmail != nil && *body.ContactEmail != "" && !isEmail(*body.ContactEmail):
		return nil, invalidField(ctx, "body", "contact_email", "expected an e-mail address")
	case body.SpecialRequests != nil && !isText(*body.SpecialRequests):
		return nil, invalidField(ctx, "body", "special_requests", "expected printable characters or line breaks")
	case body.InternalNotes != nil && !isText(*body.InternalNotes):
		return nil, invalidField(ctx, "body", "internal_notes", "expected printable characters or line breaks")
	}
	file, err := r.Reservations.Edit(ctx, authorOf(ctx), code, postgres.ReservationEdit{
		Name: body.ContactName, Phone: body.ContactPhone, Email: body.ContactEmail, Guests: body.Guests,
		SpecialRequests: body.SpecialRequests, InternalNotes: body.InternalNotes})
	return r.shown(ctx, "edit reservation", file, err)
}

func isText(words string) bool { return utf8.ValidString(words) && isMessage(words) }

// shown answers with a booking as it is after a change.
func (r deskRoutes) shown(ctx context.Context, operation string, file postgres.ReservationFile, err error) (*fileOutput, error) {
	if err == nil {
		var out *fileOutput
		if out, err = fileOutputOf(file); err == nil {
			return out, nil
		}
	}
	return nil, refusal(ctx, r.Logger, operation, err)
}

type changeStayInput struct {
	Code           string `path:"code" maxLength:"40" example:"RES261120A1B2C3"`
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" doc:"Any text that names this one change, such as a UUID."`
	Body           struct {
		CheckIn         string `json:"check_in,omitempty" format:"date" example:"2027-01-11"`
		CheckOut        string `json:"check_out,omitempty" format:"date" example:"2027-01-16"`
		AccommodationID int64  `json:"accommodation_id,omitempty" minimum:"1"`
		Guests          int    `json:"guests,omitempty" minimum:"1" maximum:"1000"`
		Price           string `json:"price,omitempty" enum:"keep,requote" default:"keep" doc:"keep what was agreed, or requote by today's rates. The deposit of a confirmed booking stays."`
		TellGuest       *bool  `json:"tell_guest,omitempty" doc:"true when absent."`
		DryRun          bool   `json:"dry_run,omitempty" doc:"Change nothing, say what would change."`
	}
}

type stayTerms struct {
	AccommodationID   int64  `json:"accommodation_id"`
	AccommodationName string `json:"accommodation_name"`
	CheckIn           string `json:"check_in" format:"date"`
	CheckOut          string `json:"check_out" format:"date"`
	Nights            int    `json:"nights"`
	Guests            int    `json:"guests"`
	Total             money  `json:"total"`
	Deposit           money  `json:"deposit"`
	Due               money  `json:"due"`
}

type obstacle struct {
	Kind     string `json:"kind" enum:"reservation,manual,feed,offer"`
	Code     string `json:"code,omitempty" doc:"Of a reservation."`
	BlockID  int64  `json:"block_id,omitempty" doc:"Of nights that are closed."`
	CheckIn  string `json:"check_in" format:"date"`
	CheckOut string `json:"check_out" format:"date"`
}

type changeStayOutput struct {
	Body struct {
		Code            string     `json:"code"`
		Status          string     `json:"status"`
		DryRun          bool       `json:"dry_run"`
		Possible        bool       `json:"possible" doc:"false only with dry_run: reason says why."`
		Reason          *string    `json:"reason" doc:"The code that the change would be refused with."`
		Before          stayTerms  `json:"before"`
		After           stayTerms  `json:"after"`
		NightsDelta     int        `json:"nights_delta" doc:"Nights more; negative is fewer."`
		PriceDifference money      `json:"price_difference" doc:"What the total grows by; negative is less."`
		Overpaid        money      `json:"overpaid" doc:"What is paid above the new total. Nothing goes back by itself: see refunds."`
		Conflicts       []obstacle `json:"conflicts" nullable:"false" doc:"What has one of the nights."`
	}
}

func (r deskRoutes) change(ctx context.Context, in *changeStayInput) (*changeStayOutput, error) {
	code, problem := codeOfPath(ctx, in.Code)
	if problem != nil {
		return nil, problem
	}
	wish, problem := wishOf(ctx, in)
	if problem != nil {
		return nil, problem
	}
	key, problem := keyOrNew(ctx, in.IdempotencyKey)
	if problem != nil {
		return nil, problem
	}
	preview, err := r.Reservations.Preview(ctx, code, wish)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "preview a change of stay", err)
	}
	out := changeStayOutputOf(code, preview)
	out.Body.DryRun = in.Body.DryRun
	if in.Body.DryRun {
		file, err := r.Reservations.File(ctx, code)
		if err != nil {
			return nil, refusal(ctx, r.Logger, "preview a change of stay", err)
		}
		out.Body.Status = string(file.Reservation.Status)
		return out, nil
	}
	file, err := r.Reservations.Change(ctx, authorOf(ctx), code, code+"/"+key, wish)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "change stay", err)
	}
	// What is true counts: a payment may have come meanwhile, or this is the answer to a repetition.
	out.Body.Status, out.Body.Possible, out.Body.Reason, out.Body.Conflicts = string(file.Reservation.Status), true, nil, []obstacle{}
	out.Body.After = stayTermsOf(activities.StayTerms{AccommodationID: file.Reservation.AccommodationID, UnitName: file.Reservation.UnitName,
		Stay: file.Reservation.Stay, Guests: file.Reservation.Guests, Total: file.Money.Total, Deposit: file.Money.Deposit, Due: file.Money.DueTotal})
	return out, nil
}

func wishOf(ctx context.Context, in *changeStayInput) (activities.StayWish, *Problem) {
	body := in.Body
	wish := activities.StayWish{AccommodationID: body.AccommodationID, Guests: body.Guests, Requote: body.Price == workflows.PriceRequote,
		Quiet: body.TellGuest != nil && !*body.TellGuest}
	for _, day := range []struct {
		name, value string
		to          *booking.Date
	}{{"check_in", body.CheckIn, &wish.CheckIn}, {"check_out", body.CheckOut, &wish.CheckOut}} {
		if day.value == "" {
			continue
		}
		parsed, err := booking.ParseDate(day.value)
		if err != nil {
			return wish, invalidField(ctx, "body", day.name, "expected a date of the form YYYY-MM-DD")
		}
		*day.to = parsed
	}
	return wish, nil
}

func keyOrNew(ctx context.Context, key string) (string, *Problem) {
	if !printableASCII(key) {
		return "", invalidField(ctx, "header", idempotencyHeader, "expected printable ASCII characters")
	}
	if key == "" {
		key = rand.Text()
	}
	return key, nil
}

func changeStayOutputOf(code string, p activities.StayPreview) *changeStayOutput {
	out := &changeStayOutput{}
	body := &out.Body
	body.Code, body.Possible, body.Reason = code, p.Refusal == "", orNull(string(p.Refusal))
	body.Before, body.After = stayTermsOf(p.Before), stayTermsOf(p.After)
	body.NightsDelta, body.PriceDifference, body.Overpaid = body.After.Nights-body.Before.Nights, moneyOf(p.Difference), moneyOf(p.Overpaid)
	body.Conflicts = each(p.InTheWay, func(o postgres.Obstacle) obstacle {
		kind := o.Source
		if o.Code != "" {
			kind = "reservation"
		}
		return obstacle{Kind: kind, Code: o.Code, BlockID: o.BlockID, CheckIn: o.Nights.CheckIn.String(), CheckOut: o.Nights.CheckOut.String()}
	})
	return out
}

func stayTermsOf(t activities.StayTerms) stayTerms {
	return stayTerms{AccommodationID: t.AccommodationID, AccommodationName: t.UnitName, CheckIn: t.Stay.CheckIn.String(), CheckOut: t.Stay.CheckOut.String(),
		Nights: t.Stay.Nights(), Guests: t.Guests, Total: moneyOf(t.Total), Deposit: moneyOf(t.Deposit), Due: moneyOf(t.Due)}
}

func (r deskRoutes) noShow(ctx context.Context, in *changeInput) (*changeOutput, error) {
	return bookingDeskRoutes(r).change(ctx, in.Code, in.IdempotencyKey, "no-show", func(code, key string) (workflows.ChangeOutcome, error) {
		return r.Reservations.NoShow(ctx, authorOf(ctx), code, key)
	})
}

func (r deskRoutes) resend(ctx context.Context, in *changeInput) (*changeOutput, error) {
	return bookingDeskRoutes(r).change(ctx, in.Code, in.IdempotencyKey, "resend", func(code, key string) (workflows.ChangeOutcome, error) {
		return r.Reservations.Resend(ctx, authorOf(ctx), code, key)
	})
}

type deskBookInput struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" doc:"Any text that names this one booking, such as a UUID."`
	Body           struct {
		AccommodationID         int64  `json:"accommodation_id" example:"1"`
		CheckIn                 string `json:"check_in" format:"date" example:"2027-01-10"`
		CheckOut                string `json:"check_out" format:"date" example:"2027-01-15"`
		Guests                  int    `json:"guests" minimum:"1" maximum:"1000" example:"4"`
		ContactName             string `json:"contact_name" minLength:"1" maxLength:"100"`
		ContactPhone            string `json:"contact_phone" minLength:"1" maxLength:"40" doc:"In any usual spelling; outside Argentina with the country code." example:"+54 9 11 1234-5678"`
		ContactEmail            string `json:"contact_email,omitempty" maxLength:"254" example:"ana@example.org"`
		Channel                 string `json:"channel,omitempty" enum:"direct,airbnb,booking,other" default:"direct"`
		ConfirmedWithoutPayment bool   `json:"confirmed_without_payment,omitempty" doc:"By the word of the account, which must be an owner's."`
	}
}

type deskBookOutput struct {
	Location string `header:"Location"`
	Body     deskFile
}

func (r deskRoutes) book(ctx context.Context, in *deskBookInput) (*deskBookOutput, error) {
	body := in.Body
	if body.ConfirmedWithoutPayment && !memberOf(ctx).Role.Covers(accounts.Owner) {
		return nil, newProblem(ctx, booking.CodeForbidden, "confirming without a payment needs the role owner")
	}
	request, problem := reservationRoutes(r).bookRequest(ctx, bookBody{AccommodationID: body.AccommodationID, CheckIn: body.CheckIn,
		CheckOut: body.CheckOut, Guests: body.Guests, ContactName: body.ContactName, ContactPhone: body.ContactPhone,
		ContactEmail: body.ContactEmail, Channel: body.Channel})
	if problem != nil {
		return nil, problem
	}
	key, problem := keyOrNew(ctx, in.IdempotencyKey)
	if problem != nil {
		return nil, problem
	}
	file, err := r.Reservations.Book(ctx, authorOf(ctx), key, request, body.ConfirmedWithoutPayment)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "book for a guest", err)
	}
	return &deskBookOutput{Location: prefix + "/admin/reservations/" + file.Reservation.Code, Body: deskFileOf(file)}, nil
}
