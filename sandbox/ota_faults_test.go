package sandbox_test

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"cabanas/sandbox/control"
)

// troubled is a listing with two reservations and a closure.
func (b *bundle) troubled(t *testing.T, channel string) (control.ChannelListing, control.ChannelStay) {
	t.Helper()
	l := b.list(t, control.ChannelListing{Channel: channel})
	first := b.sell(t, l, "2027-01-12", "2027-01-15", named("Ana"))
	b.sell(t, l, "2027-01-15", "2027-01-18", named("Luis"))
	b.sell(t, l, "2027-01-20", "2027-01-22", closed)
	return l, first
}

func (b *bundle) feedFaults(t *testing.T, l control.ChannelListing, f control.ChannelFaults) {
	t.Helper()
	f.Channel, f.Listing = l.Channel, l.Listing
	require.NoError(t, b.control.SetChannelFaults(t.Context(), f))
}

func TestFeedsComeSpoiled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body  string
		check func(t *testing.T, good, got answer)
	}{
		{"empty", func(t *testing.T, _, got answer) { require.Empty(t, got.raw) }},
		{"html", func(t *testing.T, _, got answer) {
			require.Equal(t, "text/html; charset=utf-8", got.header.Get("Content-Type"))
			require.True(t, strings.HasPrefix(got.raw, "<!DOCTYPE html>"))
		}},
		{"truncated", func(t *testing.T, good, got answer) {
			require.True(t, strings.HasPrefix(good.raw, got.raw))
			require.Less(t, len(got.raw), len(good.raw))
			require.NotContains(t, got.raw, "END:VCALENDAR")
			require.Contains(t, got.raw, "END:VEVENT")
		}},
		{"huge", func(t *testing.T, _, got answer) {
			require.Greater(t, len(got.raw), 5_000_000)
			require.Len(t, spans(got.raw), 3)
		}},
		{"no_events", func(t *testing.T, _, got answer) {
			require.NotContains(t, got.raw, "VEVENT")
			require.Contains(t, got.raw, "END:VCALENDAR")
		}},
		{"shrunk", func(t *testing.T, _, got answer) { require.Equal(t, []string{"0112-0115"}, spans(got.raw)) }},
		{"vanished", func(t *testing.T, _, got answer) { require.Equal(t, []string{"0120-0122"}, spans(got.raw)) }},
		{"junk_line", func(t *testing.T, _, got answer) {
			require.Contains(t, got.raw, "END:VEVENT\r\nthis line is not a property\r\nBEGIN:VEVENT")
			require.Len(t, spans(got.raw), 3)
		}},
		{"bad_event", func(t *testing.T, _, got answer) {
			require.Contains(t, got.raw, "DTSTART;VALUE=DATE:20271345")
			require.Len(t, spans(got.raw), 4)
		}},
		{"non_utf8", func(t *testing.T, _, got answer) {
			require.False(t, utf8.ValidString(got.raw))
			require.Contains(t, got.raw, "SUMMARY:Reserved \xf1and\xfa\r\n")
		}},
		{"other_charset", func(t *testing.T, _, got answer) {
			require.Equal(t, "text/calendar; charset=utf-16", got.header.Get("Content-Type"))
			require.True(t, strings.HasPrefix(got.raw, "\xff\xfeB\x00E\x00"))
		}},
	} {
		t.Run(c.body, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			l, _ := b.troubled(t, control.ChannelAirbnb)
			good := b.feed(t, l)
			next := 2
			b.feedFaults(t, l, control.ChannelFaults{Body: &c.body, Next: &next})
			for range next {
				got := b.feed(t, l)
				require.Equal(t, http.StatusOK, got.status)
				c.check(t, good, got)
			}
			require.Equal(t, good.raw, b.feed(t, l).raw, "the fault ends by itself")
		})
	}
}

func TestOneBookingVanishesForAWhile(t *testing.T) {
	t.Parallel()
	b := start(t)
	l, first := b.troubled(t, control.ChannelVrbo)
	body, ids := "vanished", []string{first.ID}
	b.feedFaults(t, l, control.ChannelFaults{Body: &body, Bookings: &ids})
	got := b.feed(t, l).raw
	require.Equal(t, []string{"0115-0118", "0120-0122"}, spans(got))
	require.NotContains(t, got, "CANCELLED")
	require.NoError(t, b.control.ClearChannelFaults(t.Context(), control.ChannelAirbnb))
	require.Equal(t, got, b.feed(t, l).raw, "those of another channel")
	require.NoError(t, b.control.ClearChannelFaults(t.Context(), control.ChannelVrbo))
	require.Len(t, spans(b.feed(t, l).raw), 3)
}

