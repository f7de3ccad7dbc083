package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"cabanas/sandbox/control"
	"cabanas/workflows"
)

// TestCalendars sells the same cabins on other channels, through the calendars that they and we publish.
func TestCalendars(t *testing.T) {
	t.Parallel()
	s := start(t, false, "ICAL_SYNC_INTERVAL="+everyFetch.String())
	s.setUpOwner(t)
	// These are fetched now and then not until somebody books them: they need a minute to grow old.
	o := s.office(t)
	asked, slow := o.opens(s.cabin(t, "El Boyero", 4), control.ChannelAirbnb), o.opens(s.cabin(t, "La Calandria", 7), control.ChannelVrbo)
	asked.follows(seldom)
	slow.follows(seldom)
	for _, step := range []struct {
		name string
		test func(*testing.T, *stack)
	}{
		{"what a channel sells is closed here, moves and opens", followsChannel},
		{"what we sell is closed there, and is no echo here", channelFollows},
		{"a sale on a confirmed booking is the owner's to decide", conflictIsDecided},
		{"a sale on an unpaid hold wins", holdLosesNights},
		{"a channel is asked before a promise", func(t *testing.T, s *stack) { asked.office = s.office(t); askedBeforeHold(asked) }},
		{"a channel that is too slow is said to be stale", func(t *testing.T, s *stack) { slow.office = s.office(t); staleAtHold(slow) }},
		{"bad answers open nothing", badAnswers},
		{"the worker dies in the middle of fetches", killWorkerInSyncs},
		{"schedules are seen and paused in Temporal", schedulesInTemporal},
	} {
		t.Run(step.name, func(t *testing.T) {
			t.Cleanup(func() { require.NoError(t, s.world.ClearChannelFaults(patient(t), "")) })
			step.test(t, s)
			s.settled(t)
		})
	}
}

func followsChannel(t *testing.T, s *stack) {
	p := s.office(t).opens(s.cabin(t, "El Hornero", 4), control.ChannelBooking)
	when, later := stayFrom(60, 3), stayFrom(80, 4)
	sold := p.sells(when)
	var preview struct {
		Events []struct {
			From   string `json:"from"`
			Closes []any  `json:"closes"`
		}
	}
	p.ask(http.MethodPost, "/admin/ical/feeds/preview", p.wanted(""), http.StatusOK, &preview)
	require.Equal(t, when.checkIn(), preview.Events[0].From)
	require.Len(t, preview.Events[0].Closes, 1)
	p.becomesFree(when, true)

	added := p.follows("")
	require.NotNil(t, added.FirstSync, "the first fetch is waited for")
	require.Equal(t, len(preview.Events), added.FirstSync.Added)
	p.becomesFree(when, false)
	p.isTaken(when)

	_, err := p.world.ChangeBooking(patient(t), sold.ID, control.ChannelStayChange{CheckIn: later.checkIn(), CheckOut: later.checkOut()})
	require.NoError(t, err)
	p.becomesFree(when, true)
	p.becomesFree(later, false)

	require.NoError(t, p.world.CancelBooking(patient(t), sold.ID))
	before := p.fetches()
	p.becomesFree(later, true)
	require.GreaterOrEqual(t, p.fetches(), before+3, "good fetches without it")
	p.isPaid(later)
}

