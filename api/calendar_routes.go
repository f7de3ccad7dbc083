package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/gateways/ical"
	"cabanas/internal/accounts"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

const tagCalendars = "Calendars"

// CalendarDesk is where staff sees and changes calendars, and where other channels read ours; *activities.CalendarDesk is one. Its
// refusals are [booking.Error]; an address or calendar of somebody else that is no good is an [*ical.Error].
type CalendarDesk interface {
	// AddFeed saves a feed; the result is nil when its first fetch was not waited for to the end.
	AddFeed(ctx context.Context, wish postgres.NewFeed) (postgres.Feed, *workflows.CalendarSyncResult, error)
	Preview(ctx context.Context, request activities.PreviewRequest) (activities.Preview, error)
	FeedPage(ctx context.Context, filter postgres.FeedFilter, after int64, most int) ([]postgres.Feed, error)
	Feed(ctx context.Context, id int64) (postgres.Feed, error)
	ChangeFeed(ctx context.Context, id int64, change postgres.FeedChange, by postgres.Author) (postgres.Feed, error)
	AcceptFeed(ctx context.Context, id int64, by postgres.Author) (workflows.CalendarSyncResult, error)
	DeleteFeed(ctx context.Context, id int64, leaves postgres.FeedLeaves, by postgres.Author) (blocks int, err error)
	Sync(ctx context.Context, id int64) (workflows.CalendarSyncResult, error)
	Import(ctx context.Context, request activities.ImportRequest, by postgres.Author) (activities.CalendarImport, error)

	// MakeExport returns an address that is not shown again.
	MakeExport(ctx context.Context, accommodationID int64, channel booking.Channel, by postgres.Author) (postgres.Export, string, error)
	Exports(ctx context.Context, filter postgres.FeedFilter, after int64, most int) ([]postgres.Export, error)
	EndExport(ctx context.Context, id int64, by postgres.Author) error
	// Publish refuses with [booking.CodeNotFound] whatever is wrong with accommodation and token.
	Publish(ctx context.Context, accommodationID int64, token string) (activities.Published, error)
	RecordPull(ctx context.Context, published activities.Published, userAgent string) error

	Board(ctx context.Context, accommodationID int64, from, to booking.Date) ([]activities.BoardUnit, error)
	Blocks(ctx context.Context, filter postgres.BlockFilter, after int64, most int) ([]postgres.Block, error)
	// Block refuses with [booking.CodeDatesTaken] over a live reservation, which the message names.
	Block(ctx context.Context, accommodationID int64, nights booking.Stay, reason string, by postgres.Author) (int64, error)
	Unblock(ctx context.Context, id int64, by postgres.Author) error
	Conflicts(ctx context.Context, filter postgres.ConflictFilter, before int64, most int) ([]postgres.Conflict, error)
	Resolve(ctx context.Context, id int64, choice postgres.Resolution, by postgres.Author) (postgres.Conflict, error)
}

// addCalendars registers what staff does with calendars; slow routes wait for calendars of others.
func addCalendars(s, slow staff, o *Options) {
	if o.Calendars == nil {
		return
	}
	routes := calendarRoutes{o}
	op := func(id, method, path, summary, description string, errors ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: prefix + path, Tags: []string{tagCalendars},
			Summary: summary, Description: description, Errors: errors}
	}
	made := func(operation huma.Operation) huma.Operation {
		operation.DefaultStatus = http.StatusCreated
		return operation
	}
	waits := func(operation huma.Operation) huma.Operation {
		operation.Middlewares = huma.Middlewares{withSmallBody}
		return operation
	}
	const missing, conflict = http.StatusNotFound, http.StatusConflict
	addFeedRoutes(s, slow, routes, op, made, waits)
	staffRoute(s, accounts.ReadOnly, op("list-exports", http.MethodGet, "/admin/ical/exports", "Our calendars for other channels",
		"Without their addresses, which are secrets."), routes.exports)
	staffRoute(s, accounts.Staff, made(op("make-export", http.MethodPost, "/admin/ical/exports", "Make or renew the address of our calendar for a channel",
		"The address is shown once. One that was made before is dead from now on.", missing, conflict)), routes.makeExport)
	staffRoute(s, accounts.Staff, op("end-export", http.MethodDelete, "/admin/ical/exports/{id}", "End the address of our calendar for a channel",
		"", missing), routes.endExport)
	staffRoute(s, accounts.ReadOnly, op("get-calendar", http.MethodGet, "/admin/calendar", "What is sold and closed, and who does not know",
		"By default two months from today. unseen_by of a booking are the channels that could still sell its nights, and since when.", missing), routes.board)
	staffRoute(s, accounts.ReadOnly, op("list-blocks", http.MethodGet, "/admin/blocks", "Closed nights",
		"By hand, from feeds and kept for guests; from today when no date is given."), routes.blocks)
	staffRoute(s, accounts.Staff, made(op("add-block", http.MethodPost, "/admin/blocks", "Close nights by hand",
		"Nights of a live reservation are refused: 409 dates_taken names it.", missing, conflict)), routes.addBlock)
	staffRoute(s, accounts.Staff, op("delete-block", http.MethodDelete, "/admin/blocks/{id}", "Open nights that were closed by hand", "", missing), routes.deleteBlock)
	staffRoute(s, accounts.ReadOnly, op("list-conflicts", http.MethodGet, "/admin/conflicts", "Closed nights that are sold", "The newest first."), routes.conflicts)
	staffRoute(s, accounts.Staff, op("resolve-conflict", http.MethodPost, "/admin/conflicts/{id}/resolve", "Decide on a conflict",
		"keep_ours: the other channel's booking is cancelled there. cancel_ours cancels the reservation with a full refund. same_booking: both are one.",
		missing, conflict), routes.resolve)
}

