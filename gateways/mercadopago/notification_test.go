package mercadopago

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseNotification(t *testing.T) {
	t.Parallel()
	const v1 = `{"id":12345,"live_mode":true,"type":"payment","date_created":"2015-03-25T10:04:58.396-04:00","user_id":44444,"api_version":"v1","action":"payment.created","data":{"id":"999999999"}}`
	tests := map[string]struct {
		query, body string
		want        Notification
	}{
		"webhook": {
			"data.id=999999999&type=payment", v1,
			Notification{Topic: TopicPayment, ResourceID: "999999999", Action: "payment.created", EventID: "12345", LiveMode: true},
		},
		"signed query wins over the body": {
			"data.id=1&type=payment", v1,
			Notification{Topic: TopicPayment, ResourceID: "1", Action: "payment.created", EventID: "12345", LiveMode: true},
		},
		"webhook without query":   {"", v1, Notification{Topic: TopicPayment, ResourceID: "999999999", Action: "payment.created", EventID: "12345", LiveMode: true}},
		"data id as a number":     {"", `{"id":"e-1","type":"payment","action":"payment.updated","data":{"id":77}}`, Notification{Topic: TopicPayment, ResourceID: "77", Action: "payment.updated", EventID: "e-1"}},
		"type only in the action": {"data.id=5", `{"action":"payment.updated"}`, Notification{Topic: TopicPayment, ResourceID: "5", Action: "payment.updated"}},
		"order":                   {"data.id=ORD01&type=order", `{"type":"order","action":"order.processed"}`, Notification{Topic: TopicOrder, ResourceID: "ORD01", Action: "order.processed"}},
		"merchant order webhook":  {"data.id=5&type=topic_merchant_order_wh", `{}`, Notification{Topic: TopicMerchantOrder, ResourceID: "5"}},
		"chargeback":              {"data.id=5&type=topic_chargebacks_wh", ``, Notification{Topic: TopicChargeback, ResourceID: "5"}},
		"chargeback as documented": {
			"data.id=233000061680860000&type=topic_chargebacks_wh",
			`{"actions":["changed_case_status"],"api_version":"v1","application_id":9007201037432480,"data":{"checkout":"PRO","date_updated":"0001-01-01T00:00:00Z","id":233000061680860000,"payment_id":81968653106,"product_id":"C00A2J8RF4DI8BCIMFU0","site_id":"MLA","transaction_intent_id":""},"date_created":"2026-07-03T19:34:28-04:00","id":114411153595,"live_mode":true,"type":"topic_chargebacks_wh","user_id":634060442,"version":1720035618}`,
			Notification{Topic: TopicChargeback, ResourceID: "233000061680860000", AboutPayment: 81968653106, EventID: "114411153595", LiveMode: true},
		},
		"payment_id means nothing elsewhere": {"data.id=5&type=payment", `{"data":{"payment_id":6}}`, Notification{Topic: TopicPayment, ResourceID: "5"}},
		"claim":                              {"", `{"type":"topic_claims_integration_wh","data":{"id":"9"}}`, Notification{Topic: TopicClaim, ResourceID: "9"}},
		"delivery":                           {"", `{"type":"stop_delivery_op_wh","data":{"id":"9"}}`, Notification{Topic: TopicDelivery, ResourceID: "9"}},
		"legacy in the query":                {"topic=payment&id=42", `{"resource":"42","topic":"payment"}`, Notification{Topic: TopicPayment, ResourceID: "42", Legacy: true}},
		"legacy without body":                {"topic=payment&id=42", ``, Notification{Topic: TopicPayment, ResourceID: "42", Legacy: true}},
		"legacy in the body":                 {"", `{"resource":"42","topic":"payment"}`, Notification{Topic: TopicPayment, ResourceID: "42", Legacy: true}},
		"legacy resource is a number":        {"", `{"resource":42,"topic":"payment"}`, Notification{Topic: TopicPayment, ResourceID: "42", Legacy: true}},
		"legacy merchant order":              {"topic=merchant_order&id=7", `{"resource":"https://api.mercadolibre.com/merchant_orders/7","topic":"merchant_order"}`, Notification{Topic: TopicMerchantOrder, ResourceID: "7", Legacy: true}},
		"legacy address in the body":         {"", `{"resource":"https://api.mercadolibre.com/merchant_orders/7/?x=1","topic":"merchant_order"}`, Notification{Topic: TopicMerchantOrder, ResourceID: "7", Legacy: true}},
		"another topic of tomorrow":          {"data.id=5&type=wallet_connect", `{"action":"payment.created"}`, Notification{Topic: TopicUnknown, ResourceID: "5", Action: "payment.created"}},
		"nothing":                            {"", ``, Notification{Topic: TopicUnknown}},
		"not JSON":                           {"", `<xml>`, Notification{Topic: TopicUnknown}},
		"wrong types everywhere":             {"", `{"id":{},"type":[],"data":"x","action":7,"live_mode":"yes"}`, Notification{Topic: TopicUnknown, Action: "7"}},
		"resource that is no id":             {"topic=payment&id=4%202", ``, Notification{Topic: TopicPayment, Legacy: true}},
		"resource out of proportion":         {"data.id=" + strings.Repeat("1", 65) + "&type=payment", ``, Notification{Topic: TopicPayment}},
		"path of another resource":           {"data.id=..%2F..%2Fv1%2Fusers&type=payment", ``, Notification{Topic: TopicPayment}},
		"webhook is never legacy":            {"data.id=1&type=payment&topic=payment&id=2", ``, Notification{Topic: TopicPayment, ResourceID: "1"}},
		"source_news does not matter":        {"source_news=webhooks&data.id=1&type=payment", ``, Notification{Topic: TopicPayment, ResourceID: "1"}},
		"masked id in the data is not":       {"", `{"type":"payment","data":{"id":"***"}}`, Notification{Topic: TopicPayment}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			query, err := url.ParseQuery(test.query)
			require.NoError(t, err)
			require.Equal(t, test.want, ParseNotification(query, []byte(test.body)))
		})
	}
}

