package whatsapp

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const oneContact = `[{"profile":{"name":"Ana"},"wa_id":"5491112345678","user_id":"AR.1"}]`

// delivery wraps messages into the envelope of one change.
func delivery(contacts string, messages ...string) []byte {
	return fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{
		"messaging_product":"whatsapp","metadata":{"display_phone_number":"54911","phone_number_id":"777"},
		"contacts":%s,"messages":[%s]}}]}]}`, contacts, strings.Join(messages, ","))
}

func TestParseWebhookReadsEveryKind(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want Inbound
	}{
		"text":         {`"type":"text","text":{"body":"Hola"}`, Inbound{Kind: KindText, Type: "text", Text: "Hola"}},
		"empty text":   {`"type":"text","text":{"body":""}`, Inbound{Kind: KindText, Type: "text"}},
		"text and NUL": {`"type":"text","text":{"body":"a\u0000b"}`, Inbound{Kind: KindText, Type: "text", Text: "ab"}},
		"reply": {
			`"type":"text","text":{"body":"sí"},"context":{"from":"777","id":"wamid.Q"}`,
			Inbound{Kind: KindText, Type: "text", Text: "sí", Context: &Context{MessageID: "wamid.Q"}},
		},
		"forwarded": {
			`"type":"text","text":{"body":"x"},"context":{"forwarded":true}`,
			Inbound{Kind: KindText, Type: "text", Text: "x", Context: &Context{Forwarded: true}},
		},
		"forwarded many times": {
			`"type":"text","text":{"body":"x"},"context":{"frequently_forwarded":true}`,
			Inbound{Kind: KindText, Type: "text", Text: "x", Context: &Context{Forwarded: true}},
		},
		"referral": {
			`"type":"text","text":{"body":"x"},"referral":{"source_url":"https://fb.me/1","source_id":"9","source_type":"ad","headline":"H","ctwa_clid":"c"}`,
			Inbound{Kind: KindText, Type: "text", Text: "x", Referral: &Referral{SourceURL: "https://fb.me/1", SourceID: "9", SourceType: "ad", Headline: "H", ClickID: "c"}},
		},
		"button": {
			`"type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"yes","title":"Sí"}}`,
			Inbound{Kind: KindButton, Type: "interactive", ReplyID: "yes", Text: "Sí"},
		},
		"list reply": {
			`"type":"interactive","interactive":{"type":"list_reply","list_reply":{"id":"acc:3","title":"Arrayán","description":"d"}}`,
			Inbound{Kind: KindListReply, Type: "interactive", ReplyID: "acc:3", Text: "Arrayán"},
		},
		"flow": {
			`"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"name":"flow","body":"Sent","response_json":"{\"a\":1}"}}`,
			Inbound{Kind: KindFlow, Type: "interactive", ReplyID: "flow", Text: `{"a":1}`},
		},
		"template button": {
			`"type":"button","button":{"payload":"p","text":"Pagar"}`,
			Inbound{Kind: KindTemplateButton, Type: "button", ReplyID: "p", Text: "Pagar"},
		},
		"voice note": {
			`"type":"audio","audio":{"mime_type":"audio/ogg; codecs=opus","sha256":"s=","id":"m1","voice":true,"url":"https://lookaside.fbsbx.com/x"}`,
			Inbound{Kind: KindAudio, Type: "audio", Media: &Media{ID: "m1", MIMEType: "audio/ogg; codecs=opus", SHA256: "s=", Voice: true, URL: "https://lookaside.fbsbx.com/x"}},
		},
		"image": {
			`"type":"image","image":{"mime_type":"image/jpeg","id":"m2","caption":"comprobante"}`,
			Inbound{Kind: KindImage, Type: "image", Text: "comprobante", Media: &Media{ID: "m2", MIMEType: "image/jpeg"}},
		},
		"video": {`"type":"video","video":{"id":"m3"}`, Inbound{Kind: KindVideo, Type: "video", Media: &Media{ID: "m3"}}},
		"document": {
			`"type":"document","document":{"id":"m4","filename":"dni.pdf"}`,
			Inbound{Kind: KindDocument, Type: "document", Media: &Media{ID: "m4", Filename: "dni.pdf"}},
		},
		"animated sticker": {
			`"type":"sticker","sticker":{"id":"m5","animated":true}`,
			Inbound{Kind: KindSticker, Type: "sticker", Media: &Media{ID: "m5", Animated: true}},
		},
		"location": {
			`"type":"location","location":{"latitude":-31.4,"longitude":-64.2,"name":"Casa"}`,
			Inbound{Kind: KindLocation, Type: "location", Place: &Place{Latitude: -31.4, Longitude: -64.2, Name: "Casa"}},
		},
		"contacts":         {`"type":"contacts","contacts":[{"name":{"first_name":"J"}}]`, Inbound{Kind: KindContacts, Type: "contacts"}},
		"reaction":         {`"type":"reaction","reaction":{"message_id":"wamid.T","emoji":"😮"}`, Inbound{Kind: KindReaction, Type: "reaction", TargetID: "wamid.T", Text: "😮"}},
		"reaction removed": {`"type":"reaction","reaction":{"message_id":"wamid.T"}`, Inbound{Kind: KindReaction, Type: "reaction", TargetID: "wamid.T"}},
		"edit": {
			`"type":"edit","edit":{"original_message_id":"wamid.O","message":{"type":"text","text":{"body":"somos 5"}}}`,
			Inbound{Kind: KindEdit, Type: "edit", TargetID: "wamid.O", Text: "somos 5"},
		},
		"edited caption": {
			`"type":"edit","edit":{"original_message_id":"wamid.O","message":{"type":"image","image":{"caption":"nuevo"}}}`,
			Inbound{Kind: KindEdit, Type: "edit", TargetID: "wamid.O", Text: "nuevo"},
		},
		"revoke": {`"type":"revoke","revoke":{"original_message_id":"wamid.O"}`, Inbound{Kind: KindRevoke, Type: "revoke", TargetID: "wamid.O"}},
		"system": {
			`"type":"system","system":{"body":"b","type":"user_changed_number","wa_id":"5491199999999"}`,
			Inbound{Kind: KindSystem, Type: "system", System: &SystemNotice{Type: "user_changed_number", NewWaID: "5491199999999"}},
		},
		"order":   {`"type":"order","order":{"catalog_id":"1"}`, Inbound{Kind: KindOrder, Type: "order"}},
		"welcome": {`"type":"request_welcome"`, Inbound{Kind: KindWelcome, Type: "request_welcome"}},
		"unsupported": {
			`"type":"unsupported","unsupported":{"type":"pool"},"errors":[{"code":131051,"title":"Message type unknown","message":"m","error_data":{"details":"d"}}]`,
			Inbound{Kind: KindUnsupported, Type: "unsupported", Errors: []PlatformError{{Code: 131051, Title: "Message type unknown", Message: "m", Details: "d"}}},
		},
		"interactive without object":  {`"type":"interactive"`, Inbound{Kind: KindUnsupported, Type: "interactive"}},
		"interactive without reply":   {`"type":"interactive","interactive":{"type":"button_reply"}`, Inbound{Kind: KindUnsupported, Type: "interactive"}},
		"interactive of another type": {`"type":"interactive","interactive":{"type":"call_permission_reply","call_permission_reply":{}}`, Inbound{Kind: KindUnsupported, Type: "interactive"}},
		"tomorrow's type":             {`"type":"hologram","hologram":{"id":1}`, Inbound{Kind: KindUnsupported, Type: "hologram"}},
		"no type":                     {`"text":{"body":"x"}`, Inbound{Kind: KindUnsupported}},
		"text without object":         {`"type":"text"`, Inbound{Kind: KindUnsupported, Type: "text"}},
		"text that is a string":       {`"type":"text","text":"hola"`, Inbound{Kind: KindUnsupported, Type: "text"}},
		"image without id":            {`"type":"image","image":{}`, Inbound{Kind: KindUnsupported, Type: "image"}},
		"location beyond numbers":     {`"type":"location","location":{"latitude":1e999,"longitude":0}`, Inbound{Kind: KindUnsupported, Type: "location"}},
		"contacts that are an object": {`"type":"contacts","contacts":{}`, Inbound{Kind: KindUnsupported, Type: "contacts"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := `{"from":"5491112345678","from_user_id":"AR.1","id":"wamid.1","timestamp":"1697043223",` + test.body + `}`
			hook, err := ParseWebhook(delivery(oneContact, raw))
			require.NoError(t, err)
			require.Empty(t, hook.Skipped)
			require.Len(t, hook.Messages, 1)
			want := test.want
			want.ID, want.PhoneNumberID, want.From, want.UserID, want.ProfileName = "wamid.1", "777", "5491112345678", "AR.1", "Ana"
			want.Timestamp, want.Raw = time.Unix(1697043223, 0).UTC(), json.RawMessage(raw)
			require.Equal(t, want, hook.Messages[0])
		})
	}
}

