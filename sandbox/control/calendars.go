package control

import "time"

// The channels that the sandbox stands in for.
const (
	ChannelAirbnb  = "airbnb"
	ChannelBooking = "booking"
	ChannelVrbo    = "vrbo"
	ChannelExpedia = "expedia"
	ChannelGoogle  = "google" // a calendar kept by hand: timed and repeated events, nothing is refused
)

// ChannelListing is one cabin on one channel. Adding it again replaces its settings and keeps its bookings and its address.
type ChannelListing struct {
	Channel string `json:"channel"`
	// Listing is the name in addresses: letters, digits, "_" and "-".
	Listing string `json:"listing"`
	// ImportURL is the calendar of ours that the channel imports; empty imports none.
	ImportURL string `json:"import_url,omitempty"`
	// PullEvery is how often it does so by itself while the sandbox runs, as Go writes durations; empty is the channel's usual
	// pace (one to three hours), "0s" only when told.
	PullEvery string `json:"pull_every,omitempty"`
	// ConditionalPull sends If-None-Match and If-Modified-Since with what the last good import was given.
	ConditionalPull bool `json:"conditional_pull,omitempty"`
	// Language is that of Vrbo's summaries: en, the default, or fr.
	Language string `json:"language,omitempty"`
	// Legacy publishes Airbnb's format of 2020, and Booking.com's summaries with the guest's name.
	Legacy bool `json:"legacy,omitempty"`
	// WindowDays is how many days ahead nights are sold; the tail behind it is closed and slides on every day. Nil is 330 at Airbnb,
	// 365 at Booking.com and no end elsewhere, as 0 is.
	WindowDays *int `json:"window_days,omitempty"`
	// PrepDays closes so many nights before and after each reservation, NoticeDays so many from today.
	PrepDays   int `json:"prep_days,omitempty"`
	NoticeDays int `json:"notice_days,omitempty"`
	// MergeBlocks publishes closed nights that touch as one event; nil is true at Booking.com and false elsewhere.
	MergeBlocks *bool `json:"merge_blocks,omitempty"`
	// ReservedOnly publishes no closures, as Booking.com's setting "only reserved".
	ReservedOnly bool `json:"reserved_only,omitempty"`

	// FeedURL is where the channel publishes the listing's calendar. Read only.
	FeedURL string `json:"feed_url,omitempty"`
}

// ChannelStay is a stay that a channel sold, or nights that the host closed there. Dates are civil, CheckOut is the day of leaving.
type ChannelStay struct {
	// ID is given by the channel: its confirmation code. UID is that of its event, as long as the channel does not change it (as
	// Booking.com does during the stay, and Expedia by splitting it). Read only.
	ID      string `json:"id,omitempty"`
	UID     string `json:"uid,omitempty"`
	Channel string `json:"channel"`
	Listing string `json:"listing"`
	// Kind is reservation (the default), closed (by the host) or tentative (Vrbo's requests).
	Kind     string `json:"kind,omitempty"`
	CheckIn  string `json:"check_in"`
	CheckOut string `json:"check_out"`
	// Guest is named in the summaries of Vrbo, Expedia and Google; Phone ends Airbnb's description with its last four digits.
	Guest string `json:"guest,omitempty"`
	Phone string `json:"phone,omitempty"`
	// Force sells without looking: in the past, beyond the window, on closed nights.
	Force bool `json:"force,omitempty"`

	// CheckInTime and CheckOutTime ("15:00") make a Google event a timed one, written as TimeForm says: tzid (the default), utc,
	// floating or windows (a TZID by Outlook's name).
	CheckInTime  string `json:"check_in_time,omitempty"`
	CheckOutTime string `json:"check_out_time,omitempty"`
	TimeForm     string `json:"time_form,omitempty"`
	// Repeat is the RRULE of a Google event, Except the first days of the repetitions left out, Moved those on other days.
	Repeat string         `json:"repeat,omitempty"`
	Except []string       `json:"except,omitempty"`
	Moved  []ChannelMoved `json:"moved,omitempty"`
}

// ChannelMoved is one repetition of an event that takes place on other days than its rule says.
type ChannelMoved struct {
	From     string `json:"from"`
	CheckIn  string `json:"check_in"`
	CheckOut string `json:"check_out"`
}

// ChannelStayChange moves a booking, makes it shorter or longer; what is empty stays.
type ChannelStayChange struct {
	CheckIn  string `json:"check_in,omitempty"`
	CheckOut string `json:"check_out,omitempty"`
	// Force moves without looking.
	Force bool `json:"force,omitempty"`
}

