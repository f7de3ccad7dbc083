package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"cabanas/booking"
	"cabanas/internal/accounts"
	"cabanas/store/postgres"
)

func addRates(s staff, o *Options) {
	if o.Catalogue == nil {
		return
	}
	routes := rateRoutes{o}
	op := func(id, method, path, summary, description string, errors ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: prefix + "/admin/rates" + path, Tags: []string{tagCatalogue},
			Summary: summary, Description: description, Errors: errors}
	}
	staffRoute(s, accounts.ReadOnly, op("list-rates", http.MethodGet, "", "Seasons and other rules of price and stay", "The oldest first."), routes.list)
	staffRoute(s, accounts.ReadOnly, unchanged(op("get-rate", http.MethodGet, "/{id}", "One rule", "The ETag goes into If-Match of a change.",
		http.StatusNotFound)), routes.get)
	create := op("create-rate", http.MethodPost, "", "Another rule",
		"Of the rules that cover a night, the one with the highest priority decides its price, another may decide the shortest stay. A rule that "+
			"could meet another with the same priority is refused as ambiguous_rule.", http.StatusConflict, http.StatusUnprocessableEntity)
	create.DefaultStatus = http.StatusCreated
	staffRoute(s, accounts.Owner, create, routes.create)
	staffRoute(s, accounts.Owner, op("change-rate", http.MethodPatch, "/{id}", "Change a rule",
		"Only what is given changes, for questions and bookings from now on: what is held or confirmed keeps its price.",
		http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed, http.StatusUnprocessableEntity), routes.change)
	remove := op("delete-rate", http.MethodDelete, "/{id}", "End a rule", "", http.StatusNotFound, http.StatusPreconditionFailed)
	remove.DefaultStatus = http.StatusNoContent
	staffRoute(s, accounts.Owner, remove, routes.remove)
	staffRoute(s, accounts.ReadOnly, op("preview-rates", http.MethodPost, "/preview", "What each night costs now, and why",
		"Nothing is changed. Length discounts, extra guests and cleaning belong to a whole stay: ask for its availability.",
		http.StatusNotFound, http.StatusUnprocessableEntity), routes.preview)
}

type rateRoutes struct{ *Options }

type nightRange struct {
	First string `json:"first_night" format:"date" example:"2026-12-20"`
	Last  string `json:"last_night" format:"date" example:"2027-02-28" doc:"Included."`
}

type rateRule struct {
	ID              int64             `json:"id"`
	Version         int               `json:"version" doc:"Grows with every change; quotes name it."`
	AccommodationID *int64            `json:"accommodation_id" doc:"Null is every accommodation."`
	Name            string            `json:"name" doc:"Part of the reason of a price."`
	Kind            string            `json:"kind" enum:"season,holidays,long_weekends,always"`
	Dates           []nightRange      `json:"dates" nullable:"false" doc:"Of a season."`
	Weekdays        []string          `json:"weekdays" nullable:"false" doc:"Of the evening; empty is every day."`
	Priority        int               `json:"priority" doc:"The higher wins."`
	Active          bool              `json:"active"`
	Percent         *int              `json:"percent" doc:"Of the base price; null leaves the price alone, unless there is a price."`
	Price           *money            `json:"price" doc:"Of a night, whatever the base price is."`
	WeekendOnTop    bool              `json:"weekend_on_top" doc:"With percent: Friday and Saturday nights keep the accommodation's weekend_percent too."`
	MinNights       *int              `json:"min_nights" doc:"Null leaves the accommodation's."`
	MinNightsFor    string            `json:"min_nights_for" enum:"touching,arriving" doc:"Stays with any night in the rule, or only those that begin in it."`
	LengthOfStayOff *[]lengthDiscount `json:"length_discounts" doc:"Instead of the accommodation's, for the nights in the rule; null leaves them, an empty list takes nothing off."`
	CreatedAt       time.Time         `json:"created_at"`
	UpdatedAt       time.Time         `json:"updated_at"`
}

