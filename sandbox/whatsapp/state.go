package whatsapp

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"cabanas/sandbox/control"
)

// guest is a person on the other side. Only Guest and LastInbound are kept through a restart; messages are kept apart.
type guest struct {
	control.Guest
	LastInbound time.Time `json:"last_inbound"`

	messages []*control.Message
	pair     *rate.Limiter
	changed  chan struct{}
}

const (
	kindGuest    = "guest"
	kindMessage  = "message"
	kindMedia    = "media"
	kindTemplate = "template"
)

func (s *Server) load() error {
	j := s.o.Journal
	err := j.Load(kindGuest, func(_ string, value json.RawMessage) error {
		var g guest
		if err := json.Unmarshal(value, &g); err != nil {
			return err
		}
		s.addGuest(&g)
		return nil
	})
	if err != nil {
		return err
	}
	var all []*control.Message
	err = j.Load(kindMessage, func(_ string, value json.RawMessage) error {
		var m control.Message
		if err := json.Unmarshal(value, &m); err != nil {
			return err
		}
		all = append(all, &m)
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b *control.Message) int { return cmp.Compare(a.Seq, b.Seq) })
	for _, m := range all {
		s.messages[m.ID] = m
		s.seq = max(s.seq, m.Seq)
		if g := s.guests[m.Guest]; g != nil {
			g.messages = append(g.messages, m)
		}
	}
	err = j.Load(kindMedia, func(id string, value json.RawMessage) error {
		var m media
		if err := json.Unmarshal(value, &m); err != nil {
			return err
		}
		s.media[id] = &m
		return nil
	})
	if err != nil {
		return err
	}
	return j.Load(kindTemplate, func(_ string, value json.RawMessage) error {
		var t control.TemplateSpec
		if err := json.Unmarshal(value, &t); err != nil {
			return err
		}
		s.setTemplate(t)
		return nil
	})
}

// resume goes on with the statuses of messages that a stopped process had accepted.
func (s *Server) resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.messages {
		if m.Direction == "out" && (m.Status == "accepted" || m.Status == "sent") {
			s.progress(m)
		}
	}
}

func (s *Server) addGuest(g *guest) {
	g.changed = make(chan struct{})
	g.pair = rate.NewLimiter(rate.Every(6*time.Second), 45)
	s.guests[g.Number] = g
}

func (s *Server) saveGuest(g *guest) {
	kept := *g
	kept.WindowUntil, kept.TypingUntil = nil, nil
	s.o.Journal.Put(kindGuest, g.Number, kept)
	s.publish(event{Type: "guest", Guest: s.view(g)})
}

// saveMessage records a new or changed message and wakes who waits for it.
func (s *Server) saveMessage(m *control.Message) {
	s.o.Journal.Put(kindMessage, m.ID, m)
	if g := s.guests[m.Guest]; g != nil {
		close(g.changed)
		g.changed = make(chan struct{})
	}
	close(s.changed)
	s.changed = make(chan struct{})
	seen := *m
	s.publish(event{Type: "message", Message: &seen})
}

func (s *Server) addMessage(g *guest, m *control.Message) {
	s.seq++
	m.Seq, m.Guest, m.At = s.seq, g.Number, s.o.Clock()
	g.messages = append(g.messages, m)
	s.messages[m.ID] = m
	s.saveMessage(m)
}

// view is a guest as control shows it, at the present moment.
func (s *Server) view(g *guest) *control.Guest {
	v := g.Guest
	now := s.o.Clock()
	if s.windowOpen(g) {
		until := g.LastInbound.Add(window)
		v.WindowUntil = &until
	}
	if v.TypingUntil != nil && !v.TypingUntil.After(now) {
		v.TypingUntil = nil
	}
	return &v
}

func (s *Server) windowOpen(g *guest) bool {
	return !g.LastInbound.IsZero() && s.o.Clock().Before(g.LastInbound.Add(window))
}

// findGuest accepts a number as people write it; an Argentine mobile is the same person with and without the 9.
func (s *Server) findGuest(number string) *guest {
	n := digits(number)
	if g := s.guests[n]; g != nil {
		return g
	}
	switch {
	case len(n) == 13 && strings.HasPrefix(n, "549"):
		return s.guests["54"+n[3:]]
	case len(n) == 12 && strings.HasPrefix(n, "54"):
		return s.guests["549"+n[2:]]
	}
	return nil
}

func (s *Server) findBSUID(id string) *guest {
	for _, g := range s.guests {
		if g.BSUID == id {
			return g
		}
	}
	return nil
}

// guestFor returns the guest of a number, known or new; nil when it is no telephone number.
func (s *Server) guestFor(number string) *guest {
	if g := s.findGuest(number); g != nil {
		return g
	}
	n := digits(number)
	if len(n) < 8 || len(n) > 15 {
		return nil
	}
	g := &guest{Guest: control.Guest{Number: n}}
	s.addGuest(g)
	s.saveGuest(g)
	return g
}

func digits(number string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number)
}

// wamid has the look of Meta's: a base64 of the number and something random.
func (s *Server) wamid(number string) string {
	raw := []byte{0x1d, 0x18, byte(len(number))}
	raw = append(raw, number...)
	raw = append(raw, 0x15, 0x02, 0x00, 0x11, 0x18, 0x12)
	for range 18 {
		raw = append(raw, "0123456789ABCDEF"[s.o.Rand.IntN(16)])
	}
	return "wamid." + base64.StdEncoding.EncodeToString(append(raw, 0))
}

func (s *Server) numericID(length int) string {
	id := make([]byte, length)
	for i := range id {
		id[i] = byte('0' + s.o.Rand.IntN(10))
	}
	id[0] = byte('1' + s.o.Rand.IntN(9))
	return string(id)
}
