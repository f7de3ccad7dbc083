package api

import (
	"context"
	"strings"
	"time"

	"cabanas/booking"
	"cabanas/store/postgres"
)

// BlockItem is a range of closed nights.
type BlockItem struct {
	ID              int64      `json:"id"`
	AccommodationID int64      `json:"accommodation_id"`
	From            string     `json:"from" format:"date"`
	To              string     `json:"to" format:"date" doc:"First night that is open again."`
	Source          string     `json:"source" enum:"manual,feed,offer" doc:"offer: kept for a guest until expires_at."`
	Reason          string     `json:"reason"`
	Channel         *string    `json:"channel" doc:"Of the feed that closed it."`
	FeedID          *int64     `json:"feed_id"`
	StaffID         *int64     `json:"staff_id" doc:"Account of who closed it by hand."`
	ExpiresAt       *time.Time `json:"expires_at"`
	CreatedAt       time.Time  `json:"created_at"`
}

func blockOf(b postgres.Block) BlockItem {
	return BlockItem{ID: b.ID, AccommodationID: b.AccommodationID, From: b.Nights.CheckIn.String(), To: b.Nights.CheckOut.String(), Source: b.Source,
		Reason: b.Reason, Channel: orNull(string(b.Channel)), FeedID: idOrNull(b.FeedID), StaffID: idOrNull(b.StaffID),
		ExpiresAt: timeOrNull(b.ExpiresAt), CreatedAt: b.CreatedAt.UTC()}
}

func idOrNull(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}

type blockListInput struct {
	PageQuery
	AccommodationID int64  `query:"accommodation_id" minimum:"0" doc:"Only of this accommodation."`
	From            string `query:"from" format:"date" doc:"From this night on; today when absent."`
	To              string `query:"to" format:"date" doc:"Before this night."`
	Source          string `query:"source" enum:"manual,feed,offer" doc:"Only those."`
	Channel         string `query:"channel" enum:"airbnb,booking,vrbo,other" doc:"Only those that a feed of this channel closed."`
}

type blockListOutput struct {
	Body struct {
		Items      []BlockItem `json:"items" nullable:"false"`
		NextCursor *string     `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last."`
	}
}

func (r calendarRoutes) blocks(ctx context.Context, in *blockListInput) (*blockListOutput, error) {
	after, err := parseCursor(in.Cursor)
	if err != nil {
		return nil, badCursor(ctx)
	}
	filter := postgres.BlockFilter{AccommodationID: in.AccommodationID, Source: in.Source, Channel: booking.Channel(in.Channel)}
	var problem *Problem
	if filter.From, filter.To, problem = parseSpan(ctx, in.From, in.To); problem != nil {
		return nil, problem
	}
	found, err := r.Calendars.Blocks(ctx, filter, after, in.Limit+1)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "list blocks", err)
	}
	out := &blockListOutput{}
	page, cursor := pageOf(found, in.Limit, func(b postgres.Block) int64 { return b.ID })
	out.Body.Items, out.Body.NextCursor = make([]BlockItem, 0, len(page)), cursor
	for _, b := range page {
		out.Body.Items = append(out.Body.Items, blockOf(b))
	}
	return out, nil
}

// parseSpan reads the dates of a query; absent ones are no dates.
func parseSpan(ctx context.Context, from, to string) (first, last booking.Date, problem *Problem) {
	for _, part := range []struct {
		name, text string
		date       *booking.Date
	}{{"from", from, &first}, {"to", to, &last}} {
		if part.text == "" {
			continue
		}
		parsed, err := booking.ParseDate(part.text)
		if err != nil {
			return first, last, invalidField(ctx, "query", part.name, "expected a date such as 2027-01-10")
		}
		*part.date = parsed
	}
	return first, last, nil
}

type blockBody struct {
	AccommodationID int64  `json:"accommodation_id" minimum:"1"`
	From            string `json:"from" format:"date" doc:"First night that is closed."`
	To              string `json:"to" format:"date" doc:"First night that is open again."`
	Reason          string `json:"reason,omitempty" maxLength:"200" doc:"For staff; channels are not told."`
}

type addBlockInput struct{ Body blockBody }

type addBlockOutput struct{ Body BlockItem }

func (r calendarRoutes) addBlock(ctx context.Context, in *addBlockInput) (*addBlockOutput, error) {
	from, err := booking.ParseDate(in.Body.From)
	if err != nil {
		return nil, invalidField(ctx, "body", "from", "expected a date such as 2027-01-10")
	}
	to, err := booking.ParseDate(in.Body.To)
	if err != nil {
		return nil, invalidField(ctx, "body", "to", "expected a date such as 2027-01-10")
	}
	span, err := booking.NewStay(from, to)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "close nights", err)
	}
	reason := strings.TrimSpace(in.Body.Reason)
	if !printable(reason) || strings.HasPrefix(reason, postgres.ImportReason+":") {
		return nil, invalidField(ctx, "body", "reason", "expected one line of printable characters")
	}
	id, err := r.Calendars.Block(ctx, in.Body.AccommodationID, span, reason, authorOf(ctx))
	if err != nil {
		return nil, refusal(ctx, r.Logger, "close nights", err)
	}
	return &addBlockOutput{blockOf(postgres.Block{ID: id, AccommodationID: in.Body.AccommodationID, Nights: span, Source: "manual", Reason: reason,
		StaffID: memberOf(ctx).UserID, CreatedAt: r.Now()})}, nil
}

func (r calendarRoutes) deleteBlock(ctx context.Context, in *IDPath) (*struct{}, error) {
	if err := r.Calendars.Unblock(ctx, in.ID, authorOf(ctx)); err != nil {
		return nil, refusal(ctx, r.Logger, "open nights", err)
	}
	return nil, nil
}
