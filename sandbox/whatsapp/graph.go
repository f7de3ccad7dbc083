package whatsapp

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"

	"cabanas/sandbox/control"
)

var (
	errNoStream  = errors.New("this connection cannot stream")
	graphVersion = regexp.MustCompile(`^v\d{1,2}\.\d$`)
)

const maxRequest = 1 << 20

// serveGraph answers /graph/{version}/{id} and /graph/{version}/{phone-number-id}/messages.
func (s *Server) serveGraph(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/graph/"), "/")
	isSend := len(parts) == 3 && parts[2] == "messages" && r.Method == http.MethodPost
	isGet := len(parts) == 2 && r.Method == http.MethodGet

	switch refused := s.admit(r, parts, isSend || isGet); {
	case errors.Is(refused, errCut):
		panic(http.ErrAbortHandler)
	case refused != nil:
		s.refuse(w, refused)
	case isSend:
		s.serveMessages(w, r)
	default:
		s.serveObject(w, r, parts[1])
	}
}

// errCut asks for the connection to be cut without an answer.
var errCut = errors.New("connection cut")

// admit checks what every call needs: the service up, a token, a known version and route.
func (s *Server) admit(r *http.Request, parts []string, routed bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.faults.outageReset:
		return errCut
	case s.faults.outage:
		return &refusal{status: http.StatusServiceUnavailable, code: 2, details: "Service temporarily unavailable"}
	case s.faults.badToken, !s.authorized(r):
		return &refusal{status: http.StatusUnauthorized, code: codeToken}
	case !graphVersion.MatchString(parts[0]):
		return &refusal{status: http.StatusBadRequest, code: 2500, details: "Unknown path components"}
	case !routed, len(parts) == 3 && parts[1] != s.o.PhoneNumberID:
		return &refusal{
			status: http.StatusBadRequest, code: codeInvalidParameter, subcode: subcodeNoObject,
			details: "Unsupported request. The object does not exist, cannot be loaded due to missing permissions, or does not support this operation",
		}
	}
	return nil
}

func (s *Server) authorized(r *http.Request) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && subtle.ConstantTimeCompare([]byte(token), []byte(s.o.AccessToken)) == 1
}

func (s *Server) refuse(w http.ResponseWriter, err error) {
	refused, ok := errors.AsType[*refusal](err)
	if !ok {
		refused = refuse(codeInvalidParameter, "%s", err)
	}
	s.mu.Lock()
	s.calls["refused"]++
	trace := "A" + s.numericID(20)
	s.mu.Unlock()
	refused.write(w, trace)
}

func (s *Server) serveMessages(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		s.refuse(w, refuse(codeInvalidParameter, "request too large or cut"))
		return
	}
	var m outbound
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil || dec.More() {
		if err == nil {
			err = errors.New("more than one JSON value")
		}
		s.refuse(w, refuse(codeInvalidParameter, "Invalid JSON: %s", jsonProblem(err)))
		return
	}
	if m.Status != "" {
		if refused := s.markRead(&m); refused != nil {
			s.refuse(w, refused)
			return
		}
		answer(w, http.StatusOK, map[string]bool{"success": true})
		return
	}

	sent, silent, refused := s.send(&m, raw)
	if refused != nil {
		s.refuse(w, refused)
		return
	}
	if silent {
		s.neverAnswer(r)
	}
	answer(w, http.StatusOK, map[string]any{
		"messaging_product": "whatsapp",
		"contacts":          []map[string]string{sent.contact(&m)},
		"messages":          []map[string]string{{"id": sent.ID}},
	})
}

// neverAnswer holds the connection until the caller hangs up, then cuts it.
func (s *Server) neverAnswer(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-s.quit:
	}
	panic(http.ErrAbortHandler)
}

// injected takes the next planned failure of a send, if there is one.
func (s *Server) injected() *refusal {
	f := &s.faults.fail
	if f.Count <= 0 {
		return nil
	}
	f.Count--
	refused := &refusal{status: f.Status, code: f.Code, details: "Failure asked for by control"}
	if refused.code == 0 {
		refused.code = 131000
	}
	if refused.status == 0 {
		refused.status = http.StatusInternalServerError
		if f.Code != 0 {
			refused.status = http.StatusBadRequest
		}
	}
	return refused
}

func (s *Server) setFaults(f control.WhatsAppFaults) {
	take(&s.faults.fail, f.FailNext)
	take(&s.faults.failStatus, f.FailStatusNext)
	take(&s.faults.timeoutNext, f.TimeoutNext)
	take(&s.faults.outage, f.Outage)
	take(&s.faults.outageReset, f.OutageReset)
	take(&s.faults.signWith, f.SignWith)
	take(&s.faults.noStatuses, f.NoStatuses)
	take(&s.faults.testNumber, f.TestNumber)
	take(&s.faults.pairLimit, f.PairLimit)
	take(&s.faults.windowLate, f.WindowLate)
	take(&s.faults.badToken, f.BadToken)
	take(&s.faults.allowed, f.AllowedNumbers)
	take(&s.faults.undelivered, f.NoDeliveryTo)
	if f.MessagesPerSecond != nil {
		s.faults.perSecond = newLimiter(*f.MessagesPerSecond)
	}
	s.queue.SetFaults(f.DeliveryFaults)
}

func take[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}
