package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// ReservationFile is everything that is known of one reservation, read in one moment. Lists are in order of time, oldest first,
// and end after two hundred; the story goes on in [Store.Story].
type ReservationFile struct {
	Reservation Reservation
	Guest       Guest
	Money       ReservationMoney
	// SpecialRequests and InternalNotes are what staff wrote.
	SpecialRequests string
	InternalNotes   string
	Payments        []FiledPayment
	Refunds         []RefundOf
	Links           []FiledLink
	Receipts        []booking.Receipt
	Messages        []FiledMessage
	Webhooks        []FiledWebhook
	Conflicts       []FiledConflict
	Story           []StoryEvent
}

// StoryLength is how many events of its story a [ReservationFile] has at most.
const StoryLength = 200

// StoryEvent is an entry of the flight recorder with everything it says of the row after it.
type StoryEvent struct {
	Event
	// StatusBefore is empty for the first event.
	StatusBefore    booking.Status
	AccommodationID int64
	Stay            booking.Stay
	// StaffEmail is the account that decided, when one did and still is there.
	StaffEmail string
	RecordedAt time.Time
}

// FiledPayment is a payment of a reservation.
type FiledPayment struct {
	Provider     string
	ProviderID   string
	Status       booking.ProviderStatus
	StatusDetail string
	Verdict      booking.Verdict
	Disposition  Disposition
	Counted      bool
	Amount       booking.Money
	Refunded     booking.Money
	Surplus      booking.Money
	ReceivedAt   time.Time
	// Note and RecordedBy are of money that staff recorded.
	Note       string
	RecordedBy string
}

// FiledLink is a payment link of a reservation.
type FiledLink struct {
	PaymentLink
	CreatedAt time.Time
}

// FiledMessage is a message that a reservation sent by itself, without its words.
type FiledMessage struct {
	ID      int64
	Key     string
	ToOwner bool
	Kind    string
	Status  string
	Error   string
	// Attempts counts sendings.
	Attempts int
	At       time.Time
	TraceID  string
}

// FiledWebhook is a delivery that spoke of a reservation or of one of its payments, without its body.
type FiledWebhook struct {
	ID           int64
	Provider     string
	PaymentID    string
	Signed       bool
	ReceivedAt   time.Time
	DispatchedAt time.Time
	Attempts     int
	LastError    string
	TraceID      string
}

// FiledConflict is an open conflict of a reservation with closed nights.
type FiledConflict struct {
	ID       int64
	BlockID  int64
	Source   string
	Nights   booking.Stay
	OpenedAt time.Time
}

// ReservationFile reads everything about a reservation; unknown codes are [booking.CodeNotFound].
func (s *Store) ReservationFile(ctx context.Context, code string) (ReservationFile, error) {
	var file ReservationFile
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, s.pool, options, func(tx pgx.Tx) error {
		row, err := s.queries.GetReservation(ctx, tx, code)
		if err != nil {
			return err
		}
		if file.Reservation, err = reservationOf(row); err != nil {
			return err
		}
		for _, fill := range []func(context.Context, pgx.Tx, *ReservationFile) error{
			s.fillPerson, s.fillMoney, s.fillReceipts, s.fillTraffic, s.fillStory,
		} {
			if err := fill(ctx, tx, &file); err != nil {
				return err
			}
		}
		return nil
	})
	return file, explain("read reservation file", err)
}

// Story lists the flight recorder of a reservation in order, after an event (0: from its first).
func (s *Store) Story(ctx context.Context, code string, after int64, most int) ([]StoryEvent, error) {
	if _, err := s.queries.GetReservation(ctx, s.pool, code); err != nil {
		return nil, explain("read story", err)
	}
	story, err := s.story(ctx, s.pool, code, after, most)
	return story, explain("read story", err)
}

func (s *Store) story(ctx context.Context, db dbgen.DBTX, code string, after int64, most int) ([]StoryEvent, error) {
	rows, err := s.queries.ListStory(ctx, db, &dbgen.ListStoryParams{Code: code, AfterID: after, Most: int32(most)})
	story := make([]StoryEvent, 0, len(rows))
	for _, row := range rows {
		story = append(story, StoryEvent{
			Event: Event{ID: row.ID, Kind: row.Kind, Actor: booking.Actor(row.Actor), Reason: row.Reason, Details: row.Details,
				Status: booking.Status(row.StatusAfter), Payment: booking.PaymentStatus(row.PaymentStatusAfter),
				ExpiresAt: timeOf(row.ExpiresAtAfter), Paid: money(row.PaidCentavosAfter, row.Currency), At: row.At},
			StatusBefore: booking.Status(orZero(row.StatusBefore)), AccommodationID: row.AccommodationIDAfter,
			Stay:       booking.Stay{CheckIn: dateOf(row.CheckInAfter), CheckOut: dateOf(row.CheckOutAfter)},
			StaffEmail: row.StaffEmail, RecordedAt: row.RecordedAt,
		})
	}
	return story, err
}

