package api

import (
	"context"
	"net/url"
	"strings"
	"time"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/gateways/ical"
	"cabanas/internal/accounts"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// FeedItem is a calendar of another channel.
type FeedItem struct {
	ID                int64      `json:"id"`
	AccommodationID   int64      `json:"accommodation_id"`
	AccommodationName string     `json:"accommodation_name"`
	Channel           string     `json:"channel" enum:"airbnb,booking,vrbo,other"`
	URL               string     `json:"url" doc:"A secret: whoever only reads sees its host."`
	Interval          *string    `json:"interval" doc:"How often it is fetched, such as 5m; null is as often as the setting says."`
	Status            string     `json:"status" enum:"new,ok,failing,quarantined,paused"`
	Events            int        `json:"events" doc:"Known, in the future."`
	Conflicts         int        `json:"conflicts" doc:"Open."`
	Problems          int        `json:"problems" doc:"Events of the last good answer that could not be read whole."`
	LastGoodAt        *time.Time `json:"last_good_at"`
	LastAttemptAt     *time.Time `json:"last_attempt_at"`
	LastChangedAt     *time.Time `json:"last_changed_at"`
	AgeSeconds        int64      `json:"age_seconds" doc:"Of the last good answer; of the feed while there was none."`
	Error             *string    `json:"error" doc:"Why the last fetch gave no good answer, a word; null when it did."`
	ErrorAt           *time.Time `json:"error_at"`
	Failures          int        `json:"failures" doc:"Fetches since the last good one."`
	QuarantinedAt     *time.Time `json:"quarantined_at"`
	QuarantineReason  *string    `json:"quarantine_reason"`
	PausedAt          *time.Time `json:"paused_at"`
	CreatedAt         time.Time  `json:"created_at"`
}

func (r calendarRoutes) feedOf(ctx context.Context, f postgres.Feed) FeedItem {
	shown := FeedItem{
		ID: f.ID, AccommodationID: f.AccommodationID, AccommodationName: f.UnitName, Channel: string(f.Channel), URL: f.URL, Status: "ok",
		Events: f.Events, Conflicts: f.Conflicts, Problems: f.Problems, LastGoodAt: timeOrNull(f.LastGoodAt), LastAttemptAt: timeOrNull(f.LastAttemptAt),
		LastChangedAt: timeOrNull(f.LastChangedAt), Error: orNull(f.LastError), Failures: f.Failures, QuarantinedAt: timeOrNull(f.QuarantinedAt),
		QuarantineReason: orNull(f.QuarantineReason), PausedAt: timeOrNull(f.PausedAt), CreatedAt: f.CreatedAt.UTC(),
	}
	since := f.LastGoodAt
	if since.IsZero() {
		since = f.CreatedAt
		shown.Status = "new"
	}
	shown.AgeSeconds = int64(max(r.Now().Sub(since), 0).Seconds())
	if f.LastError != "" {
		shown.Status, shown.ErrorAt = "failing", timeOrNull(f.LastErrorAt)
	}
	if !f.QuarantinedAt.IsZero() {
		shown.Status = "quarantined"
	}
	if !f.PausedAt.IsZero() {
		shown.Status = "paused"
	}
	if f.Interval != 0 {
		interval := intervalText(f.Interval)
		shown.Interval = &interval
	}
	if !memberOf(ctx).Role.Covers(accounts.Staff) {
		shown.URL = hostOnly(f.URL)
	}
	return shown
}

// intervalText writes 5m where Go says 5m0s.
func intervalText(interval time.Duration) string {
	text := interval.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func hostOnly(address string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return parsed.Scheme + "://" + parsed.Host + "/…"
}

type syncResult struct {
	FeedID    int64   `json:"feed_id"`
	Status    string  `json:"status" enum:"applied,unchanged,quarantined,failed,skipped"`
	Error     *string `json:"error" doc:"Why there was no good answer, or why the feed is in quarantine; a word."`
	Events    int     `json:"events"`
	Added     int     `json:"added"`
	Moved     int     `json:"moved"`
	Missing   int     `json:"missing" doc:"Not there this time; released when they stay away."`
	Released  int     `json:"released"`
	Echoes    int     `json:"echoes" doc:"Our own bookings coming back; they close nothing."`
	Problems  int     `json:"problems" doc:"Events that could not be read whole."`
	Conflicts int     `json:"conflicts" doc:"That it opened."`
}

func syncResultOf(id int64, result workflows.CalendarSyncResult) syncResult {
	return syncResult{FeedID: id, Status: string(result.Outcome), Error: orNull(result.Problem), Events: result.Events, Added: result.Added,
		Moved: result.Moved, Missing: result.Missing, Released: result.Released, Echoes: result.Echoes, Problems: result.Problems,
		Conflicts: result.Conflicts}
}

type feedListInput struct {
	PageQuery
	AccommodationID int64  `query:"accommodation_id" minimum:"0" doc:"Only of this accommodation."`
	Channel         string `query:"channel" enum:"airbnb,booking,vrbo,other" doc:"Only of this channel."`
	Status          string `query:"status" enum:"new,ok,failing,quarantined,paused" doc:"Only those."`
}

type feedListOutput struct {
	Body struct {
		Items      []FeedItem `json:"items" nullable:"false"`
		NextCursor *string    `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last."`
	}
}

func (r calendarRoutes) feeds(ctx context.Context, in *feedListInput) (*feedListOutput, error) {
	after, err := parseCursor(in.Cursor)
	if err != nil {
		return nil, badCursor(ctx)
	}
	found, err := r.Calendars.FeedPage(ctx, postgres.FeedFilter{AccommodationID: in.AccommodationID, Channel: booking.Channel(in.Channel), Status: in.Status}, after, in.Limit+1)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "list feeds", err)
	}
	out := &feedListOutput{}
	page, cursor := pageOf(found, in.Limit, func(f postgres.Feed) int64 { return f.ID })
	out.Body.Items, out.Body.NextCursor = make([]FeedItem, 0, len(page)), cursor
	for _, f := range page {
		out.Body.Items = append(out.Body.Items, r.feedOf(ctx, f))
	}
	return out, nil
}

