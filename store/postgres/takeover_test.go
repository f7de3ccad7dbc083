package postgres_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/store/postgres"
)

// sees takes one turn and returns whether a person had taken over when it was decided.
func (b *bench) sees(guestID int64, at time.Time) (handedOver bool, taken postgres.TakenTurn) {
	b.t.Helper()
	taken, found, err := b.TakeTurn(b.t.Context(), guestID, at, func(_ context.Context, turn postgres.TurnContext) (postgres.TurnDecision, error) {
		handedOver = turn.HandedOver
		return postgres.TurnDecision{State: raw(1)}, nil
	})
	require.NoError(b.t, err)
	require.True(b.t, found)
	return handedOver, taken
}

// reply is what the bot says when it is back.
func reply(words string) func(context.Context, postgres.ReturnContext) (json.RawMessage, []json.RawMessage, error) {
	return func(_ context.Context, talk postgres.ReturnContext) (json.RawMessage, []json.RawMessage, error) {
		if !talk.Unanswered || !talk.WindowOpen {
			return nil, nil, nil
		}
		return raw("back"), []json.RawMessage{raw(map[string]string{"kind": "text", "body": words})}, nil
	}
}

func TestHandedOver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	guestID, _ := b.write("543511234567", "wamid.1", now)
	require.NoError(t, b.SetHandedOver(t.Context(), guestID, true, time.Time{}))
	silent, taken := b.sees(guestID, now.Add(1000*time.Hour))
	require.True(t, silent, "without end")
	require.Zero(t, taken.TakenOverUntil)
	requireCode(t, b.SetHandedOver(t.Context(), b.guest, true, time.Time{}), booking.CodeNotFound)
	state, err := b.ConversationState(t.Context(), b.guest)
	require.NoError(t, err)
	require.Nil(t, state)
}

func TestATakeoverEndsByItself(t *testing.T) {
	t.Parallel()
	b := setup(t)
	until := now.Add(4 * time.Hour)
	guestID, _ := b.write("543511234567", "wamid.1", now)
	require.NoError(t, b.SetHandedOver(t.Context(), guestID, true, until))
	b.write("543511234567", "wamid.2", now.Add(time.Second))
	silent, taken := b.sees(guestID, until.Add(-time.Second))
	require.True(t, silent)
	require.True(t, taken.TakenOverUntil.Equal(until))
	taken2, err := b.HandedOver(t.Context(), guestID, until.Add(-time.Second))
	require.NoError(t, err)
	require.True(t, taken2)

	silent, taken = b.sees(guestID, until)
	require.False(t, silent, "who writes after it is answered")
	require.Zero(t, taken.TakenOverUntil)
	require.False(t, ask[bool](b, `SELECT handed_over FROM conversations WHERE guest_id = $1`, guestID))
	b.clean()
}

func TestBotComesBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	until := now.Add(4 * time.Hour)
	guestID, messageID := b.write("543511234567", "wamid.1", now)
	require.NoError(t, b.SetHandedOver(t.Context(), guestID, true, until))
	b.sees(guestID, now)

	early, err := b.ReturnToBot(t.Context(), guestID, false, until.Add(-time.Second), reply("too early"))
	require.NoError(t, err)
	require.True(t, early.TakenOverUntil.Equal(until))
	require.Empty(t, early.Deliver)

	back, err := b.ReturnToBot(t.Context(), guestID, false, until, reply("back"))
	require.NoError(t, err)
	require.Len(t, back.Deliver, 1)
	again, err := b.ReturnToBot(t.Context(), guestID, false, until, reply("once more"))
	require.NoError(t, err)
	require.Equal(t, back, again, "who asked may have died before it heard")
	message, err := b.Outbound(t.Context(), back.Deliver[0])
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf("%d/return/0", messageID), message.EffectKey)
	require.JSONEq(t, `{"kind":"text","body":"back"}`, string(message.Reply))
	b.workOff(postgres.TakenTurn{Deliver: back.Deliver})
	again, err = b.ReturnToBot(t.Context(), guestID, false, until, reply("once more"))
	require.NoError(t, err)
	require.Empty(t, again.Deliver)

	require.NoError(t, b.SetHandedOver(t.Context(), guestID, true, time.Time{}))
	again, err = b.ReturnToBot(t.Context(), guestID, true, until, reply("a second time"))
	require.NoError(t, err)
	require.Empty(t, again.Deliver, "one message is told of the return once")
	taken, err := b.HandedOver(t.Context(), guestID, until)
	require.NoError(t, err)
	require.False(t, taken)
	nobody, err := b.ReturnToBot(t.Context(), 4711, true, until, reply("nobody"))
	require.NoError(t, err)
	require.Zero(t, nobody)
	b.clean()
}

