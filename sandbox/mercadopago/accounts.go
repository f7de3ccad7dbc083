package mercadopago

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"

	"cabanas/sandbox/control"
)

// sums is the money of one account in one currency.
type sums struct {
	payments, approved                     int
	taken, refunded, refunding, held, lost amount
}

func (a *sums) add(p *payment) {
	a.payments++
	if p.Approved.IsZero() {
		return
	}
	a.approved++
	a.taken += p.Amount
	a.refunded += p.Refunded
	a.refunding += p.inProcess()
	rest := p.Amount - p.Refunded
	switch {
	case p.Status == "in_mediation", p.Status == "charged_back" && p.Detail != "settled" && p.Detail != "reimbursed":
		a.held += rest
	case p.Status == "charged_back" && p.Detail == "settled":
		a.lost += rest
	}
}

// controlAccounts adds up, so that a test can compare what the business believes with what happened.
func (s *Server) controlAccounts(w http.ResponseWriter, r *http.Request) {
	type account struct {
		collector int64
		currency  string
	}
	q := r.URL.Query()
	byAccount := map[account]*sums{}
	s.mu.Lock()
	for _, p := range s.payments {
		if q.Has("external_reference") && q.Get("external_reference") != p.ExternalReference {
			continue
		}
		key := account{p.CollectorID, p.Currency}
		if byAccount[key] == nil {
			byAccount[key] = &sums{}
		}
		byAccount[key].add(p)
	}
	s.mu.Unlock()
	accounts := []control.Account{}
	for key, a := range byAccount {
		accounts = append(accounts, control.Account{
			CollectorID: key.collector, Currency: key.currency, Payments: a.payments, Approved: a.approved,
			Taken: number(a.taken), Refunded: number(a.refunded), Refunding: number(a.refunding), Held: number(a.held), Lost: number(a.lost),
			Kept: number(a.taken - a.refunded - a.held - a.lost),
		})
	}
	slices.SortFunc(accounts, func(a, b control.Account) int {
		return cmp.Or(cmp.Compare(a.CollectorID, b.CollectorID), cmp.Compare(a.Currency, b.Currency))
	})
	control.Write(w, http.StatusOK, map[string]any{"accounts": accounts})
}

func number(a amount) json.Number { return json.Number(a.String()) }

// controlRaw replaces what the API says of a payment; the truth of it stays.
func (s *Server) controlRaw(w http.ResponseWriter, r *http.Request) {
	var in control.RawPayment
	s.withPayment(w, r, &in, func(p *payment) {
		p.RawBody, p.RawMembers = in.Body, in.Members
		p.touch(s.o.Clock())
		s.changed(p, in.Silent)
		control.Write(w, http.StatusOK, p.controlView())
	})
}
