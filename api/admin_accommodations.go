package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"cabanas/booking"
	"cabanas/internal/accounts"
	"cabanas/store/postgres"
)

const tagCatalogue = "Catalogue"

// CatalogueDesk is where the owner keeps accommodations and rate rules; *activities.CatalogueDesk is one. Its refusals are
// [booking.Error].
type CatalogueDesk interface {
	Accommodations(ctx context.Context) ([]postgres.AccommodationRecord, error)
	Accommodation(ctx context.Context, id int64) (postgres.AccommodationRecord, error)
	Add(ctx context.Context, by postgres.Author, change booking.AccommodationChange) (postgres.AccommodationRecord, error)
	// Change and Remove refuse with [postgres.CodeChangedMeanwhile] when there is another revision than the one given.
	Change(ctx context.Context, by postgres.Author, id int64, revision int, change booking.AccommodationChange) (postgres.AccommodationRecord, error)
	Remove(ctx context.Context, by postgres.Author, id int64, revision int) (deleted bool, err error)

	Rules(ctx context.Context, filter postgres.RateRuleFilter) ([]postgres.RateRule, error)
	Rule(ctx context.Context, id int64) (postgres.RateRule, error)
	AddRule(ctx context.Context, by postgres.Author, change booking.RateRuleChange) (postgres.RateRule, error)
	ChangeRule(ctx context.Context, by postgres.Author, id int64, version int, change booking.RateRuleChange) (postgres.RateRule, error)
	DeleteRule(ctx context.Context, by postgres.Author, id int64, version int) error
	PriceTable(ctx context.Context, accommodationID int64, nights booking.Stay) ([]booking.NightPrice, error)
}

func addCatalogue(s staff, o *Options) {
	if o.Catalogue == nil {
		return
	}
	routes := catalogueRoutes{o}
	op := func(id, method, path, summary, description string, errors ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: prefix + "/admin/accommodations" + path, Tags: []string{tagCatalogue},
			Summary: summary, Description: description, Errors: errors}
	}
	staffRoute(s, accounts.ReadOnly, op("list-all-accommodations", http.MethodGet, "", "Every accommodation", "Offered or not.",
		http.StatusUnprocessableEntity), routes.list)
	get := op("get-any-accommodation", http.MethodGet, "/{id}", "One accommodation, offered or not",
		"The ETag goes into If-Match of a change.", http.StatusNotFound)
	staffRoute(s, accounts.ReadOnly, unchanged(get), routes.get)
	create := op("create-accommodation", http.MethodPost, "", "Offer another accommodation", "", http.StatusUnprocessableEntity)
	create.DefaultStatus = http.StatusCreated
	staffRoute(s, accounts.Owner, create, routes.create)
	staffRoute(s, accounts.Owner, op("change-accommodation", http.MethodPatch, "/{id}", "Change an accommodation",
		"Only what is given changes, for questions and bookings from now on: what is held or confirmed keeps its price. With If-Match "+
			"nothing is changed that somebody else changed meanwhile.",
		http.StatusNotFound, http.StatusPreconditionFailed, http.StatusUnprocessableEntity), routes.change)
	staffRoute(s, accounts.Owner, op("remove-accommodation", http.MethodDelete, "/{id}", "Stop offering an accommodation",
		"It is deleted when nothing refers to it. With bookings, calendars or rates of its own it is kept and not offered any more; "+
			"bookings go on.", http.StatusNotFound, http.StatusPreconditionFailed), routes.remove)
}

type catalogueRoutes struct{ *Options }

