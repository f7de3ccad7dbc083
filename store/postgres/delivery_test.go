package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/store/postgres"
)

// taken claims a message and has the provider take it.
func (b *bench) taken(id int64, wamid string) {
	b.t.Helper()
	_, err := b.ClaimSend(b.t.Context(), id, now)
	require.NoError(b.t, err)
	require.NoError(b.t, b.SendAccepted(b.t.Context(), id, wamid, now))
}

func (b *bench) fails(wamid, key, code string, remedy postgres.Remedy) int64 {
	b.t.Helper()
	id, err := b.ApplyFailure(b.t.Context(), postgres.StatusUpdate{ProviderID: wamid, CallbackData: key,
		Status: postgres.MessageFailed, ErrorCode: code, At: now}, remedy)
	require.NoError(b.t, err)
	return id
}

func (b *bench) reports(wamid string, status postgres.MessageStatus) {
	b.t.Helper()
	require.NoError(b.t, b.ApplyStatus(b.t.Context(), postgres.StatusUpdate{ProviderID: wamid, Status: status, At: now}))
}

// mobile is a new guest who wrote from an Argentine mobile, with a message to send.
func (b *bench) mobile(whatsAppPhone, key string) int64 {
	b.t.Helper()
	guest, _, _, err := b.RecordInbound(b.t.Context(), postgres.Inbound{Guest: postgres.Guest{Phone: "54" + whatsAppPhone[3:], WhatsAppPhone: whatsAppPhone},
		ProviderID: "wamid.in/" + key, Kind: "text", Body: raw("x"), SentAt: now}, now)
	require.NoError(b.t, err)
	id, err := b.QueueNotice(b.t.Context(), postgres.Notice{Key: key, GuestID: guest, Reply: raw("x")}, now)
	require.NoError(b.t, err)
	return id
}

func TestAMessageThatFailedAfterItWasTakenIsSentAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.notice("RES1/hold")
	require.Zero(t, b.fails("wamid.0", "", "131000", postgres.RemedyRepeat), "nobody tried yet")
	for try := range 4 {
		_, err := b.ClaimSend(t.Context(), id, now)
		require.NoError(t, err)
		wamid := fmt.Sprintf("wamid.%d", try)
		_, err = b.ApplyFailure(t.Context(), postgres.StatusUpdate{ProviderID: wamid, CallbackData: "RES1/hold", Status: postgres.MessageFailed, At: now}, postgres.RemedyRepeat)
		requireCode(t, err, booking.CodeUnavailable)
		require.NoError(t, b.SendAccepted(t.Context(), id, wamid, now))
		for range 2 {
			require.Equal(t, id, b.fails(wamid, "RES1/hold", "131000", postgres.RemedyRepeat), "and found again until it is sent again")
		}
		require.Equal(t, postgres.MessageQueued, b.sending(id).Status)
		require.Equal(t, "131000", b.sending(id).Error)
	}
	b.taken(id, "wamid.4")
	require.Zero(t, b.fails("wamid.1", "RES1/hold", "131000", postgres.RemedyRepeat), "a report about an earlier try")
	require.Equal(t, postgres.MessageSent, b.sending(id).Status, "says nothing about this one")
	for range 2 {
		require.Equal(t, id, b.fails("wamid.4", "RES1/hold", "131000", postgres.RemedyRepeat), "it had its tries: somebody has to be told")
		require.Equal(t, postgres.MessageFailed, b.sending(id).Status)
	}
	b.reports("wamid.4", postgres.MessageDelivered)
	require.Zero(t, b.fails("wamid.4", "RES1/hold", "131000", postgres.RemedyRepeat), "it arrived after all")
}

func TestAFailureForGoodIsFoundUntilItIsTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.notice("RES1/hold")
	b.taken(id, "wamid.1")
	for range 2 {
		require.Equal(t, id, b.fails("wamid.1", "RES1/hold", "131050", postgres.RemedyNone))
	}
	require.Equal(t, postgres.MessageFailed, b.sending(id).Status)
	require.Equal(t, "131050", b.sending(id).Error)
	require.Zero(t, b.fails("wamid.nobody", "", "131050", postgres.RemedyNone))
}

func TestAccountTroubleOutlastsTheUsualTries(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.notice("RES1/hold")
	for try := range 20 {
		wamid := fmt.Sprintf("wamid.%d", try)
		b.taken(id, wamid)
		require.Equal(t, id, b.fails(wamid, "RES1/hold", "131042", postgres.RemedyAccount))
		require.Equal(t, postgres.MessageQueued, b.sending(id).Status)
	}
}

func TestAClosedWindowIsRemembered(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.mobile("5491155550303", "RES9/hold")
	b.taken(id, "wamid.out")
	require.True(t, b.sending(id).WindowOpenUntil.After(now))
	require.Equal(t, id, b.fails("wamid.out", "", "131047", postgres.RemedyTemplate))
	require.False(t, b.sending(id).WindowOpenUntil.After(now), "the next try takes the template")
}

