package ota

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"cabanas/sandbox/control"
)

var errNotFound = errors.New("not found")

// fail answers a refused control call.
func fail(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	switch {
	case errors.Is(err, errClosed):
		status = http.StatusConflict
	case errors.Is(err, errNotFound):
		status = http.StatusNotFound
	}
	control.Refuse(w, status, err)
}

func (s *Server) find(channel, name string) (*listing, error) {
	if err := checkChannel(channel); err != nil {
		return nil, err
	}
	l := s.listings[key(channel, name)]
	if l == nil {
		return nil, fmt.Errorf("%w: the listing %s on %s", errNotFound, name, channel)
	}
	return l, nil
}

func (s *Server) controlAdd(w http.ResponseWriter, r *http.Request) {
	var in control.ChannelListing
	if err := control.Read(w, r, &in); err != nil {
		fail(w, err)
		return
	}
	every, err := checkSettings(in)
	if err != nil {
		fail(w, err)
		return
	}
	in.FeedURL = ""
	s.mu.Lock()
	defer s.mu.Unlock()
	id := key(in.Channel, in.Listing)
	l := s.listings[id]
	if l == nil {
		l = &listing{Token: s.code("0123456789abcdef", 32)}
		s.listings[id] = l
		s.order = append(s.order, id)
	}
	if l.Settings.ImportURL != in.ImportURL {
		l.ETag, l.Modified = "", "" // of another calendar
	}
	l.Settings, l.every, l.due = in, every, time.Now().Add(every)
	s.keep(l)
	s.wake()
	in.FeedURL = s.feedURL(l)
	control.Write(w, http.StatusOK, in)
}

func (s *Server) controlListings(w http.ResponseWriter, r *http.Request) {
	channel := r.URL.Query().Get("channel")
	if channel != "" {
		if err := checkChannel(channel); err != nil {
			fail(w, err)
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []control.ChannelState{}
	for _, id := range s.order {
		if l := s.listings[id]; channel == "" || l.Settings.Channel == channel {
			found = append(found, s.view(l))
		}
	}
	control.Write(w, http.StatusOK, map[string]any{"listings": found})
}

func (s *Server) controlListing(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, err := s.find(r.PathValue("channel"), r.PathValue("listing"))
	if err != nil {
		fail(w, err)
		return
	}
	control.Write(w, http.StatusOK, s.view(l))
}

func (s *Server) controlRemove(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, err := s.find(r.PathValue("channel"), r.PathValue("listing"))
	if err != nil {
		fail(w, err)
		return
	}
	for _, b := range l.bookings {
		delete(s.bookings, b.ID)
		s.o.Journal.Delete(kindBooking, b.ID)
	}
	delete(s.listings, l.key())
	s.order = slices.DeleteFunc(s.order, func(id string) bool { return id == l.key() })
	s.o.Journal.Delete(kindListing, l.key())
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) controlPull(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Channel string `json:"channel"`
		Listing string `json:"listing"`
	}
	if err := control.Read(w, r, &in); err != nil {
		fail(w, err)
		return
	}
	s.mu.Lock()
	l, err := s.find(in.Channel, in.Listing)
	if err == nil && l.Settings.ImportURL == "" {
		err = fmt.Errorf("the listing %s on %s has no import_url", in.Listing, in.Channel)
	}
	s.mu.Unlock()
	if err != nil {
		fail(w, err)
		return
	}
	control.Write(w, http.StatusOK, s.pull(r.Context(), l))
}

func (s *Server) controlClock(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Channel string `json:"channel"`
		Today   string `json:"today"`
	}
	if err := control.Read(w, r, &in); err != nil {
		fail(w, err)
		return
	}
	moved := channels
	if in.Channel != "" {
		if err := checkChannel(in.Channel); err != nil {
			fail(w, err)
			return
		}
		moved = []string{in.Channel}
	}
	var set day
	if in.Today != "" {
		var err error
		if set, err = parseDay(in.Today); err != nil {
			fail(w, err)
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, channel := range moved {
		if in.Today == "" {
			delete(s.days, channel)
			s.o.Journal.Delete(kindDay, channel)
			continue
		}
		s.days[channel] = set
		s.o.Journal.Put(kindDay, channel, set)
	}
	days := map[string]string{}
	for _, channel := range channels {
		days[channel] = s.today(channel).String()
	}
	control.Write(w, http.StatusOK, map[string]any{"today": days})
}

func (s *Server) controlFaults(w http.ResponseWriter, r *http.Request) {
	var in control.ChannelFaults
	err := control.Read(w, r, &in)
	if err == nil {
		err = cmp.Or(checkChannel(in.Channel), checkFaults(in))
	}
	if err != nil {
		fail(w, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	met := 0
	for _, l := range s.listings {
		if l.Settings.Channel == in.Channel && (in.Listing == "" || l.Settings.Listing == in.Listing) {
			l.faults.set(in)
			met++
		}
	}
	if met == 0 {
		fail(w, fmt.Errorf("%w: no such listing on %s", errNotFound, in.Channel))
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) controlClearFaults(w http.ResponseWriter, r *http.Request) {
	channel, name := r.URL.Query().Get("channel"), r.URL.Query().Get("listing")
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.listings {
		if (channel == "" || l.Settings.Channel == channel) && (name == "" || l.Settings.Listing == name) {
			l.faults = faults{}
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// view is the truth about a listing.
func (s *Server) view(l *listing) control.ChannelState {
	today := s.today(l.Settings.Channel)
	v := control.ChannelState{
		ChannelListing: l.Settings, Today: today.String(), Bookings: []control.ChannelStay{}, Imported: viewImported(l.Imported),
		Closed: []control.ChannelNights{}, DoubleBooked: []control.ChannelNights{}, Pulls: l.Pulls, LastPull: l.Last,
		Refusals: slices.Clone(l.Refusals), Fetches: l.fetches,
	}
	v.FeedURL = s.feedURL(l)
	v.Fetches.Agents, v.Fetches.Statuses = maps.Clone(l.fetches.Agents), maps.Clone(l.fetches.Statuses)
	if v.Refusals == nil {
		v.Refusals = []control.ChannelPull{}
	}
	for _, b := range l.bookings {
		v.Bookings = append(v.Bookings, b.view())
		if b.Kind == kindClosed {
			continue
		}
		for _, e := range l.Imported {
			if both := (span{max(b.Stay.From, e.Stay.From), min(b.Stay.To, e.Stay.To)}); both.From < both.To {
				v.DoubleBooked = append(v.DoubleBooked, nights(both, b.Kind))
			}
		}
	}
	for _, c := range l.closures(today) {
		if c.To > today {
			v.Closed = append(v.Closed, nights(span{max(c.From, today), c.To}, c.why))
		}
	}
	return v
}

func nights(s span, why string) control.ChannelNights {
	return control.ChannelNights{CheckIn: s.From.String(), CheckOut: s.To.String(), Why: why}
}
