package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/store/postgres/dbgen"
)

// Retention says how long things are kept that no open process needs. Zero keeps for ever.
type Retention struct {
	// WebhookDays is how long the raw body of a delivery stands; its row, by which a repetition is known, stands three times as long.
	WebhookDays int
	// DialogueDays is after how much silence a conversation starts from nothing.
	DialogueDays int
	// MessageMonths is how long after the last stay words, transcripts and reports of payments are kept.
	MessageMonths int
	// GuestMonths is how long who never booked is remembered after their last message, BookedGuestMonths who stayed, after the last
	// stay.
	GuestMonths, BookedGuestMonths int
	// MailDays is how long the text of a mail is kept.
	MailDays int
	// RecordDays is how long the traces of the machinery are kept: sessions that ended, fetches of calendars, looks at the account.
	RecordDays int
}

// RetentionTask is one sort of thing that is forgotten.
type RetentionTask struct {
	Name string
	// since is the instant before which it is forgotten; false keeps it.
	since func(Retention, time.Time) (time.Time, bool)
	batch func(ctx context.Context, s *Store, before time.Time, most int) (int64, error)
}

// RetentionTasks lists what [Store.ForgetBatch] can do, in the order in which it is best done.
func RetentionTasks() []string {
	names := make([]string, len(retentionTasks))
	for i, task := range retentionTasks {
		names[i] = task.Name
	}
	return names
}

var retentionTasks = []RetentionTask{
	{"webhook_bodies", days(func(r Retention) int { return r.WebhookDays }), func(ctx context.Context, s *Store, before time.Time, most int) (int64, error) {
		return s.queries.EmptyWebhooks(ctx, s.pool, &dbgen.EmptyWebhooksParams{Before: before, Most: int32(most)})
	}},
	{"webhooks", days(func(r Retention) int { return 3 * r.WebhookDays }), func(ctx context.Context, s *Store, before time.Time, most int) (int64, error) {
		return s.queries.DropWebhooks(ctx, s.pool, &dbgen.DropWebhooksParams{Before: before, Most: int32(most)})
	}},
	{"dialogues", days(func(r Retention) int { return r.DialogueDays }), func(ctx context.Context, s *Store, before time.Time, most int) (int64, error) {
		return s.queries.ForgetDialogues(ctx, s.pool, &dbgen.ForgetDialoguesParams{Before: before, Most: int32(most)})
	}},
	{"messages", months(func(r Retention) int { return r.MessageMonths }), forgetOldMessages},
	{"payment_reports", months(func(r Retention) int { return r.MessageMonths }), func(ctx context.Context, s *Store, before time.Time, most int) (int64, error) {
		return s.queries.ForgetOldReports(ctx, s.pool, &dbgen.ForgetOldReportsParams{Before: before, Most: int32(most)})
	}},
	{"mails", days(func(r Retention) int { return r.MailDays }), func(ctx context.Context, s *Store, before time.Time, most int) (int64, error) {
		return s.queries.ForgetOldMails(ctx, s.pool, &dbgen.ForgetOldMailsParams{Before: before, Most: int32(most)})
	}},
	{"responses", always, func(ctx context.Context, s *Store, before time.Time, most int) (int64, error) {
		return s.queries.DropResponses(ctx, s.pool, &dbgen.DropResponsesParams{Before: before, Most: int32(most)})
	}},
	{"login_attempts", aDay, func(ctx context.Context, s *Store, before time.Time, most int) (int64, error) {
		return s.queries.DropLoginAttempts(ctx, s.pool, &dbgen.DropLoginAttemptsParams{Before: before, Most: int32(most)})
	}},
	{"refresh_tokens", days(func(r Retention) int { return r.RecordDays }), func(ctx context.Context, s *Store, before time.Time, most int) (int64, error) {
		return s.queries.DropRefreshTokens(ctx, s.pool, &dbgen.DropRefreshTokensParams{Before: before, Most: int32(most)})
	}},
	{"sessions", days(func(r Retention) int { return r.RecordDays }), func(ctx context.Context, s *Store, before time.Time, most int) (int64, error) {
		return s.queries.DropSessions(ctx, s.pool, &dbgen.DropSessionsParams{Before: before, Most: int32(most)})
	}},
	{"calendar_pulls", days(func(r Retention) int { return r.RecordDays }), func(ctx context.Context, s *Store, before time.Time, most int) (int64, error) {
		return s.queries.DropPulls(ctx, s.pool, &dbgen.DropPullsParams{Before: before, Most: int32(most)})
	}},
	{"feed_events", days(func(r Retention) int { return r.RecordDays }), func(ctx context.Context, s *Store, before time.Time, most int) (int64, error) {
		return s.queries.DropFeedEvents(ctx, s.pool, &dbgen.DropFeedEventsParams{Before: before, Most: int32(most)})
	}},
	{"payment_sweeps", days(func(r Retention) int { return r.RecordDays }), func(ctx context.Context, s *Store, before time.Time, _ int) (int64, error) {
		return s.queries.DropSweeps(ctx, s.pool, before)
	}},
}

func days(of func(Retention) int) func(Retention, time.Time) (time.Time, bool) {
	return func(r Retention, now time.Time) (time.Time, bool) { return now.AddDate(0, 0, -of(r)), of(r) > 0 }
}

func months(of func(Retention) int) func(Retention, time.Time) (time.Time, bool) {
	return func(r Retention, now time.Time) (time.Time, bool) { return now.AddDate(0, -of(r), 0), of(r) > 0 }
}

// always is for what carries its own end.
func always(_ Retention, now time.Time) (time.Time, bool) { return now, true }

// aDay is far longer than any limit looks back.
func aDay(_ Retention, now time.Time) (time.Time, bool) { return now.AddDate(0, 0, -1), true }

// ForgetBatch does at most so much of a task in one short transaction and returns how much it was; less than most is the end of
// it. What an open process, a live booking or an open case of money needs is left alone.
func (s *Store) ForgetBatch(ctx context.Context, name string, keep Retention, most int, now time.Time) (int64, error) {
	for _, task := range retentionTasks {
		if task.Name != name {
			continue
		}
		before, ends := task.since(keep, now)
		if !ends {
			return 0, nil
		}
		rows, err := task.batch(ctx, s, before, most)
		return rows, explain("forget "+name, err)
	}
	return 0, fmt.Errorf("there is no retention task %q", name)
}

func forgetOldMessages(ctx context.Context, s *Store, before time.Time, most int) (rows int64, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		ids, err := s.queries.ListOldMessages(ctx, tx, &dbgen.ListOldMessagesParams{Before: before, Most: int32(most)})
		if err != nil || len(ids) == 0 {
			return err
		}
		rows, err = s.queries.ForgetOldMessages(ctx, tx, ids)
		return err
	})
	return rows, err
}

// GuestsToForget lists guests above an id whose time is over, and those who were erased and of whom something came in at that
// moment. Each is for [Store.EraseGuest], which looks again.
func (s *Store) GuestsToForget(ctx context.Context, keep Retention, after int64, most int, now time.Time) ([]int64, error) {
	since := func(months int) time.Time {
		if months <= 0 {
			return time.Time{}
		}
		return now.AddDate(0, -months, 0)
	}
	ids, err := s.queries.ListForgottenGuests(ctx, s.pool, &dbgen.ListForgottenGuestsParams{
		After: after, SilentSince: since(keep.GuestMonths), StayedSince: since(keep.BookedGuestMonths), Most: int32(most)})
	return ids, explain("list guests to forget", err)
}
