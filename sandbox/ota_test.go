package sandbox_test

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/sandbox/control"
)

// list adds a listing to a channel of a sandbox that lives on 2027-01-10, by default without a booking window.
func (b *bundle) list(t *testing.T, l control.ChannelListing) control.ChannelListing {
	t.Helper()
	if l.Listing == "" {
		l.Listing = "Los_Cipreses"
	}
	if l.WindowDays == nil {
		l.WindowDays = new(int)
	}
	_, err := b.control.SetChannelDay(t.Context(), l.Channel, "2027-01-10")
	require.NoError(t, err)
	added, err := b.control.AddListing(t.Context(), l)
	require.NoError(t, err)
	return added
}

func (b *bundle) sell(t *testing.T, l control.ChannelListing, checkIn, checkOut string, change ...func(*control.ChannelStay)) control.ChannelStay {
	t.Helper()
	stay := control.ChannelStay{Channel: l.Channel, Listing: l.Listing, CheckIn: checkIn, CheckOut: checkOut}
	for _, c := range change {
		c(&stay)
	}
	sold, err := b.control.Sell(t.Context(), stay)
	require.NoError(t, err)
	return sold
}

func (b *bundle) day(t *testing.T, channel, today string) {
	t.Helper()
	_, err := b.control.SetChannelDay(t.Context(), channel, today)
	require.NoError(t, err)
}

func closed(s *control.ChannelStay) { s.Kind = "closed" }
func forced(s *control.ChannelStay) { s.Force = true }
func named(guest string) func(*control.ChannelStay) {
	return func(s *control.ChannelStay) { s.Guest = guest }
}

func (b *bundle) feed(t *testing.T, l control.ChannelListing, headers ...string) answer {
	t.Helper()
	return b.call(t, http.MethodGet, strings.TrimPrefix(l.FeedURL, b.url), "", nil, headers...)
}

var uidLine = regexp.MustCompile(`(?m)^UID:(.*?)\r?$`)

// uids are the UIDs of a feed in order.
func uids(feed string) []string {
	var all []string
	for _, m := range uidLine.FindAllStringSubmatch(feed, -1) {
		all = append(all, m[1])
	}
	return all
}

// requireFeed compares byte by byte; want's lines end as eol says, and its UIDs are patterns.
func requireFeed(t *testing.T, want, got, eol string) {
	t.Helper()
	want = strings.ReplaceAll(strings.TrimLeft(want, "\n"), "\n", eol)
	patterns, found := uids(want), uids(got)
	require.Lenf(t, found, len(patterns), "%s", got)
	for i, pattern := range patterns {
		require.Regexp(t, "^"+pattern+"$", found[i])
		got = strings.Replace(got, "UID:"+found[i], "UID:"+pattern, 1)
	}
	require.Equal(t, want, got)
}

// spans are the days of a feed's events: "0112-0115".
func spans(feed string) []string {
	var all []string
	for _, m := range regexp.MustCompile(`DTSTART;VALUE=DATE:\d{4}(\d{4})\r?\nDTEND;VALUE=DATE:\d{4}(\d{4})`).FindAllStringSubmatch(feed, -1) {
		all = append(all, m[1]+"-"+m[2])
	}
	return all
}

