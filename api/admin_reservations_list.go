package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/internal/accounts"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// ReservationDesk is where staff looks bookings up, reads everything about one and changes it; *activities.ReservationDesk is one.
// Its refusals are [booking.Error]. The same key returns the first one's outcome.
type ReservationDesk interface {
	List(ctx context.Context, filter postgres.ReservationFilter, order postgres.ReservationOrder, after postgres.ReservationPlace, most int) ([]postgres.ReservationRow, error)
	File(ctx context.Context, code string) (postgres.ReservationFile, error)
	Story(ctx context.Context, code string, after int64, most int) ([]postgres.StoryEvent, error)
	Edit(ctx context.Context, by postgres.Author, code string, edit postgres.ReservationEdit) (postgres.ReservationFile, error)
	Preview(ctx context.Context, code string, wish activities.StayWish) (activities.StayPreview, error)
	Change(ctx context.Context, by postgres.Author, code, key string, wish activities.StayWish) (postgres.ReservationFile, error)
	NoShow(ctx context.Context, by postgres.Author, code, key string) (workflows.ChangeOutcome, error)
	Resend(ctx context.Context, by postgres.Author, code, key string) (workflows.ChangeOutcome, error)
	Book(ctx context.Context, by postgres.Author, key string, request activities.BookRequest, confirm bool) (postgres.ReservationFile, error)
}

// addReservationDesk registers what staff does with bookings beside addBookingDesk; slow routes may take long to answer.
func addReservationDesk(s, slow staff, o *Options) {
	if o.Reservations == nil {
		return
	}
	routes := deskRoutes{o}
	op := func(id, method, path, summary, description string, errors ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: prefix + "/admin/reservations" + path, Tags: []string{tagReservations},
			Summary: summary, Description: description, Errors: errors}
	}
	const missing, conflict, rule = http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity
	staffRoute(s, accounts.ReadOnly, op("list-reservations", http.MethodGet, "", "Bookings",
		"Filters that are given all have to hold; a filter with several values takes any of them, with commas between them.", rule), routes.list)
	export := op("export-reservations", http.MethodGet, "/export.csv", "Bookings as a table",
		"All of them, with the filters and the order of the list. With separator=semicolon the table is one that Excel in Argentina opens: "+
			"semicolons, decimal commas and a byte order mark.", rule)
	export.Responses = tableResponse()
	staffRoute(slow, accounts.ReadOnly, export, routes.export)
	staffRoute(s, accounts.ReadOnly, op("get-reservation-for-staff", http.MethodGet, "/{code}", "Everything about a booking",
		"With its story: what happened, when, by whom, on which numbers. With If-None-Match an unchanged booking is 304.", missing), routes.file)
	staffRoute(s, accounts.ReadOnly, op("list-reservation-events", http.MethodGet, "/{code}/events", "The story of a booking",
		"In the order in which it happened.", missing, rule), routes.story)
	staffRoute(s, accounts.Staff, op("edit-reservation", http.MethodPatch, "/{code}", "Correct a booking",
		"What leaves the stay as it is; the price stays too. What is absent is left alone.", missing, conflict, rule), routes.edit)
	staffRoute(s, accounts.Staff, op("change-stay", http.MethodPost, "/{code}/change", "Move a booking",
		"Other dates, another place or number of guests for a booking that is held or confirmed. What is absent stays as it is. Nights that are "+
			"taken are 409 dates_taken, and nothing changes. With dry_run the answer says what would change. The guest is told unless tell_guest is false.",
		missing, conflict, rule), routes.change)
	staffRoute(s, accounts.Staff, op("no-show", http.MethodPost, "/{code}/no-show", "The guest did not come",
		"Confirmed, from the check-in day on. What was paid is kept.", missing, conflict), routes.noShow)
	staffRoute(s, accounts.Staff, op("resend", http.MethodPost, "/{code}/resend", "Tell the guest again",
		"A hold with its payment link, a confirmed booking with its confirmation.", missing, conflict), routes.resend)
	book := op("book-for-guest", http.MethodPost, "", "Book for a guest",
		"Who called or came. With an Idempotency-Key a repetition finds the booking it made. Confirmed without a payment it needs the role owner.",
		missing, conflict, rule)
	book.DefaultStatus = http.StatusCreated
	staffRoute(s, accounts.Staff, book, routes.book)
}

type deskRoutes struct{ *Options }

