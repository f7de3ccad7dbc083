package mercadopago

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
)

// shape is a body as Mercado Pago's documentation, SDKs and users show it, cut to what matters, and what we make of it.
type shape struct {
	body    string
	status  booking.ProviderStatus
	detail  string
	amount  int64
	back    int64
	dispute Dispute
	refunds []RefundState
	faults  bool // the amounts cannot be trusted
	lists   bool // the refunds cannot be trusted
	updated string
}

var shapes = map[string]shape{
	"pending, cash": {
		body: `{"id":20359978,"date_created":"2026-07-10T10:47:58.000-04:00","date_approved":null,"date_last_updated":"2026-07-10T10:47:58.000-04:00",
			"date_of_expiration":"2026-07-13T22:59:59.000-04:00","money_release_date":null,"payment_method_id":"rapipago","payment_type_id":"ticket","status":"pending",
			"status_detail":"pending_waiting_payment","currency_id":"ARS","live_mode":true,"order":{},"external_reference":"RES1","transaction_amount":58.8,
			"transaction_amount_refunded":0,"coupon_amount":0,"card":{},"refunds":[],"transaction_details":{"external_resource_url":"https://x"}}`,
		status: booking.ProviderPending, detail: "pending_waiting_payment", amount: 5880, updated: "2026-07-10T14:47:58Z",
	},
	"in process, looked at by hand": {
		body:   `{"id":1,"status":"in_process","status_detail":"pending_review_manual","transaction_amount":100,"date_last_updated":"2026-11-22T10:00:00.000-03:00"}`,
		status: booking.ProviderInProcess, detail: "pending_review_manual", amount: 10000, updated: "2026-11-22T13:00:00Z",
	},
	"authorized, not captured": {
		body:   `{"id":1,"status":"authorized","status_detail":"pending_capture","captured":false,"transaction_amount":100.0}`,
		status: booking.ProviderAuthorized, detail: "pending_capture", amount: 10000,
	},
	"rejected": {
		body:   `{"id":1,"status":"rejected","status_detail":"cc_rejected_insufficient_amount","transaction_amount":100.10,"fee_details":[],"refunds":null}`,
		status: booking.ProviderRejected, detail: "cc_rejected_insufficient_amount", amount: 10010,
	},
	"cancelled by time": {
		body:   `{"id":1,"status":"cancelled","status_detail":"expired","transaction_amount":1}`,
		status: booking.ProviderCancelled, detail: "expired", amount: 100,
	},
	"the newer spelling": {
		body: `{"id":1,"status":"canceled","status_detail":"by_payer","transaction_amount":1}`, status: booking.ProviderCancelled, detail: "by_payer", amount: 100,
	},
	"masked": {
		body: `{"id":19951521071,"issuer_id":"***","collector_id":"***","status":"approved","status_detail":"accredited","installments":"***","transaction_amount":58.8,
			"payer":{"id":"***","identification":{"number":"***"},"phone":"***"},"card":{"expiration_year":"***","first_six_digits":"***"},"additional_info":"***","order":"***"}`,
		status: booking.ProviderApproved, detail: "accredited", amount: 5880,
	},
	"masked amount": {
		body: `{"id":1,"status":"approved","transaction_amount":"***"}`, status: booking.ProviderApproved, faults: true,
	},
	"numbers as strings": {
		body: `{"id":"19951521071","status":"approved","transaction_amount":"58.80","transaction_amount_refunded":"8.80",
			"refunds":[{"id":"9","payment_id":"19951521071","amount":"8.80","status":"approved"}]}`,
		status: booking.ProviderApproved, amount: 5880, back: 880, refunds: []RefundState{RefundDone},
	},
	"refunded in part, from the panel": {
		body: `{"id":19951521071,"status":"approved","status_detail":"partially_refunded","currency_id":"ARS","transaction_amount":58.8,"transaction_amount_refunded":1.5,
			"date_last_updated":"2026-02-05T15:35:50.000-04:00","refunds":[{"id":1622029222,"payment_id":19951521071,"amount":1.5,"source":{"name":"Test Test","id":"7186040733",
			"type":"collector"},"date_created":"2026-02-05T15:35:49.000-04:00","unique_sequence_number":null,"refund_mode":"standard","adjustment_amount":0,"status":"approved","reason":null}]}`,
		status: booking.ProviderApproved, detail: "partially_refunded", amount: 5880, back: 150, refunds: []RefundState{RefundDone}, updated: "2026-02-05T19:35:50Z",
	},
	"refunds in every state": {
		body: `{"id":1,"status":"approved","transaction_amount":10,"refunds":[{"id":1,"amount":1,"status":"in_process"},{"id":2,"amount":1,"status":"rejected"},
			{"id":3,"amount":1,"status":"cancelled"},{"id":4,"amount":1,"status":"authorized"},{"id":5,"amount":1,"status":"frozen"},{"id":6,"amount":1}]}`,
		status: booking.ProviderApproved, amount: 1000,
		refunds: []RefundState{RefundPending, RefundFailed, RefundFailed, RefundPending, RefundUnknown, RefundUnknown},
	},
	"refunded whole": {
		body:   `{"id":1,"status":"refunded","status_detail":"by_admin","transaction_amount":10,"transaction_amount_refunded":10,"refunds":[{"id":1,"amount":10,"status":"approved","source":{"type":"admin"}}]}`,
		status: booking.ProviderRefunded, detail: "by_admin", amount: 1000, back: 1000, refunds: []RefundState{RefundDone},
	},
	"mediation":                       {body: `{"id":1,"status":"in_mediation","status_detail":"pending","transaction_amount":10}`, status: booking.ProviderInMediation, detail: "pending", amount: 1000, dispute: DisputeOpen},
	"chargeback opened":               {body: `{"id":1,"status":"charged_back","status_detail":"in_process","transaction_amount":10}`, status: booking.ProviderChargedBack, detail: "in_process", amount: 1000, dispute: DisputeOpen},
	"chargeback lost":                 {body: `{"id":1,"status":"charged_back","status_detail":"settled","transaction_amount":10}`, status: booking.ProviderChargedBack, detail: "settled", amount: 1000, dispute: DisputeLost},
	"chargeback won":                  {body: `{"id":1,"status":"charged_back","status_detail":"reimbursed","transaction_amount":10}`, status: booking.ProviderChargedBack, detail: "reimbursed", amount: 1000, dispute: DisputeWon},
	"chargeback with another detail":  {body: `{"id":1,"status":"charged_back","status_detail":"covered","transaction_amount":10}`, status: booking.ProviderChargedBack, detail: "covered", amount: 1000, dispute: DisputeOpen},
	"settled means nothing elsewhere": {body: `{"id":1,"status":"approved","status_detail":"settled","transaction_amount":10}`, status: booking.ProviderApproved, detail: "settled", amount: 1000},
	"a status of tomorrow":            {body: `{"id":1,"status":"approved_maybe","status_detail":"accredited","transaction_amount":10}`, status: booking.ProviderUnknown, detail: "accredited", amount: 1000},
	"a status that is a list":         {body: `{"id":1,"status":["approved"],"transaction_amount":10}`, status: booking.ProviderUnknown, amount: 1000},
	"all nulls":                       {body: `{"id":1,"status":null,"status_detail":null,"currency_id":null,"transaction_amount":null,"transaction_amount_refunded":null,"refunds":null,"order":null,"date_last_updated":null}`, status: booking.ProviderUnknown, faults: true},
	"lists where objects were":        {body: `{"id":1,"status":"approved","transaction_amount":10,"order":[],"payer":[],"card":[],"metadata":[],"date_last_updated":[]}`, status: booking.ProviderApproved, amount: 1000},
	"an object where the list was":    {body: `{"id":1,"status":"approved","transaction_amount":10,"refunds":{}}`, status: booking.ProviderApproved, amount: 1000, lists: true},
	"a refund without an id":          {body: `{"id":1,"status":"approved","transaction_amount":10,"refunds":[{"amount":1},{"id":2,"amount":1,"status":"approved"}]}`, status: booking.ProviderApproved, amount: 1000, refunds: []RefundState{RefundDone}, lists: true},
	"huge":                            {body: `{"id":9223372036854775807,"status":"approved","transaction_amount":1e300}`, status: booking.ProviderApproved, faults: true},
	"negative":                        {body: `{"id":1,"status":"approved","transaction_amount":-10}`, status: booking.ProviderApproved, faults: true},
	"fractions of a centavo":          {body: `{"id":1,"status":"approved","transaction_amount":10.005}`, status: booking.ProviderApproved, faults: true},
	"an id with a point":              {body: `{"id":1.9951521071E10,"status":"approved","transaction_amount":1.0E2}`, status: booking.ProviderApproved, amount: 10000},
	"dates in other forms":            {body: `{"id":1,"status":"approved","transaction_amount":1,"date_last_updated":"2026-11-22T10:00:00.000-0400"}`, status: booking.ProviderApproved, amount: 100, updated: "2026-11-22T14:00:00Z"},
	"dates in Z":                      {body: `{"id":1,"status":"approved","transaction_amount":1,"date_last_updated":"2017-08-31T11:26:38.000Z"}`, status: booking.ProviderApproved, amount: 100, updated: "2017-08-31T11:26:38Z"},
	"a date without an offset":        {body: `{"id":1,"status":"approved","transaction_amount":1,"date_last_updated":"2026-11-22T10:00:00.000"}`, status: booking.ProviderApproved, amount: 100},
	"members twice, the last counts":  {body: `{"id":1,"status":"pending","transaction_amount":1,"status":"approved"}`, status: booking.ProviderApproved, amount: 100},
	"texts with NUL":                  {body: `{"id":1,"status":"approved\u0000","status_detail":"a\u0000b","transaction_amount":1}`, status: booking.ProviderApproved, detail: "ab", amount: 100},
}

