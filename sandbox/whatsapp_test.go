package sandbox_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/sandbox"
	"cabanas/sandbox/control"
	"cabanas/sandbox/whatsapp"
)

func hello(t *testing.T, b *bundle) string {
	t.Helper()
	_, err := b.control.AddGuest(t.Context(), control.Guest{Number: lucia, Name: "Lucía Añón"})
	require.NoError(t, err)
	id, err := b.control.Say(t.Context(), lucia, "Hola")
	require.NoError(t, err)
	return id
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	b := start(t)
	hello(t, b)
	x := func(n int) string { return strings.Repeat("ñ", n) }
	rows := func(n int) []any {
		list := []any{}
		for i := range n {
			list = append(list, object{"id": string(rune('a' + i)), "title": "Fila"})
		}
		return list
	}
	list := func(change object) object {
		action := object{"button": "Ver", "sections": []any{object{"title": "Una", "rows": rows(2)}}}
		maps.Copy(action, change)
		return interactive(object{"type": "list", "body": object{"text": "Elegí"}, "action": action})
	}
	row := func(r object) object { return list(object{"sections": []any{object{"rows": []any{r}}}}) }
	cta := func(display, url string) object {
		return interactive(object{"type": "cta_url", "body": object{"text": "Pagá"}, "action": object{
			"name": "cta_url", "parameters": object{"display_text": display, "url": url},
		}})
	}
	button := func(id, title string) object {
		return object{"type": "reply", "reply": object{"id": id, "title": title}}
	}
	framed := func(extra object) object {
		i := object{"type": "button", "body": object{"text": "Hola"}, "action": object{"buttons": []any{button("a", "A")}}}
		maps.Copy(i, extra)
		return interactive(i)
	}
	with := func(m object, key string, v any) object { m[key] = v; return m }
	template := func(name string, params ...string) object {
		list := []any{}
		for _, p := range params {
			list = append(list, object{"type": "text", "text": p})
		}
		return object{"messaging_product": "whatsapp", "to": lucia, "type": "template", "template": object{
			"name": name, "language": object{"code": "es_AR"}, "components": []any{object{"type": "body", "parameters": list}},
		}}
	}
	require.NoError(t, b.control.AddTemplate(t.Context(), control.TemplateSpec{Name: "two", Language: "es_AR", Params: 2}))

	cases := []struct {
		name string
		body any
		code float64 // 0: accepted
	}{
		{"text at its limit", text(lucia, x(4096)), 0},
		{"text too long", text(lucia, x(4097)), 100},
		{"text empty", text(lucia, "  "), 100},
		{"malformed", `{"messaging_product":`, 100},
		{"unknown field", with(text(lucia, "x"), "surprise", 1), 100},
		{"other product", with(text(lucia, "x"), "messaging_product", "sms"), 100},
		{"no recipient", text("", "x"), 100},
		{"two recipients", with(text(lucia, "x"), "recipient", "AR.1"), 100},
		{"not a number", text("Lucía", "x"), 131009},
		{"bsuid malformed", object{"messaging_product": "whatsapp", "recipient": "AR", "type": "text", "text": object{"body": "x"}}, 131009},
		{"bsuid unknown", object{"messaging_product": "whatsapp", "recipient": "AR.99", "type": "text", "text": object{"body": "x"}}, 131026},
		{"unknown type", with(text(lucia, "x"), "type", "fax"), 100},
		{"content of another type", with(text(lucia, "x"), "image", object{"link": "https://a.example/x.jpg"}), 100},
		{"opaque at its limit", with(text(lucia, "x"), "biz_opaque_callback_data", x(512)), 0},
		{"opaque too long", with(text(lucia, "x"), "biz_opaque_callback_data", x(513)), 131009},
		{"context malformed", with(text(lucia, "x"), "context", object{"message_id": "7"}), 131009},

		{"three buttons", buttons(x(20), "Dos", "Tres"), 0},
		{"no buttons", buttons(), 131009},
		{"four buttons", buttons("1", "2", "3", "4"), 131009},
		{"button title too long", buttons(x(21)), 131009},
		{"button title empty", buttons(""), 131009},
		{"button titles repeated", framed(object{"action": object{"buttons": []any{button("a", "Sí"), button("b", "Sí")}}}), 131009},
		{"button ids repeated", framed(object{"action": object{"buttons": []any{button("a", "Sí"), button("a", "No")}}}), 131009},
		{"button id too long", framed(object{"action": object{"buttons": []any{button(x(257), "Sí")}}}), 131009},
		{"button id spaced", framed(object{"action": object{"buttons": []any{button(" a", "Sí")}}}), 131009},
		{"header, body and footer at their limits", framed(object{
			"header": object{"type": "text", "text": x(60)}, "body": object{"text": x(1024)}, "footer": object{"text": x(60)},
		}), 0},
		{"header too long", framed(object{"header": object{"type": "text", "text": x(61)}}), 131009},
		{"body too long", framed(object{"body": object{"text": x(1025)}}), 131009},
		{"body missing", framed(object{"body": nil}), 131008},
		{"footer too long", framed(object{"footer": object{"text": x(61)}}), 131009},
		{"kinds mixed", framed(object{"action": object{"buttons": []any{button("a", "A")}, "button": "Ver"}}), 100},

		{"ten rows", list(object{"sections": []any{object{"rows": rows(10)}}}), 0},
		{"eleven rows", list(object{"sections": []any{object{"rows": rows(11)}}}), 131009},
		{"eleven rows over sections", list(object{"sections": []any{
			object{"title": "a", "rows": rows(6)}, object{"title": "b", "rows": []any{
				object{"id": "1", "title": "x"}, object{"id": "2", "title": "x"}, object{"id": "3", "title": "x"},
				object{"id": "4", "title": "x"}, object{"id": "5", "title": "x"},
			}},
		}}), 131009},
		{"no sections", list(object{"sections": []any{}}), 131009},
		{"section without rows", list(object{"sections": []any{object{"rows": []any{}}}}), 131009},
		{"section title missing", list(object{"sections": []any{object{"rows": rows(1)}, object{"title": "b", "rows": []any{object{"id": "z", "title": "x"}}}}}), 131008},
		{"section title too long", list(object{"sections": []any{object{"title": x(25), "rows": rows(1)}}}), 131009},
		{"list button too long", list(object{"button": x(21)}), 131009},
		{"list button empty", list(object{"button": ""}), 131009},
		{"row at its limits", row(object{"id": x(200), "title": x(24), "description": x(72)}), 0},
		{"row title too long", row(object{"id": "a", "title": x(25)}), 131009},
		{"row description too long", row(object{"id": "a", "title": "x", "description": x(73)}), 131009},
		{"row id too long", row(object{"id": x(201), "title": "x"}), 131009},
		{"row ids repeated", list(object{"sections": []any{object{"rows": append(rows(1), rows(1)...)}}}), 131009},

		{"cta", cta("Pagar seña", "https://example.com/pay"), 0},
		{"cta display too long", cta(x(21), "https://example.com"), 131009},
		{"cta of another scheme", cta("Pagar", "javascript:alert(1)"), 131009},
		{"cta without host", cta("Pagar", "https:///x"), 131009},

		{"image", object{"messaging_product": "whatsapp", "to": lucia, "type": "image", "image": object{"link": "https://example.com/a.jpg", "caption": x(1024)}}, 0},
		{"image caption too long", object{"messaging_product": "whatsapp", "to": lucia, "type": "image", "image": object{"link": "https://example.com/a.jpg", "caption": x(1025)}}, 131009},
		{"image without link", object{"messaging_product": "whatsapp", "to": lucia, "type": "image", "image": object{"caption": "x"}}, 131008},
		{"image of an unknown id", object{"messaging_product": "whatsapp", "to": lucia, "type": "image", "image": object{"id": "7"}}, 131009},
		{"location", object{"messaging_product": "whatsapp", "to": lucia, "type": "location", "location": object{"latitude": -31.4, "longitude": -64.2}}, 0},
		{"location off the map", object{"messaging_product": "whatsapp", "to": lucia, "type": "location", "location": object{"latitude": -91, "longitude": 0}}, 131009},
		{"location without longitude", object{"messaging_product": "whatsapp", "to": lucia, "type": "location", "location": object{"latitude": -31}}, 131008},

		{"template", template("payment_update", "RES1", "se acreditó"), 0},
		{"template unknown", template("hello_world"), 132001},
		{"template count", template("two", "one"), 132000},
		{"template count right", template("two", "one", "two"), 0},
		{"template parameter empty", template("two", "one", ""), 131008},
		{"template parameter with new line", template("two", "one", "a\nb"), 132012},
		{"template parameter with tab", template("two", "one", "a\tb"), 132012},
		{"template parameter with four spaces", template("two", "one", "a    b"), 132012},

		{"read of an unknown message", object{"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.x"}, 131009},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := b.graph(t, c.body)
			if c.code == 0 {
				require.Equalf(t, http.StatusOK, a.status, "%s", a.raw)
				require.Equal(t, lucia, at(t, a.body, "contacts", 0, "wa_id"))
				require.Regexp(t, "^wamid\\.", at(t, a.body, "messages", 0, "id"))
				return
			}
			require.Equalf(t, http.StatusBadRequest, a.status, "%s", a.raw)
			require.InDeltaf(t, c.code, at(t, a.body, "error", "code"), 0, "%s", a.raw)
			require.Equal(t, "OAuthException", at(t, a.body, "error", "type"))
			require.NotEmpty(t, at(t, a.body, "error", "error_data", "details"))
			require.NotEmpty(t, at(t, a.body, "error", "fbtrace_id"))
		})
	}
}