// weekdays in the order of [time.Weekday].
var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func rateOf(r postgres.RateRule) rateRule {
	shown := rateRule{
		ID: r.ID, Version: r.Version, Name: r.Name, Kind: string(r.Kind), Dates: []nightRange{}, Weekdays: []string{}, Priority: r.Priority,
		Active: r.Active, Price: moneyOrNull(r.Price), WeekendOnTop: r.WeekendOnTop, MinNightsFor: string(r.MinNightsFor),
		AccommodationID: nullOf(r.AccommodationID), Percent: nullOf(r.Percent), MinNights: nullOf(r.MinNights),
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
	for _, d := range r.Dates {
		shown.Dates = append(shown.Dates, nightRange{First: d.First.String(), Last: d.Last.String()})
	}
	for _, day := range r.Weekdays {
		shown.Weekdays = append(shown.Weekdays, weekdays[day])
	}
	if r.LengthDiscounts != nil {
		off := []lengthDiscount{}
		for _, d := range *r.LengthDiscounts {
			off = append(off, lengthDiscount{Nights: d.Nights, Percent: d.Percent})
		}
		shown.LengthOfStayOff = &off
	}
	return shown
}

func nullOf[T int | int64](n T) *T {
	if n == 0 {
		return nil
	}
	return &n
}

type rateListInput struct {
	Limit           int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"Most items in one page."`
	Cursor          string `query:"cursor" maxLength:"64" doc:"next_cursor of the page before."`
	AccommodationID int64  `query:"accommodation_id" minimum:"0" doc:"The rules that are for it: its own, and those of every accommodation."`
	Active          string `query:"active" enum:"true,false"`
}

type rateListOutput struct {
	Body struct {
		Items      []rateRule `json:"items" nullable:"false"`
		NextCursor *string    `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last."`
	}
}

func (r rateRoutes) list(ctx context.Context, in *rateListInput) (*rateListOutput, error) {
	after, err := parseCursor(in.Cursor)
	if err != nil {
		return nil, invalidField(ctx, "query", "cursor", "expected the next_cursor of an earlier answer")
	}
	filter := postgres.RateRuleFilter{AccommodationID: in.AccommodationID, After: after, Most: in.Limit + 1}
	if in.Active != "" {
		filter.Active = new(in.Active == "true")
	}
	found, err := r.Catalogue.Rules(ctx, filter)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "list rates", err)
	}
	out := &rateListOutput{}
	out.Body.Items = []rateRule{}
	for _, rule := range found[:min(in.Limit, len(found))] {
		out.Body.Items = append(out.Body.Items, rateOf(rule))
	}
	if len(found) > in.Limit {
		out.Body.NextCursor = new(makeCursor(found[in.Limit-1].ID))
	}
	return out, nil
}

type rateGetInput struct {
	ID          int64  `path:"id" minimum:"1"`
	IfNoneMatch string `header:"If-None-Match" maxLength:"1024" doc:"An ETag; it is answered with 304 while it is still right."`
}

type rateOutput struct {
	Status       int
	Etag         string `header:"Etag" doc:"Names what was read, for If-Match and If-None-Match."`
	CacheControl string `header:"Cache-Control"`
	Body         rateRule
}

func rateOutputOf(rule postgres.RateRule) *rateOutput {
	return &rateOutput{Status: http.StatusOK, Etag: revisionTag(rule.ID, rule.Version), CacheControl: privateNoCache, Body: rateOf(rule)}
}

func (r rateRoutes) get(ctx context.Context, in *rateGetInput) (*rateOutput, error) {
	found, err := r.Catalogue.Rule(ctx, in.ID)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "read rate", err)
	}
	out := rateOutputOf(found)
	if matchesWeakly(in.IfNoneMatch, out.Etag) {
		out.Status = http.StatusNotModified
	}
	return out, nil
}

