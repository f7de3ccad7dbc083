package whatsapp

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"cabanas/sandbox/control"
)

const (
	defaultWait = 10 * time.Second
	longestWait = 2 * time.Minute
)

func (s *Server) controlInfo(w http.ResponseWriter, _ *http.Request) {
	control.Write(w, http.StatusOK, map[string]any{
		"business_name": s.o.BusinessName, "display_phone_number": s.o.DisplayPhoneNumber,
		"phone_number_id": s.o.PhoneNumberID, "webhook_url": s.o.WebhookURL, "calls": s.Calls(),
	})
}

func (s *Server) controlFaults(w http.ResponseWriter, r *http.Request) {
	var f control.WhatsAppFaults
	if err := control.Read(w, r, &f); err != nil {
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

// controlVerify makes Meta's GET handshake with the business's webhook.
func (s *Server) controlVerify(w http.ResponseWriter, r *http.Request) {
	challenge := make([]byte, 8)
	_, _ = rand.Read(challenge)
	want := hex.EncodeToString(challenge)
	address, err := url.Parse(s.o.WebhookURL)
	if err != nil || s.o.WebhookURL == "" {
		control.Refuse(w, http.StatusConflict, errors.New("no webhook address is set"))
		return
	}
	q := address.Query()
	q.Set("hub.mode", "subscribe")
	q.Set("hub.challenge", want)
	q.Set("hub.verify_token", s.o.VerifyToken)
	address.RawQuery = q.Encode()
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, address.String(), nil)
	if err != nil {
		control.Refuse(w, http.StatusInternalServerError, err)
		return
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		control.Refuse(w, http.StatusBadGateway, fmt.Errorf("verify webhook: %w", err))
		return
	}
	got, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK || string(got) != want {
		control.Refuse(w, http.StatusBadGateway, fmt.Errorf("the webhook answered %d and not the challenge", resp.StatusCode))
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// controlRaw signs any body and delivers it.
func (s *Server) controlRaw(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, control.MaxBody))
	if err != nil {
		control.Refuse(w, http.StatusBadRequest, err)
		return
	}
	s.mu.Lock()
	s.postRaw("raw", body)
	s.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) controlTemplate(w http.ResponseWriter, r *http.Request) {
	var t control.TemplateSpec
	if err := control.Read(w, r, &t); err != nil || t.Name == "" {
		control.Refuse(w, http.StatusBadRequest, errors.Join(err, errors.New("a template needs a name")))
		return
	}
	s.mu.Lock()
	s.setTemplate(t)
	s.o.Journal.Put(kindTemplate, t.Name+"/"+t.Language, t)
	s.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) controlGuests(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	views := make([]*control.Guest, 0, len(s.guests))
	for _, g := range s.guests {
		views = append(views, s.view(g))
	}
	s.mu.Unlock()
	slices.SortFunc(views, func(a, b *control.Guest) int { return strings.Compare(a.Number, b.Number) })
	control.Write(w, http.StatusOK, map[string]any{"guests": views})
}

// controlGuest adds a guest or replaces what is known of one.
func (s *Server) controlGuest(w http.ResponseWriter, r *http.Request) {
	var in control.Guest
	if err := control.Read(w, r, &in); err != nil {
		control.Refuse(w, http.StatusBadRequest, err)
		return
	}
	if in.BSUID != "" && !bsuid.MatchString(in.BSUID) {
		control.Refuse(w, http.StatusBadRequest, errors.New("bsuid must look like AR.123"))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.guestFor(in.Number)
	if g == nil {
		control.Refuse(w, http.StatusBadRequest, errors.New("number must have 8 to 15 digits"))
		return
	}
	if in.HideNumber && in.BSUID == "" {
		in.BSUID = "AR." + s.numericID(15)
	}
	in.Number, in.TypingUntil, in.WindowUntil = g.Number, g.TypingUntil, nil
	g.Guest = in
	s.saveGuest(g)
	control.Write(w, http.StatusOK, s.view(g))
}

// controlRead is the guest looking at the chat: everything received becomes read.
func (s *Server) controlRead(w http.ResponseWriter, r *http.Request) {
	s.withGuest(w, r, func(g *guest, _ bool) {
		for _, m := range g.messages {
			if m.Direction == "out" && slices.Contains([]string{"accepted", "sent", "delivered"}, m.Status) {
				s.setStatus(m, "read", nil)
			}
		}
	})
}

// controlWindow closes a guest's 24-hour window, or opens it as if the guest had just written.
func (s *Server) controlWindow(w http.ResponseWriter, r *http.Request) {
	s.withGuest(w, r, func(g *guest, closed bool) {
		g.LastInbound = s.o.Clock()
		if closed {
			g.LastInbound = time.Time{}
		}
		s.saveGuest(g)
	})
}

func (s *Server) withGuest(w http.ResponseWriter, r *http.Request, do func(g *guest, closed bool)) {
	var in struct {
		Guest  string `json:"guest"`
		Closed bool   `json:"closed"`
	}
	if err := control.Read(w, r, &in); err != nil {
		control.Refuse(w, http.StatusBadRequest, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.findGuest(in.Guest)
	if g == nil {
		control.Refuse(w, http.StatusNotFound, errors.New("this guest is not known"))
		return
	}
	do(g, in.Closed)
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) controlMessage(w http.ResponseWriter, r *http.Request) {
	var in control.Inbound
	if err := control.Read(w, r, &in); err != nil {
		control.Refuse(w, http.StatusBadRequest, err)
		return
	}
	ids, err := s.receiveAll([]control.Inbound{in}, "")
	if err != nil {
		control.Refuse(w, http.StatusBadRequest, err)
		return
	}
	control.Write(w, http.StatusOK, map[string]string{"wamid": ids[0]})
}

func (s *Server) controlBatch(w http.ResponseWriter, r *http.Request) {
	var in control.Batch
	err := control.Read(w, r, &in)
	if err == nil && !slices.Contains([]string{"", "messages", "changes", "entries"}, in.Spread) {
		err = errors.New("spread must be messages, changes or entries")
	}
	if err == nil && len(in.Messages) == 0 {
		err = errors.New("messages is empty")
	}
	if err != nil {
		control.Refuse(w, http.StatusBadRequest, err)
		return
	}
	ids, err := s.receiveAll(in.Messages, in.Spread)
	if err != nil {
		control.Refuse(w, http.StatusBadRequest, err)
		return
	}
	control.Write(w, http.StatusOK, map[string][]string{"wamids": ids})
}

func (s *Server) receiveAll(in []control.Inbound, spread string) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*received
	var ids []string
	for _, one := range in {
		r, err := s.receive(one)
		if err != nil {
			s.deliver(all, spread) // those before it were written
			return nil, err
		}
		all = append(all, r)
		ids = append(ids, r.message.ID)
	}
	s.deliver(all, spread)
	return ids, nil
}

func (s *Server) controlTranscript(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	found, _ := s.transcript(r.URL.Query())
	s.mu.Unlock()
	control.Write(w, http.StatusOK, map[string]any{"messages": found})
}

// controlWait answers when there is a message after the given one, or with none when the time is over.
func (s *Server) controlWait(w http.ResponseWriter, r *http.Request) {
	wait := defaultWait
	if t := r.URL.Query().Get("timeout"); t != "" {
		d, err := time.ParseDuration(t)
		if err != nil || d < 0 {
			control.Refuse(w, http.StatusBadRequest, errors.New("timeout must be a duration such as 10s"))
			return
		}
		wait = min(d, longestWait)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		s.mu.Lock()
		found, changed := s.transcript(r.URL.Query())
		s.mu.Unlock()
		if len(found) > 0 {
			control.Write(w, http.StatusOK, map[string]any{"messages": found})
			return
		}
		select {
		case <-changed:
		case <-timer.C:
			control.Write(w, http.StatusOK, map[string]any{"messages": found})
			return
		case <-s.quit:
			control.Refuse(w, http.StatusServiceUnavailable, errors.New("the sandbox is stopping"))
			return
		case <-r.Context().Done():
			return
		}
	}
}

// transcript filters by guest, direction and after; the channel closes when the result may have changed.
func (s *Server) transcript(q url.Values) ([]*control.Message, <-chan struct{}) {
	after, _ := strconv.ParseInt(q.Get("after"), 10, 64)
	direction := q.Get("direction")
	found := []*control.Message{}
	add := func(list []*control.Message) {
		for _, m := range slices.Backward(list) {
			if m.Seq <= after {
				break
			}
			if direction == "" || m.Direction == direction {
				seen := *m
				found = append(found, &seen)
			}
		}
	}
	changed := s.changed
	if number := q.Get("guest"); number != "" {
		if g := s.findGuest(number); g != nil {
			add(g.messages)
			changed = g.changed
		}
	} else {
		for _, g := range s.guests {
			add(g.messages)
		}
	}
	slices.SortFunc(found, func(a, b *control.Message) int { return int(a.Seq - b.Seq) })
	return found, changed
}

// controlMedia shows a guest's own file on the phone page.
func (s *Server) controlMedia(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	m := s.media[r.PathValue("id")]
	s.mu.Unlock()
	if m == nil {
		control.Refuse(w, http.StatusNotFound, errors.New("this file is not known"))
		return
	}
	w.Header().Set("Content-Type", m.MIME)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Security-Policy", "sandbox")
	_, _ = w.Write(m.Data)
}
