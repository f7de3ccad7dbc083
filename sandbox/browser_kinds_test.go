package sandbox_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"cabanas/sandbox/control"
	"cabanas/sandbox/speech"
)

// tellEverything puts one message of every kind in both directions on Lucía's phone, the long and awkward ones too.
func tellEverything(t *testing.T, b *bundle) {
	t.Helper()
	say := func(in control.Inbound) string {
		t.Helper()
		in.From = lucia
		id, err := b.control.Send(t.Context(), in)
		require.NoError(t, err, in.Type)
		return id
	}
	business := func(kind string, body any, more ...string) string {
		t.Helper()
		message := object{"messaging_product": "whatsapp", "to": lucia, "type": kind, kind: body}
		if more != nil {
			message["context"] = object{"message_id": more[0]}
		}
		got := b.graph(t, message)
		require.Equal(t, http.StatusOK, got.status, "%s: %s", kind, got.raw)
		return at(t, got.body, "messages", 0, "id").(string)
	}
	_, err := b.control.AddGuest(t.Context(), control.Guest{Number: lucia, Name: "Lucía Fernández de la Vega y Ordóñez"})
	require.NoError(t, err)
	first := say(control.Inbound{Text: "Hola! " + strings.Repeat("superlargo", 12)})
	say(control.Inbound{Text: "مرحبا، هل لديكم مكان من 10 إلى 15 يناير؟"})
	for _, kind := range []string{"image", "video", "document", "sticker", "location", "contacts", "unsupported", "order", "broken_interactive"} {
		say(control.Inbound{Type: kind})
	}
	say(control.Inbound{Clip: "si-dale"})
	say(control.Inbound{Type: "edit", Target: say(control.Inbound{Text: "somos 5"}), Text: "somos 6"})
	say(control.Inbound{Type: "revoke", Target: say(control.Inbound{Text: "no era para vos"})})

	business("text", object{"body": "Total: $ 1.412.500,00 y queda un saldo de US$ 1.200,50. Mirá https://example.com/" + strings.Repeat("x", 90)}, first)
	link := b.url + "/nothing"
	business("image", object{"link": link + ".jpg", "caption": "El deck"})
	business("video", object{"link": link + ".mp4"})
	business("document", object{"link": link + ".pdf", "filename": strings.Repeat("reglamento-", 12) + ".pdf"})
	business("audio", object{"link": link + ".ogg"})
	business("sticker", object{"link": link + ".webp"})
	business("location", object{"latitude": -31.97, "longitude": -64.55, "name": "Cabañas", "address": "Ruta 5, km 82, Villa General Belgrano, Córdoba"})
	business("contacts", []any{object{"name": object{"formatted_name": "Ana"}, "phones": []any{object{"phone": "+54 9 3546 55-0199"}}}})
	business("interactive", object{"type": "button", "header": object{"type": "image", "image": object{"link": link + ".jpg"}}, "body": object{"text": "¿Sí?"},
		"action": object{"buttons": []any{object{"type": "reply", "reply": object{"id": "y", "title": "MMMMMMMMMMMMMMMMMMMM"}}}}})
	business("interactive", object{"type": "list", "body": object{"text": "Elegí"}, "action": object{"button": "Ver", "sections": []any{object{"rows": []any{
		object{"id": "r", "title": strings.Repeat("W", 24), "description": strings.Repeat("m", 72)},
	}}}}})
	business("interactive", object{"type": "cta_url", "body": object{"text": "Pagá"}, "action": object{"name": "cta_url",
		"parameters": object{"display_text": "Pagar seña", "url": b.url + "/mp/checkout/x"}}})
	business("interactive", object{"type": "location_request_message", "body": object{"text": "¿De dónde venís?"}, "action": object{"name": "send_location"}})
	business("template", object{"name": "owner_hand_over", "language": object{"code": "es_AR"}, "components": []any{
		object{"type": "body", "parameters": []any{object{"type": "text", "text": "pregunta si se acreditó la seña."}}},
		object{"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": []any{object{"type": "payload", "payload": "Devolver al bot"}}},
	}})
	business("reaction", object{"message_id": first, "emoji": "❤️"})
	one := 1
	require.NoError(t, b.control.SetWhatsAppFaults(t.Context(), control.WhatsAppFaults{FailStatusNext: &control.FailNext{Count: one}}))
	business("text", object{"body": "Esto no llega."})
}

