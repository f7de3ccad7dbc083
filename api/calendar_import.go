package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"cabanas/activities"
	"cabanas/gateways/ical"
	"cabanas/internal/accounts"
)

// largestImport is a calendar as JSON, where many of its characters are two.
const largestImport = 2*ical.MaxBody + largestJSON

func addImport(slow staff, routes calendarRoutes, op func(id, method, path, summary, description string, errors ...int) huma.Operation) {
	operation := op("import-calendar", http.MethodPost, "/admin/ical/import", "Close the nights of a calendar once",
		"From an address, a text or a file of at most 2 MB. Its events become blocks by hand; the same event again moves its block or changes nothing. "+
			"What is past, cancelled or our own is skipped.",
		http.StatusBadRequest, http.StatusNotFound, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity)
	operation.Middlewares = huma.Middlewares{withImport}
	staffRoute(slow, accounts.Staff, operation, routes.importCalendar)
	// Told afterwards: huma would read the body of an operation that is registered with one.
	accommodation := &huma.Schema{Type: huma.TypeInteger, Format: "int64"}
	text := func(description string) *huma.Schema {
		return &huma.Schema{Type: huma.TypeString, Description: description}
	}
	slow.api.OpenAPI().Paths[operation.Path].Post.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/json": {Schema: &huma.Schema{Type: huma.TypeObject, Required: []string{"accommodation_id"}, Properties: map[string]*huma.Schema{
			"accommodation_id": accommodation, "url": text("https, or webcal."), "content": text("The calendar itself, instead of url.")}}},
		"multipart/form-data": {Schema: &huma.Schema{Type: huma.TypeObject, Required: []string{"accommodation_id", "file"}, Properties: map[string]*huma.Schema{
			"accommodation_id": accommodation, "file": {Type: huma.TypeString, Format: "binary", Description: "The calendar."}}}},
	}}
}

type importKey struct{}

// withImport reads the form or the JSON once its sender is known.
func withImport(hc huma.Context, next func(huma.Context)) {
	c := humagin.Unwrap(hc)
	ctx := c.Request.Context()
	mediaType, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	var request activities.ImportRequest
	var problem *Problem
	switch {
	case err == nil && mediaType == "multipart/form-data":
		request, problem = readImportForm(c)
	case err == nil && mediaType == "application/json":
		request, problem = readImportJSON(c)
	default:
		problem = newProblem(ctx, CodeUnsupportedMediaType, "expected application/json, or multipart/form-data with a file")
	}
	switch {
	case problem != nil:
	case request.AccommodationID < 1:
		problem = invalidField(ctx, "body", "accommodation_id", "expected the id of an accommodation")
	case (request.URL == "") == (len(request.Body) == 0):
		problem = invalidField(ctx, "body", "url", "expected either an address or a calendar")
	}
	if problem != nil {
		writeProblem(c, problem)
		return
	}
	next(huma.WithValue(hc, importKey{}, request))
}

func readImportJSON(c *gin.Context) (activities.ImportRequest, *Problem) {
	ctx := c.Request.Context()
	body, problem := readBody(c, largestImport)
	if problem != nil {
		return activities.ImportRequest{}, problem
	}
	var asked struct {
		AccommodationID int64  `json:"accommodation_id"`
		URL             string `json:"url"`
		Content         string `json:"content"`
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&asked)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return activities.ImportRequest{}, invalidField(ctx, "body", wrong.Field, "is of another type")
	}
	if err != nil {
		return activities.ImportRequest{}, newProblem(ctx, CodeMalformed, "expected accommodation_id with url or content")
	}
	return activities.ImportRequest{AccommodationID: asked.AccommodationID, URL: asked.URL, Body: []byte(asked.Content)}, nil
}

func readImportForm(c *gin.Context) (activities.ImportRequest, *Problem) {
	ctx := c.Request.Context()
	body, problem := readBody(c, ical.MaxBody+framing)
	if problem != nil {
		return activities.ImportRequest{}, problem
	}
	setBody(c, body)
	// Everything is in memory already, and stays there.
	if err := c.Request.ParseMultipartForm(ical.MaxBody + framing); err != nil {
		return activities.ImportRequest{}, newProblem(ctx, CodeMalformed, "the form cannot be read")
	}
	id, err := strconv.ParseInt(c.Request.FormValue("accommodation_id"), 10, 64)
	if err != nil {
		return activities.ImportRequest{}, invalidField(ctx, "body", "accommodation_id", "expected the id of an accommodation")
	}
	files := c.Request.MultipartForm.File["file"]
	if len(files) != 1 || files[0].Size == 0 {
		return activities.ImportRequest{}, invalidField(ctx, "body", "file", "expected one file that is not empty")
	}
	file, err := files[0].Open()
	if err != nil {
		return activities.ImportRequest{}, newProblem(ctx, CodeMalformed, "the form cannot be read")
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(file)
	if err != nil {
		return activities.ImportRequest{}, newProblem(ctx, CodeMalformed, "the form cannot be read")
	}
	return activities.ImportRequest{AccommodationID: id, Body: content}, nil
}

type importOutput struct {
	Body struct {
		Added     int            `json:"added"`
		Moved     int            `json:"moved" doc:"Imported before, with other nights now."`
		Unchanged int            `json:"unchanged"`
		Skipped   int            `json:"skipped" doc:"Past, cancelled or our own."`
		Conflicts []feedConflict `json:"conflicts" nullable:"false" doc:"Reservations that have nights of what was closed."`
		Problems  []feedProblem  `json:"problems" nullable:"false"`
	}
}

func (r calendarRoutes) importCalendar(ctx context.Context, _ *struct{}) (*importOutput, error) {
	request, _ := ctx.Value(importKey{}).(activities.ImportRequest)
	done, err := r.Calendars.Import(ctx, request, authorOf(ctx))
	if err != nil {
		return nil, calendarProblem(ctx, r.Logger, "import calendar", err)
	}
	out := &importOutput{}
	out.Body.Added, out.Body.Moved, out.Body.Unchanged, out.Body.Skipped = done.Added, done.Moved, done.Unchanged, done.Skipped
	out.Body.Conflicts, out.Body.Problems = feedConflictsOf(done.Sold), feedProblemsOf(done.Problems)
	return out, nil
}