func TestCredentialsAndAddresses(t *testing.T) {
	t.Parallel()
	b := start(t)
	hello(t, b)
	send := func(path, bearer string) answer {
		return b.call(t, http.MethodPost, path, bearer, text(lucia, "x"))
	}
	a := send("/graph/v25.0/"+phoneID+"/messages", "wrong")
	require.Equal(t, http.StatusUnauthorized, a.status)
	require.EqualValues(t, 190, at(t, a.body, "error", "code"))
	a = send("/graph/v25.0/999/messages", token)
	require.Equal(t, http.StatusBadRequest, a.status)
	require.EqualValues(t, 33, at(t, a.body, "error", "error_subcode"))
	require.Equal(t, http.StatusBadRequest, send("/graph/latest/"+phoneID+"/messages", token).status)
	a = b.call(t, http.MethodGet, "/graph/v25.0/"+phoneID, token, nil)
	require.Equal(t, "+54 9 351 000-0000", a.body["display_phone_number"])
	require.NoError(t, b.control.VerifyWebhook(t.Context()))
}

func TestInboundIsSignedAndEscaped(t *testing.T) {
	t.Parallel()
	b := start(t)
	_, err := b.control.AddGuest(t.Context(), control.Guest{Number: lucia, Name: "Lucía", BSUID: "AR.123"})
	require.NoError(t, err)
	id, err := b.control.Say(t.Context(), lucia, "¿Hay lugar? 😀 <b>&")
	require.NoError(t, err)
	eventually(t, func() bool { return len(b.business.hooks()) == 1 })
	h := b.business.hooks()[0]
	require.Equal(t, "/webhooks/whatsapp", h.path)
	require.Equal(t, whatsapp.Sign(secret, h.body), h.header.Get("X-Hub-Signature-256"))
	require.Contains(t, string(h.body), `\u00bfHay lugar? \ud83d\ude00 <b>&`)
	value := at(t, decoded(t, h.body), "entry", 0, "changes", 0, "value")
	require.Equal(t, phoneID, at(t, value, "metadata", "phone_number_id"))
	require.Equal(t, "Lucía", at(t, value, "contacts", 0, "profile", "name"))
	require.Equal(t, "AR.123", at(t, value, "messages", 0, "from_user_id"))
	require.Equal(t, id, at(t, value, "messages", 0, "id"))
	require.Equal(t, "1795273200", at(t, value, "messages", 0, "timestamp"))
}