func TestAirbnbPublishesItsFormat(t *testing.T) {
	t.Parallel()
	b := start(t)
	l := b.list(t, control.ChannelListing{Channel: control.ChannelAirbnb})
	sold := b.sell(t, l, "2027-01-12", "2027-01-15", func(s *control.ChannelStay) { s.Phone = "+54 9 351 555-0882" })
	require.Regexp(t, `^HM[A-Z0-9]{8}$`, sold.ID)
	require.Contains(t, b.feed(t, b.list(t, l)).raw, "UID:"+sold.UID+"\r\n")
	b.sell(t, l, "2027-01-20", "2027-01-22", closed)
	got := b.feed(t, l)
	require.Equal(t, "text/calendar; charset=utf-8", got.header.Get("Content-Type"))
	requireFeed(t, strings.ReplaceAll(`
BEGIN:VCALENDAR
PRODID:-//Airbnb Inc//Hosting Calendar 1.0//EN
CALSCALE:GREGORIAN
VERSION:2.0
BEGIN:VEVENT
DTSTAMP:20270110T150000Z
DTSTART;VALUE=DATE:20270112
DTEND;VALUE=DATE:20270115
SUMMARY:Reserved
UID:1418fb94e984-[0-9a-f]{32}@airbnb.com
DESCRIPTION:Reservation URL: https://www.airbnb.com/hosting/reservations/de
 tails/HMCODE\nPhone Number (Last 4 Digits): 0882
END:VEVENT
BEGIN:VEVENT
DTSTAMP:20270110T150000Z
DTSTART;VALUE=DATE:20270120
DTEND;VALUE=DATE:20270122
SUMMARY:Airbnb (Not available)
UID:7f662ec65913-[0-9a-f]{32}@airbnb.com
END:VEVENT
END:VCALENDAR
`, "HMCODE", sold.ID), got.raw, "\r\n")
}

func TestAirbnbsOldFormat(t *testing.T) {
	t.Parallel()
	b := start(t)
	l := b.list(t, control.ChannelListing{Channel: control.ChannelAirbnb, Legacy: true})
	sold := b.sell(t, l, "2027-01-12", "2027-01-15", func(s *control.ChannelStay) { s.Phone = "0882" })
	b.sell(t, l, "2027-01-20", "2027-01-22", closed)
	requireFeed(t, strings.ReplaceAll(`
BEGIN:VCALENDAR
PRODID;X-RICAL-TZSOURCE=TZINFO:-//Airbnb Inc//Hosting Calendar 0.8.8//EN
CALSCALE:GREGORIAN
VERSION:2.0
BEGIN:VEVENT
DTEND;VALUE=DATE:20270115
DTSTART;VALUE=DATE:20270112
UID:1418fb94e984-[0-9a-f]{32}@airbnb.com
DESCRIPTION:Reservation URL: https://www.airbnb.com/reservation/itinerary
 ?code=HMCODE\nPhone Number (Last 4 Digits): 0882
SUMMARY:Reserved
END:VEVENT
BEGIN:VEVENT
DTEND;VALUE=DATE:20270122
DTSTART;VALUE=DATE:20270120
UID:7f662ec65913-[0-9a-f]{32}@airbnb.com
SUMMARY:Not available
END:VEVENT
END:VCALENDAR
`, "HMCODE", sold.ID), b.feed(t, l).raw, "\r\n")
}

func TestAirbnbsHabits(t *testing.T) {
	t.Parallel()
	b := start(t)
	window := 100
	l := b.list(t, control.ChannelListing{Channel: control.ChannelAirbnb, WindowDays: &window, PrepDays: 1, NoticeDays: 2})
	sold := b.sell(t, l, "2027-01-15", "2027-01-18")
	got := b.feed(t, l).raw
	require.Equal(t, []string{"0110-0112", "0114-0115", "0115-0118", "0118-0119", "0420-0110"}, spans(got))
	first := uids(got)
	require.Regexp(t, `^6fec1092d3fa-`, first[4])
	require.Contains(t, got, "DTSTART;VALUE=DATE:20270420\r\nDTEND;VALUE=DATE:20280110\r\nSUMMARY:Airbnb (Not available)")

	b.day(t, l.Channel, "2027-01-11")
	next := b.feed(t, l).raw
	require.Equal(t, []string{"0111-0113", "0114-0115", "0115-0118", "0118-0119", "0421-0111"}, spans(next))
	require.NotEqual(t, first[4], uids(next)[4], "the tail is another event every day")
	require.Equal(t, first[1:4], uids(next)[1:4])

	_, err := b.control.ChangeBooking(t.Context(), sold.ID, control.ChannelStayChange{CheckOut: "2027-01-20"})
	require.NoError(t, err)
	moved := b.feed(t, l).raw
	require.Equal(t, "0115-0120", spans(moved)[2])
	require.Equal(t, first[2], uids(moved)[2], "a reservation keeps its UID wherever it is moved")

	b.day(t, l.Channel, "2027-01-20")
	require.Contains(t, b.feed(t, l).raw, sold.ID, "on the day it ends")
	b.day(t, l.Channel, "2027-01-21")
	require.NotContains(t, b.feed(t, l).raw, sold.ID, "the day after")
}

