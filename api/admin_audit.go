package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"cabanas/internal/accounts"
	"cabanas/store/postgres"
)

const tagMonitor = "Monitor"

// Monitor is where staff sees what was changed and what was delivered; *activities.Monitor is one.
type Monitor interface {
	AuditLog(ctx context.Context, filter postgres.AuditFilter, before int64, most int) ([]postgres.AuditLine, error)
	Deliveries(ctx context.Context, provider string, status postgres.InboxStatus, before int64, most int) ([]postgres.InboxEntry, error)
	Retry(ctx context.Context, id int64, by postgres.Author) (postgres.InboxEntry, error)
}

func addMonitor(s staff, o *Options) {
	if o.Monitor == nil {
		return
	}
	routes := monitorRoutes{o}
	staffRoute(s, accounts.Owner, huma.Operation{
		OperationID: "list-audit", Method: http.MethodGet, Path: prefix + "/admin/audit", Tags: []string{tagMonitor}, Summary: "Who changed what",
		Description: "Every write of staff, newest first, with what was before and after it.",
	}, routes.audit)
	staffRoute(s, accounts.Staff, huma.Operation{
		OperationID: "list-webhooks", Method: http.MethodGet, Path: prefix + "/admin/webhooks", Tags: []string{tagMonitor}, Summary: "What providers delivered",
		Description: "Newest first, without what it says: that holds people's data.",
	}, routes.webhooks)
	staffRoute(s, accounts.Staff, huma.Operation{
		OperationID: "retry-webhook", Method: http.MethodPost, Path: prefix + "/admin/webhooks/{id}/retry", Tags: []string{tagMonitor}, Summary: "Hand a delivery on again",
		Description: "At once, also one that was handed on before: nothing is done twice for it. 503 says that it did not work; what was never handed on is tried again by itself.",
		Errors:      []int{http.StatusNotFound},
	}, routes.retry)
}

type monitorRoutes struct{ *Options }

type auditInput struct {
	Limit    int       `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"Most items in one page."`
	Cursor   string    `query:"cursor" maxLength:"64" doc:"next_cursor of the page before."`
	UserID   int64     `query:"user_id" minimum:"0" doc:"Only what this account did."`
	Action   string    `query:"action" maxLength:"80" pattern:"^([a-z_]+\\.[a-z_]+)?$" example:"block.created" doc:"Only this."`
	Entity   string    `query:"entity" maxLength:"40" pattern:"^[a-z_]*$" example:"block" doc:"Only things of this kind."`
	EntityID string    `query:"entity_id" maxLength:"80" doc:"Only this thing; with entity."`
	From     time.Time `query:"from" doc:"Not before this instant."`
	To       time.Time `query:"to" doc:"Before this instant."`
}

type auditItem struct {
	ID       int64          `json:"id"`
	At       time.Time      `json:"at"`
	Actor    string         `json:"actor" enum:"staff,setup,command,system"`
	UserID   *int64         `json:"user_id" doc:"The account; null when none did it."`
	Email    string         `json:"email" doc:"Of the account; empty when none did it."`
	Action   string         `json:"action" example:"block.created"`
	Entity   string         `json:"entity" example:"block"`
	EntityID string         `json:"entity_id" example:"17"`
	Before   map[string]any `json:"before" nullable:"true" doc:"What differs, as it was; null for something new."`
	After    map[string]any `json:"after" nullable:"true" doc:"What differs, as it is now; null for something gone."`
	TraceID  string         `json:"trace_id" doc:"Finds the request in our logs."`
}

type auditList struct {
	Items      []auditItem `json:"items" nullable:"false"`
	NextCursor *string     `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last."`
}

type auditOutput struct{ Body auditList }

func (r monitorRoutes) audit(ctx context.Context, in *auditInput) (*auditOutput, error) {
	before, err := parseCursor(in.Cursor)
	if err != nil {
		return nil, invalidField(ctx, "query", "cursor", "expected the next_cursor of an earlier answer")
	}
	if !printable(in.EntityID) || !utf8.ValidString(in.EntityID) {
		return nil, invalidField(ctx, "query", "entity_id", "expected plain characters")
	}
	filter := postgres.AuditFilter{UserID: in.UserID, Action: in.Action, Entity: in.Entity, EntityID: in.EntityID, Since: in.From, Until: in.To}
	found, err := r.Monitor.AuditLog(ctx, filter, before, in.Limit+1)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "list audit log", err)
	}
	out := &auditOutput{Body: auditList{Items: []auditItem{}}}
	for _, line := range found[:min(in.Limit, len(found))] {
		out.Body.Items = append(out.Body.Items, auditItemOf(line))
	}
	if len(found) > in.Limit {
		cursor := makeCursor(found[in.Limit-1].ID)
		out.Body.NextCursor = &cursor
	}
	return out, nil
}

