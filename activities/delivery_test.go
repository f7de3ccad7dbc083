package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/gateways/whatsapp"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/store/redis"
	"cabanas/workflows"
)

func hello() dialogue.Reply { return dialogue.Reply{Kind: dialogue.ReplyText, Body: "Hola"} }

func confirmed() dialogue.Reply {
	return dialogue.Reply{Kind: dialogue.ReplyText, Body: "Lista", Template: &dialogue.Template{
		Name: "booking_confirmed", Language: "pt_BR", Parameters: []string{"RES"}}}
}

func inWindow() time.Time { return time.Now().Add(time.Hour) }

// refusal is how the gateway reports a code.
func refusal(code int) error {
	failure := &whatsapp.Error{Operation: "send", Code: code, Reason: whatsapp.PlatformError{Code: code}.Reason()}
	if failure.Reason == whatsapp.ReasonPairRate {
		failure.RetryAfter = 6 * time.Second
	}
	return failure
}

// retryDelay is when Temporal is asked to try again.
func retryDelay(t *testing.T, err error) time.Duration {
	t.Helper()
	var application *temporal.ApplicationError
	require.ErrorAs(t, err, &application)
	require.False(t, application.NonRetryable())
	return application.NextRetryDelay()
}

// counted is the value of a counter.
func counted(t *testing.T, counter prometheus.Counter) float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(counter)
	families, err := registry.Gather()
	require.NoError(t, err)
	return families[0].GetMetric()[0].GetCounter().GetValue()
}

func TestFailuresOfASend(t *testing.T) {
	t.Parallel()
	tests := map[whatsapp.Reason]struct {
		retried bool
		status  postgres.MessageStatus
		alarms  int
	}{
		whatsapp.ReasonRecipient:      {false, postgres.MessageFailed, 1},
		whatsapp.ReasonMessageInvalid: {false, postgres.MessageFailed, 1},
		whatsapp.ReasonTemplate:       {false, postgres.MessageFailed, 1},
		whatsapp.ReasonWindowClosed:   {false, postgres.MessageFailed, 1},
		whatsapp.ReasonUnknown:        {true, postgres.MessageQueued, 0},
		whatsapp.ReasonThroughput:     {true, postgres.MessageQueued, 0},
		whatsapp.ReasonPairRate:       {true, postgres.MessageQueued, 0},
		whatsapp.ReasonTransient:      {true, postgres.MessageQueued, 0},
		whatsapp.ReasonNotSent:        {true, postgres.MessageQueued, 0},
		whatsapp.ReasonAccount:        {true, postgres.MessageQueued, 1},
		whatsapp.ReasonAmbiguous:      {true, postgres.MessageSending, 0},
	}
	for reason, want := range tests {
		t.Run(string(reason), func(t *testing.T) {
			t.Parallel()
			failure := &whatsapp.Error{Operation: "send", Reason: reason}
			store := queued(t, hello(), inWindow())
			a := messaging(store, &meta{errs: []error{failure, failure}})
			err := deliver(a)
			require.Equal(t, want.retried, err != nil)
			require.Equal(t, want.status, store.message.Status)
			require.Len(t, store.alarms, want.alarms)
			require.Len(t, a.Again.(*processes).again, want.alarms)
			if want.alarms == 0 || want.retried {
				return
			}
			require.Equal(t, "owner_undelivered/7", store.alarms[0].Key)
			require.Equal(t, "5493515550909", store.alarms[0].OwnerPhone)
			require.Equal(t, string(reason), store.reason)
			require.NoError(t, deliver(a), "delivering what failed tells again, under the same key")
			require.Len(t, store.alarms, 1)
		})
	}
}

func TestMessageThatFailedByAStatusIsTold(t *testing.T) {
	t.Parallel()
	for mark, alarms := range map[string]int{"131026": 1, "131050": 1, "132015": 1, "window_closed": 1, "unsendable": 1, "no_recipient": 1, "opted_out": 0} {
		store := queued(t, hello(), inWindow())
		store.message.Status, store.message.Error = postgres.MessageFailed, mark
		a := messaging(store, &meta{})
		require.NoError(t, deliver(a), mark)
		require.Len(t, store.alarms, alarms, mark)
		store.message.GuestID = 0
		require.NoError(t, deliver(a), mark)
		require.Len(t, store.alarms, alarms, "an alarm that fails raises none")
	}
}

func TestTemporalAwayKeepsTheAlarmAndTheMessage(t *testing.T) {
	t.Parallel()
	store := queued(t, hello(), inWindow())
	a := messaging(store, &meta{errs: []error{refusal(131050)}})
	a.Again = &processes{away: true}
	require.ErrorIs(t, deliver(a), errTemporalAway)
	require.NotEqual(t, postgres.MessageFailed, store.message.Status, "the next attempt tells it")
}

