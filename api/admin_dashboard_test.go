package api_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/api"
	"cabanas/booking"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
)

// newWatch is an office with a dashboard and a monitor.
func newWatch(t *testing.T) (o *office, owner string) {
	t.Helper()
	dashboard, monitor := &activities.DashboardDesk{}, &activities.Monitor{}
	o = newOffice(t, func(options *api.Options) { options.Dashboard, options.Monitor = dashboard, monitor })
	now := func() time.Time { return o.now }
	dashboard.Store, dashboard.Now = o.store, now
	monitor.Store, monitor.Now = o.store, now
	monitor.Inbox = activities.NewInbox(activities.Inbox{Store: o.store, PhoneID: "1", Metrics: observe.NewMetrics(prometheus.NewRegistry()), Now: now})
	o.setUp(t)
	owner, _ = o.logIn(t, ownerEmail)
	return o, owner
}

func TestDashboard(t *testing.T) {
	t.Parallel()
	o, owner := newWatch(t)
	cabin, err := o.store.CreateAccommodation(t.Context(), booking.Accommodation{Name: "Arrayán", Type: booking.Cabin, Capacity: 4, Active: true,
		Rate: booking.Rate{Base: booking.Pesos(20_000), WeekendPercent: 100, MinNights: 1}})
	require.NoError(t, err)
	guest, err := o.store.UpsertGuest(t.Context(), postgres.Guest{Phone: "541155556666", Name: "Ana Paula"})
	require.NoError(t, err)
	night := booking.MustDate("2026-11-21")
	for i, stay := range []booking.Stay{{CheckIn: night, CheckOut: night.AddDays(2)}, {CheckIn: night.AddDays(4), CheckOut: night.AddDays(6)}} {
		r, err := o.store.PlaceHold(t.Context(), postgres.NewHold{Code: fmt.Sprintf("RES261121%06X", i), AccommodationID: cabin, GuestID: guest, Guests: 2,
			Channel: booking.ChannelWhatsApp, Stay: stay, TokenHash: []byte("hash"), ExpiresAt: o.now.Add(90 * time.Second),
			Quote: booking.Quote{Total: booking.Pesos(40_000), Deposit: booking.Pesos(10_000), RateVersion: 1,
				Lines: []booking.Line{{Kind: booking.LineNight, Night: night, Amount: booking.Pesos(40_000), Reason: "base price"}}}}, o.now)
		require.NoError(t, err)
		if i == 0 {
			_, err = o.store.ConfirmByOwner(t.Context(), r.Code, 1, o.now)
			require.NoError(t, err)
		}
	}
	token, _ := o.member(t, "readonly")
	answer := o.ask(t, token, http.MethodGet, admin+"/dashboard", "")
	require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
	body := object(t, answer)
	require.Equal(t, "2026-11-01", body["from"])
	require.Equal(t, "2026-12-01", body["to"])
	require.Equal(t, "2026-11-21", body["today"])
	pesos := func(amount string) map[string]any { return map[string]any{"amount": amount, "currency": "ARS"} }
	require.Equal(t, map[string]any{"total": 30.0, "available": 30.0, "sold": 2.0, "booked": 2.0, "elsewhere": 0.0, "blocked": 0.0, "held": 2.0,
		"occupancy_percent": 6.67}, body["nights"])
	require.Equal(t, map[string]any{"stays": pesos("40000.00"), "adr": pesos("20000.00"), "revpar": pesos("1333.33")}, body["revenue"])
	require.Equal(t, pesos("0.00"), body["money"].(map[string]any)["net"])
	require.Nil(t, body["pace"].(map[string]any)["nights_change_percent"])
	require.Equal(t, map[string]any{"placed": 2.0, "open": 1.0, "expired": 0.0, "expired_percent": 0.0}, body["holds"])
	now := body["now"].(map[string]any)
	require.Equal(t, pesos("40000.00"), now["balances_due_sum"])
	require.Equal(t, pesos("10000.00"), now["deposits_waiting_sum"])
	require.EqualValues(t, 90, now["holds"].([]any)[0].(map[string]any)["seconds_left"])
	require.Equal(t, map[string]any{"code": "RES261121000000", "accommodation_id": float64(cabin), "accommodation": "Arrayán", "check_in": "2026-11-21",
		"check_out": "2026-11-23", "guests": 2.0, "due": pesos("40000.00")}, now["arrivals"].([]any)[0])
	require.Equal(t, []any{}, now["departures"])
	require.NotContains(t, answer.Body.String(), "Ana Paula")

	for query, field := range map[string]string{"from=2026-13-01": "from", "to=x": "to", "from=0001-01-01": "from"} {
		requireField(t, requireProblem(t, o.ask(t, owner, http.MethodGet, admin+"/dashboard?"+query, ""), 422, booking.CodeInvalidInput), "query", field)
	}
	requireProblem(t, o.ask(t, owner, http.MethodGet, admin+"/dashboard?from=2026-02-01&to=2026-02-01", ""), 422, booking.CodeInvalidDates)
	requireProblem(t, o.ask(t, owner, http.MethodGet, admin+"/dashboard?accommodation_id=99", ""), 404, booking.CodeNotFound)
}