func openPhone(t *testing.T, b *bundle, page context.Context) { //nolint:revive // a test helper begins with its t
	t.Helper()
	person := chromedp.CSS(`.person[data-number="` + lucia + `"]`)
	require.NoError(t, chromedp.Do(page, chromedp.Navigate(b.url+"/phone"), chromedp.WaitVisible(person), chromedp.Click(person),
		chromedp.WaitVisible(chromedp.CSS(".msg"))))
}

func evaluate[T any](t *testing.T, page context.Context, script string) T { //nolint:revive // a test helper begins with its t
	t.Helper()
	got, err := chromedp.Run(page, chromedp.Evaluate[T](script))
	require.NoError(t, err, script)
	return got
}

func TestPhoneShowsEveryKind(t *testing.T) {
	t.Parallel()
	// Blink's numbers of the colour schemes.
	for name, scheme := range map[string]string{"dark": "0", "light": "1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			tellEverything(t, b)
			page := browser(t, 390, 844, chromedp.Flag("blink-settings", "preferredColorScheme="+scheme))
			openPhone(t, b, page)
			require.Equal(t, name == "dark", evaluate[bool](t, page, `matchMedia("(prefers-color-scheme:dark)").matches`))
			requireEveryKind(t, page)
			// What it loads is its own.
			require.Empty(t, evaluate[[]string](t, page, `performance.getEntriesByType("resource").map((r) => r.name).filter((n) => !n.startsWith(location.origin))`))
			for size, at := range map[string][2]int64{"narrow": {390, 844}, "wide": {1180, 900}, "small": {320, 600}} {
				require.NoError(t, chromedp.Do(page, chromedp.EmulateViewport(at[0], at[1])))
				requireNothingSideways(t, page, name+" "+size)
				require.NoError(t, chromedp.Do(page, picture("kinds-"+size+"-"+name+"-end"),
					chromedp.Click(testID("list-open")), chromedp.WaitVisible(testID("list-row")), picture("kinds-"+size+"-"+name+"-list")))
				require.True(t, evaluate[bool](t, page, `document.getElementById("sheet").scrollWidth <= document.getElementById("sheet").clientWidth`), size)
				require.NoError(t, chromedp.Do(page, chromedp.Click(chromedp.CSS("#sheet-close")), chromedp.WaitNotVisible(chromedp.CSS("#sheet")),
					chromedp.Evaluate[chromedp.Void](`document.getElementById("chat").scrollTop = 0`), chromedp.WaitVisible(testID("to-end")),
					picture("kinds-"+size+"-"+name)))
			}
		})
	}
}

func requireEveryKind(t *testing.T, page context.Context) { //nolint:revive // a test helper begins with its t
	t.Helper()
	kinds := evaluate[[]string](t, page, `[...document.querySelectorAll(".msg")].map((m) => m.dataset.testid + " " + m.dataset.kind)`)
	for _, kind := range []string{"image", "video", "document", "audio", "sticker", "location", "contacts", "text"} {
		require.Contains(t, kinds, "message-in "+kind)
		require.Contains(t, kinds, "message-out "+kind)
	}
	for _, kind := range []string{"buttons", "list", "cta_url", "location_request", "template"} {
		require.Contains(t, kinds, "message-in "+kind)
	}
	require.NotContains(t, kinds, "message-in reaction")
	words := evaluate[string](t, page, `document.getElementById("chat").innerText`)
	for _, wanted := range []string{
		"somos 6", "Editado", "este mensaje", "owner_hand_over", "se acreditó", "Devolver al bot", "No entregado", "Ana", "Enviar ubicación",
	} {
		require.Contains(t, words, wanted)
	}
	require.NotContains(t, words, "no era para vos")
	require.Equal(t, []string{"❤️"}, evaluate[[]string](t, page, `[...document.querySelectorAll(".reaction")].map((r) => r.textContent)`))
	// What is before a guest's eyes is read, and then has no ticks.
	eventually(t, func() bool {
		return evaluate[int](t, page, `document.querySelectorAll('[data-testid="message-in"] .ticks:not(.failed)').length`) == 0
	})
}