func TestFeedsFailByStatus(t *testing.T) {
	t.Parallel()
	b := start(t)
	l, _ := b.troubled(t, control.ChannelBooking)
	after := 7
	for _, status := range []int{500, 403, 429} {
		b.feedFaults(t, l, control.ChannelFaults{Status: &status, RetryAfter: &after})
		got := b.feed(t, l)
		require.Equal(t, status, got.status)
		require.Equal(t, "7", got.header.Get("Retry-After"))
	}
	state, err := b.control.Listing(t.Context(), l.Channel, l.Listing)
	require.NoError(t, err)
	require.Equal(t, map[int]int{500: 1, 403: 1, 429: 1}, state.Fetches.Statuses)
}

func TestFeedsRedirectWhereTheyShouldNot(t *testing.T) {
	t.Parallel()
	b := start(t)
	l, _ := b.troubled(t, control.ChannelAirbnb)
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	location := func(from string) string {
		resp, err := stay.Get(from)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusFound, resp.StatusCode)
		return resp.Header.Get("Location")
	}
	for to, want := range map[string]string{
		"private": "http://10.0.0.1/calendar.ics", "link_local": "http://169.254.169.254/latest/meta-data/",
		"loopback": "http://127.0.0.1:1/calendar.ics", "https://example.com/x": "https://example.com/x",
	} {
		b.feedFaults(t, l, control.ChannelFaults{Redirect: &to})
		require.Equal(t, want, location(l.FeedURL))
	}

	around, once := "loop", 1
	b.feedFaults(t, l, control.ChannelFaults{Redirect: &around, Next: &once})
	next := l.FeedURL
	for range 10 {
		next = location(next)
	}
	require.Len(t, spans(b.feed(t, l).raw), 3)

	hops := 2
	b.feedFaults(t, l, control.ChannelFaults{Hops: &hops})
	require.Equal(t, b.feed(t, l).status, http.StatusOK)
	state, err := b.control.Listing(t.Context(), l.Channel, l.Listing)
	require.NoError(t, err)
	require.Equal(t, map[int]int{200: 2, 302: 5}, state.Fetches.Statuses, "steps on the way are not counted")

	admin := b.list(t, control.ChannelListing{Channel: control.ChannelBooking})
	require.Equal(t, strings.Replace(admin.FeedURL, "admin-booking", "booking", 1), location(admin.FeedURL))
}

func TestFeedsComeSlowlyOrNotWhole(t *testing.T) {
	t.Parallel()
	b := start(t)
	l, _ := b.troubled(t, control.ChannelVrbo)
	cut := "cut"
	b.feedFaults(t, l, control.ChannelFaults{Body: &cut})
	resp, err := http.Get(l.FeedURL)
	require.NoError(t, err)
	_, err = io.ReadAll(resp.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.NoError(t, resp.Body.Close())

	none, minute, millisecond := "", 60_000, 1
	b.feedFaults(t, l, control.ChannelFaults{Body: &none, TrickleMS: &millisecond})
	began := time.Now()
	require.Len(t, spans(b.feed(t, l).raw), 3)
	require.Greater(t, time.Since(began), 5*time.Millisecond)

	b.feedFaults(t, l, control.ChannelFaults{DelayMS: &minute})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.FeedURL, nil)
	require.NoError(t, err)
	_, err = http.DefaultClient.Do(req)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	hanging := make(chan error, 1)
	go func() {
		resp, err := http.Get(l.FeedURL)
		if err == nil {
			_ = resp.Body.Close()
		}
		hanging <- err
	}()
	eventually(t, func() bool {
		state, err := b.control.Listing(t.Context(), l.Channel, l.Listing)
		return err == nil && state.Fetches.Count == 4
	})
	b.stop()
	require.Error(t, <-hanging, "ends with the sandbox")
}

func TestAGzipBomb(t *testing.T) {
	t.Parallel()
	b := start(t)
	l, _ := b.troubled(t, control.ChannelAirbnb)
	bomb := "gzip_bomb"
	b.feedFaults(t, l, control.ChannelFaults{Body: &bomb})
	got := b.feed(t, l, "Accept-Encoding", "gzip")
	require.Equal(t, "gzip", got.header.Get("Content-Encoding"))
	require.Less(t, len(got.raw), 1<<20)
	unpacked, err := gzip.NewReader(strings.NewReader(got.raw))
	require.NoError(t, err)
	n, err := io.Copy(io.Discard, unpacked)
	require.NoError(t, err)
	require.Greater(t, n, int64(64<<20))
}

