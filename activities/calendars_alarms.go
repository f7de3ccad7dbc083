package activities

import (
	"context"
	"fmt"
	"time"

	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// CalendarAlarmStore is what alarms about calendars are made of.
type CalendarAlarmStore interface {
	Conflict(ctx context.Context, id int64) (postgres.Conflict, error)
	Feed(ctx context.Context, id int64, today booking.Date) (postgres.Feed, error)
	ConflictAlarmed(ctx context.Context, id int64, now time.Time) error
	QuarantineAlarmed(ctx context.Context, id int64, now time.Time) error
	StaleAlarmed(ctx context.Context, id int64, now time.Time) error
	StaleOver(ctx context.Context, id int64) error
}

var _ workflows.CalendarAlarmActivities = (*Messaging)(nil)

// GiveCalendarAlarms tells the owner what other calendars did, each alarm once by its key, and notes that it was told. What is
// over by now is told no more.
func (a *Messaging) GiveCalendarAlarms(ctx context.Context, in workflows.CalendarAlarms) (workflows.Done, error) {
	var failures []error
	for _, alarm := range in.Alarms {
		if err := a.giveCalendarAlarm(ctx, alarm); err != nil {
			failures = append(failures, fmt.Errorf("calendar alarm %s: %w", alarm.Kind, err))
		}
	}
	if len(failures) == 0 {
		return workflows.Done{}, nil
	}
	return workflows.Done{}, retryUnlessFinal(failures)
}

func (a *Messaging) giveCalendarAlarm(ctx context.Context, alarm workflows.CalendarAlarm) error {
	property, err := a.Store.Property(ctx)
	if err != nil {
		return err
	}
	today := booking.DateIn(a.Now(), property.Location)
	notice := dialogue.CalendarNotice{Kind: string(alarm.Kind), Today: today}
	id, topic := alarm.FeedID, "feed"
	told := a.feedAlarmed(ctx, alarm)
	if alarm.Kind == workflows.NoticeOwnerConflict {
		conflict, err := a.Feeds.Conflict(ctx, alarm.ConflictID)
		if err != nil {
			return err
		}
		if !conflict.ResolvedAt.IsZero() {
			return nil
		}
		id, topic = conflict.ID, conflict.Code
		notice.UnitName, notice.Channel, notice.Nights = conflict.UnitName, string(conflict.Channel), conflict.Blocked
		notice.Booking, notice.Stay, notice.Status = conflict.Code, conflict.Stay, conflict.Status
		told = func() error { return a.Feeds.ConflictAlarmed(ctx, conflict.ID, a.Now()) }
	} else {
		f, err := a.Feeds.Feed(ctx, alarm.FeedID, today)
		if err != nil {
			return err
		}
		notice.UnitName, notice.Channel, notice.Problem = f.UnitName, string(f.Channel), f.LastError
		notice.Age = a.Now().Sub(time.Unix(alarm.Since, 0))
	}
	key := fmt.Sprintf("%s/%s/%d/%d", topic, alarm.Kind, id, alarm.Since)
	if err := a.alarmReply(ctx, dialogue.ComposeCalendar(notice), key, a.OwnerPhone, about{kind: alarm.Kind, code: notice.Booking}); err != nil {
		return err
	}
	return told()
}

func (a *Messaging) feedAlarmed(ctx context.Context, alarm workflows.CalendarAlarm) func() error {
	return func() error {
		switch alarm.Kind {
		case workflows.NoticeOwnerQuarantine:
			return a.Feeds.QuarantineAlarmed(ctx, alarm.FeedID, a.Now())
		case workflows.NoticeOwnerStale:
			return a.Feeds.StaleAlarmed(ctx, alarm.FeedID, a.Now())
		case workflows.NoticeOwnerWell:
			return a.Feeds.StaleOver(ctx, alarm.FeedID)
		}
		return nil
	}
}