func TestGuestsWithoutNumberOrName(t *testing.T) {
	t.Parallel()
	b := start(t)
	g, err := b.control.AddGuest(t.Context(), control.Guest{Number: lucia, Name: "Lucía", HideNumber: true, HideName: true})
	require.NoError(t, err)
	require.NotEmpty(t, g.BSUID)
	_, err = b.control.Say(t.Context(), lucia, "Hola")
	require.NoError(t, err)
	eventually(t, func() bool { return len(b.business.hooks()) == 1 })
	raw := string(b.business.hooks()[0].body)
	require.NotContains(t, raw, lucia[3:])
	require.NotContains(t, raw, "profile")
	a := b.graph(t, object{"messaging_product": "whatsapp", "recipient": g.BSUID, "type": "text", "text": object{"body": "Hola"}})
	require.Equal(t, http.StatusOK, a.status)
	require.Equal(t, g.BSUID, at(t, a.body, "contacts", 0, "user_id"))
}

func TestStatusesFollowASend(t *testing.T) {
	t.Parallel()
	b := start(t)
	hello(t, b)
	m := text("+"+lucia, "Hola")
	m["biz_opaque_callback_data"] = "RES1/greeting"
	a := b.graph(t, m)
	id := at(t, a.body, "messages", 0, "id")
	statuses := func() []string {
		var got []string
		for _, h := range b.business.hooks() {
			value := at(t, decoded(t, h.body), "entry", 0, "changes", 0, "value").(object)
			if value["statuses"] != nil {
				s := at(t, value, "statuses", 0)
				require.Equal(t, id, at(t, s, "id"))
				require.Equal(t, "RES1/greeting", at(t, s, "biz_opaque_callback_data"))
				require.Equal(t, "PMP", at(t, s, "pricing", "pricing_model"))
				require.Equal(t, lucia, at(t, s, "recipient_id"))
				got = append(got, at(t, s, "status").(string))
			}
		}
		return got
	}
	eventually(t, func() bool { return len(statuses()) == 2 })
	require.ElementsMatch(t, []string{"sent", "delivered"}, statuses())
	require.NoError(t, b.control.Read(t.Context(), lucia))
	eventually(t, func() bool { return len(statuses()) == 3 })
	require.ElementsMatch(t, []string{"sent", "delivered", "read"}, statuses())
	require.NoError(t, b.control.Read(t.Context(), lucia))
	require.NoError(t, b.control.WaitIdle(t.Context()))
	require.Len(t, statuses(), 3, "read once")
}