func (s *Store) fillPerson(ctx context.Context, tx pgx.Tx, file *ReservationFile) error {
	guest, err := s.queries.GetGuest(ctx, tx, file.Reservation.GuestID)
	if err != nil {
		return err
	}
	file.Guest = Guest{ID: guest.ID, Phone: guest.Phone, WhatsAppPhone: guest.WhatsappPhone, WhatsAppUserID: guest.WhatsappUserID,
		Name: guest.Name, Email: guest.Email, Language: guest.Language}
	notes, err := s.queries.GetNotes(ctx, tx, file.Reservation.Code)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err == nil {
		file.SpecialRequests, file.InternalNotes = notes.SpecialRequests, notes.InternalNotes
	}
	return err
}

func (s *Store) fillMoney(ctx context.Context, tx pgx.Tx, file *ReservationFile) error {
	id := file.Reservation.ID
	row, err := s.queries.GetReservationMoney(ctx, tx, id)
	if err != nil {
		return err
	}
	file.Money = reservationMoneyOf(row)
	payments, err := s.queries.ListDeskPayments(ctx, tx, id)
	if err != nil {
		return err
	}
	for _, p := range payments {
		file.Payments = append(file.Payments, FiledPayment{
			Provider: p.Provider, ProviderID: p.ProviderID, Status: booking.ProviderStatus(p.Status), StatusDetail: p.StatusDetail,
			Verdict: booking.Verdict(p.Verdict), Disposition: Disposition(p.Disposition), Counted: p.Counted,
			Amount: money(p.AmountCentavos, p.Currency), Refunded: money(p.RefundedCentavos, p.Currency), Surplus: money(p.SurplusCentavos, p.Currency),
			ReceivedAt: p.FirstReceivedAt, Note: p.Note, RecordedBy: p.RecordedBy})
	}
	refunds, err := s.queries.ListDeskRefunds(ctx, tx, id)
	if err != nil {
		return err
	}
	for _, f := range refunds {
		file.Refunds = append(file.Refunds, RefundOf{refundOf(&f.Refund, f.ProviderID), file.Reservation.Code, f.Refund.UpdatedAt})
	}
	links, err := s.queries.ListDeskLinks(ctx, tx, id)
	for _, l := range links {
		file.Links = append(file.Links, FiledLink{CreatedAt: l.CreatedAt, PaymentLink: PaymentLink{
			Code: file.Reservation.Code, Kind: booking.LinkKind(l.Kind), Attempt: int(l.Attempt), ProviderID: l.ProviderID, URL: l.Url,
			Amount: money(l.AmountCentavos, l.Currency), ExpiresAt: l.ExpiresAt, ClosedAt: timeOf(l.ClosedAt)}})
	}
	return err
}

func (s *Store) fillReceipts(ctx context.Context, tx pgx.Tx, file *ReservationFile) error {
	contents, err := s.queries.ListDeskReceipts(ctx, tx, file.Reservation.ID)
	if err != nil {
		return err
	}
	for _, content := range contents {
		var receipt booking.Receipt
		if err := json.Unmarshal(content, &receipt); err != nil {
			return fmt.Errorf("read receipt: %w", err)
		}
		file.Receipts = append(file.Receipts, receipt)
	}
	return nil
}

// fillTraffic reads what went out and came in about the reservation, and what is wrong with its nights.
func (s *Store) fillTraffic(ctx context.Context, tx pgx.Tx, file *ReservationFile) error {
	code, id := file.Reservation.Code, file.Reservation.ID
	messages, err := s.queries.ListDeskMessages(ctx, tx, code)
	if err != nil {
		return err
	}
	for _, m := range messages {
		file.Messages = append(file.Messages, FiledMessage{ID: m.ID, Key: m.Key, ToOwner: m.ToOwner, Kind: m.Kind, Status: m.Status, Error: m.Error,
			Attempts: int(m.Attempts), At: m.At, TraceID: m.TraceID})
	}
	webhooks, err := s.queries.ListDeskWebhooks(ctx, tx, &dbgen.ListDeskWebhooksParams{Code: code, ReservationID: id})
	if err != nil {
		return err
	}
	for _, w := range webhooks {
		file.Webhooks = append(file.Webhooks, FiledWebhook{ID: w.ID, Provider: w.Provider, PaymentID: w.PaymentID, Signed: w.Signed == "true",
			ReceivedAt: w.ReceivedAt, DispatchedAt: timeOf(w.DispatchedAt), Attempts: int(w.Attempts), LastError: w.LastError, TraceID: w.TraceID})
	}
	conflicts, err := s.queries.ListDeskConflicts(ctx, tx, id)
	for _, c := range conflicts {
		file.Conflicts = append(file.Conflicts, FiledConflict{ID: c.ID, BlockID: c.BlockID, Source: c.Source, OpenedAt: c.OpenedAt,
			Nights: booking.Stay{CheckIn: dateOf(c.StartDate), CheckOut: dateOf(c.EndDate)}})
	}
	return err
}

func (s *Store) fillStory(ctx context.Context, tx pgx.Tx, file *ReservationFile) (err error) {
	file.Story, err = s.story(ctx, tx, file.Reservation.Code, 0, StoryLength)
	return err
}