func TestOutsideTheWindowOnlyATemplateGoes(t *testing.T) {
	t.Parallel()
	store, sender := queued(t, hello(), time.Now().Add(-time.Minute)), &meta{}
	require.NoError(t, deliver(messaging(store, sender)))
	require.Empty(t, sender.sent)
	require.Equal(t, "window_closed", store.reason)
	require.Len(t, store.alarms, 1)
}

func TestTemplatesGoUnderTheNamesOfTheSettings(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		approved       map[string]activities.ApprovedTemplate
		name, language string
	}{
		"as we call it":    {nil, "booking_confirmed", "pt_BR"},
		"renamed":          {map[string]activities.ApprovedTemplate{"booking_confirmed": {Name: "reserva_ok"}}, "reserva_ok", "pt_BR"},
		"one language":     {map[string]activities.ApprovedTemplate{"booking_confirmed": {Name: "reserva_ok", Language: "es"}}, "reserva_ok", "es"},
		"another template": {map[string]activities.ApprovedTemplate{"hold_created": {Name: "x"}}, "booking_confirmed", "pt_BR"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, sender := queued(t, confirmed(), time.Time{}), &meta{}
			a := messaging(store, sender)
			a.Templates = test.approved
			require.NoError(t, deliver(a))
			require.Equal(t, []string{test.name, test.language}, templateOf(t, sender.sent[0]))
		})
	}
}

func TestTemplateThatIsApprovedInSpanishOnlyIsSentInSpanish(t *testing.T) {
	t.Parallel()
	store, sender := queued(t, confirmed(), time.Time{}), &meta{errs: []error{refusal(132001)}}
	require.NoError(t, deliver(messaging(store, sender)))
	require.Equal(t, []string{"booking_confirmed", "pt_BR"}, templateOf(t, sender.sent[0]))
	require.Equal(t, []string{"booking_confirmed", "es_AR"}, templateOf(t, sender.sent[1]))

	store, sender = queued(t, confirmed(), time.Time{}), &meta{errs: []error{refusal(132001), refusal(132001)}}
	require.NoError(t, deliver(messaging(store, sender)))
	require.Equal(t, "template", store.reason)
	require.Len(t, store.alarms, 1)
}

func templateOf(t *testing.T, message whatsapp.Message) []string {
	t.Helper()
	body, err := message.Encode(whatsapp.Recipient{Phone: "5491155550101"})
	require.NoError(t, err)
	var request struct {
		Template struct {
			Name     string
			Language struct{ Code string }
		}
	}
	require.NoError(t, json.Unmarshal(body, &request))
	return []string{request.Template.Name, request.Template.Language.Code}
}

func TestTooFastToOnePersonBacksOffFourfold(t *testing.T) {
	t.Parallel()
	store, sender := queued(t, hello(), inWindow()), &meta{}
	a := messaging(store, sender)
	for _, seconds := range []int{6, 24, 96, 384, 600, 600} {
		sender.errs = []error{refusal(131056)}
		want := time.Duration(seconds) * time.Second
		require.InDelta(t, want, retryDelay(t, deliver(a)), float64(time.Second))
		require.Equal(t, postgres.MessageQueued, store.message.Status)
	}
	require.NoError(t, deliver(a))
}

func TestTooFastForTheAccountBacksOff(t *testing.T) {
	t.Parallel()
	store, sender := queued(t, hello(), inWindow()), &meta{}
	a := messaging(store, sender)
	for _, seconds := range []int{1, 2, 4, 8, 16, 32, 60, 60} {
		sender.errs = []error{refusal(130429)}
		require.InDelta(t, time.Duration(seconds)*time.Second, retryDelay(t, deliver(a)), float64(time.Second))
	}
	require.NoError(t, deliver(a))
}

func TestUnexplainedRefusalIsGivenUpAtLast(t *testing.T) {
	t.Parallel()
	store, sender := queued(t, hello(), inWindow()), &meta{}
	a := messaging(store, sender)
	for range 9 {
		sender.errs = []error{refusal(131000)}
		require.Error(t, deliver(a))
	}
	sender.errs = []error{refusal(131000)}
	require.NoError(t, deliver(a))
	require.Equal(t, postgres.MessageFailed, store.message.Status)
	require.Len(t, store.alarms, 1)
}

// budget answers with a script, then lets everything go.
type budget struct {
	limit  redis.Limit
	wait   time.Duration
	err    error
	hang   bool
	asked  []string
	kinds  []bool
	paused []time.Duration
}