func TestWindow(t *testing.T) {
	t.Parallel()
	b := start(t)
	require.EqualValues(t, 131047, at(t, b.graph(t, text("+"+lucia, "x")).body, "error", "code"), "no one wrote yet")
	hello(t, b)
	require.Equal(t, http.StatusOK, b.graph(t, text(lucia, "x")).status)
	require.Equal(t, http.StatusOK, b.graph(t, text("54"+lucia[3:], "x")).status, "the same person without the 9")
	b.clock.Advance(24 * time.Hour)
	require.EqualValues(t, 131047, at(t, b.graph(t, text(lucia, "x")).body, "error", "code"))
	template := object{"messaging_product": "whatsapp", "to": lucia, "type": "template", "template": object{
		"name": "owner_alert", "language": object{"code": "es_AR"}, "components": []any{
			object{"type": "body", "parameters": []any{object{"type": "text", "text": "entró un pago"}}},
		},
	}}
	require.Equal(t, http.StatusOK, b.graph(t, template).status)
	require.NoError(t, b.control.SetWindow(t.Context(), lucia, true))
	require.Equal(t, http.StatusOK, b.graph(t, text(lucia, "x")).status)
	require.NoError(t, b.control.SetWindow(t.Context(), lucia, false))
	require.EqualValues(t, 131047, at(t, b.graph(t, text(lucia, "x")).body, "error", "code"))

	_, err := b.control.AddGuest(t.Context(), control.Guest{Number: lucia, NotOnWhatsApp: true})
	require.NoError(t, err)
	require.EqualValues(t, 131026, at(t, b.graph(t, template).body, "error", "code"))
}