func TestShapes(t *testing.T) {
	t.Parallel()
	for name, shape := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.True(t, json.Valid([]byte(shape.body)))
			payment, err := ParsePayment([]byte(shape.body))
			require.NoError(t, err)
			require.Equal(t, shape.status, payment.Status)
			require.Equal(t, shape.detail, payment.StatusDetail)
			require.Equal(t, shape.amount, payment.Amount.Centavos)
			require.Equal(t, shape.back, payment.Refunded.Centavos)
			require.Equal(t, shape.dispute, payment.Dispute())
			require.Equal(t, shape.faults, payment.AmountError != nil, payment.AmountError)
			require.Equal(t, shape.lists, payment.RefundsError != nil, payment.RefundsError)
			var states []RefundState
			for _, refund := range payment.Refunds {
				states = append(states, refund.State())
				require.Equal(t, payment.ID, refund.PaymentID)
				require.Equal(t, payment.Amount.Currency, refund.Amount.Currency)
			}
			require.Equal(t, shape.refunds, states)
			want, _ := time.Parse(time.RFC3339, shape.updated)
			require.Equal(t, want, payment.DateLastUpdated)
		})
	}
}

func TestRefundOfAPaymentIsReadWhole(t *testing.T) {
	t.Parallel()
	payment, err := ParsePayment([]byte(shapes["refunded in part, from the panel"].body))
	require.NoError(t, err)
	refund := payment.Refunds[0]
	refund.Raw = nil
	require.Equal(t, Refund{
		ID: 1622029222, PaymentID: 19951521071, Amount: booking.Centavos(150), Status: "approved", SourceType: "collector",
		DateCreated: time.Date(2026, 2, 5, 19, 35, 49, 0, time.UTC),
	}, refund)
}

