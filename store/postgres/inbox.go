package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/store/postgres/dbgen"
)

// InboxItem is a webhook that was accepted.
type InboxItem struct {
	ID         int64
	Provider   string
	EventKey   string
	Body       []byte
	Meta       json.RawMessage
	TraceID    string
	ReceivedAt time.Time
	Attempts   int
	LastError  string
}

// InsertInbox accepts a webhook in one statement; one accepted before under the same provider and key is not new.
func (s *Store) InsertInbox(ctx context.Context, provider, eventKey string, body []byte, meta json.RawMessage, traceID string,
	now time.Time) (id int64, isNew bool, err error) {
	if orNull(meta) == nil {
		meta = json.RawMessage("{}")
	}
	row, err := s.queries.InsertInbox(ctx, s.pool, &dbgen.InsertInboxParams{
		Provider: provider, EventKey: eventKey, Body: append([]byte{}, body...), Meta: meta, TraceID: traceID, Now: now,
	})
	if err == nil {
		return row.ID, row.IsNew, nil
	}
	if errors.Is(err, pgx.ErrNoRows) {
		// The same delivery was committed by somebody else while this statement ran.
		id, err = s.queries.GetInboxID(ctx, s.pool, &dbgen.GetInboxIDParams{Provider: provider, EventKey: eventKey})
	}
	return id, false, explain("accept webhook", err)
}

// PendingInbox lists what was accepted (or is to be tried again) before an instant and not dispatched, in order of arrival.
func (s *Store) PendingInbox(ctx context.Context, before time.Time, limit int) ([]InboxItem, error) {
	rows, err := s.queries.ListPendingInbox(ctx, s.pool, &dbgen.ListPendingInboxParams{Before: before, Most: int32(limit)})
	if err != nil {
		return nil, explain("list pending webhooks", err)
	}
	items := make([]InboxItem, 0, len(rows))
	for _, row := range rows {
		items = append(items, InboxItem{ID: row.ID, Provider: row.Provider, EventKey: row.EventKey, Body: row.Body, Meta: row.Meta,
			TraceID: row.TraceID, ReceivedAt: row.ReceivedAt, Attempts: int(row.Attempts), LastError: row.LastError})
	}
	return items, nil
}

// MarkDispatched records that items were handed on.
func (s *Store) MarkDispatched(ctx context.Context, ids []int64, now time.Time) error {
	return explain("mark webhooks dispatched", s.queries.MarkDispatched(ctx, s.pool, &dbgen.MarkDispatchedParams{Ids: ids, Now: now}))
}

// MarkDispatchFailed keeps why an item could not be handed on; it is due again after a pause that doubles up to ten seconds.
func (s *Store) MarkDispatchFailed(ctx context.Context, id int64, errText string, now time.Time) error {
	return explain("mark webhook failed", s.queries.MarkDispatchFailed(ctx, s.pool, &dbgen.MarkDispatchFailedParams{
		ID: id, ErrorText: errText, Now: now}))
}
