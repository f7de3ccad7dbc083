package postgres_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"cabanas/booking"
	"cabanas/store/postgres"
)

func (b *bench) write(phone, wamid string, sentAt time.Time) (guestID, messageID int64) {
	b.t.Helper()
	guestID, messageID, isNew, err := b.RecordInbound(b.t.Context(), postgres.Inbound{
		Guest:      postgres.Guest{Phone: phone, WhatsAppPhone: phone, Name: "Ana de WhatsApp"},
		ProviderID: wamid, Kind: "text", Body: raw(map[string]any{"text": wamid}), SentAt: sentAt, TraceID: "trace-" + wamid,
	}, now)
	require.NoError(b.t, err)
	require.True(b.t, isNew)
	return guestID, messageID
}

// echo decides: the state counts turns, one reply repeats the message.
func echo(_ context.Context, turn postgres.TurnContext) (postgres.TurnDecision, error) {
	var state struct {
		Turns int `json:"turns"`
	}
	if turn.State != nil {
		if err := json.Unmarshal(turn.State, &state); err != nil {
			return postgres.TurnDecision{}, err
		}
	}
	state.Turns++
	return postgres.TurnDecision{
		State:   raw(state),
		Replies: []json.RawMessage{raw(map[string]any{"kind": "text", "body": turn.Message.ProviderID})},
	}, nil
}

func (b *bench) take(guestID int64) (postgres.TakenTurn, bool) {
	b.t.Helper()
	taken, found, err := b.TakeTurn(b.t.Context(), guestID, now, echo)
	require.NoError(b.t, err)
	return taken, found
}

// workOff sends what a turn says.
func (b *bench) workOff(turn postgres.TakenTurn) {
	b.t.Helper()
	for _, id := range turn.Deliver {
		claim, err := b.ClaimSend(b.t.Context(), id, now)
		require.NoError(b.t, err)
		require.True(b.t, claim.Claimed)
		require.NoError(b.t, b.SendAccepted(b.t.Context(), id, fmt.Sprintf("wamid.out%d", id), now))
	}
}

func TestRecordInbound(t *testing.T) {
	t.Parallel()
	b := setup(t)
	guestID, messageID := b.write("543511234567", "wamid.1", now)
	again, sameMessage, isNew, err := b.RecordInbound(t.Context(), postgres.Inbound{
		Guest: postgres.Guest{Phone: "543511234567"}, ProviderID: "wamid.1", Kind: "text", Body: raw("x"), SentAt: now}, now)
	require.NoError(t, err)
	require.False(t, isNew)
	require.Equal(t, guestID, again)
	require.Equal(t, messageID, sameMessage)

	window := func() time.Time {
		return ask[time.Time](b, `SELECT window_open_until FROM conversations WHERE guest_id = $1`, guestID)
	}
	b.write("543511234567", "wamid.2", now.Add(-time.Hour))
	require.True(t, window().Equal(now.Add(24*time.Hour)), "an older message does not shorten the window")
	b.write("543511234567", "wamid.3", now.Add(time.Hour))
	require.True(t, window().Equal(now.Add(25*time.Hour)))

	guest, err := b.Guest(t.Context(), guestID)
	require.NoError(t, err)
	require.Equal(t, "Ana de WhatsApp", guest.Name)
	_, err = b.UpsertGuest(t.Context(), postgres.Guest{Phone: "543511234567", Name: "Ana Pérez", Email: "ana@example.com", Language: "es"})
	require.NoError(t, err)
	b.write("543511234567", "wamid.4", now)
	guest, err = b.Guest(t.Context(), guestID)
	require.NoError(t, err)
	require.Equal(t, "Ana Pérez", guest.Name, "a profile name does not replace the name of a booking")
	require.Equal(t, "es", guest.Language)
	_, err = b.Guest(t.Context(), 4711)
	requireCode(t, err, booking.CodeNotFound)
}

func TestRecordInboundAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var group errgroup.Group
	guests := make([]int64, 40)
	for i := range guests {
		group.Go(func() error {
			id, _, _, err := b.RecordInbound(t.Context(), postgres.Inbound{Guest: postgres.Guest{Phone: "543511234567"},
				ProviderID: fmt.Sprint("wamid.", i/2), Kind: "text", Body: raw("x"), SentAt: now}, now)
			guests[i] = id
			return err
		})
	}
	require.NoError(t, group.Wait())
	for _, id := range guests {
		require.Equal(t, guests[0], id)
	}
	require.Equal(t, int64(20), ask[int64](b, `SELECT count(*) FROM messages`))
}

func TestTwoRowsOfOnePersonBecomeOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	// Booked by phone, wrote under a user name, then both show up in one message.
	booked, err := b.UpsertGuest(t.Context(), postgres.Guest{Phone: "543511111111", Name: "Ana", Email: "ana@example.com"})
	require.NoError(t, err)
	wish := b.wish(stay("2027-01-10", 2))
	wish.GuestID = booked
	r, err := b.PlaceHold(t.Context(), wish, now)
	require.NoError(t, err)
	writes, _, _, err := b.RecordInbound(t.Context(), postgres.Inbound{Guest: postgres.Guest{WhatsAppUserID: "AR.1"},
		ProviderID: "wamid.1", Kind: "text", Body: raw("x"), SentAt: now}, now)
	require.NoError(t, err)
	require.NotEqual(t, booked, writes)
	turn, found := b.take(writes)
	require.True(t, found)

	both := postgres.Guest{Phone: "543511111111", WhatsAppUserID: "AR.1"}
	one, _, _, err := b.RecordInbound(t.Context(), postgres.Inbound{Guest: both, ProviderID: "wamid.2", Kind: "text", Body: raw("x"), SentAt: now}, now)
	require.NoError(t, err)
	require.Equal(t, booked, one, "the older row stays")
	for _, id := range []int64{booked, writes} {
		guest, err := b.Guest(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, postgres.Guest{ID: booked, Phone: "543511111111", WhatsAppUserID: "AR.1", Name: "Ana", Email: "ana@example.com"}, guest)
		mine, err := b.GuestReservations(t.Context(), id, 5)
		require.NoError(t, err)
		require.Len(t, mine, 1)
		state, err := b.ConversationState(t.Context(), id)
		require.NoError(t, err)
		require.JSONEq(t, `{"turns":1}`, string(state), "the dialogue goes on")
	}
	b.workOff(turn) // ids that were given out stay good
	next, found := b.take(writes)
	require.True(t, found)
	b.workOff(next)
	require.Equal(t, r.Code, b.row(r.Code).Code)
	_, err = b.PlaceHold(t.Context(), wish, now)
	require.NoError(t, err)
	b.clean()
}

func TestTurnsComeInOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	guestID, _ := b.write("543511234567", "wamid.c", now.Add(2*time.Second))
	b.write("543511234567", "wamid.a", now)
	b.write("543511234567", "wamid.b", now)
	b.write("543519999999", "wamid.other", now)
	for turn, want := range []string{"wamid.a", "wamid.b", "wamid.c"} {
		taken, found := b.take(guestID)
		require.True(t, found)
		require.Equal(t, "trace-"+want, taken.TraceID)
		require.Len(t, taken.Deliver, 1)
		message, err := b.Outbound(t.Context(), taken.Deliver[0])
		require.NoError(t, err)
		require.JSONEq(t, `{"kind":"text","body":"`+want+`"}`, string(message.Reply))
		require.Equal(t, fmt.Sprintf("%d/0", taken.MessageID), message.EffectKey)
		require.Equal(t, "543511234567", message.RecipientPhone)
		require.Equal(t, "trace-"+want, message.TraceID)
		require.Equal(t, postgres.MessageQueued, message.Status)
		require.True(t, message.WindowOpenUntil.Equal(now.Add(24*time.Hour+2*time.Second)))
		state, err := b.ConversationState(t.Context(), guestID)
		require.NoError(t, err)
		require.JSONEq(t, fmt.Sprintf(`{"turns":%d}`, turn+1), string(state))
		b.workOff(taken)
	}
	_, found := b.take(guestID)
	require.False(t, found)
	_, found = b.take(b.guest)
	require.False(t, found, "somebody who never wrote")
	_, found = b.take(4711)
	require.False(t, found)
}

