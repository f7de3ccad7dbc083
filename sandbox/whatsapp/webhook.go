package whatsapp

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"cabanas/sandbox/control"
	"cabanas/sandbox/delivery"
)

// post sends one change of field "messages" to the business.
func (s *Server) post(kind, phoneNumberID string, value map[string]any) {
	s.postEntries(kind, []any{s.entry(s.change(phoneNumberID, value))})
}

func (s *Server) change(phoneNumberID string, value map[string]any) map[string]any {
	value["messaging_product"] = "whatsapp"
	value["metadata"] = map[string]string{
		"display_phone_number": digits(s.o.DisplayPhoneNumber), "phone_number_id": phoneNumberID,
	}
	return map[string]any{"field": "messages", "value": value}
}

func (s *Server) entry(changes ...any) map[string]any {
	return map[string]any{"id": businessWABA, "changes": changes}
}

func (s *Server) postEntries(kind string, entries []any) {
	body, err := encode(map[string]any{"object": "whatsapp_business_account", "entry": entries})
	if err != nil {
		s.o.Logger.Error("webhook not encoded", "kind", kind, "error", err)
		return
	}
	s.postRaw(kind, body)
}

// postRaw signs a body as it is and queues it.
func (s *Server) postRaw(kind string, body []byte) {
	if s.o.WebhookURL == "" {
		return
	}
	secret := s.o.AppSecret
	if s.faults.signWith != "" {
		secret = s.faults.signWith
	}
	s.queue.Send(delivery.Webhook{
		Kind: kind, URL: s.o.WebhookURL, Body: body,
		Header: map[string]string{
			"Content-Type": "application/json", "User-Agent": "facebookexternalua", "X-Hub-Signature-256": Sign(secret, body),
		},
	})
}

// Sign returns the X-Hub-Signature-256 header of a body: the HMAC-SHA256 of its raw bytes under the app secret.
func Sign(appSecret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(appSecret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// encode writes JSON as Meta does: everything beyond ASCII escaped as \uxxxx in lower-case hex, nothing else changed.
func encode(v any) ([]byte, error) {
	var plain bytes.Buffer
	enc := json.NewEncoder(&plain)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return escape(bytes.TrimSuffix(plain.Bytes(), []byte("\n"))), nil
}

func escape(plain []byte) []byte {
	out := make([]byte, 0, len(plain)+len(plain)/8)
	for len(plain) > 0 {
		if plain[0] < utf8.RuneSelf {
			out, plain = append(out, plain[0]), plain[1:]
			continue
		}
		r, size := utf8.DecodeRune(plain)
		plain = plain[size:]
		if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		} else {
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

// statusBody is one element of statuses[].
func (s *Server) statusBody(m *control.Message, g *control.Guest, problem map[string]any) map[string]any {
	body := map[string]any{"id": m.ID, "status": m.Status, "timestamp": s.timestamp()}
	if !g.HideNumber {
		body["recipient_id"] = g.Number
	}
	if g.BSUID != "" {
		body["recipient_user_id"] = g.BSUID
	}
	if m.BizOpaque != "" {
		body["biz_opaque_callback_data"] = m.BizOpaque
	}
	if problem != nil {
		body["errors"] = []any{problem}
		return body
	}
	pricing := map[string]any{"billable": false, "pricing_model": "PMP", "category": "service", "type": "free_customer_service"}
	if m.Kind == "template" {
		pricing = map[string]any{"billable": true, "pricing_model": "PMP", "category": "utility", "type": "regular"}
	}
	body["pricing"] = pricing
	return body
}

// contactBody is one element of contacts[].
func contactBody(g *control.Guest) map[string]any {
	body := map[string]any{}
	profile := map[string]any{}
	if !g.HideName && g.Name != "" {
		profile["name"] = g.Name
	}
	if len(profile) > 0 {
		body["profile"] = profile
	}
	if !g.HideNumber {
		body["wa_id"] = g.Number
	}
	if g.BSUID != "" {
		body["user_id"] = g.BSUID
	}
	return body
}

func (s *Server) timestamp() string {
	return strconv.FormatInt(s.o.Clock().Unix(), 10)
}
