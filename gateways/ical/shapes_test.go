package ical

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFeedsOfTheSites(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		prodID string
		events []string
	}{
		"airbnb_legacy.ics": {"-//Airbnb Inc//Hosting Calendar 0.8.8//EN", []string{
			"1418fb94e984-0f5b3f0c2a1d4e6f8091a2b3c4d5e6f7@airbnb.com 2026-12-20..2026-12-24",
			"7f662ec65913-11223344556677889900aabbccddeeff@airbnb.com 2027-01-05..2027-01-09",
		}},
		"airbnb.ics": {"-//Airbnb Inc//Hosting Calendar 1.0//EN", []string{
			"1418fb94e984-0f5b3f0c2a1d4e6f8091a2b3c4d5e6f7@airbnb.com 2026-12-20..2026-12-24",
			"6fec1092d3fa-11223344556677889900aabbccddeeff@airbnb.com 2027-11-21..2027-11-22",
		}},
		"booking.ics": {"-//admin.booking.com, b.v.//NONSGML v1.0//EN", []string{
			"0f5b3f0c2a1d4e6f8091a2b3c4d5e6f7@booking.com 2026-12-20..2026-12-24",
			"aa5b3f0c2a1d4e6f8091a2b3c4d5e6f7@booking.com 2027-03-17..2027-09-16",
		}},
		"vrbo.ics": {"-//HomeAway.com, Inc.//EN", []string{
			"6f3a1c52-9b1e-4c7d-8a55-0c1d2e3f4a5b 2026-12-20..2026-12-24",
			"7f3a1c52-9b1e-4c7d-8a55-0c1d2e3f4a5b 2027-01-05..2027-01-09",
			"20270201-20270203 2027-02-01..2027-02-03",
		}},
		"expedia.ics": {"-//Expedia//EN", []string{
			"1234567890@expedia.com 2026-12-20..2026-12-21", "1234567891@expedia.com 2026-12-21..2026-12-22",
		}},
		"google.ics": {"-//Google Inc//Google Calendar 70.9054//EN", []string{
			"utc@google.com 2026-12-20..2026-12-24", "weekends@google.com/20270108 2027-01-08..2027-01-10",
			"weekends@google.com/20270115 2027-01-16..2027-01-17", "off@google.com 2027-02-01..2027-02-02 x",
		}},
	}
	files, err := filepath.Glob("testdata/feeds/*.ics")
	require.NoError(t, err)
	require.Len(t, files, len(tests))
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := os.ReadFile(filepath.Join("testdata", "feeds", name))
			require.NoError(t, err)
			feed, err := Parse(body, reading())
			require.NoError(t, err)
			require.Empty(t, feed.Problems)
			require.Equal(t, test.prodID, feed.ProdID)
			require.Equal(t, test.events, told(feed.Events))
		})
	}
}
