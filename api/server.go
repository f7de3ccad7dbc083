package api

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"cabanas/dialogue/understanding"
	"cabanas/internal/observe"
)

const (
	prefix = "/api/v1"

	// One request may take this long inside; it is less than stopTime, so that a stop waits for every answer.
	requestTime = 15 * time.Second
	// uploadTime is for a file that is listened to; the answer must be written before the server's write timeout.
	uploadTime = 50 * time.Second
	// webhookTime stays under the 22 s after which Mercado Pago counts a delivery as failed (contracts B4).
	webhookTime = 10 * time.Second
	stopTime    = 20 * time.Second
)

// Options is what a [Server] is made of. Everything is required unless its comment says otherwise.
type Options struct {
	Desk   FrontDesk
	Inbox  Inbox
	Health Health
	// Ready looks at what this process cannot do without; nil asks Health.
	Ready Health
	// Drain is how long the server goes on answering after it was told to stop, with /readyz saying so, until load balancers have
	// noticed; none by default.
	Drain       time.Duration
	Idempotency IdempotencyStore
	Accounts    Accounts
	Switchboard Switchboard
	Cashbox     Cashbox
	Receipts    Receipts
	// BookingDesk is where staff changes bookings; nil leaves its routes out.
	BookingDesk BookingDesk
	// Reservations is where staff looks bookings up and changes them; nil leaves its routes out.
	Reservations ReservationDesk
	// Refunds is where staff gives money back; nil leaves its routes out.
	Refunds RefundDesk
	// Property is where the owner sets house times, deposit, balance and transfers; nil leaves its routes out.
	Property PropertyDesk
	// Privacy is where the owner exports and erases guests; nil leaves its routes out.
	Privacy PrivacyDesk
	// Catalogue is where the owner keeps accommodations and rates; nil leaves its routes out.
	Catalogue CatalogueDesk
	// Dashboard makes the owner's figures, Monitor shows what was changed and delivered; nil leaves their routes out.
	Dashboard DashboardDesk
	Monitor   Monitor
	// Live is the stream of what changes; nil leaves its route out. LivePing is how long it is quiet at most and LiveCheck how often
	// it looks whether its reader still may; 0 is 15 seconds and a minute.
	Live                LiveEvents
	LivePing, LiveCheck time.Duration
	// Calendars is where staff sees and changes calendars and other channels read ours; nil leaves its routes out.
	Calendars CalendarDesk
	// Understand reads a message as the bot would at an instant.
	Understand func(text string, now time.Time) understanding.Fields
	// Transcriber hears sound files; nil when no speech service is set.
	Transcriber Transcriber
	Metrics     *observe.Metrics
	// Gatherer is what /metrics shows.
	Gatherer prometheus.Gatherer
	Logger   *slog.Logger

	// VerifyWhatsApp judges X-Hub-Signature-256 over the raw body.
	VerifyWhatsApp func(header string, body []byte) bool
	// VerifySubscription judges Meta's verification request and returns the challenge to repeat.
	VerifySubscription func(query url.Values) (challenge string, ok bool)
	// VerifyMercadoPago judges x-signature over x-request-id and the data.id of the query.
	VerifyMercadoPago func(header, requestID, dataID string) bool

	// CanonicalPhone refuses what is no phone number; nil leaves that to the desk.
	CanonicalPhone func(raw string) (string, error)
	// TrustedProxies are the peers whose X-Forwarded-For is believed; none by default.
	TrustedProxies []netip.Prefix
	// Secret keys the hashes of addresses and of Idempotency-Keys; processes with the same database are given the same. Empty: one
	// of this process.
	Secret []byte
	// AllowedOrigins are the origins whose pages may use the API from a browser, such as https://panel.example.org; "*" is all.
	AllowedOrigins []string
	// RateLimit bounds requests; the zero value does not.
	RateLimit RateLimit
	// PayDesk answers the guests' payment pages; nil: there are none.
	PayDesk PayDesk
	// Version is shown in the API description; BaseURL, optional, is where clients reach the API.
	Version string
	BaseURL string
	// Now is the clock; nil means the system's.
	Now func() time.Time

	writes *writes
	limits *limits
}

// Server is the HTTP edge, an [http.Handler] that can also run itself.
type Server struct {
	router *gin.Engine
	logger *slog.Logger
	routes []Route
	drain  time.Duration
	// stopping is set once the server was told to stop.
	stopping *atomic.Bool
	// endStreams ends the answers that have no end of their own.
	endStreams func()
}

