package mercadopago

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"cabanas/sandbox/control"
)

func encode(v any) ([]byte, error) { return json.Marshal(v) }

func (s *Server) controlInfo(w http.ResponseWriter, _ *http.Request) {
	control.Write(w, http.StatusOK, map[string]any{
		"collector_id": s.o.CollectorID, "webhook_url": s.o.WebhookURL, "calls": s.Calls(),
	})
}

func (s *Server) controlPreferences(w http.ResponseWriter, r *http.Request) {
	reference, all := r.URL.Query().Get("external_reference"), !r.URL.Query().Has("external_reference")
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []control.Preference{}
	for _, id := range s.order {
		if p := s.preferences[id]; all || p.ExternalReference == reference {
			found = append(found, s.viewPreference(p))
		}
	}
	control.Write(w, http.StatusOK, map[string]any{"preferences": found})
}

func (s *Server) viewPreference(p *preference) control.Preference {
	v := control.Preference{
		ID: p.ID, ExternalReference: p.ExternalReference, InitPoint: p.InitPoint, Title: p.Items[0].Title,
		Amount: json.Number(p.total().String()), Currency: p.Items[0].CurrencyID, Expired: s.expired(p), CreatedAt: p.DateCreated.Time,
	}
	if p.NotificationURL != nil {
		v.NotificationURL = *p.NotificationURL
	}
	if p.Expires && p.ExpirationDateTo != nil {
		v.ExpiresAt = &p.ExpirationDateTo.Time
	}
	return v
}

func (s *Server) controlPayments(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []control.Payment{}
	for _, p := range s.payments {
		if (!q.Has("external_reference") || p.ExternalReference == q.Get("external_reference")) &&
			(!q.Has("preference_id") || p.PreferenceID == q.Get("preference_id")) {
			found = append(found, p.controlView())
		}
	}
	slices.SortFunc(found, func(a, b control.Payment) int { return a.CreatedAt.Compare(b.CreatedAt) })
	control.Write(w, http.StatusOK, map[string]any{"payments": found})
}

func (p *payment) controlView() control.Payment {
	return control.Payment{
		ID: p.ID, PreferenceID: p.PreferenceID, ExternalReference: p.ExternalReference, Status: p.Status, StatusDetail: p.Detail,
		Amount: json.Number(p.Amount.String()), Refunded: json.Number(p.Refunded.String()), Currency: p.Currency, Method: p.Type,
		CreatedAt: p.Created, UpdatedAt: p.Updated,
	}
}

