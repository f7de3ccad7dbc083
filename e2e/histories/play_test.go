package histories

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"pgregory.net/rapid"

	"cabanas/booking"
	"cabanas/sandbox/control"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// play is one history being played.
type play struct {
	till  *till
	t     *rapid.T
	story story
	begin time.Time

	in       workflows.BookingInput
	payments []int64
	pending  []happening

	mu      sync.Mutex
	env     *testsuite.TestWorkflowEnvironment // nil between workflows
	booking bool                               // it runs the booking
	at      time.Time                          // the clock while no workflow runs
	lates   []workflows.LatePaymentInput
	resumed []workflows.BookingInput
	updates int
	log     []string
}

// happening is something still to come.
type happening struct {
	at   time.Time
	name string
	do   func()
	done *bool
}

const (
	settleAfter = 10 * time.Minute
	mostRuns    = 60
)

// run plays the story to its end and a while further, until nothing moves any more.
func (p *play) run() {
	p.hold()
	for _, s := range p.story.Steps {
		p.plan(p.begin.Add(s.At), s.String(), func() { p.perform(s) })
		p.plan(p.begin.Add(s.At+settleAfter), "reconciliation", p.look)
	}
	last := p.begin.Add(time.Duration(max(p.story.Lead+p.story.Nights, 12)+6) * day)
	p.plan(last, "the provider is well", p.heal)
	for n := range 2 {
		p.plan(last.Add(time.Duration(n+1)*day), "reconciliation", p.look)
	}
	p.work("Booking", p.in)
	for range mostRuns {
		if !p.next() {
			return
		}
	}
	p.t.Fatalf("the history does not come to rest\n%s", p.told())
}

// next does what comes next and reports whether anything did.
func (p *play) next() bool {
	p.mu.Lock()
	lates, resumed := p.lates, p.resumed
	p.lates, p.resumed = nil, nil
	p.mu.Unlock()
	if len(resumed) > 0 {
		for _, in := range resumed {
			p.work("Booking", in)
		}
		p.mu.Lock()
		p.lates = append(lates, p.lates...)
		p.mu.Unlock()
		return true
	}
	if len(lates) > 0 {
		p.mu.Lock()
		p.lates = append(lates[1:], p.lates...)
		p.mu.Unlock()
		p.work("LatePayment", lates[0])
		return true
	}
	waiting := p.waiting()
	if len(waiting) == 0 {
		return false
	}
	p.at = later(p.at, waiting[0].at)
	p.happen(waiting[0])
	return true
}

func (p *play) plan(at time.Time, name string, do func()) {
	h := happening{at: at, name: name, do: do, done: new(bool)}
	p.pending = append(p.pending, h)
	if p.env != nil {
		p.env.RegisterDelayedCallback(func() { p.happen(h) }, max(0, at.Sub(p.env.Now())))
	}
}

func (p *play) waiting() []happening {
	var waiting []happening
	for _, h := range p.pending {
		if !*h.done {
			waiting = append(waiting, h)
		}
	}
	sort.SliceStable(waiting, func(i, j int) bool { return waiting[i].at.Before(waiting[j].at) })
	p.pending = waiting
	return waiting
}

func (p *play) happen(h happening) {
	if *h.done {
		return
	}
	*h.done = true
	p.notef("%s", h.name)
	h.do()
}

// work runs one workflow to its end while everything planned goes on happening.
func (p *play) work(name string, in any) {
	suite := testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(worker.Options{WorkflowPanicPolicy: worker.FailWorkflow, DeadlockDetectionTimeout: time.Minute})
	env.SetTestTimeout(time.Minute)
	env.SetStartTime(p.at)
	workflows.Register(env, "")
	env.RegisterActivity(p.till.reservations)
	env.RegisterActivity(p.till.payments)
	env.RegisterActivity(p.till.messaging)
	for _, h := range p.waiting() {
		env.RegisterDelayedCallback(func() { p.happen(h) }, max(0, h.at.Sub(p.at)))
	}
	p.mu.Lock()
	p.env, p.booking = env, name == "Booking"
	p.mu.Unlock()
	p.notef("%s begins", name)
	env.ExecuteWorkflow(name, in)
	p.notef("%s ends: %v", name, env.GetWorkflowError())
	p.mu.Lock()
	p.at, p.env, p.booking = env.Now(), nil, false
	p.mu.Unlock()
	if err := env.GetWorkflowError(); err != nil || !env.IsWorkflowCompleted() {
		p.t.Fatalf("%s failed: %v\n%s", name, err, p.told())
	}
}

// now is the clock of everything in this history.
func (p *play) now() time.Time {
	p.mu.Lock()
	env, at := p.env, p.at
	p.mu.Unlock()
	if env != nil {
		return env.Now()
	}
	return at
}

func (p *play) payment(code, paymentID string) bool {
	p.mu.Lock()
	env, runs := p.env, p.booking
	p.mu.Unlock()
	if !runs || code != p.in.Code || env.IsWorkflowCompleted() {
		return false
	}
	env.SignalWorkflow(workflows.SignalPayment, workflows.PaymentSignal{PaymentID: paymentID})
	return true
}

