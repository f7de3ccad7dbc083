package calendars

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/booking/feed"
	"cabanas/sandbox/control"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// The faults of other importers (product.md 5.4, and D-70 to D-78): each of them cost somebody a night or a double booking.

// at opens a house with one channel that sold some stays, and fetches it.
func at(t *testing.T, channel booking.Channel, stays ...[2]int) (h *house, ids []string) {
	t.Helper()
	h = newHouse(t, 5*time.Minute)
	h.connect(channel, control.ChannelListing{WindowDays: new(0)})
	for _, stay := range stays {
		ids = append(ids, h.sold(channel, "reservation", h.nights(stay[0], stay[1])))
	}
	h.fetchAgain(channel)
	return h, ids
}

func (h *house) fetchAgain(channel booking.Channel) workflows.CalendarSyncResult {
	h.t.Helper()
	h.wait(5 * time.Minute)
	return h.fetch(channel)
}

// spoil sets the body of a channel's feed until it is set again.
func (h *house) spoil(channel booking.Channel, body string) {
	h.t.Helper()
	require.NoError(h.t, h.channels.SetChannelFaults(h.t.Context(), control.ChannelFaults{Channel: string(channel), Body: &body}))
}

func TestACancelledBookingOpensItsNights(t *testing.T) {
	t.Parallel()
	h, ids := at(t, booking.ChannelAirbnb, [2]int{10, 3}, [2]int{20, 3})
	require.NoError(t, h.channels.CancelBooking(t.Context(), ids[0]))
	for range feed.GoodFetchesToRelease - 1 {
		h.fetchAgain(booking.ChannelAirbnb)
		require.Len(t, h.closedBy(h.feeds[booking.ChannelAirbnb]), 6, "one look is no proof")
	}
	require.Equal(t, 1, h.fetchAgain(booking.ChannelAirbnb).Released)
	require.Equal(t, of(h.nights(20, 3)), h.closedBy(h.feeds[booking.ChannelAirbnb]))
	h.book(h.nights(10, 3))
	h.clean()
}

func TestTheSameUIDWithOtherDatesIsFollowed(t *testing.T) {
	t.Parallel()
	h, ids := at(t, booking.ChannelAirbnb, [2]int{10, 3})
	for _, stay := range []booking.Stay{h.nights(11, 4), h.nights(11, 2), h.nights(40, 2)} {
		_, err := h.channels.ChangeBooking(t.Context(), ids[0], control.ChannelStayChange{CheckIn: stay.CheckIn.String(), CheckOut: stay.CheckOut.String()})
		require.NoError(t, err)
		h.fetchAgain(booking.ChannelAirbnb)
		require.Equal(t, of(stay), h.closedBy(h.feeds[booking.ChannelAirbnb]))
	}
	h.clean()
}

func TestABodyThatIsNoCalendarChangesNothing(t *testing.T) {
	t.Parallel()
	for body, problem := range map[string]string{"empty": "empty", "html": "html", "truncated": "truncated", "cut": "truncated"} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			h, _ := at(t, booking.ChannelAirbnb, [2]int{10, 3}, [2]int{20, 3})
			h.spoil(booking.ChannelAirbnb, body)
			for range 2 * feed.GoodFetchesToRelease {
				result := h.fetchAgain(booking.ChannelAirbnb)
				require.Equal(t, workflows.SyncFailed, result.Outcome)
				require.Equal(t, problem, result.Problem, "named as what it is")
				require.Len(t, h.closedBy(h.feeds[booking.ChannelAirbnb]), 6)
			}
			h.spoil(booking.ChannelAirbnb, "")
			require.NotEqual(t, workflows.SyncFailed, h.fetchAgain(booking.ChannelAirbnb).Outcome)
		})
	}
}

