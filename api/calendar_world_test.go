package api_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/api"
	"cabanas/booking"
	"cabanas/gateways/ical"
	"cabanas/internal/observe"
	"cabanas/sandbox"
	"cabanas/sandbox/control"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

const (
	feedsPath   = admin + "/ical/feeds"
	exportsPath = admin + "/ical/exports"
	blocksPath  = admin + "/blocks"
)

// harbour is an office with calendars in a real database, reached by channels of the sandbox.
type harbour struct {
	*office
	calendars *activities.Calendars
	channels  *control.Client
	runs      *runs
	owner     string
	cabin     int64
	guest     int64
	n         byte
}

// runs stands for Temporal: fetches are made at once, bookings are cancelled in the database.
type runs struct {
	h         *harbour
	mu        sync.Mutex
	cancelled []workflows.CancelRequest
	scheduled map[int64]workflows.FeedSchedule
	closed    bool
}

func (r *runs) SetFeedSchedule(_ context.Context, wanted workflows.FeedSchedule) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.scheduled[wanted.FeedID] = wanted
	return true, nil
}

func (r *runs) RemoveFeedSchedule(_ context.Context, id int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.scheduled, id)
	return nil
}

func (r *runs) FeedSchedules(context.Context) (map[int64]workflows.FeedScheduleState, error) {
	return nil, nil
}

func (r *runs) SyncFeedNow(ctx context.Context, id int64, reason workflows.SyncReason) (workflows.CalendarSyncResult, error) {
	return r.h.calendars.SyncFeed(ctx, workflows.CalendarSyncInput{FeedID: id, Reason: reason})
}

func (r *runs) StartFeedSync(context.Context, int64, workflows.SyncReason) error { return nil }

func (r *runs) Cancel(ctx context.Context, code, _ string, request workflows.CancelRequest) (workflows.ChangeOutcome, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return workflows.ChangeOutcome{}, booking.Refuse(booking.CodeWrongState, "booking %s has ended", code)
	}
	r.cancelled = append(r.cancelled, request)
	order := postgres.CancelOrder{By: request.By, Reason: request.Reason, Refund: request.Refund, StaffID: request.StaffID}
	change, err := r.h.store.CancelBy(ctx, code, order, r.h.now)
	return workflows.ChangeOutcome{Done: err == nil, Status: change.Reservation.Status}, err
}

func newHarbour(t *testing.T) *harbour {
	t.Helper()
	h := &harbour{runs: &runs{scheduled: map[int64]workflows.FeedSchedule{}}}
	h.runs.h = h
	fetcher := ical.New(ical.Options{AllowPrivate: true, Timeout: 5 * time.Second})
	t.Cleanup(fetcher.Close)
	h.calendars = &activities.Calendars{Fetcher: fetcher, Schedules: h.runs, Domain: "cabanas.example", Every: 5 * time.Minute,
		StaleAfter: 20 * time.Minute, Metrics: observe.NewMetrics(prometheus.NewRegistry()), Now: func() time.Time { return h.now }}
	desk := &activities.CalendarDesk{Calendars: h.calendars, Addresses: fetcher, Bookings: h.runs}
	h.office = newOffice(t, func(options *api.Options) { options.Calendars = desk })
	h.calendars.Store, desk.Store = h.store, h.store
	ours := httptest.NewServer(h)
	t.Cleanup(ours.Close)
	var err error
	desk.BaseURL, err = url.Parse(ours.URL)
	require.NoError(t, err)
	h.channels = startChannels(t, h.now)

	h.setUp(t)
	h.owner, _ = h.logIn(t, ownerEmail)
	h.cabin, err = h.store.CreateAccommodation(t.Context(), booking.Accommodation{Name: "Arrayán", Type: booking.Cabin, Capacity: 4, Active: true,
		Rate: booking.Rate{Base: booking.Pesos(20_000), WeekendPercent: 100, MinNights: 1}})
	require.NoError(t, err)
	h.guest, err = h.store.UpsertGuest(t.Context(), postgres.Guest{Phone: "541155556666", Name: "Ana Paula"})
	require.NoError(t, err)
	return h
}