// RateWish is what may be said of a rule beside its name. Huma reads embedded fields of exported types only.
type RateWish struct {
	AccommodationID *int64            `json:"accommodation_id,omitempty" minimum:"0" doc:"0, or nothing in a new rule, is every accommodation."`
	Kind            *string           `json:"kind,omitempty" enum:"season,holidays,long_weekends,always" doc:"season where nothing is said. Holidays (a holiday's night and its eve) and long weekends are Argentina's."`
	Dates           *[]nightRange     `json:"dates,omitempty" maxItems:"30" doc:"Of a season, and only of one."`
	Weekdays        *[]string         `json:"weekdays,omitempty" maxItems:"7" enum:"sun,mon,tue,wed,thu,fri,sat" doc:"Of the evening; empty is every day."`
	Priority        *int              `json:"priority,omitempty" minimum:"0" maximum:"1000" doc:"The higher wins."`
	Active          *bool             `json:"active,omitempty"`
	Percent         *int              `json:"percent,omitempty" minimum:"0" maximum:"1000" example:"150" doc:"Of the base price; 0 for none."`
	Price           *money            `json:"price,omitempty" doc:"Of a night, whatever the base price is; an amount of 0 for none. Not beside percent."`
	WeekendOnTop    *bool             `json:"weekend_on_top,omitempty" doc:"With percent: Friday and Saturday nights keep the accommodation's weekend_percent too; they do where nothing is said."`
	MinNights       *int              `json:"min_nights,omitempty" minimum:"0" maximum:"60" doc:"0 for none."`
	MinNightsFor    *string           `json:"min_nights_for,omitempty" enum:"touching,arriving"`
	OwnDiscounts    *bool             `json:"own_length_discounts,omitempty" doc:"false leaves the accommodation's discounts again; true without length_discounts takes nothing off."`
	LengthOfStayOff *[]lengthDiscount `json:"length_discounts,omitempty" maxItems:"10" doc:"Instead of the accommodation's, for the nights in the rule."`
}