func TestAValidButEmptyFeedIsNotBelieved(t *testing.T) {
	t.Parallel()
	h, _ := at(t, booking.ChannelAirbnb, [2]int{10, 3}, [2]int{20, 3}, [2]int{30, 3})
	h.spoil(booking.ChannelAirbnb, "no_events")
	require.Equal(t, workflows.SyncQuarantined, h.fetchAgain(booking.ChannelAirbnb).Outcome)
	for range 2 * feed.GoodFetchesToRelease {
		result := h.fetchAgain(booking.ChannelAirbnb)
		require.Equal(t, of(h.nights(10, 3), h.nights(20, 3), h.nights(30, 3)), h.closedBy(h.feeds[booking.ChannelAirbnb]))
		require.Len(t, result.Alarms, 1, "the owner is asked until he was told")
		require.Equal(t, workflows.NoticeOwnerQuarantine, result.Alarms[0].Kind)
	}
	h.spoil(booking.ChannelAirbnb, "")
	require.NotEqual(t, workflows.SyncQuarantined, h.fetchAgain(booking.ChannelAirbnb).Outcome, "it recovers by itself")

	h.spoil(booking.ChannelAirbnb, "no_events")
	h.fetchAgain(booking.ChannelAirbnb)
	require.NoError(t, h.store.ChangeFeedByStaff(t.Context(), h.feeds[booking.ChannelAirbnb], postgres.FeedChange{Accepted: true}, byCommand, h.now()))
	h.fetchAgain(booking.ChannelAirbnb)
	require.Empty(t, h.closedBy(h.feeds[booking.ChannelAirbnb]), "the owner says that it is right")
}

func TestABookingWithANewUIDIsTheSameBooking(t *testing.T) {
	t.Parallel()
	h, _ := at(t, booking.ChannelBooking, [2]int{0, 5}, [2]int{20, 3})
	require.NoError(t, h.channels.SetChannelFaults(t.Context(), control.ChannelFaults{Channel: "booking", UIDChurn: new(true)}))
	for range 5 {
		result := h.fetchAgain(booking.ChannelBooking)
		require.Zero(t, result.Added+result.Released+result.Missing)
	}
	require.NoError(t, h.channels.ClearChannelFaults(t.Context(), ""))
	closed := of(h.nights(0, 5), h.nights(20, 3))
	for range 3 { // Every day the stay in progress begins today, under another UID.
		h.wait(24 * time.Hour)
		result := h.fetchAgain(booking.ChannelBooking)
		require.Zero(t, result.Added+result.Released+result.Conflicts)
		require.Subset(t, closed, h.closedBy(h.feeds[booking.ChannelBooking]))
		require.Contains(t, h.closedBy(h.feeds[booking.ChannelBooking]), h.today().String())
	}
	require.Len(t, h.blocks(), 2, "no second booking")
}

func TestOneNightBeforeAnotherBookingCounts(t *testing.T) {
	t.Parallel()
	h, _ := at(t, booking.ChannelBooking, [2]int{9, 1}, [2]int{10, 3})
	require.Equal(t, of(h.nights(9, 4)), h.closedBy(h.feeds[booking.ChannelBooking]))
	_, err := h.hold(h.nights(9, 1))
	require.True(t, booking.IsCode(err, booking.CodeDatesTaken))
}

func TestACollisionWithOurBookingIsStoredAndTold(t *testing.T) {
	t.Parallel()
	for _, channel := range []booking.Channel{booking.ChannelAirbnb, booking.ChannelBooking, vrbo} {
		t.Run(string(channel), func(t *testing.T) {
			t.Parallel()
			h, _ := at(t, channel)
			ours := h.book(h.nights(10, 3))
			h.sold(channel, "reservation", h.nights(11, 4))
			result := h.fetchAgain(channel)
			require.Equal(t, 1, result.Conflicts)
			require.Equal(t, workflows.NoticeOwnerConflict, result.Alarms[0].Kind)
			conflicts, err := h.store.Conflicts(t.Context(), false, 10)
			require.NoError(t, err)
			require.Len(t, conflicts, 1)
			require.Equal(t, ours.Code, conflicts[0].Code)
			require.Equal(t, channel, conflicts[0].Channel)
			_, err = h.hold(h.nights(14, 1))
			require.True(t, booking.IsCode(err, booking.CodeDatesTaken), "the rest of it is closed")
			h.clean()

			h.pull(channel)
			h.fetchAgain(channel)
			require.Equal(t, of(h.nights(11, 4)), h.closedBy(h.feeds[channel]), "it stays one when the channel learns of ours")
			h.cancel(ours.Code)
			_, err = h.hold(h.nights(12, 1))
			require.True(t, booking.IsCode(err, booking.CodeDatesTaken), "the nights are the channel's")
			conflicts, err = h.store.Conflicts(t.Context(), false, 10)
			require.NoError(t, err)
			require.Empty(t, conflicts)
			h.clean()
		})
	}
}