// The filters stand in both inputs: what is embedded without a capital letter is not read.
type reservationListInput struct {
	Limit           int       `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"Most items in one page."`
	Cursor          string    `query:"cursor" maxLength:"200" doc:"next_cursor of the page before, of the same sort."`
	Sort            string    `query:"sort" enum:"created_at,check_in,expires_at" default:"created_at"`
	Direction       string    `query:"direction" enum:"asc,desc" default:"desc"`
	Status          []string  `query:"status" enum:"pre_reserved,confirmed,expired,cancelled,completed,no_show"`
	PaymentStatus   []string  `query:"payment_status" enum:"pending,partially_paid,paid,refunded,failed,charged_back"`
	Channel         []string  `query:"channel" enum:"whatsapp,direct,airbnb,booking,other"`
	AccommodationID int64     `query:"accommodation_id" minimum:"0" doc:"0 or absent is all."`
	CheckInFrom     string    `query:"check_in_from" format:"date"`
	CheckInTo       string    `query:"check_in_to" format:"date" doc:"The last day of check-in."`
	StaysFrom       string    `query:"stays_from" format:"date" example:"2027-01-10" doc:"With stays_to: those that sleep a night of the range."`
	StaysTo         string    `query:"stays_to" format:"date" example:"2027-01-17" doc:"The day after the last night of the range."`
	CreatedFrom     time.Time `query:"created_from"`
	CreatedTo       time.Time `query:"created_to" doc:"Not included."`
	Search          string    `query:"search" maxLength:"100" doc:"Part of a code, a name, an e-mail address, or a phone in any usual spelling."`
}

type reservationExportInput struct {
	Separator       string    `query:"separator" enum:"comma,semicolon" default:"comma"`
	Sort            string    `query:"sort" enum:"created_at,check_in,expires_at" default:"created_at"`
	Direction       string    `query:"direction" enum:"asc,desc" default:"desc"`
	Status          []string  `query:"status" enum:"pre_reserved,confirmed,expired,cancelled,completed,no_show"`
	PaymentStatus   []string  `query:"payment_status" enum:"pending,partially_paid,paid,refunded,failed,charged_back"`
	Channel         []string  `query:"channel" enum:"whatsapp,direct,airbnb,booking,other"`
	AccommodationID int64     `query:"accommodation_id" minimum:"0" doc:"0 or absent is all."`
	CheckInFrom     string    `query:"check_in_from" format:"date"`
	CheckInTo       string    `query:"check_in_to" format:"date" doc:"The last day of check-in."`
	StaysFrom       string    `query:"stays_from" format:"date" example:"2027-01-10" doc:"With stays_to: those that sleep a night of the range."`
	StaysTo         string    `query:"stays_to" format:"date" example:"2027-01-17" doc:"The day after the last night of the range."`
	CreatedFrom     time.Time `query:"created_from"`
	CreatedTo       time.Time `query:"created_to" doc:"Not included."`
	Search          string    `query:"search" maxLength:"100" doc:"Part of a code, a name, an e-mail address, or a phone in any usual spelling."`
}

type deskGuest struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Phone string `json:"phone" doc:"Digits with the country code; empty for a guest who hides it."`
	Email string `json:"email"`
}

type deskItem struct {
	Code              string     `json:"code" example:"RES261120A1B2C3"`
	AccommodationID   int64      `json:"accommodation_id"`
	AccommodationName string     `json:"accommodation_name"`
	CheckIn           string     `json:"check_in" format:"date"`
	CheckOut          string     `json:"check_out" format:"date"`
	Nights            int        `json:"nights"`
	Guests            int        `json:"guests"`
	Guest             deskGuest  `json:"guest"`
	Status            string     `json:"status" enum:"pre_reserved,confirmed,expired,cancelled,completed,no_show"`
	PaymentStatus     string     `json:"payment_status" enum:"pending,partially_paid,paid,refunded,failed,charged_back"`
	Total             money      `json:"total"`
	Deposit           money      `json:"deposit"`
	Paid              money      `json:"paid" doc:"What was counted and not returned."`
	Due               money      `json:"due" doc:"What is left to pay; nothing when the booking is over."`
	Channel           string     `json:"channel" enum:"whatsapp,direct,airbnb,booking,other"`
	ExpiresAt         *time.Time `json:"expires_at" doc:"The deadline of the hold, also when it is over."`
	CreatedAt         time.Time  `json:"created_at"`
}