func auditItemOf(line postgres.AuditLine) auditItem {
	item := auditItem{ID: line.ID, At: line.At.UTC(), Actor: line.Actor, Email: line.Email, Action: line.Action, Entity: line.Entity,
		EntityID: line.EntityID, TraceID: line.TraceID}
	if line.UserID != 0 {
		item.UserID = &line.UserID
	}
	// Written by us as objects; anything else is shown as nothing.
	_ = json.Unmarshal(line.Before, &item.Before)
	_ = json.Unmarshal(line.After, &item.After)
	return item
}

type webhookListInput struct {
	Limit    int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"Most items in one page."`
	Cursor   string `query:"cursor" maxLength:"64" doc:"next_cursor of the page before."`
	Provider string `query:"provider" enum:"whatsapp,mercadopago" doc:"Only from this one."`
	Status   string `query:"status" enum:"waiting,dispatched,failing" doc:"Only those."`
}

type webhookItem struct {
	ID           int64      `json:"id"`
	Provider     string     `json:"provider" enum:"whatsapp,mercadopago"`
	Status       string     `json:"status" enum:"waiting,dispatched,failing" doc:"failing: tried, and tried again until it works."`
	Attempts     int        `json:"attempts"`
	LastError    string     `json:"last_error" doc:"Why the last try failed; empty otherwise."`
	ReceivedAt   time.Time  `json:"received_at"`
	DispatchedAt *time.Time `json:"dispatched_at" doc:"When it was handed on; null until then."`
	NextTryAt    *time.Time `json:"next_try_at" doc:"When it is due; null once it was handed on."`
	TraceID      string     `json:"trace_id" doc:"Finds what came of it in our logs."`
}

type webhookList struct {
	Items      []webhookItem `json:"items" nullable:"false"`
	NextCursor *string       `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last."`
}

type webhookListOutput struct{ Body webhookList }

func (r monitorRoutes) webhooks(ctx context.Context, in *webhookListInput) (*webhookListOutput, error) {
	before, err := parseCursor(in.Cursor)
	if err != nil {
		return nil, invalidField(ctx, "query", "cursor", "expected the next_cursor of an earlier answer")
	}
	found, err := r.Monitor.Deliveries(ctx, in.Provider, postgres.InboxStatus(in.Status), before, in.Limit+1)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "list webhooks", err)
	}
	out := &webhookListOutput{Body: webhookList{Items: []webhookItem{}}}
	for _, entry := range found[:min(in.Limit, len(found))] {
		out.Body.Items = append(out.Body.Items, webhookItemOf(entry))
	}
	if len(found) > in.Limit {
		cursor := makeCursor(found[in.Limit-1].ID)
		out.Body.NextCursor = &cursor
	}
	return out, nil
}

func webhookItemOf(entry postgres.InboxEntry) webhookItem {
	return webhookItem{ID: entry.ID, Provider: entry.Provider, Status: string(entry.Status), Attempts: entry.Attempts, LastError: entry.LastError,
		ReceivedAt: entry.ReceivedAt.UTC(), DispatchedAt: timeOrNull(entry.DispatchedAt), NextTryAt: timeOrNull(entry.NextTryAt), TraceID: entry.TraceID}
}

type retryInput struct {
	ID int64 `path:"id" minimum:"1"`
}

type webhookOutput struct{ Body webhookItem }

func (r monitorRoutes) retry(ctx context.Context, in *retryInput) (*webhookOutput, error) {
	entry, err := r.Monitor.Retry(ctx, in.ID, authorOf(ctx))
	if err != nil {
		return nil, refusal(ctx, r.Logger, "retry webhook", err)
	}
	return &webhookOutput{Body: webhookItemOf(entry)}, nil
}