// page is a calendar written by hand.
type page struct{ body atomic.Value }

func (p *page) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/calendar")
	_, _ = w.Write([]byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" + p.body.Load().(string) + "END:VCALENDAR\r\n"))
}

// written opens a house that follows a calendar of these events: "uid from to" in lines, or a whole VEVENT's properties.
func written(t *testing.T, events ...string) (h *house, p *page, feedID int64) {
	t.Helper()
	h, p = newHouse(t, 5*time.Minute), &page{}
	p.write(events...)
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	return h, p, h.follow(h.cabin, booking.ChannelOther, server.URL+"/calendar.ics")
}

func (p *page) write(events ...string) {
	var body strings.Builder
	for _, e := range events {
		if fields := strings.Fields(e); !strings.HasPrefix(e, "UID:") {
			e = "UID:" + fields[0] + "\r\nDTSTART;VALUE=DATE:" + fields[1] + "\r\nDTEND;VALUE=DATE:" + fields[2]
		}
		body.WriteString("BEGIN:VEVENT\r\n" + e + "\r\nEND:VEVENT\r\n")
	}
	p.body.Store(body.String())
}

func (h *house) read(feedID int64) workflows.CalendarSyncResult {
	h.t.Helper()
	h.wait(5 * time.Minute)
	result, err := h.calendars.SyncFeed(h.t.Context(), workflows.CalendarSyncInput{FeedID: feedID})
	require.NoError(h.t, err)
	return result
}

func TestTimedAndFoldedEventsCloseTheNightsTheyTouch(t *testing.T) {
	t.Parallel()
	h, _, id := written(t,
		"UID:utc\r\nDTSTART:20270110T010000Z\r\nDTEND:20270111T010000Z", // 22:00 of the 9th to 22:00 of the 10th here
		"UID:zone\r\nDTSTART;TZID=America/Argentina/Buenos_Aires:20270120T150000\r\nDTEND;TZID=America/Argentina/Buenos_Aires:20270122T100000",
		"UID:windows\r\nDTSTART;TZID=\"Argentina Standard Time\":20270125T150000\r\nDTEND;TZID=\"Argentina Standard Time\":20270126T100000",
		"UID:fol\r\n ded\r\nDTSTART;VALUE=\r\n\tDATE:20270201\r\nDTEND;VALUE=DATE:20270203",
		"UID:broken\r\nDTSTART:yesterday\r\nDTEND:20270303T000000Z")
	result := h.read(id)
	require.Equal(t, 1, result.Problems, "one bad event is reported, the rest counts (D-70)")
	require.Equal(t, []string{"2027-01-09", "2027-01-10", "2027-01-20", "2027-01-21", "2027-01-25", "2027-02-01", "2027-02-02"}, h.closedBy(id))
	f, err := h.calendars.Feed(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, 1, f.Problems)
}

func TestUIDsAreComparedWholeAndInTheirFeed(t *testing.T) {
	t.Parallel()
	h, p, id := written(t, "a-1 20270110 20270112")
	h.read(id)
	p.write("a-1 20270110 20270112", "a-10 20270120 20270122", "% 20270201 20270203", "_-1 20270211 20270213")
	require.Equal(t, 3, h.read(id).Added, "D-72")
	require.Len(t, h.closedBy(id), 8)

	twin := h.newCabin("Twin")
	f, err := h.calendars.Feed(t.Context(), id)
	require.NoError(t, err)
	h.read(h.follow(twin, booking.ChannelOther, f.URL))
	require.Len(t, h.mirrored(twin), 8, "the same calendar closes two cabins (D-76)")
}