type feedBody struct {
	AccommodationID int64  `json:"accommodation_id" minimum:"1"`
	Channel         string `json:"channel" enum:"airbnb,booking,vrbo,other"`
	URL             string `json:"url" minLength:"1" maxLength:"2000" doc:"https, or webcal."`
	Interval        string `json:"interval,omitempty" maxLength:"20" example:"10m" doc:"Such as 10m; as often as the setting says when absent."`
}

type addFeedInput struct{ Body feedBody }

type addedFeed struct {
	FeedItem
	FirstSync *syncResult `json:"first_sync" doc:"What the first fetch came to; null while it is under way."`
}

type addFeedOutput struct{ Body addedFeed }

func (r calendarRoutes) addFeed(ctx context.Context, in *addFeedInput) (*addFeedOutput, error) {
	interval, problem := parseInterval(ctx, in.Body.Interval)
	if problem != nil {
		return nil, problem
	}
	f, result, err := r.Calendars.AddFeed(ctx, postgres.NewFeed{AccommodationID: in.Body.AccommodationID,
		Channel: booking.Channel(in.Body.Channel), URL: in.Body.URL, Interval: interval, CreatedBy: memberOf(ctx).UserID})
	if err != nil {
		return nil, calendarProblem(ctx, r.Logger, "add feed", err)
	}
	added := addedFeed{FeedItem: r.feedOf(ctx, f)}
	if result != nil {
		sync := syncResultOf(f.ID, *result)
		added.FirstSync = &sync
	}
	return &addFeedOutput{added}, nil
}

