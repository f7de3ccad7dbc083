package mercadopago

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cabanas/sandbox/control"
	"cabanas/sandbox/delivery"
)

// Sign returns the x-signature header for a notification: the HMAC-SHA256 of the manifest of data.id, x-request-id and
// ts under the panel's secret. An empty value leaves its pair out of the manifest.
func Sign(secret, dataID, requestID, ts string) string {
	var manifest strings.Builder
	for _, pair := range [][2]string{{"id", dataID}, {"request-id", requestID}, {"ts", ts}} {
		if pair[1] != "" {
			manifest.WriteString(pair[0] + ":" + pair[1] + ";")
		}
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(manifest.String()))
	return "ts=" + ts + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// notify tells the business of a payment's change, with the legacy twins when its address asks for them.
func (s *Server) notify(p *payment, action string) {
	to, id := s.address(p), strconv.FormatInt(p.ID, 10)
	s.notice(control.Notice{DataID: id, Type: "payment", Action: action, URL: to})
	if s.faults.legacyTwins == "four" {
		if action != actionCreated {
			return
		}
		s.notice(control.Notice{DataID: id, Type: "payment", Action: "payment.updated", URL: to})
	} else if !s.wantsTwins(to) {
		return
	}
	s.legacyPayment(p)
	s.legacyOrder(p)
}

const actionCreated = "payment.created"

// address is where a payment's notifications go.
func (s *Server) address(p *payment) string {
	if pref := s.preferences[p.PreferenceID]; pref != nil && pref.NotificationURL != nil && *pref.NotificationURL != "" {
		return *pref.NotificationURL
	}
	return s.o.WebhookURL
}

func (s *Server) wantsTwins(to string) bool {
	switch s.faults.legacyTwins {
	case "always":
		return true
	case "never":
		return false
	}
	u, err := url.Parse(to)
	return err == nil && u.Query().Get("source_news") != "webhooks"
}

// notice sends one signed webhook.
func (s *Server) notice(n control.Notice) {
	if n.URL == "" {
		return
	}
	s.webhook(n, map[string]any{"action": n.Action, "data": map[string]string{"id": n.DataID}})
}

// webhook sends a body signed, or as the faults have it.
func (s *Server) webhook(n control.Notice, body map[string]any) {
	now := s.o.Clock()
	signed := now.Add(-s.faults.timestampAge)
	ts := strconv.FormatInt(signed.Unix(), 10)
	if s.faults.milliseconds {
		ts = strconv.FormatInt(signed.UnixMilli(), 10)
	}
	secret := s.o.WebhookSecret
	if s.faults.signWith != "" {
		secret = s.faults.signWith
	}
	requestID := s.uuid()
	signature := Sign(secret, n.DataID, requestID, ts)
	if s.faults.unsigned {
		signature = ""
	}
	maps.Copy(body, map[string]any{
		"id": s.newID(), "live_mode": true, "type": n.Type, "date_created": date{now}, "user_id": s.o.CollectorID, "api_version": "v1",
	})
	s.send("webhook "+n.Type, n.URL, "data.id="+url.QueryEscape(n.DataID)+"&type="+url.QueryEscape(n.Type), body, requestID, signature)
}

func (s *Server) legacyPayment(p *payment) {
	id := strconv.FormatInt(p.ID, 10)
	s.legacy(s.address(p), "payment", id, id)
}

func (s *Server) legacyOrder(p *payment) {
	order := strconv.FormatInt(orderID(p.PreferenceID), 10)
	s.legacy(s.address(p), "merchant_order", order, "https://api.mercadolibre.com/merchant_orders/"+order)
}

// legacy sends one unsigned IPN.
func (s *Server) legacy(to, topic, id, resource string) {
	if to == "" {
		return
	}
	s.send("ipn "+topic, to, "topic="+topic+"&id="+id, map[string]string{"resource": resource, "topic": topic}, s.uuid(), "")
}

func (s *Server) send(kind, to, query string, body any, requestID, signature string) {
	raw, err := encode(body)
	if err != nil {
		s.o.Logger.Error("notification not encoded", "kind", kind, "error", err)
		return
	}
	header := map[string]string{
		"Content-Type": "application/json", "User-Agent": "restclient-node/4.15.3", "x-request-id": requestID,
		"X-Socket-Timeout": strconv.FormatInt((22 * time.Second).Milliseconds(), 10),
	}
	if signature != "" {
		header["x-signature"] = signature
	}
	webhook := delivery.Webhook{Kind: kind, URL: withQuery(to, query), Header: header, Body: raw}
	s.queue.Send(webhook)
	if s.faults.repeatAfter > 0 {
		webhook.After = s.faults.repeatAfter
		s.queue.Send(webhook)
	}
}

// withQuery appends to whatever query the address has.
func withQuery(to, query string) string {
	to, _, _ = strings.Cut(to, "#")
	switch {
	case !strings.Contains(to, "?"):
		return to + "?" + query
	case strings.HasSuffix(to, "?"), strings.HasSuffix(to, "&"):
		return to + query
	}
	return to + "&" + query
}
