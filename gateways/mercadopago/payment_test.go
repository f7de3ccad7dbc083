package mercadopago

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cabanas/booking"
	"cabanas/gateways/internal/lenient"
)

const fullPayment = `{"id":1234567890,"date_created":"2026-11-22T10:00:00.000-04:00","date_approved":"2026-11-22T10:00:05.123-04:00",
"date_last_updated":"2026-11-22T10:00:06.000-04:00","date_of_expiration":null,"operation_type":"regular_payment","payment_method_id":"visa",
"payment_type_id":"credit_card","status":"approved","status_detail":"accredited","currency_id":"ARS","description":"Seña","live_mode":true,
"collector_id":444,"payer":{"id":"***","email":"ana@example.com"},"metadata":{},"order":{"id":"987","type":"mercadopago"},
"external_reference":"RES261122abcdef","transaction_amount":27000.50,"transaction_amount_refunded":0,"coupon_amount":"***","fee_details":[],
"refunds":[],"card":{"first_six_digits":null},"tomorrow":{"x":[1]}}`

func TestParsePayment(t *testing.T) {
	t.Parallel()
	payment, err := ParsePayment([]byte(fullPayment))
	require.NoError(t, err)
	require.Equal(t, Payment{
		ID: 1234567890, Status: booking.ProviderApproved, ProviderStatus: "approved", StatusDetail: "accredited",
		Amount: booking.Centavos(2700050), Refunded: booking.Centavos(0), ExternalReference: "RES261122abcdef", CollectorID: 444, LiveMode: true,
		MethodID: "visa", TypeID: "credit_card", OrderID: "987",
		DateCreated:     time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC),
		DateApproved:    time.Date(2026, 11, 22, 14, 0, 5, 123e6, time.UTC),
		DateLastUpdated: time.Date(2026, 11, 22, 14, 0, 6, 0, time.UTC),
		Raw:             []byte(fullPayment),
	}, payment)
}

func TestParsePaymentIsLenient(t *testing.T) {
	t.Parallel()
	payment, err := ParsePayment([]byte(`{"id":"77","status":"frozen","collector_id":"***","live_mode":null,"order":null,"external_reference":null,
		"currency_id":null,"transaction_amount":"***","date_created":"yesterday","date_approved":"2026-11-22T10:00:00.000-0400","status_detail":7}`))
	require.NoError(t, err)
	require.EqualValues(t, 77, payment.ID)
	require.Equal(t, booking.ProviderUnknown, payment.Status)
	require.Equal(t, "frozen", payment.ProviderStatus)
	require.Zero(t, payment.CollectorID)
	require.True(t, payment.DateCreated.IsZero())
	require.Equal(t, 14, payment.DateApproved.Hour())
	require.ErrorIs(t, payment.AmountError, errNotNumber)

	for _, body := range []string{``, `null`, `[]`, `{}`, `{"id":null}`, `{"id":"***"}`, `{"id":-5}`, `{"id":1.5}`} {
		_, err := ParsePayment([]byte(body))
		require.Error(t, err, body)
	}
}

func TestPaymentStatuses(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]booking.ProviderStatus{
		"pending": booking.ProviderPending, "in_process": booking.ProviderInProcess, "authorized": booking.ProviderAuthorized,
		"approved": booking.ProviderApproved, "rejected": booking.ProviderRejected, "cancelled": booking.ProviderCancelled,
		"canceled": booking.ProviderCancelled, "refunded": booking.ProviderRefunded, "charged_back": booking.ProviderChargedBack,
		"in_mediation": booking.ProviderInMediation, "": booking.ProviderUnknown, "Approved": booking.ProviderUnknown, "unknown": booking.ProviderUnknown,
	} {
		payment, err := ParsePayment(fmt.Appendf(nil, `{"id":1,"status":%q,"transaction_amount":1}`, name))
		require.NoError(t, err)
		require.Equal(t, want, payment.Status, name)
	}
}

func TestAmountsAreExact(t *testing.T) {
	t.Parallel()
	for literal, want := range map[string]int64{
		`0`: 0, `1`: 100, `0.1`: 10, `15000.00`: 1500000, `15000.5`: 1500050, `"15000.50"`: 1500050, `100.10000`: 10010,
		`1.0E7`: 1000000000, `1.5e3`: 150000, `2700050e-2`: 2700050, `1e-2`: 1, `5E+2`: 50000, `10000000000000`: 1e15, `-0.0`: 0,
	} {
		payment, err := ParsePayment([]byte(`{"id":1,"currency_id":"ARS","transaction_amount":` + literal + `}`))
		require.NoError(t, err)
		require.NoError(t, payment.AmountError, literal)
		require.Equal(t, booking.Centavos(want), payment.Amount, literal)
	}
	for literal, want := range map[string]error{
		`null`: errNoAmount, `""`: errNoAmount, `{}`: errNoAmount, `"***"`: errNotNumber, `"1.234,56"`: errNotNumber, `" 1"`: errNotNumber, `"."`: errNotNumber, `"1e"`: errNotNumber,
		`100.001`: errNotCents, `100.10000000000001`: errNotCents, `1e-3`: errNotCents, `10000000000000.01`: errNotCents, `1e16`: errNotCents,
		`9223372036854775807`: errNotCents, `1e999999999`: errNotCents, `1e-999999999`: errNotCents, strings.Repeat("9", 5000): errNotCents,
		`-1`: errNegative, `-1.5e1`: errNegative,
	} {
		payment, err := ParsePayment([]byte(`{"id":1,"currency_id":"ARS","transaction_amount":` + literal + `}`))
		require.NoError(t, err)
		require.ErrorIs(t, payment.AmountError, want, literal)
		require.Zero(t, payment.Amount.Centavos)
		require.Equal(t, "ARS", payment.Amount.Currency)
	}
	payment, err := ParsePayment([]byte(`{"id":1,"transaction_amount":5,"transaction_amount_refunded":"***"}`))
	require.NoError(t, err)
	require.ErrorIs(t, payment.AmountError, errNotNumber)
	require.EqualValues(t, 500, payment.Amount.Centavos)
}

