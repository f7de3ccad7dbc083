package postgres_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"cabanas/booking"
	"cabanas/store/postgres"
)

func (b *bench) notice(key string) int64 {
	b.t.Helper()
	id, err := b.QueueNotice(b.t.Context(), postgres.Notice{Key: key, GuestID: b.guest, Reply: raw(map[string]any{"kind": "link", "body": key}), TraceID: "t"}, now)
	require.NoError(b.t, err)
	return id
}

func (b *bench) sending(id int64) postgres.OutboundMessage {
	b.t.Helper()
	message, err := b.Outbound(b.t.Context(), id)
	require.NoError(b.t, err)
	return message
}

func TestQueueNotice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.notice("RES1/hold")
	require.Equal(t, id, b.notice("RES1/hold"))
	message := b.sending(id)
	require.Equal(t, "RES1/hold", message.EffectKey)
	require.Equal(t, b.guest, message.GuestID)
	require.NotEmpty(t, message.RecipientPhone, "a guest who never wrote is reached by the canonical number")
	require.True(t, message.WindowOpenUntil.IsZero())

	owner, err := b.QueueNotice(t.Context(), postgres.Notice{Key: "RES1/owner_confirmed", Owner: true, OwnerPhone: "5493510000000", Reply: raw("x")}, now)
	require.NoError(t, err)
	require.Equal(t, "5493510000000", b.sending(owner).RecipientPhone)
	require.Zero(t, b.sending(owner).GuestID)

	for range 2 {
		none, err := b.QueueNotice(t.Context(), postgres.Notice{Key: "RES1/owner_cancelled", Owner: true, Reply: raw("x")}, now)
		require.NoError(t, err)
		require.Zero(t, none, "on record, to nobody")
	}
	_, err = b.QueueNotice(t.Context(), postgres.Notice{Key: "RES1/hold_expired", Reply: raw("x")}, now)
	requireCode(t, err, booking.CodeInvalidInput)
	require.Equal(t, int64(3), ask[int64](b, `SELECT count(*) FROM notifications`))

	var group errgroup.Group
	ids := make([]int64, 20)
	for i := range ids {
		group.Go(func() error {
			id, err := b.QueueNotice(t.Context(), postgres.Notice{Key: "RES2/hold", GuestID: b.guest, Reply: raw("x")}, now)
			ids[i] = id
			return err
		})
	}
	require.NoError(t, group.Wait())
	for _, id := range ids {
		require.Equal(t, ids[0], id)
		require.NotZero(t, id)
	}
}

func TestSendingStates(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.notice("RES1/hold")
	claim, err := b.ClaimSend(t.Context(), id, now)
	require.NoError(t, err)
	require.Equal(t, postgres.Claim{Claimed: true, Was: postgres.MessageQueued, Attempts: 1}, claim)

	claim, err = b.ClaimSend(t.Context(), id, now.Add(time.Minute))
	require.NoError(t, err)
	require.True(t, claim.Claimed)
	require.Equal(t, postgres.MessageSending, claim.Was, "an earlier try may have reached the provider")
	require.True(t, claim.Since.Equal(now))
	require.Equal(t, 2, claim.Attempts)

	require.NoError(t, b.SendFailed(t.Context(), id, "throughput", false, now))
	require.Equal(t, postgres.MessageQueued, b.sending(id).Status)
	_, err = b.ClaimSend(t.Context(), id, now)
	require.NoError(t, err)
	require.NoError(t, b.SendAccepted(t.Context(), id, "wamid.1", now))
	require.Equal(t, postgres.MessageSent, b.sending(id).Status)
	require.Equal(t, "wamid.1", b.sending(id).ProviderID)
	claim, err = b.ClaimSend(t.Context(), id, now)
	require.NoError(t, err)
	require.False(t, claim.Claimed)
	require.Equal(t, postgres.MessageSent, claim.Was)
	require.NoError(t, b.SendFailed(t.Context(), id, "late news", true, now))
	require.Equal(t, postgres.MessageSent, b.sending(id).Status, "what was taken did not fail")

	final := b.notice("RES1/final")
	require.NoError(t, b.SendFailed(t.Context(), final, "recipient", true, now))
	require.Equal(t, postgres.MessageFailed, b.sending(final).Status)
	require.Equal(t, "recipient", ask[string](b, `SELECT error FROM messages WHERE id = $1`, final))
	for _, missing := range []error{
		b.SendAccepted(t.Context(), 4711, "w", now), b.SendFailed(t.Context(), 4711, "r", true, now),
		func() error { _, err := b.ClaimSend(t.Context(), 4711, now); return err }(),
		func() error { _, err := b.Outbound(t.Context(), 4711); return err }(),
	} {
		requireCode(t, missing, booking.CodeNotFound)
	}
}