func (p *play) late(in workflows.LatePaymentInput) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Contains(p.lates, in) {
		p.lates = append(p.lates, in)
	}
}

func (p *play) resume(in workflows.BookingInput) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.resumed = append(p.resumed, in)
}

func (p *play) notef(format string, words ...any) {
	line := p.now().Sub(p.begin).String() + "  " + fmt.Sprintf(format, words...)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, line)
}

// told is the history as it went, for whoever reads a failure.
func (p *play) told() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.log, "\n")
}

func (p *play) must(err error, what string) {
	if err != nil {
		p.t.Fatalf("%s: %v\n%s", what, err, p.told())
	}
}

// hold makes the accommodation and the guest; the workflow does the rest.
func (p *play) hold() {
	ctx := context.Background()
	nightly := booking.Pesos(p.story.Total / int64(p.story.Nights))
	_, err := p.till.sql.Exec(ctx, `UPDATE accommodations SET base_price_centavos = $1, active = id = $2 OR $3`, nightly.Centavos, p.till.cabin, p.story.Other)
	p.must(err, "price the cabins")
	guest, err := p.till.store.UpsertGuest(ctx, postgres.Guest{Phone: fmt.Sprintf("54351%07d", p.till.played), Name: "Ana"})
	p.must(err, "make a guest")
	from := booking.DateIn(p.begin, time.UTC).AddDays(p.story.Lead)
	p.in = workflows.BookingInput{
		Code:            booking.NewCode(p.begin, [3]byte{byte(p.till.played >> 8), byte(p.till.played), 1}),
		AccommodationID: p.till.cabin, UnitName: "Arrayán", Stay: booking.Stay{CheckIn: from, CheckOut: from.AddDays(p.story.Nights)}, Guests: 2, GuestID: guest,
		Channel: booking.ChannelDirect, TokenHash: []byte("hash"), HoldFor: holdFor, Extension: extension, Grace: grace,
	}
}

// perform does a step; what cannot happen at that moment does not.
func (p *play) perform(s step) {
	switch s.Kind {
	case pays:
		p.pay(s)
	case looks:
		p.look()
	case rival:
		p.sellToAnother()
	case cancels:
		p.ask(workflows.UpdateCancel, workflows.CancelRequest{By: booking.ByGuest})
	case evicts:
		p.ask(workflows.UpdateCancel, workflows.CancelRequest{By: booking.ByOwner, Reason: "owner"})
	case extends:
		p.ask(workflows.UpdateExtend, workflows.Done{})
	case decides:
		p.ask(workflows.UpdateConfirm, workflows.ConfirmRequest{StaffID: 1})
	case accepts, declines:
		p.answer(workflows.UpdateAnswerAlternative, workflows.AlternativeAnswer{Accept: s.Kind == accepts})
	case approves, keeps:
		p.ask(workflows.UpdateDecide, workflows.RefundDecision{Approve: s.Kind == approves, StaffID: 1})
	case gives:
		p.ask(workflows.UpdateRefund, workflows.RefundRequest{Amount: booking.Pesos(100), Reason: fmt.Sprintf("staff_%d", p.updates), StaffID: 1})
	case closes:
		p.close()
	case away:
		p.fault(control.MercadoPagoFaults{CallFaults: control.CallFaults{Outage: new(true)}})
		p.plan(p.now().Add(s.For), "the provider answers again", func() {
			p.fault(control.MercadoPagoFaults{CallFaults: control.CallFaults{Outage: new(false)}})
		})
	case lags:
		p.fault(control.MercadoPagoFaults{SearchLagMS: new(int(s.For / time.Millisecond))})
	case slow:
		p.fault(control.MercadoPagoFaults{RefundsInProcess: new(true)})
		p.plan(p.now().Add(s.For), "refunds are quick again", func() {
			p.fault(control.MercadoPagoFaults{RefundsInProcess: new(false)})
			p.settleRefunds()
		})
	default:
		p.change(s)
	}
}

func (p *play) fault(f control.MercadoPagoFaults) {
	p.must(p.till.market.SetMercadoPagoFaults(context.Background(), f), "set a fault")
}

// heal ends what is wrong at the provider, so that the history can come to rest.
func (p *play) heal() {
	p.must(p.till.market.ClearMercadoPagoFaults(context.Background()), "end the faults")
	p.settleRefunds()
}

func (p *play) settleRefunds() {
	ctx := context.Background()
	for _, id := range p.payments {
		refunds, err := p.till.market.Refunds(ctx, id)
		p.must(err, "list refunds")
		for _, refund := range refunds {
			if refund.Status == "in_process" {
				_, err := p.till.market.SettleRefund(ctx, refund.ID, "approved")
				p.must(err, "settle a refund")
			}
		}
	}
}

