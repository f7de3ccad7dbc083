package dialogue

import (
	"cmp"
	"net/netip"
	"net/url"
	"strings"

	"cabanas/booking"
	"cabanas/dialogue/understanding"
)

// amenity answers a question about one thing, "tienen wifi?", when it is among what the cabins have; "" leaves it to the whole list.
func (t *turn) amenity() (string, error) {
	places, err := t.facts.Accommodations()
	if err != nil || t.in.Kind == InboundChoice {
		return "", err
	}
	what, asked, with := "", 0, []string{}
	for _, place := range places {
		if t.state.AccommodationID != 0 && place.ID != t.state.AccommodationID {
			continue
		}
		asked++
		for _, amenity := range place.Amenities {
			if t.asksFor(amenity) {
				what = amenity
				with = append(with, shown(place.Name, shortName))
				break
			}
		}
	}
	words := []string{"what", strings.ToLower(shown(what, shortName)), "list", t.texts.listed(with[:min(len(with), mostListed)])}
	switch {
	case len(with) == 0:
		return "", nil
	case len(with) == asked && asked > 1:
		return say(t.texts.AmenityAll, words...), nil
	}
	return say(t.texts.AmenitySome, words...), nil
}

// asksFor reports whether a telling word of an amenity is in the message, by its beginning.
func (t *turn) asksFor(amenity string) bool {
	const telling, beginning = 4, 5
	for _, word := range understanding.Words(amenity) {
		for _, said := range t.words {
			if len(word) >= telling && len(said) >= telling && word[:min(len(word), beginning)] == said[:min(len(said), beginning)] {
				return true
			}
		}
	}
	return false
}

// whereabouts words where the cabins are: one address when they share it.
func (t *turn) whereabouts() (string, error) {
	places, err := t.facts.Accommodations()
	if err != nil {
		return "", err
	}
	shared := map[string]bool{}
	for _, place := range places {
		shared[address(place.Location)] = true
	}
	if len(shared) == 1 && !shared[""] {
		return say(t.texts.HelpLocation, "list", address(places[0].Location)), nil
	}
	return t.perCabin(t.texts.HelpLocation, t.texts.HelpLocationUnknown, func(place booking.Accommodation) string { return address(place.Location) })
}

// pin sends where the cabin being talked about is, else the first that says it.
func (t *turn) pin() error {
	places, err := t.facts.Accommodations()
	if err != nil {
		return err
	}
	for _, place := range places {
		where := place.Location
		if t.state.AccommodationID != 0 && place.ID != t.state.AccommodationID || where.Latitude == 0 && where.Longitude == 0 {
			continue
		}
		t.reply(Reply{Kind: ReplyLocation, Latitude: where.Latitude, Longitude: where.Longitude,
			Name: shown(t.facts.Property().Name, longestName), Address: address(where)})
		return nil
	}
	return nil
}

// arrival tells when and, for who has a confirmed booking ahead, how to get in.
func (t *turn) arrival() (string, error) {
	property := t.facts.Property()
	text := say(t.texts.HelpCheckIn, "checkin", clock(property.CheckInTime), "checkout", clock(property.CheckOutTime))
	bookings, err := t.facts.Bookings()
	if err != nil {
		return "", err
	}
	places, err := t.facts.Accommodations()
	if err != nil {
		return "", err
	}
	for _, b := range bookings {
		for _, place := range places {
			how := instructions(place.CheckInText)
			if b.Status != booking.Confirmed || b.Stay.CheckOut.Before(t.today) || place.ID != b.AccommodationID || how == "" {
				continue
			}
			times := say(t.texts.NoticeCheckTimes, "checkin", clock(property.CheckInTime), "checkout", clock(property.CheckOutTime))
			return say(t.texts.HelpCheckInFull, t.bookingWords(b)...) + "\n" + times + "\n" + how, nil
		}
	}
	return text, nil
}

// instructions is the owner's text on how to get in, as it is sent.
func instructions(text string) string {
	return cut(strings.NewReplacer("{", "(", "}", ")").Replace(strings.TrimSpace(strings.ToValidUTF8(text, ""))), longestInstructions)
}

// photos sends the best picture of each cabin, or those of the one that is named or being talked about.
func (t *turn) photos() (string, error) {
	const mostPhotos = 3
	places, err := t.facts.Accommodations()
	if err != nil {
		return "", err
	}
	about := cmp.Or(t.named(places, false), t.state.AccommodationID)
	sent := 0
	for _, place := range places {
		if about != 0 && place.ID != about {
			continue
		}
		for _, photo := range place.Photos {
			if sent == mostPhotos || !canBeFetched(photo.URL) {
				break
			}
			body := say(t.texts.PhotoCaption, "cabin", shown(place.Name, longestName),
				"capacity", t.people(place.Capacity), "price", t.money(place.Rate.Base))
			if about != 0 && sent > 0 && photo.Caption != "" {
				body = photo.Caption
			}
			t.reply(Reply{Kind: ReplyPicture, LinkURL: photo.URL, Body: body})
			sent++
			if about == 0 {
				break
			}
		}
	}
	if sent == 0 {
		return t.texts.HelpPhotosNone, nil
	}
	return t.texts.HelpPhotos, nil
}

// canBeFetched tells whether a messaging service opens the address: plain http only where it runs on this machine itself, which is
// what the sandbox does.
func canBeFetched(address string) bool {
	at, err := url.Parse(address)
	if err != nil || at.Hostname() == "" {
		return false
	}
	here := at.Hostname() == "localhost"
	if ip, err := netip.ParseAddr(at.Hostname()); err == nil {
		here = ip.IsLoopback()
	}
	return at.Scheme == "https" || at.Scheme == "http" && here
}
