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
	"time"
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
		silent, cut := taken(&s.faults.timeoutNext), taken(&s.faults.cutNext)
		s.mu.Unlock()
		if !silent && !cut {
			serve(w, r, raw)
			return
		}
		serve(&unheard{header: http.Header{}}, r, raw)
		if cut {
			// A first byte, or Go's transport would send the same again on its own.
			w.Header().Set("Content-Length", "1000")
			w.WriteHeader(http.StatusCreated)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
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
			refused = s.injected(operation)
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

// replay is what a call with an idempotency key was answered.
type replay struct {
	At       time.Time       `json:"at"`
	BodyHash string          `json:"body_hash"`
	Status   int             `json:"status"`
	Answer   json.RawMessage `json:"answer"`
}

// keysKeptFor is how long a key is remembered, as Mercado Pago's pages on refunds have it.
const keysKeptFor = 24 * time.Hour

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
	now := s.o.Clock()
	if old := s.replays[key]; header != "" && old != nil && now.Sub(old.At) < keysKeptFor {
		if old.BodyHash != hash {
			(&refusal{
				status: http.StatusConflict, kind: "idempotency_key_already_used", text: "The idempotency key was used with another request in the last 24 hours",
			}).write(w)
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
		s.replays[key] = &replay{At: now, BodyHash: hash, Status: http.StatusCreated, Answer: body}
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
