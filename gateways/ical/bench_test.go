package ical

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/stretchr/testify/require"

	"cabanas/booking"
)

const benchEvents = 200

// airbnbLike is a feed of so many reservations, written as Airbnb does.
func airbnbLike(events int) []byte {
	var text strings.Builder
	text.WriteString("BEGIN:VCALENDAR\r\nPRODID:-//Airbnb Inc//Hosting Calendar 1.0//EN\r\nCALSCALE:GREGORIAN\r\nVERSION:2.0\r\n")
	start := booking.MustDate("2026-12-01")
	for n := range events {
		first := start.AddDays(n * 5)
		fmt.Fprintf(&text, "BEGIN:VEVENT\r\nDTSTAMP:20261122T071500Z\r\nDTSTART;VALUE=DATE:%s\r\nDTEND;VALUE=DATE:%s\r\nSUMMARY:Reserved\r\n"+
			"UID:1418fb94e984-%032x@airbnb.com\r\nDESCRIPTION:Reservation URL: https://www.airbnb.com/hosting/reservations/de\r\n"+
			" tails/HMABCDEF12\\nPhone Number (Last 4 Digits): 1234\r\nEND:VEVENT\r\n",
			first.Time().Format("20060102"), first.AddDays(4).Time().Format("20060102"), n)
	}
	text.WriteString("END:VCALENDAR\r\n")
	return []byte(text.String())
}

func BenchmarkParse(b *testing.B) {
	body := airbnbLike(benchEvents)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		feed, err := Parse(body, reading())
		if err != nil || len(feed.Events) != benchEvents {
			b.Fatal(err, len(feed.Events))
		}
	}
}

// BenchmarkPlainLibrary is golang-ical alone: no checks of the body, no digest, only dates.
func BenchmarkPlainLibrary(b *testing.B) {
	body := airbnbLike(benchEvents)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if nights := plainLibrary(b, body); nights != 4*benchEvents {
			b.Fatal(nights)
		}
	}
}

// BenchmarkGuardAndLibrary is the least that a guard in front of golang-ical would do: cut the body into lines, write them
// anew as the library wants them, and let it read these.
func BenchmarkGuardAndLibrary(b *testing.B) {
	body := airbnbLike(benchEvents)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if nights := plainLibrary(b, normalised(body)); nights != 4*benchEvents {
			b.Fatal(nights)
		}
	}
}

func normalised(body []byte) []byte {
	out := make([]byte, 0, len(body))
	all := newLines(body)
	for line, more := all.next(); more; line, more = all.next() {
		if line.junk {
			continue
		}
		out = append(out, bytes.ToUpper(line.name)...)
		if len(line.params) > 0 {
			out = append(append(out, ';'), line.params...)
		}
		out = append(append(append(out, ':'), line.value...), "\r\n"...)
	}
	return out
}

func plainLibrary(b *testing.B, body []byte) int {
	b.Helper()
	read, err := ics.ParseCalendar(bytes.NewReader(body))
	require.NoError(b, err)
	nights := 0
	for _, event := range read.Events() {
		start, err := event.GetAllDayStartAt()
		require.NoError(b, err)
		end, err := event.GetAllDayEndAt()
		require.NoError(b, err)
		nights += int(end.Sub(start) / (24 * time.Hour))
	}
	return nights
}

// BenchmarkWrite is an export of 5,000 bookings.
func BenchmarkWrite(b *testing.B) {
	calendar := Calendar{Name: "Cabaña", ProdID: "-//Cabanas//Calendar//ES", Refresh: 15 * time.Minute}
	start := booking.MustDate("2026-12-01")
	for n := range 5000 {
		first := start.AddDays(n)
		calendar.Events = append(calendar.Events, ExportEvent{
			UID: fmt.Sprintf("%036d@cabanas.example", n), Summary: "Reservado", Start: first, End: first.AddDays(1), Stamp: time.Unix(int64(n), 0),
		})
	}
	b.ReportAllocs()
	for b.Loop() {
		if len(Write(calendar)) == 0 {
			b.Fatal("nothing written")
		}
	}
}
