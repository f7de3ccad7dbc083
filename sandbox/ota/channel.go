package ota

import (
	"fmt"
	"slices"
	"time"

	"cabanas/sandbox/control"
)

// trait is what tells one channel from another. The addresses and formats are those of contracts D1 to D4; how the channels name
// themselves when they fetch is not documented by them.
type trait struct {
	pace   time.Duration // how often it imports
	agent  string        // its User-Agent
	domain string        // behind its UIDs
	window int           // days that are sold ahead; 0 has no end
	merge  bool          // closed nights that touch are one event
	admin  bool          // feeds are handed out under an address that redirects
	open   bool          // nothing is refused: the owner writes it by hand
}

var traits = map[string]trait{
	control.ChannelAirbnb:  {pace: 2 * time.Hour, agent: "Airbnb-Calendar-Importer/1.0", domain: "@airbnb.com", window: 330},
	control.ChannelBooking: {pace: time.Hour, agent: "Booking.com-iCal-Importer/1.0", domain: "@booking.com", window: 365, merge: true, admin: true},
	control.ChannelVrbo:    {pace: 3 * time.Hour, agent: "Vrbo-HomeAway-Calendar-Importer/1.0"},
	control.ChannelExpedia: {pace: 3 * time.Hour, agent: "Expedia-Calendar-Importer/1.0", domain: "@expedia.com"},
	control.ChannelGoogle:  {pace: 3 * time.Hour, agent: "Google-Calendar-Importer", domain: "@google.com", open: true},
}

var channels = []string{
	control.ChannelAirbnb, control.ChannelBooking, control.ChannelVrbo, control.ChannelExpedia, control.ChannelGoogle,
}

func checkChannel(name string) error {
	if !slices.Contains(channels, name) {
		return fmt.Errorf("%q is not a channel: airbnb, booking, vrbo, expedia, google", name)
	}
	return nil
}

// now is a channel's own time: the sandbox's, on the day that was set for the channel.
func (s *Server) now(channel string) time.Time {
	now := s.o.Clock().UTC()
	set, ok := s.days[channel]
	if !ok {
		return now
	}
	local := now.In(listingZone)
	sinceMidnight := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute +
		time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
	return set.start().Add(3*time.Hour + sinceMidnight)
}

func (s *Server) today(channel string) day { return dayOf(s.now(channel).In(listingZone)) }
