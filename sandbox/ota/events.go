package ota

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cabanas/sandbox/control"
)

// event is one VEVENT of a feed.
type event struct {
	uid         string
	summary     string
	description string
	organizer   bool
	stay        span
	of          *booking // nil of a block
}

// Airbnb's UIDs begin with what they are of.
const (
	airbnbReservation = "1418fb94e984-"
	airbnbBlock       = "7f662ec65913-"
	airbnbDerived     = "6fec1092d3fa-" // nights that no one closed by hand
)

// events is what the channel publishes on a day: its reservations, then its blocks.
func (l *listing) events(today day) []event {
	var all []event
	for _, b := range l.bookings {
		if b.Kind != kindClosed || l.trait().open {
			all = append(all, l.reservation(b, today))
		}
	}
	if !l.Settings.ReservedOnly && !l.trait().open {
		all = append(all, l.blocks(today)...)
	}
	all = slices.DeleteFunc(all, func(e event) bool { return l.gone(e, today) })
	if l.Settings.Channel == control.ChannelExpedia {
		all = nightByNight(all, today)
	}
	slices.SortStableFunc(all, func(a, b event) int { return cmp.Compare(a.stay.From, b.stay.From) })
	return all
}

// gone says whether an event is over: dropped the day after its end, at Booking.com on that day, and by Google never.
func (l *listing) gone(e event, today day) bool {
	switch {
	case l.trait().open:
		return false
	case l.Settings.Channel == control.ChannelBooking:
		return e.stay.To <= today
	default:
		return e.stay.To < today
	}
}

func (l *listing) reservation(b *booking, today day) event {
	e := event{uid: b.UID, stay: b.Stay, of: b}
	switch l.Settings.Channel {
	case control.ChannelAirbnb:
		e.summary = "Reserved"
		e.description = `Reservation URL: https://www.airbnb.com/hosting/reservations/details/` + b.ID
		if l.Settings.Legacy {
			e.description = `Reservation URL: https://www.airbnb.com/reservation/itinerary?code=` + b.ID
		}
		e.description += `\nPhone Number (Last 4 Digits): ` + lastDigits(b)
	case control.ChannelBooking:
		e = l.inProgress(e, today)
		e.summary = "CLOSED - Not available"
		if l.Settings.Legacy && b.Guest != "" {
			e.summary = "CLOSED - " + escape(b.Guest)
		}
		e.organizer = strings.HasPrefix(b.UID, "0") // in one of ten, without a rule that anybody has seen
	case control.ChannelVrbo:
		e.summary = vrboSummary(l.Settings.Language, b.Kind, b.Guest)
	case control.ChannelExpedia:
		e.summary, e.description = "Reserved on Expedia", "Reserved by "+escape(b.Guest)
	default:
		e.summary = escape(cmp.Or(b.Guest, "Ocupado"))
	}
	return e
}

// inProgress begins an event of Booking.com today when it began before: with a new UID every day and the same end.
func (l *listing) inProgress(e event, today day) event {
	if e.stay.From < today && today < e.stay.To {
		e.stay.From = today
		e.uid = hash(e.uid, today.String())[:32] + l.trait().domain
	}
	return e
}

// blocks are the nights that are closed without a reservation. Imported ones are the channel's own from now on.
func (l *listing) blocks(today day) []event {
	type piece struct {
		span

		derived bool
	}
	var pieces []piece
	reserved, upTo := l.reserved(), day(0) // closures come in order: what begins before upTo is a block already
	for _, c := range l.closures(today) {
		if c.by != nil && c.by.Kind != kindClosed {
			continue
		}
		derived := c.why == whyPreparation || c.why == whyNotice || c.why == whyWindow
		if rest := (span{max(c.From, upTo), c.To}); rest.From < rest.To {
			for _, left := range rest.without(reserved) {
				pieces = append(pieces, piece{left, derived})
			}
			upTo = c.To
		}
	}
	merge := l.trait().merge
	if l.Settings.MergeBlocks != nil {
		merge = *l.Settings.MergeBlocks
	}
	var found []event
	for i, p := range pieces {
		if last := len(found) - 1; merge && i > 0 && found[last].stay.To == p.From {
			found[last].stay.To = p.To
			found[last].uid = l.blockUID(found[last].stay, false)
			continue
		}
		found = append(found, event{uid: l.blockUID(p.span, p.derived), summary: l.blockSummary(), stay: p.span})
	}
	for i := range found {
		if l.Settings.Channel == control.ChannelBooking {
			found[i] = l.inProgress(found[i], today)
		}
	}
	return found
}

