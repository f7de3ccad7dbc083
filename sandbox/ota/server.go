// Package ota stands in for the channels that sell the same cabins: Airbnb, Booking.com, Vrbo, Expedia and a Google calendar. Each
// publishes calendars in its own format with its own habits, imports ours at its own pace, sells nights that it does not know as
// closed, and does on demand what feeds do when they go wrong. It shares no code with the importer that it is used to test.
package ota

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"cabanas/sandbox/control"
	"cabanas/sandbox/journal"
)

// Options set up a Server. Every field is needed.
type Options struct {
	// PublicURL is this server's own address, for the feeds' addresses.
	PublicURL string
	Clock     func() time.Time
	Journal   *journal.Journal
	Logger    *slog.Logger
	// Rand makes ids; it is used by this server alone.
	Rand *rand.Rand
}

// Server is the stand-in. Its methods are safe for concurrent use.
type Server struct {
	o       Options
	http    *http.Client
	changed chan struct{}
	quit    chan struct{}

	mu       sync.Mutex
	listings map[string]*listing
	order    []string // keys of listings as they were added
	bookings map[string]*booking
	days     map[string]day // set by control, by channel
	closed   bool
}

const (
	kindListing = "channel_listing"
	kindBooking = "channel_booking"
	kindDay     = "channel_day"
)

// New returns a Server with the state that the journal holds.
func New(o Options) (*Server, error) {
	s := &Server{o: o, http: newClient(), changed: make(chan struct{}, 1), quit: make(chan struct{})}
	s.empty()
	if err := s.load(); err != nil {
		return nil, fmt.Errorf("start sandbox channels: %w", err)
	}
	return s, nil
}

// Close ends answers that are still being written.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.quit)
		s.http.CloseIdleConnections()
	}
}

// Reset forgets listings, bookings, days and faults.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.empty()
}

// Mount adds the feeds and the control routes of the channels to mux.
func (s *Server) Mount(mux *http.ServeMux) {
	mux.HandleFunc("GET /ota/{channel}/{file}", s.serveFeed)
	mux.HandleFunc("GET /ota/admin-"+control.ChannelBooking+"/{file}", s.serveAdmin)

	mux.HandleFunc("POST /control/channels/listings", s.controlAdd)
	mux.HandleFunc("GET /control/channels/listings", s.controlListings)
	mux.HandleFunc("GET /control/channels/listings/{channel}/{listing}", s.controlListing)
	mux.HandleFunc("DELETE /control/channels/listings/{channel}/{listing}", s.controlRemove)
	mux.HandleFunc("POST /control/channels/bookings", s.controlSell)
	mux.HandleFunc("PATCH /control/channels/bookings/{id}", s.controlMove)
	mux.HandleFunc("DELETE /control/channels/bookings/{id}", s.controlCancel)
	mux.HandleFunc("POST /control/channels/pull", s.controlPull)
	mux.HandleFunc("POST /control/channels/clock", s.controlClock)
	mux.HandleFunc("POST /control/channels/faults", s.controlFaults)
	mux.HandleFunc("DELETE /control/channels/faults", s.controlClearFaults)
}

func (s *Server) empty() {
	s.listings = make(map[string]*listing)
	s.order = nil
	s.bookings = make(map[string]*booking)
	s.days = make(map[string]day)
}

func (s *Server) load() error {
	j := s.o.Journal
	err := j.Load(kindListing, func(id string, value json.RawMessage) error {
		l := &listing{}
		if err := json.Unmarshal(value, l); err != nil {
			return err
		}
		every, err := checkSettings(l.Settings)
		l.every, l.due = every, time.Now().Add(every)
		s.listings[id] = l
		s.order = append(s.order, id)
		return err
	})
	if err != nil {
		return err
	}
	err = j.Load(kindBooking, func(id string, value json.RawMessage) error {
		b := &booking{}
		if err := json.Unmarshal(value, b); err != nil {
			return err
		}
		if l := s.listings[key(b.Channel, b.Listing)]; l != nil {
			s.bookings[id] = b
			l.bookings = append(l.bookings, b)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return j.Load(kindDay, func(channel string, value json.RawMessage) error {
		var set day
		err := json.Unmarshal(value, &set)
		s.days[channel] = set
		return err
	})
}

func (s *Server) keep(l *listing) { s.o.Journal.Put(kindListing, l.key(), l) }

// code makes an id of so many characters out of an alphabet.
func (s *Server) code(alphabet string, length int) string {
	text := make([]byte, length)
	for i := range text {
		text[i] = alphabet[s.o.Rand.IntN(len(alphabet))]
	}
	return string(text)
}
