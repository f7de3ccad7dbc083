package calendars

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/gateways/ical"
	"cabanas/internal/embedded/embeddedtest"
	"cabanas/internal/observe"
	"cabanas/migrations"
	"cabanas/sandbox"
	"cabanas/sandbox/control"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// byCommand writes what staff would.
var byCommand = postgres.Author{Kind: "command"}

const (
	vrbo    = booking.Channel("vrbo")
	listing = "cabin"
	// slow is longer than a feed is waited for.
	patience, slow = time.Second, 1200 * time.Millisecond
)

var (
	zone  = time.FixedZone("-03", -3*60*60)
	start = time.Date(2026, time.December, 1, 9, 0, 0, 0, zone)
)

// house is one cabin with its calendars: our side, which may be restarted, and the channels'.
type house struct {
	t        testing.TB
	clock    atomic.Int64 // Unix microseconds
	database string
	sql      *pgxpool.Pool
	state    string // file of the sandbox

	store     *postgres.Store
	calendars *activities.Calendars
	stand     *sandbox.Server
	channels  *control.Client // of the sandbox

	sandboxServer, exportServer *httptest.Server
	sandboxHandler              swapped
	fetcher                     *ical.Fetcher
	gate                        gate

	cabin, guest, staff int64
	feeds               map[booking.Channel]int64
	exports             map[booking.Channel]string // addresses
	every               time.Duration
	codes               uint32
}

// swapped is a handler that may be exchanged while it serves.
type swapped struct{ handler atomic.Pointer[http.Handler] }

func (s *swapped) set(handler http.Handler) { s.handler.Store(&handler) }

func (s *swapped) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	(*s.handler.Load()).ServeHTTP(w, r)
}

// gate is a fetcher that tells who looks before and after each fetch.
type gate struct {
	inner  *ical.Fetcher
	mu     sync.Mutex
	before func(address string)
	after  func(address string, err error)
}

func (g *gate) Fetch(ctx context.Context, address string, known ical.Known) (ical.Fetched, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.before != nil {
		g.before(address)
	}
	fetched, err := g.inner.Fetch(ctx, address, known)
	if g.after != nil {
		g.after(address, err)
	}
	return fetched, err
}

// newHouse opens a cabin whose feeds are fetched about every so often, without a feed.
func newHouse(t testing.TB, every time.Duration) *house {
	t.Helper()
	h := &house{
		t: t, database: embeddedtest.Database(t, migrations.Up), state: filepath.Join(t.TempDir(), "sandbox.json"), every: every,
		fetcher: ical.New(ical.Options{AllowPrivate: true, Timeout: patience}), feeds: map[booking.Channel]int64{},
		exports: map[booking.Channel]string{},
	}
	h.gate.inner = h.fetcher
	h.clock.Store(start.UnixMicro())
	h.sandboxServer, h.exportServer = httptest.NewServer(&h.sandboxHandler), httptest.NewServer(http.HandlerFunc(h.serveExport))
	var err error
	h.sql, err = pgxpool.New(t.Context(), h.database)
	require.NoError(t, err)
	h.open()
	t.Cleanup(func() {
		h.close()
		h.sandboxServer.Close()
		h.exportServer.Close()
		h.fetcher.Close()
		h.sql.Close()
	})
	h.cabin = h.newCabin("Cabaña")
	h.guest, err = h.store.UpsertGuest(t.Context(), postgres.Guest{Phone: "5493515550101", Name: "Ana"})
	require.NoError(t, err)
	h.staff, err = h.store.CreateUser(t.Context(), postgres.User{Email: "owner@cabins.example", Role: "owner", PasswordHash: "$argon2id$none"},
		postgres.Author{Kind: "setup"}, h.now())
	require.NoError(t, err)
	return h
}

// open starts both sides on what they left.
func (h *house) open() {
	h.t.Helper()
	var err error
	h.store, err = postgres.Open(context.WithoutCancel(h.t.Context()), h.database, 4)
	require.NoError(h.t, err)
	h.calendars = &activities.Calendars{
		Store: h.store, Fetcher: &h.gate, Domain: "cabins.example", Every: h.every, StaleAfter: time.Hour,
		Metrics: observe.NewMetrics(prometheus.NewRegistry()), Now: h.now,
	}
	h.stand, err = sandbox.New(sandbox.Options{
		PublicURL: h.sandboxServer.URL, StateFile: h.state, Clock: h.now, Seed: 1, PhoneNumberID: "1", AccessToken: "a", AppSecret: "b",
		VerifyToken: "c", MercadoPagoAccessToken: "TEST-token", MercadoPagoWebhookSecret: "secret",
	})
	require.NoError(h.t, err)
	h.sandboxHandler.set(h.stand.Handler())
	h.channels = control.NewClient(h.sandboxServer.URL, h.sandboxServer.Client())
}

func (h *house) close() {
	h.store.Close()
	require.NoError(h.t, h.stand.Close())
}

func (h *house) restart() {
	h.t.Helper()
	h.close()
	h.open()
}

func (h *house) now() time.Time              { return time.UnixMicro(h.clock.Load()).UTC() }
func (h *house) today() booking.Date         { return booking.DateIn(h.now(), zone) }
func (h *house) wait(d time.Duration)        { h.clock.Add(d.Microseconds()) }
func (h *house) waitUntil(instant time.Time) { h.clock.Store(max(h.clock.Load(), instant.UnixMicro())) }

