package mercadopago

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"cabanas/sandbox/control"
)

// reading wraps a call that changes nothing: service up, token right, no failure planned.
func (s *Server) reading(operation string, serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.admit(w, r, operation) {
			serve(w, r)
		}
	}
}

// writing wraps a call that changes something: it can also be carried out and never answered.
func (s *Server) writing(operation string, serve func(http.ResponseWriter, *http.Request, []byte)) http.HandlerFunc {
	return s.reading(operation, func(w http.ResponseWriter, r *http.Request) {
		raw, refused := readBody(w, r)
		if refused != nil {
			refused.write(w)
			return
		}
		s.mu.Lock()
		silent := s.faults.timeoutNext > 0
		if silent {
			s.faults.timeoutNext--
		}
		s.mu.Unlock()
		if !silent {
			serve(w, r, raw)
			return
		}
		serve(&unheard{header: http.Header{}}, r, raw)
		select {
		case <-r.Context().Done():
		case <-s.quit:
		}
		panic(http.ErrAbortHandler)
	})
}

// unheard swallows an answer that the caller never gets.
type unheard struct{ header http.Header }

func (u *unheard) Header() http.Header         { return u.header }
func (u *unheard) Write(b []byte) (int, error) { return len(b), nil }
func (u *unheard) WriteHeader(int)             {}

func (s *Server) admit(w http.ResponseWriter, r *http.Request, operation string) bool {
	s.mu.Lock()
	s.calls[operation]++
	cut, outage := s.faults.outageReset, s.faults.outage
	var refused *refusal
	if !cut && !outage {
		if refused = s.checkToken(r); refused == nil {
			refused = s.injected()
		}
	}
	s.mu.Unlock()
	switch {
	case cut:
		panic(http.ErrAbortHandler)
	case outage:
		refused = &refusal{status: http.StatusServiceUnavailable, kind: "service_unavailable", text: "Service unavailable"}
	}
	if refused != nil {
		refused.write(w)
	}
	return refused == nil
}

func (s *Server) checkToken(r *http.Request) *refusal {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if ok && subtle.ConstantTimeCompare([]byte(token), []byte(s.o.AccessToken)) == 1 {
		return nil
	}
	return &refusal{status: http.StatusUnauthorized, kind: "unauthorized", text: "invalid access token"}
}

// injected takes the next planned failure, if there is one.
func (s *Server) injected() *refusal {
	f := &s.faults.fail
	if f.Count <= 0 {
		return nil
	}
	f.Count--
	status := f.Status
	if len(f.Statuses) > 0 {
		status = f.Statuses[s.faults.failed%len(f.Statuses)]
		s.faults.failed++
	}
	if status == 0 {
		status = http.StatusInternalServerError
	}
	refused := &refusal{status: status, kind: strings.ToLower(strings.ReplaceAll(http.StatusText(status), " ", "_")), text: "Failure asked for by control"}
	if f.Code != 0 {
		refused.causes = []cause{{Code: f.Code, Description: refused.text}}
	}
	if status == http.StatusTooManyRequests {
		refused.retry = "1"
	}
	return refused
}

// replay is what a call with an idempotency key was answered.
type replay struct {
	BodyHash string          `json:"body_hash"`
	Status   int             `json:"status"`
	Answer   json.RawMessage `json:"answer"`
}

// idempotent does a creating call once per route and X-Idempotency-Key and answers 201; refusals are not remembered.
func (s *Server) idempotent(w http.ResponseWriter, r *http.Request, raw []byte, required bool, do func() (any, *refusal)) {
	header := strings.TrimSpace(r.Header.Get("X-Idempotency-Key"))
	if header == "" && required {
		bad(codeIdempotencyKey, "Header X-Idempotency-Key can't be null").write(w)
		return
	}
	key := r.URL.Path + " " + header
	sum := sha256.Sum256(compact(raw))
	hash := hex.EncodeToString(sum[:])

	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.replays[key]; header != "" && old != nil {
		if old.BodyHash != hash {
			conflict := bad(codeIdempotencyUsed, "The idempotency key was used with another request")
			conflict.status, conflict.kind = http.StatusConflict, "conflict"
			conflict.write(w)
			return
		}
		answer(w, old.Status, old.Answer)
		return
	}
	done, refused := do()
	if refused != nil {
		refused.write(w)
		return
	}
	body, err := json.Marshal(done)
	if err != nil {
		(&refusal{status: http.StatusInternalServerError, kind: "internal_error", text: "internal error"}).write(w)
		return
	}
	if header != "" {
		s.replays[key] = &replay{BodyHash: hash, Status: http.StatusCreated, Answer: body}
		s.o.Journal.Put(kindReplay, key, s.replays[key])
	}
	answer(w, http.StatusCreated, json.RawMessage(body))
}

func compact(raw []byte) []byte {
	var out bytes.Buffer
	if json.Compact(&out, raw) != nil {
		return raw
	}
	return out.Bytes()
}

func (s *Server) getMe(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{
		"id": s.o.CollectorID, "nickname": "CABANAS_SANDBOX", "site_id": site, "country_id": "AR", "status": map[string]any{"site_status": "active"},
	})
}

func (s *Server) uuid() string {
	var b [16]byte
	for i := range b {
		b[i] = byte(s.o.Rand.IntN(256))
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func (s *Server) setFaults(f control.MercadoPagoFaults) {
	if f.FailNext != nil {
		s.faults.failed = 0
	}
	take(&s.faults.fail, f.FailNext)
	take(&s.faults.timeoutNext, f.TimeoutNext)
	take(&s.faults.outage, f.Outage)
	take(&s.faults.outageReset, f.OutageReset)
	take(&s.faults.signWith, f.SignWith)
	take(&s.faults.legacyTwins, f.LegacyTwins)
	take(&s.faults.notFoundGets, f.NotFoundGets)
	take(&s.faults.refundsInProcess, f.RefundsInProcess)
	if f.TimestampUnit != nil {
		s.faults.milliseconds = *f.TimestampUnit == "ms"
	}
	if f.SearchLagMS != nil {
		s.faults.searchLag = msToDuration(*f.SearchLagMS)
	}
	s.queue.SetFaults(f.DeliveryFaults)
}

func take[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}