func TestNotificationPaymentID(t *testing.T) {
	t.Parallel()
	id, ok := Notification{Topic: TopicPayment, ResourceID: "999999999"}.PaymentID()
	require.True(t, ok)
	require.EqualValues(t, 999999999, id)
	id, ok = Notification{Topic: TopicChargeback, ResourceID: "1", AboutPayment: 77}.PaymentID()
	require.True(t, ok)
	require.EqualValues(t, 77, id)
	for _, n := range []Notification{
		{Topic: TopicChargeback, ResourceID: "1"}, {Topic: TopicClaim, ResourceID: "1"},
		{Topic: TopicMerchantOrder, ResourceID: "1"}, {Topic: TopicPayment}, {Topic: TopicPayment, ResourceID: "0"},
		{Topic: TopicPayment, ResourceID: "-1"}, {Topic: TopicPayment, ResourceID: "ORD1"}, {Topic: TopicPayment, ResourceID: strings.Repeat("9", 20)},
	} {
		_, ok := n.PaymentID()
		require.False(t, ok, n)
	}
}

func FuzzParseNotification(f *testing.F) {
	f.Add("data.id=1&type=payment", []byte(`{"data":{"id":"1"}}`))
	f.Add("topic=merchant_order&id=7", []byte(`{"resource":"https://x/7","topic":"merchant_order"}`))
	f.Add("", []byte(`{"resource":"////","topic":null}`))
	f.Fuzz(func(t *testing.T, rawQuery string, body []byte) {
		query, _ := url.ParseQuery(rawQuery)
		n := ParseNotification(query, body)
		require.NotEmpty(t, n.Topic)
		if n.ResourceID != "" {
			require.Regexp(t, `^[A-Za-z0-9_-]{1,64}$`, n.ResourceID)
		}
	})
}