func TestButtonsListsAndContext(t *testing.T) {
	t.Parallel()
	b := start(t)
	hello(t, b)
	sent := b.graph(t, buttons("Sí", "No"))
	reply, err := b.control.WaitReply(t.Context(), lucia, 0, nil)
	require.NoError(t, err)
	require.Equal(t, "buttons", reply.Kind)
	require.Len(t, reply.Buttons, 2)
	_, err = b.control.Press(t.Context(), lucia, "id Sí")
	require.NoError(t, err)
	_, err = b.control.Press(t.Context(), lucia, "never offered")
	require.ErrorContains(t, err, "not offered")
	got := at(t, decoded(t, b.business.wait(t, `"button_reply"`).body), "entry", 0, "changes", 0, "value", "messages", 0)
	require.Equal(t, "interactive", at(t, got, "type"))
	require.Equal(t, object{"type": "button_reply", "button_reply": object{"id": "id Sí", "title": "Sí"}}, at(t, got, "interactive"))
	require.Equal(t, at(t, sent.body, "messages", 0, "id"), at(t, got, "context", "id"))
}

func TestEveryInboundTypeAndBatches(t *testing.T) {
	t.Parallel()
	b := start(t)
	first := hello(t, b)
	batch := control.Batch{Messages: []control.Inbound{
		{From: lucia, Type: "audio"}, {From: lucia, Type: "image", Text: "mirá"}, {From: lucia, Type: "sticker"},
		{From: lucia, Type: "video"}, {From: lucia, Type: "document"}, {From: lucia, Type: "location"},
		{From: lucia, Type: "contacts", Text: "Juan"}, {From: lucia, Type: "reaction", Target: first, Emoji: "😮"},
		{From: lucia, Type: "reaction", Target: first}, {From: lucia, Type: "unsupported"}, {From: lucia, Type: "order"},
		{From: lucia, Type: "request_welcome"}, {From: lucia, Type: "broken_interactive"},
		{From: lucia, Type: "edit", Target: first, Text: "Hola!"}, {From: lucia, Type: "revoke", Target: first},
		{From: lucia, Type: "system", NewNumber: "5493515550199"},
		{From: lucia, Type: "template_button", ButtonID: "confirm", Title: "Confirmar"},
		{From: lucia, Type: "text", Text: "reenviado", Forwarded: true}, {From: "5491155550000", Type: "text", Text: "otro"},
	}}
	require.NoError(t, b.control.WaitIdle(t.Context()))
	seen := len(b.business.hooks())
	ids, err := b.control.SendBatch(t.Context(), batch)
	require.NoError(t, err)
	require.Len(t, ids, len(batch.Messages))
	eventually(t, func() bool { return len(b.business.hooks()) == seen+1 })
	value := at(t, decoded(t, b.business.hooks()[seen].body), "entry", 0, "changes", 0, "value")
	require.Len(t, at(t, value, "messages"), len(batch.Messages))
	require.Len(t, at(t, value, "contacts"), 2)
	require.EqualValues(t, 131000, at(t, value, "errors", 0, "code"))
	require.Nil(t, at(t, value, "messages", 12).(object)["interactive"])
	require.Equal(t, "Hola!", at(t, value, "messages", 13, "edit", "message", "text", "body"))
	require.Equal(t, first, at(t, value, "messages", 14, "revoke", "original_message_id"))
	require.Equal(t, "5493515550199", at(t, value, "messages", 15, "system", "wa_id"))
	require.Equal(t, "confirm", at(t, value, "messages", 16, "button", "payload"))

	batch = control.Batch{Spread: "entries", Messages: []control.Inbound{{From: lucia, Text: "a"}, {From: lucia, Text: "b"}}}
	_, err = b.control.SendBatch(t.Context(), batch)
	require.NoError(t, err)
	eventually(t, func() bool { return len(b.business.hooks()) == seen+2 })
	require.Len(t, at(t, decoded(t, b.business.hooks()[seen+1].body), "entry"), 2)
}

