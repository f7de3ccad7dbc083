package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/sandbox/control"
	"cabanas/sandbox/guest"
)

const (
	ownerPassword = "zarzaparrilla-y-membrillo-77"
	// everyFetch is how often feeds are fetched here, seldom the interval of a feed that only promises have fetched.
	everyFetch = 2 * time.Second
	seldom     = "24h"
)

// office is an owner at the API of the staff.
type office struct {
	*stack

	t     *testing.T
	token string
}

// setUpOwner makes the first owner with the token of dev.json.
func (s *stack) setUpOwner(t *testing.T) {
	t.Helper()
	s.keepPrivate(ownerPassword)
	o := &office{stack: s, t: t}
	owner := s.devOwner(t)
	o.ask(http.MethodPost, "/admin/setup", map[string]string{"token": owner.SetupToken, "email": owner.Email, "password": ownerPassword},
		http.StatusCreated, nil)
}

type devOwner struct {
	Email      string `json:"email"`
	SetupToken string `json:"setup_token"`
}

func (s *stack) devOwner(t *testing.T) devOwner {
	t.Helper()
	var info struct {
		Owner devOwner `json:"owner"`
	}
	raw, err := os.ReadFile(filepath.Join(s.home, "dev.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &info))
	return info.Owner
}

// office lets the owner in.
func (s *stack) office(t *testing.T) *office {
	t.Helper()
	o := &office{stack: s, t: t}
	var granted struct {
		AccessToken string `json:"access_token"`
	}
	o.ask(http.MethodPost, "/admin/login", map[string]string{"email": s.devOwner(t).Email, "password": ownerPassword}, http.StatusOK, &granted)
	o.token = granted.AccessToken
	return o
}

// ask makes a request of staff that must be answered with a status.
func (o *office) ask(method, path string, body any, want int, into any) {
	o.t.Helper()
	require.NoError(o.t, o.tries(patient(o.t), method, path, body, want, into))
}

func (o *office) tries(ctx context.Context, method, path string, body any, want int, into any) error {
	var raw []byte
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return err
		}
	}
	a, err := o.call(ctx, method, "/api/v1"+path, raw, "Authorization", "Bearer "+o.token)
	if err != nil {
		return err
	}
	if a.status != want {
		return fmt.Errorf("%s %s: %d, not %d: %s", method, path, a.status, want, a.body)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(a.body, into)
}

// shop is a cabin of ours on another channel.
type shop struct {
	*office

	cabin            int64
	channel, listing string
	url              string
	feed             int64
}

// opens puts a cabin on a channel, which imports our calendar only when it is told.
func (o *office) opens(cabin int64, channel string) *shop {
	o.t.Helper()
	p := &shop{office: o, cabin: cabin, channel: channel, listing: fmt.Sprintf("cabin-%d", cabin)}
	p.imports("")
	return p
}

// imports tells the channel where our calendar is.
func (p *shop) imports(address string) {
	p.t.Helper()
	listing, err := p.world.AddListing(patient(p.t), control.ChannelListing{
		Channel: p.channel, Listing: p.listing, PullEvery: "0s", ImportURL: address, ConditionalPull: true})
	require.NoError(p.t, err)
	p.url = listing.FeedURL
	p.keepSecret(p.url)
}

// keepSecret keeps the part of an address out of logs and histories that opens it.
func (o *office) keepSecret(address string) {
	o.t.Helper()
	parsed, err := url.Parse(address)
	require.NoError(o.t, err)
	if secret := parsed.Query().Get("token"); secret != "" {
		o.keepPrivate(secret)
		return
	}
	o.keepPrivate(strings.TrimSuffix(filepath.Base(parsed.Path), ".ics"))
}

func (p *shop) wanted(interval string) map[string]any {
	return map[string]any{"accommodation_id": p.cabin, "channel": p.channel, "url": p.url, "interval": interval}
}

type feedItem struct {
	ID               int64      `json:"id"`
	Status           string     `json:"status"`
	Events           int        `json:"events"`
	AgeSeconds       int64      `json:"age_seconds"`
	Error            string     `json:"error"`
	Failures         int        `json:"failures"`
	QuarantineReason string     `json:"quarantine_reason"`
	PausedAt         *time.Time `json:"paused_at"`
	FirstSync        *syncItem  `json:"first_sync"`
}

type syncItem struct {
	Status    string `json:"status"`
	Added     int    `json:"added"`
	Echoes    int    `json:"echoes"`
	Conflicts int    `json:"conflicts"`
}

// follows adds the feed of the channel; no interval is as often as the setting says.
func (p *shop) follows(interval string) feedItem {
	p.t.Helper()
	var added feedItem
	p.ask(http.MethodPost, "/admin/ical/feeds", p.wanted(interval), http.StatusCreated, &added)
	p.feed = added.ID
	return added
}

func (p *shop) path() string { return fmt.Sprintf("/admin/ical/feeds/%d", p.feed) }

// shows waits until the feed is as look wants it.
func (p *shop) shows(within time.Duration, what string, look func(feedItem) bool) {
	p.t.Helper()
	p.eventually(p.t, within, "the feed "+what, func(ctx context.Context) error {
		var f feedItem
		if err := p.tries(ctx, http.MethodGet, p.path(), nil, http.StatusOK, &f); err != nil {
			return err
		}
		if !look(f) {
			return fmt.Errorf("it is %+v", f)
		}
		return nil
	})
}

// ages waits until a promise would ask the feed again.
func (p *shop) ages() {
	p.t.Helper()
	p.shows(2*patience, "is older than a minute", func(f feedItem) bool { return f.AgeSeconds > 60 })
}

// syncs fetches the feed on demand.
func (p *shop) syncs() (done syncItem) {
	p.t.Helper()
	p.ask(http.MethodPost, fmt.Sprintf("/ical/sync/%d", p.feed), nil, http.StatusOK, &done)
	return done
}

// sells sells a stay on the channel, which must not know that it is taken.
func (p *shop) sells(when stay) control.ChannelStay {
	p.t.Helper()
	_, name := p.person()
	sold, err := p.world.Sell(patient(p.t), control.ChannelStay{
		Channel: p.channel, Listing: p.listing, CheckIn: when.checkIn(), CheckOut: when.checkOut(), Guest: name})
	require.NoError(p.t, err)
	return sold
}

// refusesToSell checks that the channel knows the nights as taken.
func (p *shop) refusesToSell(when stay) {
	p.t.Helper()
	_, err := p.world.Sell(patient(p.t), control.ChannelStay{
		Channel: p.channel, Listing: p.listing, CheckIn: when.checkIn(), CheckOut: when.checkOut()})
	var refused *control.Error
	require.ErrorAs(p.t, err, &refused)
	require.Equal(p.t, http.StatusConflict, refused.Status)
}

func (p *shop) pulls() control.ChannelPull {
	p.t.Helper()
	pull, err := p.world.Pull(patient(p.t), p.channel, p.listing)
	require.NoError(p.t, err)
	require.Empty(p.t, pull.Refused, "%s", pull.Reason)
	return pull
}

func (p *shop) fetches() int {
	p.t.Helper()
	state, err := p.world.Listing(patient(p.t), p.channel, p.listing)
	require.NoError(p.t, err)
	return state.Fetches.Count
}

// isFetched waits until the channel's feed was fetched so many times more.
func (p *shop) isFetched(times int) {
	p.t.Helper()
	before := p.fetches()
	p.eventually(p.t, startPatience, "the feed is fetched", func(ctx context.Context) error {
		state, err := p.world.Listing(ctx, p.channel, p.listing)
		if err == nil && state.Fetches.Count < before+times {
			err = fmt.Errorf("%d times of %d", state.Fetches.Count-before, times)
		}
		return err
	})
}

// goesWrong switches faults of the listing.
func (p *shop) goesWrong(faults control.ChannelFaults) {
	p.t.Helper()
	faults.Channel, faults.Listing = p.channel, p.listing
	require.NoError(p.t, p.world.SetChannelFaults(patient(p.t), faults))
}

func (p *shop) isWell() {
	p.t.Helper()
	require.NoError(p.t, p.world.ClearChannelFaults(patient(p.t), p.channel))
}

// blocks counts the closures that the feed has made.
func (p *shop) blocks() int64 {
	p.t.Helper()
	return p.number(p.t, `SELECT count(*) FROM calendar_blocks b JOIN calendar_feed_events e ON e.id = b.feed_event_id
		WHERE e.feed_id = $1 AND b.active`, p.feed)
}

// becomesFree waits until everybody is told that a stay can be booked, or that it cannot.
func (p *shop) becomesFree(when stay, free bool) {
	p.t.Helper()
	p.eventually(p.t, startPatience, fmt.Sprintf("%s is free: %v", when.checkIn(), free), func(ctx context.Context) error {
		a, err := p.call(ctx, http.MethodGet, fmt.Sprintf("/api/v1/accommodations/%d/availability?check_in=%s&check_out=%s&guests=2",
			p.cabin, when.checkIn(), when.checkOut()), nil)
		if err != nil {
			return err
		}
		var said struct {
			Available bool
			Reason    string
		}
		if err := json.Unmarshal(a.body, &said); err != nil {
			return err
		}
		if said.Available != free || !free && said.Reason != "dates_taken" {
			return fmt.Errorf("the answer is %s", a.body)
		}
		return nil
	})
}

// isTaken checks that a stay cannot be held.
func (p *shop) isTaken(when stay) {
	p.t.Helper()
	w, _ := p.wishes(p.cabin, when, 2)
	a := p.post(p.t, w)
	require.Equal(p.t, http.StatusConflict, a.status, "%s", a.body)
	require.Equal(p.t, "dates_taken", a.problem(p.t).Code)
}

// isPaid holds a stay by REST and pays its deposit.
func (p *shop) isPaid(when stay) hold {
	p.t.Helper()
	w, _ := p.wishes(p.cabin, when, 2)
	h := p.books(p.t, w)
	_, err := p.world.Pay(patient(p.t), paymentOf(p.preference(p.t, h.Code)))
	require.NoError(p.t, err)
	p.becomes(p.t, h.Code, "confirmed", "partially_paid")
	return h
}

// isHeldBy has a guest hold a stay of this cabin on WhatsApp.
func (p *shop) isHeldBy(g *talker, when stay, people int) guest.Hold {
	p.t.Helper()
	g.asksFor(when, people)
	g.presses(g.isOffered(fmt.Sprintf("acc_%d", p.cabin)))
	g.presses(g.isOffered("hold_"))
	link := g.hears("the payment link", func(m control.Message) bool { return m.CTA != nil })
	r := p.bookedBy(p.t, g.Number, "pre_reserved")
	require.Equal(p.t, p.cabin, r.Accommodation)
	return guest.Hold{Code: r.Code, URL: link.CTA.URL}
}

type conflictItem struct {
	ID         int64  `json:"id"`
	Code       string `json:"code"`
	FeedID     int64  `json:"feed_id"`
	Resolution string `json:"resolution"`
}

// conflictOf waits until the conflict of a reservation is listed.
func (p *shop) conflictOf(code, status string) (found conflictItem) {
	p.t.Helper()
	p.eventually(p.t, patience, "a conflict of "+code, func(ctx context.Context) error {
		var list struct{ Items []conflictItem }
		path := fmt.Sprintf("/admin/conflicts?accommodation_id=%d&status=%s", p.cabin, status)
		if err := p.tries(ctx, http.MethodGet, path, nil, http.StatusOK, &list); err != nil {
			return err
		}
		for _, found = range list.Items {
			if found.Code == code {
				return nil
			}
		}
		return errors.New("not listed")
	})
	return found
}