func TestAuditLogIsForTheOwner(t *testing.T) {
	t.Parallel()
	o, owner := newWatch(t)
	staff, id := o.member(t, "staff")
	requireProblem(t, o.ask(t, staff, http.MethodGet, admin+"/audit", ""), 403, booking.CodeForbidden)
	require.Less(t, o.ask(t, owner, http.MethodPost, fmt.Sprintf("%s/users/%d/disable", admin, id), "").Code, 300)

	list := func(query string) (items []any, next any) {
		answer := o.ask(t, owner, http.MethodGet, admin+"/audit?"+query, "")
		require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
		return object(t, answer)["items"].([]any), object(t, answer)["next_cursor"]
	}
	all, next := list("")
	require.Nil(t, next)
	var paged []any
	for cursor := any(""); cursor != nil; {
		var page []any
		page, cursor = list(fmt.Sprintf("limit=2&cursor=%s", cursor))
		paged = append(paged, page...)
	}
	require.Equal(t, all, paged)
	found, _ := list(fmt.Sprintf("entity=user&entity_id=%d&action=user.changed", id))
	require.Len(t, found, 1, "%v", all)
	entry := found[0].(map[string]any)
	require.Equal(t, ownerEmail, entry["email"])
	require.Equal(t, "staff", entry["actor"])
	require.NotEqual(t, entry["before"], entry["after"])
	require.NotEmpty(t, entry["trace_id"])
	none, _ := list("from=2030-01-01T00:00:00Z")
	require.Empty(t, none)
	none, _ = list("to=2020-01-01T00:00:00Z")
	require.Empty(t, none)
	requireProblem(t, o.ask(t, owner, http.MethodGet, admin+"/audit?entity_id=%ff%00", ""), 422, booking.CodeInvalidInput)
	requireProblem(t, o.ask(t, owner, http.MethodGet, admin+"/audit?cursor=x", ""), 422, booking.CodeInvalidInput)
}

func TestDeliveriesAreHandedOnAgain(t *testing.T) {
	t.Parallel()
	o, _ := newWatch(t)
	staff, _ := o.member(t, "staff")
	id, _, err := o.store.InsertInbox(t.Context(), "whatsapp", "k", []byte(`{"object":"whatsapp_business_account","entry":[]}`), nil, "t-1", o.now)
	require.NoError(t, err)
	require.NoError(t, o.store.MarkDispatchFailed(t.Context(), id, "neighbour away", o.now))
	list := func(query string) []any {
		answer := o.ask(t, staff, http.MethodGet, admin+"/webhooks?"+query, "")
		require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
		require.NotContains(t, answer.Body.String(), "whatsapp_business_account")
		return object(t, answer)["items"].([]any)
	}
	waiting := list("status=failing&provider=whatsapp")[0].(map[string]any)
	require.Equal(t, "neighbour away", waiting["last_error"])
	require.EqualValues(t, 1, waiting["attempts"])
	require.NotNil(t, waiting["next_try_at"])
	require.Empty(t, list("status=dispatched"))

	retry := fmt.Sprintf("%s/webhooks/%d/retry", admin, id)
	for range 2 { // the second is of one that was handed on
		answer := o.ask(t, staff, http.MethodPost, retry, "")
		require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
		require.Equal(t, "dispatched", object(t, answer)["status"])
		require.Empty(t, object(t, answer)["last_error"])
	}
	require.Contains(t, o.actions(t), "webhook.retried")
	requireProblem(t, o.ask(t, staff, http.MethodPost, admin+"/webhooks/999/retry", ""), 404, booking.CodeNotFound)

	unreadable, _, err := o.store.InsertInbox(t.Context(), "whatsapp", "k2", []byte(`not JSON`), nil, "t-2", o.now)
	require.NoError(t, err)
	answer := o.ask(t, staff, http.MethodPost, fmt.Sprintf("%s/webhooks/%d/retry", admin, unreadable), "")
	require.Contains(t, []int{200, 503}, answer.Code, answer.Body.String())
}
