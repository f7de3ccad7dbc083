package api

import (
	"context"
	"time"

	"cabanas/booking"
	"cabanas/store/postgres"
)

type conflict struct {
	ID                int64      `json:"id"`
	AccommodationID   int64      `json:"accommodation_id"`
	AccommodationName string     `json:"accommodation_name"`
	Code              string     `json:"code" doc:"Of the reservation."`
	CheckIn           string     `json:"check_in" format:"date"`
	CheckOut          string     `json:"check_out" format:"date"`
	Status            string     `json:"status" doc:"Of the reservation."`
	BlockID           int64      `json:"block_id"`
	Blocked           nights     `json:"blocked" doc:"The nights that are closed."`
	Source            string     `json:"source" enum:"manual,feed,offer" doc:"Of the block."`
	Channel           *string    `json:"channel" doc:"That closed them."`
	FeedID            *int64     `json:"feed_id"`
	OpenedAt          time.Time  `json:"opened_at"`
	AlarmedAt         *time.Time `json:"alarmed_at" doc:"When the owner was told."`
	ResolvedAt        *time.Time `json:"resolved_at"`
	Resolution        *string    `json:"resolution" doc:"A named choice, or block_gone and reservation_ended when it ended by itself."`
	ResolvedBy        *int64     `json:"resolved_by" doc:"Account of who decided."`
}

func conflictOf(c postgres.Conflict) conflict {
	return conflict{
		ID: c.ID, AccommodationID: c.AccommodationID, AccommodationName: c.UnitName, Code: c.Code, CheckIn: c.Stay.CheckIn.String(),
		CheckOut: c.Stay.CheckOut.String(), Status: string(c.Status), BlockID: c.BlockID, Blocked: nightsOf(c.Blocked), Source: c.Source,
		Channel: orNull(string(c.Channel)), FeedID: idOrNull(c.FeedID), OpenedAt: c.OpenedAt.UTC(), AlarmedAt: timeOrNull(c.AlarmedAt),
		ResolvedAt: timeOrNull(c.ResolvedAt), Resolution: orNull(string(c.Resolution)), ResolvedBy: idOrNull(c.ResolvedBy),
	}
}

type conflictListInput struct {
	PageQuery
	AccommodationID int64  `query:"accommodation_id" minimum:"0" doc:"Only of this accommodation."`
	Status          string `query:"status" enum:"open,resolved,all" default:"open"`
	Channel         string `query:"channel" enum:"airbnb,booking,vrbo,other" doc:"Only those that a feed of this channel made."`
	Code            string `query:"code" maxLength:"40" example:"RES261120A1B2C3" doc:"Only of this reservation."`
	From            string `query:"from" format:"date" example:"2027-01-01" doc:"Only those whose closed nights go on at this night or after it."`
	To              string `query:"to" format:"date" example:"2027-02-01" doc:"Only those whose closed nights begin before this night."`
}

type conflictListOutput struct {
	Body struct {
		Items      []conflict `json:"items" nullable:"false"`
		NextCursor *string    `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last."`
	}
}

func (r calendarRoutes) conflicts(ctx context.Context, in *conflictListInput) (*conflictListOutput, error) {
	before, err := parseCursor(in.Cursor)
	if err != nil {
		return nil, badCursor(ctx)
	}
	filter := postgres.ConflictFilter{Status: postgres.ConflictStatus(in.Status), AccommodationID: in.AccommodationID, Channel: booking.Channel(in.Channel)}
	var problem *Problem
	if filter.Code, problem = codeFilter(ctx, in.Code); problem != nil {
		return nil, problem
	}
	if filter.From, filter.To, problem = parseSpan(ctx, in.From, in.To); problem != nil {
		return nil, problem
	}
	found, err := r.Calendars.Conflicts(ctx, filter, before, in.Limit+1)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "list conflicts", err)
	}
	out := &conflictListOutput{}
	page, cursor := pageOf(found, in.Limit, func(c postgres.Conflict) int64 { return c.ID })
	out.Body.Items, out.Body.NextCursor = make([]conflict, 0, len(page)), cursor
	for _, c := range page {
		out.Body.Items = append(out.Body.Items, conflictOf(c))
	}
	return out, nil
}

type resolveInput struct {
	ID   int64 `path:"id" minimum:"0"`
	Body struct {
		Choice string `json:"choice" enum:"keep_ours,cancel_ours,same_booking"`
	}
}

type resolveOutput struct{ Body conflict }

func (r calendarRoutes) resolve(ctx context.Context, in *resolveInput) (*resolveOutput, error) {
	resolved, err := r.Calendars.Resolve(ctx, in.ID, postgres.Resolution(in.Body.Choice), authorOf(ctx))
	if err != nil {
		return nil, refusal(ctx, r.Logger, "resolve conflict", err)
	}
	return &resolveOutput{conflictOf(resolved)}, nil
}