func deskItemOf(r postgres.ReservationRow) deskItem {
	return deskItem{
		Code: r.Code, AccommodationID: r.AccommodationID, AccommodationName: r.UnitName, CheckIn: r.Stay.CheckIn.String(),
		CheckOut: r.Stay.CheckOut.String(), Nights: r.Stay.Nights(), Guests: r.Guests,
		Guest:  deskGuest{r.Guest.ID, r.Guest.Name, r.Guest.Phone, r.Guest.Email},
		Status: string(r.Status), PaymentStatus: string(r.PaymentStatus), Total: moneyOf(r.Total), Deposit: moneyOf(r.Deposit),
		Paid: moneyOf(r.Paid), Due: moneyOf(r.Due), Channel: string(r.Channel), ExpiresAt: timeOrNull(r.ExpiresAt), CreatedAt: r.CreatedAt.UTC(),
	}
}

type reservationListOutput struct {
	Body struct {
		Items      []deskItem `json:"items" nullable:"false"`
		NextCursor *string    `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last."`
	}
}

func (r deskRoutes) list(ctx context.Context, in *reservationListInput) (*reservationListOutput, error) {
	filter, problem := r.filter(ctx, in)
	if problem != nil {
		return nil, problem
	}
	order := orderOf(in.Sort, in.Direction)
	after, err := parsePlace(orderName(order), in.Cursor)
	if err != nil {
		return nil, invalidField(ctx, "query", "cursor", "expected the next_cursor of an earlier answer with the same sort and direction")
	}
	found, err := r.Reservations.List(ctx, filter, order, after, in.Limit+1)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "list reservations", err)
	}
	out := &reservationListOutput{}
	out.Body.Items = []deskItem{}
	for _, row := range found[:min(in.Limit, len(found))] {
		out.Body.Items = append(out.Body.Items, deskItemOf(row))
	}
	if len(found) > in.Limit {
		cursor := placeCursor(orderName(order), found[in.Limit-1].Place)
		out.Body.NextCursor = &cursor
	}
	return out, nil
}

func orderOf(sort, direction string) postgres.ReservationOrder {
	return postgres.ReservationOrder{By: postgres.ReservationSort(cmp.Or(sort, string(postgres.ByCreation))), Descending: direction != "asc"}
}

// orderName ties a cursor to the order it was given in.
func orderName(order postgres.ReservationOrder) string {
	return fmt.Sprintf("%s:%t", order.By, order.Descending)
}

// filter checks what the description of the route cannot say.
func (r deskRoutes) filter(ctx context.Context, in *reservationListInput) (postgres.ReservationFilter, *Problem) {
	filter := postgres.ReservationFilter{
		Statuses: wordsOf[booking.Status](in.Status), PaymentStatuses: wordsOf[booking.PaymentStatus](in.PaymentStatus),
		Channels: wordsOf[booking.Channel](in.Channel), AccommodationID: in.AccommodationID,
		CreatedFrom: in.CreatedFrom, CreatedTo: in.CreatedTo, Search: strings.TrimSpace(in.Search),
	}
	if !printable(filter.Search) {
		return filter, invalidField(ctx, "query", "search", "expected printable characters")
	}
	for _, day := range []struct {
		name, value string
		to          *booking.Date
	}{
		{"check_in_from", in.CheckInFrom, &filter.CheckInFrom}, {"check_in_to", in.CheckInTo, &filter.CheckInTo},
		{"stays_from", in.StaysFrom, &filter.StaysFrom}, {"stays_to", in.StaysTo, &filter.StaysTo},
	} {
		if day.value == "" {
			continue
		}
		parsed, err := booking.ParseDate(day.value)
		if err != nil {
			return filter, invalidField(ctx, "query", day.name, "expected a date of the form YYYY-MM-DD")
		}
		*day.to = parsed
	}
	if !filter.StaysFrom.IsZero() && !filter.StaysTo.IsZero() && !filter.StaysFrom.Before(filter.StaysTo) {
		return filter, invalidField(ctx, "query", "stays_to", "expected a day after stays_from")
	}
	return filter, nil
}

func wordsOf[T ~string](words []string) []T {
	typed := make([]T, 0, len(words))
	for _, word := range words {
		if !slices.Contains(typed, T(word)) {
			typed = append(typed, T(word))
		}
	}
	return typed
}