func TestChargeback(t *testing.T) {
	t.Parallel()
	// One as the documentation shows it, one as the SDKs do.
	client, server := setup(t,
		reply{status: 200, body: `{"id":"234000062890459000","payments":[86439942806],"currency":"ARS","amount":1000.50,"reason":"general","coverage_applied":null,
			"coverage_elegible":true,"documentation_required":true,"documentation_status":"not_supplied","documentation":[],
			"date_documentation_deadline":"2026-10-27T12:00:00.000-04:00","date_created":null,"date_last_updated":"2026-10-17T12:48:24.000-04:00","live_mode":true}`},
		reply{status: 200, body: `{"id":"CB-001","payment_id":19951521071,"status":"in_review","amount":100.00,"currency_id":"ARS","date_created":"2026-07-01T08:00:00.000-04:00","last_modified":"2026-07-02T10:00:00.000-04:00"}`},
		reply{status: 200, body: `{"id":7,"payments":"***","amount":"***","documentation_required":"yes"}`},
		reply{status: 200, body: `[]`}, reply{status: 404, body: `{}`})
	first, err := client.Chargeback(t.Context(), "234000062890459000")
	require.NoError(t, err)
	first.Raw = nil
	require.Equal(t, Chargeback{
		ID: "234000062890459000", PaymentIDs: []int64{86439942806}, Amount: booking.Centavos(100050),
		DocumentsDue: time.Date(2026, 10, 27, 16, 0, 0, 0, time.UTC), DateUpdated: time.Date(2026, 10, 17, 16, 48, 24, 0, time.UTC),
	}, first)
	require.Equal(t, "/v1/chargebacks/234000062890459000", server.seen[0].URL.Path)
	second, err := client.Chargeback(t.Context(), "CB-001")
	require.NoError(t, err)
	require.Equal(t, []int64{19951521071}, second.PaymentIDs)
	require.Equal(t, time.Date(2026, 7, 2, 14, 0, 0, 0, time.UTC), second.DateUpdated)
	third, err := client.Chargeback(t.Context(), "7")
	require.NoError(t, err)
	require.Empty(t, third.PaymentIDs)
	require.Error(t, third.AmountError)
	require.Zero(t, third.DocumentsDue)
	_, err = client.Chargeback(t.Context(), "7")
	require.Equal(t, ReasonUnreadable, ReasonOf(err))
	_, err = client.Chargeback(t.Context(), "7")
	require.Equal(t, ReasonNotFound, ReasonOf(err))
	_, err = client.Chargeback(t.Context(), "")
	require.Equal(t, ReasonInvalid, ReasonOf(err))
}