func (s *Server) controlPay(w http.ResponseWriter, r *http.Request) {
	var in control.NewPayment
	if err := control.Read(w, r, &in); err != nil {
		control.Refuse(w, http.StatusBadRequest, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.pay(in)
	if err != nil {
		control.Refuse(w, statusOf(err), err)
		return
	}
	control.Write(w, http.StatusOK, map[string]any{"payment_id": p.ID, "payment": p.controlView()})
}

func statusOf(err error) int {
	if errors.Is(err, errExpired) || errors.Is(err, errBinary) || errors.Is(err, errTransition) {
		return http.StatusConflict
	}
	return http.StatusBadRequest
}

// withPayment finds the payment of the path; do answers for itself.
func (s *Server) withPayment(w http.ResponseWriter, r *http.Request, in any, do func(*payment)) {
	if err := control.Read(w, r, in); err != nil {
		control.Refuse(w, http.StatusBadRequest, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, refused := s.findPayment(r)
	if refused != nil {
		control.Refuse(w, refused.status, refused)
		return
	}
	do(p)
}

func (s *Server) controlChange(w http.ResponseWriter, r *http.Request) {
	var in control.PaymentChange
	s.withPayment(w, r, &in, func(p *payment) {
		if err := s.change(p, in); err != nil {
			control.Refuse(w, statusOf(err), err)
			return
		}
		control.Write(w, http.StatusOK, p.controlView())
	})
}

// controlNotify repeats a payment's notification as a new event.
func (s *Server) controlNotify(w http.ResponseWriter, r *http.Request) {
	var in control.Notice
	s.withPayment(w, r, &in, func(p *payment) {
		if in.Action == "" {
			in.Action = "payment.updated"
		}
		switch in.Form {
		case "":
			s.notify(p, in.Action)
		case "webhook":
			s.notice(control.Notice{DataID: strconv.FormatInt(p.ID, 10), Type: "payment", Action: in.Action, URL: s.address(p)})
		case "ipn":
			s.legacyPayment(p)
		case "merchant_order":
			s.legacyOrder(p)
		default:
			control.Refuse(w, http.StatusBadRequest, errors.New("form must be webhook, ipn or merchant_order"))
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

// controlPanelRefund is the owner refunding in Mercado Pago's own panel.
func (s *Server) controlPanelRefund(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Amount json.Number `json:"amount"`
	}
	s.withPayment(w, r, &in, func(p *payment) {
		rest := p.Amount - p.Refunded - p.inProcess()
		given := rest
		if in.Amount != "" {
			parsed, err := parseAmount(in.Amount.String())
			if err != nil {
				control.Refuse(w, http.StatusBadRequest, err)
				return
			}
			given = parsed
		}
		if p.Status != "approved" || given <= 0 || given > rest {
			control.Refuse(w, http.StatusConflict, errTransition)
			return
		}
		s.addRefund(p, refund{Amount: given}, "approved")
		s.changed(p, false)
		control.Write(w, http.StatusOK, p.controlView())
	})
}

func (s *Server) controlRefunds(w http.ResponseWriter, r *http.Request) {
	payment := r.URL.Query().Get("payment_id")
	s.mu.Lock()
	defer s.mu.Unlock()
	found := []control.Refund{}
	for _, one := range s.refunds {
		if payment == "" || strconv.FormatInt(one.PaymentID, 10) == payment {
			found = append(found, one.controlView())
		}
	}
	slices.SortFunc(found, func(a, b control.Refund) int { return a.CreatedAt.Compare(b.CreatedAt) })
	control.Write(w, http.StatusOK, map[string]any{"refunds": found})
}

func (r *refund) controlView() control.Refund {
	return control.Refund{
		ID: r.ID, PaymentID: r.PaymentID, Amount: json.Number(r.Amount.String()), Status: r.Status, Source: r.source(), IdempotencyKey: r.Key,
		CreatedAt: r.Created,
	}
}

// controlSettleRefund ends a refund that was left in_process.
func (s *Server) controlSettleRefund(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Status string `json:"status"`
	}
	if err := control.Read(w, r, &in); err != nil {
		control.Refuse(w, http.StatusBadRequest, err)
		return
	}
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.refunds[id]
	if one == nil {
		control.Refuse(w, http.StatusNotFound, errors.New("this refund is not known"))
		return
	}
	if one.Status != "in_process" || (in.Status != "approved" && in.Status != "rejected") {
		control.Refuse(w, http.StatusConflict, errors.New("an in_process refund becomes approved or rejected"))
		return
	}
	p := s.payments[one.PaymentID]
	s.settleRefund(p, one, in.Status)
	s.changed(p, false)
	control.Write(w, http.StatusOK, one.controlView())
}

// controlNotice sends a signed notification of anything, an unknown payment for instance.
func (s *Server) controlNotice(w http.ResponseWriter, r *http.Request) {
	in := control.Notice{Type: "payment", Action: "payment.updated"}
	s.mu.Lock()
	in.URL = s.o.WebhookURL
	s.mu.Unlock()
	if err := control.Read(w, r, &in); err != nil {
		control.Refuse(w, http.StatusBadRequest, err)
		return
	}
	s.mu.Lock()
	s.notice(in)
	s.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) controlFaults(w http.ResponseWriter, r *http.Request) {
	var f control.MercadoPagoFaults
	if err := control.Read(w, r, &f); err != nil {
		control.Refuse(w, http.StatusBadRequest, err)
		return
	}
	if err := checkFaults(f); err != nil {
		control.Refuse(w, http.StatusBadRequest, err)
		return
	}
	s.mu.Lock()
	s.setFaults(f)
	s.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) controlClearFaults(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	s.faults = faults{}
	s.queue.ClearFaults()
	s.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}
