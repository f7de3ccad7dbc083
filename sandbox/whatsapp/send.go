package whatsapp

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"cabanas/sandbox/control"
)

// send checks a message against the recipient and the limits, and puts it on the guest's phone. silent asks the caller
// never to answer although the message was accepted.
func (s *Server) send(m *outbound, raw []byte) (sent *accepted, silent bool, refused *refusal) {
	if r := m.validate(); r != nil {
		return nil, false, r
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls["send"]++
	if r := s.injected(); r != nil {
		return nil, false, r
	}
	if r := s.checkRates(m); r != nil {
		return nil, false, r
	}
	spec, r := s.checkContent(m)
	if r != nil {
		return nil, false, r
	}
	g, r := s.recipient(m)
	if r != nil {
		return nil, false, r
	}
	if s.faults.pairLimit && !g.pair.AllowN(s.o.Clock(), 1) {
		return nil, false, refuse(codePairLimit, "Too many messages sent from the business to this recipient")
	}
	outside := m.Template == nil && !s.windowOpen(g)
	if outside && !s.faults.windowLate {
		return nil, false, refuse(codeWindowClosed, "%s", windowClosed)
	}

	msg := describe(m, spec)
	msg.ID, msg.Direction, msg.Status, msg.Request = s.wamid(g.Number), "out", "accepted", json.RawMessage(raw)
	g.TypingUntil = nil
	s.addMessage(g, msg)
	s.saveGuest(g)
	switch {
	case outside:
		s.setStatus(msg, "failed", statusError(codeWindowClosed, windowClosed))
	case named(s.faults.undelivered, m.To):
		s.setStatus(msg, "failed", statusError(codeUndeliverable, "Message undeliverable"))
	default:
		s.progress(msg)
	}
	if s.faults.timeoutNext > 0 {
		s.faults.timeoutNext--
		silent = true
	}
	return &accepted{ID: msg.ID, guest: g.Guest}, silent, nil
}

const windowClosed = "Message failed to send because more than 24 hours have passed since the customer last replied to this number."

// named reports whether a recipient is in a list, in exactly this form: with or without the 9 of a mobile is not the same.
func named(list []string, to string) bool {
	return slices.ContainsFunc(list, func(number string) bool { return digits(number) == digits(to) && to != "" })
}

// accepted is what a send is answered with.
type accepted struct {
	ID    string
	guest control.Guest
}

func (a *accepted) contact(m *outbound) map[string]string {
	if m.Recipient != "" {
		return map[string]string{"input": m.Recipient, "user_id": a.guest.BSUID}
	}
	c := map[string]string{"input": m.To, "wa_id": a.guest.Number}
	if a.guest.BSUID != "" {
		c["user_id"] = a.guest.BSUID
	}
	return c
}

func (s *Server) checkRates(m *outbound) *refusal {
	if s.faults.perSecond != nil && !s.faults.perSecond.AllowN(time.Now(), 1) {
		return refuse(codeRateLimit, "Cloud API message throughput has been reached")
	}
	if m.To != "" && len(s.faults.allowed) > 0 && !named(s.faults.allowed, m.To) {
		return refuse(codeNotAllowedNumber, "%s", notAllowed)
	}
	if s.faults.testNumber && strings.HasPrefix(digits(m.To), "549") {
		return refuse(codeNotAllowedNumber, "%s", notAllowed)
	}
	return nil
}

const notAllowed = "Recipient phone number not in allowed list: Add recipient phone number to recipient list and try again."

func newLimiter(perSecond int) *rate.Limiter {
	if perSecond <= 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(perSecond), perSecond)
}

// checkContent checks what the message refers to: its template, its uploaded file.
func (s *Server) checkContent(m *outbound) (control.TemplateSpec, *refusal) {
	if m.Template != nil {
		return s.checkTemplate(m.Template)
	}
	if file := m.file(); file != nil && file.ID != "" && s.media[file.ID] == nil {
		return control.TemplateSpec{}, refuse(codeInvalidValue, "media id is not known")
	}
	return control.TemplateSpec{}, nil
}

func (s *Server) recipient(m *outbound) (*guest, *refusal) {
	var g *guest
	if m.Recipient != "" {
		g = s.findBSUID(m.Recipient)
	} else {
		g = s.guestFor(m.To)
	}
	if g == nil || g.NotOnWhatsApp {
		return nil, refuse(codeUndeliverable, "Message undeliverable")
	}
	return g, nil
}

