package api_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
)

// ledgerRow is a payment of a test, so many hours after the beginning; an empty code is nobody's.
type ledgerRow struct {
	id, provider, code, status, verdict, disposition string
	counted                                          bool
	hours                                            int
}

// writes puts payments into the ledger as reports would.
func (c *counter) writes(t *testing.T, rows ...ledgerRow) {
	t.Helper()
	for _, r := range rows {
		at := c.now.Add(time.Duration(r.hours) * time.Hour)
		_, err := c.sql.Exec(t.Context(), `WITH paid AS (
				INSERT INTO payments (provider, provider_id, reservation_id, reference, status, status_detail, amount_centavos, currency,
					collector_ours, counted, verdict, disposition, provider_updated_at, first_received_at, last_received_at)
				VALUES ($1, $2, (SELECT id FROM reservations WHERE code = $3), $3, $4, '=detail', 1000000, 'ARS', true, $5, $6, $7, $8, $8, $8)
				RETURNING id)
			INSERT INTO payment_events (payment_id, status, amount_centavos, refunded_centavos, provider_updated_at, verdict, raw, received_at)
			SELECT id, $4, 1000000, 0, $8, $6, '{"payer":{"email":"ana@example.org"}}', $8 FROM paid`,
			r.provider, r.id, r.code, r.status, r.counted, r.verdict, r.disposition, at)
		require.NoError(t, err, r.id)
	}
}

func newLedger(t *testing.T) (c *counter, other, token string) {
	t.Helper()
	c = newCounter(t)
	other = c.hold(t, "2027-02-10")
	c.writes(t,
		ledgerRow{"1001", "mercadopago", c.code, "approved", "confirm", "applied", true, 1},
		ledgerRow{"1002", "mercadopago", "", "approved", "park", "parked", false, 2},
		ledgerRow{"1003", "mercadopago", other, "rejected", "failed", "failed", false, 3},
		ledgerRow{"cash-1", "cash", other, "approved", "count", "applied", true, 3}, // at the same instant: the id decides
		ledgerRow{"1005", "mercadopago", c.code, "in_mediation", "mediation", "open", true, 5},
	)
	token, _ = c.member(t, "readonly")
	return c, other, token
}

// listed asks a list and returns one field of its items.
func (o *office) listed(t *testing.T, token, path, field string) []any {
	t.Helper()
	found := []any{}
	for _, item := range items(t, object(t, o.ask(t, token, http.MethodGet, path, ""))) {
		found = append(found, item[field])
	}
	return found
}

// paged walks a list one item at a time.
func (o *office) paged(t *testing.T, token, path, field string) []any {
	t.Helper()
	found, cursor := []any{}, ""
	for range 20 {
		page := object(t, o.ask(t, token, http.MethodGet, path+"&limit=1&cursor="+cursor, ""))
		for _, item := range items(t, page) {
			found = append(found, item[field])
		}
		if page["next_cursor"] == nil {
			return found
		}
		cursor = page["next_cursor"].(string)
	}
	t.Fatal("the list has no end")
	return nil
}

// requireField is a refusal that names the field of the query.
func (o *office) requireField(t *testing.T, token, path, field string) {
	t.Helper()
	answer := o.ask(t, token, http.MethodGet, path, "")
	requireProblem(t, answer, http.StatusUnprocessableEntity, booking.CodeInvalidInput)
	require.Contains(t, answer.Body.String(), field, path)
}

