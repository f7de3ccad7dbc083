package workflows_test

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"cabanas/booking"
	"cabanas/internal/embedded/embeddedtest"
	"cabanas/temporal"
	"cabanas/workflows"
)

var refresh = flag.Bool("refresh", false, "write what is missing in testdata/histories, from a real Temporal server")

// stage is a real server with workers over the model.
type stage struct {
	client.Client
	*row
	*talk
}

func newStage(t *testing.T) *stage {
	t.Helper()
	address, namespace := embeddedtest.Namespace(t)
	c, err := client.Dial(client.Options{
		HostPort: address, Namespace: namespace, Identity: "refresh",
		Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	s := &stage{Client: c, row: newRow(time.Now), talk: newTalk()}
	s.arrival, s.row.stay = time.Second, time.Second
	for _, queue := range []string{workflows.QueueConversation, workflows.QueueBooking, workflows.QueueMessaging, workflows.QueueMedia} {
		w := worker.New(c, queue, worker.Options{Identity: "refresh"})
		workflows.Register(w, queue)
		w.RegisterActivity(&fake{s.row})
		w.RegisterActivity(s.talk)
		require.NoError(t, w.Start())
		t.Cleanup(w.Stop)
	}
	return s
}

// start holds the nights as the rest of the program does.
func (s *stage) start(t *testing.T, lasts, grace time.Duration) {
	t.Helper()
	in := hold(lasts)
	in.Grace = grace
	outcome, err := temporal.StartBooking(t.Context(), s, in)
	require.NoError(t, err)
	require.True(t, outcome.Placed)
	require.NotEmpty(t, outcome.PaymentURL)
}

func (s *stage) pay(t *testing.T) {
	t.Helper()
	s.set("1", deposit, booking.ProviderApproved)
	delivered, err := temporal.SignalPayment(t.Context(), s, code, "1")
	require.NoError(t, err)
	require.True(t, delivered)
}

func (s *stage) become(t *testing.T, status booking.Status) {
	t.Helper()
	require.Eventually(t, func() bool {
		s.row.mu.Lock()
		defer s.row.mu.Unlock()
		return s.status == status
	}, 20*time.Second, 10*time.Millisecond)
}

func (s *stage) end(t *testing.T, id string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := s.GetWorkflow(ctx, id, "").Get(ctx, nil); err != nil {
		for _, event := range s.history(t, id, "").GetEvents() {
			t.Log(event.GetEventId(), event.GetEventType(), event.GetEventTime().AsTime(), event.GetAttributes())
		}
		require.NoError(t, err)
	}
}

func (s *stage) history(t *testing.T, id, run string) *historypb.History {
	t.Helper()
	history := &historypb.History{}
	for events := s.GetWorkflowHistory(t.Context(), id, run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
		event, err := events.Next()
		require.NoError(t, err)
		history.Events = append(history.Events, event)
	}
	return history
}

// save writes a history without the name of this machine. One that is stored was released and stays as it is.
func save(t *testing.T, name string, history *historypb.History) {
	t.Helper()
	path := filepath.Join("testdata", "histories", name+".json")
	if _, err := os.Stat(path); err == nil {
		return
	}
	data, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(history)
	require.NoError(t, err)
	host, err := os.Hostname()
	require.NoError(t, err)
	text := strings.ReplaceAll(string(data), host, "host") + "\n"
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	t.Logf("%s: %d events, %d workflow tasks", name, len(history.GetEvents()), count(history, enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED))
}

func count(history *historypb.History, kind enumspb.EventType) (n int) {
	for _, event := range history.GetEvents() {
		if event.GetEventType() == kind {
			n++
		}
	}
	return n
}

func skipUnlessRefreshing(t *testing.T) {
	t.Helper()
	if !*refresh {
		t.Skip("writes testdata/histories; run with -refresh")
	}
}

func TestRefreshHistories(t *testing.T) {
	t.Parallel()
	skipUnlessRefreshing(t)
	id := workflows.BookingID(code)
	stories := map[string]func(*testing.T, *stage){
		"paid": func(t *testing.T, s *stage) {
			s.start(t, time.Hour, 0)
			s.pay(t)
			s.become(t, booking.Confirmed)
		},
		"expired": func(t *testing.T, s *stage) { s.start(t, 2*time.Second, time.Second) },
		"late": func(t *testing.T, s *stage) {
			s.start(t, 2*time.Second, time.Minute)
			s.become(t, booking.Expired)
			s.pay(t)
		},
		"alternative": func(t *testing.T, s *stage) {
			s.sold, s.others.free, s.others.until = true, true, time.Minute
			s.start(t, 2*time.Second, time.Minute)
			s.become(t, booking.Expired)
			s.pay(t)
			require.Eventually(t, func() bool {
				outcome, err := temporal.AnswerAlternative(t.Context(), s, code, "1", "", workflows.AlternativeAnswer{Accept: true})
				return err == nil && outcome.Done
			}, 20*time.Second, 100*time.Millisecond)
		},
		"cancelled": func(t *testing.T, s *stage) {
			s.row.stay = time.Hour
			s.start(t, time.Hour, time.Minute)
			s.pay(t)
			s.become(t, booking.Confirmed)
			outcome, err := temporal.CancelBooking(t.Context(), s, code, "", workflows.CancelRequest{By: booking.ByGuest})
			require.NoError(t, err)
			require.True(t, outcome.Done)
		},
	}
	for name, play := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			play(t, s)
			s.end(t, id)
			save(t, name, s.history(t, id, ""))
		})
	}
	t.Run("continue-as-new", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		id := workflows.ConversationID(12)
		s.effects[2] = []workflows.Effect{{Key: "2/0", Kind: workflows.EffectLink}}
		s.waiting = []int64{1, 2, 3}
		in := workflows.ConversationInput{GuestID: 12, Idle: 2 * time.Second, ContinueAfter: 2}
		options := client.StartWorkflowOptions{ID: id, TaskQueue: workflows.QueueConversation}
		first, err := s.SignalWithStartWorkflow(t.Context(), id, workflows.SignalMessage, workflows.MessageSignal{MessageID: 1}, options, "Conversation", in)
		require.NoError(t, err)
		for _, message := range []int64{2, 3} {
			require.NoError(t, s.SignalWorkflow(t.Context(), id, "", workflows.SignalMessage, workflows.MessageSignal{MessageID: message}))
		}
		s.end(t, id)
		save(t, "continue-as-new", s.history(t, id, first.GetRunID()))
		save(t, "continued", s.history(t, id, s.GetWorkflow(t.Context(), id, "").GetRunID()))
	})
	talks := map[string]func(*testing.T, *stage){
		"pieces": func(t *testing.T, s *stage) {
			s.write(t, workflows.MessageSignal{MessageID: 1, Settle: 300 * time.Millisecond, Free: true})
			s.write(t, workflows.MessageSignal{MessageID: 2, Settle: 300 * time.Millisecond, Free: true})
			s.hears(t, "[20]")
			s.write(t, workflows.MessageSignal{MessageID: 3, Free: true})
		},
		"heard": func(t *testing.T, s *stage) {
			s.voice[1], s.voice[2] = true, true
			s.talk.failures["Transcribe"] = []error{nil, final(workflows.ErrorNotFound)}
			s.write(t, workflows.MessageSignal{MessageID: 1, Free: true})
			s.hears(t, "[10]")
			s.write(t, workflows.MessageSignal{MessageID: 2, Free: true})
		},
		"returned": func(t *testing.T, s *stage) {
			s.effects[1] = []workflows.Effect{{Key: "1/0", Kind: workflows.EffectHandOver}}
			s.talk.called = time.Second
			s.write(t, workflows.MessageSignal{MessageID: 1})
			s.hears(t, "back")
		},
	}
	for name, play := range talks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			play(t, s)
			s.end(t, workflows.ConversationID(12))
			save(t, name, s.history(t, workflows.ConversationID(12), ""))
		})
	}
}

// write makes the guest write a text, as the inbox does.
func (s *stage) write(t *testing.T, message workflows.MessageSignal) {
	t.Helper()
	s.talk.mu.Lock()
	s.texts[message.MessageID] = !s.voice[message.MessageID] && message.Free
	s.waiting = append(s.waiting, message.MessageID)
	s.talk.mu.Unlock()
	require.NoError(t, temporal.SignalConversation(t.Context(), s, 12, message, 2*time.Second))
}

func (s *stage) hears(t *testing.T, what string) {
	t.Helper()
	require.Eventually(t, func() bool {
		s.talk.mu.Lock()
		defer s.talk.mu.Unlock()
		return slices.Contains(s.said, what)
	}, 20*time.Second, 10*time.Millisecond)
}
