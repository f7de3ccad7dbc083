package mercadopago

import (
	"encoding/json"
	"slices"
	"time"
)

// version is a payment as it was from a moment on, for a search that is behind.
type version struct {
	since   time.Time
	payment *payment
}

const versionsKept = 50

// remember keeps the payment as it is now.
func (p *payment) remember(now time.Time) {
	kept := *p
	kept.versions, kept.refunds = nil, nil
	for _, r := range p.refunds {
		copied := *r
		kept.refunds = append(kept.refunds, &copied)
	}
	if len(p.versions) >= versionsKept {
		p.versions = append([]version{}, p.versions[1:]...)
	}
	p.versions = append(p.versions, version{since: now, payment: &kept})
}

// asOf is the payment as it was at a moment; nil when it was not there yet.
func (p *payment) asOf(moment time.Time) *payment {
	for _, v := range slices.Backward(p.versions) {
		if !v.since.After(moment) {
			return v.payment
		}
	}
	return nil
}

// searchView is the payment as search shows it.
func (p *payment) searchView() any {
	if p.RawBody != nil && json.Valid([]byte(*p.RawBody)) {
		return json.RawMessage(*p.RawBody)
	}
	return p.view()
}
