package workflows_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cabanas/workflows"
)

const settle = 1500 * time.Millisecond

// writes makes the guest write texts after a while, all pieces of something.
func (w *conversationWorld) writes(after, settle time.Duration, ids ...int64) {
	w.RegisterDelayedCallback(func() {
		for _, id := range ids {
			w.talk.mu.Lock()
			w.texts[id] = true
			w.waiting = append(w.waiting, id)
			w.talk.mu.Unlock()
			w.SignalWorkflow(workflows.SignalMessage, workflows.MessageSignal{MessageID: id, Settle: settle, Free: true})
		}
	}, after)
}

// at notes when each thing is said.
func (w *conversationWorld) stamped() *[]string {
	began, stamps := w.Now(), &[]string{}
	w.talk.heard = func(what string) {
		*stamps = append(*stamps, fmt.Sprintf("%s %s", w.Now().Sub(began).Round(10*time.Millisecond), what))
	}
	return stamps
}

func TestPiecesAreAnsweredOnceWhenTheGuestPauses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		write func(*conversationWorld)
		want  []string
	}{
		"a lone piece": {func(w *conversationWorld) { w.writes(0, settle, 1) }, []string{"1.5s [10]"}},
		"whole":        {func(w *conversationWorld) { w.writes(0, 0, 1) }, []string{"0s [10]"}},
		"three pieces": {func(w *conversationWorld) {
			w.writes(0, settle, 1)
			w.writes(time.Second, settle, 2)
			w.writes(2*time.Second, settle, 3)
		}, []string{"3.5s [30]"}},
		"the rest is whole": {func(w *conversationWorld) {
			w.writes(0, settle, 1)
			w.writes(time.Second, 0, 2)
		}, []string{"1s [20]"}},
		"a press is never held back": {func(w *conversationWorld) {
			w.writes(0, settle, 1)
			w.message(time.Second, 2)
		}, []string{"1s [10]", "1s [20]"}},
		"at most three pauses": {func(w *conversationWorld) {
			for n := range int64(6) {
				w.writes(time.Duration(n)*time.Second, settle, n+1)
			}
		}, []string{"4.5s [50]", "6.5s [60]"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newConversation(t)
			stamps := w.stamped()
			test.write(w)
			w.talk1(t, workflows.ConversationInput{GuestID: 12, Idle: day})
			require.Equal(t, test.want, *stamps)
		})
	}
}

func TestMessagesAnsweredAlongCostNothingMore(t *testing.T) {
	t.Parallel()
	w := newConversation(t)
	w.writes(0, 0, 1, 2, 3, 4)
	w.message(time.Second, 5)
	w.talk1(t, workflows.ConversationInput{GuestID: 12, Idle: day})
	require.Equal(t, []string{"[40]", "[50]"}, w.said)
	require.Equal(t, 2, w.decisions)
}

func TestAFloodIsAnsweredSlowlyToItsLastWord(t *testing.T) {
	t.Parallel()
	w := newConversation(t)
	stamps := w.stamped()
	const messages = 400
	for n := range int64(messages) {
		w.writes(time.Duration(n)*20*time.Millisecond, 0, n+1)
	}
	w.talk1(t, workflows.ConversationInput{GuestID: 12, Idle: day, ContinueAfter: 1000})
	require.Empty(t, w.waiting)
	require.LessOrEqual(t, len(*stamps), 15+5, "at most the turns of a minute and a few more")
	last := (*stamps)[len(*stamps)-1]
	require.True(t, strings.HasSuffix(last, fmt.Sprintf("[%d]", messages*10)), last)
	require.Positive(t, w.floods)
}

func TestAFloodIsKnownAcrossRuns(t *testing.T) {
	t.Parallel()
	w := newConversation(t)
	stamps := w.stamped()
	now := w.Now()
	recent := make([]time.Time, 15)
	for n := range recent {
		recent[n] = now.Add(-time.Second)
	}
	w.writes(0, 0, 1)
	w.message(2*time.Second, 2)
	w.talk1(t, workflows.ConversationInput{V: 2, GuestID: 12, Idle: day, Recent: recent})
	require.Equal(t, []string{"2s [10]", "2s [20]"}, *stamps, "a press is not held back even then")
}

func TestAVoiceMessageIsHeardFirst(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		failures []error
		want     []string
	}{
		"at once":         {nil, []string{"heard 1", "[10]", "[20]"}},
		"after a retry":   {[]error{errAway}, []string{"heard 1", "[10]", "[20]"}},
		"not at all":      {[]error{errAway, errAway, errAway, errAway}, []string{"[10]", "[20]"}},
		"never can be":    {[]error{final(workflows.ErrorNotFound)}, []string{"[10]", "[20]"}},
		"not really kept": {[]error{errSilently}, []string{"[10]", "[20]"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newConversation(t)
			w.voice[1] = true
			w.failures["Transcribe"] = test.failures
			w.message(0, 1, 2)
			w.talk1(t, workflows.ConversationInput{GuestID: 12, Idle: day})
			require.Equal(t, test.want, w.said)
		})
	}
}