// progress takes an accepted message through sent to delivered, or to failed when that was asked for.
func (s *Server) progress(m *control.Message) {
	if s.faults.failStatus.Count > 0 {
		s.faults.failStatus.Count--
		code := s.faults.failStatus.Code
		if code == 0 {
			code = codeUndeliverable
		}
		s.setStatus(m, "failed", statusError(code, "Failure asked for by control"))
		return
	}
	if m.Status == "accepted" {
		s.setStatus(m, "sent", nil)
	}
	time.AfterFunc(s.o.DeliveredAfter, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.messages[m.ID] == m && m.Status == "sent" && !s.closed {
			s.setStatus(m, "delivered", nil)
		}
	})
}

func (s *Server) setStatus(m *control.Message, status string, problem map[string]any) {
	m.Status = status
	s.saveMessage(m)
	g := s.guests[m.Guest]
	if g == nil || s.faults.noStatuses {
		return
	}
	s.post("status "+status, s.o.PhoneNumberID, map[string]any{"statuses": []any{s.statusBody(m, &g.Guest, problem)}})
}

// markRead handles a read receipt: it and all earlier messages of the guest are read, and perhaps the business types.
func (s *Server) markRead(m *outbound) *refusal {
	if m.MessagingProduct != "whatsapp" {
		return refuse(codeInvalidParameter, "messaging_product must be whatsapp")
	}
	if m.Status != "read" {
		return refuse(codeInvalidParameter, "status must be read")
	}
	if m.Typing != nil && m.Typing.Type != "text" {
		return refuse(codeInvalidParameter, "typing_indicator.type must be text")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls["read"]++
	msg := s.messages[m.MessageID]
	if msg == nil || msg.Direction != "in" {
		return refuse(codeInvalidValue, "message_id is not a received message")
	}
	now := s.o.Clock()
	if now.Sub(msg.At) > messageLives {
		return refuse(codeInvalidValue, "message_id is older than 30 days")
	}
	g := s.guests[msg.Guest]
	for _, earlier := range g.messages {
		if earlier.Direction == "in" && earlier.Seq <= msg.Seq && earlier.Status != "read" {
			earlier.Status = "read"
			s.saveMessage(earlier)
		}
	}
	if m.Typing != nil {
		until := now.Add(typingLasts)
		g.TypingUntil = &until
		s.saveGuest(g)
	}
	return nil
}

// describe turns the API's message into a line of the transcript.
func describe(m *outbound, spec control.TemplateSpec) *control.Message {
	msg := &control.Message{Kind: m.Type, BizOpaque: m.BizOpaque}
	if m.Context != nil {
		msg.Context = m.Context.MessageID
	}
	if file := m.file(); file != nil {
		msg.Media = &control.Media{ID: file.ID, Link: file.Link, Name: file.Filename}
		msg.Text = file.Caption
	}
	switch m.Type {
	case "text":
		msg.Text = m.Text.Body
	case "location":
		msg.Place = &control.Place{
			Latitude: *m.Location.Latitude, Longitude: *m.Location.Longitude, Name: m.Location.Name, Address: m.Location.Address,
		}
	case "reaction":
		msg.Emoji, msg.Target = m.Reaction.Emoji, m.Reaction.MessageID
	case "template":
		msg.Text, msg.Tpl = describeTemplate(m.Template, spec)
	case "interactive":
		describeInteractive(msg, m.Interactive)
	}
	return msg
}

func describeInteractive(msg *control.Message, i *interactiveOut) {
	msg.Text = i.Body.Text
	if i.Footer != nil {
		msg.Footer = i.Footer.Text
	}
	if h := i.Header; h != nil {
		msg.Header = h.Text
		if h.Image != nil {
			msg.Media = &control.Media{ID: h.Image.ID, Link: h.Image.Link}
		}
	}
	switch i.Type {
	case "button":
		msg.Kind = "buttons"
		for _, b := range i.Action.Buttons {
			msg.Buttons = append(msg.Buttons, control.Button{ID: b.Reply.ID, Title: b.Reply.Title})
		}
	case "list":
		msg.Kind = "list"
		msg.List = &control.List{Button: i.Action.Button}
		for _, section := range i.Action.Sections {
			shown := control.Section{Title: section.Title}
			for _, row := range section.Rows {
				shown.Rows = append(shown.Rows, control.Button(row))
			}
			msg.List.Sections = append(msg.List.Sections, shown)
		}
	case "cta_url":
		msg.Kind = "cta_url"
		msg.CTA = &control.CTA{Text: i.Action.Parameters.DisplayText, URL: i.Action.Parameters.URL}
	default:
		msg.Kind = "location_request"
	}
}
