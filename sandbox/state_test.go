package sandbox_test

import (
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/sandbox"
	"cabanas/sandbox/control"
)

func TestStateSurvivesAKill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sandbox.jsonl")
	keep := func(o *sandbox.Options) { o.StateFile = path }
	biz := newBusiness(t)
	b := startWith(t, biz, keep)
	first := hello(t, b)
	require.Equal(t, http.StatusOK, b.graph(t, buttons("Sí", "No")).status)
	require.NoError(t, b.control.AddTemplate(t.Context(), control.TemplateSpec{Name: "extra", Params: 0}))
	refundKey := []string{"X-Idempotency-Key", "once"}
	p := b.pay(t, control.NewPayment{PreferenceID: b.link(t, nil)})
	refund := b.mp(t, http.MethodPost, paymentPath(p)+"/refunds", object{"amount": 10}, refundKey...)
	require.NoError(t, b.control.WaitIdle(t.Context()))
	eventually(t, func() bool {
		all, err := b.control.Messages(t.Context(), lucia, 0)
		return err == nil && all[1].Status == "delivered"
	})
	require.NoError(t, b.control.WaitIdle(t.Context()))

	biz.failNext(1)
	seen := len(biz.hooks())
	_, err := b.control.Say(t.Context(), lucia, "¿Estás?")
	require.NoError(t, err)
	eventually(t, func() bool { return len(biz.hooks()) > seen })
	before, err := b.control.Messages(t.Context(), lucia, 0)
	require.NoError(t, err)
	b.stop()

	b = startWith(t, biz, keep)
	after, err := b.control.Messages(t.Context(), lucia, 0)
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.Equal(t, first, after[0].ID)
	require.Equal(t, http.StatusOK, b.graph(t, text(lucia, "la ventana sigue abierta")).status)
	all, err := b.control.Messages(t.Context(), lucia, 0)
	require.NoError(t, err)
	ids := map[string]bool{}
	for _, m := range all {
		require.False(t, ids[m.ID], "the same seed must not make the same id twice")
		ids[m.ID] = true
	}
	_, err = b.control.Press(t.Context(), lucia, "id Sí")
	require.NoError(t, err)
	got := b.mp(t, http.MethodGet, paymentPath(p), nil)
	require.Equal(t, "partially_refunded", got.body["status_detail"])
	require.Equal(t, refund.raw, b.mp(t, http.MethodPost, paymentPath(p)+"/refunds", object{"amount": 10}, refundKey...).raw)
	found, err := b.control.Preferences(t.Context(), "RES261121abcdef")
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.NoError(t, b.control.WaitIdle(t.Context()), "the untaken webhook was delivered")
	b.clock.Advance(25 * time.Hour)
	require.Equal(t, http.StatusOK, b.graph(t, object{"messaging_product": "whatsapp", "to": lucia, "type": "template", "template": object{
		"name": "extra", "language": object{"code": "es_AR"},
	}}).status)
}

func TestMissingOptionsAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := sandbox.New(sandbox.Options{PhoneNumberID: "1"})
	require.ErrorContains(t, err, "PublicURL")
	require.ErrorContains(t, err, "AppSecret")
	require.ErrorContains(t, err, "MercadoPagoWebhookSecret")
}