func TestBookingPublishesItsFormat(t *testing.T) {
	t.Parallel()
	b := start(t)
	l := b.list(t, control.ChannelListing{Channel: control.ChannelBooking})
	require.Contains(t, l.FeedURL, "/ota/admin-booking/")
	b.sell(t, l, "2027-01-12", "2027-01-15", named("Ana"))
	b.sell(t, l, "2027-01-20", "2027-01-22", closed)
	b.sell(t, l, "2027-01-22", "2027-01-24", closed)
	got := strings.ReplaceAll(b.feed(t, l).raw, "ORGANIZER:mailto:noreply@booking.com\r\n", "")
	requireFeed(t, `
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//admin.booking.com\, b.v.//NONSGML v1.0//EN
METHOD:PUBLISH
BEGIN:VEVENT
DTSTAMP:20270110T150000Z
DTSTART;VALUE=DATE:20270112
DTEND;VALUE=DATE:20270115
UID:[0-9a-f]{32}@booking.com
SUMMARY:CLOSED - Not available
END:VEVENT
BEGIN:VEVENT
DTSTAMP:20270110T150000Z
DTSTART;VALUE=DATE:20270120
DTEND;VALUE=DATE:20270124
UID:[0-9a-f]{32}@booking.com
SUMMARY:CLOSED - Not available
END:VEVENT
END:VCALENDAR
`, got, "\r\n")

	l.ReservedOnly, l.Legacy = true, true
	l = b.list(t, l)
	old := b.feed(t, l).raw
	require.Equal(t, []string{"0112-0115"}, spans(old))
	require.Contains(t, old, "SUMMARY:CLOSED - Ana\r\n")
}

func TestBookingNamesAnOrganizerNowAndThen(t *testing.T) {
	t.Parallel()
	b := start(t)
	l := b.list(t, control.ChannelListing{Channel: control.ChannelBooking})
	for _, d := range []string{"02", "03", "04", "05", "06"} {
		for _, from := range []string{"1", "2"} {
			for i := range 8 {
				b.sell(t, l, "2027-"+d+"-"+from+strconv.Itoa(i), "2027-"+d+"-"+from+strconv.Itoa(i+1))
			}
		}
	}
	got := b.feed(t, l).raw
	n := strings.Count(got, "ORGANIZER:mailto:noreply@booking.com\r\n")
	require.Positive(t, n)
	require.Less(t, n, 30, "of eighty")
}

func TestBookingsStayInProgressChangesDaily(t *testing.T) {
	t.Parallel()
	b := start(t)
	l := b.list(t, control.ChannelListing{Channel: control.ChannelBooking})
	b.sell(t, l, "2027-01-10", "2027-01-14")
	seen := map[string]bool{}
	for _, day := range []string{"10", "11", "12", "13"} {
		b.day(t, l.Channel, "2027-01-"+day)
		got := b.feed(t, l).raw
		require.Equal(t, []string{"01" + day + "-0114"}, spans(got))
		require.Equal(t, uids(got), uids(b.feed(t, l).raw), "one UID a day")
		require.False(t, seen[uids(got)[0]])
		seen[uids(got)[0]] = true
	}
	b.day(t, l.Channel, "2027-01-14")
	require.Empty(t, spans(b.feed(t, l).raw))
}

func TestBookingsUnopenedNightsMove(t *testing.T) {
	t.Parallel()
	b := start(t)
	window := 365
	l := b.list(t, control.ChannelListing{Channel: control.ChannelBooking, WindowDays: &window})
	first := b.feed(t, l).raw
	require.Equal(t, []string{"0110-0524", "0525-1124"}, spans(first))
	b.day(t, l.Channel, "2027-01-11")
	require.Equal(t, []string{"0111-0525", "0526-1125"}, spans(b.feed(t, l).raw))
}

