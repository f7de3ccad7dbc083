package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/store/postgres/dbgen"
)

// Author is who changes something, for the audit log.
type Author struct {
	// Kind is staff, setup, command or system.
	Kind string
	// UserID is the account of staff, 0 for the others.
	UserID  int64
	TraceID string
}

// AuditEntry says what was changed. Before and After hold what differs, never a secret, a guest's data or what people wrote.
type AuditEntry struct {
	// Action is <thing>.<what happened to it>.
	Action   string
	Entity   string
	EntityID string
	Before   map[string]any
	After    map[string]any
}

// RecordByStaff writes an entry about a change that a workflow made for a member of staff.
func (s *Store) RecordByStaff(ctx context.Context, by Author, entry AuditEntry, now time.Time) error {
	return s.transact(ctx, "record a change", func(tx pgx.Tx) error { return s.record(ctx, tx, by, entry, now) })
}

// record writes an entry in the transaction of the change.
func (s *Store) record(ctx context.Context, tx pgx.Tx, by Author, entry AuditEntry, now time.Time) error {
	params := &dbgen.AddAuditEntryParams{
		At: now, Actor: by.Kind, Action: entry.Action, Entity: entry.Entity, EntityID: entry.EntityID, TraceID: by.TraceID,
	}
	if by.UserID != 0 {
		params.UserID = &by.UserID
	}
	if entry.Before != nil {
		params.Before = mustJSON(entry.Before)
	}
	if entry.After != nil {
		params.After = mustJSON(entry.After)
	}
	return s.queries.AddAuditEntry(ctx, tx, params)
}
