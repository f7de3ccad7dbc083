package mercadopago

import (
	"net/http"
	"strconv"
	"time"
)

// refund is money given back, by the API or from the panel.
type refund struct {
	ID        int64     `json:"id"`
	PaymentID int64     `json:"payment_id"`
	Amount    amount    `json:"amount"`
	Status    string    `json:"status"` // approved, in_process, rejected
	Key       string    `json:"key,omitempty"`
	Admin     bool      `json:"admin,omitempty"` // Mercado Pago decided it
	Collector int64     `json:"collector"`
	Created   time.Time `json:"created"`
}

const refundableFor = 180 * 24 * time.Hour

// createRefund refunds the whole rest of a payment, or an amount, once per X-Idempotency-Key.
func (s *Server) createRefund(w http.ResponseWriter, r *http.Request, raw []byte) {
	s.idempotent(w, r, raw, true, func() (any, *refusal) {
		var in struct {
			Amount *amount `json:"amount"`
		}
		if refused := decode(raw, &in); refused != nil {
			refused.causes[0].Code = codeAmountTooHigh
			return nil, refused
		}
		p, refused := s.findPayment(r)
		if refused != nil {
			return nil, refused
		}
		rest := p.Amount - p.Refunded - p.inProcess()
		switch {
		case p.Status != "approved" || rest <= 0:
			return nil, bad(codeRefundState, "The action requested is not valid for the current payment state")
		case s.o.Clock().Sub(p.Approved) > refundableFor:
			return nil, bad(codeRefundTooOld, "Payment too old to be refunded")
		case in.Amount != nil && *in.Amount <= 0:
			return nil, bad(codeAmountInvalid, "Amount must be positive")
		case in.Amount != nil && *in.Amount > rest:
			return nil, bad(codeAmountTooHigh, "Amount is greater than what is left of the payment")
		}
		given := rest
		if in.Amount != nil {
			given = *in.Amount
		}
		status := "approved"
		if s.faults.refundsInProcess {
			status = "in_process"
		}
		made := s.addRefund(p, refund{Amount: given, Key: r.Header.Get("X-Idempotency-Key")}, status)
		s.changed(p, false)
		return made.view(), nil
	})
}

// inProcess is what refunds that are not settled have reserved.
func (p *payment) inProcess() amount {
	var sum amount
	for _, r := range p.refunds {
		if r.Status == "in_process" {
			sum += r.Amount
		}
	}
	return sum
}

// addRefund records a refund and, when it is approved, moves the payment.
func (s *Server) addRefund(p *payment, given refund, status string) *refund {
	r := &given
	r.ID, r.PaymentID, r.Status, r.Collector, r.Created = s.newID(), p.ID, "in_process", p.CollectorID, s.o.Clock()
	s.refunds[r.ID] = r
	p.refunds = append(p.refunds, r)
	s.settleRefund(p, r, status)
	return r
}

func (r *refund) source() string {
	if r.Admin {
		return "admin"
	}
	return "collector"
}

func (s *Server) settleRefund(p *payment, r *refund, status string) {
	r.Status = status
	s.o.Journal.Put(kindRefund, strconv.FormatInt(r.ID, 10), r)
	if status != "approved" {
		p.touch(s.o.Clock())
		return
	}
	p.Refunded += r.Amount
	if p.Refunded >= p.Amount {
		p.move("refunded", "refunded", s.o.Clock())
	} else {
		p.move("approved", "partially_refunded", s.o.Clock())
	}
}

func (r *refund) view() map[string]any {
	return map[string]any{
		"id": r.ID, "payment_id": r.PaymentID, "amount": r.Amount, "metadata": map[string]any{},
		"source":       map[string]any{"name": "Cabañas", "id": strconv.FormatInt(r.Collector, 10), "type": r.source()},
		"date_created": date{r.Created}, "unique_sequence_number": nil, "refund_mode": "standard", "adjustment_amount": amount(0),
		"status": r.Status, "reason": nil, "labels": []any{}, "amount_refunded_to_payer": r.Amount, "additional_data": nil,
		"partition_details": []any{},
	}
}

func (s *Server) listRefunds(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, refused := s.findPayment(r)
	if refused != nil {
		refused.write(w)
		return
	}
	views := []any{}
	for _, r := range p.refunds {
		views = append(views, r.view())
	}
	answer(w, http.StatusOK, views)
}

func (s *Server) getRefund(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, refused := s.findPayment(r)
	if refused != nil {
		refused.write(w)
		return
	}
	for _, one := range p.refunds {
		if strconv.FormatInt(one.ID, 10) == r.PathValue("refund") {
			answer(w, http.StatusOK, one.view())
			return
		}
	}
	notFound("Refund not found").write(w)
}