func TestAnArgentineNumberIsTriedOnceWithoutItsNine(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, other := b.mobile("5491155550404", "RES1/hold"), int64(0)
	b.taken(id, "wamid.1")
	require.Equal(t, "5491155550404", b.sending(id).RecipientPhone)
	for range 2 {
		require.Equal(t, id, b.fails("wamid.1", "RES1/hold", "131026", postgres.RemedyOtherForm))
		require.Equal(t, "541155550404", b.sending(id).RecipientPhone)
	}
	b.taken(id, "wamid.2")
	other = b.mobile("5491155550404", "RES1/confirmed")
	require.Equal(t, "5491155550404", b.sending(other).RecipientPhone, "not known to work yet")
	b.reports("wamid.2", postgres.MessageDelivered)
	require.Equal(t, "541155550404", b.sending(other).RecipientPhone, "what worked is remembered")
	require.Equal(t, "541155550404", ask[string](b, `SELECT phone FROM guests WHERE whatsapp_phone = '5491155550404'`), "and matching goes on as before")

	// Neither form arrives: told, not tried for ever.
	id = b.mobile("5491155550505", "RES2/hold")
	b.taken(id, "wamid.3")
	require.Equal(t, id, b.fails("wamid.3", "RES2/hold", "131026", postgres.RemedyOtherForm))
	b.taken(id, "wamid.4")
	require.Equal(t, id, b.fails("wamid.4", "RES2/hold", "131026", postgres.RemedyOtherForm))
	require.Equal(t, postgres.MessageFailed, b.sending(id).Status)
	require.Empty(t, ask[string](b, `SELECT whatsapp_send_to FROM guests WHERE whatsapp_phone = '5491155550505'`))

	foreign, err := b.QueueNotice(t.Context(), postgres.Notice{Key: "RES3/hold", GuestID: b.guest, Reply: raw("x")}, now)
	require.NoError(t, err)
	b.taken(foreign, "wamid.5")
	require.Equal(t, foreign, b.fails("wamid.5", "RES3/hold", "131026", postgres.RemedyOtherForm), "has no other form")
	require.Equal(t, postgres.MessageFailed, b.sending(foreign).Status)
}

func TestFormThatWorkedIsOfOneNumber(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.mobile("5491155550606", "RES1/hold")
	require.NoError(t, b.RememberSendTo(t.Context(), id, "541155550606", now))
	require.Equal(t, "541155550606", b.sending(id).RecipientPhone)
	b.exec(`UPDATE guests SET whatsapp_phone = '5491166660606' WHERE whatsapp_phone = '5491155550606'`)
	require.Equal(t, "5491166660606", b.sending(id).RecipientPhone, "a new number starts over")
	require.NoError(t, b.RememberSendTo(t.Context(), id, "541166660606", now))
	require.NoError(t, b.RememberSendTo(t.Context(), id, "", now))
	require.Equal(t, "5491166660606", b.sending(id).RecipientPhone)
}

func TestOwnerWhoWritesToTheBotHasAWindow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	alarm := func(key, phone string) int64 {
		id, err := b.QueueNotice(t.Context(), postgres.Notice{Key: key, Owner: true, OwnerPhone: phone, Reply: raw("x")}, now)
		require.NoError(t, err)
		return id
	}
	first := alarm("RES1/owner_confirmed", "5493515550909")
	require.True(t, b.sending(first).WindowOpenUntil.IsZero())
	b.mobile("5493515550909", "RES1/hold")
	for _, setting := range []string{"5493515550909", "+5493515550909", "543515550909"} {
		message := b.sending(alarm("RES1/"+setting, setting))
		require.True(t, message.WindowOpenUntil.After(now), setting)
		require.Equal(t, "5493515550909", message.RecipientPhone, "as WhatsApp wrote it")
		require.Zero(t, message.GuestID)
	}
	b.taken(first, "wamid.1")
	require.Equal(t, first, b.fails("wamid.1", "RES1/owner_confirmed", "131047", postgres.RemedyTemplate))
	require.False(t, b.sending(first).WindowOpenUntil.After(now))
}

func TestUnaskedAndOptedOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, err := b.QueueNotice(t.Context(), postgres.Notice{Key: "RES1/arrival", GuestID: b.guest, Reply: raw("x"), Unasked: true}, now)
	require.NoError(t, err)
	require.True(t, b.sending(id).Unasked)
	require.False(t, b.sending(id).OptedOut)
	require.False(t, b.sending(b.notice("RES1/confirmed")).Unasked)
	b.exec(`UPDATE guests SET opted_out_at = $2 WHERE id = $1`, b.guest, now)
	require.True(t, b.sending(id).OptedOut)
}

func TestNoticeWaits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	waits := func() bool {
		found, err := b.NoticeWaits(t.Context(), "owner_account/")
		require.NoError(t, err)
		return found
	}
	require.False(t, waits())
	record := func(key, phone string) int64 {
		id, err := b.QueueNotice(t.Context(), postgres.Notice{Key: key, Owner: true, OwnerPhone: phone, Reply: raw("x")}, now.Add(time.Hour))
		require.NoError(t, err)
		return id
	}
	require.Zero(t, record("owner_account/1", ""))
	require.False(t, waits(), "on record only")
	id := record("owner_account/2", "5493515550909")
	require.True(t, waits())
	b.taken(id, "wamid.1")
	require.False(t, waits())
}