func TestMedia(t *testing.T) {
	t.Parallel()
	b := start(t)
	_, err := b.control.Send(t.Context(), control.Inbound{From: lucia, Type: "audio", MediaBase64: "aG9sYQ==", MIME: "audio/ogg"})
	require.NoError(t, err)
	all, err := b.control.Messages(t.Context(), lucia, 0)
	require.NoError(t, err)
	id := all[0].Media.ID
	info := b.call(t, http.MethodGet, "/graph/v25.0/"+id+"?phone_number_id="+phoneID, token, nil)
	require.Equal(t, "audio/ogg", info.body["mime_type"])
	path := strings.TrimPrefix(info.body["url"].(string), b.url)
	require.Equal(t, http.StatusUnauthorized, b.call(t, http.MethodGet, path, "", nil).status)
	require.Equal(t, "hola", b.call(t, http.MethodGet, path, token, nil).raw)
	require.Equal(t, http.StatusNotFound, b.call(t, http.MethodGet, path+"0", token, nil).status)
	b.clock.Advance(5*time.Minute + time.Second)
	require.Equal(t, http.StatusNotFound, b.call(t, http.MethodGet, path, token, nil).status, "the address ends")
	b.clock.Advance(7 * 24 * time.Hour)
	require.Equal(t, http.StatusBadRequest, b.call(t, http.MethodGet, "/graph/v25.0/"+id, token, nil).status, "the file ends")
}

func TestReadReceiptWithTyping(t *testing.T) {
	t.Parallel()
	b := start(t)
	id := hello(t, b)
	a := b.graph(t, object{"messaging_product": "whatsapp", "status": "read", "message_id": id, "typing_indicator": object{"type": "text"}})
	require.Equal(t, `{"success":true}`, strings.TrimSpace(a.raw))
	guests, err := b.control.Guests(t.Context())
	require.NoError(t, err)
	require.NotNil(t, guests[0].TypingUntil)
	all, err := b.control.Messages(t.Context(), lucia, 0)
	require.NoError(t, err)
	require.Equal(t, "read", all[0].Status)
	b.graph(t, text(lucia, "Hola"))
	guests, err = b.control.Guests(t.Context())
	require.NoError(t, err)
	require.Nil(t, guests[0].TypingUntil, "a reply ends the indicator")
}

