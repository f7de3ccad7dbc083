package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// MailStatus is how far a mail is.
type MailStatus string

// The states of a mail.
const (
	MailQueued  MailStatus = "queued"
	MailSent    MailStatus = "sent"    // the relay took it
	MailFailed  MailStatus = "failed"  // the relay will never take it
	MailDropped MailStatus = "dropped" // nobody wants it any more
)

// NewMail is a mail to write.
type NewMail struct {
	// Key is the effect key of the notice.
	Key   string
	Owner bool
	Kind  string
	// GuestID is whom a mail is to, or whom the owner is told about; 0 is nobody, which only the owner's may have.
	GuestID int64
	Code    string
	Content json.RawMessage
	// Receipts are the numbers of receipts to go with it; those that went with another mail are left out. OnlyReceipts says
	// that without them there is nothing to say.
	Receipts     []string
	OnlyReceipts bool
	Unasked      bool
	TraceID      string
}

// Mail is one that was written.
type Mail struct {
	ID       int64
	Key      string
	Owner    bool
	Kind     string
	Code     string
	Content  json.RawMessage
	Receipts []string
	Unasked  bool
	Status   MailStatus
	// Error is why the last try failed or why it was dropped.
	Error     string
	Attempts  int
	TraceID   string
	CreatedAt time.Time
	// GuestEmail is where the guest is written to now, empty for the owner's mails and for guests without an address.
	GuestEmail string
	OptedOut   bool
	// Reservation is the status of the reservation that it is about now, empty without one.
	Reservation booking.Status
}

// QueueMail writes a mail once per key and recipient. It returns the id, 0 when there was nothing to write, and whether it has
// still to be sent.
func (s *Store) QueueMail(ctx context.Context, mail NewMail, now time.Time) (int64, bool, error) {
	params := &dbgen.QueueMailParams{Key: mail.Key, ToOwner: mail.Owner, Kind: mail.Kind, Content: mail.Content, Receipts: mail.Receipts,
		OnlyReceipts: mail.OnlyReceipts, Unasked: mail.Unasked, TraceID: mail.TraceID, Now: now}
	if mail.GuestID != 0 {
		params.GuestID = &mail.GuestID
	}
	if mail.Code != "" {
		params.Code = &mail.Code
	}
	if params.Receipts == nil {
		params.Receipts = []string{}
	}
	id, err := s.queries.QueueMail(ctx, s.pool, params)
	if err == nil {
		return id, true, nil
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return 0, false, explain("queue mail", err)
	}
	known, err := s.queries.FindMail(ctx, s.pool, &dbgen.FindMailParams{Key: mail.Key, ToOwner: mail.Owner})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, explain("find mail", err)
	}
	return known.ID, known.Waits, nil
}

// Mail reads a mail with what is true of its recipient and its reservation now.
func (s *Store) Mail(ctx context.Context, id int64) (Mail, error) {
	row, err := s.queries.GetMail(ctx, s.pool, id)
	if err != nil {
		return Mail{}, explain("read mail", err)
	}
	return Mail{
		ID: row.ID, Key: row.Key, Owner: row.ToOwner, Kind: row.Kind, Code: row.Code, Content: row.Content, Receipts: row.Receipts,
		Unasked: row.Unasked, Status: MailStatus(row.Status), Error: row.Error, Attempts: int(row.Attempts), TraceID: row.TraceID,
		CreatedAt: row.CreatedAt, GuestEmail: row.GuestEmail, OptedOut: row.OptedOut, Reservation: booking.Status(row.ReservationStatus),
	}, nil
}

// StayRevision tells how often the stay of a reservation became something else since it was held (confirmed, moved, cancelled), and
// when it did last.
func (s *Store) StayRevision(ctx context.Context, code string) (sequence int, at time.Time, err error) {
	row, err := s.queries.StayRevision(ctx, s.pool, code)
	if err != nil {
		return 0, time.Time{}, explain("read revision of stay", err)
	}
	return int(row.Sequence), row.At, nil
}

// MailTried writes down how a try ended: [MailQueued] is tried again. A mail that has ended stays as it is.
func (s *Store) MailTried(ctx context.Context, id int64, status MailStatus, reason string, now time.Time) error {
	err := s.queries.MailTried(ctx, s.pool, &dbgen.MailTriedParams{ID: id, Status: string(status), Reason: reason, Now: now})
	return explain("write down try of mail", err)
}