func channelFollows(t *testing.T, s *stack) {
	p := s.office(t).opens(s.cabin(t, "La Tacuarita", 4), control.ChannelAirbnb)
	p.follows("")
	closed := p.blocks()
	var export struct{ URL string }
	p.ask(http.MethodPost, "/admin/ical/exports", map[string]any{"accommodation_id": p.cabin, "channel": p.channel}, http.StatusCreated, &export)
	p.keepSecret(export.URL)
	p.imports(export.URL)
	p.pulls()

	when := stayFrom(60, 3)
	h := p.isPaid(when)
	require.Equal(t, []string{p.channel}, p.unseen(h.Code, when))
	pull := p.pulls()
	require.Len(t, pull.Events, 1)
	require.Equal(t, when.checkIn(), pull.Events[0].CheckIn)
	p.refusesToSell(when)
	s.eventually(t, patience, "the calendar says that the channel knows", func(context.Context) error {
		if channels := p.unseen(h.Code, when); len(channels) > 0 {
			return fmt.Errorf("not seen by %v", channels)
		}
		return nil
	})
	require.True(t, p.pulls().Unchanged, "its ETag still holds")

	// Airbnb publishes what it imported as a closure of its own.
	s.eventually(t, patience, "our booking comes back", func(context.Context) error {
		n, err := s.count(patient(t), `SELECT count(*) FROM calendar_feed_events WHERE feed_id = $1 AND echo AND released_at IS NULL`, p.feed)
		if err == nil && n == 0 {
			err = errors.New("no echo")
		}
		return err
	})
	p.isFetched(2)
	require.Equal(t, closed, p.blocks(), "and closes nothing")
	p.becomesFree(stayFrom(63, 2), true)

	// A browser that looks at the address is no importer.
	browser := []string{"User-Agent", "Mozilla/5.0 (X11; Linux x86_64)"}
	path := export.URL[len(s.info.APIURL):]
	a := s.must(t, http.MethodGet, path, nil, browser...)
	require.Equal(t, http.StatusOK, a.status)
	s.holdsNothingPrivate(t, "our calendar", a.body)
	again := s.must(t, http.MethodGet, path, nil, append(browser, "If-None-Match", a.header.Get("ETag"))...)
	require.Equal(t, http.StatusNotModified, again.status)
	require.Empty(t, again.body)
	require.Equal(t, http.StatusNotFound, s.must(t, http.MethodGet, path[:len(path)-6], nil, browser...).status)
}

// unseen are the channels that do not know of a reservation.
func (p *shop) unseen(code string, when stay) []string {
	p.t.Helper()
	var board struct {
		Items []struct {
			Reservations []struct {
				Code     string
				UnseenBy []struct{ Channel string } `json:"unseen_by"`
			}
		}
	}
	p.ask(http.MethodGet, fmt.Sprintf("/admin/calendar?accommodation_id=%d&from=%s&to=%s", p.cabin, when.checkIn(), when.checkOut()), nil,
		http.StatusOK, &board)
	require.Len(p.t, board.Items, 1)
	var channels []string
	for _, r := range board.Items[0].Reservations {
		if r.Code == code {
			for _, channel := range r.UnseenBy {
				channels = append(channels, channel.Channel)
			}
			return channels
		}
	}
	require.Fail(p.t, "the booking is not in the calendar")
	return nil
}

func conflictIsDecided(t *testing.T, s *stack) {
	p := s.office(t).opens(s.cabin(t, "El Zorzal", 4), control.ChannelAirbnb)
	p.follows("")
	when := stayFrom(60, 3)
	h := p.isPaid(when)
	sold := p.sells(stay{when.in.AddDate(0, 0, 1), when.out.AddDate(0, 0, 2)})
	found := p.conflictOf(h.Code, "open")
	require.Equal(t, p.feed, found.FeedID)
	s.hearsOnce(t, ownerNumber, h.Code+"/owner_calendar_conflict/")
	p.isTaken(stay{when.out, when.out.AddDate(0, 0, 2)})
	p.isFetched(2)

	p.ask(http.MethodPost, fmt.Sprintf("/admin/conflicts/%d/resolve", found.ID), map[string]string{"choice": "keep_ours"}, http.StatusOK, nil)
	require.Equal(t, "keep_ours", p.conflictOf(h.Code, "resolved").Resolution)
	require.NoError(t, s.world.CancelBooking(patient(t), sold.ID))
	p.becomesFree(stay{when.out, when.out.AddDate(0, 0, 2)}, true)
	s.becomes(t, h.Code, "confirmed", "partially_paid")
	s.hearsOnce(t, ownerNumber, h.Code+"/owner_calendar_conflict/")
}