func TestParseWebhookFindsTheSender(t *testing.T) {
	t.Parallel()
	const two = `[{"profile":{"name":"Ana"},"wa_id":"5491112345678","user_id":"AR.1"},{"profile":{"name":"Beto","username":"beto"},"user_id":"AR.2"}]`
	tests := map[string]struct {
		contacts, sender         string
		from, userID, name, user string
	}{
		"by number":                        {two, `"from":"5491112345678",`, "5491112345678", "AR.1", "Ana", ""},
		"by number without the 9":          {two, `"from":"541112345678",`, "541112345678", "AR.1", "Ana", ""},
		"number is a JSON number":          {two, `"from":5491112345678,`, "5491112345678", "AR.1", "Ana", ""},
		"by user id, number hidden":        {two, `"from_user_id":"AR.2",`, "", "AR.2", "Beto", "beto"},
		"by user id, number from contact":  {two, `"from_user_id":"AR.1",`, "5491112345678", "AR.1", "Ana", ""},
		"user id before number":            {two, `"from":"5491112345678","from_user_id":"AR.2",`, "5491112345678", "AR.2", "Beto", "beto"},
		"stranger gets nobody's name":      {two, `"from":"5493510000000",`, "5493510000000", "", "", ""},
		"stranger beside a single contact": {oneContact, `"from":"5493510000000",`, "5493510000000", "", "", ""},
		"the only contact":                 {oneContact, ``, "5491112345678", "AR.1", "Ana", ""},
		"no contacts":                      {`null`, `"from":"5491112345678",`, "5491112345678", "", "", ""},
		"broken contacts":                  {`[7,{"profile":[]},{"wa_id":"x"}]`, `"from":"5491112345678",`, "5491112345678", "", "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hook, err := ParseWebhook(delivery(test.contacts, `{`+test.sender+`"id":"wamid.1","type":"text","text":{"body":"x"}}`))
			require.NoError(t, err)
			require.Len(t, hook.Messages, 1)
			got := hook.Messages[0]
			require.Equal(t, []string{test.from, test.userID, test.name, test.user}, []string{got.From, got.UserID, got.ProfileName, got.Username})
		})
	}
}

