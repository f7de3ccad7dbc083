package sandbox

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"cabanas/sandbox/control"
	"cabanas/sandbox/journal"
	"cabanas/sandbox/mercadopago"
	"cabanas/sandbox/ota"
	"cabanas/sandbox/phone"
	"cabanas/sandbox/speech"
	"cabanas/sandbox/whatsapp"
)

// Options set up a Server.
type Options struct {
	// PublicURL is this server's own address, without a slash at the end; links to checkout and media begin with it.
	PublicURL string
	// StateFile keeps the state through a kill; empty keeps it in memory.
	StateFile string
	// Clock is the time that windows, expiries and dates are judged by; nil is time.Now.
	Clock func() time.Time
	// Logger gets the sandbox's own events, never what guests write; nil discards them.
	Logger *slog.Logger
	// Seed makes ids and disorder repeatable; 0 takes a random one, as a lasting database behind it needs.
	Seed int64

	// PhoneNumberID, AccessToken, AppSecret and VerifyToken are the business's WhatsApp credentials.
	PhoneNumberID string
	AccessToken   string
	AppSecret     string
	VerifyToken   string
	// DisplayPhoneNumber and BusinessName are shown to guests; they have defaults.
	DisplayPhoneNumber string
	BusinessName       string
	// WhatsAppWebhookURL receives WhatsApp's webhooks.
	WhatsAppWebhookURL string
	// Templates the business may send; nil is whatsapp.DefaultTemplates.
	Templates []control.TemplateSpec
	// DeliveredAfter is the time from sent to delivered; 60 ms when zero.
	DeliveredAfter time.Duration

	// MercadoPagoAccessToken and MercadoPagoWebhookSecret are the seller's credentials.
	MercadoPagoAccessToken   string
	MercadoPagoWebhookSecret string
	// MercadoPagoWebhookURL is the panel's address, for preferences without a notification_url.
	MercadoPagoWebhookURL string
	// CollectorID is the seller's user id; it has a default.
	CollectorID int64
}

// Server holds all stand-ins. Its methods are safe for concurrent use.
type Server struct {
	journal     *journal.Journal
	whatsapp    *whatsapp.Server
	mercadopago *mercadopago.Server
	channels    *ota.Server
	speech      speech.Server
	handler     http.Handler
}

// DefaultCollectorID is the seller's user id when Options name none.
const DefaultCollectorID int64 = 446566691

// New returns a Server with the state that StateFile holds. It names every missing option at once.
func New(o Options) (*Server, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	state, err := journal.Open(o.StateFile, o.Logger)
	if err != nil {
		return nil, err
	}
	seed, err := o.seed(state)
	if err != nil {
		return nil, errors.Join(err, state.Close())
	}
	s := &Server{journal: state}
	s.whatsapp, err = whatsapp.New(whatsapp.Options{
		PhoneNumberID: o.PhoneNumberID, DisplayPhoneNumber: o.DisplayPhoneNumber, BusinessName: o.BusinessName,
		AccessToken: o.AccessToken, AppSecret: o.AppSecret, VerifyToken: o.VerifyToken, WebhookURL: o.WhatsAppWebhookURL,
		PublicURL: o.PublicURL, Templates: o.Templates, Clock: o.Clock, Journal: state, Logger: o.Logger,
		Rand: rand.New(&source{pcg: rand.NewPCG(seed, 1)}), DeliveredAfter: o.DeliveredAfter, Clips: speech.Audio,
	})
	if err != nil {
		return nil, errors.Join(err, state.Close())
	}
	s.mercadopago, err = mercadopago.New(mercadopago.Options{
		AccessToken: o.MercadoPagoAccessToken, WebhookSecret: o.MercadoPagoWebhookSecret, WebhookURL: o.MercadoPagoWebhookURL,
		CollectorID: o.CollectorID, PublicURL: o.PublicURL, Clock: o.Clock, Journal: state, Logger: o.Logger,
		Rand: rand.New(&source{pcg: rand.NewPCG(seed, 2)}),
	})
	if err != nil {
		return nil, errors.Join(err, state.Close())
	}
	s.channels, err = ota.New(ota.Options{
		PublicURL: o.PublicURL, Clock: o.Clock, Journal: state, Logger: o.Logger, Rand: rand.New(&source{pcg: rand.NewPCG(seed, 3)}),
	})
	if err != nil {
		return nil, errors.Join(err, state.Close())
	}
	s.handler = s.routes()
	return s, nil
}