func TestTheLedgerIsReadByWhatItSays(t *testing.T) {
	t.Parallel()
	c, other, token := newLedger(t)
	path := admin + "/payments"
	at := func(hours int) string {
		return url.QueryEscape(c.now.Add(time.Duration(hours) * time.Hour).Format(time.RFC3339))
	}
	for query, want := range map[string][]any{
		"":                                {"1005", "cash-1", "1003", "1002", "1001"},
		"sort=oldest":                     {"1001", "1002", "1003", "cash-1", "1005"},
		"method=cash":                     {"cash-1"},
		"method=cash,transfer":            {"cash-1"},
		"status=rejected,in_mediation":    {"1005", "1003"},
		"disposition=parked":              {"1002"},
		"disposition=parked,failed":       {"1003", "1002"},
		"verdict=confirm":                 {"1001"},
		"counted=true":                    {"1005", "cash-1", "1001"},
		"counted=false":                   {"1003", "1002"},
		"code=" + strings.ToLower(other):  {"cash-1", "1003"},
		"code=" + other + "&counted=true": {"cash-1"},
		"code=RES261120ABCDEF":            {},
		"from=" + at(3):                   {"1005", "cash-1", "1003"},
		"to=" + at(3):                     {"1002", "1001"},
		"from=" + at(2) + "&to=" + at(4):  {"cash-1", "1003", "1002"},
	} {
		require.Equal(t, want, c.listed(t, token, path+"?"+query, "payment_id"), query)
	}
	require.Equal(t, []any{"1005", "cash-1", "1003", "1002", "1001"}, c.paged(t, token, path+"?sort=newest", "payment_id"))
	require.Equal(t, []any{"1001", "1002", "1003", "cash-1", "1005"}, c.paged(t, token, path+"?sort=oldest", "payment_id"))
	for query, field := range map[string]string{
		"limit=0": "limit", "limit=101": "limit", "cursor=x": "cursor", "cursor=" + makeOldCursor: "cursor", "sort=amount": "sort",
		"method=cheque": "method", "status=lost": "status", "disposition=lost": "disposition", "verdict=lost_it": "verdict",
		"counted=maybe": "counted", "code=nothing": "code", "from=yesterday": "from", "from=" + at(3) + "&to=" + at(3): "to",
	} {
		c.requireField(t, token, path+"?"+query, field)
	}
	newest := object(t, c.ask(t, token, http.MethodGet, path+"?limit=2", ""))["next_cursor"].(string)
	c.requireField(t, token, path+"?sort=oldest&cursor="+newest, "cursor")
	c.requireField(t, token, admin+"/refunds?cursor="+newest, "cursor")

	// What arrives between two pages moves nothing of them.
	c.writes(t, ledgerRow{"1006", "mercadopago", "", "approved", "park", "parked", false, 9})
	rest := object(t, c.ask(t, token, http.MethodGet, path+"?limit=2&cursor="+newest, ""))
	require.Equal(t, "1003", items(t, rest)[0]["payment_id"])
	require.Equal(t, "1002", items(t, rest)[1]["payment_id"])
}

// makeOldCursor is one that another list gives.
const makeOldCursor = "YWZ0ZXI6Mw"

func TestAPaymentIsReadWhole(t *testing.T) {
	t.Parallel()
	c, _, token := newLedger(t)
	_, err := c.sql.Exec(t.Context(), `WITH disputed AS (
			INSERT INTO disputes (payment_id, kind, amount_centavos, currency, opened_at) SELECT id, 'mediation', 1000000, 'ARS', $1 FROM payments WHERE provider_id = '1001')
		INSERT INTO refunds (payment_id, key, reason, amount_centavos, currency, created_at, updated_at)
		SELECT id, 'refund:1001:goodwill-ab', 'goodwill-ab', 400000, 'ARS', $1, $1 FROM payments WHERE provider_id = '1001'`, c.now)
	require.NoError(t, err)
	path := admin + "/payments/1001"
	answer := c.ask(t, token, http.MethodGet, path, "")
	require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
	require.NotContains(t, answer.Body.String(), "ana@")
	file := object(t, answer)
	require.Equal(t, c.code, file["payment"].(map[string]any)["code"])
	require.Equal(t, c.code, file["reservation"].(map[string]any)["code"])
	require.Equal(t, "mediation", file["disputes"].([]any)[0].(map[string]any)["kind"])
	require.Equal(t, "goodwill", file["refunds"].([]any)[0].(map[string]any)["reason"])
	event := file["events"].([]any)[0].(map[string]any)
	require.Equal(t, "approved", event["status"])
	require.Equal(t, map[string]any{"amount": "10000.00", "currency": "ARS"}, event["amount"])

	again := c.ask(t, token, http.MethodGet, path, "", "If-None-Match", answer.Header().Get("ETag"))
	require.Equal(t, http.StatusNotModified, again.Code)
	require.Empty(t, again.Body.String())
	_, err = c.sql.Exec(t.Context(), `UPDATE payments SET last_received_at = $1 WHERE provider_id = '1001'`, c.now.Add(9*time.Hour))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, c.ask(t, token, http.MethodGet, path, "", "If-None-Match", answer.Header().Get("ETag")).Code)

	nobodys := object(t, c.ask(t, token, http.MethodGet, admin+"/payments/1002", ""))
	require.Nil(t, nobodys["reservation"])
	require.Equal(t, []any{}, nobodys["refunds"])
	for _, unknown := range []string{"4711", "%00", "%20", url.QueryEscape("'; --")} {
		requireProblem(t, c.ask(t, token, http.MethodGet, admin+"/payments/"+unknown, ""), 404, booking.CodeNotFound)
	}
	requireProblem(t, c.ask(t, "", http.MethodGet, path, ""), 401, booking.CodeUnauthorized)
}