func (b *budget) Take(ctx context.Context, ask redis.Ask) (time.Duration, redis.Limit, error) {
	b.asked, b.kinds = append(b.asked, ask.Recipient), append(b.kinds, ask.Unasked)
	if b.hang {
		<-ctx.Done()
		return 0, redis.LimitNone, ctx.Err()
	}
	if b.limit == redis.LimitNone && b.wait > ask.Patience {
		return b.wait, redis.LimitPair, b.err
	}
	return b.wait, b.limit, b.err
}

func (b *budget) Pause(_ context.Context, length time.Duration) error {
	b.paused = append(b.paused, length)
	return b.err
}

func TestSendsKeepToTheSharedBudget(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		budget *budget
		sent   int
		retry  time.Duration
	}{
		"room":              {&budget{}, 1, 0},
		"a short wait":      {&budget{wait: 20 * time.Millisecond}, 1, 0},
		"a long one":        {&budget{wait: 6 * time.Second, limit: redis.LimitPair}, 0, 6 * time.Second},
		"account too fast":  {&budget{wait: 2 * time.Second, limit: redis.LimitAccount}, 0, 2 * time.Second},
		"paused":            {&budget{wait: 40 * time.Second, limit: redis.LimitPaused}, 0, 40 * time.Second},
		"Redis away":        {&budget{err: errors.New("connection refused")}, 1, 0},
		"Redis not talking": {&budget{hang: true}, 1, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, sender := queued(t, hello(), inWindow()), &meta{}
			a := messaging(store, sender)
			a.Budget = test.budget
			err := deliver(a)
			require.Len(t, sender.sent, test.sent)
			require.Equal(t, []string{"541155550101"}, test.budget.asked, "one person whatever the form of the number")
			if test.retry == 0 {
				require.NoError(t, err)
				return
			}
			require.InDelta(t, test.retry, retryDelay(t, err), float64(time.Second))
			require.GreaterOrEqual(t, retryDelay(t, err), test.retry)
			require.Equal(t, postgres.MessageQueued, store.message.Status)
			require.Zero(t, store.message.Attempts, "waiting is no attempt")
		})
	}
	away := messaging(queued(t, hello(), inWindow()), &meta{})
	away.Budget, away.Metrics = &budget{err: errAway}, observe.NewMetrics(prometheus.NewRegistry())
	require.NoError(t, deliver(away))
	require.InDelta(t, 1, counted(t, away.Metrics.SendBudgetUnavailable), 0)
}

func TestPromptAttemptDoesNotWaitAwayItsTime(t *testing.T) {
	t.Parallel()
	store, sender := queued(t, hello(), inWindow()), &meta{}
	a := messaging(store, sender)
	a.Budget = &budget{wait: 900 * time.Millisecond}
	ctx, cancel := context.WithTimeout(context.Background(), 1500*time.Millisecond)
	defer cancel()
	_, err := a.DeliverMessages(ctx, workflows.DeliverInput{MessageIDs: []int64{1}})
	require.Error(t, err, "what is left after the wait is too short to send in")
	require.Empty(t, sender.sent)
}

func TestRefusedAccountStopsEverybodyAndCallsForHelp(t *testing.T) {
	t.Parallel()
	for _, code := range []int{0, 190, 3, 10, 200, 299, 131005, 131031, 131037, 131042, 131045, 131048, 368} {
		now := time.Date(2026, 11, 22, 12, 10, 0, 0, time.UTC)
		store, sender, shared := queued(t, hello(), now.Add(24*time.Hour)), &meta{errs: []error{refusal(code)}}, &budget{}
		a := messaging(store, sender)
		a.Budget = shared
		a.Now = func() time.Time { return now }
		err := deliver(a)
		require.InDelta(t, time.Minute, retryDelay(t, err), float64(time.Second), code)
		require.Equal(t, []time.Duration{time.Minute}, shared.paused)
		require.Equal(t, postgres.MessageQueued, store.message.Status)
		require.Equal(t, "account", store.reason)
		require.Equal(t, "owner_account/2026-11-22T12", store.alarms[0].Key)
		require.NotEmpty(t, store.alarms[0].OwnerPhone)
		require.InDelta(t, 1, counted(t, a.Metrics.WhatsAppAccountRefused), 0)

		store.waits, sender.errs = true, []error{refusal(code), refusal(code)}
		require.Error(t, deliver(a))
		require.Len(t, store.alarms, 1, "once an hour")
		now = now.Add(time.Hour)
		require.Error(t, deliver(a))
		require.Len(t, store.alarms, 2)
		require.Empty(t, store.alarms[1].OwnerPhone, "on record, with no second message behind the first")
		require.NoError(t, deliver(a), "mended: it goes out")
		require.Len(t, sender.sent, 4)
	}
}

