package mercadopago

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// searchPayments answers the payments of a reference and a range of dates: three months unless asked otherwise, twelve
// at most. A payment younger than the lag set by control is not found.
func (s *Server) searchPayments(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	limit, offset, refused := page(q)
	var within span
	if refused == nil {
		within, refused = s.span(q)
	}
	if refused != nil {
		refused.write(w)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Clock()
	candidates := s.byReference[q.Get("external_reference")]
	if !q.Has("external_reference") {
		candidates = nil
		for _, p := range s.payments {
			candidates = append(candidates, p)
		}
	}
	var found []*payment
	for _, p := range candidates {
		if s.faults.searchLag > 0 {
			p = p.asOf(now.Add(-s.faults.searchLag))
		}
		if p != nil && within.holds(p) && matches(p, q) {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b *payment) int {
		return cmp.Or(within.sort(a).Compare(within.sort(b)), cmp.Compare(a.ID, b.ID))
	})
	if q.Get("criteria") == "desc" {
		slices.Reverse(found)
	}
	results := []any{}
	for _, p := range found[min(offset, len(found)):min(offset+limit, len(found))] {
		results = append(results, p.searchView())
	}
	answer(w, http.StatusOK, map[string]any{
		"paging": map[string]int{"total": len(found), "limit": limit, "offset": offset}, "results": results,
	})
}

func matches(p *payment, q url.Values) bool {
	return (!q.Has("status") || q.Get("status") == p.Status) && (!q.Has("id") || q.Get("id") == strconv.FormatInt(p.ID, 10))
}

// span is the range of dates of a search over one of a payment's dates.
type span struct {
	field      func(*payment) time.Time
	sort       func(*payment) time.Time
	begin, end time.Time
}

func (s span) holds(p *payment) bool {
	t := s.field(p)
	return !t.Before(s.begin) && !t.After(s.end)
}

var searchFields = map[string]func(*payment) time.Time{
	"date_created":      func(p *payment) time.Time { return p.Created },
	"date_last_updated": func(p *payment) time.Time { return p.Updated },
	"date_approved":     func(p *payment) time.Time { return p.Approved },
}

func (s *Server) span(q url.Values) (span, *refusal) {
	now := s.o.Clock()
	fields := map[string]func(*payment) time.Time{"sort": searchFields["date_created"], "range": searchFields["date_created"]}
	for name := range fields {
		if v := q.Get(name); v != "" {
			f, known := searchFields[v]
			if !known {
				return span{}, bad(codeInvalidField, "%s is invalid", name)
			}
			fields[name] = f
		}
	}
	if c := q.Get("criteria"); c != "" && c != "asc" && c != "desc" {
		return span{}, bad(codeInvalidField, "criteria must be asc or desc")
	}
	begin, ok := searchDate(q.Get("begin_date"), now, now.AddDate(0, -3, 0))
	if !ok {
		return span{}, bad(codeInvalidField, "begin_date is invalid")
	}
	end, ok := searchDate(q.Get("end_date"), now, now)
	if !ok {
		return span{}, bad(codeInvalidField, "end_date is invalid")
	}
	if oldest := now.AddDate(-1, 0, 0); begin.Before(oldest) {
		begin = oldest
	}
	return span{field: fields["range"], sort: fields["sort"], begin: begin, end: end}, nil
}

// searchDate reads NOW, NOW-3MONTHS and the like, or a full date.
func searchDate(s string, now, otherwise time.Time) (time.Time, bool) {
	if s == "" {
		return otherwise, true
	}
	m := searchForm.FindStringSubmatch(s)
	if m == nil {
		t, err := parseDate(s)
		return t, err == nil
	}
	if m[2] == "" {
		return now, true
	}
	n, err := strconv.Atoi(m[2])
	if err != nil {
		return now, false
	}
	if m[1] == "-" {
		n = -n
	}
	switch strings.TrimSuffix(m[3], "S") {
	case "MINUTE":
		return now.Add(time.Duration(n) * time.Minute), true
	case "HOUR":
		return now.Add(time.Duration(n) * time.Hour), true
	case "DAY":
		return now.AddDate(0, 0, n), true
	case "MONTH":
		return now.AddDate(0, n, 0), true
	}
	return now.AddDate(n, 0, 0), true
}