func addFeedRoutes(s, slow staff, routes calendarRoutes,
	op func(id, method, path, summary, description string, errors ...int) huma.Operation, made, waits func(huma.Operation) huma.Operation,
) {
	const feeds = "/admin/ical/feeds"
	const missing, conflict = http.StatusNotFound, http.StatusConflict
	staffRoute(s, accounts.ReadOnly, op("list-feeds", http.MethodGet, feeds, "Calendars of other channels", ""), routes.feeds)
	staffRoute(slow, accounts.Staff, waits(made(op("add-feed", http.MethodPost, feeds, "Add a calendar of another channel",
		"It is fetched at once; a first fetch that fails does not lose the feed, and is shown.", missing, conflict))), routes.addFeed)
	staffRoute(slow, accounts.Staff, waits(op("preview-feed", http.MethodPost, feeds+"/preview", "What a feed would import",
		"Nothing is saved. A calendar that cannot be fetched or read is 422 with a code that begins with feed_.", missing)), routes.preview)
	staffRoute(s, accounts.ReadOnly, op("get-feed", http.MethodGet, feeds+"/{id}", "A calendar of another channel", "", missing), routes.feed)
	staffRoute(s, accounts.Staff, op("change-feed", http.MethodPatch, feeds+"/{id}", "Pause a feed, resume it, change its address or interval", "",
		missing, conflict), routes.changeFeed)
	staffRoute(s, accounts.Staff, op("delete-feed", http.MethodDelete, feeds+"/{id}", "End a feed",
		"What becomes of the nights it closes has to be said: release=true opens them, release=false leaves them closed by hand.", missing), routes.deleteFeed)
	staffRoute(slow, accounts.Staff, waits(op("accept-feed", http.MethodPost, feeds+"/{id}/accept", "What a quarantined feed shows is right",
		"It is fetched at once and believed.", missing, conflict)), routes.acceptFeed)
	staffRoute(slow, accounts.Staff, waits(op("sync-feed", http.MethodPost, "/ical/sync/{feed_id}", "Fetch a feed now",
		"Waits for what it comes to. A feed that gives no good answer is status failed with its error.", missing, conflict)), routes.sync)
	addImport(slow, routes, op)
}

type calendarRoutes struct{ *Options }

// withSmallBody reads the body once its sender is known.
func withSmallBody(hc huma.Context, next func(huma.Context)) {
	c := humagin.Unwrap(hc)
	body, problem := readBody(c, largestJSON)
	if problem != nil {
		writeProblem(c, problem)
		return
	}
	setBody(c, body)
	next(hc)
}

func reasonOf(failure *ical.Error) string {
	words := strings.ReplaceAll(string(failure.Reason), "_", " ")
	if failure.Status != 0 {
		words += " " + strconv.Itoa(failure.Status)
	}
	return words
}

// calendarProblem is the refusal of a desk; a calendar of somebody else that is no good has codes of its own.
func calendarProblem(ctx context.Context, logger *slog.Logger, operation string, err error) *Problem {
	if failure, ok := errors.AsType[*ical.Error](err); ok && failure.Reason != ical.ReasonCancelled {
		problem := newProblem(ctx, feedCode(string(failure.Reason)), "the calendar cannot be read: "+reasonOf(failure))
		return problem
	}
	return refusal(ctx, logger, operation, err)
}

// feedCode is the code of a reason for which a calendar gave no good answer.
func feedCode(reason string) booking.Code { return booking.Code("feed_" + reason) }

// PageQuery asks for a page of a list.
type PageQuery struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"Most items in one page."`
	Cursor string `query:"cursor" maxLength:"64" doc:"next_cursor of the page before."`
}

// pageOf cuts a page out of a list that was asked for with one more, and gives the cursor of the next.
func pageOf[T any](found []T, limit int, id func(T) int64) ([]T, *string) {
	if len(found) <= limit {
		return found, nil
	}
	cursor := makeCursor(id(found[limit-1]))
	return found[:limit], &cursor
}

func badCursor(ctx context.Context) *Problem {
	return invalidField(ctx, "query", "cursor", "expected the next_cursor of an earlier answer")
}
