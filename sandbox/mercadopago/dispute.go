package mercadopago

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"cabanas/sandbox/control"
)

// controlDispute takes a payment through a step of a mediation or a chargeback.
func (s *Server) controlDispute(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Step string `json:"step"`
	}
	s.withPayment(w, r, &in, func(p *payment) {
		to, ok := p.step(in.Step)
		if !ok {
			control.Refuse(w, http.StatusConflict, errDispute)
			return
		}
		if p.ChargebackID == 0 && to.Status == "charged_back" {
			p.ChargebackID = s.newID()
		}
		if err := s.change(p, to); err != nil {
			control.Refuse(w, statusOf(err), err)
			return
		}
		if p.ChargebackID != 0 {
			s.notifyChargeback(p)
		}
		control.Write(w, http.StatusOK, p.controlView())
	})
}

var errDispute = errors.New("not a step of a dispute from where the payment is")

// step is where a step leads from where the payment is.
func (p *payment) step(step string) (control.PaymentChange, bool) {
	undecided := p.Status == "charged_back" && p.Detail == "in_process"
	mediation := p.Status == "in_mediation"
	switch {
	case step == control.DisputeMediation && p.Status == "approved":
		return control.PaymentChange{Status: "in_mediation"}, true
	case step == control.DisputeChargeback && (p.Status == "approved" || mediation):
		return control.PaymentChange{Status: "charged_back", StatusDetail: "in_process"}, true
	case step == control.DisputeLost && mediation:
		return control.PaymentChange{Status: "refunded", StatusDetail: "by_admin"}, true
	case step == control.DisputeLost && undecided:
		return control.PaymentChange{Status: "charged_back", StatusDetail: "settled"}, true
	case step == control.DisputeWon && mediation:
		return control.PaymentChange{Status: "approved", StatusDetail: p.approvedDetail()}, true
	case step == control.DisputeWon && undecided:
		return control.PaymentChange{Status: "charged_back", StatusDetail: "reimbursed"}, true
	case step == control.DisputeRestored && p.Status == "charged_back" && p.Detail == "reimbursed":
		return control.PaymentChange{Status: "approved", StatusDetail: p.approvedDetail()}, true
	}
	return control.PaymentChange{}, false
}

func (p *payment) approvedDetail() string {
	if p.Refunded > 0 {
		return "partially_refunded"
	}
	return "accredited"
}

// notifyChargeback tells of the chargeback itself: it goes to the panel's address, with the payment inside.
func (s *Server) notifyChargeback(p *payment) {
	if s.o.WebhookURL == "" {
		return
	}
	id := strconv.FormatInt(p.ChargebackID, 10)
	s.webhook(control.Notice{DataID: id, Type: "topic_chargebacks_wh", URL: s.o.WebhookURL}, map[string]any{
		"actions": []string{"changed_case_status"},
		"data":    map[string]any{"checkout": "PRO", "id": p.ChargebackID, "payment_id": p.ID, "site_id": site, "transaction_intent_id": ""},
	})
}

const documentsWithin = 10 * 24 * time.Hour

// getChargeback shows the case: the seller can send documents as long as it is not decided.
func (s *Server) getChargeback(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.payments {
		if p.ChargebackID == 0 || strconv.FormatInt(p.ChargebackID, 10) != r.PathValue("id") {
			continue
		}
		open := p.Status == "charged_back" && p.Detail == "in_process"
		deadline := time.Time{}
		if open {
			deadline = p.Updated.Add(documentsWithin)
		}
		answer(w, http.StatusOK, map[string]any{
			"id": strconv.FormatInt(p.ChargebackID, 10), "payments": []int64{p.ID}, "currency": p.Currency, "amount": p.Amount - p.Refunded,
			"reason": "general", "coverage_applied": nil, "coverage_elegible": true, "documentation_required": open,
			"documentation_status": "not_supplied", "documentation": []any{}, "date_documentation_deadline": optional(deadline),
			"date_created": nil, "date_last_updated": date{p.Updated}, "live_mode": true,
		})
		return
	}
	notFound("Chargeback not found").write(w)
}
