package ical

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
)

// FuzzParse: whatever comes, it is an answer in the promised form, and the same one each time.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/feeds/*.ics")
	require.NoError(f, err)
	for _, name := range files {
		body, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(body)
	}
	f.Add(calendar(vevent("UID:a", "DTSTART:20261204", "RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE:20261211", "RDATE:20261225")))
	f.Add(calendar(vevent("DTSTART;TZID=\"Nowhere\":20261204T100000", "DURATION:P1DT2H", "junk")))
	f.Fuzz(func(t *testing.T, body []byte) {
		feed, err := Parse(body, reading())
		if err != nil {
			require.NotEmpty(t, ReasonOf(err))
			require.Empty(t, feed.Events)
			return
		}
		again, err := Parse(body, reading())
		require.NoError(t, err)
		require.Equal(t, feed, again)
		seen := make(map[string]bool)
		for _, event := range feed.Events {
			require.NotEmpty(t, event.UID)
			require.True(t, event.Start.Before(event.End))
			require.False(t, seen[event.UID], event.UID)
			seen[event.UID] = true
		}
	})
}

// FuzzRoundTrip: what we write is read unchanged, by us and by others.
func FuzzRoundTrip(f *testing.F) {
	f.Add("Cabaña", "a@cabanas.example", "Reservado", uint16(100), uint8(4), 1)
	f.Add("", "ñ;,\\", "very long "+string(make([]byte, 100))+"\r\n<b>", uint16(0), uint8(1), 0)
	f.Fuzz(func(t *testing.T, name, uid, summary string, day uint16, nights uint8, sequence int) {
		if clean(uid) == "" || len(clean(uid)) > longestUID {
			return
		}
		start := booking.MustDate("2026-01-01").AddDays(int(day) % 20_000)
		requireRoundTrip(t, Calendar{
			Name: name, ProdID: "-//Cabanas//Calendar//ES", Refresh: time.Hour,
			Events: []ExportEvent{{
				UID: uid, Summary: summary, Start: start, End: start.AddDays(1 + int(nights)),
				Stamp: time.Unix(int64(day)*1000, 0), Sequence: sequence,
			}},
		})
	})
}
