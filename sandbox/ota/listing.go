package ota

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"time"

	"cabanas/sandbox/control"
)

// listing is one cabin on one channel. What has no JSON name is forgotten by a restart.
type listing struct {
	Settings control.ChannelListing `json:"settings"`
	Token    string                 `json:"token"`
	// Imported is what the last good import brought, ETag and Modified what it was given with.
	Imported []imported            `json:"imported"`
	ETag     string                `json:"etag,omitempty"`
	Modified string                `json:"modified,omitempty"`
	Pulls    int                   `json:"pulls"`
	Last     *control.ChannelPull  `json:"last,omitempty"`
	Refusals []control.ChannelPull `json:"refusals,omitempty"`

	bookings []*booking // as they were sold
	every    time.Duration
	due      time.Time  // the next import, by the machine's clock
	pulling  sync.Mutex // one import at a time
	faults   faults
	fetches  control.ChannelFetches
	shown    shown
}

// booking is a stay that was sold, or nights that the host closed.
type booking struct {
	control.ChannelStay

	UID    string    `json:"uid"`
	Stay   span      `json:"stay"`
	Out    []day     `json:"out,omitempty"` // repetitions that are left out
	Moves  []moved   `json:"moves,omitempty"`
	SoldAt time.Time `json:"sold_at"`
	Times  *[2]clock `json:"times,omitempty"`
}

type moved struct {
	From day  `json:"from"`
	Stay span `json:"stay"`
}

// imported is an event of ours, as it was read.
type imported struct {
	UID     string `json:"uid"`
	Summary string `json:"summary"`
	Stay    span   `json:"stay"`
}

// The kinds of a booking.
const (
	kindReservation = "reservation"
	kindClosed      = "closed"
	kindTentative   = "tentative"
)

// The reasons why nights are closed, beside the kinds.
const (
	whyImported    = "imported"
	whyPreparation = "preparation"
	whyNotice      = "notice"
	whyWindow      = "window"
)

// closure is nights in a row that cannot be sold.
type closure struct {
	span

	why string
	by  *booking // of reservation, closed and tentative
}

var (
	errClosed    = errors.New("not for sale")
	listingName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)
	unopenedPart = []span{{0, 135}, {136, 319}} // of Booking.com's unopened nights, after the window; one night between is open
)

func key(channel, name string) string { return channel + "/" + name }

func (l *listing) key() string  { return key(l.Settings.Channel, l.Settings.Listing) }
func (l *listing) trait() trait { return traits[l.Settings.Channel] }

func (l *listing) window() int {
	if l.Settings.WindowDays != nil {
		return *l.Settings.WindowDays
	}
	return l.trait().window
}

// closures are all nights that are not for sale, as the channel knows it on a day; the past is among them as far as it is remembered.
func (l *listing) closures(today day) []closure {
	var all []closure
	for _, b := range l.bookings {
		all = append(all, closure{span: b.Stay, why: b.Kind, by: b})
		if prep := day(l.Settings.PrepDays); prep > 0 && b.Kind != kindClosed {
			all = append(all, closure{span: span{b.Stay.From - prep, b.Stay.From}, why: whyPreparation},
				closure{span: span{b.Stay.To, b.Stay.To + prep}, why: whyPreparation})
		}
	}
	for _, e := range l.Imported {
		all = append(all, closure{span: e.Stay, why: whyImported})
	}
	if notice := day(l.Settings.NoticeDays); notice > 0 {
		all = append(all, closure{span: span{today, today + notice}, why: whyNotice})
	}
	for _, tail := range l.tail(today) {
		all = append(all, closure{span: tail, why: whyWindow})
	}
	slices.SortStableFunc(all, func(a, b closure) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	return all
}

// tail is what is closed because it is too far ahead. Airbnb's ends a year from today, whatever the window.
func (l *listing) tail(today day) []span {
	window := day(l.window())
	if window == 0 {
		return nil
	}
	switch l.Settings.Channel {
	case control.ChannelBooking:
		var parts []span
		for _, p := range unopenedPart {
			parts = append(parts, span{today + window + p.From, today + window + p.To})
		}
		return parts
	default:
		return []span{{today + window, max(today+365, today+window+1)}}
	}
}

// reserved are the nights of the reservations, in order.
func (l *listing) reserved() []span {
	var nights []span
	for _, b := range l.bookings {
		if b.Kind != kindClosed {
			nights = append(nights, b.Stay)
		}
	}
	slices.SortFunc(nights, func(a, b span) int { return cmp.Compare(a.From, b.From) })
	return nights
}

// sellable says why a stay cannot be sold on a day; mine is the booking that moves, or nil.
func (l *listing) sellable(stay span, mine *booking, today day) error {
	if l.trait().open {
		return nil
	}
	if stay.From < today && (mine == nil || stay.From != mine.Stay.From) {
		return fmt.Errorf("%w: %s is over, today is %s", errClosed, stay.From, today)
	}
	if window := day(l.window()); window > 0 && stay.To > today+window {
		return fmt.Errorf("%w: %s is beyond the booking window of %d days", errClosed, stay.To-1, window)
	}
	for _, c := range l.closures(today) {
		// A stay may begin in its own preparation days, and in the notice when it was sold before it.
		own := mine != nil && (c.by == mine || c.why == whyNotice ||
			c.why == whyPreparation && (c.To == mine.Stay.From || c.From == mine.Stay.To))
		if !own && c.touches(stay) {
			return fmt.Errorf("%w: %s to %s is closed (%s)", errClosed, max(c.From, stay.From), min(c.To, stay.To), c.why)
		}
	}
	return nil
}

func checkSettings(in control.ChannelListing) (time.Duration, error) {
	if err := checkChannel(in.Channel); err != nil {
		return 0, err
	}
	if !listingName.MatchString(in.Listing) {
		return 0, fmt.Errorf("listing: letters, digits, _ and -, 64 at most")
	}
	if in.ImportURL != "" {
		u, err := url.Parse(in.ImportURL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return 0, fmt.Errorf("import_url is not a web address")
		}
	}
	if !slices.Contains([]string{"", "en", "fr"}, in.Language) {
		return 0, fmt.Errorf("language must be en or fr")
	}
	if in.WindowDays != nil && *in.WindowDays < 0 || in.PrepDays < 0 || in.NoticeDays < 0 {
		return 0, fmt.Errorf("window_days, prep_days and notice_days are not negative")
	}
	if in.PullEvery == "" {
		return traits[in.Channel].pace, nil
	}
	every, err := time.ParseDuration(in.PullEvery)
	if err != nil || every < 0 {
		return 0, fmt.Errorf("pull_every is not a duration such as 90s")
	}
	return every, nil
}
