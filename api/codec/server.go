// Package codec is the server that decrypts payloads for people: Temporal's UI and CLI send it what they were given and show what it
// answers. The keys stay here, and only staff with an account is answered.
package codec

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.temporal.io/sdk/converter"

	"cabanas/booking"
	"cabanas/internal/accounts"
)

const (
	// largestBody is above what Temporal lets into one event, which the UI sends at once, in base64.
	largestBody = 16 << 20
	requestTime = 20 * time.Second
	stopTime    = 20 * time.Second
	// preflightAge is how long a browser remembers that it may ask.
	preflightAge = "600"
)

// Accounts lets staff in; *accounts.Desk is one.
type Accounts interface {
	LogIn(ctx context.Context, c accounts.Credentials) (accounts.Grant, error)
	Refresh(ctx context.Context, token string) (accounts.Grant, error)
	Identify(ctx context.Context, token string) (accounts.Member, error)
	LogOut(ctx context.Context, m accounts.Member) error
}

// Options is what a [Server] is made of; everything but UIOrigin, TrustedProxies and Gatherer is required.
type Options struct {
	Codec    converter.PayloadCodec
	Accounts Accounts
	// UIOrigin is the one origin whose pages may ask, such as https://temporal.example.org; empty means that no page may.
	UIOrigin string
	// TrustedProxies are the peers whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// Check looks at what the server cannot do without, for /healthz.
	Check func(context.Context) error
	// Gatherer is what /metrics shows; without it there is none. The proxy in front keeps it from the outside.
	Gatherer prometheus.Gatherer
	Logger   *slog.Logger
	Now      func() time.Time
}

// Server is the codec server, an [http.Handler] that can also run itself.
type Server struct {
	Options
	router   *gin.Engine
	sessions *sessions
	// foreign refuses forms that another site sends.
	foreign *http.CrossOriginProtection
}

// New builds the server; it connects to nothing.
func New(o Options) (*Server, error) {
	s := &Server{Options: o, router: gin.New(), sessions: newSessions(o.Accounts, o.Now), foreign: http.NewCrossOriginProtection()}
	s.router.HandleMethodNotAllowed = true
	s.router.RemoteIPHeaders = []string{"X-Forwarded-For"}
	proxies := make([]string, 0, len(o.TrustedProxies))
	for _, proxy := range o.TrustedProxies {
		proxies = append(proxies, proxy.String())
	}
	if err := s.router.SetTrustedProxies(proxies); err != nil {
		return nil, fmt.Errorf("trusted proxies: %w", err)
	}
	s.router.Use(s.logged, gin.CustomRecoveryWithWriter(nil, s.recovered), secured)
	s.router.GET("/healthz", s.health)
	if o.Gatherer != nil {
		s.router.GET("/metrics", gin.WrapH(promhttp.HandlerFor(o.Gatherer, promhttp.HandlerOpts{})))
	}
	payloads := s.router.Group("", s.fromUI)
	work := converter.NewPayloadCodecHTTPHandler(o.Codec)
	// Decrypting is for whoever works with guests' data anyway; what the CLI encrypts goes into workflows.
	payloads.POST("/decode", s.staff(accounts.Staff), gin.WrapH(work))
	payloads.POST("/encode", s.staff(accounts.Owner), gin.WrapH(work))
	for _, path := range []string{"/decode", "/encode"} {
		payloads.OPTIONS(path, func(c *gin.Context) { c.Status(http.StatusNoContent) })
	}
	s.addLogin()
	return s, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), requestTime)
	defer cancel()
	r = r.WithContext(ctx)
	r.Body = http.MaxBytesReader(w, r.Body, largestBody)
	s.router.ServeHTTP(w, r)
}

