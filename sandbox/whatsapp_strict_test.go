package sandbox_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/sandbox/control"
	"cabanas/sandbox/whatsapp"
)

func templateTo(to, name, language string, params ...string) object {
	list := []any{}
	for _, p := range params {
		list = append(list, object{"type": "text", "text": p})
	}
	return object{"messaging_product": "whatsapp", "to": to, "type": "template", "template": object{
		"name": name, "language": object{"code": language}, "components": []any{object{"type": "body", "parameters": list}}}}
}

func (b *bundle) requireCode(t *testing.T, code int, body any) answer {
	t.Helper()
	a := b.graph(t, body)
	require.EqualValues(t, code, at(t, a.body, "error", "code"), a.raw)
	return a
}

func (b *bundle) faults(t *testing.T, f control.WhatsAppFaults) {
	t.Helper()
	require.NoError(t, b.control.SetWhatsAppFaults(t.Context(), f))
}

func (b *bundle) lastTo(t *testing.T, guest string) control.Message {
	t.Helper()
	all, err := b.control.Messages(t.Context(), guest, 0)
	require.NoError(t, err)
	require.NotEmpty(t, all)
	return all[len(all)-1]
}

func TestTemplatesAreKnownByNameLanguageCountAndStatus(t *testing.T) {
	t.Parallel()
	b := start(t)
	for _, spec := range whatsapp.DefaultTemplates() {
		params := make([]string, spec.Params)
		for i := range params {
			params[i] = "valor"
		}
		if len(spec.Replies) > 0 {
			b.requireCode(t, 132000, templateTo(lucia, spec.Name, spec.Language, params...))
			continue
		}
		require.Equal(t, http.StatusOK, b.graph(t, templateTo(lucia, spec.Name, spec.Language, params...)).status, "%s %s", spec.Name, spec.Language)
		b.requireCode(t, 132000, templateTo(lucia, spec.Name, spec.Language, append(slices.Clone(params), "de más")...))
		b.requireCode(t, 132001, templateTo(lucia, spec.Name, "fr", params...))
	}
	b.requireCode(t, 132001, templateTo(lucia, "owner_alert", "en", "x"))
	b.requireCode(t, 132001, templateTo(lucia, "nobody_approved_this", "es_AR"))
	b.requireCode(t, 132012, templateTo(lucia, "owner_alert", "es_AR", "dos\nlíneas"))
	b.requireCode(t, 132005, templateTo(lucia, "owner_alert", "es_AR", strings.Repeat("x", 1020)))
	require.Equal(t, "Aviso de tu sistema de reservas: entró un pago Para ver el detalle, entrá al panel.", func() string {
		require.Equal(t, http.StatusOK, b.graph(t, templateTo(lucia, "owner_alert", "es_AR", "entró un pago")).status)
		return b.lastTo(t, lucia).Text
	}())
	for status, code := range map[string]int{"paused": 132015, "disabled": 132016} {
		require.NoError(t, b.control.AddTemplate(t.Context(), control.TemplateSpec{Name: "owner_alert", Language: "es_AR", Params: 1, Status: status}))
		b.requireCode(t, code, templateTo(lucia, "owner_alert", "es_AR", "x"))
	}
}

func TestNumbersOfATestAccount(t *testing.T) {
	t.Parallel()
	b := start(t)
	hello(t, b)
	b.faults(t, control.WhatsAppFaults{AllowedNumbers: &[]string{"+54 351 555-0101"}})
	a := b.requireCode(t, 131030, text("+"+lucia, "x"))
	require.Equal(t, "(#131030) Recipient phone number not in allowed list", at(t, a.body, "error", "message"))
	require.Equal(t, "OAuthException", at(t, a.body, "error", "type"))
	require.Equal(t, "whatsapp", at(t, a.body, "error", "error_data", "messaging_product"))
	require.NotEmpty(t, at(t, a.body, "error", "fbtrace_id"))
	require.Equal(t, http.StatusOK, b.graph(t, text("+54"+lucia[3:], "x")).status, "the same person as the list has them")
	b.faults(t, control.WhatsAppFaults{AllowedNumbers: &[]string{}})
	require.Equal(t, http.StatusOK, b.graph(t, text("+"+lucia, "x")).status)

	b.faults(t, control.WhatsAppFaults{NoDeliveryTo: &[]string{lucia}})
	require.Equal(t, http.StatusOK, b.graph(t, text("+"+lucia, "x")).status, "taken, and failed later")
	require.Equal(t, "failed", b.lastTo(t, lucia).Status)
	b.business.wait(t, `"code":131026`)
	require.Equal(t, http.StatusOK, b.graph(t, text("+54"+lucia[3:], "x")).status)
	require.NotEqual(t, "failed", b.lastTo(t, lucia).Status)
}