func (p *play) pay(s step) {
	ctx := context.Background()
	links, err := p.till.market.Preferences(ctx, p.in.Code)
	p.must(err, "find the link")
	if len(links) == 0 {
		return
	}
	link := links[s.Payment%len(links)]
	// A payment that was begun in time may be done late; one that is begun late is refused by the checkout.
	begun := control.NewPayment{PreferenceID: link.ID, Outcome: s.Outcome, Late: true, Silent: true}
	asked, err := link.Amount.Float64()
	p.must(err, "read the amount of the link")
	switch s.Amount {
	case short:
		begun.Amount = json.Number(fmt.Sprintf("%.2f", asked/2))
	case over:
		begun.Amount = json.Number(fmt.Sprintf("%.2f", asked+100.5))
	case whole:
		begun.Amount = json.Number(fmt.Sprintf("%d.00", p.story.Total))
	case foreign:
		begun.Currency = "USD"
	}
	paid, err := p.till.market.Pay(ctx, begun)
	p.must(err, "pay")
	p.payments = append(p.payments, paid.ID)
	p.tell(paid.ID, s.Told)
}

// change moves one of the payments made so far.
func (p *play) change(s step) {
	if len(p.payments) == 0 {
		return
	}
	ctx, id := context.Background(), p.payments[s.Payment%len(p.payments)]
	var err error
	switch s.Kind {
	case moves:
		_, err = p.till.market.ChangePayment(ctx, id, control.PaymentChange{Status: s.Outcome, Silent: true})
	case panel:
		part := json.Number("")
		if s.Amount == short {
			part = "10.00"
		}
		_, err = p.till.market.RefundFromPanel(ctx, id, part)
	case disputes:
		_, err = p.till.market.Dispute(ctx, id, s.Outcome)
	}
	if err != nil {
		p.notef("not possible: %v", err)
	}
	p.tell(id, s.Told)
}

// tell lets notifications of a payment arrive.
func (p *play) tell(id int64, told telling) {
	name := fmt.Sprint(id)
	for _, after := range told {
		p.plan(p.now().Add(after), "notification of "+name, func() {
			if !p.payment(p.in.Code, name) {
				p.late(workflows.LatePaymentInput{PaymentID: name, Code: p.in.Code})
			}
		})
	}
}

// look is a run of the reconciliation.
func (p *play) look() {
	if _, err := p.till.payments.ReconcilePayments(context.Background()); err != nil {
		p.notef("reconciliation: %v", err)
	}
}

// sellToAnother books the nights for somebody else, when they are free.
func (p *play) sellToAnother() {
	ctx := context.Background()
	p.updates++
	guest, err := p.till.store.UpsertGuest(ctx, postgres.Guest{Phone: fmt.Sprintf("54352%07d", p.till.played), Name: "Beto"})
	p.must(err, "make another guest")
	code := booking.NewCode(p.now(), [3]byte{byte(p.till.played >> 8), byte(p.till.played), byte(100 + p.updates)})
	_, err = p.till.store.PlaceHold(ctx, postgres.NewHold{
		Code: code, AccommodationID: p.in.AccommodationID, GuestID: guest, Stay: p.in.Stay, Guests: 2, Channel: booking.ChannelDirect,
		TokenHash: []byte("hash"), ExpiresAt: p.now().Add(holdFor),
		Quote: booking.Quote{Lines: []booking.Line{{Kind: booking.LineNight, Night: p.in.Stay.CheckIn, Amount: booking.Pesos(1000), Reason: "base price"}},
			Total: booking.Pesos(1000), Deposit: booking.Pesos(300), RateVersion: 1},
	}, p.now())
	if booking.IsCode(err, booking.CodeDatesTaken) {
		return
	}
	p.must(err, "sell the nights")
	_, err = p.till.store.ConfirmByOwner(ctx, code, 1, p.now())
	p.must(err, "confirm the other booking")
	p.notef("the nights are sold to another")
}

// close lets another channel's calendar close the nights.
func (p *play) close() {
	_, err := p.till.sql.Exec(context.Background(), `INSERT INTO calendar_blocks (accommodation_id, start_date, end_date, source, created_at, updated_at)
		VALUES ($1, $2, $3, 'feed', $4, $4)`, p.in.AccommodationID, p.in.Stay.CheckIn.Time(), p.in.Stay.CheckOut.Time(), p.now())
	p.must(err, "close the nights")
}

// ask sends an update to the booking, when it runs.
func (p *play) ask(name string, request any) {
	if p.booking {
		p.answer(name, request)
	}
}

// answer sends an update to whatever runs.
func (p *play) answer(name string, request any) {
	if p.env == nil || p.env.IsWorkflowCompleted() {
		return
	}
	p.updates++
	p.env.UpdateWorkflow(name, fmt.Sprintf("%s/%d", name, p.updates), &testsuite.TestUpdateCallback{
		OnAccept: func() {},
		OnReject: func(err error) { p.notef("%s rejected: %v", name, err) },
		OnComplete: func(outcome any, err error) {
			if err != nil && !errors.Is(err, context.Canceled) {
				p.notef("%s failed: %v", name, err)
				return
			}
			p.notef("%s: %+v", name, outcome)
		},
	}, request)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
