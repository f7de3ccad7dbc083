package postgres

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// forget empties everything that is about a person and adds to rows how many of each. Guests come last: until then they are
// needed to find the rest.
func (s *Store) forget(ctx context.Context, tx pgx.Tx, who person, rows map[string]int64, now time.Time) error {
	q := s.queries
	told := change{By: booking.BySystem, Reason: "guest_erased", At: now}.text()
	for _, step := range []struct {
		what string
		do   func() (int64, error)
	}{
		{"unanswered", func() (int64, error) {
			return q.AnswerUnanswered(ctx, tx, &dbgen.AnswerUnansweredParams{Ids: who.ids, Now: now})
		}},
		{"movements", func() (int64, error) { return s.forgetMovements(ctx, tx, who) }},
		{"alarms", func() (int64, error) {
			return q.ForgetAlarms(ctx, tx, &dbgen.ForgetAlarmsParams{Ids: who.ids, Codes: who.codes, Needles: who.needles})
		}},
		{"mails", func() (int64, error) {
			return q.ForgetMails(ctx, tx, &dbgen.ForgetMailsParams{Ids: who.ids, Codes: who.codes, Needles: who.needles})
		}},
		{"messages", func() (int64, error) { return q.ForgetMessages(ctx, tx, who.ids) }},
		{"transcriptions", func() (int64, error) { return q.ForgetTranscriptions(ctx, tx, who.ids) }},
		{"turns", func() (int64, error) { return q.ForgetTurns(ctx, tx, who.ids) }},
		{"conversations", func() (int64, error) {
			return q.ForgetConversations(ctx, tx, &dbgen.ForgetConversationsParams{Ids: who.ids, Now: now})
		}},
		{"notes", func() (int64, error) { return q.ForgetNotes(ctx, tx, who.codes) }},
		{"reservations", func() (int64, error) {
			return q.ForgetReservations(ctx, tx, &dbgen.ForgetReservationsParams{Codes: who.codes, Change: told, Now: now})
		}},
		{"payment_reports", func() (int64, error) { return q.ForgetPaymentReports(ctx, tx, who.codes) }},
		{"payment_notes", func() (int64, error) { return q.ForgetPaymentNotes(ctx, tx, who.codes) }},
		{"webhooks", func() (int64, error) { return q.ForgetWebhooks(ctx, tx, who.bytes()) }},
		{"responses", func() (int64, error) {
			needles := who.bytes()
			for _, code := range who.codes {
				needles = append(needles, []byte(code))
			}
			return q.ForgetResponses(ctx, tx, needles)
		}},
		{"guests", func() (int64, error) {
			return q.ForgetGuests(ctx, tx, &dbgen.ForgetGuestsParams{Ids: who.ids, Now: now})
		}},
	} {
		n, err := step.do()
		if err != nil {
			return err
		}
		if n > 0 {
			rows[step.what] = n
		}
	}
	return nil
}

// forgetMovements takes who paid out of the references of credits, and out of the keys that are made of them.
func (s *Store) forgetMovements(ctx context.Context, tx pgx.Tx, who person) (int64, error) {
	gone, err := s.queries.ForgetMovements(ctx, tx, &dbgen.ForgetMovementsParams{Codes: who.codes, Needles: who.needles})
	if err != nil {
		return 0, err
	}
	for _, movement := range gone {
		err := s.queries.RenameMovementKey(ctx, tx, &dbgen.RenameMovementKeyParams{
			OldKey: movement.Key, NewKey: "movement/erased/" + strconv.FormatInt(movement.ID, 10)})
		if err != nil {
			return 0, err
		}
	}
	return int64(len(gone)), nil
}