func holdLosesNights(t *testing.T, s *stack) {
	p := s.office(t).opens(s.cabin(t, "La Monjita", 7), control.ChannelVrbo)
	p.follows("")
	g, when := s.arrives(t), s.week(t, 2)
	h := p.isHeldBy(g, when, 7)
	p.sells(when)
	p.conflictOf(h.Code, "open")
	s.hearsOnce(t, ownerNumber, h.Code+"/owner_calendar_conflict/")

	paid := g.pays(h, "")
	take := g.isOffered("alt_yes_" + h.Code)
	s.settles(t, paid.ID, "offered")
	r, err := s.row(patient(t), h.Code)
	require.NoError(t, err)
	require.Equal(t, "expired", r.Status)
	g.presses(take)
	r = s.becomes(t, h.Code, "confirmed", "partially_paid")
	require.True(t, r.Accommodation != p.cabin || !r.CheckIn.Before(when.out) || !r.CheckOut.After(when.in), "%+v", r)
	require.Equal(t, "applied", s.ledger(t, paid.ID).Disposition)
}

// askedBeforeHold: nobody fetches this feed but who is about to promise its nights.
func askedBeforeHold(p *shop) {
	p.ages()
	closed, when := p.blocks(), stayFrom(60, 3)
	p.sells(when)
	p.isTaken(when)
	require.Equal(p.t, closed+1, p.blocks())
	w, _ := p.wishes(p.cabin, stayFrom(70, 2), 2)
	h := p.books(p.t, w)
	require.Zero(p.t, p.number(p.t, staleNotes, h.Code), "it has just been asked")
}

const staleNotes = `SELECT count(*) FROM booking_events e JOIN reservations r ON r.id = e.reservation_id
	WHERE r.code = $1 AND e.kind = 'calendar_stale'`

// staleAtHold: the hold goes on without the channel; before the money confirms it the channel is asked again.
func staleAtHold(p *shop) {
	t, s := p.t, p.stack
	p.ages()
	p.goesWrong(control.ChannelFaults{DelayMS: new(19_000)})
	g, when := s.arrives(t), s.week(t, 2)
	h := p.isHeldBy(g, when, 7)
	s.reaches(t, 1, staleNotes, h.Code)
	p.isWell()

	p.sells(when)
	paid := g.pays(h, "")
	leave := g.isOffered("alt_no_" + h.Code)
	p.conflictOf(h.Code, "all")
	g.presses(leave)
	r, err := s.row(patient(t), h.Code)
	require.NoError(t, err)
	require.NotEqual(t, "confirmed", r.Status)
	s.refundedOnce(t, paid.ID, r.Deposit)
}

func badAnswers(t *testing.T, s *stack) {
	p := s.office(t).opens(s.cabin(t, "El Carancho", 4), control.ChannelAirbnb)
	for n := range 4 {
		p.sells(stayFrom(60+10*n, 3))
	}
	p.follows("")
	closed := p.blocks()
	require.GreaterOrEqual(t, closed, int64(4))
	for _, body := range []string{"html", "empty", "truncated"} {
		p.goesWrong(control.ChannelFaults{Body: new(body)})
		p.shows(patience, "says "+body, func(f feedItem) bool { return f.Status == "failing" && f.Error == body && f.Failures >= 2 })
		require.Equal(t, closed, p.blocks())
		p.isWell()
		p.shows(patience, "is well", func(f feedItem) bool { return f.Status == "ok" && f.Failures == 0 })
	}

	p.goesWrong(control.ChannelFaults{Body: new("shrunk")})
	p.shows(patience, "is not believed", func(f feedItem) bool { return f.Status == "quarantined" && f.QuarantineReason != "" })
	question := fmt.Sprintf("feed/%s/%d/", workflows.NoticeOwnerQuarantine, p.feed)
	s.hearsOnce(t, ownerNumber, question)
	p.isFetched(4)
	require.Equal(t, closed, p.blocks())
	p.isTaken(stayFrom(90, 3))
	s.hearsOnce(t, ownerNumber, question)
	p.isWell()
	p.shows(patience, "is believed again", func(f feedItem) bool { return f.Status == "ok" })
	require.Equal(t, closed, p.blocks())
}

