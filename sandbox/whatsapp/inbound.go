package whatsapp

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"cabanas/sandbox/control"
)

// received is an inbound message ready for a webhook.
type received struct {
	message *control.Message
	guest   *guest
	phoneID string
	body    map[string]any // element of messages[]
	problem map[string]any // element of value.errors
	silent  bool
}

// receive puts a guest's message in the transcript and returns its webhook form.
func (s *Server) receive(in control.Inbound) (*received, error) {
	if in.Type == "" {
		in.Type = "text"
		if in.Clip != "" {
			in.Type = "audio"
		}
	}
	g := s.guestFor(in.From)
	if g == nil {
		return nil, errors.New("from is not a phone number")
	}
	msg := &control.Message{
		ID: s.wamid(g.Number), Direction: "in", Kind: in.Type, Text: in.Text, Status: "delivered", Context: in.Context,
		Target: in.Target, Emoji: in.Emoji,
	}
	r := &received{message: msg, guest: g, phoneID: s.o.PhoneNumberID, silent: in.NoWebhook}
	if in.PhoneNumberID != "" {
		r.phoneID = in.PhoneNumberID
	}
	r.body = map[string]any{"id": msg.ID, "timestamp": s.timestamp(), "type": in.Type}
	if !g.HideNumber {
		r.body["from"] = g.Number
	}
	if g.BSUID != "" {
		r.body["from_user_id"] = g.BSUID
	}
	if err := s.fill(r, in); err != nil {
		return nil, err
	}
	s.setContext(r, in)
	if opensWindow(in.Type) {
		g.LastInbound = s.o.Clock()
	}
	s.addMessage(g, msg)
	s.saveGuest(g)
	return r, nil
}

func opensWindow(kind string) bool {
	return !slices.Contains([]string{"system", "edit", "revoke"}, kind)
}

func (s *Server) setContext(r *received, in control.Inbound) {
	switch {
	case in.Forwarded:
		r.body["context"] = map[string]any{"forwarded": true}
	case r.message.Context != "":
		from := digits(s.o.DisplayPhoneNumber)
		if m := s.messages[r.message.Context]; m != nil && m.Direction == "in" {
			from = m.Guest
		}
		r.body["context"] = map[string]any{"from": from, "id": r.message.Context}
	}
}

// fill writes the part of the body that depends on the type.
func (s *Server) fill(r *received, in control.Inbound) error {
	body, msg := r.body, r.message
	switch in.Type {
	case "text":
		if in.Text == "" {
			return errors.New("a text needs text")
		}
		body["text"] = map[string]any{"body": in.Text}
	case "button_reply", "list_reply":
		return s.fillReply(r, in)
	case "template_button":
		return s.fillTemplateButton(r, in)
	case "audio", "image", "video", "document", "sticker":
		return s.fillMedia(r, in)
	case "location":
		place := in.Place
		if place == nil {
			place = &control.Place{Latitude: -31.4201, Longitude: -64.1888}
		}
		msg.Place = place
		body["location"] = place
	case "contacts":
		msg.Contact = in.Text
		if msg.Contact == "" {
			msg.Contact = "Contacto de prueba"
		}
		msg.Text = ""
		body["contacts"] = []any{map[string]any{
			"name":   map[string]any{"first_name": msg.Contact, "formatted_name": msg.Contact},
			"phones": []any{map[string]any{"phone": "+1 555-555-5555", "wa_id": "15555555555", "type": "CELL"}},
		}}
	case "reaction":
		if in.Target == "" {
			return errors.New("a reaction needs target")
		}
		reaction := map[string]any{"message_id": in.Target}
		if in.Emoji != "" {
			reaction["emoji"] = in.Emoji
		}
		body["reaction"] = reaction
	case "edit", "revoke":
		return s.fillChange(r, in)
	case "system":
		return s.fillSystem(r, in)
	case "unsupported":
		body["unsupported"] = map[string]any{"type": "pool"}
		body["errors"] = []any{map[string]any{
			"code": 131051, "title": "Message type unknown", "message": "Message type unknown",
			"error_data": map[string]any{"details": "Message type is currently not supported."},
		}}
	case "broken_interactive":
		body["type"] = "interactive"
		r.problem = map[string]any{
			"code": 131000, "title": "Something went wrong", "message": "Something went wrong",
			"error_data": map[string]any{"details": "Unsupported webhook payload"},
		}
	case "order":
		body["order"] = map[string]any{"catalog_id": "1", "text": in.Text, "product_items": []any{}}
	case "request_welcome":
	default:
		return fmt.Errorf("type %q is not known", in.Type)
	}
	return nil
}

func (s *Server) fillReply(r *received, in control.Inbound) error {
	owner, choice := s.offered(r.guest, in.ButtonID, in.Context)
	if owner == nil {
		if in.Title == "" {
			return errors.New("the guest was not offered this button_id; give a title to press it anyway")
		}
		choice = control.Button{ID: in.ButtonID, Title: in.Title}
	} else {
		r.message.Context = owner.ID
		r.message.Kind = map[bool]string{true: "list_reply", false: "button_reply"}[owner.List != nil]
	}
	kind := r.message.Kind
	r.message.Reply = &control.Choice{ID: choice.ID, Title: choice.Title}
	r.message.Text = choice.Title
	reply := map[string]any{"id": choice.ID, "title": choice.Title}
	if kind == "list_reply" && choice.Description != "" {
		reply["description"] = choice.Description
	}
	r.body["type"] = "interactive"
	r.body["interactive"] = map[string]any{"type": kind, kind: reply}
	return nil
}