// Handler serves everything on one port.
func (s *Server) Handler() http.Handler { return s.handler }

// Run delivers webhooks and imports calendars until ctx ends; webhooks not taken by then wait for the next Run. Call it once at a time.
func (s *Server) Run(ctx context.Context) error {
	var running sync.WaitGroup
	running.Go(func() { s.whatsapp.Run(ctx) })
	running.Go(func() { s.mercadopago.Run(ctx) })
	running.Go(func() { s.channels.Run(ctx) })
	running.Wait()
	return nil
}

// Close ends long polls and streams and closes the state file. End Run and stop serving first for a clean end; a kill
// loses nothing either.
func (s *Server) Close() error {
	s.whatsapp.Close()
	s.mercadopago.Close()
	s.channels.Close()
	if err := s.journal.Close(); err != nil {
		return fmt.Errorf("close sandbox: %w", err)
	}
	return nil
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	s.whatsapp.Mount(mux)
	s.mercadopago.Mount(mux)
	s.channels.Mount(mux)
	s.speech.Mount(mux)
	phone.Mount(mux)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		control.Write(w, http.StatusOK, map[string]string{"status": "healthy"})
	})
	mux.HandleFunc("GET /control/deliveries", func(w http.ResponseWriter, _ *http.Request) {
		control.Write(w, http.StatusOK, map[string]control.Deliveries{
			"whatsapp": s.whatsapp.Deliveries(), "mercadopago": s.mercadopago.Deliveries(),
		})
	})
	mux.HandleFunc("POST /control/reset", func(w http.ResponseWriter, _ *http.Request) {
		s.whatsapp.Reset()
		s.mercadopago.Reset()
		s.channels.Reset()
		s.speech.Reset()
		if err := s.journal.Reset(); err != nil {
			control.Refuse(w, http.StatusInternalServerError, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	mux.Handle("GET /{$}", http.RedirectHandler("/phone", http.StatusFound))
	return mux
}

func (o *Options) complete() error {
	var missing []string
	for name, value := range map[string]string{
		"PublicURL": o.PublicURL, "PhoneNumberID": o.PhoneNumberID, "AccessToken": o.AccessToken, "AppSecret": o.AppSecret,
		"VerifyToken": o.VerifyToken, "MercadoPagoAccessToken": o.MercadoPagoAccessToken,
		"MercadoPagoWebhookSecret": o.MercadoPagoWebhookSecret,
	} {
		if value == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("start sandbox: options missing: %s", strings.Join(missing, ", "))
	}
	o.PublicURL = strings.TrimRight(o.PublicURL, "/")
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.DisplayPhoneNumber == "" {
		o.DisplayPhoneNumber = "+54 9 351 000-0000"
	}
	if o.CollectorID == 0 {
		o.CollectorID = DefaultCollectorID
	}
	return nil
}

// seed differs from run to run on the same state, or a restarted sandbox would make the ids of the first again.
func (o *Options) seed(state *journal.Journal) (uint64, error) {
	if o.Seed != 0 {
		runs := uint64(0)
		err := state.Load("run", func(_ string, value json.RawMessage) error { return json.Unmarshal(value, &runs) })
		if err != nil {
			return 0, err
		}
		state.Put("run", "count", runs+1)
		return uint64(o.Seed) + runs<<32, nil
	}
	var b [8]byte
	if _, err := crand.Read(b[:]); err != nil {
		return 0, fmt.Errorf("start sandbox: %w", err)
	}
	return binary.LittleEndian.Uint64(b[:]), nil
}

// source makes a PCG safe to use from several goroutines.
type source struct {
	mu  sync.Mutex
	pcg *rand.PCG
}

// Uint64 returns the next number.
func (s *source) Uint64() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pcg.Uint64()
}