func parseInterval(ctx context.Context, text string) (time.Duration, *Problem) {
	if text == "" {
		return 0, nil
	}
	interval, err := time.ParseDuration(text)
	if err != nil || interval < time.Second || interval%time.Second != 0 {
		return 0, invalidField(ctx, "body", "interval", "expected whole seconds, minutes or hours such as 10m")
	}
	return interval, nil
}

// IDPath is the id in the path of a route.
type IDPath struct {
	ID int64 `path:"id" minimum:"0"`
}

type feedOutput struct{ Body FeedItem }

func (r calendarRoutes) feed(ctx context.Context, in *IDPath) (*feedOutput, error) {
	f, err := r.Calendars.Feed(ctx, in.ID)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "read feed", err)
	}
	return &feedOutput{r.feedOf(ctx, f)}, nil
}

type changeFeedInput struct {
	IDPath
	Body struct {
		Paused   *bool   `json:"paused,omitempty"`
		URL      *string `json:"url,omitempty" minLength:"1" maxLength:"2000"`
		Interval *string `json:"interval,omitempty" maxLength:"20" example:"10m" doc:"Such as 10m; empty is as often as the setting says."`
	}
}

func (r calendarRoutes) changeFeed(ctx context.Context, in *changeFeedInput) (*feedOutput, error) {
	change := postgres.FeedChange{Paused: in.Body.Paused, URL: in.Body.URL}
	if in.Body.Interval != nil {
		interval, problem := parseInterval(ctx, *in.Body.Interval)
		if problem != nil {
			return nil, problem
		}
		change.Interval = &interval
	}
	if change == (postgres.FeedChange{}) {
		return nil, invalidField(ctx, "body", "", "expected paused, url or interval")
	}
	f, err := r.Calendars.ChangeFeed(ctx, in.ID, change, authorOf(ctx))
	if err != nil {
		return nil, calendarProblem(ctx, r.Logger, "change feed", err)
	}
	return &feedOutput{r.feedOf(ctx, f)}, nil
}

type deleteFeedInput struct {
	IDPath
	Release string `query:"release" required:"true" enum:"true,false" doc:"true opens the future nights that it closes, false leaves them closed by hand."`
}

type deleteFeedOutput struct {
	Body struct {
		ID      int64 `json:"id"`
		Release bool  `json:"release"`
		Blocks  int   `json:"blocks" doc:"How many were opened, or left."`
	}
}

func (r calendarRoutes) deleteFeed(ctx context.Context, in *deleteFeedInput) (*deleteFeedOutput, error) {
	leaves := postgres.LeavesBlocks
	if in.Release == "true" {
		leaves = postgres.LeavesNothing
	}
	blocks, err := r.Calendars.DeleteFeed(ctx, in.ID, leaves, authorOf(ctx))
	if err != nil {
		return nil, refusal(ctx, r.Logger, "delete feed", err)
	}
	out := &deleteFeedOutput{}
	out.Body.ID, out.Body.Release, out.Body.Blocks = in.ID, leaves == postgres.LeavesNothing, blocks
	return out, nil
}

type syncOutput struct{ Body syncResult }

func (r calendarRoutes) acceptFeed(ctx context.Context, in *IDPath) (*syncOutput, error) {
	result, err := r.Calendars.AcceptFeed(ctx, in.ID, authorOf(ctx))
	if err != nil {
		return nil, refusal(ctx, r.Logger, "accept feed", err)
	}
	return &syncOutput{syncResultOf(in.ID, result)}, nil
}

type syncInput struct {
	FeedID int64 `path:"feed_id" minimum:"0"`
}

func (r calendarRoutes) sync(ctx context.Context, in *syncInput) (*syncOutput, error) {
	result, err := r.Calendars.Sync(ctx, in.FeedID)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "sync feed", err)
	}
	return &syncOutput{Body: syncResultOf(in.FeedID, result)}, nil
}

type nights struct {
	From string `json:"from" format:"date"`
	To   string `json:"to" format:"date" doc:"First night that is open again."`
}

func nightsOf(stay booking.Stay) nights {
	return nights{From: stay.CheckIn.String(), To: stay.CheckOut.String()}
}

