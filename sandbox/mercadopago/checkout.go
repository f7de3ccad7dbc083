package mercadopago

import (
	"embed"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"time"
	_ "time/tzdata" // the page speaks local time on machines without zone files

	"cabanas/sandbox/control"
)

//go:embed checkout.html
var pages embed.FS

var checkoutPage = template.Must(template.ParseFS(pages, "checkout.html"))

// screen is what the checkout page shows.
type screen struct {
	ID, Title, Description, Amount, Reference string
	ValidUntil                                string
	Missing, Expired, Late, Binary, PaidOnce  bool
	// Back is the seller's page, empty when the preference names none; Returns sends the browser there by itself.
	Back    string
	Returns bool
	Methods []choice
	Payment *result
}

type choice struct{ ID, Name, Note string }

type result struct {
	ID, Status, Heading, Note, Tone string
	Open                            bool
}

var allMethods = []choice{
	{"account_money", "Dinero en cuenta", "Mercado Pago"},
	{"credit_card", "Tarjeta de crédito", "Visa terminada en 4242"},
	{"debit_card", "Tarjeta de débito", "Visa Débito terminada en 8008"},
	{"ticket", "Efectivo", "Rapipago o Pago Fácil: se acredita más tarde"},
}

// serveCheckout shows the page of a preference, or the result of a payment on it.
func (s *Server) serveCheckout(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	view := s.screen(r)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if view.Missing {
		w.WriteHeader(http.StatusNotFound)
	}
	if err := checkoutPage.Execute(w, view); err != nil {
		s.o.Logger.Error("checkout page not shown", "error", err)
	}
}

func (s *Server) screen(r *http.Request) screen {
	p := s.preferences[r.PathValue("id")]
	if p == nil {
		return screen{Missing: true}
	}
	view := screen{
		ID: p.ID, Title: p.Items[0].Title, Description: p.Items[0].Description, Amount: p.total().pesos(), Reference: p.ExternalReference,
		Expired: s.expired(p), Late: r.URL.Query().Has("late"), Binary: p.BinaryMode, Back: backWithout(p),
	}
	if p.Expires && p.ExpirationDateTo != nil {
		view.ValidUntil = localTime(p.ExpirationDateTo.Time)
	}
	for _, m := range allMethods {
		if !p.excludes(m.ID) {
			view.Methods = append(view.Methods, m)
		}
	}
	for _, one := range s.byPref[p.ID] {
		view.PaidOnce = view.PaidOnce || one.Status == "approved"
		if strconv.FormatInt(one.ID, 10) == r.URL.Query().Get("payment") {
			view.Payment, view.Back = one.result(), backWith(p, one)
			view.Returns = view.Back != "" && (p.AutoReturn == "all" || p.AutoReturn == "approved" && one.Status == "approved")
		}
	}
	return view
}

func (p *payment) result() *result {
	r := &result{ID: strconv.FormatInt(p.ID, 10), Status: p.Status}
	switch p.Status {
	case "approved":
		r.Heading, r.Note, r.Tone = "¡Listo! Se acreditó tu pago", "Ya le avisamos al vendedor.", "good"
	case "pending", "in_process", "authorized":
		r.Heading, r.Note, r.Tone, r.Open = "Tu pago está pendiente", "Te avisamos cuando se acredite.", "wait", true
	case "refunded":
		r.Heading, r.Note, r.Tone = "Te devolvimos el dinero", "La devolución ya está hecha.", "wait"
	default:
		r.Heading, r.Note, r.Tone = "No pudimos procesar tu pago", "No se te cobró nada. Podés volver a intentar.", "bad"
	}
	return r
}

// servePay carries out the button that was pressed.
func (s *Server) servePay(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	in := control.NewPayment{PreferenceID: r.PathValue("id"), Method: r.PostFormValue("method"), Late: r.PostFormValue("late") != ""}
	switch r.PostFormValue("outcome") {
	case "approve":
		in.Outcome = "approved"
		if in.Method == "ticket" {
			in.Outcome = "pending" // a voucher is paid later, at a counter
		}
	case "reject":
		in.Outcome = "rejected"
	case "pend":
		in.Outcome = "pending"
		if in.Method != "ticket" {
			in.Outcome = "in_process"
		}
	default:
		http.Error(w, "outcome must be approve, reject or pend", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	pref := s.preferences[in.PreferenceID]
	var p *payment
	err := errors.New("this payment type is excluded")
	if pref == nil || in.Method == "" || !pref.excludes(in.Method) {
		p, err = s.pay(in)
	}
	s.mu.Unlock()
	if err != nil {
		if errors.Is(err, errExpired) {
			http.Redirect(w, r, "/mp/checkout/"+url.PathEscape(in.PreferenceID), http.StatusSeeOther)
			return
		}
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	http.Redirect(w, r, "/mp/checkout/"+url.PathEscape(in.PreferenceID)+"?payment="+strconv.FormatInt(p.ID, 10), http.StatusSeeOther)
}

// backWithout is where "back to the shop" leads a payer who has made no payment: what names one is the word null.
func backWithout(p *preference) string {
	if p.BackURLs.Failure == "" {
		return ""
	}
	q := url.Values{
		"collection_id": {"null"}, "collection_status": {"null"}, "payment_id": {"null"}, "status": {"null"},
		"external_reference": {p.ExternalReference}, "payment_type": {"null"}, "site_id": {site}, "preference_id": {p.ID},
		"merchant_order_id": {"null"}, "processing_mode": {"aggregator"}, "merchant_account_id": {"null"},
	}
	return withQuery(p.BackURLs.Failure, q.Encode())
}

// backWith is the seller's page with the result of a payment in the query. The browser goes there by itself a moment after the
// result was shown when auto_return says so; else the payer presses a button.
func backWith(pref *preference, p *payment) string {
	back := pref.BackURLs.Failure
	switch p.Status {
	case "approved":
		back = pref.BackURLs.Success
	case "pending", "in_process":
		back = pref.BackURLs.Pending
	}
	if back == "" {
		return ""
	}
	id := strconv.FormatInt(p.ID, 10)
	q := url.Values{
		"collection_id": {id}, "collection_status": {p.Status}, "payment_id": {id}, "status": {p.Status},
		"external_reference": {p.ExternalReference}, "payment_type": {p.Type}, "site_id": {site}, "preference_id": {pref.ID},
		"merchant_order_id": {strconv.FormatInt(orderID(pref.ID), 10)}, "processing_mode": {"aggregator"}, "merchant_account_id": {"null"},
	}
	return withQuery(back, q.Encode())
}

// serveSettle ends a pending payment from its result page, for whoever plays the counter or the bank.
func (s *Server) serveSettle(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	id, _ := strconv.ParseInt(r.PostFormValue("payment"), 10, 64)
	status := r.PostFormValue("status")
	s.mu.Lock()
	p := s.payments[id]
	err := errors.New("this payment is not known")
	if p != nil && p.PreferenceID == r.PathValue("id") {
		err = s.change(p, control.PaymentChange{Status: status})
	}
	s.mu.Unlock()
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	http.Redirect(w, r, "/mp/checkout/"+p.PreferenceID+"?payment="+strconv.FormatInt(id, 10), http.StatusSeeOther)
}

func localTime(t time.Time) string {
	zone, err := time.LoadLocation("America/Argentina/Buenos_Aires")
	if err != nil {
		zone = time.FixedZone("-03:00", -3*60*60)
	}
	return t.In(zone).Format("02/01/2006 15:04")
}
