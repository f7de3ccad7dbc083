package whatsapp_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/gateways/whatsapp"
)

func echoHook(field, echoes string) []byte {
	return fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":%q,"value":{
		"messaging_product":"whatsapp","metadata":{"display_phone_number":"5492944000000","phone_number_id":"106540352242922"},
		"message_echoes":%s}}]}]}`, field, echoes)
}

func TestEchoesOfTheOwnersPhone(t *testing.T) {
	t.Parallel()
	for _, field := range []string{"smb_message_echoes", "message_echoes"} {
		hook, err := whatsapp.ParseWebhook(echoHook(field, `[
			{"from":"5492944000000","to":"5491155550101","id":"wamid.1","timestamp":"1795360000","type":"text","text":{"body":"hola, soy Marta"}},
			{"from":"5492944000000","to":"5491155550101","id":"wamid.2","timestamp":1795360001,"type":"image","image":{"id":"m1","mime_type":"image/jpeg","caption":"la cabaña"}},
			{"from":"5492944000000","to_user_id":"AR.1","id":"wamid.3","timestamp":"x","type":"of next year"},
			{"from":"5492944000000","id":"wamid.4","type":"text","text":{"body":"to whom?"}},
			{"to":"5491155550101","type":"text"},
			7]`))
		require.NoError(t, err)
		at := time.Unix(1795360000, 0).UTC()
		require.Equal(t, []whatsapp.Echo{
			{ID: "wamid.1", PhoneNumberID: "106540352242922", To: "5491155550101", Timestamp: at, Kind: whatsapp.KindText, Text: "hola, soy Marta"},
			{ID: "wamid.2", PhoneNumberID: "106540352242922", To: "5491155550101", Timestamp: at.Add(time.Second), Kind: whatsapp.KindImage, Text: "la cabaña",
				Media: &whatsapp.Media{ID: "m1", MIMEType: "image/jpeg"}},
			{ID: "wamid.3", PhoneNumberID: "106540352242922", ToUserID: "AR.1", Kind: whatsapp.KindUnsupported},
		}, hook.Echoes)
		require.Len(t, hook.Skipped, 3)
		require.Empty(t, hook.Messages)
		require.Empty(t, hook.OtherFields)
	}
}

func TestHistoryIsNoEcho(t *testing.T) {
	t.Parallel()
	hook, err := whatsapp.ParseWebhook(echoHook("history", `[{"to":"5491155550101","id":"wamid.1","type":"text","text":{"body":"hola"}}]`))
	require.NoError(t, err)
	require.Empty(t, hook.Echoes)
	require.Equal(t, []string{"history"}, hook.OtherFields)
}