func killWorkerInSyncs(t *testing.T, s *stack) {
	o := s.office(t)
	var shops []*shop
	for n, channel := range []string{control.ChannelAirbnb, control.ChannelBooking, control.ChannelVrbo} {
		p := o.opens(s.cabin(t, fmt.Sprintf("El Cardenal %d", n), 4), channel)
		p.follows("")
		shops = append(shops, p)
	}
	when := stayFrom(60, 3)
	for _, p := range shops {
		p.goesWrong(control.ChannelFaults{DelayMS: new(10_000)})
		p.sells(when)
	}
	for _, p := range shops {
		p.isFetched(1)
	}
	s.kill(t, "worker")
	for _, p := range shops {
		p.isWell()
	}
	for _, p := range shops {
		p.becomesFree(when, false)
		p.isTaken(when)
		p.isFetched(2)
		p.shows(patience, "is well", func(f feedItem) bool { return f.Status == "ok" })
	}
}

func schedulesInTemporal(t *testing.T, s *stack) {
	p := s.office(t).opens(s.cabin(t, "La Lechuza", 4), control.ChannelAirbnb)
	p.follows("")
	p.isFetched(2)
	schedule := s.temporal.ScheduleClient().GetHandle(patient(t), workflows.FeedScheduleID(p.feed))
	seen := p.scheduled(schedule)
	require.Equal(t, everyFetch, seen.Schedule.Spec.Intervals[0].Every)
	require.Equal(t, enumspb.SCHEDULE_OVERLAP_POLICY_SKIP, seen.Schedule.Policy.Overlap)
	require.Positive(t, seen.Info.NumActions)

	// Paused by an operator it is fetched on demand only, and whatever staff changes leaves the pause alone.
	const note = "the channel asked us to wait"
	require.NoError(t, schedule.Pause(patient(t), client.SchedulePauseOptions{Note: note}))
	p.ask(http.MethodPatch, p.path(), map[string]string{"interval": "6s"}, http.StatusOK, nil)
	seen = p.scheduled(schedule)
	require.Equal(t, 6*time.Second, seen.Schedule.Spec.Intervals[0].Every)
	require.True(t, seen.Schedule.State.Paused)
	require.Equal(t, note, seen.Schedule.State.Note)
	p.shows(patience, "is not paused by us", func(f feedItem) bool { return f.PausedAt == nil })
	p.sells(stayFrom(60, 2))
	require.Contains(t, []string{"applied", "unchanged"}, p.syncs().Status)
	p.becomesFree(stayFrom(60, 2), false)
	require.NoError(t, schedule.Unpause(patient(t), client.ScheduleUnpauseOptions{}))
	p.isFetched(2)

	p.ask(http.MethodPatch, p.path(), map[string]bool{"paused": true}, http.StatusOK, nil)
	require.True(t, p.scheduled(schedule).Schedule.State.Paused)
	p.shows(patience, "is paused", func(f feedItem) bool { return f.Status == "paused" })
	p.ask(http.MethodPost, fmt.Sprintf("/ical/sync/%d", p.feed), nil, http.StatusConflict, nil)
	p.becomesFree(stayFrom(60, 2), false)
	p.ask(http.MethodPatch, p.path(), map[string]bool{"paused": false}, http.StatusOK, nil)
	require.False(t, p.scheduled(schedule).Schedule.State.Paused)
	p.isFetched(2)

	p.ask(http.MethodDelete, p.path()+"?release=true", nil, http.StatusOK, nil)
	p.becomesFree(stayFrom(60, 2), true)
	s.eventually(t, patience, "its schedule is gone", func(ctx context.Context) error {
		list, err := s.temporal.ScheduleClient().List(ctx, client.ScheduleListOptions{})
		if err != nil {
			return err
		}
		var left []string
		for list.HasNext() {
			entry, err := list.Next()
			if err != nil {
				return err
			}
			left = append(left, entry.ID)
		}
		if slices.Contains(left, workflows.FeedScheduleID(p.feed)) {
			return fmt.Errorf("schedules: %v", left)
		}
		return nil
	})
}

func (p *shop) scheduled(schedule client.ScheduleHandle) *client.ScheduleDescription {
	p.t.Helper()
	described, err := schedule.Describe(patient(p.t))
	require.NoError(p.t, err)
	return described
}