func TestVrboPublishesItsFormat(t *testing.T) {
	t.Parallel()
	b := start(t)
	l := b.list(t, control.ChannelListing{Channel: control.ChannelVrbo, Language: "fr"})
	b.sell(t, l, "2027-01-12", "2027-01-15", named("Zoé, la fille de Jean-François Lefèvre-Desmoulins de la Résidence ééééé"))
	b.sell(t, l, "2027-01-15", "2027-01-17")
	b.sell(t, l, "2027-01-17", "2027-01-19", named("Ana"), func(s *control.ChannelStay) { s.Kind = "tentative" })
	b.sell(t, l, "2027-01-20", "2027-01-22", closed)
	uuid := `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}`
	requireFeed(t, strings.ReplaceAll(`
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//HomeAway.com, Inc.//EN
CALSCALE:GREGORIAN
BEGIN:VEVENT
UID:uuid
DTSTAMP:20270110T150000Z
DTSTART;VALUE=DATE:20270112
DTEND;VALUE=DATE:20270115
SUMMARY:Réservée - Zoé\, la fille de Jean-François Lefèvre-Desmoulins 
 de la Résidence ééééé
END:VEVENT
BEGIN:VEVENT
UID:uuid
DTSTAMP:20270110T150000Z
DTSTART;VALUE=DATE:20270115
DTEND;VALUE=DATE:20270117
SUMMARY:Réservée
END:VEVENT
BEGIN:VEVENT
UID:uuid
DTSTAMP:20270110T150000Z
DTSTART;VALUE=DATE:20270117
DTEND;VALUE=DATE:20270119
SUMMARY:Provisoire - Ana
END:VEVENT
BEGIN:VEVENT
UID:uuid
DTSTAMP:20270110T150000Z
DTSTART;VALUE=DATE:20270120
DTEND;VALUE=DATE:20270122
SUMMARY:Indisponible
END:VEVENT
END:VCALENDAR
`, "uuid", uuid), b.feed(t, l).raw, "\n")

	english := b.list(t, control.ChannelListing{Channel: control.ChannelVrbo, Listing: "english"})
	b.sell(t, english, "2027-01-12", "2027-01-15", named("Ana"))
	b.sell(t, english, "2027-01-20", "2027-01-22", closed)
	got := b.feed(t, english).raw
	require.Contains(t, got, "SUMMARY:Reserved - Ana\n")
	require.Contains(t, got, "SUMMARY:Blocked\n")
}

func TestVrboFoldsInsideACharacter(t *testing.T) {
	t.Parallel()
	b := start(t)
	l := b.list(t, control.ChannelListing{Channel: control.ChannelVrbo})
	b.sell(t, l, "2027-01-12", "2027-01-15", named(strings.Repeat("é", 60)))
	got := b.feed(t, l).raw
	// "SUMMARY:Reserved - " has 19 octets, so that the 75th ends the 28th letter, and the 74 of the next line end the 65th.
	require.Contains(t, got, "SUMMARY:Reserved - "+strings.Repeat("é", 28)+"\n "+strings.Repeat("é", 32)+"\n")
	b.sell(t, l, "2027-02-12", "2027-02-15", named("a"+strings.Repeat("é", 60)))
	require.Contains(t, b.feed(t, l).raw, "é\xc3\n \xa9é")
}

func TestExpediaPublishesNightByNight(t *testing.T) {
	t.Parallel()
	b := start(t)
	l := b.list(t, control.ChannelListing{Channel: control.ChannelExpedia})
	b.sell(t, l, "2027-01-12", "2027-01-15", named("Ana"))
	b.sell(t, l, "2027-01-20", "2027-01-21", closed)
	got := b.feed(t, l).raw
	require.Equal(t, []string{"0112-0113", "0113-0114", "0114-0115", "0120-0121"}, spans(got))
	require.Equal(t, 3, strings.Count(got, "SUMMARY:Reserved on Expedia\r\nDESCRIPTION:Reserved by Ana\r\n"))
	require.Equal(t, 1, strings.Count(got, "SUMMARY:Unavailable on Expedia\r\n"))
	for _, uid := range uids(got) {
		require.Regexp(t, `^\d+@expedia\.com$`, uid)
	}
}