type ownAccommodation struct {
	ID              int64            `json:"id"`
	Name            string           `json:"name"`
	Type            string           `json:"type" enum:"cabin,apartment,house,room"`
	Capacity        int              `json:"capacity"`
	Active          bool             `json:"active" doc:"Whether it is offered."`
	BasePrice       money            `json:"base_price" doc:"One night."`
	WeekendPercent  int              `json:"weekend_percent" doc:"Friday and Saturday nights cost this percentage of the base price."`
	CleaningFee     money            `json:"cleaning_fee" doc:"Once a stay."`
	GuestsIncluded  int              `json:"guests_included" doc:"Guests in the base price; 0 means all."`
	ExtraGuest      money            `json:"extra_guest" doc:"Each further guest, a night."`
	MinNights       int              `json:"min_nights"`
	DepositFixed    *money           `json:"deposit_fixed" doc:"Asked to confirm, whatever the stay costs; null asks what the property asks."`
	LengthOfStayOff []lengthDiscount `json:"length_discounts" nullable:"false"`
	Description     string           `json:"description"`
	Amenities       []string         `json:"amenities" nullable:"false"`
	Photos          []photo          `json:"photos" nullable:"false" doc:"Best first."`
	Location        location         `json:"location"`
	CheckInText     string           `json:"check_in_text" doc:"How to get in, for confirmed guests."`
	RateVersion     int              `json:"rate_version" doc:"Grows with every change of a price; quotes name it."`
	Revision        int              `json:"revision" doc:"Grows with every change."`
	CreatedAt       time.Time        `json:"created_at"`
	UpdatedAt       time.Time        `json:"updated_at"`
}

func ownAccommodationOf(r postgres.AccommodationRecord) ownAccommodation {
	shown := accommodationOf(r.Accommodation, "")
	return ownAccommodation{
		ID: shown.ID, Name: shown.Name, Type: shown.Type, Capacity: shown.Capacity, Active: r.Active, BasePrice: shown.BasePrice,
		WeekendPercent: shown.WeekendPercent, CleaningFee: shown.CleaningFee, GuestsIncluded: shown.GuestsIncluded,
		ExtraGuest: shown.ExtraGuest, MinNights: shown.MinNights, DepositFixed: moneyOrNull(r.Rate.DepositFixed), LengthOfStayOff: shown.LengthOfStayOff,
		Description: shown.Description, Amenities: shown.Amenities, Photos: shown.Photos, Location: shown.Location,
		CheckInText: r.CheckInText, RateVersion: r.Rate.Version, Revision: r.Revision, CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
}

func moneyOrNull(m booking.Money) *money {
	if m.IsZero() {
		return nil
	}
	return new(moneyOf(m))
}

type ownListInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"Most items in one page."`
	Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before, asked for with the same sort."`
	Active string `query:"active" enum:"true,false" doc:"Only those that are, or are not, offered."`
	Type   string `query:"type" enum:"cabin,apartment,house,room" doc:"Only those."`
	Sort   string `query:"sort" enum:"id,-id,name,-name,created_at,-created_at" default:"id" doc:"With - the last comes first."`
}

type ownListOutput struct {
	Body struct {
		Items      []ownAccommodation `json:"items" nullable:"false"`
		NextCursor *string            `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last."`
	}
}

func (r catalogueRoutes) list(ctx context.Context, in *ownListInput) (*ownListOutput, error) {
	all, err := r.Catalogue.Accommodations(ctx)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "list accommodations", err)
	}
	wanted := all[:0]
	for _, a := range all {
		if (in.Active == "" || (in.Active == "true") == a.Active) && (in.Type == "" || in.Type == string(a.Type)) {
			wanted = append(wanted, a)
		}
	}
	page, next, err := sortedPage(wanted, in.Sort, in.Cursor, in.Limit, func(a postgres.AccommodationRecord, by string) sortKey {
		switch by {
		case "name":
			return sortKey{folded(a.Name), a.ID}
		case "created_at":
			return sortKey{a.CreatedAt.UTC().Format("2006-01-02T15:04:05.000000"), a.ID}
		}
		return sortKey{"", a.ID}
	})
	if err != nil {
		return nil, invalidField(ctx, "query", "cursor", "expected the next_cursor of an earlier answer with the same sort")
	}
	out := &ownListOutput{}
	out.Body.Items, out.Body.NextCursor = []ownAccommodation{}, next
	for _, a := range page {
		out.Body.Items = append(out.Body.Items, ownAccommodationOf(a))
	}
	return out, nil
}