// Run serves on the listener until ctx ends, then lets requests in flight finish. It closes the listener.
func (s *Server) Run(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: requestTime, WriteTimeout: 2 * requestTime,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(s.Logger.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	err := server.Shutdown(stop)
	if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}

// fromUI lets exactly one origin ask, and tells its browser so on every answer, errors too. Who is no page says no origin.
func (s *Server) fromUI(c *gin.Context) {
	origin := c.GetHeader("Origin")
	c.Header("Vary", "Origin")
	if origin == "" && c.Request.Method != http.MethodOptions {
		return
	}
	if s.UIOrigin == "" || origin != s.UIOrigin {
		refuse(c, http.StatusForbidden, "pages of this origin may not ask")
		return
	}
	header := c.Writer.Header()
	header.Set("Access-Control-Allow-Origin", s.UIOrigin)
	header.Set("Access-Control-Allow-Credentials", "true")
	if c.Request.Method == http.MethodOptions {
		header.Set("Access-Control-Allow-Methods", "POST, OPTIONS")
		header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Namespace")
		header.Set("Access-Control-Max-Age", preflightAge)
	}
}

// staff asks for an access token of ours, as the CLI sends it, or for the cookie of /login, which browsers send along. A cookie
// counts only from the UI: [Server.fromUI] let nobody else with an origin pass, and a browser that posts always says one.
func (s *Server) staff(needed accounts.Role) gin.HandlerFunc {
	return func(c *gin.Context) {
		member, err := s.identify(c)
		switch {
		case booking.IsCode(err, booking.CodeUnauthorized), booking.IsCode(err, accounts.CodeSessionEnded):
			c.Header("WWW-Authenticate", `Bearer realm="cabanas codec"`)
			refuse(c, http.StatusUnauthorized, "log in at /login of this server, or send Authorization: Bearer with an access token of the API")
		case err != nil:
			s.Logger.ErrorContext(c.Request.Context(), "codec_identify_failed", "error", err)
			refuse(c, http.StatusServiceUnavailable, "accounts cannot be looked up now")
		case !member.Role.Covers(needed):
			refuse(c, http.StatusForbidden, "this needs the role "+string(needed))
		default:
			s.Logger.InfoContext(c.Request.Context(), "payloads_opened", "route", c.FullPath(), "user_id", member.UserID)
		}
	}
}

func (s *Server) identify(c *gin.Context) (accounts.Member, error) {
	ctx := c.Request.Context()
	if header := c.GetHeader("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return accounts.Member{}, errNobody
		}
		return s.Accounts.Identify(ctx, strings.TrimSpace(token))
	}
	return s.sessions.member(ctx, cookieOf(c.Request))
}

var errNobody = booking.Refuse(booking.CodeUnauthorized, "nobody has logged in")

func (s *Server) health(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), 2*time.Second)
	defer cancel()
	status, word := http.StatusOK, "healthy"
	if err := s.Check(ctx); err != nil {
		s.Logger.WarnContext(ctx, "codec_unhealthy", "error", err)
		status, word = http.StatusServiceUnavailable, "unhealthy"
	}
	c.JSON(status, gin.H{"status": word})
}

// logged writes what was asked for and never what was sent.
func (s *Server) logged(c *gin.Context) {
	start := s.Now()
	c.Next()
	level := slog.LevelInfo
	if path := c.FullPath(); path == "/healthz" || path == "/metrics" {
		level = slog.LevelDebug
	}
	s.Logger.LogAttrs(c.Request.Context(), level, "codec_request", slog.String("route", c.FullPath()),
		slog.Int("status", c.Writer.Status()), slog.Int64("duration_ms", s.Now().Sub(start).Milliseconds()))
}

func (s *Server) recovered(c *gin.Context, cause any) {
	s.Logger.ErrorContext(c.Request.Context(), "codec_panicked", "route", c.FullPath(), "kind", fmt.Sprintf("%T", cause))
	refuse(c, http.StatusInternalServerError, "a fault of ours")
}

func secured(c *gin.Context) {
	header := c.Writer.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Strict-Transport-Security", "max-age=31536000")
	// Not no-referrer, with which browsers hide the origin of our own form.
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; style-src "+styleHash)
	header.Set("Cache-Control", "no-store")
}

func refuse(c *gin.Context, status int, why string) {
	c.String(status, "%s\n", why)
	c.Abort()
}

func init() { gin.SetMode(gin.ReleaseMode) }