// blockUID is made of the dates alone: other dates are another block.
func (l *listing) blockUID(s span, derived bool) string {
	id := hash(l.Token, s.From.String(), s.To.String())
	switch l.Settings.Channel {
	case control.ChannelAirbnb:
		prefix := airbnbBlock
		if derived {
			prefix = airbnbDerived
		}
		return prefix + id[:32] + l.trait().domain
	case control.ChannelVrbo:
		return uuidOf(id)
	default:
		return id[:32] + l.trait().domain
	}
}

func (l *listing) blockSummary() string {
	switch l.Settings.Channel {
	case control.ChannelAirbnb:
		if l.Settings.Legacy {
			return "Not available"
		}
		return "Airbnb (Not available)"
	case control.ChannelBooking:
		return "CLOSED - Not available"
	case control.ChannelVrbo:
		return vrboSummary(l.Settings.Language, kindClosed, "")
	default:
		return "Unavailable on Expedia"
	}
}

// vrboSummary follows the host's language. The English word for a request was not seen in a feed.
func vrboSummary(language, kind, guest string) string {
	words := map[string]string{kindReservation: "Reserved", kindTentative: "Tentative", kindClosed: "Blocked"}
	if language == "fr" {
		words = map[string]string{kindReservation: "Réservée", kindTentative: "Provisoire", kindClosed: "Indisponible"}
	}
	if guest == "" || kind == kindClosed {
		return words[kind]
	}
	return words[kind] + " - " + escape(guest)
}

// nightByNight is how Expedia publishes: every night is an event of its own.
func nightByNight(all []event, today day) []event {
	var nights []event
	for _, e := range all {
		for d := max(e.stay.From, today); d < e.stay.To; d++ {
			night := e
			night.stay = span{d, d + 1}
			night.uid = digits(hash(e.uid, d.String())) + traits[control.ChannelExpedia].domain
			nights = append(nights, night)
		}
	}
	return nights
}

// newUID is the UID of a booking for as long as it lives, wherever it is moved.
func (l *listing) newUID(id string) string {
	h := hash(l.Token, id)
	switch l.Settings.Channel {
	case control.ChannelAirbnb:
		return airbnbReservation + h[:32] + l.trait().domain
	case control.ChannelVrbo:
		return uuidOf(h)
	case control.ChannelGoogle:
		return googleID(h) + l.trait().domain
	default:
		return h[:32] + l.trait().domain
	}
}

// otherUID is what a UID becomes when the channel makes all of them anew: of the same form, and never the same.
func otherUID(uid, salt string) string {
	h := hash(uid, salt)
	name, domain, found := strings.Cut(uid, "@")
	switch {
	case !found:
		return uuidOf(h)
	case domain == "expedia.com":
		return digits(h) + "@" + domain
	case domain == "google.com":
		return googleID(h) + "@" + domain
	}
	if prefix, _, ok := strings.Cut(name, "-"); ok {
		return prefix + "-" + h[:32] + "@" + domain
	}
	return h[:32] + "@" + domain
}

func hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

func uuidOf(h string) string {
	return fmt.Sprintf("%s-%s-4%s-8%s-%s", h[0:8], h[8:12], h[13:16], h[17:20], h[20:32])
}

func digits(h string) string {
	raw, _ := hex.DecodeString(h[:16])
	return strconv.FormatUint(binary.BigEndian.Uint64(raw)%1e12, 10)
}

func googleID(h string) string {
	raw, _ := hex.DecodeString(h[:32])
	return strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(raw))
}

func lastDigits(b *booking) string {
	var kept []byte
	for i := range len(b.Phone) {
		if c := b.Phone[i]; c >= '0' && c <= '9' {
			kept = append(kept, c)
		}
	}
	if len(kept) >= 4 {
		return string(kept[len(kept)-4:])
	}
	d := digits(hash(b.ID)) + "0000"
	return d[:4]
}

var escapes = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r", "", "\n", `\n`)

// escape writes free text as a TEXT value.
func escape(text string) string { return escapes.Replace(text) }