func TestTurnIsGivenAgainUntilWorkedOff(t *testing.T) {
	t.Parallel()
	b := setup(t)
	guestID, messageID := b.write("543511234567", "wamid.1", now)
	b.write("543511234567", "wamid.2", now)
	key := fmt.Sprintf("%d/effect/0", messageID)
	asks := 0
	decide := func(context.Context, postgres.TurnContext) (postgres.TurnDecision, error) {
		asks++
		return postgres.TurnDecision{State: raw(1), Replies: []json.RawMessage{raw("one moment")}, Effects: raw([]map[string]string{{"key": key}}), Understood: raw("book")}, nil
	}
	take := func() postgres.TakenTurn {
		taken, found, err := b.TakeTurn(t.Context(), guestID, now, decide)
		require.NoError(t, err)
		require.True(t, found)
		return taken
	}
	first := take()
	again := take()
	require.Equal(t, first.MessageID, again.MessageID, "the caller may have died before it heard")
	require.Equal(t, first.Deliver, again.Deliver)
	require.JSONEq(t, string(first.Effects), string(again.Effects))
	require.Equal(t, 1, asks)
	require.JSONEq(t, `[{"key":"`+key+`"}]`, string(first.Effects))

	b.workOff(first)
	second := take()
	require.Equal(t, messageID, second.MessageID, "the effect is still to be done")
	require.Empty(t, second.Deliver)

	told, existing, err := b.StoreEffectOutcome(t.Context(), guestID, messageID, key, raw(2), []json.RawMessage{raw("done"), raw("bye")}, now)
	require.NoError(t, err)
	require.False(t, existing)
	require.Len(t, told, 2)
	repeated, existing, err := b.StoreEffectOutcome(t.Context(), guestID, messageID, key, raw(3), []json.RawMessage{raw("other")}, now)
	require.NoError(t, err)
	require.True(t, existing)
	require.Equal(t, told, repeated)
	state, err := b.ConversationState(t.Context(), guestID)
	require.NoError(t, err)
	require.JSONEq(t, `2`, string(state))

	third := take()
	require.Equal(t, told, third.Deliver, "what the outcome says is still to be said")
	b.workOff(third)
	require.NotEqual(t, messageID, take().MessageID)
	require.Equal(t, 2, asks)
	_, _, err = b.StoreEffectOutcome(t.Context(), guestID, 4711, key, nil, nil, now)
	requireCode(t, err, booking.CodeNotFound)
	b.clean()
}

func TestATurnWhoseReplyWasBeingSentIsGivenAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	guestID, messageID := b.write("543511234567", "wamid.1", now)
	b.write("543511234567", "wamid.2", now)
	take := func() postgres.TakenTurn {
		taken, found, err := b.TakeTurn(t.Context(), guestID, now, func(context.Context, postgres.TurnContext) (postgres.TurnDecision, error) {
			return postgres.TurnDecision{State: raw(1), Replies: []json.RawMessage{raw("hola")}}, nil
		})
		require.NoError(t, err)
		require.True(t, found)
		return taken
	}
	first := take()
	_, err := b.ClaimSend(t.Context(), first.Deliver[0], now)
	require.NoError(t, err)
	again := take()
	require.Equal(t, messageID, again.MessageID, "who was sending may have died, and nobody else knows of the reply")
	require.Equal(t, first.Deliver, again.Deliver)
	require.NoError(t, b.SendAccepted(t.Context(), first.Deliver[0], "wamid.out", now))
	require.NotEqual(t, messageID, take().MessageID)
}

func TestATurnThatIsNeverWorkedOffIsGivenUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	guestID, messageID := b.write("543511234567", "wamid.1", now)
	b.write("543511234567", "wamid.2", now)
	for range 10 {
		taken, found := b.take(guestID)
		require.True(t, found)
		require.Equal(t, messageID, taken.MessageID)
	}
	taken, _ := b.take(guestID)
	require.NotEqual(t, messageID, taken.MessageID)
}

func TestAFailedDecisionStoresNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	guestID, _ := b.write("543511234567", "wamid.1", now)
	broken := errors.New("calendar away")
	_, found, err := b.TakeTurn(t.Context(), guestID, now, func(context.Context, postgres.TurnContext) (postgres.TurnDecision, error) {
		return postgres.TurnDecision{}, broken
	})
	require.ErrorIs(t, err, broken)
	require.False(t, found)
	_, found = b.take(guestID)
	require.True(t, found)
}

// Many callers at once, on a store with a single connection that every decision uses too.
func TestTurnsTakenAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	narrow, err := postgres.Open(t.Context(), b.url, 1)
	require.NoError(t, err)
	t.Cleanup(narrow.Close)
	const messages = 30
	var guestID int64
	for i := range messages {
		guestID, _ = b.write("543511234567", fmt.Sprintf("wamid.%02d", i), now.Add(time.Duration(i)*time.Second))
	}
	var group errgroup.Group
	for range 8 {
		group.Go(func() error {
			for {
				taken, found, err := narrow.TakeTurn(t.Context(), guestID, now, func(ctx context.Context, turn postgres.TurnContext) (postgres.TurnDecision, error) {
					if _, err := narrow.Property(ctx); err != nil {
						return postgres.TurnDecision{}, err
					}
					decision, err := echo(ctx, turn)
					decision.Replies = nil
					return decision, err
				})
				if err != nil || !found {
					return err
				}
				if len(taken.Deliver) > 0 {
					return fmt.Errorf("turn of message %d was not worked off", taken.MessageID)
				}
			}
		})
	}
	require.NoError(t, group.Wait())
	state, err := b.ConversationState(t.Context(), guestID)
	require.NoError(t, err)
	require.JSONEq(t, fmt.Sprintf(`{"turns":%d}`, messages), string(state), "each turn saw the state of the one before")
	b.clean()
}
