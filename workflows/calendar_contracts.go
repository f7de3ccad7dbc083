package workflows

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"cabanas/booking"
)

const calendarSyncPrefix = "calendar-sync/"

// CalendarWatchID is the id of the scheduled look at all feeds.
const CalendarWatchID = "calendar-watch"

const feedSchedulePrefix = "calendar-feed/"

// CalendarSyncID returns the workflow id that synchronises a feed on demand. Temporal adds the time to it for a run of the
// schedule.
func CalendarSyncID(feedID int64) string { return fmt.Sprintf("%s%d", calendarSyncPrefix, feedID) }

// FeedScheduleID returns the id of a feed's schedule.
func FeedScheduleID(feedID int64) string { return fmt.Sprintf("%s%d", feedSchedulePrefix, feedID) }

// FeedOfSchedule returns the feed that a schedule is for, false when it is for none.
func FeedOfSchedule(scheduleID string) (int64, bool) {
	text, found := strings.CutPrefix(scheduleID, feedSchedulePrefix)
	id, err := strconv.ParseInt(text, 10, 64)
	return id, found && err == nil
}

// CalendarActivities keep calendars in step.
type CalendarActivities interface {
	// SyncFeed fetches a feed and applies it in one transaction. A feed that gives no good answer is an outcome, not an error.
	SyncFeed(context.Context, CalendarSyncInput) (CalendarSyncResult, error)
	// WatchFeeds mends the schedules of feeds and finds what the owner has to be told.
	WatchFeeds(context.Context, Done) (CalendarWatchResult, error)
}

// CalendarAlarmActivities tell the owner.
type CalendarAlarmActivities interface {
	// GiveCalendarAlarms writes alarms, each once, and hands them to be sent.
	GiveCalendarAlarms(context.Context, CalendarAlarms) (Done, error)
}

var (
	syncFeed   = activity[CalendarSyncInput, CalendarSyncResult]{"SyncFeed"}
	watchFeeds = activity[Done, CalendarWatchResult]{"WatchFeeds"}
	giveAlarms = activity[CalendarAlarms, Done]{"GiveCalendarAlarms"}
)

// SyncReason is why a feed is fetched.
type SyncReason string

// Reasons of a fetch.
const (
	SyncScheduled SyncReason = "schedule"
	SyncAsked     SyncReason = "asked"  // by staff
	SyncAdded     SyncReason = "added"  // the feed is new or changed
	SyncAlarms    SyncReason = "alarms" // something was found in passing that the owner has to be told
)

// CalendarSyncInput starts a CalendarSync workflow.
type CalendarSyncInput struct {
	FeedID int64      `json:"feed_id"`
	Reason SyncReason `json:"reason"`
}

// SyncOutcome is what a fetch of a feed came to.
type SyncOutcome string

// Outcomes of a fetch.
const (
	SyncApplied     SyncOutcome = "applied"     // something changed, or waits for further fetches
	SyncUnchanged   SyncOutcome = "unchanged"   // nothing was written
	SyncQuarantined SyncOutcome = "quarantined" // kept away until the owner says that it is right
	SyncFailed      SyncOutcome = "failed"      // no good answer: nothing changed
	SyncSkipped     SyncOutcome = "skipped"     // the feed is paused or deleted
)

// CalendarSyncResult tells what a fetch changed, in numbers; never addresses or texts of the feed.
type CalendarSyncResult struct {
	Outcome SyncOutcome `json:"outcome"`
	// Problem is why there was no good answer or why the feed is in quarantine, a word.
	Problem   string `json:"problem,omitempty"`
	Events    int    `json:"events"`
	Added     int    `json:"added"`
	Moved     int    `json:"moved"`
	Missing   int    `json:"missing"`
	Released  int    `json:"released"`
	Echoes    int    `json:"echoes"`
	Problems  int    `json:"problems"`
	Conflicts int    `json:"conflicts"`

	Alarms []CalendarAlarm `json:"alarms,omitempty"`
}

// CalendarWatchResult tells what a look at all feeds found.
type CalendarWatchResult struct {
	Feeds    int             `json:"feeds"`
	Stale    int             `json:"stale"`
	Repaired int             `json:"repaired"`
	Alarms   []CalendarAlarm `json:"alarms,omitempty"`
}

// CalendarAlarm names what the owner has to be told; the words are made from what is true when it is told. Since makes a later
// case of the same kind another alarm.
type CalendarAlarm struct {
	Kind       NoticeKind `json:"kind"`
	FeedID     int64      `json:"feed_id,omitempty"`
	ConflictID int64      `json:"conflict_id,omitempty"`
	Since      int64      `json:"since"` // Unix seconds
}

// CalendarAlarms are given in one activity.
type CalendarAlarms struct {
	Alarms []CalendarAlarm `json:"alarms"`
}

// FeedSchedule is what the schedule of a feed should be.
type FeedSchedule struct {
	FeedID  int64
	Unit    string
	Channel booking.Channel
	Every   time.Duration
	Paused  bool
}

// FeedScheduleState is what the schedule of a feed is.
type FeedScheduleState struct {
	Every  time.Duration
	Paused bool
	// ByOperator says that it was paused in Temporal, not by us.
	ByOperator bool
}

// Fits reports whether the schedule is as wanted; an operator's pause is.
func (s FeedScheduleState) Fits(wanted FeedSchedule) bool {
	return s.Every == wanted.Every && (s.Paused == wanted.Paused || s.ByOperator)
}