type previewEvent struct {
	UID       string   `json:"uid"`
	Summary   string   `json:"summary" doc:"As the channel says; it may name a guest and is not kept."`
	Kind      string   `json:"kind" doc:"What the channel seems to mean; it closes the nights all the same."`
	From      string   `json:"from" format:"date"`
	To        string   `json:"to" format:"date"`
	Nights    int      `json:"nights"`
	Closes    []nights `json:"closes" nullable:"false" doc:"What it would close; nothing for an echo."`
	Echo      bool     `json:"echo" doc:"Only our own bookings coming back."`
	Cancelled bool     `json:"cancelled"`
	Past      bool     `json:"past"`
}

type feedConflict struct {
	Code     string `json:"code"`
	CheckIn  string `json:"check_in" format:"date"`
	CheckOut string `json:"check_out" format:"date"`
	Status   string `json:"status"`
	Blocked  nights `json:"blocked"`
}

func feedConflictsOf(conflicts []postgres.Conflict) []feedConflict {
	list := make([]feedConflict, 0, len(conflicts))
	for _, c := range conflicts {
		list = append(list, feedConflict{Code: c.Code, CheckIn: c.Stay.CheckIn.String(), CheckOut: c.Stay.CheckOut.String(),
			Status: string(c.Status), Blocked: nightsOf(c.Blocked)})
	}
	return list
}

type feedProblem struct {
	Line    int    `json:"line" doc:"0 when it concerns none."`
	UID     string `json:"uid"`
	Reason  string `json:"reason"`
	Detail  string `json:"detail"`
	Skipped bool   `json:"skipped" doc:"The event was left out; else it counts."`
}

func feedProblemsOf(problems []ical.Problem) []feedProblem {
	list := make([]feedProblem, 0, len(problems))
	for _, p := range problems {
		list = append(list, feedProblem{Line: p.Line, UID: p.UID, Reason: string(p.Reason), Detail: p.Detail, Skipped: p.Skipped()})
	}
	return list
}

type previewInput struct{ Body feedBody }

type previewOutput struct {
	Body struct {
		ProdID    string         `json:"prodid" doc:"Who made the calendar, as it says itself."`
		Events    []previewEvent `json:"events" nullable:"false"`
		Echoes    int            `json:"echoes"`
		Conflicts []feedConflict `json:"conflicts" nullable:"false" doc:"Reservations of ours that have nights of it."`
		Problems  []feedProblem  `json:"problems" nullable:"false"`
	}
}

func (r calendarRoutes) preview(ctx context.Context, in *previewInput) (*previewOutput, error) {
	if _, problem := parseInterval(ctx, in.Body.Interval); problem != nil {
		return nil, problem
	}
	preview, err := r.Calendars.Preview(ctx, activities.PreviewRequest{AccommodationID: in.Body.AccommodationID,
		Channel: booking.Channel(in.Body.Channel), URL: in.Body.URL})
	if err != nil {
		return nil, calendarProblem(ctx, r.Logger, "preview feed", err)
	}
	out := &previewOutput{}
	out.Body.ProdID, out.Body.Events = preview.ProdID, make([]previewEvent, 0, len(preview.Events))
	for _, e := range preview.Events {
		event := previewEvent{UID: e.UID, Summary: e.Summary, Kind: string(e.Kind), From: e.Nights.CheckIn.String(), To: e.Nights.CheckOut.String(),
			Nights: e.Nights.Nights(), Closes: []nights{}, Echo: e.Echo, Cancelled: e.Cancelled, Past: e.Past}
		for _, closed := range e.Closes {
			event.Closes = append(event.Closes, nightsOf(closed))
		}
		if e.Echo {
			out.Body.Echoes++
		}
		out.Body.Events = append(out.Body.Events, event)
	}
	out.Body.Conflicts, out.Body.Problems = feedConflictsOf(preview.Conflicts), feedProblemsOf(preview.Problems)
	return out, nil
}