type ownGetInput struct {
	ID          int64  `path:"id" minimum:"1"`
	IfNoneMatch string `header:"If-None-Match" maxLength:"1024" doc:"An ETag; it is answered with 304 while it is still right."`
}

type ownOutput struct {
	Status       int
	Etag         string `header:"Etag" doc:"Names what was read, for If-Match and If-None-Match."`
	CacheControl string `header:"Cache-Control"`
	Body         ownAccommodation
}

func (r catalogueRoutes) get(ctx context.Context, in *ownGetInput) (*ownOutput, error) {
	found, err := r.Catalogue.Accommodation(ctx, in.ID)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "read accommodation", err)
	}
	out := &ownOutput{Status: http.StatusOK, Etag: revisionTag(found.ID, found.Revision), CacheControl: privateNoCache, Body: ownAccommodationOf(found)}
	if matchesWeakly(in.IfNoneMatch, out.Etag) {
		out.Status = http.StatusNotModified
	}
	return out, nil
}

// AccommodationWish is what may be said of an accommodation beside its name, type, capacity and price. Huma reads embedded
// fields of exported types only.
type AccommodationWish struct {
	Active          *bool             `json:"active,omitempty" doc:"Whether it is offered; a new one is."`
	WeekendPercent  *int              `json:"weekend_percent,omitempty" minimum:"1" maximum:"1000" example:"120" doc:"Of the base price, on Friday and Saturday nights; 120 where nothing is said, 100 changes nothing."`
	CleaningFee     *money            `json:"cleaning_fee,omitempty" doc:"Once a stay."`
	GuestsIncluded  *int              `json:"guests_included,omitempty" minimum:"0" doc:"Guests in the base price; 0 means all."`
	ExtraGuest      *money            `json:"extra_guest,omitempty" doc:"Each further guest, a night."`
	MinNights       *int              `json:"min_nights,omitempty" minimum:"1" maximum:"60"`
	DepositFixed    *money            `json:"deposit_fixed,omitempty" doc:"A whole amount, asked to confirm; 0 asks what the property asks."`
	LengthOfStayOff *[]lengthDiscount `json:"length_discounts,omitempty" maxItems:"10"`
	Description     *string           `json:"description,omitempty" maxLength:"4000"`
	Amenities       *[]string         `json:"amenities,omitempty" maxItems:"50" example:"[\"wifi\",\"parrilla\"]"`
	Photos          *[]photo          `json:"photos,omitempty" maxItems:"30" doc:"Best first. https, or pictures of ours."`
	Location        *location         `json:"location,omitempty" doc:"As a whole: what it leaves out is empty."`
	CheckInText     *string           `json:"check_in_text,omitempty" maxLength:"2000" doc:"How to get in, for confirmed guests."`
}

type ownCreateInput struct {
	Body struct {
		Name      string `json:"name" minLength:"1" maxLength:"100" example:"Cabaña Arrayán"`
		Type      string `json:"type" enum:"cabin,apartment,house,room"`
		Capacity  int    `json:"capacity" minimum:"1" maximum:"100"`
		BasePrice money  `json:"base_price" doc:"One night, in the property's currency."`
		AccommodationWish
	}
}

type ownCreateOutput struct {
	Location string `header:"Location"`
	Etag     string `header:"Etag"`
	Body     ownAccommodation
}

func (r catalogueRoutes) create(ctx context.Context, in *ownCreateInput) (*ownCreateOutput, error) {
	b := in.Body
	change, err := b.change(&b.BasePrice)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "create accommodation", err)
	}
	change.Name, change.Type, change.Capacity = &b.Name, (*booking.AccommodationType)(&b.Type), &b.Capacity
	made, err := r.Catalogue.Add(ctx, authorOf(ctx), change)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "create accommodation", err)
	}
	return &ownCreateOutput{Location: pathOf("/admin/accommodations", made.ID), Etag: revisionTag(made.ID, made.Revision), Body: ownAccommodationOf(made)}, nil
}

