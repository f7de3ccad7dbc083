package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"cabanas/workflows"
)

// talk is the model of a conversation: messages wait, turns are taken oldest first.
type talk struct {
	mu       sync.Mutex
	waiting  []int64
	effects  map[int64][]workflows.Effect
	left     []workflows.Turn // stored by a run that died before it worked them off
	said     []string
	failures map[string][]error
	open     int // activities under way, to see that they never overlap
	overlap  bool

	texts     map[int64]bool // messages that are answered along with their like
	voice     map[int64]bool // messages that must be heard first
	decisions int
	floods    int
	// backAt is when the bot answers again; called is when it does after a hand-over.
	backAt time.Time
	called time.Duration
	now    func() time.Time
	// heard is told everything that is said, taken every message that has a turn.
	heard func(string)
	taken func(...int64)
}

func newTalk() *talk {
	return &talk{
		effects: map[int64][]workflows.Effect{}, failures: map[string][]error{}, texts: map[int64]bool{}, voice: map[int64]bool{},
		now: time.Now, heard: func(string) {}, taken: func(...int64) {},
	}
}

func (f *talk) begin(name string) (func(), error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open++
	f.overlap = f.overlap || f.open > 1
	var err error
	if planned := f.failures[name]; len(planned) > 0 {
		f.failures[name], err = planned[1:], planned[0]
	}
	return func() { f.mu.Lock(); f.open--; f.mu.Unlock() }, err
}

