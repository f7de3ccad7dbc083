package ota

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"cabanas/sandbox/control"
)

func (s *Server) controlSell(w http.ResponseWriter, r *http.Request) {
	var in control.ChannelStay
	if err := control.Read(w, r, &in); err != nil {
		fail(w, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.sell(in)
	if err != nil {
		fail(w, err)
		return
	}
	control.Write(w, http.StatusOK, b.view())
}

func (s *Server) sell(in control.ChannelStay) (*booking, error) {
	l, err := s.find(in.Channel, in.Listing)
	if err != nil {
		return nil, err
	}
	b, err := newBooking(in)
	if err != nil {
		return nil, err
	}
	if !in.Force {
		if err := l.sellable(b.Stay, nil, s.today(in.Channel)); err != nil {
			return nil, err
		}
	}
	for b.ID == "" || s.bookings[b.ID] != nil {
		b.ID = s.bookingID(in.Channel)
	}
	b.UID, b.SoldAt = l.newUID(b.ID), s.now(in.Channel)
	l.bookings = append(l.bookings, b)
	s.bookings[b.ID] = b
	s.o.Journal.Put(kindBooking, b.ID, b)
	return b, nil
}

func (s *Server) controlMove(w http.ResponseWriter, r *http.Request) {
	var in control.ChannelStayChange
	if err := control.Read(w, r, &in); err != nil {
		fail(w, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.move(r.PathValue("id"), in)
	if err != nil {
		fail(w, err)
		return
	}
	control.Write(w, http.StatusOK, b.view())
}

// move keeps the UID, as the channels do.
func (s *Server) move(id string, in control.ChannelStayChange) (*booking, error) {
	b := s.bookings[id]
	if b == nil {
		return nil, fmt.Errorf("%w: the booking %s", errNotFound, id)
	}
	stay := b.Stay
	for _, change := range []struct {
		to   *day
		text string
	}{{&stay.From, in.CheckIn}, {&stay.To, in.CheckOut}} {
		if change.text == "" {
			continue
		}
		var err error
		if *change.to, err = parseDay(change.text); err != nil {
			return nil, err
		}
	}
	if stay.To <= stay.From && b.Times == nil || stay.To < stay.From {
		return nil, fmt.Errorf("check_out is not after check_in")
	}
	l, err := s.find(b.Channel, b.Listing)
	if err != nil {
		return nil, err
	}
	if !in.Force {
		if err := l.sellable(stay, b, s.today(b.Channel)); err != nil {
			return nil, err
		}
	}
	b.Stay = stay
	s.o.Journal.Put(kindBooking, b.ID, b)
	return b, nil
}

func (s *Server) controlCancel(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.bookings[r.PathValue("id")]
	if b == nil {
		fail(w, fmt.Errorf("%w: the booking %s", errNotFound, r.PathValue("id")))
		return
	}
	if l := s.listings[key(b.Channel, b.Listing)]; l != nil {
		l.bookings = slices.DeleteFunc(l.bookings, func(other *booking) bool { return other == b })
	}
	delete(s.bookings, b.ID)
	s.o.Journal.Delete(kindBooking, b.ID)
	w.WriteHeader(http.StatusNoContent)
}

// newBooking reads what is sold; its ID, UID and time of sale are still to be given.
func newBooking(in control.ChannelStay) (*booking, error) {
	b := &booking{ChannelStay: in}
	b.ID, b.ChannelStay.UID, b.Force = "", "", false
	if b.Kind == "" {
		b.Kind = kindReservation
	}
	switch {
	case b.Kind != kindReservation && b.Kind != kindClosed && b.Kind != kindTentative:
		return nil, fmt.Errorf("kind must be reservation, closed or tentative")
	case b.Kind == kindTentative && in.Channel != control.ChannelVrbo:
		return nil, fmt.Errorf("only vrbo has tentative bookings")
	case strings.ContainsAny(in.Repeat, "\r\n"):
		return nil, fmt.Errorf("repeat is one line")
	}
	var err error
	if b.Stay, err = readSpan(in.CheckIn, in.CheckOut, in.CheckInTime != ""); err != nil {
		return nil, err
	}
	if in.Channel != control.ChannelGoogle {
		if in.CheckInTime+in.CheckOutTime+in.TimeForm+in.Repeat != "" || len(in.Except)+len(in.Moved) > 0 {
			return nil, fmt.Errorf("only google has times and repetitions")
		}
		return b, nil
	}
	return b, b.readTimes()
}

func (b *booking) readTimes() error {
	if (b.CheckInTime == "") != (b.CheckOutTime == "") {
		return fmt.Errorf("check_in_time and check_out_time go together")
	}
	if b.CheckInTime != "" {
		from, err := parseClock(b.CheckInTime)
		if err != nil {
			return err
		}
		to, err := parseClock(b.CheckOutTime)
		if err != nil {
			return err
		}
		if b.Stay.From == b.Stay.To && to <= from {
			return fmt.Errorf("check_out_time is not after check_in_time")
		}
		b.Times = &[2]clock{from, to}
	}
	switch b.TimeForm {
	case "tzid":
		b.TimeForm = ""
	case "", "utc", "floating", "windows":
	default:
		return fmt.Errorf("time_form must be tzid, utc, floating or windows")
	}
	for _, text := range b.Except {
		d, err := parseDay(text)
		if err != nil {
			return err
		}
		b.Out = append(b.Out, d)
	}
	for _, m := range b.Moved {
		from, err := parseDay(m.From)
		if err != nil {
			return err
		}
		stay, err := readSpan(m.CheckIn, m.CheckOut, b.Times != nil)
		if err != nil {
			return err
		}
		b.Moves = append(b.Moves, moved{from, stay})
	}
	return nil
}

// readSpan reads two days; an event with times can end on the day it begins.
func readSpan(checkIn, checkOut string, sameDay bool) (span, error) {
	from, err := parseDay(checkIn)
	if err != nil {
		return span{}, fmt.Errorf("check_in: %w", err)
	}
	to, err := parseDay(checkOut)
	if err != nil {
		return span{}, fmt.Errorf("check_out: %w", err)
	}
	if to < from || to == from && !sameDay {
		return span{}, fmt.Errorf("check_out is not after check_in")
	}
	return span{from, to}, nil
}

const (
	letters = "ABCDEFGHJKMNPQRSTWXYZ"
	numbers = "0123456789"
)

// bookingID is a confirmation code in the channel's own form.
func (s *Server) bookingID(channel string) string {
	switch channel {
	case control.ChannelAirbnb:
		return "HM" + s.code(letters+numbers, 8)
	case control.ChannelBooking:
		return s.code(numbers[1:], 1) + s.code(numbers, 9)
	case control.ChannelVrbo:
		return "HA-" + s.code(letters+numbers, 6)
	default:
		return s.code(numbers[1:], 1) + s.code(numbers, 11)
	}
}

func (b *booking) view() control.ChannelStay {
	v := b.ChannelStay
	v.UID, v.CheckIn, v.CheckOut = b.UID, b.Stay.From.String(), b.Stay.To.String()
	return v
}