func TestWhatsAppCallFaults(t *testing.T) {
	t.Parallel()
	b := start(t)
	hello(t, b)
	set := func(f control.WhatsAppFaults) { require.NoError(t, b.control.SetWhatsAppFaults(t.Context(), f)) }

	set(control.WhatsAppFaults{CallFaults: control.CallFaults{FailNext: &control.FailNext{Count: 1, Code: 131056}}})
	a := b.graph(t, text(lucia, "x"))
	require.Equal(t, http.StatusBadRequest, a.status)
	require.EqualValues(t, 131056, at(t, a.body, "error", "code"))
	require.Equal(t, http.StatusOK, b.graph(t, text(lucia, "x")).status)

	set(control.WhatsAppFaults{CallFaults: control.CallFaults{Outage: new(true)}})
	require.Equal(t, http.StatusServiceUnavailable, b.graph(t, text(lucia, "x")).status)
	set(control.WhatsAppFaults{CallFaults: control.CallFaults{Outage: new(false), OutageReset: new(true)}})
	_, err := b.try(t, http.MethodPost, "/graph/v25.0/"+phoneID+"/messages", token, text(lucia, "x"))
	require.Error(t, err)
	require.NoError(t, b.control.ClearWhatsAppFaults(t.Context()))

	set(control.WhatsAppFaults{TestNumber: new(true)})
	require.EqualValues(t, 131030, at(t, b.graph(t, text("+"+lucia, "x")).body, "error", "code"))
	require.Equal(t, http.StatusOK, b.graph(t, text("+54"+lucia[3:], "x")).status)

	set(control.WhatsAppFaults{TestNumber: new(false), PairLimit: new(true)})
	for range 45 {
		require.Equal(t, http.StatusOK, b.graph(t, text(lucia, "x")).status)
	}
	require.EqualValues(t, 131056, at(t, b.graph(t, text(lucia, "x")).body, "error", "code"))
	b.clock.Advance(6 * time.Second)
	require.Equal(t, http.StatusOK, b.graph(t, text(lucia, "x")).status)

	set(control.WhatsAppFaults{PairLimit: new(false), FailStatusNext: &control.FailNext{Count: 1, Code: 131049}})
	require.Equal(t, http.StatusOK, b.graph(t, text(lucia, "x")).status)
	all, err := b.control.Messages(t.Context(), lucia, 0)
	require.NoError(t, err)
	require.Equal(t, "failed", all[len(all)-1].Status)
}

func TestAmbiguousSend(t *testing.T) {
	t.Parallel()
	b := start(t)
	hello(t, b)
	require.NoError(t, b.control.SetWhatsAppFaults(t.Context(), control.WhatsAppFaults{CallFaults: control.CallFaults{TimeoutNext: new(1)}}))
	answered := make(chan error, 1)
	client := &http.Client{Timeout: 200 * time.Millisecond}
	go func() {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/graph/v25.0/"+phoneID+"/messages",
			strings.NewReader(`{"messaging_product":"whatsapp","to":"`+lucia+`","type":"text","text":{"body":"sin respuesta"},"biz_opaque_callback_data":"RES1/x"}`))
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := client.Do(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		answered <- err
	}()
	m, err := b.control.WaitReply(t.Context(), lucia, 0, nil)
	require.NoError(t, err, "the guest has it")
	require.Equal(t, "sin respuesta", m.Text)
	require.ErrorContains(t, <-answered, "Timeout", "the sender does not know")
	delivered := b.business.wait(t, `"status":"delivered"`)
	require.Contains(t, string(delivered.body), "RES1/x")
}

func TestWebhooksAreRepeatedUntilTaken(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.business.failNext(2)
	hello(t, b)
	eventually(t, func() bool { return len(b.business.hooks()) == 3 })
	hooks := b.business.hooks()
	require.Equal(t, hooks[0].body, hooks[2].body)
	require.Equal(t, hooks[0].header.Get("X-Hub-Signature-256"), hooks[2].header.Get("X-Hub-Signature-256"))
	require.NoError(t, b.control.WaitIdle(t.Context()))

	require.NoError(t, b.control.SetWhatsAppFaults(t.Context(), control.WhatsAppFaults{
		DeliveryFaults: control.DeliveryFaults{Duplicate: new(2)}, CallFaults: control.CallFaults{SignWith: new("wrong")},
	}))
	_, err := b.control.Say(t.Context(), lucia, "otra")
	require.NoError(t, err)
	eventually(t, func() bool { return len(b.business.hooks()) == 6 })
	last := b.business.hooks()[5]
	require.NotEqual(t, whatsapp.Sign(secret, last.body), last.header.Get("X-Hub-Signature-256"))
}

func TestReset(t *testing.T) {
	t.Parallel()
	b := start(t, func(o *sandbox.Options) { o.StateFile = t.TempDir() + "/state.jsonl" })
	hello(t, b)
	require.NoError(t, b.control.Reset(t.Context()))
	guests, err := b.control.Guests(t.Context())
	require.NoError(t, err)
	require.Empty(t, guests)
	require.NoError(t, b.control.Healthy(t.Context()))
}