func (f *talk) DecideTurn(_ context.Context, in workflows.TurnInput) (workflows.Turn, error) {
	end, err := f.begin("DecideTurn")
	defer end()
	if err != nil {
		return workflows.Turn{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.decisions++
	if len(f.left) > 0 {
		turn := f.left[0]
		f.left = f.left[1:]
		return turn, nil
	}
	if len(f.waiting) == 0 {
		return workflows.Turn{}, nil
	}
	most := 10
	if in.Flood {
		most = 100
		f.floods++
	}
	id := f.waiting[0]
	if f.voice[id] && in.Unheard != id {
		return workflows.Turn{Transcribe: id}, nil
	}
	f.waiting = f.waiting[1:]
	var merged []int64
	for f.texts[id] && len(merged)+1 < most && len(f.waiting) > 0 && f.texts[f.waiting[0]] {
		merged = append(merged, id)
		id, f.waiting = f.waiting[0], f.waiting[1:]
	}
	f.taken(append(merged, id)...)
	turn := workflows.Turn{MessageID: id, Merged: merged, Deliver: []int64{id * 10}, Effects: f.effects[id]}
	if f.now().Before(f.backAt) {
		turn.BackAt, turn.Deliver = f.backAt, nil
		f.note(fmt.Sprint("silent ", id))
	}
	return turn, nil
}

func (f *talk) Transcribe(_ context.Context, in workflows.TranscribeInput) (workflows.Done, error) {
	end, err := f.begin("Transcribe")
	defer end()
	if errors.Is(err, errSilently) {
		return workflows.Done{}, nil
	}
	if err == nil {
		f.say(fmt.Sprint("heard ", in.MessageID))
		f.mu.Lock()
		delete(f.voice, in.MessageID)
		f.mu.Unlock()
	}
	return workflows.Done{}, err
}

func (f *talk) ReturnToBot(_ context.Context, in workflows.ReturnInput) (workflows.ReturnResult, error) {
	end, err := f.begin("ReturnToBot")
	defer end()
	if err != nil {
		return workflows.ReturnResult{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if in.Now.Before(f.backAt) {
		return workflows.ReturnResult{BackAt: f.backAt}, nil
	}
	f.backAt = time.Time{}
	f.note("back")
	return workflows.ReturnResult{Deliver: []int64{7}}, nil
}

func (f *talk) RunEffect(_ context.Context, in workflows.EffectInput) (workflows.EffectResult, error) {
	end, err := f.begin("RunEffect")
	defer end()
	if err == nil {
		f.say("effect " + in.Effect.Key)
	}
	result := workflows.EffectResult{Deliver: []int64{in.MessageID*10 + 1}}
	if in.Effect.Kind == workflows.EffectHandOver && f.called > 0 {
		f.mu.Lock()
		f.backAt = f.now().Add(f.called)
		result.BackAt = f.backAt
		f.mu.Unlock()
	}
	return result, err
}

func (f *talk) DeliverMessages(_ context.Context, in workflows.DeliverInput) (workflows.Done, error) {
	end, err := f.begin("DeliverMessages")
	defer end()
	if err == nil {
		f.say(fmt.Sprint(in.MessageIDs))
	}
	return workflows.Done{}, err
}

func (f *talk) say(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.note(what)
}

func (f *talk) note(what string) {
	f.said = append(f.said, what)
	f.heard(what)
}

type conversationWorld struct {
	*testsuite.TestWorkflowEnvironment
	*talk
}

func newConversation(t *testing.T) *conversationWorld {
	t.Helper()
	suite := testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	w := &conversationWorld{
		TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(),
		talk:                    newTalk(),
	}
	w.talk.now = w.Now
	w.SetWorkerOptions(worker.Options{
		WorkflowPanicPolicy: worker.FailWorkflow, DeadlockDetectionTimeout: 10 * time.Second,
	})
	w.SetTestTimeout(20 * time.Second)
	workflows.Register(w, "")
	w.RegisterActivity(w.talk)
	return w
}

// message makes the guest write after a while.
func (w *conversationWorld) message(after time.Duration, ids ...int64) {
	w.RegisterDelayedCallback(func() {
		for _, id := range ids {
			w.talk.mu.Lock()
			w.waiting = append(w.waiting, id)
			w.talk.mu.Unlock()
			w.SignalWorkflow(workflows.SignalMessage, workflows.MessageSignal{MessageID: id})
		}
	}, after)
}

func (w *conversationWorld) talk1(t *testing.T, in workflows.ConversationInput) {
	t.Helper()
	w.ExecuteWorkflow(workflows.Conversation, in)
	require.True(t, w.IsWorkflowCompleted())
	require.NoError(t, w.GetWorkflowError())
	require.False(t, w.overlap, "two steps of one conversation at once")
}

func TestMessagesAreAnsweredInOrderThenSilenceEnds(t *testing.T) {
	t.Parallel()
	w := newConversation(t)
	start := w.Now()
	w.effects[2] = []workflows.Effect{{Key: "2/0", Kind: workflows.EffectHold}, {Key: "2/1", Kind: workflows.EffectHandOver}}
	w.message(0, 1, 2, 3)
	w.message(time.Hour, 4)
	w.talk1(t, workflows.ConversationInput{GuestID: 12, Idle: day})
	require.Equal(t, []string{
		"[10]", "[20]", "effect 2/0", "[21]", "effect 2/1", "[21]", "[30]", "[40]",
	}, w.said)
	require.WithinDuration(t, start.Add(time.Hour+day), w.Now(), time.Millisecond)
}

func TestSignalsWithoutAMessageDoNothing(t *testing.T) {
	t.Parallel()
	w := newConversation(t)
	w.message(0, 1)
	w.RegisterDelayedCallback(func() {
		for range 3 {
			w.SignalWorkflow(workflows.SignalMessage, workflows.MessageSignal{MessageID: 1})
		}
	}, time.Second)
	w.talk1(t, workflows.ConversationInput{GuestID: 12, Idle: day})
	require.Equal(t, []string{"[10]"}, w.said)
}

// A turn that a dead run left over comes before the one of the message, which must not wait for the next signal.
func TestTurnLeftOverIsWorkedOffFirst(t *testing.T) {
	t.Parallel()
	w := newConversation(t)
	w.left = []workflows.Turn{{MessageID: 1, Deliver: []int64{10}}}
	w.message(0, 2)
	w.talk1(t, workflows.ConversationInput{GuestID: 12, Idle: day})
	require.Equal(t, []string{"[10]", "[20]"}, w.said)
}

func TestSignalsOutOfOrder(t *testing.T) {
	t.Parallel()
	w := newConversation(t)
	w.waiting = []int64{1, 2, 3}
	w.RegisterDelayedCallback(func() {
		for _, id := range []int64{3, 1, 2} {
			w.SignalWorkflow(workflows.SignalMessage, workflows.MessageSignal{MessageID: id})
		}
	}, 0)
	w.talk1(t, workflows.ConversationInput{GuestID: 12, Idle: day})
	require.Equal(t, []string{"[10]", "[20]", "[30]"}, w.said)
}

func TestMessageAtTheInstantOfSilenceIsAnswered(t *testing.T) {
	t.Parallel()
	w := newConversation(t)
	w.message(0, 1)
	w.message(day, 2)
	w.talk1(t, workflows.ConversationInput{GuestID: 12, Idle: day})
	require.Contains(t, w.said, "[10]")
	if len(w.said) == 1 { // the silence was first: the signal finds a closed workflow and starts the next run
		require.Equal(t, []int64{2}, w.waiting)
	}
}

func TestConversationOutlivesFailures(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"DecideTurn", "DeliverMessages", "RunEffect"} {
		for kind, failure := range map[string]error{"retried": errAway, "final": final(workflows.ErrorWindowClosed)} {
			t.Run(step+"/"+kind, func(t *testing.T) {
				t.Parallel()
				w := newConversation(t)
				w.effects[1] = []workflows.Effect{{Key: "1/0", Kind: workflows.EffectLink}}
				w.failures[step] = []error{failure}
				w.message(0, 1)
				w.message(time.Hour, 2)
				w.talk1(t, workflows.ConversationInput{GuestID: 12, Idle: day})
				require.NotEmpty(t, w.said)
				if kind == "retried" {
					require.Equal(t, []string{"[10]", "effect 1/0", "[11]", "[20]"}, w.said)
				}
			})
		}
	}
}

func TestConversationContinuesAsNewWithEverySignal(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(*conversationWorld) int{
		"after enough messages": func(*conversationWorld) int { return 2 },
		"when suggested":        func(w *conversationWorld) int { w.SetContinueAsNewSuggested(true); return 0 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newConversation(t)
			after := arrange(w)
			w.message(0, 1, 2, 3, 4, 5)
			w.ExecuteWorkflow(workflows.Conversation, workflows.ConversationInput{GuestID: 12, Idle: day, ContinueAfter: after})
			var next *workflow.ContinueAsNewError
			require.ErrorAs(t, w.GetWorkflowError(), &next)
			var carried workflows.ConversationInput
			require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &carried))
			require.Equal(t, 2, carried.V)
			require.Equal(t, int64(12), carried.GuestID)
			require.Equal(t, 5, len(w.said)+carried.Pending, "no message is lost")

			// The next run takes up what was carried.
			again := newConversation(t)
			again.waiting = w.waiting
			left := carried.Pending
			carried.ContinueAfter = 0
			again.talk1(t, carried)
			require.Len(t, again.said, left)
		})
	}
}

func TestCancelledConversationStops(t *testing.T) {
	t.Parallel()
	w := newConversation(t)
	w.message(0, 1)
	w.RegisterDelayedCallback(w.CancelWorkflow, time.Hour)
	w.ExecuteWorkflow(workflows.Conversation, workflows.ConversationInput{GuestID: 12, Idle: day})
	require.True(t, temporal.IsCanceledError(w.GetWorkflowError()))
}
