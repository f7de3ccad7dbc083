package api

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"cabanas/activities"
	"cabanas/booking"
)

const tagAvailability = "Availability"

func addAccommodations(api huma.API, o *Options) {
	routes := accommodationRoutes{o}
	huma.Register(api, huma.Operation{
		OperationID: "list-accommodations", Method: http.MethodGet, Path: prefix + "/accommodations", Tags: []string{tagAvailability},
		Summary: "What is on offer", Errors: []int{http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, routes.list)
	huma.Register(api, huma.Operation{
		OperationID: "get-accommodation", Method: http.MethodGet, Path: prefix + "/accommodations/{id}", Tags: []string{tagAvailability},
		Summary: "One accommodation", Errors: []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}, routes.get)
	huma.Register(api, huma.Operation{
		OperationID: "get-availability", Method: http.MethodGet, Path: prefix + "/accommodations/{id}/availability", Tags: []string{tagAvailability},
		Summary:     "Whether a stay can be booked, and what it costs",
		Description: "An answer, not a promise: only a hold keeps the nights.",
		Errors:      []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}, routes.availability)
}

type accommodationRoutes struct{ *Options }

type listInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"Most items in one page."`
	Cursor string `query:"cursor" maxLength:"64" doc:"next_cursor of the page before."`
}

type listOutput struct{ Body accommodationList }

func (r accommodationRoutes) list(ctx context.Context, in *listInput) (*listOutput, error) {
	after, err := parseCursor(in.Cursor)
	if err != nil {
		return nil, invalidField(ctx, "query", "cursor", "expected the next_cursor of an earlier answer")
	}
	all, err := r.Desk.Accommodations(ctx)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "list accommodations", err)
	}
	rest := make([]booking.Accommodation, 0, len(all))
	for _, a := range all {
		if a.Active && a.ID > after {
			rest = append(rest, a)
		}
	}
	slices.SortFunc(rest, func(a, b booking.Accommodation) int { return cmp.Compare(a.ID, b.ID) })

	out := &listOutput{Body: accommodationList{Items: []accommodation{}}}
	for _, a := range rest[:min(in.Limit, len(rest))] {
		out.Body.Items = append(out.Body.Items, accommodationOf(a, availabilityRoute(a.ID)))
	}
	if len(rest) > in.Limit {
		cursor := makeCursor(rest[in.Limit-1].ID)
		out.Body.NextCursor = &cursor
	}
	return out, nil
}

type getInput struct {
	ID int64 `path:"id"`
}

type getOutput struct{ Body accommodation }

func (r accommodationRoutes) get(ctx context.Context, in *getInput) (*getOutput, error) {
	found, err := r.Desk.Accommodation(ctx, in.ID)
	if err == nil && !found.Active {
		err = booking.Refuse(booking.CodeNotFound, "accommodation %d is not offered", in.ID)
	}
	if err != nil {
		return nil, refusal(ctx, r.Logger, "read accommodation", err)
	}
	return &getOutput{Body: accommodationOf(found, availabilityRoute(found.ID))}, nil
}

type availabilityInput struct {
	ID       int64  `path:"id"`
	CheckIn  string `query:"check_in" required:"true" format:"date" example:"2027-01-10"`
	CheckOut string `query:"check_out" required:"true" format:"date" example:"2027-01-15"`
	Guests   int    `query:"guests" default:"1"`
}

type availabilityOutput struct{ Body availability }

func (r accommodationRoutes) availability(ctx context.Context, in *availabilityInput) (*availabilityOutput, error) {
	stay, err := parseStay(in.CheckIn, in.CheckOut)
	if err == nil && in.Guests < 1 {
		err = booking.Refuse(booking.CodeInvalidGuests, "%d guests", in.Guests)
	}
	if err != nil {
		return nil, refusal(ctx, r.Logger, "check availability", err)
	}
	answer, err := r.Desk.Availability(ctx, activities.AvailabilityRequest{AccommodationID: in.ID, Stay: stay, Guests: in.Guests})
	if err != nil {
		return nil, refusal(ctx, r.Logger, "check availability", err)
	}
	return &availabilityOutput{Body: availabilityOf(answer, stay)}, nil
}

// parseStay reads two dates whose form huma has checked already.
func parseStay(checkIn, checkOut string) (booking.Stay, error) {
	from, err := booking.ParseDate(checkIn)
	if err != nil {
		return booking.Stay{}, booking.Refuse(booking.CodeInvalidDates, "check_in is not of the form YYYY-MM-DD")
	}
	to, err := booking.ParseDate(checkOut)
	if err != nil {
		return booking.Stay{}, booking.Refuse(booking.CodeInvalidDates, "check_out is not of the form YYYY-MM-DD")
	}
	return booking.NewStay(from, to)
}

func availabilityRoute(id int64) string {
	return fmt.Sprintf("%s/accommodations/%d/availability", prefix, id)
}

// A cursor is the last id of a page; it is coded so that clients do not take it for a number to count with.
func makeCursor(lastID int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte("after:" + strconv.FormatInt(lastID, 10)))
}

func parseCursor(cursor string) (lastID int64, err error) {
	if cursor == "" {
		return 0, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return 0, fmt.Errorf("cursor: %w", err)
	}
	if _, err := fmt.Sscanf(string(text), "after:%d", &lastID); err != nil {
		return 0, fmt.Errorf("cursor: %w", err)
	}
	return lastID, nil
}