// requireNothingSideways also wants no amount broken, and the right-to-left text to run that way.
func requireNothingSideways(t *testing.T, page context.Context, where string) { //nolint:revive // a test helper begins with its t
	t.Helper()
	require.Empty(t, evaluate[[]string](t, page, `(() => {
		const chat = document.getElementById("chat").getBoundingClientRect();
		return [...document.querySelectorAll(".msg :not(.hidden)")].filter((n) => {
			const at = n.getBoundingClientRect();
			return at.width && !n.closest("svg") && (at.left < chat.left - 1 || at.right > chat.right + 1);
		}).map((n) => n.outerHTML.slice(0, 120));
	})()`), where)
	require.Zero(t, evaluate[int](t, page, `document.documentElement.scrollWidth - innerWidth +
		document.getElementById("chat").scrollWidth - document.getElementById("chat").clientWidth`), where)
	require.True(t, evaluate[bool](t, page, `[...document.querySelectorAll(".money")].every((m) => m.getClientRects().length === 1)`), where)
	require.Equal(t, 1, evaluate[int](t, page, `document.querySelectorAll(".body:dir(rtl)").length`), where)
}

func TestPhonePageLoadsNothingFromOutside(t *testing.T) {
	t.Parallel()
	b := start(t)
	got := b.call(t, http.MethodGet, "/phone", "", nil)
	require.Contains(t, got.header.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'; style-src 'self'")
	require.NotContains(t, got.raw, "style=")
	require.NotContains(t, got.raw, "onclick")
}

// TestPhoneSendsEveryKind is a guest who uses everything the phone offers.
func TestPhoneSendsEveryKind(t *testing.T) {
	t.Parallel()
	b := start(t)
	_, err := b.control.AddGuest(t.Context(), control.Guest{Number: lucia, Name: "Lucía"})
	require.NoError(t, err)
	_, err = b.control.Say(t.Context(), lucia, "Hola")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, b.graph(t, text(lucia, "¡Hola! ¿Qué fechas?")).status)
	page := browser(t, 390, 844)
	openPhone(t, b, page)
	do := func(steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		for _, step := range steps {
			require.NoError(t, chromedp.Do(page, step))
		}
	}
	// sent waits for the guest's next message and returns it.
	seen := int64(0)
	sent := func(kind string) control.Message {
		t.Helper()
		var found control.Message
		eventually(t, func() bool {
			all, err := b.control.Messages(t.Context(), lucia, seen)
			for _, m := range all {
				if m.Direction == "in" && m.Kind == kind {
					found = m
					return err == nil
				}
			}
			return false
		})
		seen = found.Seq
		return found
	}
	file := func(m control.Message) string {
		return b.call(t, http.MethodGet, "/control/media/"+m.Media.ID, "", nil).raw
	}
	attach := func(id string) { t.Helper(); do(chromedp.Click(testID("attach")), chromedp.Click(testID(id))) }

	do(chromedp.SendKeys(testID("composer"), "Del 10 al 15"+kb.Enter))
	eventually(t, func() bool { return sent("text").Text == "Del 10 al 15" })

	picturePath := filepath.Join(t.TempDir(), "vista.png")
	png, err := base64.StdEncoding.DecodeString("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(picturePath, png, 0o600))
	do(chromedp.SetUploadFiles(testID("file-photo"), []string{picturePath}), chromedp.WaitVisible(testID("draft")),
		chromedp.SendKeys(testID("composer"), "La vista"), chromedp.Click(testID("send")))
	photo := sent("image")
	require.Equal(t, "La vista", photo.Text)
	require.Equal(t, string(png), file(photo))

	attach("attach-image")
	do(chromedp.WaitVisible(testID("draft")), chromedp.Click(testID("send")))
	require.True(t, strings.HasPrefix(file(sent("image")), "\xff\xd8\xff"))

	attach("attach-receipt")
	do(picture("phone-receipt"), chromedp.Click(testID("sheet-send")))
	receipt := sent("document")
	require.Equal(t, "comprobante.pdf", receipt.Media.Name)
	require.Equal(t, "application/pdf", receipt.Media.MIME)
	require.Contains(t, file(receipt), "$ 123.750,00")

	attach("attach-audio")
	do(picture("phone-voice"), chromedp.Click(chromedp.CSS(`[data-clip="si-dale"]`)))
	clip, known := speech.Audio("si-dale")
	require.True(t, known)
	require.Equal(t, string(clip), file(sent("audio")))

	attach("attach-location")
	do(chromedp.Click(testID("place-option")))
	require.NotEmpty(t, sent("location").Place.Name)
	attach("attach-contact")
	do(chromedp.Click(testID("sheet-send")))
	require.Equal(t, "Martín Quiroga", sent("contacts").Contact)
	attach("attach-sticker")
	do(chromedp.Click(testID("sticker-option")))
	require.Equal(t, "image/webp", sent("sticker").Media.MIME)

	options := func(message string) {
		t.Helper()
		do(chromedp.Evaluate[chromedp.Void](`document.querySelector('` + message + ` [data-testid="message-options"]').click()`))
		do(chromedp.WaitVisible(testID("options")))
	}
	const theirs, mine = `[data-testid="message-in"]`, `[data-kind="text"][data-testid="message-out"]`
	options(theirs)
	do(chromedp.Click(chromedp.CSS(`[data-emoji="👍"]`)))
	require.Equal(t, "👍", sent("reaction").Emoji)
	do(chromedp.WaitVisible(testID("reaction")))
	options(theirs)
	do(chromedp.Click(chromedp.CSS(`[data-emoji="👍"]`)))
	require.Empty(t, sent("reaction").Emoji)
	options(theirs)
	do(chromedp.Click(testID("answer")), chromedp.WaitVisible(testID("draft")), chromedp.SendKeys(testID("composer"), "Esas"+kb.Enter))
	answered := sent("text")
	require.NotEmpty(t, answered.Context)
	options(mine)
	do(chromedp.Click(testID("edit")), chromedp.SendKeys(testID("composer"), "!"+kb.Enter))
	edit := sent("edit")
	require.Equal(t, "Hola!", edit.Text)
	options(mine)
	do(chromedp.Click(testID("revoke")))
	require.Equal(t, edit.Target, sent("revoke").Target)
}

// TestPhoneRecordsAVoiceNote speaks into the browser's false microphone.
func TestPhoneRecordsAVoiceNote(t *testing.T) {
	t.Parallel()
	b := start(t)
	_, err := b.control.Say(t.Context(), lucia, "Hola")
	require.NoError(t, err)
	page := browser(t, 390, 844)
	openPhone(t, b, page)
	require.NoError(t, chromedp.Do(page,
		chromedp.Click(testID("voice")), chromedp.Click(testID("record")), chromedp.WaitVisible(testID("record-send")),
	))
	eventually(t, func() bool {
		return evaluate[string](t, page, `document.querySelector(".recorder-time").textContent`) != "0:00"
	})
	require.NoError(t, chromedp.Do(page, picture("phone-recording"), chromedp.Click(testID("record-send"))))
	var note control.Message
	eventually(t, func() bool {
		all, err := b.control.Messages(t.Context(), lucia, 1)
		if err != nil || len(all) != 1 {
			return false
		}
		note = all[0]
		return true
	})
	require.Equal(t, "audio/ogg; codecs=opus", note.Media.MIME)
	raw := b.call(t, http.MethodGet, "/control/media/"+note.Media.ID, "", nil).raw
	require.True(t, strings.HasPrefix(raw, "OggS"))
	check := exec.CommandContext(t.Context(), "ffmpeg", "-v", "warning", "-i", "-", "-f", "null", "-")
	check.Stdin = strings.NewReader(raw)
	complaints, err := check.CombinedOutput()
	require.NoError(t, err)
	require.Empty(t, string(bytes.TrimSpace(complaints)))
}

// TestPhoneByKeyboard never touches a mouse.
func TestPhoneByKeyboard(t *testing.T) {
	t.Parallel()
	b := start(t)
	tellEverything(t, b)
	page := browser(t, 1100, 900)
	openPhone(t, b, page)
	focus := func() string {
		return evaluate[string](t, page, `document.activeElement.dataset.testid ?? document.activeElement.id`)
	}
	press := func(keys string) { t.Helper(); require.NoError(t, chromedp.Do(page, chromedp.KeyEvent(keys))) }
	require.NoError(t, chromedp.Do(page, chromedp.Focus(testID("attach"))))
	press(kb.Enter)
	require.Equal(t, "attach-file", focus())
	press(kb.ArrowUp)
	require.Equal(t, "attach-sticker", focus())
	press(kb.Home + kb.ArrowDown)
	require.Equal(t, "attach-image", focus())
	press(kb.Escape)
	require.Equal(t, "attach", focus())

	require.NoError(t, chromedp.Do(page, chromedp.Focus(testID("list-open"))))
	press(kb.Enter)
	require.Equal(t, "list-row", focus())
	press(kb.Escape)
	require.Equal(t, "list-open", focus())
	press(kb.Enter)
	press(kb.Enter)
	b.business.wait(t, `"list_reply"`)
	require.False(t, evaluate[bool](t, page, `document.querySelector("[inert]") !== null`))
}
