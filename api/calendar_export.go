package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"cabanas/booking"
	"cabanas/store/postgres"
)

const (
	icalPath = prefix + "/ical/export/:accommodation_id/:token"
	// pullTime is for noting a pull, after its answer.
	pullTime = 5 * time.Second
)

// addExport serves our calendars to whoever has their addresses.
func addExport(router *gin.Engine, typed huma.API, o *Options) {
	if o.Calendars == nil {
		return
	}
	router.GET(icalPath, within(requestTime), calendarRoutes{Options: o}.publish)
	parameter := func(name string, schema *huma.Schema) *huma.Param {
		return &huma.Param{Name: name, In: "path", Required: true, Schema: schema}
	}
	calendar := map[string]*huma.MediaType{"text/calendar": {Schema: &huma.Schema{Type: huma.TypeString}}}
	op := &huma.Operation{
		OperationID: "export-calendar", Method: http.MethodGet, Path: ginParameter.ReplaceAllString(icalPath, "{$1}"), Tags: []string{tagCalendars},
		Summary: "Our calendar, for another channel",
		Description: "Closed nights without guests; never what came from the channel itself. The token may end in .ics. With If-None-Match an unchanged " +
			"calendar is 304.",
		Parameters: []*huma.Param{parameter("accommodation_id", &huma.Schema{Type: huma.TypeInteger}), parameter("token", &huma.Schema{Type: huma.TypeString})},
		Responses: map[string]*huma.Response{
			"200": {Description: "The calendar.", Content: calendar}, "304": {Description: "It is as it was."},
		},
	}
	describeProblem(op, http.StatusNotFound)
	typed.OpenAPI().AddOperation(op)
}

// publish answers first and notes the pull after that.
func (r calendarRoutes) publish(c *gin.Context) {
	ctx := c.Request.Context()
	id, err := strconv.ParseInt(c.Param("accommodation_id"), 10, 64)
	token := strings.TrimSuffix(c.Param("token"), ".ics")
	if err != nil || id < 1 || token == "" || len(token) > longestSecret {
		writeProblem(c, newProblem(ctx, booking.CodeNotFound, "no such calendar"))
		return
	}
	published, err := r.Calendars.Publish(ctx, id, token)
	if booking.IsCode(err, booking.CodeNotFound) {
		writeProblem(c, newProblem(ctx, booking.CodeNotFound, "no such calendar"))
		return
	}
	if err != nil {
		writeProblem(c, refusal(ctx, r.Logger, "publish calendar", err))
		return
	}
	c.Header("ETag", published.ETag)
	c.Header("Last-Modified", published.ChangedAt.UTC().Format(http.TimeFormat))
	c.Header("Cache-Control", "private, no-cache") // may be kept, and is asked for each time
	c.Header("X-Robots-Tag", "noindex")
	if sameTag(c.GetHeader("If-None-Match"), published.ETag) {
		c.Status(http.StatusNotModified)
		c.Writer.WriteHeaderNow()
	} else {
		c.Header("Content-Type", "text/calendar; charset=utf-8")
		c.Header("Content-Disposition", `inline; filename="calendar.ics"`)
		c.Header("Content-Length", strconv.Itoa(len(published.Body)))
		c.Status(http.StatusOK)
		if _, err := c.Writer.Write(published.Body); err != nil {
			return // who went away has not read it
		}
	}
	c.Writer.Flush()
	if isHead(ctx) {
		return
	}
	noting, cancel := context.WithTimeout(context.WithoutCancel(ctx), pullTime)
	defer cancel()
	if err := r.Calendars.RecordPull(noting, published, c.Request.UserAgent()); err != nil {
		r.Logger.WarnContext(ctx, "pull_not_recorded", "export_id", published.ExportID, "error", err)
	}
}

// sameTag reports whether one of the tags that a client has is ours; weak ones compare as strong ones here.
func sameTag(header, tag string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if candidate == tag || candidate == "*" {
			return true
		}
	}
	return false
}

// ExportItem is our calendar for a channel.
type ExportItem struct {
	ID                int64      `json:"id"`
	AccommodationID   int64      `json:"accommodation_id"`
	AccommodationName string     `json:"accommodation_name"`
	Channel           string     `json:"channel" enum:"airbnb,booking,vrbo,other"`
	CreatedAt         time.Time  `json:"created_at"`
	RotatedAt         *time.Time `json:"rotated_at" doc:"When the address was last renewed."`
	LastPullAt        *time.Time `json:"last_pull_at" doc:"When the channel last fetched it; null when it never did."`
}

func exportItemOf(x postgres.Export) ExportItem {
	return ExportItem{ID: x.ID, AccommodationID: x.AccommodationID, AccommodationName: x.UnitName, Channel: string(x.Channel),
		CreatedAt: x.CreatedAt.UTC(), RotatedAt: timeOrNull(x.RotatedAt), LastPullAt: timeOrNull(x.LastPull)}
}

type exportListInput struct {
	PageQuery
	AccommodationID int64  `query:"accommodation_id" minimum:"0" doc:"Only of this accommodation."`
	Channel         string `query:"channel" enum:"airbnb,booking,vrbo,other" doc:"Only for this channel."`
}

type exportListOutput struct {
	Body struct {
		Items      []ExportItem `json:"items" nullable:"false"`
		NextCursor *string      `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last."`
	}
}

func (r calendarRoutes) exports(ctx context.Context, in *exportListInput) (*exportListOutput, error) {
	after, err := parseCursor(in.Cursor)
	if err != nil {
		return nil, badCursor(ctx)
	}
	found, err := r.Calendars.Exports(ctx, postgres.FeedFilter{AccommodationID: in.AccommodationID, Channel: booking.Channel(in.Channel)}, after, in.Limit+1)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "list exports", err)
	}
	out := &exportListOutput{}
	page, cursor := pageOf(found, in.Limit, func(x postgres.Export) int64 { return x.ID })
	out.Body.Items, out.Body.NextCursor = make([]ExportItem, 0, len(page)), cursor
	for _, x := range page {
		out.Body.Items = append(out.Body.Items, exportItemOf(x))
	}
	return out, nil
}

type exportBody struct {
	AccommodationID int64  `json:"accommodation_id" minimum:"1"`
	Channel         string `json:"channel" enum:"airbnb,booking,vrbo,other"`
}

type makeExportInput struct{ Body exportBody }

type madeExport struct {
	ExportItem
	URL string `json:"url" doc:"For the channel; shown here and never again."`
}

type makeExportOutput struct{ Body madeExport }

func (r calendarRoutes) makeExport(ctx context.Context, in *makeExportInput) (*makeExportOutput, error) {
	export, address, err := r.Calendars.MakeExport(ctx, in.Body.AccommodationID, booking.Channel(in.Body.Channel), authorOf(ctx))
	if err != nil {
		return nil, refusal(ctx, r.Logger, "make export", err)
	}
	return &makeExportOutput{madeExport{exportItemOf(export), address}}, nil
}

func (r calendarRoutes) endExport(ctx context.Context, in *IDPath) (*struct{}, error) {
	if err := r.Calendars.EndExport(ctx, in.ID, authorOf(ctx)); err != nil {
		return nil, refusal(ctx, r.Logger, "end export", err)
	}
	return nil, nil
}