func TestAccountTroubleToldByAStatusHoldsBackTheMessage(t *testing.T) {
	t.Parallel()
	store, sender, shared := queued(t, hello(), inWindow()), &meta{}, &budget{}
	store.message.Error, store.message.Attempts = "131042", 3
	a := messaging(store, sender)
	a.Budget = shared
	require.InDelta(t, 3*time.Minute, retryDelay(t, deliver(a)), float64(time.Second))
	require.Empty(t, sender.sent)
	require.Len(t, shared.paused, 1)
	require.NoError(t, deliver(a))
	require.Len(t, sender.sent, 1)
}

func TestGuestWhoOptedOutGetsWhatTheyAskedForOnly(t *testing.T) {
	t.Parallel()
	for _, unasked := range []bool{true, false} {
		store, sender, shared := queued(t, hello(), inWindow()), &meta{}, &budget{}
		store.message.OptedOut, store.message.Unasked = true, unasked
		a := messaging(store, sender)
		a.Budget = shared
		require.NoError(t, deliver(a))
		require.Empty(t, store.alarms)
		if unasked {
			require.Empty(t, sender.sent)
			require.Equal(t, "opted_out", store.reason)
			require.Equal(t, postgres.MessageFailed, store.message.Status)
			continue
		}
		require.Len(t, sender.sent, 1, "money and answers still go")
		require.Equal(t, []bool{false}, shared.kinds)
	}
}

func TestFormOfTheNumberThatWorkedIsKept(t *testing.T) {
	t.Parallel()
	store, sender := queued(t, hello(), inWindow()), &meta{fallback: "541155550101"}
	require.NoError(t, deliver(messaging(store, sender)))
	require.Equal(t, []string{"541155550101"}, store.sendTo)

	store, sender = queued(t, hello(), inWindow()), &meta{errs: []error{refusal(131030)}}
	require.NoError(t, deliver(messaging(store, sender)))
	require.Equal(t, []string{""}, store.sendTo, "no form works: the next message starts over")
}

func TestGuestWithoutANumberIsReachedByUserID(t *testing.T) {
	t.Parallel()
	store, sender, shared := queued(t, hello(), inWindow()), &meta{}, &budget{}
	store.message.RecipientPhone, store.message.RecipientUserID = "", "AR.123"
	a := messaging(store, sender)
	a.Budget = shared
	require.NoError(t, deliver(a))
	require.Equal(t, []whatsapp.Recipient{{UserID: "AR.123"}}, sender.to)
	require.Equal(t, []string{"AR.123"}, shared.asked)

	store, sender = queued(t, hello(), inWindow()), &meta{errs: []error{refusal(131062)}}
	store.message.RecipientPhone, store.message.RecipientUserID = "", "AR.123"
	require.NoError(t, deliver(messaging(store, sender)))
	require.Equal(t, "recipient", store.reason)
	require.Len(t, store.alarms, 1)
}

// noticeDesk is a booking whose notices are sent: the guest's has id 1, the owner's 100.
type noticeDesk struct{ *outbox }

func (noticeDesk) Reservation(_ context.Context, code string) (postgres.Reservation, error) {
	return postgres.Reservation{Code: code, GuestID: 7, Status: booking.Confirmed}, nil
}

func (noticeDesk) Accommodation(context.Context, int64) (booking.Accommodation, error) {
	return booking.Accommodation{Name: "Arrayán"}, nil
}

func (noticeDesk) Alternative(context.Context, string) (postgres.Alternative, bool, error) {
	return postgres.Alternative{}, false, nil
}

func (noticeDesk) OpenPaymentLinks(context.Context, string) ([]postgres.PaymentLink, error) {
	return nil, nil
}

func TestOwnersLineDoesNotHoldUpTheGuest(t *testing.T) {
	t.Parallel()
	store := queued(t, hello(), inWindow())
	a := messaging(store, &meta{})
	a.Store, a.Budget = noticeDesk{store}, &budget{limit: redis.LimitPair, wait: time.Hour}
	_, err := a.SendNotices(t.Context(), workflows.NoticesInput{Notices: []workflows.NoticeInput{{Code: "RES1", Kind: workflows.NoticeOwnerConfirmed}}})
	require.NoError(t, err)
	require.Equal(t, []int64{firstAlarm}, a.Again.(*processes).again, "it waits in line by itself")

	_, err = a.SendNotices(t.Context(), workflows.NoticesInput{Notices: []workflows.NoticeInput{
		{Code: "RES1", Kind: workflows.NoticeOwnerConfirmed}, {Code: "RES1", Kind: workflows.NoticeArrival}}})
	require.InDelta(t, time.Hour, retryDelay(t, err), float64(20*time.Second), "the guest's own limit is waited for")
	require.True(t, store.alarms[1].Unasked)
	require.False(t, store.alarms[0].Unasked)
}
