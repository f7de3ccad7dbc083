package postgres

import (
	"context"
	"encoding/json"
	"time"
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
	return 0, false, errPending
}

// PendingInbox lists what was accepted (or is to be tried again) before an instant and not dispatched, in order of arrival.
func (s *Store) PendingInbox(ctx context.Context, before time.Time, limit int) ([]InboxItem, error) {
	return nil, errPending
}

// MarkDispatched records that items were handed on.
func (s *Store) MarkDispatched(ctx context.Context, ids []int64, now time.Time) error {
	return errPending
}

// MarkDispatchFailed keeps why an item could not be handed on; it is due again after a pause that doubles up to five minutes.
func (s *Store) MarkDispatchFailed(ctx context.Context, id int64, errText string, now time.Time) error {
	return errPending
}