type ownChangeInput struct {
	ID      int64  `path:"id" minimum:"1"`
	IfMatch string `header:"If-Match" maxLength:"1024" doc:"The ETag of what was read; absent changes it however it is now."`
	Body    struct {
		Name      *string `json:"name,omitempty" minLength:"1" maxLength:"100"`
		Type      *string `json:"type,omitempty" enum:"cabin,apartment,house,room"`
		Capacity  *int    `json:"capacity,omitempty" minimum:"1" maximum:"100"`
		BasePrice *money  `json:"base_price,omitempty" doc:"One night, in the property's currency."`
		AccommodationWish
	}
}

func (r catalogueRoutes) change(ctx context.Context, in *ownChangeInput) (*ownOutput, error) {
	b := in.Body
	change, err := b.change(b.BasePrice)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "change accommodation", err)
	}
	change.Name, change.Type, change.Capacity = b.Name, (*booking.AccommodationType)(b.Type), b.Capacity
	revision, err := r.revisionOf(ctx, in.ID, in.IfMatch)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "change accommodation", err)
	}
	changed, err := r.Catalogue.Change(ctx, authorOf(ctx), in.ID, revision, change)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "change accommodation", err)
	}
	return &ownOutput{Status: http.StatusOK, Etag: revisionTag(changed.ID, changed.Revision), CacheControl: privateNoCache, Body: ownAccommodationOf(changed)}, nil
}

func (r catalogueRoutes) revisionOf(ctx context.Context, id int64, ifMatch string) (int, error) {
	return revisionFor(ifMatch, func() (string, int, error) {
		found, err := r.Catalogue.Accommodation(ctx, id)
		return revisionTag(id, found.Revision), found.Revision, err
	})
}

type ownRemoveInput struct {
	ID      int64  `path:"id" minimum:"1"`
	IfMatch string `header:"If-Match" maxLength:"1024" doc:"The ETag of what was read."`
}

type ownRemoveOutput struct {
	Body struct {
		ID      int64  `json:"id"`
		Outcome string `json:"outcome" enum:"deleted,deactivated" doc:"deactivated: kept, and not offered any more."`
		Detail  string `json:"detail"`
	}
}

func (r catalogueRoutes) remove(ctx context.Context, in *ownRemoveInput) (*ownRemoveOutput, error) {
	revision, err := r.revisionOf(ctx, in.ID, in.IfMatch)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "remove accommodation", err)
	}
	deleted, err := r.Catalogue.Remove(ctx, authorOf(ctx), in.ID, revision)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "remove accommodation", err)
	}
	out := &ownRemoveOutput{}
	out.Body.ID, out.Body.Outcome, out.Body.Detail = in.ID, "deleted", "nothing referred to it"
	if !deleted {
		out.Body.Outcome, out.Body.Detail = "deactivated", "it has reservations, calendars or rates; those stay, and it is not offered any more"
	}
	return out, nil
}

// change puts the wish into the terms of the domain; what is no amount is refused by its field.
func (w AccommodationWish) change(basePrice *money) (booking.AccommodationChange, error) {
	change := booking.AccommodationChange{
		Active: w.Active, WeekendPercent: w.WeekendPercent, GuestsIncluded: w.GuestsIncluded, MinNights: w.MinNights,
		LengthDiscounts: laddersOf(w.LengthOfStayOff), Description: w.Description, Amenities: w.Amenities, CheckInText: w.CheckInText,
	}
	if w.Photos != nil {
		photos := []booking.Photo{}
		for _, p := range *w.Photos {
			photos = append(photos, booking.Photo{URL: p.URL, Caption: p.Caption})
		}
		change.Photos = &photos
	}
	if l := w.Location; l != nil {
		change.Location = &booking.Location{Address: l.Address, City: l.City, Province: l.Province}
		set(&change.Location.Latitude, l.Latitude)
		set(&change.Location.Longitude, l.Longitude)
	}
	return change, amounts(
		amountField{"base_price", basePrice, &change.Base}, amountField{"cleaning_fee", w.CleaningFee, &change.CleaningFee},
		amountField{"extra_guest", w.ExtraGuest, &change.ExtraGuest}, amountField{"deposit_fixed", w.DepositFixed, &change.DepositFixed})
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}