func TestBotComesBackQuietlyToWhoWasAnswered(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(*bench, int64) time.Time{
		"a person answered": func(b *bench, _ int64) time.Time {
			b.echo("543511234567", "wamid.echo", now.Add(time.Minute), now.Add(time.Hour))
			return now.Add(time.Hour)
		},
		"the window is closed": func(b *bench, guestID int64) time.Time {
			require.NoError(b.t, b.SetHandedOver(b.t.Context(), guestID, true, now.Add(25*time.Hour)))
			return now.Add(25 * time.Hour)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			guestID, _ := b.write("543511234567", "wamid.1", now)
			b.take(guestID)
			at := act(b, guestID)
			back, err := b.ReturnToBot(t.Context(), guestID, false, at, reply("back"))
			require.NoError(t, err)
			require.Zero(t, back)
			require.False(t, ask[bool](b, `SELECT handed_over FROM conversations WHERE guest_id = $1`, guestID))
		})
	}
}

func (b *bench) echo(phone, wamid string, sentAt, until time.Time) (guestID int64, isNew bool) {
	b.t.Helper()
	guestID, isNew, err := b.RecordEcho(b.t.Context(), postgres.Echo{
		Guest: postgres.Guest{Phone: phone, WhatsAppPhone: phone}, ProviderID: wamid, Kind: "text",
		Body: raw(map[string]string{"kind": "text", "body": "hola, soy el dueño"}), SentAt: sentAt, TakeOver: true, Until: until,
	}, sentAt)
	require.NoError(b.t, err)
	return guestID, isNew
}

func TestAnEchoIsWhatThePhoneSaid(t *testing.T) {
	t.Parallel()
	b := setup(t)
	guestID, _ := b.write("543511234567", "wamid.1", now)
	window := ask[time.Time](b, `SELECT window_open_until FROM conversations WHERE guest_id = $1`, guestID)
	id, isNew := b.echo("543511234567", "wamid.echo", now, now.Add(time.Hour))
	require.Equal(t, guestID, id)
	require.True(t, isNew)
	require.Equal(t, "phone sent", ask[string](b, `SELECT author || ' ' || status FROM messages WHERE provider_id = 'wamid.echo'`))
	require.True(t, window.Equal(ask[time.Time](b, `SELECT window_open_until FROM conversations WHERE guest_id = $1`, guestID)))
	until := func() *time.Time {
		return ask[*time.Time](b, `SELECT handed_over_until FROM conversations WHERE guest_id = $1`, guestID)
	}
	require.True(t, until().Equal(now.Add(time.Hour)))

	require.NoError(t, b.SetHandedOver(t.Context(), guestID, false, time.Time{}))
	_, isNew = b.echo("543511234567", "wamid.echo", now, now.Add(time.Hour))
	require.False(t, isNew)
	require.Nil(t, until(), "a repetition silences nobody")

	b.echo("543511234567", "wamid.echo2", now, now.Add(3*time.Hour))
	b.echo("543511234567", "wamid.echo3", now, now.Add(2*time.Hour))
	require.True(t, until().Equal(now.Add(3*time.Hour)), "never for less than before")
	require.NoError(t, b.SetHandedOver(t.Context(), guestID, true, time.Time{}))
	b.echo("543511234567", "wamid.echo4", now, now.Add(2*time.Hour))
	require.Nil(t, until(), "nor less than without end")
	b.clean()
}