func TestParseWebhookKeepsTheRestOfABatch(t *testing.T) {
	t.Parallel()
	body := `{"object":"whatsapp_business_account","entry":[
	 {"id":"1","changes":[
	  {"field":"messages","value":{"metadata":{"phone_number_id":"777"},"contacts":` + oneContact + `,
	   "messages":[{"from":"5491112345678","id":"wamid.1","type":"text","text":{"body":"uno"}}, 7, {"type":"text"}, null,
	               {"from":"5491112345678","id":"wamid.2","timestamp":"pronto","type":"text","text":{"body":"dos"}}],
	   "statuses":[{"id":"wamid.s","status":"delivered"},"x",{"status":"read"}],
	   "errors":[{"code":131000,"title":"t","message":"m"},{"title":"u"},9]}},
	  {"field":"account_update","value":{"event":"x"}},
	  {"field":"messages"}, 3]},
	 5,
	 {"id":"2","changes":{}},
	 {"id":"3","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"888"},"messages":[{"from":"5491112345678","id":"wamid.3","type":"interactive"}]}}]}]}`
	hook, err := ParseWebhook([]byte(body))
	require.NoError(t, err)
	require.Len(t, hook.Messages, 3)
	require.Equal(t, "uno", hook.Messages[0].Text)
	require.Equal(t, "dos", hook.Messages[1].Text)
	require.True(t, hook.Messages[1].Timestamp.IsZero())
	require.Equal(t, "888", hook.Messages[2].PhoneNumberID)
	require.Len(t, hook.Statuses, 1)
	require.Equal(t, []AccountError{
		{PhoneNumberID: "777", PlatformError: PlatformError{Code: 131000, Title: "t", Message: "m"}},
		{PhoneNumberID: "777", PlatformError: PlatformError{Code: -1, Title: "u"}},
	}, hook.Errors)
	require.Equal(t, ReasonUnknown, hook.Errors[1].Reason())
	require.Equal(t, []string{"account_update"}, hook.OtherFields)
	require.Len(t, hook.Skipped, 9)
	for _, skipped := range hook.Skipped {
		require.NotEmpty(t, skipped.Reason)
		require.NotEmpty(t, skipped.Raw)
	}
}

