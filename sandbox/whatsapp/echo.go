package whatsapp

import (
	"errors"
	"net/http"
	"strings"

	"cabanas/sandbox/control"
)

// fieldEchoes is the webhook field of what the owner writes in the WhatsApp app when the number is used by app and API at once.
const fieldEchoes = "smb_message_echoes"

// controlEcho is the owner writing to a guest in the app.
func (s *Server) controlEcho(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Guest string `json:"guest"`
		Text  string `json:"text"`
	}
	err := control.Read(w, r, &in)
	if err == nil && strings.TrimSpace(in.Text) == "" {
		err = errors.New("text is empty")
	}
	if err != nil {
		control.Refuse(w, http.StatusBadRequest, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.guestFor(in.Guest)
	if g == nil {
		control.Refuse(w, http.StatusBadRequest, errors.New("guest is not a phone number"))
		return
	}
	msg := &control.Message{ID: s.wamid(g.Number), Direction: "out", Kind: "text", Text: in.Text, Status: "delivered", FromPhone: true}
	s.addMessage(g, msg)
	s.saveGuest(g)
	s.postEntries("echo", []any{s.entry(s.echoOf(g, msg))})
	control.Write(w, http.StatusOK, map[string]string{"wamid": msg.ID})
}

// echoOf is the change that tells the business of a message of its own phone.
func (s *Server) echoOf(g *guest, m *control.Message) map[string]any {
	contact := map[string]any{}
	echo := map[string]any{
		"from": digits(s.o.DisplayPhoneNumber), "id": m.ID, "timestamp": s.timestamp(), "type": "text",
		"text": map[string]string{"body": m.Text},
	}
	if !g.HideNumber {
		echo["to"], contact["wa_id"] = g.Number, g.Number
	}
	if g.BSUID != "" {
		echo["to_user_id"], contact["user_id"] = g.BSUID, g.BSUID
	}
	change := s.change(s.o.PhoneNumberID, map[string]any{"contacts": []any{contact}, "message_echoes": []any{echo}})
	change["field"] = fieldEchoes
	return change
}
