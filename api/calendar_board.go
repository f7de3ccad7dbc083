package api

import (
	"context"
	"time"

	"cabanas/activities"
)

type boardInput struct {
	From            string `query:"from" format:"date" doc:"First night; today when absent."`
	To              string `query:"to" format:"date" doc:"Before this night; two months later when absent."`
	AccommodationID int64  `query:"accommodation_id" minimum:"0" doc:"Only this accommodation."`
}

type unseenBy struct {
	Channel    string     `json:"channel"`
	Since      time.Time  `json:"since" doc:"When the channel could first have known."`
	LastPullAt *time.Time `json:"last_pull_at" doc:"When it last fetched our calendar; null when it never did."`
	Published  bool       `json:"published" doc:"Whether the channel has an address of our calendar at all."`
}

func unseenOf(channels []activities.Unseen) []unseenBy {
	list := make([]unseenBy, 0, len(channels))
	for _, u := range channels {
		list = append(list, unseenBy{Channel: string(u.Channel), Since: u.Since.UTC(), LastPullAt: timeOrNull(u.LastPull), Published: u.Published})
	}
	return list
}

type boardReservation struct {
	Code          string     `json:"code"`
	CheckIn       string     `json:"check_in" format:"date"`
	CheckOut      string     `json:"check_out" format:"date"`
	Nights        int        `json:"nights"`
	Guests        int        `json:"guests"`
	Channel       string     `json:"channel" doc:"Where it was made."`
	Status        string     `json:"status"`
	PaymentStatus string     `json:"payment_status"`
	ExpiresAt     *time.Time `json:"expires_at" doc:"Deadline of a hold."`
	UnseenBy      []unseenBy `json:"unseen_by" nullable:"false" doc:"Channels that have not fetched it yet and could still sell its nights."`
}

type boardBlock struct {
	BlockItem
	UnseenBy []unseenBy `json:"unseen_by" nullable:"false" doc:"Channels that have not fetched it yet."`
}

type boardFeed struct {
	ID            int64      `json:"id"`
	Channel       string     `json:"channel"`
	LastGoodAt    *time.Time `json:"last_good_at"`
	AgeSeconds    int64      `json:"age_seconds" doc:"Of the last good answer; of the feed while there was none."`
	Stale         bool       `json:"stale" doc:"Older than the age at which the owner is alarmed."`
	Error         *string    `json:"error" doc:"Why the last fetch gave no good answer."`
	QuarantinedAt *time.Time `json:"quarantined_at"`
	PausedAt      *time.Time `json:"paused_at"`
}

type boardUnit struct {
	AccommodationID int64              `json:"accommodation_id"`
	Name            string             `json:"name"`
	Reservations    []boardReservation `json:"reservations" nullable:"false"`
	Blocks          []boardBlock       `json:"blocks" nullable:"false"`
	Conflicts       []conflict         `json:"conflicts" nullable:"false" doc:"Every open one, whatever its nights."`
	Feeds           []boardFeed        `json:"feeds" nullable:"false"`
}

type boardOutput struct {
	Body struct {
		Items []boardUnit `json:"items" nullable:"false"`
	}
}

func (r calendarRoutes) board(ctx context.Context, in *boardInput) (*boardOutput, error) {
	from, to, problem := parseSpan(ctx, in.From, in.To)
	if problem != nil {
		return nil, problem
	}
	units, err := r.Calendars.Board(ctx, in.AccommodationID, from, to)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "read calendar", err)
	}
	out := &boardOutput{}
	out.Body.Items = make([]boardUnit, 0, len(units))
	for _, unit := range units {
		out.Body.Items = append(out.Body.Items, boardUnitOf(unit))
	}
	return out, nil
}

func boardUnitOf(unit activities.BoardUnit) boardUnit {
	shown := boardUnit{AccommodationID: unit.ID, Name: unit.Name, Reservations: make([]boardReservation, 0, len(unit.Stays)),
		Blocks: make([]boardBlock, 0, len(unit.Blocks)), Conflicts: make([]conflict, 0, len(unit.Conflicts)), Feeds: make([]boardFeed, 0, len(unit.Feeds))}
	for _, s := range unit.Stays {
		stay := boardReservation{Code: s.Code, CheckIn: s.Stay.CheckIn.String(), CheckOut: s.Stay.CheckOut.String(), Nights: s.Stay.Nights(), Guests: s.Guests,
			Channel: string(s.Channel), Status: string(s.Status), PaymentStatus: string(s.PaymentStatus), UnseenBy: unseenOf(s.Unseen)}
		if s.Status == "pre_reserved" {
			stay.ExpiresAt = timeOrNull(s.ExpiresAt)
		}
		shown.Reservations = append(shown.Reservations, stay)
	}
	for _, b := range unit.Blocks {
		shown.Blocks = append(shown.Blocks, boardBlock{blockOf(b.Block), unseenOf(b.Unseen)})
	}
	for _, c := range unit.Conflicts {
		shown.Conflicts = append(shown.Conflicts, conflictOf(c))
	}
	for _, f := range unit.Feeds {
		shown.Feeds = append(shown.Feeds, boardFeed{ID: f.ID, Channel: string(f.Channel), LastGoodAt: timeOrNull(f.LastGoodAt), AgeSeconds: int64(f.Age.Seconds()),
			Stale: f.Stale, Error: orNull(f.LastError), QuarantinedAt: timeOrNull(f.QuarantinedAt), PausedAt: timeOrNull(f.PausedAt)})
	}
	return shown
}