// ChannelEvent is an event of ours as a channel read it. Dates are the nights it closes there.
type ChannelEvent struct {
	UID      string `json:"uid"`
	CheckIn  string `json:"check_in"`
	CheckOut string `json:"check_out"`
	Summary  string `json:"summary,omitempty"`
}

// ChannelNights are nights in a row with the reason why a channel does not sell them: reservation, closed, imported, preparation, notice
// or window.
type ChannelNights struct {
	CheckIn  string `json:"check_in"`
	CheckOut string `json:"check_out"`
	Why      string `json:"why"`
}

// ChannelPull is one import of our calendar by a channel. After a refused one the channel goes on with what it had.
type ChannelPull struct {
	// At is the channel's own time.
	At time.Time `json:"at"`
	// Status is that of our answer; 0 when there was none.
	Status int `json:"status"`
	// Refused names what the channel did not accept and Reason says it in words; both are empty after a good import. It is one of
	// unreachable, status, content_type, too_large, not_utf8, bare_line_end, long_line, control_character, not_a_calendar, bad_line,
	// bad_value, missing_property, repeated_property, repeated_uid, end_not_after_start and guest_data.
	Refused string `json:"refused,omitempty"`
	Reason  string `json:"reason,omitempty"`
	// Unchanged says that we answered 304.
	Unchanged bool `json:"unchanged,omitempty"`
	// Bytes is the size of our answer, Events what was read in it.
	Bytes  int            `json:"bytes,omitempty"`
	Events []ChannelEvent `json:"events,omitempty"`
}

// ChannelFetches counts who read the listing's feed, since the sandbox was started.
type ChannelFetches struct {
	Count int `json:"count"`
	// Agents counts by User-Agent, Statuses by the status of the answer; redirects on the way count in neither.
	Agents   map[string]int `json:"agents"`
	Statuses map[int]int    `json:"statuses"`
	LastAt   *time.Time     `json:"last_at,omitempty"`
}

// ChannelState is the truth about one listing, as its channel knows it.
type ChannelState struct {
	ChannelListing

	// Today is the channel's day.
	Today    string        `json:"today"`
	Bookings []ChannelStay `json:"bookings"`
	// Imported is what the last good import brought, Closed every night that the channel will not sell, from today on.
	Imported []ChannelEvent  `json:"imported"`
	Closed   []ChannelNights `json:"closed"`
	// DoubleBooked are nights of the channel's own reservations that an imported event closes too.
	DoubleBooked []ChannelNights `json:"double_booked"`
	// Pulls counts the imports; LastPull is the last one, Refusals are the last twenty refused ones, oldest first.
	Pulls    int            `json:"pulls"`
	LastPull *ChannelPull   `json:"last_pull,omitempty"`
	Refusals []ChannelPull  `json:"refusals"`
	Fetches  ChannelFetches `json:"fetches"`
}

// ChannelFaults is what can go wrong with a channel's feeds. Nil fields are left as they are.
type ChannelFaults struct {
	Channel string `json:"channel"`
	// Listing is one of the channel's; empty is all that it has now.
	Listing string `json:"listing,omitempty"`
	// Next ends all of the listing's faults after so many fetches; 0 leaves them until they are cleared.
	Next *int `json:"next,omitempty"`

	// Body is what is published instead: empty, html, truncated (a shorter file, complete by its length), cut (the connection
	// breaks), huge (5 MB), gzip_bomb (64 MB in a small answer), no_events, shrunk (the first event only), vanished (without the
	// events of Bookings), junk_line, bad_event, non_utf8, other_charset (UTF-16). An empty one ends it.
	Body *string `json:"body,omitempty"`
	// Bookings are ids that vanished leaves out; none is all reservations.
	Bookings *[]string `json:"bookings,omitempty"`
	// Status answers without a calendar; RetryAfter in seconds goes with it. 0 ends it.
	Status     *int `json:"status,omitempty"`
	RetryAfter *int `json:"retry_after,omitempty"`
	// Redirect leads to a private, link_local or loopback address, around in a loop, or to any URL; Hops leads through so many
	// redirects to the feed.
	Redirect *string `json:"redirect,omitempty"`
	Hops     *int    `json:"hops,omitempty"`
	// DelayMS waits before the answer, TrickleMS between each 64 bytes of it.
	DelayMS   *int `json:"delay_ms,omitempty"`
	TrickleMS *int `json:"trickle_ms,omitempty"`
	// UIDChurn gives every event a new UID with every fetch.
	UIDChurn *bool `json:"uid_churn,omitempty"`
	// Validators are none (the default), etag, last_modified or both; with them an unchanged feed answers 304.
	Validators *string `json:"validators,omitempty"`
	// ClockSkewMS moves the time of DTSTAMP and Last-Modified, also backwards.
	ClockSkewMS *int `json:"clock_skew_ms,omitempty"`
}
