package sandbox_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"cabanas/sandbox/control"
)

// browsers are the names a browser has on PATH, then where macOS keeps it: those that scripts/require.sh counts as there.
var browsers = []string{
	"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium",
}

// browser opens a tab in a new browser of this test.
func browser(t *testing.T, width, height int, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	var path string
	for _, name := range browsers {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	require.NotEmpty(t, path, "no browser on this machine; make test installs one")
	allocator, stop := chromedp.NewExecAllocator(context.Background(), append([]chromedp.ExecAllocatorOption{
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(width, height),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", true),
		// A microphone that beeps, and a person who lets the page use it.
		chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
	}, more...)...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) })
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(int64(width), int64(height))))
	ctx, timeout := context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(timeout)
	return ctx
}

// picture keeps a screenshot in the folder that SANDBOX_PICTURES names, for people to look at.
func picture(name string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		dir := os.Getenv("SANDBOX_PICTURES")
		if dir == "" {
			return nil
		}
		png, err := chromedp.CaptureScreenshot()(ctx, target)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600)
	})
}

func testID(id string) chromedp.CSS { return chromedp.CSS(`[data-testid="` + id + `"]`) }

func read(t *testing.T, page context.Context, id string) string { //nolint:revive // a test helper begins with its t
	t.Helper()
	got, err := chromedp.Run(page, chromedp.Text(testID(id)))
	require.NoError(t, err)
	return strings.TrimSpace(got)
}

func TestPhonePage(t *testing.T) {
	t.Parallel()
	b := start(t)
	page := browser(t, 1100, 900)
	require.NoError(t, chromedp.Do(page,
		chromedp.Navigate(b.url+"/phone"),
		chromedp.Click(testID("guest-add-open")),
		chromedp.SendKeys(testID("guest-name"), "Lucía"),
		chromedp.SendKeys(testID("guest-number"), "+54 9 351 555-0101"),
		chromedp.Click(testID("guest-add")),
		chromedp.WaitVisible(testID("guest")),
		chromedp.SendKeys(testID("composer"), "Hola, ¿hay lugar?"),
		chromedp.Click(testID("send")),
		chromedp.WaitVisible(testID("message-out")),
	))
	eventually(t, func() bool { return len(b.business.hooks()) == 1 })
	require.Equal(t, http.StatusOK, b.graph(t, buttons("Sí", "No")).status)
	require.NoError(t, chromedp.Do(page,
		chromedp.WaitVisible(testID("reply-button")),
	))
	require.Equal(t, "Sí", read(t, page, "reply-button"))
	require.NoError(t, chromedp.Do(page, chromedp.Click(testID("reply-button"))))
	b.business.wait(t, `"button_reply"`)
	eventually(t, func() bool {
		all, err := b.control.Messages(t.Context(), lucia, 0)
		return err == nil && len(all) == 3 && all[1].Status == "read"
	})

	require.Equal(t, http.StatusOK, b.graph(t, interactive(object{"type": "list", "body": object{"text": "Elegí"}, "action": object{
		"button": "Ver cabañas", "sections": []any{object{"rows": []any{object{"id": "acc:1", "title": "Arrayán", "description": "Para 4"}}}},
	}})).status)
	require.NoError(t, chromedp.Do(page,
		chromedp.Click(testID("list-open")),
		chromedp.Click(testID("list-row")),
	))
	eventually(t, func() bool {
		all, err := b.control.Messages(t.Context(), lucia, 0)
		return err == nil && len(all) == 5 && all[4].Reply != nil && all[4].Reply.ID == "acc:1" && all[4].Kind == "list_reply"
	})
}

func TestCheckoutInTheBrowser(t *testing.T) {
	t.Parallel()
	b := start(t)
	id := b.link(t, object{"expires": true, "expiration_date_to": "2026-11-21T12:30:00.000-03:00"})
	page := browser(t, 1000, 720)
	require.NoError(t, chromedp.Do(page,
		chromedp.Navigate(b.url+"/mp/checkout/"+id),
		chromedp.WaitVisible(testID("amount")),
		picture("checkout"),
	))
	require.Equal(t, "$ 45.000,50", read(t, page, "amount"))
	require.NoError(t, chromedp.Do(page,
		chromedp.Click(testID("pend")),
		chromedp.WaitVisible(testID("settle-approve")),
		picture("checkout-pending"),
		chromedp.Click(testID("settle-approve")),
		chromedp.WaitVisible(chromedp.CSS(`[data-status="approved"]`)),
		picture("checkout-approved"),
	))
	eventually(t, func() bool { return len(b.business.hooks()) == 6 })
	b.clock.Advance(time.Hour)
	narrow := browser(t, 390, 844)
	require.NoError(t, chromedp.Do(narrow,
		chromedp.Navigate(b.url+"/mp/checkout/"+id),
		picture("checkout-expired-narrow"),
		chromedp.Click(chromedp.CSS("summary")),
		chromedp.Click(testID("pay-late")),
		chromedp.WaitVisible(testID("pay")),
		picture("checkout-late-narrow"),
		chromedp.Click(testID("pay")),
		chromedp.WaitVisible(chromedp.CSS(`[data-status="approved"]`)),
	))
}

