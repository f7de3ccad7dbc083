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
	require.ErrorContains(t, payment.AmountError, "transaction_amount: not_a_number")

	for _, body := range []string{``, `null`, `[]`, `{}`, `{"id":null}`, `{"id":"***"}`, `{"id":-5}`, `{"id":1.5}`} {
		_, err := ParsePayment([]byte(body))
		var broken *UnreadableError
		require.ErrorAs(t, err, &broken, body)
		require.Equal(t, body, string(broken.Raw), "kept, to be put aside")
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
		`0`: 0, `1`: 100, `0.1`: 10, `15000.00`: 1500000, `15000.5`: 1500050, `"15000.50"`: 1500050, `100.10000`: 10010, `"5."`: 500,
		`1.0E7`: 1000000000, `1.5e3`: 150000, `2700050e-2`: 2700050, `1e-2`: 1, `5E+2`: 50000, `10000000000000`: 1e15, `-0.0`: 0,
		`90071992547.93`: 9007199254793, `0e-9`: 0, `9007199254740.93`: 900719925474093, `27000.10`: 2700010, `0.29`: 29, `1.15`: 115,
	} {
		payment, err := ParsePayment([]byte(`{"id":1,"currency_id":"ARS","transaction_amount":` + literal + `}`))
		require.NoError(t, err)
		require.NoError(t, payment.AmountError, literal)
		require.Equal(t, booking.Centavos(want), payment.Amount, literal)
	}
	for literal, want := range map[string]AmountFault{
		`null`: AmountAbsent, `""`: AmountAbsent, `{}`: AmountAbsent, `[1]`: AmountAbsent, `true`: AmountAbsent,
		`"***"`: AmountNotNumber, `"1.234,56"`: AmountNotNumber, `" 1"`: AmountNotNumber, `"."`: AmountNotNumber, `"1e"`: AmountNotNumber,
		`"--1"`: AmountNotNumber, `"$1"`: AmountNotNumber, `"NaN"`: AmountNotNumber, `"Infinity"`: AmountNotNumber, `"0x10"`: AmountNotNumber, `"1_0"`: AmountNotNumber,
		`100.001`: AmountFraction, `100.10000000000001`: AmountFraction, `1e-3`: AmountFraction, `10000000000000.001`: AmountFraction,
		`1e-999`: AmountFraction, `10000000000000.01`: AmountOutOfRange, `1e16`: AmountOutOfRange, `9223372036854775807`: AmountOutOfRange,
		`1e999999999`: AmountOutOfRange, `1e99999999999999999999`: AmountOutOfRange, strings.Repeat("9", 5000): AmountOutOfRange,
		`-1`: AmountNegative, `-1.5e1`: AmountNegative, `-0.01`: AmountNegative,
	} {
		payment, err := ParsePayment([]byte(`{"id":1,"currency_id":"ARS","transaction_amount":` + literal + `}`))
		require.NoError(t, err)
		var fault *AmountError
		require.ErrorAs(t, payment.AmountError, &fault, literal)
		require.Equal(t, AmountError{Field: "transaction_amount", Fault: want}, *fault, literal)
		require.Zero(t, payment.Amount.Centavos)
		require.Equal(t, "ARS", payment.Amount.Currency)
	}
}

func TestRefundedAmount(t *testing.T) {
	t.Parallel()
	for literal, want := range map[string]AmountFault{
		`"***"`: AmountNotNumber, `{}`: AmountAbsent, `""`: AmountAbsent, `-3`: AmountNegative, `0.001`: AmountFraction, `null`: "", `0`: "", `4.99`: "",
	} {
		payment, err := ParsePayment([]byte(`{"id":1,"transaction_amount":5,"transaction_amount_refunded":` + literal + `}`))
		require.NoError(t, err)
		require.EqualValues(t, 500, payment.Amount.Centavos)
		if want == "" {
			require.NoError(t, payment.AmountError, literal)
			continue
		}
		require.ErrorContains(t, payment.AmountError, "transaction_amount_refunded: "+string(want), literal)
		require.NotContains(t, payment.AmountError.Error(), "***")
	}
}

func TestAmountsSurviveTheWire(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		money := booking.Centavos(rapid.Int64Range(0, largestCentavos).Draw(t, "centavos"))
		literal, err := wireAmount(money).MarshalJSON()
		require.NoError(t, err)
		require.Regexp(t, `^\d+\.\d\d$`, string(literal))
		got, err := amount(lenient.Object{"a": literal}, "a", "ARS")
		require.NoError(t, err)
		require.Equal(t, money, got)
	})
}

// Every seed is a shape that was seen or is to be feared; testdata/fuzz has more. Whatever comes, a payment is either read with
// what can be trusted in it, or what came is kept.
func FuzzParsePayment(f *testing.F) {
	f.Add([]byte(fullPayment))
	for _, shape := range shapes {
		f.Add([]byte(shape.body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		payment, err := ParsePayment(body)
		if err != nil {
			var broken *UnreadableError
			require.ErrorAs(t, err, &broken)
			require.Equal(t, body, []byte(broken.Raw))
			require.Zero(t, payment)
			return
		}
		require.Positive(t, payment.ID)
		require.Equal(t, body, []byte(payment.Raw))
		require.Equal(t, payment.Status == booking.ProviderUnknown, providerStatuses[payment.ProviderStatus] == "")
		for _, money := range []booking.Money{payment.Amount, payment.Refunded} {
			require.GreaterOrEqual(t, money.Centavos, int64(0))
			require.LessOrEqual(t, money.Centavos, int64(largestCentavos))
		}
		if payment.Amount.Centavos == 0 && payment.AmountError == nil {
			require.Contains(t, string(body), "0")
		}
		for _, refund := range payment.Refunds {
			require.Positive(t, refund.ID)
			require.NotEmpty(t, refund.State())
			require.GreaterOrEqual(t, refund.Amount.Centavos, int64(0))
		}
		_ = payment.Dispute()
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

func TestAnswersThatAreNoPayment(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`null`, `[]`, `"***"`, `{}`, `{"id":"***","payer":{"email":"ana@example.com"}}`, `{"id":null,"status":"approved"}`, `7`} {
		client, _ := setup(t, reply{status: 200, body: body})
		_, err := client.Payment(t.Context(), 5)
		require.Equal(t, ReasonUnreadable, ReasonOf(err), body)
		require.False(t, failureOf(t, err).Retryable(), body)
		require.NotContains(t, err.Error(), "ana@")
		all := Unreadable(err)
		require.Len(t, all, 1, body)
		require.Equal(t, body, string(all[0].Raw))
	}
	for _, body := range []string{`<html>`, ``, `{"id":5`} {
		client, _ := setup(t, reply{status: 200, body: body})
		_, err := client.Payment(t.Context(), 5)
		require.Equal(t, ReasonServer, ReasonOf(err), "%q comes from something in between and passes", body)
		require.True(t, failureOf(t, err).Retryable(), body)
	}
}