func TestUIDsChurn(t *testing.T) {
	t.Parallel()
	for _, channel := range []string{control.ChannelAirbnb, control.ChannelBooking, control.ChannelVrbo, control.ChannelExpedia, control.ChannelGoogle} {
		t.Run(channel, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			l, _ := b.troubled(t, channel)
			good := b.feed(t, l).raw
			on := true
			b.feedFaults(t, l, control.ChannelFaults{UIDChurn: &on})
			first, second := b.feed(t, l).raw, b.feed(t, l).raw
			require.Equal(t, spans(good), spans(first))
			require.Equal(t, spans(good), spans(second))
			seen := map[string]bool{}
			for _, uid := range append(append(uids(good), uids(first)...), uids(second)...) {
				require.False(t, seen[uid], uid)
				seen[uid] = true
			}
			require.Len(t, uids(first), len(uids(good)))
			letters := regexp.MustCompile(`[0-9a-v]`)
			for i, uid := range uids(first) {
				form, _, domain := strings.Cut(uids(good)[i], "@")
				require.Equal(t, domain, strings.Contains(uid, "@"))
				if channel != control.ChannelExpedia {
					other, _, _ := strings.Cut(uid, "@")
					require.Equal(t, letters.ReplaceAllString(form, "x"), letters.ReplaceAllString(other, "x"))
				}
			}
		})
	}
}

func TestUnchangedFeedsAnswer304(t *testing.T) {
	t.Parallel()
	b := start(t)
	l, first := b.troubled(t, control.ChannelAirbnb)
	require.Empty(t, b.feed(t, l).header.Get("ETag"), "not unless it is switched on")
	for validators, header := range map[string][2]string{"etag": {"ETag", "If-None-Match"}, "last_modified": {"Last-Modified", "If-Modified-Since"}} {
		b.feedFaults(t, l, control.ChannelFaults{Validators: &validators})
		got := b.feed(t, l)
		mark := got.header.Get(header[0])
		require.NotEmpty(t, mark)
		b.clock.Advance(time.Minute)
		same := b.feed(t, l, header[1], mark)
		require.Equal(t, http.StatusNotModified, same.status)
		require.Empty(t, same.raw)
		require.NotEqual(t, got.raw, b.feed(t, l).raw, "DTSTAMP is the time of the fetch")
		for _, out := range []string{"2027-01-14", "2027-01-15"} {
			_, err := b.control.ChangeBooking(t.Context(), first.ID, control.ChannelStayChange{CheckOut: out})
			require.NoError(t, err)
			changed := b.feed(t, l, header[1], mark)
			require.Equal(t, http.StatusOK, changed.status)
			mark = changed.header.Get(header[0])
		}
	}
}

func TestASpoiledFeedHasTheValidatorsOfTheGoodOne(t *testing.T) {
	t.Parallel()
	b := start(t)
	l, _ := b.troubled(t, control.ChannelAirbnb)
	etag, truncated, once := "etag", "truncated", ""
	b.feedFaults(t, l, control.ChannelFaults{Validators: &etag, Body: &truncated})
	got := b.feed(t, l)
	require.NotContains(t, got.raw, "END:VCALENDAR")
	require.Equal(t, http.StatusOK, b.feed(t, l, "If-None-Match", got.header.Get("ETag")).status)
	b.feedFaults(t, l, control.ChannelFaults{Body: &once})
	require.Equal(t, http.StatusNotModified, b.feed(t, l, "If-None-Match", got.header.Get("ETag")).status)
}

func TestClocksAreSkewed(t *testing.T) {
	t.Parallel()
	b := start(t)
	l, _ := b.troubled(t, control.ChannelBooking)
	both, back := "both", -3_600_000
	b.feedFaults(t, l, control.ChannelFaults{Validators: &both, ClockSkewMS: &back})
	got := b.feed(t, l)
	require.Contains(t, got.raw, "DTSTAMP:20270110T140000Z")
	require.Equal(t, "Sun, 10 Jan 2027 14:00:00 GMT", got.header.Get("Last-Modified"))
}

func TestFeedsNeedTheirToken(t *testing.T) {
	t.Parallel()
	b := start(t)
	l, _ := b.troubled(t, control.ChannelAirbnb)
	path, _, _ := strings.Cut(strings.TrimPrefix(l.FeedURL, b.url), "?")
	for _, wrong := range []string{path, path + "?token=wrong", "/ota/airbnb/other.ics?token=x", "/ota/vrbo/Los_Cipreses.ics?token=x", "/ota/airbnb/Los_Cipreses?token=x"} {
		require.Equal(t, http.StatusNotFound, b.call(t, http.MethodGet, wrong, "", nil).status)
	}
}

func TestChannelFaultsAreChecked(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.troubled(t, control.ChannelAirbnb)
	for _, wrong := range []object{
		{"channel": "hotels"}, {"channel": "vrbo"}, {"channel": "airbnb", "listing": "other"}, {"channel": "airbnb", "body": "odd"},
		{"channel": "airbnb", "status": 200}, {"channel": "airbnb", "redirect": "nowhere"}, {"channel": "airbnb", "validators": "all"},
		{"channel": "airbnb", "next": -1}, {"channel": "airbnb", "unknown": true},
	} {
		got := b.call(t, http.MethodPost, "/control/channels/faults", "", wrong)
		require.Containsf(t, []int{http.StatusBadRequest, http.StatusNotFound}, got.status, "%v", wrong)
		require.NotEmpty(t, got.body["error"])
	}
}
