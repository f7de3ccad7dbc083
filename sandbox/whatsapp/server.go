// Package whatsapp stands in for the WhatsApp Cloud API: it takes the calls of the Graph API under /graph, refuses what
// Meta refuses, posts signed webhooks, and keeps the guests' side of every conversation for the phone page and for
// control. It shares no code with the client it is used to test.
package whatsapp

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"cabanas/sandbox/control"
	"cabanas/sandbox/delivery"
	"cabanas/sandbox/journal"
)

// Options set up a Server. Every field without a default in its comment is needed.
type Options struct {
	PhoneNumberID      string
	DisplayPhoneNumber string
	// BusinessName heads the phone page; "Cabañas" when empty.
	BusinessName string
	AccessToken  string
	AppSecret    string
	VerifyToken  string
	// WebhookURL receives the webhooks; empty keeps the business uninformed.
	WebhookURL string
	// PublicURL is this server's own address, for media links.
	PublicURL string
	// Templates the business may send; nil is DefaultTemplates.
	Templates []control.TemplateSpec
	Clock     func() time.Time
	Journal   *journal.Journal
	Logger    *slog.Logger
	// Rand makes ids; it is used by this server alone.
	Rand *rand.Rand
	// Clips gives voice notes by name, as Ogg/Opus; nil knows none.
	Clips func(name string) ([]byte, bool)
	// DeliveredAfter is the time from a message's sent to its delivered status; 60 ms when zero.
	DeliveredAfter time.Duration
}

// Server is the stand-in. Its methods are safe for concurrent use.
type Server struct {
	o     Options
	queue *delivery.Queue

	mu        sync.Mutex
	seq       int64
	guests    map[string]*guest           // by number
	messages  map[string]*control.Message // by wamid
	media     map[string]*media           // by id
	templates map[string][]control.TemplateSpec
	faults    faults
	calls     control.Calls
	changed   chan struct{} // closed and replaced at every change of any guest
	watchers  map[*watcher]struct{}
	quit      chan struct{} // closed by Close
	closed    bool
}

type faults struct {
	fail, failStatus       control.FailNext
	timeoutNext            int
	outage, outageReset    bool
	noStatuses, testNumber bool
	pairLimit, windowLate  bool
	badToken               bool
	allowed, undelivered   []string
	perSecond              *rate.Limiter
	signWith               string
}

const (
	window         = 24 * time.Hour
	typingLasts    = 25 * time.Second
	messageLives   = 30 * 24 * time.Hour
	businessWABA   = "102290129340398"
	deliveredAfter = 60 * time.Millisecond
)

// New returns a Server with the state that the journal holds.
func New(o Options) (*Server, error) {
	if o.DeliveredAfter == 0 {
		o.DeliveredAfter = deliveredAfter
	}
	if o.BusinessName == "" {
		o.BusinessName = "Cabañas"
	}
	queue, err := delivery.New(delivery.Options{
		Provider: "whatsapp", Journal: o.Journal, Logger: o.Logger,
		First: 200 * time.Millisecond, Max: 30 * time.Second, GiveUp: 7 * 24 * time.Hour, Timeout: 10 * time.Second,
		Accepted: func(status int) bool { return status == http.StatusOK },
		Rand:     rand.New(rand.NewPCG(o.Rand.Uint64(), o.Rand.Uint64())),
	})
	if err != nil {
		return nil, fmt.Errorf("start sandbox whatsapp: %w", err)
	}
	s := &Server{o: o, queue: queue, quit: make(chan struct{}), watchers: make(map[*watcher]struct{})}
	s.empty()
	if err := s.load(); err != nil {
		return nil, fmt.Errorf("start sandbox whatsapp: %w", err)
	}
	return s, nil
}

// Run posts webhooks until ctx ends.
func (s *Server) Run(ctx context.Context) {
	s.resume()
	s.queue.Run(ctx)
}

// Close ends long polls and unanswered calls.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.quit)
	}
}

// Reset forgets guests, messages, webhooks and faults.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue.Reset()
	old := s.changed
	s.empty()
	close(old)
	s.publish(event{Type: "reset"})
}

// Deliveries reports on the webhooks.
func (s *Server) Deliveries() control.Deliveries { return s.queue.Report() }

// Calls counts the API calls by operation.
func (s *Server) Calls() control.Calls {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := make(control.Calls, len(s.calls))
	maps.Copy(calls, s.calls)
	return calls
}

// Mount adds the Graph API, media downloads and the control routes of WhatsApp to mux.
func (s *Server) Mount(mux *http.ServeMux) {
	mux.HandleFunc("/graph/", s.serveGraph)
	mux.HandleFunc("GET /lookaside/whatsapp_business/attachments/", s.serveDownload)

	mux.HandleFunc("GET /phone/events", s.serveEvents)
	mux.HandleFunc("GET /control/whatsapp", s.controlInfo)
	mux.HandleFunc("POST /control/whatsapp/faults", s.controlFaults)
	mux.HandleFunc("DELETE /control/whatsapp/faults", s.controlClearFaults)
	mux.HandleFunc("POST /control/whatsapp/verify", s.controlVerify)
	mux.HandleFunc("POST /control/whatsapp/raw", s.controlRaw)
	mux.HandleFunc("POST /control/templates", s.controlTemplate)
	mux.HandleFunc("GET /control/guests", s.controlGuests)
	mux.HandleFunc("POST /control/guests", s.controlGuest)
	mux.HandleFunc("POST /control/read", s.controlRead)
	mux.HandleFunc("POST /control/window", s.controlWindow)
	mux.HandleFunc("GET /control/messages", s.controlTranscript)
	mux.HandleFunc("GET /control/messages/wait", s.controlWait)
	mux.HandleFunc("POST /control/messages", s.controlMessage)
	mux.HandleFunc("POST /control/messages/batch", s.controlBatch)
	mux.HandleFunc("POST /control/echo", s.controlEcho)
	mux.HandleFunc("GET /control/media/{id}", s.controlMedia)
}

func (s *Server) empty() {
	s.guests = make(map[string]*guest)
	s.messages = make(map[string]*control.Message)
	s.media = make(map[string]*media)
	s.templates = make(map[string][]control.TemplateSpec)
	s.faults = faults{}
	s.calls = make(control.Calls)
	s.changed = make(chan struct{})
	known := s.o.Templates
	if known == nil {
		known = DefaultTemplates()
	}
	for _, t := range known {
		s.templates[t.Name] = append(s.templates[t.Name], t)
	}
}