func TestAnEchoToSomebodyWhoNeverWrote(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, isNew := b.echo("543519999999", "wamid.echo", now, time.Time{})
	require.True(t, isNew)
	require.False(t, ask[time.Time](b, `SELECT window_open_until FROM conversations WHERE guest_id = $1`, id).After(now), "nobody opened a window")
	taken, err := b.HandedOver(t.Context(), id, now.Add(1000*time.Hour))
	require.NoError(t, err)
	require.True(t, taken)
	old, isNew, err := b.RecordEcho(t.Context(), postgres.Echo{Guest: postgres.Guest{WhatsAppUserID: "AR.7"}, ProviderID: "wamid.old", Kind: "text",
		Body: raw(1), SentAt: now.Add(-time.Hour)}, now)
	require.NoError(t, err)
	require.True(t, isNew)
	taken, err = b.HandedOver(t.Context(), old, now)
	require.NoError(t, err)
	require.False(t, taken, "history silences nobody")
	b.clean()
}

func TestOneTurnAnswersSeveralMessages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var ids []int64
	var guestID int64
	for n := range 5 {
		var id int64
		guestID, id = b.write("543511234567", fmt.Sprint("wamid.", n), now.Add(time.Duration(n)*time.Second))
		ids = append(ids, id)
	}
	taken, found, err := b.TakeTurn(t.Context(), guestID, now, func(_ context.Context, turn postgres.TurnContext) (postgres.TurnDecision, error) {
		require.Len(t, turn.Waiting, 5)
		for n, message := range turn.Waiting {
			require.Equal(t, ids[n], message.ID)
			require.True(t, message.SentAt.Equal(now.Add(time.Duration(n)*time.Second)))
			require.Equal(t, fmt.Sprint("trace-wamid.", n), message.TraceID)
		}
		return postgres.TurnDecision{State: raw(map[string]int{"turns": 3}), Replies: []json.RawMessage{raw(map[string]string{"body": "one"})}, Understood: raw(2),
			Effects: raw([]map[string]string{{"key": "k"}}), Merged: 2}, nil
	})
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, ids[2], taken.MessageID)
	require.Equal(t, ids[:2], taken.Merged)
	require.Len(t, taken.Deliver, 1)
	require.Equal(t, "trace-wamid.2", taken.TraceID)
	require.Equal(t, "3 of 2 in order", ask[string](b, `SELECT count(*) || ' of ' || count(merged_into) ||
		CASE WHEN array_agg(message_id ORDER BY id) = $1::bigint[] THEN ' in order' ELSE ' mixed up' END FROM turns`, ids[:3]))
	require.Equal(t, int64(1), ask[int64](b, `SELECT count(*) FROM turns WHERE effects <> '[]' AND understood IS NOT NULL AND merged_into IS NULL`))

	again, found := b.take(guestID)
	require.True(t, found)
	require.Equal(t, taken.MessageID, again.MessageID, "given again until worked off")
	b.workOff(taken)
	_, _, err = b.StoreEffectOutcome(t.Context(), guestID, taken.MessageID, "k", nil, nil, now)
	require.NoError(t, err)
	next, _ := b.take(guestID)
	require.Equal(t, ids[3], next.MessageID)

	said, err := b.TurnMessages(t.Context(), taken.MessageID)
	require.NoError(t, err)
	require.Len(t, said, 3)
	require.JSONEq(t, `{"text":"wamid.1"}`, string(said[1].Body))
	b.clean()
}

func TestOptOutEndsWithATurn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	guestID, _ := b.write("543511234567", "wamid.1", now)
	out := func() bool { return ask[bool](b, `SELECT opted_out_at IS NOT NULL FROM guests WHERE id = $1`, guestID) }
	require.NoError(t, b.SetOptedOut(t.Context(), guestID, true, now))
	require.NoError(t, b.SetOptedOut(t.Context(), guestID, true, now.Add(time.Hour)))
	require.True(t, ask[time.Time](b, `SELECT opted_out_at FROM guests WHERE id = $1`, guestID).Equal(now), "since the first time")
	_, _, err := b.TakeTurn(t.Context(), guestID, now, func(context.Context, postgres.TurnContext) (postgres.TurnDecision, error) {
		return postgres.TurnDecision{State: raw(1), OptedIn: true}, nil
	})
	require.NoError(t, err)
	require.False(t, out())
	require.NoError(t, b.SetOptedOut(t.Context(), guestID, true, now))
	require.NoError(t, b.SetOptedOut(t.Context(), guestID, false, now))
	require.False(t, out())
}
