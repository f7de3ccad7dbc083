package postgres

import (
	"context"
	"encoding/json"
	"time"

	"cabanas/store/postgres/dbgen"
)

// AuditLine is an entry of the audit log as it was written.
type AuditLine struct {
	ID int64
	At time.Time
	// UserID and Email are of the account of staff; 0 and empty when no account did it.
	UserID int64
	Email  string
	// Actor is staff, setup, command or system.
	Actor                    string
	Action, Entity, EntityID string
	// Before and After are JSON objects; nil where there is nothing to say.
	Before, After json.RawMessage
	TraceID       string
}

// AuditFilter chooses entries; zero values choose all. Since is the first instant, Until the first that is too late.
type AuditFilter struct {
	UserID                   int64
	Action, Entity, EntityID string
	Since, Until             time.Time
}

// AuditLines lists the audit log, newest first, below an id (0: all).
func (s *Store) AuditLines(ctx context.Context, filter AuditFilter, before int64, most int) ([]AuditLine, error) {
	rows, err := s.queries.ListAuditLog(ctx, s.pool, &dbgen.ListAuditLogParams{
		BeforeID: before, UserID: filter.UserID, Action: filter.Action, Entity: filter.Entity, EntityID: filter.EntityID,
		Since: orNil(filter.Since), Until: orNil(filter.Until), Most: int32(most)})
	lines := make([]AuditLine, 0, len(rows))
	for _, row := range rows {
		lines = append(lines, AuditLine{ID: row.ID, At: row.At, UserID: row.UserID, Email: row.Email, Actor: row.Actor, Action: row.Action,
			Entity: row.Entity, EntityID: row.EntityID, Before: row.Before, After: row.After, TraceID: row.TraceID})
	}
	return lines, explain("list audit log", err)
}

// InboxStatus is how far a delivery of the inbox got.
type InboxStatus string

// The states of a delivery.
const (
	InboxWaiting    InboxStatus = "waiting"
	InboxDispatched InboxStatus = "dispatched"
	InboxFailing    InboxStatus = "failing" // tried, and tried again until it works
)

// InboxEntry is a delivery of the inbox without what was delivered.
type InboxEntry struct {
	ID         int64
	Provider   string
	Status     InboxStatus
	Attempts   int
	LastError  string
	TraceID    string
	ReceivedAt time.Time
	// DispatchedAt is zero until it was handed on, NextTryAt once it was.
	DispatchedAt, NextTryAt time.Time
}

// InboxEntries lists deliveries, newest first, below an id (0: all); an empty provider or status is every one.
func (s *Store) InboxEntries(ctx context.Context, provider string, status InboxStatus, before int64, most int) ([]InboxEntry, error) {
	rows, err := s.queries.ListInboxPage(ctx, s.pool, &dbgen.ListInboxPageParams{
		BeforeID: before, Provider: provider, Status: string(status), Most: int32(most)})
	entries := make([]InboxEntry, 0, len(rows))
	for _, row := range rows {
		entries = append(entries, inboxEntry(InboxItem{ID: row.ID, Provider: row.Provider, TraceID: row.TraceID, ReceivedAt: row.ReceivedAt,
			Attempts: int(row.Attempts), LastError: row.LastError}, row.DispatchedAt, row.DueAt))
	}
	return entries, explain("list webhooks", err)
}

// InboxDelivery reads one delivery whole, and how far it got; none is [booking.CodeNotFound].
func (s *Store) InboxDelivery(ctx context.Context, id int64) (InboxItem, InboxEntry, error) {
	row, err := s.queries.GetInboxItem(ctx, s.pool, id)
	if err != nil {
		return InboxItem{}, InboxEntry{}, explain("read webhook", err)
	}
	item := InboxItem{ID: row.ID, Provider: row.Provider, EventKey: row.EventKey, Body: row.Body, Meta: row.Meta, TraceID: row.TraceID,
		ReceivedAt: row.ReceivedAt, Attempts: int(row.Attempts), LastError: row.LastError}
	return item, inboxEntry(item, row.DispatchedAt, row.DueAt), nil
}

func inboxEntry(item InboxItem, dispatchedAt *time.Time, dueAt time.Time) InboxEntry {
	entry := InboxEntry{ID: item.ID, Provider: item.Provider, Status: InboxWaiting, Attempts: item.Attempts, LastError: item.LastError,
		TraceID: item.TraceID, ReceivedAt: item.ReceivedAt, DispatchedAt: timeOf(dispatchedAt), NextTryAt: dueAt}
	switch {
	case dispatchedAt != nil:
		entry.Status, entry.NextTryAt = InboxDispatched, time.Time{}
	case item.LastError != "":
		entry.Status = InboxFailing
	}
	return entry
}