// TestPhoneShowsAConversation plays a whole booking on the phone, wide and narrow.
func TestPhoneShowsAConversation(t *testing.T) {
	t.Parallel()
	b := start(t)
	ctx := t.Context()
	_, err := b.control.AddGuest(ctx, control.Guest{Number: lucia, Name: "Lucía Fernández"})
	require.NoError(t, err)
	_, err = b.control.AddGuest(ctx, control.Guest{Number: "5491145550177", Name: "Martín Quiroga"})
	require.NoError(t, err)
	_, err = b.control.Say(ctx, "5491145550177", "Buenas, ¿aceptan mascotas?")
	require.NoError(t, err)
	b.graph(t, text("5491145550177", "¡Hola! Sí, hasta dos perros chicos. 🐶"))

	_, err = b.control.Say(ctx, lucia, "Hola! tenés algo del 10 al 15 de enero para 4?")
	require.NoError(t, err)
	list := interactive(object{
		"type": "list", "header": object{"type": "text", "text": "Del dom 10 al vie 15 de enero"},
		"body":   object{"text": "Para *4 personas*, 5 noches, tengo 3 cabañas libres. Elegí una para ver el detalle:"},
		"footer": object{"text": "Precio total de la estadía"},
		"action": object{"button": "Ver cabañas", "sections": []any{object{"title": "Libres", "rows": []any{
			object{"id": "acc:1", "title": "Cabaña Arrayán", "description": "$ 412.500 · seña $ 123.750 · hasta 4 personas"},
			object{"id": "acc:2", "title": "Cabaña Coihue", "description": "$ 468.000 · seña $ 140.400 · hasta 6 personas"},
			object{"id": "acc:3", "title": "Casa del Lago", "description": "$ 690.000 · seña $ 207.000 · hasta 8 personas"},
		}}}},
	})
	require.Equal(t, http.StatusOK, b.graph(t, list).status)
	_, err = b.control.Press(ctx, lucia, "acc:1")
	require.NoError(t, err)
	ask := buttons("Sí, reservar", "Ver otra")
	ask["interactive"].(object)["body"] = object{"text": "*Cabaña Arrayán*\n10 al 15 de enero · 4 personas\n\nTotal: *$\u00a0412.500,00*\nSeña para confirmar: *$\u00a0123.750,00*\n\n¿Te la reservo?"}
	require.Equal(t, http.StatusOK, b.graph(t, ask).status)
	id, err := b.control.Press(ctx, lucia, "id Sí, reservar")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, b.graph(t, interactive(object{
		"type": "cta_url", "body": object{"text": "¡Listo! Te guardo la cabaña hasta las *13:00*. Pagá la seña con Mercado Pago y queda confirmada."},
		"footer": object{"text": "Reserva RES261121a3f29c"},
		"action": object{"name": "cta_url", "parameters": object{"display_text": "Pagar seña", "url": b.url + "/mp/checkout/" + b.link(t, nil)}},
	})).status)
	b.graph(t, object{"messaging_product": "whatsapp", "status": "read", "message_id": id})

	person := chromedp.CSS(`.person[data-number="` + lucia + `"]`)
	page := browser(t, 1100, 900)
	require.NoError(t, chromedp.Do(page,
		chromedp.Navigate(b.url+"/phone"),
		chromedp.WaitVisible(person),
		chromedp.Click(person),
		chromedp.WaitVisible(testID("cta")),
		picture("phone"),
		chromedp.Click(testID("list-open")),
		chromedp.WaitVisible(testID("list-row")),
		picture("phone-list"),
		chromedp.Click(chromedp.CSS("#sheet-close")),
		chromedp.Click(testID("attach")),
		chromedp.WaitVisible(testID("attach-location")),
		picture("phone-attach"),
		chromedp.Click(testID("attach-location")),
		chromedp.WaitVisible(testID("place-option")),
		picture("phone-places"),
		chromedp.Click(testID("place-option")),
		chromedp.WaitVisible(chromedp.CSS(`[data-kind="location"]`)),
		chromedp.Click(testID("attach")),
		chromedp.Click(testID("attach-sticker")),
		chromedp.Click(testID("sticker-option")),
		chromedp.WaitVisible(chromedp.CSS(`[data-kind="sticker"]`)),
	))
	id, err = b.control.Say(ctx, lucia, "¡Gracias!")
	require.NoError(t, err)
	b.graph(t, object{"messaging_product": "whatsapp", "to": lucia, "type": "template", "template": object{
		"name": "owner_hand_over", "language": object{"code": "es_AR"}, "components": []any{
			object{"type": "body", "parameters": []any{object{"type": "text", "text": "pregunta si se acreditó la seña."}}},
			object{"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": []any{object{"type": "payload", "payload": "Devolver al bot"}}},
		},
	}})
	now := time.Now().UTC()
	b.clock.Advance(now.Sub(b.clock.Now())) // the page counts the typing indicator on its own clock
	b.graph(t, object{"messaging_product": "whatsapp", "status": "read", "message_id": id, "typing_indicator": object{"type": "text"}})
	require.NoError(t, chromedp.Do(page, chromedp.WaitVisible(testID("typing")), picture("phone-typing")))
	narrow := browser(t, 390, 844)
	require.NoError(t, chromedp.Do(narrow,
		chromedp.Navigate(b.url+"/phone"),
		chromedp.WaitVisible(person),
		chromedp.Click(person),
		chromedp.WaitVisible(testID("cta")),
		picture("phone-narrow"),
	))
	link, err := chromedp.Run(narrow, chromedp.AttributeValue(testID("cta"), "href"))
	require.NoError(t, err)
	require.Contains(t, link.Value, "/mp/checkout/")
}
