package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"cabanas/activities"
	"cabanas/booking"
)

const tagAvailability = "Availability"

func addAccommodations(api huma.API, o *Options) {
	routes := accommodationRoutes{o}
	huma.Register(api, unchanged(huma.Operation{
		OperationID: "list-accommodations", Method: http.MethodGet, Path: prefix + "/accommodations", Tags: []string{tagAvailability},
		Summary: "What is on offer", Errors: []int{http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}), routes.list)
	huma.Register(api, unchanged(huma.Operation{
		OperationID: "get-accommodation", Method: http.MethodGet, Path: prefix + "/accommodations/{id}", Tags: []string{tagAvailability},
		Summary: "One accommodation", Errors: []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}), routes.get)
	huma.Register(api, huma.Operation{
		OperationID: "get-availability", Method: http.MethodGet, Path: prefix + "/accommodations/{id}/availability", Tags: []string{tagAvailability},
		Summary:     "Whether a stay can be booked, and what it costs",
		Description: "An answer, not a promise: only a hold keeps the nights.",
		Errors:      []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}, routes.availability)
}

type accommodationRoutes struct{ *Options }

type offeredInput struct {
	Limit       int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"Most items in one page."`
	Cursor      string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before, asked for with the same sort."`
	Type        string `query:"type" enum:"cabin,apartment,house,room" doc:"Only those."`
	Guests      int    `query:"guests" minimum:"0" maximum:"1000" doc:"Only where so many fit."`
	City        string `query:"city" maxLength:"200" doc:"Only there; capitals and accents do not matter." example:"villa la angostura"`
	Sort        string `query:"sort" enum:"id,-id,name,-name,base_price,-base_price,capacity,-capacity" default:"id" doc:"With - the last comes first."`
	IfNoneMatch string `header:"If-None-Match" maxLength:"1024" doc:"An ETag; it is answered with 304 while it is still right."`
}

type listOutput struct {
	Status       int
	Etag         string `header:"Etag" doc:"Names this answer, for If-None-Match."`
	CacheControl string `header:"Cache-Control"`
	Body         accommodationList
}

func (r accommodationRoutes) list(ctx context.Context, in *offeredInput) (*listOutput, error) {
	all, err := r.Desk.Accommodations(ctx)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "list accommodations", err)
	}
	wanted := make([]booking.Accommodation, 0, len(all))
	for _, a := range all {
		if a.Active && a.Capacity >= in.Guests && (in.Type == "" || in.Type == string(a.Type)) && (in.City == "" || folded(in.City) == folded(a.Location.City)) {
			wanted = append(wanted, a)
		}
	}
	page, next, err := sortedPage(wanted, in.Sort, in.Cursor, in.Limit, offeredKey)
	if err != nil {
		return nil, invalidField(ctx, "query", "cursor", "expected the next_cursor of an earlier answer with the same sort")
	}
	out := &listOutput{Status: http.StatusOK, CacheControl: publicNoCache, Body: accommodationList{Items: []accommodation{}, NextCursor: next}}
	for _, a := range page {
		out.Body.Items = append(out.Body.Items, accommodationOf(a, availabilityRoute(a.ID)))
	}
	if out.Etag, err = tagOf(out.Body); err != nil {
		return nil, refusal(ctx, r.Logger, "list accommodations", err)
	}
	if matchesWeakly(in.IfNoneMatch, out.Etag) {
		out.Status = http.StatusNotModified
	}
	return out, nil
}

func offeredKey(a booking.Accommodation, by string) sortKey {
	switch by {
	case "name":
		return sortKey{folded(a.Name), a.ID}
	case "base_price":
		return sortKey{fmt.Sprintf("%020d", a.Rate.Base.Centavos), a.ID}
	case "capacity":
		return sortKey{fmt.Sprintf("%010d", a.Capacity), a.ID}
	}
	return sortKey{"", a.ID}
}

type getInput struct {
	ID          int64  `path:"id"`
	IfNoneMatch string `header:"If-None-Match" maxLength:"1024" doc:"An ETag; it is answered with 304 while it is still right."`
}

type getOutput struct {
	Status       int
	Etag         string `header:"Etag" doc:"Names this answer, for If-None-Match."`
	CacheControl string `header:"Cache-Control"`
	Body         accommodation
}

func (r accommodationRoutes) get(ctx context.Context, in *getInput) (*getOutput, error) {
	found, err := r.Desk.Accommodation(ctx, in.ID)
	if err == nil && !found.Active {
		err = booking.Refuse(booking.CodeNotFound, "accommodation %d is not offered", in.ID)
	}
	if err != nil {
		return nil, refusal(ctx, r.Logger, "read accommodation", err)
	}
	out := &getOutput{Status: http.StatusOK, CacheControl: publicNoCache, Body: accommodationOf(found, availabilityRoute(found.ID))}
	if out.Etag, err = tagOf(out.Body); err != nil {
		return nil, refusal(ctx, r.Logger, "read accommodation", err)
	}
	if matchesWeakly(in.IfNoneMatch, out.Etag) {
		out.Status = http.StatusNotModified
	}
	return out, nil
}

// publicNoCache lets anybody keep an answer and makes them ask each time whether it is still right.
const publicNoCache = "public, no-cache"

// tagOf names an answer by what it says.
func tagOf(body any) (string, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return "", fmt.Errorf("name an answer: %w", err)
	}
	digest := sha256.Sum256(encoded)
	return `"` + base64.RawURLEncoding.EncodeToString(digest[:12]) + `"`, nil
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