type rateCreateInput struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"60" example:"Temporada alta" doc:"Part of the reason of a price."`
		RateWish
	}
}

type rateCreateOutput struct {
	Location string `header:"Location"`
	Etag     string `header:"Etag"`
	Body     rateRule
}

func (r rateRoutes) create(ctx context.Context, in *rateCreateInput) (*rateCreateOutput, error) {
	change, err := in.Body.change()
	if err != nil {
		return nil, refusal(ctx, r.Logger, "create rate", err)
	}
	change.Name = &in.Body.Name
	made, err := r.Catalogue.AddRule(ctx, authorOf(ctx), change)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "create rate", err)
	}
	return &rateCreateOutput{Location: pathOf("/admin/rates", made.ID), Etag: revisionTag(made.ID, made.Version), Body: rateOf(made)}, nil
}

type rateChangeInput struct {
	ID      int64  `path:"id" minimum:"1"`
	IfMatch string `header:"If-Match" maxLength:"1024" doc:"The ETag of what was read; absent changes it however it is now."`
	Body    struct {
		Name *string `json:"name,omitempty" minLength:"1" maxLength:"60"`
		RateWish
	}
}

func (r rateRoutes) change(ctx context.Context, in *rateChangeInput) (*rateOutput, error) {
	change, err := in.Body.change()
	if err != nil {
		return nil, refusal(ctx, r.Logger, "change rate", err)
	}
	change.Name = in.Body.Name
	version, err := r.versionOf(ctx, in.ID, in.IfMatch)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "change rate", err)
	}
	changed, err := r.Catalogue.ChangeRule(ctx, authorOf(ctx), in.ID, version, change)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "change rate", err)
	}
	return rateOutputOf(changed), nil
}

func (r rateRoutes) versionOf(ctx context.Context, id int64, ifMatch string) (int, error) {
	return revisionFor(ifMatch, func() (string, int, error) {
		found, err := r.Catalogue.Rule(ctx, id)
		return revisionTag(id, found.Version), found.Version, err
	})
}

type rateRemoveInput struct {
	ID      int64  `path:"id" minimum:"1"`
	IfMatch string `header:"If-Match" maxLength:"1024" doc:"The ETag of what was read."`
}

func (r rateRoutes) remove(ctx context.Context, in *rateRemoveInput) (*struct{}, error) {
	version, err := r.versionOf(ctx, in.ID, in.IfMatch)
	if err == nil {
		err = r.Catalogue.DeleteRule(ctx, authorOf(ctx), in.ID, version)
	}
	if err != nil {
		return nil, refusal(ctx, r.Logger, "delete rate", err)
	}
	return nil, nil
}

type tableInput struct {
	Body struct {
		AccommodationID int64  `json:"accommodation_id" minimum:"1" doc:"Offered or not."`
		First           string `json:"first_night" format:"date" example:"2026-12-20"`
		Last            string `json:"last_night" format:"date" example:"2027-02-28" doc:"Included; at most 400 nights."`
	}
}

type nightPrice struct {
	Night       string `json:"night" format:"date"`
	Weekday     string `json:"weekday" enum:"sun,mon,tue,wed,thu,fri,sat"`
	Price       money  `json:"price"`
	Reason      string `json:"reason" doc:"Why this amount, in English."`
	RuleID      *int64 `json:"rule_id" doc:"The rule that made it; null is the accommodation's own price."`
	RuleVersion *int   `json:"rule_version"`
	LeastNights *int   `json:"least_nights" doc:"The shortest stay that can begin with this night; null when none can."`
}

type tableOutput struct {
	Body struct {
		Items []nightPrice `json:"items" nullable:"false"`
	}
}

func (r rateRoutes) preview(ctx context.Context, in *tableInput) (*tableOutput, error) {
	nights, err := nightRangesOf([]nightRange{{First: in.Body.First, Last: in.Body.Last}}, "last_night")
	if err != nil {
		return nil, refusal(ctx, r.Logger, "preview rates", err)
	}
	table, err := r.Catalogue.PriceTable(ctx, in.Body.AccommodationID, booking.Stay{CheckIn: nights[0].First, CheckOut: nights[0].Last.AddDays(1)})
	if err != nil {
		return nil, refusal(ctx, r.Logger, "preview rates", err)
	}
	out := &tableOutput{}
	for _, n := range table {
		out.Body.Items = append(out.Body.Items, nightPrice{Night: n.Night.String(), Weekday: weekdays[n.Night.Weekday()], Price: moneyOf(n.Amount),
			Reason: n.Reason, RuleID: nullOf(n.RuleID), RuleVersion: nullOf(n.RuleVersion), LeastNights: nullOf(n.LeastNights)})
	}
	return out, nil
}

// change puts the wish into the terms of the domain; what is no amount or no date is refused by its field.
func (w RateWish) change() (booking.RateRuleChange, error) {
	change := booking.RateRuleChange{
		AccommodationID: w.AccommodationID, Kind: (*booking.RuleKind)(w.Kind), Priority: w.Priority, Active: w.Active, Percent: w.Percent,
		WeekendOnTop: w.WeekendOnTop, MinNights: w.MinNights, MinNightsFor: (*booking.MinNightsFor)(w.MinNightsFor),
		OwnDiscounts: w.OwnDiscounts, Discounts: laddersOf(w.LengthOfStayOff),
	}
	if w.Weekdays != nil {
		days := []time.Weekday{}
		for _, day := range *w.Weekdays {
			days = append(days, time.Weekday(slices.Index(weekdays, day)))
		}
		change.Weekdays = &days
	}
	if w.Dates != nil {
		dates, err := nightRangesOf(*w.Dates, "dates")
		if err != nil {
			return change, err
		}
		change.Dates = &dates
	}
	return change, amounts(amountField{"price", w.Price, &change.Price})
}

// nightRangesOf reads dates whose form huma has checked already; it does not look at their order.
func nightRangesOf(ranges []nightRange, field string) ([]booking.NightRange, error) {
	dates := []booking.NightRange{}
	for _, d := range ranges {
		first, err := booking.ParseDate(d.First)
		if err != nil {
			return nil, &booking.FieldError{Field: field, Rule: "must be of the form YYYY-MM-DD"}
		}
		last, err := booking.ParseDate(d.Last)
		if err != nil {
			return nil, &booking.FieldError{Field: field, Rule: "must be of the form YYYY-MM-DD"}
		}
		dates = append(dates, booking.NightRange{First: first, Last: last})
	}
	return dates, nil
}