func TestBotReturnsWhenThePersonsTimeIsOver(t *testing.T) {
	t.Parallel()
	handOver := func(w *conversationWorld) {
		w.effects[1] = []workflows.Effect{{Key: "1/0", Kind: workflows.EffectHandOver}}
		w.called = 4 * time.Hour
		w.message(0, 1)
	}
	tests := map[string]struct {
		arrange func(*conversationWorld)
		want    []string
	}{
		"called by the bot": {handOver, []string{"0s [10]", "0s effect 1/0", "0s [11]", "4h0m0s back", "4h0m0s [7]"}},
		"taken over, the guest wrote": {func(w *conversationWorld) {
			w.backAt = w.Now().Add(2 * time.Hour)
			w.message(time.Hour, 1)
		}, []string{"1h0m0s silent 1", "2h0m0s back", "2h0m0s [7]"}},
		"the owner wrote again meanwhile": {func(w *conversationWorld) {
			handOver(w)
			w.RegisterDelayedCallback(func() {
				w.talk.mu.Lock()
				defer w.talk.mu.Unlock()
				w.backAt = w.backAt.Add(time.Hour)
			}, 2*time.Hour)
		}, []string{"0s [10]", "0s effect 1/0", "0s [11]", "5h0m0s back", "5h0m0s [7]"}},
		"later than the silence": {func(w *conversationWorld) {
			handOver(w)
			w.called = 48 * time.Hour
		}, []string{"0s [10]", "0s effect 1/0", "0s [11]", "48h0m0s back", "48h0m0s [7]"}},
		"handed back by the guest": {func(w *conversationWorld) {
			handOver(w)
			w.effects[2] = []workflows.Effect{{Key: "2/0", Kind: workflows.EffectHandBack}}
			w.message(time.Hour, 2)
		}, []string{"0s [10]", "0s effect 1/0", "0s [11]", "1h0m0s silent 2", "1h0m0s effect 2/0", "1h0m0s [21]"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newConversation(t)
			stamps := w.stamped()
			test.arrange(w)
			w.talk1(t, workflows.ConversationInput{GuestID: 12, Idle: day})
			require.Equal(t, test.want, *stamps)
		})
	}
}

func TestBotReturnsThoughTheRunContinuedAsNew(t *testing.T) {
	t.Parallel()
	w := newConversation(t)
	stamps := w.stamped()
	w.backAt = w.Now().Add(time.Hour)
	w.talk1(t, workflows.ConversationInput{V: 2, GuestID: 12, Idle: day, BackAt: w.backAt})
	require.Equal(t, []string{"1h0m0s back", "1h0m0s [7]"}, *stamps)
}

// Whatever the order of signals, the pauses and the kinds: every message has exactly one turn, in order.
func TestEveryMessageHasOneTurnInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		w := newConversation(t)
		count := rapid.Int64Range(1, 40).Draw(r, "messages")
		var answered []int64
		w.talk.taken = func(ids ...int64) { answered = append(answered, ids...) }
		at := time.Duration(0)
		var want []int64
		for id := int64(1); id <= count; id++ {
			want = append(want, id)
			at += time.Duration(rapid.Int64Range(10, 3000).Draw(r, "pause")) * time.Millisecond
			signal := workflows.MessageSignal{MessageID: id, Free: rapid.Bool().Draw(r, "free")}
			if signal.Free && rapid.Bool().Draw(r, "piece") {
				signal.Settle = settle
			}
			w.texts[id] = signal.Free && rapid.IntRange(0, 3).Draw(r, "kind") > 0
			w.voice[id] = !w.texts[id] && rapid.IntRange(0, 3).Draw(r, "voice") == 0
			w.RegisterDelayedCallback(func() {
				w.talk.mu.Lock()
				defer w.talk.mu.Unlock()
				w.waiting = append(w.waiting, id)
			}, at)
			// The signal comes late, or twice.
			late := at + time.Duration(rapid.Int64Range(1, 2000).Draw(r, "late"))*time.Millisecond
			for range rapid.IntRange(1, 2).Draw(r, "times") {
				w.RegisterDelayedCallback(func() { w.SignalWorkflow(workflows.SignalMessage, signal) }, late)
				late += time.Millisecond
			}
		}
		w.ExecuteWorkflow(workflows.Conversation, workflows.ConversationInput{GuestID: 12, Idle: day})
		if err := w.GetWorkflowError(); err != nil {
			r.Fatalf("%v", err)
		}
		if w.overlap || fmt.Sprint(answered) != fmt.Sprint(want) || len(w.waiting) > 0 {
			r.Fatalf("overlap %t, answered %v, waiting %v", w.overlap, answered, w.waiting)
		}
	})
}

// errSilently makes a step end well without having done anything.
var errSilently = errors.New("said to be done")
