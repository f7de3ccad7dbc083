package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/sandbox/control"
)

func TestRefunds(t *testing.T) {
	t.Parallel()
	b := start(t)
	p := b.pay(t, control.NewPayment{PreferenceID: b.link(t, nil)})
	refund := func(body any, key string) answer {
		return b.mp(t, http.MethodPost, paymentPath(p)+"/refunds", body, "X-Idempotency-Key", key)
	}
	code := func(a answer) any { return at(t, a.body, "cause", 0, "code") }
	a := b.mp(t, http.MethodPost, paymentPath(p)+"/refunds", object{})
	require.Equal(t, http.StatusBadRequest, a.status)
	require.EqualValues(t, 4292, code(a))
	require.EqualValues(t, 4041, code(refund(object{"amount": 45000.51}, "a")))
	require.EqualValues(t, 4040, code(refund(object{"amount": 0}, "a")))
	require.EqualValues(t, 2000, code(b.mp(t, http.MethodPost, "/v1/payments/1/refunds", object{}, "X-Idempotency-Key", "a")))

	part := refund(object{"amount": 10000.5}, "part")
	require.Equalf(t, http.StatusCreated, part.status, "%s", part.raw)
	require.Contains(t, part.raw, `"amount":10000.50`)
	require.Equal(t, "approved", part.body["status"])
	require.Equal(t, part.raw, refund(object{"amount": 10000.5}, "part").raw)
	require.Equal(t, http.StatusConflict, refund(object{"amount": 1}, "part").status)
	require.Equal(t, "partially_refunded", b.mp(t, http.MethodGet, paymentPath(p), nil).body["status_detail"])

	rest := refund(object{}, "rest")
	require.Contains(t, rest.raw, `"amount":35000.00`)
	a = b.mp(t, http.MethodGet, paymentPath(p), nil)
	require.Equal(t, "refunded", a.body["status"])
	require.Contains(t, a.raw, `"transaction_amount_refunded":45000.50`)
	require.Len(t, a.body["refunds"], 2)
	require.EqualValues(t, 2063, code(refund(object{}, "again")))
	require.Equal(t, rest.raw, refund(object{}, "rest").raw, "replayed although refunded")
	all, err := b.control.Refunds(t.Context(), p.ID)
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, 2, strings.Count(b.mp(t, http.MethodGet, paymentPath(p)+"/refunds", nil).raw, `"refund_mode"`))

	old := b.pay(t, control.NewPayment{PreferenceID: b.link(t, nil)})
	b.clock.Advance(181 * 24 * time.Hour)
	require.EqualValues(t, 2024, code(b.mp(t, http.MethodPost, paymentPath(old)+"/refunds", object{}, "X-Idempotency-Key", "old")))
}

func TestRefundsInProcessAndFromThePanel(t *testing.T) {
	t.Parallel()
	b := start(t)
	p := b.pay(t, control.NewPayment{PreferenceID: b.link(t, nil)})
	require.NoError(t, b.control.SetMercadoPagoFaults(t.Context(), control.MercadoPagoFaults{RefundsInProcess: new(true)}))
	a := b.mp(t, http.MethodPost, paymentPath(p)+"/refunds", object{}, "X-Idempotency-Key", "k")
	require.Equal(t, "in_process", a.body["status"])
	require.Equal(t, "approved", b.mp(t, http.MethodGet, paymentPath(p), nil).body["status"])
	require.Equal(t, http.StatusBadRequest, b.mp(t, http.MethodPost, paymentPath(p)+"/refunds", object{}, "X-Idempotency-Key", "k2").status)
	made, err := b.control.WaitRefund(t.Context(), p.ID)
	require.NoError(t, err)
	_, err = b.control.SettleRefund(t.Context(), made.ID, "approved")
	require.NoError(t, err)
	require.Equal(t, "refunded", b.mp(t, http.MethodGet, paymentPath(p), nil).body["status"])

	other := b.pay(t, control.NewPayment{PreferenceID: b.link(t, nil)})
	got, err := b.control.RefundFromPanel(t.Context(), other.ID, "100")
	require.NoError(t, err)
	require.Equal(t, "partially_refunded", got.StatusDetail)
	got, err = b.control.ChangePayment(t.Context(), other.ID, control.PaymentChange{Status: "charged_back"})
	require.NoError(t, err)
	require.Equal(t, "charged_back", got.Status)
}