func startChannels(t *testing.T, now time.Time) *control.Client {
	t.Helper()
	served := httptest.NewUnstartedServer(nil)
	address := "http://" + served.Listener.Addr().String()
	s, err := sandbox.New(sandbox.Options{PublicURL: address, Clock: func() time.Time { return now }, Seed: 7, PhoneNumberID: "1", DisplayPhoneNumber: "+54 9 351 000-0000",
		AccessToken: "token", AppSecret: "secret", VerifyToken: "verify", WhatsAppWebhookURL: address, MercadoPagoAccessToken: "TEST-token",
		MercadoPagoWebhookSecret: "secret", MercadoPagoWebhookURL: address, DeliveredAfter: time.Millisecond})
	require.NoError(t, err)
	served.Config.Handler = s.Handler()
	served.Start()
	client := control.NewClient(address, nil)
	t.Cleanup(func() {
		require.NoError(t, s.Close())
		client.CloseIdle()
		served.Close()
	})
	return client
}

func (h *harbour) list(t *testing.T, channel, importURL string) control.ChannelListing {
	t.Helper()
	listing, err := h.channels.AddListing(t.Context(), control.ChannelListing{Channel: channel, Listing: "Arrayan", WindowDays: new(int), PullEvery: "0s",
		ImportURL: importURL, ConditionalPull: true})
	require.NoError(t, err)
	return listing
}

func (h *harbour) sell(t *testing.T, channel, from, to string, force bool) {
	t.Helper()
	_, err := h.channels.Sell(t.Context(), control.ChannelStay{Channel: channel, Listing: "Arrayan", CheckIn: from, CheckOut: to, Force: force})
	require.NoError(t, err)
}

// book is a confirmed reservation of five nights.
func (h *harbour) book(t *testing.T, from string) string {
	t.Helper()
	h.n++
	first := booking.MustDate(from)
	r, err := h.store.PlaceHold(t.Context(), postgres.NewHold{
		Code: booking.NewCode(h.now, [3]byte{1, 3, h.n}), AccommodationID: h.cabin, GuestID: h.guest, Stay: booking.Stay{CheckIn: first, CheckOut: first.AddDays(5)},
		Guests: 2, Channel: booking.ChannelDirect, ExpiresAt: h.now.Add(time.Hour), Quote: booking.Quote{Total: booking.Pesos(100_000), Deposit: booking.Pesos(30_000), RateVersion: 1},
	}, h.now)
	require.NoError(t, err)
	var owner int64
	require.NoError(t, h.sql.QueryRow(t.Context(), `SELECT id FROM users ORDER BY id LIMIT 1`).Scan(&owner))
	_, err = h.store.ConfirmByOwner(t.Context(), r.Code, owner, h.now)
	require.NoError(t, err)
	return r.Code
}

// asked asks as the owner and reads the answer.
func (h *harbour) asked(t *testing.T, status int, method, path string, body any, headers ...string) map[string]any {
	t.Helper()
	text := ""
	if body != nil {
		encoded, err := json.Marshal(body)
		require.NoError(t, err)
		text = string(encoded)
	}
	answer := h.ask(t, h.owner, method, path, text, headers...)
	require.Equal(t, status, answer.Code, "%s %s", answer.Body, h.logs)
	if answer.Body.Len() == 0 {
		return nil
	}
	return object(t, answer)
}

func (h *harbour) addFeed(t *testing.T, channel, address string) map[string]any {
	t.Helper()
	return h.asked(t, http.StatusCreated, http.MethodPost, feedsPath, map[string]any{"accommodation_id": h.cabin, "channel": channel, "url": address})
}

func (h *harbour) export(t *testing.T, channel string) string {
	t.Helper()
	made := h.asked(t, http.StatusCreated, http.MethodPost, exportsPath, map[string]any{"accommodation_id": h.cabin, "channel": channel})
	return made["url"].(string)
}

// board is what the calendar shows of the cabin in January.
func (h *harbour) board(t *testing.T) map[string]any {
	t.Helper()
	path := admin + "/calendar?from=2027-01-01&to=2027-02-01&accommodation_id=" + strconv.FormatInt(h.cabin, 10)
	units := h.asked(t, http.StatusOK, http.MethodGet, path, nil)["items"].([]any)
	require.Len(t, units, 1)
	return units[0].(map[string]any)
}

// unseen lists the channels that do not know of the first reservation of the board.
func (h *harbour) unseen(t *testing.T) []string {
	t.Helper()
	channels := []string{}
	for _, u := range h.board(t)["reservations"].([]any)[0].(map[string]any)["unseen_by"].([]any) {
		channels = append(channels, u.(map[string]any)["channel"].(string))
	}
	return channels
}

// get reads an address of ours from outside.
func get(t *testing.T, method, address string, headers ...string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	require.NoError(t, err)
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(body)
}

func idText(id float64) string { return strconv.FormatInt(int64(id), 10) }
