package ota

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf16"

	"cabanas/sandbox/control"
)

// faults is what is switched on for one listing's feed.
type faults struct {
	next          int // fetches until all ends; 0 has no end
	body          string
	bookings      []string
	status        int
	retryAfter    int
	redirect      string
	hops          int
	delay         time.Duration
	trickle       time.Duration
	churn         bool
	etag, lastMod bool
	skew          time.Duration
}

// The bodies that faults publish instead of the truth.
const (
	bodyEmpty     = "empty"
	bodyHTML      = "html"
	bodyTruncated = "truncated"
	bodyCut       = "cut"
	bodyHuge      = "huge"
	bodyGzipBomb  = "gzip_bomb"
	bodyNoEvents  = "no_events"
	bodyShrunk    = "shrunk"
	bodyVanished  = "vanished"
	bodyJunkLine  = "junk_line"
	bodyBadEvent  = "bad_event"
	bodyNonUTF8   = "non_utf8"
	bodyCharset   = "other_charset"
)

var bodies = []string{
	"", bodyEmpty, bodyHTML, bodyTruncated, bodyCut, bodyHuge, bodyGzipBomb, bodyNoEvents, bodyShrunk, bodyVanished, bodyJunkLine,
	bodyBadEvent, bodyNonUTF8, bodyCharset,
}

// elsewhere is where the named redirects lead: nothing there may be asked.
var elsewhere = map[string]string{
	"private":    "http://10.0.0.1/calendar.ics",
	"link_local": "http://169.254.169.254/latest/meta-data/",
	"loopback":   "http://127.0.0.1:1/calendar.ics",
}

const loop = "loop"

func checkFaults(f control.ChannelFaults) error {
	if f.Body != nil && !slices.Contains(bodies, *f.Body) {
		return fmt.Errorf("body: %q is not one of %s", *f.Body, strings.Join(bodies[1:], ", "))
	}
	if f.Validators != nil && !slices.Contains([]string{"none", "etag", "last_modified", "both"}, *f.Validators) {
		return fmt.Errorf("validators must be none, etag, last_modified or both")
	}
	if f.Status != nil && *f.Status != 0 && (*f.Status < 400 || *f.Status > 599) {
		return fmt.Errorf("%d is not the status of a failure", *f.Status)
	}
	if f.Redirect != nil && *f.Redirect != "" && *f.Redirect != loop && elsewhere[*f.Redirect] == "" {
		if u, err := url.Parse(*f.Redirect); err != nil || u.Scheme == "" {
			return fmt.Errorf("redirect must be private, link_local, loopback, loop or a URL")
		}
	}
	for _, n := range []*int{f.Next, f.RetryAfter, f.Hops, f.DelayMS, f.TrickleMS} {
		if n != nil && *n < 0 {
			return fmt.Errorf("next, retry_after, hops, delay_ms and trickle_ms are not negative")
		}
	}
	return nil
}

func (f *faults) set(in control.ChannelFaults) {
	take(&f.next, in.Next)
	take(&f.body, in.Body)
	take(&f.bookings, in.Bookings)
	take(&f.status, in.Status)
	take(&f.retryAfter, in.RetryAfter)
	take(&f.redirect, in.Redirect)
	take(&f.hops, in.Hops)
	take(&f.churn, in.UIDChurn)
	takeDuration(&f.delay, in.DelayMS)
	takeDuration(&f.trickle, in.TrickleMS)
	takeDuration(&f.skew, in.ClockSkewMS)
	if in.Validators != nil {
		f.etag = *in.Validators == "etag" || *in.Validators == "both"
		f.lastMod = *in.Validators == "last_modified" || *in.Validators == "both"
	}
}

// spend counts a fetch that met the faults.
func (f *faults) spend() {
	if f.next == 0 {
		return
	}
	if f.next--; f.next == 0 {
		*f = faults{}
	}
}