// offered finds the last message that offered a button or row, or the one given.
func (s *Server) offered(g *guest, id, context string) (*control.Message, control.Button) {
	for _, m := range slices.Backward(g.messages) {
		if m.Direction != "out" || (context != "" && m.ID != context) {
			continue
		}
		for _, b := range append(slices.Clone(m.Buttons), m.List.Rows()...) {
			if b.ID == id {
				return m, b
			}
		}
	}
	return nil, control.Button{}
}

func (s *Server) fillTemplateButton(r *received, in control.Inbound) error {
	text := in.Title
	if text == "" {
		text = in.Text
	}
	if in.ButtonID == "" || text == "" {
		return errors.New("a template_button needs button_id (its payload) and title")
	}
	r.message.Reply = &control.Choice{ID: in.ButtonID, Title: text}
	r.message.Text = text
	r.body["type"] = "button"
	r.body["button"] = map[string]any{"payload": in.ButtonID, "text": text}
	return nil
}

func (s *Server) fillMedia(r *received, in control.Inbound) error {
	mime, data := standIn(in.Type)
	if in.MediaBase64 != "" {
		raw, err := base64.StdEncoding.DecodeString(in.MediaBase64)
		if err != nil {
			return fmt.Errorf("media_base64: %w", err)
		}
		data = raw
	}
	if in.Type == "audio" && in.MediaBase64 == "" && in.Clip == "" && s.o.Clips != nil {
		in.Clip = usualClip
	}
	if in.Clip != "" {
		audio, known := s.clip(in.Clip)
		if !known || in.Type != "audio" {
			return fmt.Errorf("no voice note %q: GET /control/clips lists them", in.Clip)
		}
		data = audio
	}
	if in.MIME != "" {
		mime = in.MIME
	}
	m := s.addMedia(mime, data)
	r.message.Media = &control.Media{ID: m.ID, MIME: m.MIME}
	part := map[string]any{"id": m.ID, "mime_type": m.MIME, "sha256": m.base64Hash(), "url": s.mediaURL(m)}
	switch in.Type {
	case "audio":
		part["voice"] = true
	case "sticker":
		part["animated"] = false
	case "document":
		r.message.Media.Name = cmp.Or(in.Filename, "documento.pdf")
		part["filename"] = r.message.Media.Name
	}
	if in.Text != "" && in.Type != "audio" && in.Type != "sticker" {
		part["caption"] = in.Text
	}
	r.body[in.Type] = part
	return nil
}

// usualClip is the voice note of a guest who sends one without saying which.
const usualClip = "fechas-cuatro"

func (s *Server) clip(name string) ([]byte, bool) {
	if s.o.Clips == nil {
		return nil, false
	}
	return s.o.Clips(name)
}

func (s *Server) fillChange(r *received, in control.Inbound) error {
	original := s.messages[in.Target]
	if original == nil || original.Guest != r.guest.Number || original.Direction != "in" {
		return fmt.Errorf("%s needs the target wamid of a message of this guest", in.Type)
	}
	change := map[string]any{"original_message_id": original.ID}
	if in.Type == "edit" {
		if in.Text == "" {
			return errors.New("an edit needs text")
		}
		change["message"] = map[string]any{"type": "text", "text": map[string]any{"body": in.Text}}
		original.Text = in.Text
	} else {
		original.Revoked = true
	}
	s.saveMessage(original)
	r.body[in.Type] = change
	return nil
}

func (s *Server) fillSystem(r *received, in control.Inbound) error {
	kind := in.SystemType
	if kind == "" {
		kind = "user_changed_number"
	}
	system := map[string]any{"type": kind, "body": in.Text}
	if kind == "user_changed_number" {
		renewed := s.guestFor(in.NewNumber)
		if renewed == nil {
			return errors.New("user_changed_number needs new_number")
		}
		if renewed.Name == "" {
			renewed.Name = r.guest.Name
			s.saveGuest(renewed)
		}
		system["wa_id"] = renewed.Number
	}
	r.body["system"] = system
	return nil
}

// deliver posts what was received, as one webhook.
func (s *Server) deliver(all []*received, spread string) {
	all = slices.DeleteFunc(slices.Clone(all), func(r *received) bool { return r.silent })
	if len(all) == 0 {
		return
	}
	if spread == "" || spread == "messages" {
		s.postEntries("message", []any{s.entry(s.change(all[0].phoneID, value(all...)))})
		return
	}
	var changes, entries []any
	for _, r := range all {
		change := s.change(r.phoneID, value(r))
		changes = append(changes, change)
		entries = append(entries, s.entry(change))
	}
	if spread == "changes" {
		entries = []any{s.entry(changes...)}
	}
	s.postEntries("message", entries)
}

func value(all ...*received) map[string]any {
	var messages, contacts, problems []any
	seen := map[string]bool{}
	for _, r := range all {
		messages = append(messages, r.body)
		if !seen[r.guest.Number] {
			seen[r.guest.Number] = true
			contacts = append(contacts, contactBody(&r.guest.Guest))
		}
		if r.problem != nil {
			problems = append(problems, r.problem)
		}
	}
	v := map[string]any{"contacts": contacts, "messages": messages}
	if problems != nil {
		v["errors"] = problems
	}
	return v
}