// planned remembers what should run.
type planned struct {
	schedules map[int64]workflows.FeedSchedule
	started   []int64
}

func (p *planned) SetFeedSchedule(_ context.Context, schedule workflows.FeedSchedule) (bool, error) {
	p.schedules[schedule.FeedID] = schedule
	return true, nil
}

func (p *planned) RemoveFeedSchedule(_ context.Context, id int64) error {
	delete(p.schedules, id)
	return nil
}

func (p *planned) FeedSchedules(context.Context) (map[int64]workflows.FeedScheduleState, error) {
	return map[int64]workflows.FeedScheduleState{}, nil
}

func (p *planned) SyncFeedNow(context.Context, int64, workflows.SyncReason) (workflows.CalendarSyncResult, error) {
	return workflows.CalendarSyncResult{}, nil
}

func (p *planned) StartFeedSync(_ context.Context, id int64, _ workflows.SyncReason) error {
	p.started = append(p.started, id)
	return nil
}

func TestFeedsRunByThemselvesAndTheWorstIsTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 5*time.Minute)
	plan := &planned{schedules: map[int64]workflows.FeedSchedule{}}
	h.calendars.Schedules = plan
	h.connect(booking.ChannelAirbnb, control.ChannelListing{})
	h.connect(booking.ChannelBooking, control.ChannelListing{})
	airbnb, other := h.feeds[booking.ChannelAirbnb], h.feeds[booking.ChannelBooking]
	require.Equal(t, 5*time.Minute, plan.schedules[airbnb].Every)
	require.Equal(t, []int64{airbnb, other}, plan.started, "and the first fetch is at once")
	clear(plan.schedules)
	_, err := h.calendars.WatchFeeds(t.Context(), workflows.Done{})
	require.NoError(t, err)
	require.Len(t, plan.schedules, 2, "a lost schedule is made again")

	h.fetch(booking.ChannelAirbnb)
	h.fetch(booking.ChannelBooking)
	h.spoil(booking.ChannelAirbnb, "html")
	for range 13 {
		require.Equal(t, workflows.SyncFailed, h.fetchAgain(booking.ChannelAirbnb).Outcome)
		require.NotEqual(t, workflows.SyncFailed, h.fetch(booking.ChannelBooking).Outcome, "one feed does not hold up another (D-74)")
	}
	age, _, err := h.calendars.OldestAge(t.Context())
	require.NoError(t, err)
	require.Equal(t, 65*time.Minute, age, "the worst feed counts, and a failed fetch is no answer (D-78)")
	watch, err := h.calendars.WatchFeeds(t.Context(), workflows.Done{})
	require.NoError(t, err)
	require.Equal(t, []workflows.CalendarAlarm{{Kind: workflows.NoticeOwnerStale, FeedID: airbnb, Since: h.now().Add(-age).Unix()}}, watch.Alarms)
}

func TestOnlyWhatIsSureIsPublished(t *testing.T) {
	t.Parallel()
	h, _ := at(t, booking.ChannelAirbnb, [2]int{10, 3})
	held, err := h.hold(h.nights(20, 3))
	require.NoError(t, err)
	rows, err := h.store.ExportRows(t.Context(), h.cabin, booking.ChannelBooking, h.today(), false)
	require.NoError(t, err)
	require.Len(t, rows, 1, "unpaid holds are not told (D-75)")
	rows, err = h.store.ExportRows(t.Context(), h.cabin, booking.ChannelAirbnb, h.today(), false)
	require.NoError(t, err)
	require.Empty(t, rows, "nor is a channel told its own bookings (D-73)")

	h.wait(time.Hour)
	_, err = h.store.ExpireHold(t.Context(), held.Code, h.now())
	require.NoError(t, err)
	h.sold(booking.ChannelAirbnb, "closed", h.nights(20, 3))
	h.fetchAgain(booking.ChannelAirbnb)
	require.Equal(t, of(h.nights(10, 3), h.nights(20, 3)), h.closedBy(h.feeds[booking.ChannelAirbnb]), "a hold that ended hides nothing")
}