// shownEvents is what of the events the faults let through.
func (f *faults) shownEvents(events []event, fetch int) []event {
	switch f.body {
	case bodyNoEvents:
		return nil
	case bodyShrunk:
		return events[:min(1, len(events))]
	case bodyVanished:
		events = slices.DeleteFunc(slices.Clone(events), func(e event) bool {
			return e.of != nil && (len(f.bookings) == 0 || slices.Contains(f.bookings, e.of.ID))
		})
	case bodyNonUTF8:
		events = slices.Clone(events)
		for i := range events {
			events[i].summary = latin1(events[i].summary + " ñandú")
			events[i].description = latin1(events[i].description)
		}
	}
	if f.churn {
		events = slices.Clone(events)
		for i := range events {
			events[i].uid = otherUID(events[i].uid, fmt.Sprint(fetch))
		}
	}
	return events
}

// junk is what stands among the events.
func (f *faults) junk() []string {
	switch f.body {
	case bodyJunkLine:
		return []string{"this line is not a property"}
	case bodyBadEvent:
		return []string{
			"BEGIN:VEVENT", "DTSTAMP:20261301T000000Z", "DTSTART;VALUE=DATE:20271345", "DTEND;VALUE=DATE:20271346", "UID:bad-event",
			"SUMMARY:Reserved", "END:VEVENT",
		}
	case bodyHuge:
		return slices.Repeat([]string{padding}, hugeSize/len(padding))
	}
	return nil
}

// spoils says whether the body is other than the calendar that the validators stand for; an importer that keeps those of a spoiled
// answer will not see the good one.
func (f *faults) spoils() bool {
	return !slices.Contains([]string{"", bodyNoEvents, bodyShrunk, bodyVanished}, f.body)
}

// spoil changes a finished answer.
func (f *faults) spoil(a *answer) {
	switch f.body {
	case bodyEmpty:
		a.body = nil
	case bodyHTML:
		a.header.Set("Content-Type", "text/html; charset=utf-8")
		a.body = []byte("<!DOCTYPE html>\n<html><head><title>Something went wrong</title></head><body><h1>Please try again later</h1></body></html>\n")
	case bodyTruncated:
		a.body = a.body[:len(a.body)*2/3]
	case bodyCut:
		a.cut = true
	case bodyGzipBomb:
		a.header.Set("Content-Encoding", "gzip")
		a.body = gzipBomb()
	case bodyCharset:
		a.header.Set("Content-Type", "text/calendar; charset=utf-16")
		a.body = utf16With(a.body)
	}
}

const (
	padding  = "X-PADDING:000000000000000000000000000000000000000000000000000000000000000"
	hugeSize = 5 << 20
	bombSize = 64 << 20
)

// gzipBomb is made of gzip members in a row, so that only one has to be packed.
var gzipBomb = sync.OnceValue(func() []byte {
	lines := strings.Repeat(padding+"\r\n", 1<<20/len(padding))
	bomb := packed("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bomb//EN\r\n")
	bomb = append(bomb, bytes.Repeat(packed(lines), bombSize/len(lines)+1)...)
	return append(bomb, packed("END:VCALENDAR\r\n")...)
})

func packed(text string) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	// A bytes.Buffer takes everything.
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return out.Bytes()
}

// latin1 is text in ISO 8859-1, whatever it says of itself.
func latin1(text string) string {
	var out []byte
	for _, r := range text {
		if r > 0xff {
			r = '?'
		}
		out = append(out, byte(r))
	}
	return string(out)
}

func utf16With(text []byte) []byte {
	out := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(string(text))) {
		out = binary.LittleEndian.AppendUint16(out, unit)
	}
	return out
}

func take[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func takeDuration(to *time.Duration, milliseconds *int) {
	if milliseconds != nil {
		*to = time.Duration(*milliseconds) * time.Millisecond
	}
}

// refusing is an answer without a calendar.
func refusing(status int) *answer {
	a := &answer{status: status, header: http.Header{}}
	a.header.Set("Content-Type", "text/html; charset=utf-8")
	a.body = []byte("<html><head><title>" + http.StatusText(status) + "</title></head><body></body></html>\n")
	return a
}