func TestClosedWindowMayBeToldLater(t *testing.T) {
	t.Parallel()
	b := start(t)
	hello(t, b)
	require.NoError(t, b.control.SetWindow(t.Context(), lucia, false))
	b.requireCode(t, 131047, text(lucia, "x"))
	b.faults(t, control.WhatsAppFaults{WindowLate: new(true)})
	require.Equal(t, http.StatusOK, b.graph(t, text(lucia, "x")).status)
	require.Equal(t, "failed", b.lastTo(t, lucia).Status)
	hook := decoded(t, b.business.wait(t, `"code":131047`).body)
	status := at(t, hook, "entry", 0, "changes", 0, "value", "statuses", 0)
	require.Equal(t, "failed", at(t, status, "status"))
	require.NotEmpty(t, at(t, status, "errors", 0, "error_data", "details"))
	require.Equal(t, http.StatusOK, b.graph(t, templateTo(lucia, "owner_alert", "es_AR", "x")).status)
	require.NotEqual(t, "failed", b.lastTo(t, lucia).Status)
}

func TestExpiredTokenRefusesEverything(t *testing.T) {
	t.Parallel()
	b := start(t)
	hello(t, b)
	b.faults(t, control.WhatsAppFaults{BadToken: new(true)})
	require.Equal(t, http.StatusUnauthorized, b.requireCode(t, 190, text(lucia, "x")).status)
	b.faults(t, control.WhatsAppFaults{BadToken: new(false)})
	require.Equal(t, http.StatusOK, b.graph(t, text(lucia, "x")).status)
}

func TestGuestKnownByUserIDOnly(t *testing.T) {
	t.Parallel()
	b := start(t)
	guest, err := b.control.AddGuest(t.Context(), control.Guest{Number: lucia, HideNumber: true})
	require.NoError(t, err)
	_, err = b.control.Say(t.Context(), lucia, "Hola")
	require.NoError(t, err)
	send := text("", "x")
	delete(send, "to")
	send["recipient"] = guest.BSUID
	a := b.graph(t, send)
	require.Equal(t, http.StatusOK, a.status)
	require.Equal(t, guest.BSUID, at(t, a.body, "contacts", 0, "user_id"))
	require.NotContains(t, string(b.business.wait(t, `"status":"delivered"`).body), lucia, "statuses do not tell the number either")
	b.faults(t, control.WhatsAppFaults{CallFaults: control.CallFaults{FailNext: &control.FailNext{Count: 1, Code: 131062}}})
	b.requireCode(t, 131062, send)
}

func TestOwnerWritesFromThePhone(t *testing.T) {
	t.Parallel()
	b := start(t)
	_, err := b.control.AddGuest(t.Context(), control.Guest{Number: lucia, BSUID: "AR.1"})
	require.NoError(t, err)
	wamid, err := b.control.Echo(t.Context(), lucia, "Hola, soy Marta, la dueña")
	require.NoError(t, err)
	hook := decoded(t, b.business.wait(t, "smb_message_echoes").body)
	change := at(t, hook, "entry", 0, "changes", 0)
	require.Equal(t, "smb_message_echoes", at(t, change, "field"))
	require.Equal(t, phoneID, at(t, change, "value", "metadata", "phone_number_id"))
	echo := at(t, change, "value", "message_echoes", 0)
	require.Equal(t, object{"from": "5493510000000", "to": lucia, "to_user_id": "AR.1", "id": wamid, "timestamp": at(t, echo, "timestamp"),
		"type": "text", "text": object{"body": "Hola, soy Marta, la dueña"}}, echo)
	shown := b.lastTo(t, lucia)
	require.True(t, shown.FromPhone)
	require.Equal(t, "out", shown.Direction)
	b.requireCode(t, 131047, text(lucia, "x"))
	for _, wrong := range [][2]string{{"12", "hola"}, {lucia, " "}} {
		_, err := b.control.Echo(t.Context(), wrong[0], wrong[1])
		require.Error(t, err)
	}
}