func TestTheLedgerIsExported(t *testing.T) {
	t.Parallel()
	c, other, token := newLedger(t)
	path := admin + "/payments/export.csv"
	answer := c.ask(t, token, http.MethodGet, path+"?sort=oldest&counted=true", "")
	require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
	require.Contains(t, answer.Header().Get("Content-Disposition"), `attachment; filename="pagos-`)
	rows, err := csv.NewReader(strings.NewReader(answer.Body.String())).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 4)
	require.Equal(t, "payment_id", rows[0][0])
	at := c.now.Add(3 * time.Hour).UTC().Format(time.RFC3339)
	require.Equal(t, []string{"cash-1", at, "cash", other, "approved", "'=detail", "applied", "count", "yes", "ARS", "10000.00", "0.00", "10000.00", at}, rows[2])

	excel := c.ask(t, token, http.MethodGet, path+"?separator=semicolon&disposition=parked", "").Body.String()
	require.True(t, strings.HasPrefix(excel, "\ufeffpayment_id;received_at;"), excel)
	require.Contains(t, excel, ";no;ARS;10000,00;0,00;0,00;")
	c.requireField(t, token, path+"?status=lost", "status")
	c.requireField(t, token, path+"?code=nothing", "code")
	requireProblem(t, c.ask(t, "", http.MethodGet, path, ""), 401, booking.CodeUnauthorized)
}

func TestATableOfManyPagesIsWhole(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	token, _ := c.member(t, "readonly")
	// Many at one instant: the page ends among them.
	_, err := c.sql.Exec(t.Context(), `INSERT INTO payments (provider_id, reference, status, amount_centavos, currency, collector_ours, verdict,
			disposition, provider_updated_at, first_received_at, last_received_at)
		SELECT n::text, '', 'approved', 100, 'ARS', true, 'park', 'parked', $1, $1, $1 FROM generate_series(1, 1203) n`, c.now)
	require.NoError(t, err)
	rows, err := csv.NewReader(strings.NewReader(c.ask(t, token, http.MethodGet, admin+"/payments/export.csv", "").Body.String())).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1204)
	for n, row := range rows[1:] {
		require.Equal(t, fmt.Sprint(1203-n), row[0])
	}
}