func TestStatusesOnlyGoForward(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const sent, delivered, read, failed = postgres.MessageSent, postgres.MessageDelivered, postgres.MessageRead, postgres.MessageFailed
	tests := []struct {
		reports []postgres.MessageStatus
		want    postgres.MessageStatus
	}{
		{[]postgres.MessageStatus{delivered, sent}, delivered},
		{[]postgres.MessageStatus{read, delivered, sent, failed}, read},
		{[]postgres.MessageStatus{sent, failed, sent}, failed},
		{[]postgres.MessageStatus{failed, delivered}, delivered},
		{[]postgres.MessageStatus{failed, read, delivered}, read},
		{[]postgres.MessageStatus{delivered, failed}, delivered},
		{[]postgres.MessageStatus{"", "warming up"}, sent},
	}
	for i, test := range tests {
		id, wamid := b.notice(fmt.Sprint("RES1/", i)), fmt.Sprint("wamid.", i)
		require.NoError(t, b.SendAccepted(t.Context(), id, wamid, now))
		for _, report := range test.reports {
			require.NoError(t, b.ApplyStatus(t.Context(), postgres.StatusUpdate{ProviderID: wamid, Status: report, At: now}))
		}
		require.Equal(t, test.want, b.sending(id).Status, "%v", test.reports)
	}
	require.NoError(t, b.ApplyStatus(t.Context(), postgres.StatusUpdate{ProviderID: "wamid.nobody", CallbackData: "nothing", Status: read, At: now}))
}

func TestStatusSettlesATryWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, again := range map[string]bool{"claimed": false, "put back": true} {
		id := b.notice("RES1/" + name)
		_, err := b.ClaimSend(t.Context(), id, now)
		require.NoError(t, err)
		if again {
			require.NoError(t, b.SendFailed(t.Context(), id, "transient", false, now))
		}
		require.NoError(t, b.ApplyStatus(t.Context(), postgres.StatusUpdate{ProviderID: "wamid." + name, CallbackData: "RES1/" + name, Status: postgres.MessageDelivered, At: now}))
		message := b.sending(id)
		require.Equal(t, postgres.MessageDelivered, message.Status)
		require.Equal(t, "wamid."+name, message.ProviderID)
		claim, err := b.ClaimSend(t.Context(), id, now)
		require.NoError(t, err)
		require.False(t, claim.Claimed)
		// The lost answer turns up after all, and a second try got a wamid of its own.
		require.NoError(t, b.SendAccepted(t.Context(), id, "wamid.second"+name, now))
		require.Equal(t, "wamid."+name, b.sending(id).ProviderID)
		require.Equal(t, postgres.MessageDelivered, b.sending(id).Status)
	}
}

func TestInbox(t *testing.T) {
	t.Parallel()
	b := setup(t)
	insert := func(key string, at time.Time) (int64, bool) {
		id, isNew, err := b.InsertInbox(t.Context(), "whatsapp", key, []byte("{\"raw\":\x00}"), nil, "trace", at)
		require.NoError(t, err)
		return id, isNew
	}
	first, isNew := insert("a", now)
	require.True(t, isNew)
	same, isNew := insert("a", now.Add(time.Second))
	require.False(t, isNew)
	require.Equal(t, first, same)
	second, _ := insert("b", now.Add(-time.Second))
	third, _ := insert("c", now.Add(time.Hour))
	_, isNew, err := b.InsertInbox(t.Context(), "mercadopago", "a", nil, raw(map[string]string{"type": "payment"}), "", now)
	require.NoError(t, err)
	require.True(t, isNew, "keys are of a provider")

	pending := func(before time.Time) []int64 {
		items, err := b.PendingInbox(t.Context(), before, 10)
		require.NoError(t, err)
		ids := []int64{}
		for _, item := range items {
			if item.Provider == "whatsapp" {
				ids = append(ids, item.ID)
			}
		}
		return ids
	}
	require.Equal(t, []int64{first, second}, pending(now.Add(time.Minute)), "in the order they came")
	require.NoError(t, b.MarkDispatched(t.Context(), []int64{first}, now))
	require.Equal(t, []int64{second}, pending(now.Add(time.Minute)))

	pause := time.Duration(0)
	for _, want := range []int{1, 2, 4, 8, 10, 10} {
		require.NoError(t, b.MarkDispatchFailed(t.Context(), second, "temporal away", now))
		pause = time.Duration(want) * time.Second
		require.Empty(t, pending(now.Add(pause)), "it rests %s", pause)
		require.Equal(t, []int64{second}, pending(now.Add(pause+time.Millisecond)))
	}
	items, err := b.PendingInbox(t.Context(), now.Add(2*time.Hour), 10)
	require.NoError(t, err)
	require.Equal(t, "temporal away", items[0].LastError)
	require.Equal(t, 6, items[0].Attempts)
	require.Equal(t, []byte("{\"raw\":\x00}"), items[0].Body, "the bytes that were signed")
	require.Equal(t, third, items[1].ID, "by arrival, not by date")
	require.NoError(t, b.MarkDispatched(t.Context(), []int64{second, third}, now))
	require.NoError(t, b.MarkDispatchFailed(t.Context(), second, "too late", now))
	require.Empty(t, pending(now.Add(24*time.Hour)))
	require.NoError(t, b.MarkDispatched(t.Context(), nil, now))
}

func TestInboxTakesOneOfManyTwins(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var fresh atomic.Int32
	var group errgroup.Group
	for range 50 {
		group.Go(func() error {
			id, isNew, err := b.InsertInbox(t.Context(), "whatsapp", "twin", []byte("x"), nil, "", now)
			if isNew {
				fresh.Add(1)
			}
			if err == nil && id == 0 {
				return fmt.Errorf("no id")
			}
			return err
		})
	}
	require.NoError(t, group.Wait())
	require.Equal(t, int32(1), fresh.Load())
}