// New builds the server. The error names the options that are missing.
func New(o Options) (*Server, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	router := gin.New()
	router.HandleMethodNotAllowed = true
	router.RedirectTrailingSlash = false
	router.RemoteIPHeaders = []string{"X-Forwarded-For"}
	proxies := make([]string, 0, len(o.TrustedProxies))
	for _, proxy := range o.TrustedProxies {
		proxies = append(proxies, proxy.String())
	}
	if err := router.SetTrustedProxies(proxies); err != nil {
		return nil, fmt.Errorf("trusted proxies: %w", err)
	}
	// The outer ones are on every answer, also on what the inner ones refuse.
	router.Use(oneForwardedFor, traced, observed(o.Logger, o.Metrics), recovered(o.Logger),
		securityHeaders(strings.HasPrefix(o.BaseURL, "https://"), o.TrustedProxies), crossOrigin(o.AllowedOrigins), o.limits.byAddress)
	router.NoRoute(func(c *gin.Context) {
		writeProblem(c, newProblem(c.Request.Context(), codeOf[http.StatusNotFound], "no such route"))
	})
	router.NoMethod(func(c *gin.Context) {
		writeProblem(c, newProblem(c.Request.Context(), CodeMethodNotAllowed, "this path is not for "+methodLabel(c.Request.Method)))
	})

	addMetrics(router, o.Gatherer)
	addSamples(router)
	addWebhooks(router.Group(prefix, within(webhookTime)), &o)
	typed, uploads, streams := newTypedAPIs(router, o)
	stopping := &atomic.Bool{}
	addHealth(typed, o.Health, o.Ready, stopping.Load, o.Now)
	addAccommodations(typed, &o)
	addReservations(typed, &o)
	addStaff(typed, uploads, &o)
	ended := make(chan struct{})
	addEvents(newStaff(streams, &o), &o, ended)
	addExport(router, typed, &o)
	addReceipts(router, typed, newStaff(typed, &o), &o)
	describeEdge(typed.OpenAPI())
	describeNulls(typed.OpenAPI())
	describeExamples(typed.OpenAPI())
	if err := errors.Join(addPaymentPages(router, &o), addDocs(router, typed)); err != nil {
		return nil, err
	}
	routes := routeTable(router, typed.OpenAPI())
	o.limits.leaveToGuard(routes)
	return &Server{router: router, logger: o.Logger, routes: routes, drain: o.Drain, stopping: stopping, endStreams: sync.OnceFunc(func() { close(ended) })}, nil
}

// ServeHTTP answers one request. HEAD is answered as GET, whose body net/http then leaves out.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		r = r.Clone(context.WithValue(r.Context(), headKey{}, true))
		r.Method = http.MethodGet
	}
	s.router.ServeHTTP(w, r)
}

type headKey struct{}

// isHead reports whether only the headers of an answer were asked for.
func isHead(ctx context.Context) bool {
	head, _ := ctx.Value(headKey{}).(bool)
	return head
}

// Run serves on the listener until ctx ends, then takes no new requests and lets those in flight finish, 20 s at most. It
// closes the listener. The error is nil after an orderly stop.
func (s *Server) Run(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.logger.Handler(), slog.LevelWarn),
	}
	server.RegisterOnShutdown(s.endStreams)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	select {
	case err := <-served:
		return fmt.Errorf("serve %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	s.stopping.Store(true)
	select {
	case err := <-served:
		return fmt.Errorf("serve %s: %w", listener.Addr(), err)
	case <-time.After(s.drain):
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	err := server.Shutdown(stop)
	if err != nil {
		err = errors.Join(fmt.Errorf("stop serving %s: %w", listener.Addr(), err), server.Close())
	}
	if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}

func (o *Options) complete() error {
	var missing []error
	for name, present := range map[string]bool{
		"Desk": o.Desk != nil, "Inbox": o.Inbox != nil, "Health": o.Health != nil, "Idempotency": o.Idempotency != nil,
		"Accounts": o.Accounts != nil, "Switchboard": o.Switchboard != nil, "Cashbox": o.Cashbox != nil, "Receipts": o.Receipts != nil, "Understand": o.Understand != nil,
		"Metrics": o.Metrics != nil, "Gatherer": o.Gatherer != nil, "Logger": o.Logger != nil,
		"VerifyWhatsApp": o.VerifyWhatsApp != nil, "VerifySubscription": o.VerifySubscription != nil,
		"VerifyMercadoPago": o.VerifyMercadoPago != nil,
	} {
		if !present {
			missing = append(missing, fmt.Errorf("api option %s is missing", name))
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Ready == nil {
		o.Ready = o.Health
	}
	if len(o.Secret) == 0 {
		o.Secret = make([]byte, 32)
		rand.Read(o.Secret) // never fails: crypto/rand aborts the program instead
	}
	if len(missing) == 0 {
		o.writes, o.limits = newWrites(o), newLimits(o)
	}
	return errors.Join(missing...)
}

// newTypedAPIs returns the description-first side of the router: what is registered on it is validated and documented. Routes
// of uploads read their body themselves, once they know who sends it; those of streams may take for ever.
func newTypedAPIs(router *gin.Engine, o Options) (typed, uploads, streams huma.API) {
	config := huma.DefaultConfig("Cabañas", o.Version)
	config.Info.Description = "Availability, prices and bookings. Errors are application/problem+json with a stable code."
	// The pages of huma load scripts from elsewhere and its schema links add fields to every body: docs.go serves our own.
	config.OpenAPIPath, config.DocsPath, config.SchemasPath, config.CreateHooks = "", "", "", nil
	config.Formats = map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat} // the second is for …+json
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		tokenScheme: {Type: "apiKey", In: "header", Name: tokenHeader, Description: "The token given to the guest with the hold."},
		staffScheme: {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "The access_token of POST " + prefix + "/admin/login."},
	}
	if o.BaseURL != "" {
		config.Servers = []*huma.Server{{URL: o.BaseURL}}
	}
	return humagin.NewWithGroup(router, router.Group("", within(requestTime), smallBody), config),
		humagin.NewWithGroup(router, router.Group("", within(uploadTime)), config),
		humagin.NewWithGroup(router, router.Group(""), config)
}

func init() {
	// Debug mode prints every route to standard output, where the logs are JSON.
	gin.SetMode(gin.ReleaseMode)
}