func TestAmountsSurviveTheWire(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		money := booking.Centavos(rapid.Int64Range(0, largestCentavos).Draw(t, "centavos"))
		literal, err := wireAmount(money).MarshalJSON()
		require.NoError(t, err)
		require.Regexp(t, `^\d+\.\d\d$`, string(literal))
		got, err := amount(lenient.Object{"a": literal}.Text("a"), "ARS")
		require.NoError(t, err)
		require.Equal(t, money, got)
	})
}

func FuzzParsePayment(f *testing.F) {
	f.Add([]byte(fullPayment))
	f.Add([]byte(`{"id":1,"transaction_amount":1e308,"order":[],"currency_id":{}}`))
	f.Add([]byte(`{"id":1,"transaction_amount":"-0e-0"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		payment, err := ParsePayment(body)
		if err != nil {
			return
		}
		require.Positive(t, payment.ID)
		require.NotEmpty(t, payment.Status)
		require.GreaterOrEqual(t, payment.Amount.Centavos, int64(0))
		require.LessOrEqual(t, payment.Amount.Centavos, int64(largestCentavos))
	})
}

func TestPayment(t *testing.T) {
	t.Parallel()
	client, server := setup(t, reply{status: 200, body: fullPayment})
	payment, err := client.Payment(t.Context(), 1234567890)
	require.NoError(t, err)
	require.Equal(t, booking.ProviderApproved, payment.Status)
	require.Equal(t, "/v1/payments/1234567890", server.seen[0].URL.Path)
	require.Equal(t, http.MethodGet, server.seen[0].Method)
	require.Equal(t, "Bearer APP_USR-token", server.seen[0].Header.Get("Authorization"))
	require.Empty(t, server.seen[0].Header.Get("X-Idempotency-Key"))

	_, err = client.Payment(t.Context(), 5)
	require.ErrorIs(t, err, errOtherPayment)
	require.True(t, failureOf(t, err).Retryable())
}

func TestSearchPayments(t *testing.T) {
	t.Parallel()
	result := func(from, to int) string {
		var items []string
		for id := from; id <= to; id++ {
			items = append(items, fmt.Sprintf(`{"id":%d,"status":"rejected","external_reference":"RES1","transaction_amount":1}`, id))
		}
		return strings.Join(items, ",")
	}
	page := func(total int, results string) reply {
		return reply{status: 200, body: fmt.Sprintf(`{"paging":{"total":%d,"limit":30,"offset":0},"results":[%s]}`, total, results)}
	}
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		client, server := setup(t, page(0, ""))
		payments, err := client.SearchPayments(t.Context(), "RES1")
		require.NoError(t, err)
		require.Empty(t, payments)
		query := server.seen[0].URL.Query()
		require.Equal(t, "/v1/payments/search", server.seen[0].URL.Path)
		for name, want := range map[string]string{
			"external_reference": "RES1", "sort": "date_created", "criteria": "desc", "range": "date_created", "begin_date": "NOW-12MONTHS",
			"end_date": "NOW", "limit": "30", "offset": "0",
		} {
			require.Equal(t, want, query.Get(name))
		}
	})
	t.Run("pages that move meanwhile", func(t *testing.T) {
		t.Parallel()
		client, server := setup(t, page(40, result(1, 30)), page(41, result(30, 40)))
		payments, err := client.SearchPayments(t.Context(), "RES1")
		require.NoError(t, err)
		require.Len(t, payments, 40)
		require.Len(t, server.seen, 2)
		require.Equal(t, "30", server.seen[1].URL.Query().Get("offset"))
	})
	t.Run("another reference is not ours", func(t *testing.T) {
		t.Parallel()
		client, _ := setup(t, page(2, result(1, 1)+`,{"id":2,"external_reference":"RES12"}`))
		payments, err := client.SearchPayments(t.Context(), "RES1")
		require.NoError(t, err)
		require.Len(t, payments, 1)
	})
	t.Run("an illegible result is not passed over", func(t *testing.T) {
		t.Parallel()
		client, _ := setup(t, page(2, `{"status":"approved"},`+result(1, 1)))
		payments, err := client.SearchPayments(t.Context(), "RES1")
		require.ErrorIs(t, err, errNoPaymentID)
		require.Len(t, payments, 1)
	})
	t.Run("without end", func(t *testing.T) {
		t.Parallel()
		client, server := setup(t, page(1_000_000, result(1, 30)))
		_, err := client.SearchPayments(t.Context(), "RES1")
		require.ErrorIs(t, err, errTooMany)
		require.Len(t, server.seen, maxSearchPages)
	})
	t.Run("no reference would find everybody's", func(t *testing.T) {
		t.Parallel()
		client, server := setup(t, page(0, ""))
		_, err := client.SearchPayments(t.Context(), "")
		require.Equal(t, ReasonInvalid, ReasonOf(err))
		require.Empty(t, server.seen)
	})
}
