package activities

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
)

func TestAPullCountsForWhoeverLearnsFromIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		channel booking.Channel
		agent   string
		looks   string
		counts  booking.Channel
	}{
		{booking.ChannelAirbnb, "Airbnb-Calendar-Importer/1.0", "airbnb", booking.ChannelAirbnb},
		{booking.ChannelBooking, "Booking.com-iCal-Importer/1.0", "booking", booking.ChannelBooking},
		{"vrbo", "Vrbo-HomeAway-Calendar-Importer/1.0", "vrbo", "vrbo"},
		{"vrbo", "Expedia-Calendar-Importer/1.0", "expedia", "vrbo"},
		{booking.ChannelOther, "Google-Calendar-Importer", "google", booking.ChannelOther},
		{booking.ChannelOther, "Airbnb-Calendar-Importer/1.0", "airbnb", booking.ChannelOther},
		{booking.ChannelBooking, "Airbnb-Calendar-Importer/1.0", "airbnb", ""},
		{booking.ChannelBooking, "Go-http-client/1.1", "", booking.ChannelBooking},
		{booking.ChannelBooking, "", "", booking.ChannelBooking},
		{booking.ChannelBooking, "Mozilla/5.0 (compatible; SomeImporter/2.0)", "", booking.ChannelBooking},
		{booking.ChannelAirbnb, "Mozilla/5.0 (Macintosh) AppleWebKit/605 Safari/605", "browser", ""},
		{booking.ChannelOther, "curl/8.5.0", "tool", ""},
	} {
		looks := pullerOf(c.agent)
		require.Equal(t, c.looks, looks, c.agent)
		require.Equal(t, c.counts, countsFor(c.channel, looks), c.agent)
	}
}