func TestParseWebhookReadsStatuses(t *testing.T) {
	t.Parallel()
	body := `{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"777"},"statuses":[
	 {"id":"wamid.1","status":"failed","timestamp":"1698266945","recipient_id":"5491112345678","biz_opaque_callback_data":"RES1/hold",
	  "errors":[{"code":131047,"title":"t","message":"m","error_data":{"details":"d"},"href":"h"}]},
	 {"id":"wamid.2","status":"sent","timestamp":1698266945,"pricing":{"billable":true,"pricing_model":"PMP","category":"utility","type":"regular"}},
	 {"id":"wamid.3","status":"teleported"}]}}]}]}`
	hook, err := ParseWebhook([]byte(body))
	require.NoError(t, err)
	require.Len(t, hook.Statuses, 3)
	first, second := hook.Statuses[0], hook.Statuses[1]
	require.Equal(t, DeliveryFailed, first.State)
	require.Equal(t, "RES1/hold", first.CallbackData)
	require.Equal(t, "5491112345678", first.RecipientID)
	require.Equal(t, time.Unix(1698266945, 0).UTC(), first.Timestamp)
	require.Equal(t, ReasonWindowClosed, first.Errors[0].Reason())
	require.Equal(t, time.Unix(1698266945, 0).UTC(), second.Timestamp)
	require.Equal(t, &Pricing{Billable: true, Model: "PMP", Category: "utility", Type: "regular"}, second.Pricing)
	require.Equal(t, DeliveryUnknown, hook.Statuses[2].State)
}

func TestParseWebhookRefusesOnlyWhatIsNoObject(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", " ", "null", "7", `"x"`, "[]", "{", `{}{}`, "\xff", `{"entry":` + strings.Repeat("[", 20000)} {
		_, err := ParseWebhook([]byte(body))
		require.ErrorIs(t, err, ErrNotJSON, body)
	}
	for _, body := range []string{"{}", `{"entry":null}`, `{"entry":7}`, `{"entry":[]}`, `{"object":"instagram","entry":[{}]}`} {
		hook, err := ParseWebhook([]byte(body))
		require.NoError(t, err, body)
		require.Empty(t, hook.Messages)
	}
}

func TestParseWebhookKeepsHugeTexts(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("ñ", 1_400_000)
	hook, err := ParseWebhook(delivery(oneContact, `{"from":"5491112345678","id":"wamid.1","type":"text","text":{"body":"`+huge+`"}}`))
	require.NoError(t, err)
	require.Equal(t, huge, hook.Messages[0].Text)
}

func FuzzParseWebhook(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `{"entry":[{"changes":[{"field":"messages","value":{"messages":[{"id":"w","from":"1","type":"interactive"}],"statuses":[{}],"errors":[1]}}]}]}`,
		`{"entry":[{"changes":[{"field":"messages","value":{"contacts":[{}],"messages":[{"id":"w","type":"location","location":{"latitude":"NaN"}}]}}]}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Add(delivery(oneContact, `{"from":"5491112345678","id":"w","timestamp":"1","type":"text","text":{"body":"x"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		hook, err := ParseWebhook(body)
		if err != nil {
			require.ErrorIs(t, err, ErrNotJSON)
			return
		}
		for _, message := range hook.Messages {
			require.NotEmpty(t, message.ID)
			require.NotEmpty(t, message.From+message.UserID)
			require.NotEmpty(t, message.Kind)
			require.NotContains(t, message.Text, "\x00")
		}
		for _, status := range hook.Statuses {
			require.NotEmpty(t, status.ID)
		}
	})
}