// serveExport is our address of calendars for other channels.
func (h *house) serveExport(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.TrimSuffix(strings.Trim(r.URL.Path, "/"), ".ics"), "/")
	cabin, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil || len(parts) != 2 {
		http.NotFound(w, r)
		return
	}
	export, body, err := h.calendars.Export(r.Context(), cabin, parts[1])
	if err == nil {
		err = h.store.RecordPull(r.Context(), export.ID, string(export.Channel), export.Channel, h.now())
	}
	if err != nil {
		http.Error(w, "no calendar", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	_, _ = w.Write(body)
}

func (h *house) newCabin(name string) int64 {
	h.t.Helper()
	id, err := h.store.CreateAccommodation(h.t.Context(), booking.Accommodation{
		Name: name, Type: booking.Cabin, Capacity: 4, Active: true,
		Rate: booking.Rate{Base: booking.Pesos(50_000), WeekendPercent: 120, MinNights: 1},
	})
	require.NoError(h.t, err)
	return id
}

// export makes an address of ours for a channel.
func (h *house) export(cabin int64, channel booking.Channel) string {
	h.t.Helper()
	token, hash := activities.NewExportToken()
	_, err := h.store.RotateExport(h.t.Context(), cabin, channel, hash, byCommand, h.now())
	require.NoError(h.t, err)
	return fmt.Sprintf("%s/%d/%s.ics", h.exportServer.URL, cabin, token)
}

// connect lists the cabin at a channel that imports our calendar, and adds its feed here.
func (h *house) connect(channel booking.Channel, settings control.ChannelListing) {
	h.t.Helper()
	h.exports[channel] = h.export(h.cabin, channel)
	settings.Channel, settings.Listing, settings.ImportURL, settings.PullEvery = string(channel), listing, h.exports[channel], "0s"
	added, err := h.channels.AddListing(h.t.Context(), settings)
	require.NoError(h.t, err)
	h.feeds[channel] = h.follow(h.cabin, channel, added.FeedURL)
}

// follow adds a feed of a cabin.
func (h *house) follow(cabin int64, channel booking.Channel, address string) int64 {
	h.t.Helper()
	f, err := h.calendars.AddFeed(h.t.Context(), postgres.NewFeed{AccommodationID: cabin, Channel: channel, URL: address, Interval: h.every})
	require.NoError(h.t, err)
	return f.ID
}

// fetch is one run of a feed's schedule.
func (h *house) fetch(channel booking.Channel) workflows.CalendarSyncResult {
	h.t.Helper()
	result, err := h.calendars.SyncFeed(h.t.Context(), workflows.CalendarSyncInput{FeedID: h.feeds[channel], Reason: workflows.SyncScheduled})
	require.NoError(h.t, err)
	return result
}

// pull has a channel import our calendar.
func (h *house) pull(channel booking.Channel) {
	h.t.Helper()
	done, err := h.channels.Pull(h.t.Context(), string(channel), listing)
	require.NoError(h.t, err)
	require.Empty(h.t, done.Refused, "%s takes our calendar: %s", channel, done.Reason)
}

func (h *house) listing(channel booking.Channel) control.ChannelState {
	h.t.Helper()
	state, err := h.channels.Listing(h.t.Context(), string(channel), listing)
	require.NoError(h.t, err)
	return state
}

// hold holds nights for half an hour, unpaid.
func (h *house) hold(stay booking.Stay) (postgres.Reservation, error) {
	h.codes++
	return h.store.PlaceHold(h.t.Context(), postgres.NewHold{
		Code: booking.NewCode(h.now(), [3]byte{byte(h.codes >> 16), byte(h.codes >> 8), byte(h.codes)}), AccommodationID: h.cabin,
		GuestID: h.guest, Stay: stay, Guests: 2, Channel: booking.ChannelDirect, TokenHash: []byte("hash"), ExpiresAt: h.now().Add(30 * time.Minute),
		Quote: booking.Quote{
			Lines: []booking.Line{{Kind: booking.LineNight, Night: stay.CheckIn, Amount: booking.Pesos(100_000), Reason: "base price"}},
			Total: booking.Pesos(100_000), Deposit: booking.Pesos(30_000), RateVersion: 1,
		},
	}, h.now())
}

// book sells nights here.
func (h *house) book(stay booking.Stay) postgres.Reservation {
	h.t.Helper()
	held, err := h.hold(stay)
	require.NoError(h.t, err)
	h.confirm(held.Code)
	return held
}

func (h *house) confirm(code string) {
	h.t.Helper()
	_, err := h.store.ConfirmByOwner(h.t.Context(), code, h.staff, h.now())
	require.NoError(h.t, err)
}

func (h *house) cancel(code string) {
	h.t.Helper()
	_, err := h.store.Cancel(h.t.Context(), code, booking.ByOwner, "owner", h.now())
	require.NoError(h.t, err)
}

// sell sells nights at a channel; false when the channel knows one of them as closed.
func (h *house) sell(channel booking.Channel, kind string, stay booking.Stay) (control.ChannelStay, bool) {
	h.t.Helper()
	sold, err := h.channels.Sell(h.t.Context(), control.ChannelStay{
		Channel: string(channel), Listing: listing, Kind: kind, CheckIn: stay.CheckIn.String(), CheckOut: stay.CheckOut.String(), Guest: "Ana",
	})
	return sold, h.taken(err)
}

func (h *house) taken(err error) bool {
	h.t.Helper()
	if refused := new(control.Error); err != nil {
		require.ErrorAs(h.t, err, &refused)
		require.Equal(h.t, http.StatusConflict, refused.Status, refused.Reason)
		return false
	}
	return true
}

func (h *house) clean() {
	h.t.Helper()
	violations, err := h.store.Audit(h.t.Context(), h.now())
	require.NoError(h.t, err)
	require.Empty(h.t, violations)
}

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}