func TestRefundsAreReadByWhatTheySay(t *testing.T) {
	t.Parallel()
	c, other, token := newLedger(t)
	c.writes(t, ledgerRow{"1007", "mercadopago", c.code, "approved", "count", "applied", true, 7})
	for n, row := range []struct{ payment, status, tried string }{
		{"1001", "planned", ""}, {"1007", "planned", "now"}, {"cash-1", "by_hand", ""}, {"1002", "done", "now"},
	} {
		_, err := c.sql.Exec(t.Context(), `INSERT INTO refunds (payment_id, key, reason, amount_centavos, currency, status, created_at, updated_at, tried_at)
			SELECT id, 'refund:' || provider_id, 'cancelled', $2, 'ARS', $3, $4, $4, CASE WHEN $5 = 'now' THEN $4::timestamptz END FROM payments WHERE provider_id = $1`,
			row.payment, int64(100*(n+1)), row.status, c.now.Add(time.Duration(n)*time.Hour), row.tried)
		require.NoError(t, err)
	}
	path := admin + "/refunds"
	at := func(hours int) string {
		return url.QueryEscape(c.now.Add(time.Duration(hours) * time.Hour).Format(time.RFC3339))
	}
	for query, want := range map[string][]any{
		"":                               {"1002", "cash-1", "1007", "1001"},
		"sort=oldest":                    {"1001", "1007", "cash-1", "1002"},
		"status=planned":                 {"1001"},
		"status=sent":                    {"1007"},
		"status=planned,sent,by_hand":    {"cash-1", "1007", "1001"},
		"code=" + other:                  {"cash-1"},
		"payment_id=1002":                {"1002"},
		"payment_id=4711":                {},
		"from=" + at(1) + "&to=" + at(3): {"cash-1", "1007"},
	} {
		require.Equal(t, want, c.listed(t, token, path+"?"+query, "payment_id"), query)
	}
	require.Equal(t, []any{"1002", "cash-1", "1007", "1001"}, c.paged(t, token, path+"?sort=newest", "payment_id"))
	for query, field := range map[string]string{
		"limit=0": "limit", "cursor=x": "cursor", "status=lost": "status", "code=x": "code", "payment_id=%00": "payment_id", "to=x": "to",
	} {
		c.requireField(t, token, path+"?"+query, field)
	}
}

func TestReceiptsOfEveryBookingAreListed(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	owner, _ := c.logIn(t, ownerEmail)
	other := c.hold(t, "2027-02-10")
	for _, code := range []string{c.code, other} {
		answer := c.ask(t, owner, http.MethodPost, c.payments(code), `{"method":"cash","amount":"30000"}`)
		require.Equal(t, http.StatusCreated, answer.Code, answer.Body.String())
		require.Equal(t, http.StatusOK, c.ask(t, owner, http.MethodGet, admin+"/reservations/"+code+"/receipts", "").Code)
	}
	path := admin + "/receipts"
	all := items(t, object(t, c.ask(t, owner, http.MethodGet, path, "")))
	require.Len(t, all, 2)
	require.Equal(t, other, all[0]["code"])
	require.Equal(t, map[string]any{"amount": "30000.00", "currency": "ARS"}, all[0]["amount"])
	first, second := all[1]["number"].(string), all[0]["number"].(string)
	today := all[0]["date"].(string)
	tomorrow := booking.MustDate(today).AddDays(1).String()
	for query, want := range map[string][]any{
		"sort=oldest":                   {first, second},
		"number=" + second:              {second},
		"number=R-9999-00000001":        {},
		"code=" + c.code:                {first},
		"method=cash":                   {second, first},
		"method=transfer":               {},
		"credit=true":                   {},
		"credit=false":                  {second, first},
		"from=" + today:                 {second, first},
		"from=" + tomorrow:              {},
		"to=" + today:                   {},
		"to=" + tomorrow + "&limit=100": {second, first},
	} {
		require.Equal(t, want, c.listed(t, owner, path+"?"+query, "number"), query)
	}
	require.Equal(t, []any{second, first}, c.paged(t, owner, path+"?credit=false", "number"))
	for query, field := range map[string]string{
		"limit=101": "limit", "cursor=" + makeOldCursor: "cursor", "number=12": "number", "number=R-9999-99999999999999999999": "number", "code=x": "code", "method=cheque": "method", "credit=x": "credit", "from=x": "from",
	} {
		c.requireField(t, owner, path+"?"+query, field)
	}
	require.Equal(t, http.StatusUnprocessableEntity, c.ask(t, owner, http.MethodGet, path+"?from="+tomorrow+"&to="+today, "").Code)
	require.NotContains(t, c.ask(t, owner, http.MethodGet, path, "").Body.String(), "token")
}
