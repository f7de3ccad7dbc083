package mercadopago

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

func decode(raw []byte, v any) *refusal {
	if len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return bad(codeInvalidField, "invalid body: %s", err)
	}
	return nil
}

func optional(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return date{t}
}

// view is the payment as the API shows it, with what control laid over it.
func (p *payment) view() map[string]any {
	view := p.truth()
	for name, raw := range p.RawMembers {
		view[name] = raw
	}
	return view
}

// truth is the payment with the nulls and masked values that the API has.
func (p *payment) truth() map[string]any {
	settled := p.Status == "approved" || p.Status == "refunded" || p.Status == "charged_back" || p.Status == "in_mediation"
	fee := p.Amount * 499 / 10000
	net, paid := amount(0), amount(0)
	fees := []any{}
	if settled {
		net, paid = p.Amount-fee, p.Amount
		fees = append(fees, map[string]any{"amount": fee, "fee_payer": "collector", "type": "mercadopago_fee"})
	}
	refunds := []any{}
	for _, r := range p.refunds {
		refunds = append(refunds, r.view())
	}
	metadata := p.Metadata
	if metadata == nil {
		metadata = map[string]any{}
	}
	var release, expiration time.Time
	if settled {
		release = p.Approved.AddDate(0, 0, 18)
	}
	if p.Status == "pending" && p.Type == "ticket" {
		expiration = p.Created.AddDate(0, 0, 3)
	}
	return map[string]any{
		"id": p.ID, "date_created": date{p.Created}, "date_approved": optional(p.Approved), "date_last_updated": date{p.Updated},
		"date_of_expiration": optional(expiration), "money_release_date": optional(release), "money_release_status": nil,
		"operation_type": "regular_payment", "issuer_id": "***", "payment_method_id": p.method(), "payment_type_id": p.Type,
		"payment_method": map[string]any{"id": p.method(), "type": p.Type, "issuer_id": "***"},
		"status":         p.Status, "status_detail": p.Detail, "currency_id": p.Currency, "description": p.Description,
		"live_mode": true, "sponsor_id": nil, "authorization_code": nil, "collector_id": p.CollectorID,
		"payer": map[string]any{
			"id": "1180047892", "type": nil, "entity_type": nil, "email": "test_user_ar@testuser.com", "first_name": nil, "last_name": nil,
			"identification": map[string]any{"type": "DNI", "number": "***"},
			"phone":          map[string]any{"area_code": nil, "number": "***", "extension": nil},
		},
		"metadata": metadata, "additional_info": map[string]any{"ip_address": "***", "items": nil},
		"order":              map[string]any{"id": strconv.FormatInt(orderID(p.PreferenceID), 10), "type": "mercadopago"},
		"external_reference": p.ExternalReference, "transaction_amount": p.Amount, "transaction_amount_refunded": p.Refunded,
		"coupon_amount": amount(0), "taxes_amount": amount(0), "shipping_amount": amount(0), "differential_pricing_id": nil,
		"installments": 1, "deduction_schema": nil,
		"transaction_details": map[string]any{
			"net_received_amount": net, "total_paid_amount": paid, "overpaid_amount": amount(0), "installment_amount": amount(0),
			"external_resource_url": nil, "financial_institution": nil, "payable_deferral_period": nil, "acquirer_reference": nil,
			"payment_method_reference_id": nil,
		},
		"fee_details": fees, "charges_details": []any{}, "captured": p.Status != "authorized", "binary_mode": p.BinaryMode,
		"call_for_authorize_id": nil, "statement_descriptor": nil, "card": p.card(), "notification_url": nil, "refunds": refunds,
		"processing_mode": "aggregator", "merchant_account_id": nil, "merchant_number": nil, "acquirer_reconciliation": []any{},
		"point_of_interaction": map[string]any{"type": "CHECKOUT", "business_info": map[string]any{"unit": "online_payments", "sub_unit": "checkout_pro"}},
	}
}

func (p *payment) method() string {
	switch p.Type {
	case "account_money":
		return "account_money"
	case "ticket":
		return "rapipago"
	case "debit_card":
		return "debvisa"
	}
	return "visa"
}

func (p *payment) card() any {
	if p.Type != "credit_card" && p.Type != "debit_card" {
		return map[string]any{}
	}
	return map[string]any{
		"id": nil, "first_six_digits": "***", "last_four_digits": "***", "expiration_month": "***", "expiration_year": "***",
		"date_created": date{p.Created}, "date_last_updated": date{p.Created},
		"cardholder": map[string]any{"name": "***", "identification": map[string]any{"number": "***", "type": "DNI"}},
	}
}

// getMerchantOrder shows what the legacy merchant_order notifications point at.
func (s *Server) getMerchantOrder(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, pref := range s.preferences {
		id := orderID(pref.ID)
		if strconv.FormatInt(id, 10) != r.PathValue("id") {
			continue
		}
		payments, paid := []any{}, amount(0)
		for _, p := range s.byPref[pref.ID] {
			payments = append(payments, map[string]any{
				"id": p.ID, "transaction_amount": p.Amount, "status": p.Status, "status_detail": p.Detail, "currency_id": p.Currency,
				"date_created": date{p.Created}, "last_modified": date{p.Updated}, "amount_refunded": p.Refunded,
			})
			if p.Status == "approved" {
				paid += p.Amount
			}
		}
		status := "payment_required"
		if paid >= pref.total() {
			status = "paid"
		}
		answer(w, http.StatusOK, map[string]any{
			"id": id, "status": "opened", "external_reference": pref.ExternalReference, "preference_id": pref.ID, "payments": payments,
			"shipments": []any{}, "collector": map[string]any{"id": pref.CollectorID}, "marketplace": "NONE", "site_id": site,
			"total_amount": pref.total(), "paid_amount": paid, "refunded_amount": amount(0), "order_status": status,
		})
		return
	}
	notFound("Merchant order not found").write(w)
}