func TestDisputes(t *testing.T) {
	t.Parallel()
	b := start(t)
	require.NoError(t, b.control.SetMercadoPagoFaults(t.Context(), control.MercadoPagoFaults{LegacyTwins: new("never")}))
	type step struct{ step, status, detail string }
	for name, steps := range map[string][]step{
		"mediation won":            {{"mediation", "in_mediation", "pending"}, {"won", "approved", "accredited"}},
		"mediation lost":           {{"mediation", "in_mediation", "pending"}, {"lost", "refunded", "by_admin"}},
		"chargeback lost":          {{"chargeback", "charged_back", "in_process"}, {"lost", "charged_back", "settled"}},
		"mediation to chargeback":  {{"mediation", "in_mediation", "pending"}, {"chargeback", "charged_back", "in_process"}, {"won", "charged_back", "reimbursed"}},
		"chargeback won then back": {{"chargeback", "charged_back", "in_process"}, {"won", "charged_back", "reimbursed"}, {"restored", "approved", "accredited"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := b.pay(t, control.NewPayment{PreferenceID: b.link(t, object{"external_reference": name})})
			_, err := b.control.Dispute(t.Context(), p.ID, "lost")
			require.Error(t, err, "nothing is disputed")
			before := p.UpdatedAt
			for _, s := range steps {
				got, err := b.control.Dispute(t.Context(), p.ID, s.step)
				require.NoError(t, err)
				require.Equal(t, step{s.step, got.Status, got.StatusDetail}, s)
				require.True(t, got.UpdatedAt.After(before))
				before = got.UpdatedAt
			}
			require.Equal(t, 400, b.mp(t, http.MethodPost, paymentPath(b.pay(t, control.NewPayment{PreferenceID: b.link(t, nil), Outcome: "pending"}))+"/refunds", object{}, "X-Idempotency-Key", "k").status)
		})
	}
	p := b.pay(t, control.NewPayment{PreferenceID: b.link(t, object{"external_reference": "last"})})
	_, err := b.control.Dispute(t.Context(), p.ID, control.DisputeChargeback)
	require.NoError(t, err)
	h := b.business.wait(t, fmt.Sprintf(`"payment_id":%d`, p.ID))
	require.Equal(t, "topic_chargebacks_wh", h.query.Get("type"))
	require.NotEmpty(t, h.header.Get("x-signature"))
	chargeback := b.mp(t, http.MethodGet, "/v1/chargebacks/"+h.query.Get("data.id"), nil)
	require.Equal(t, true, chargeback.body["documentation_required"])
	require.EqualValues(t, p.ID, at(t, chargeback.body, "payments", 0))
	require.EqualValues(t, 2063, at(t, b.mp(t, http.MethodPost, paymentPath(p)+"/refunds", object{}, "X-Idempotency-Key", "k").body, "cause", 0, "code"))
	require.Equal(t, http.StatusNotFound, b.mp(t, http.MethodGet, "/v1/chargebacks/1", nil).status)
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	b := start(t)
	pay := func(amount json.Number, outcome string) control.Payment {
		return b.pay(t, control.NewPayment{PreferenceID: b.link(t, nil), Amount: amount, Outcome: outcome, Silent: true})
	}
	pay("999", "rejected")
	pay("999", "pending")
	pay("100.10", "approved")
	back, part := pay("200", "approved"), pay("300", "approved")
	_, err := b.control.RefundFromPanel(t.Context(), back.ID, "")
	require.NoError(t, err)
	_, err = b.control.RefundFromPanel(t.Context(), part.ID, "50.05")
	require.NoError(t, err)
	held, lost, won := pay("400", "approved"), pay("500", "approved"), pay("600", "approved")
	for id, steps := range map[int64][]string{held.ID: {"mediation"}, lost.ID: {"chargeback", "lost"}, won.ID: {"chargeback", "won"}} {
		for _, step := range steps {
			_, err := b.control.Dispute(t.Context(), id, step)
			require.NoError(t, err)
		}
	}
	b.pay(t, control.NewPayment{PreferenceID: b.link(t, nil), Amount: "1", Currency: "USD", CollectorID: 5, ExternalReference: new("another")})
	accounts, err := b.control.Accounts(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, accounts, 2)
	require.EqualValues(t, 5, accounts[0].CollectorID)
	require.Equal(t, control.Account{
		CollectorID: 446566691, Currency: "ARS", Payments: 8, Approved: 6, Taken: "2100.10", Refunded: "250.05", Refunding: "0.00",
		Held: "400.00", Lost: "500.00", Kept: "950.05",
	}, accounts[1])
	accounts, err = b.control.Accounts(t.Context(), "another")
	require.NoError(t, err)
	require.Len(t, accounts, 1)
	require.Equal(t, json.Number("1.00"), accounts[0].Kept)
}
