package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"cabanas/booking"
)

// How long a refund is waited for.
const (
	// askAgain is when the owner is reminded of a refund that waits for a word; goesAnyway is when it goes back without one: the
	// guest's right wins over silence.
	askAgain   = 24 * time.Hour
	goesAnyway = 72 * time.Hour
	// firstLook and longestLook are the pauses between looks at a refund that the provider is still at, followWorth is when a
	// person is asked to.
	firstLook   = 15 * time.Minute
	longestLook = 6 * time.Hour
	followWorth = 9 * 24 * time.Hour
	// longestRetry is the pause between tries while the provider is away.
	longestRetry = 10 * time.Minute
	// unlimited tries end by the clock alone; the test environment takes none for ten.
	unlimited = 1<<31 - 1
)

// refundDesk is what a booking knows of the refunds under way.
type refundDesk struct {
	lines []*refundLine
	asked *askedRefund // the one that waits for the owner
}

// refundLine shows how far a refund is in Temporal's UI.
type refundLine struct{ what, state string }

func (l refundLine) String() string { return l.what + ": " + l.state }

// askedRefund waits for the owner's word.
type askedRefund struct {
	order    RefundOrder
	decided  bool
	approved bool
}

// giveBack returns money of a reservation that ended, for as long as it takes.
func (b *bookingRun) giveBack(amount booking.Money, reason string) {
	b.refund(RefundOrder{Amount: amount, Reason: reason})
}

// refund runs a refund as a saga in the background: it is planned over the payments, waits for the owner if it must, and is sent
// and followed to its end, whatever becomes of the main line and however long the provider is away.
func (b *bookingRun) refund(order RefundOrder) {
	if order.Amount.IsZero() {
		return
	}
	order.Code = b.in.Code
	b.spawn(b.background, func(ctx workflow.Context) {
		saga := refundSaga{b: b, order: order}
		saga.run(ctx)
	})
}

// refundSaga is one refund on its way.
type refundSaga struct {
	b     *bookingRun
	order RefundOrder
	// underWay is true once the guest knows that the provider has it.
	underWay bool
	returned booking.Money
}

func (s *refundSaga) run(ctx workflow.Context) {
	line := s.line("all of it", "is being planned")
	plan, err := planRefunds.runLocal(databaseStep(ctx, "plan the refund, "+s.order.Reason), s.order)
	if err != nil {
		s.failed(ctx, line, "plan", s.order.Amount, err)
		return
	}
	s.state(line, fmt.Sprintf("%s over %d payments", plan.Amount.Decimal(), len(plan.Parts)))
	if plan.Amount.Less(s.order.Amount) {
		s.failed(ctx, line, "rest", s.order.Amount.Minus(plan.Amount), errLessLeft)
	}
	if len(plan.Parts) == 0 || plan.Kept || plan.Awaits && !s.approved(ctx, line) {
		return
	}
	s.returned = booking.Money{Currency: s.order.Amount.Currency}
	all := workflow.NewWaitGroup(ctx)
	for _, part := range plan.Parts {
		all.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer all.Done()
			s.send(ctx, part)
		})
	}
	all.Wait(ctx)
	if s.returned.Centavos > 0 {
		s.tell(NoticeRefundDone, s.returned)
	}
}

var (
	errLessLeft = errors.New("less than the refund is left of the payments")
	errTooLong  = errors.New("the provider is at this refund for too long")
)

// send returns one part and follows it to its end; one that is refused does not hold up the others.
func (s *refundSaga) send(ctx workflow.Context, part RefundInput) {
	line := s.line("payment "+part.PaymentID, "on its way")
	result, err := returnPayment(ctx, part, func(result RefundResult) {
		s.state(line, "the provider is at it")
		if !s.underWay {
			s.underWay = true
			s.tell(NoticeRefundSent, result.Amount)
		}
	})
	if err != nil {
		s.failed(ctx, line, part.PaymentID, part.Amount, err)
		return
	}
	s.state(line, "returned "+result.Amount.Decimal())
	s.returned = s.returned.Plus(result.Amount)
}

// returnPayment returns one payment, or a part of it, and looks again until the provider has finished; underWay is called once when
// that takes time.
func returnPayment(ctx workflow.Context, part RefundInput, underWay func(RefundResult)) (RefundResult, error) {
	began, pause := workflow.Now(ctx), firstLook
	for first := true; ; first = false {
		result, err := refundPayment.run(refundStep(ctx, "return payment "+part.PaymentID), part)
		if err != nil || !result.InProcess {
			return result, err
		}
		if first {
			underWay(result)
		}
		if workflow.Now(ctx).Sub(began) > followWorth {
			return result, errTooLong
		}
		if err := workflow.Sleep(ctx, pause); err != nil {
			return result, err
		}
		pause = min(2*pause, longestLook)
	}
}

// refundStep returns money, through any outage of the provider: only one of a month is a case for a person.
func refundStep(ctx workflow.Context, summary string) workflow.Context {
	retries := retryUpTo(longestRetry)
	retries.MaximumAttempts = unlimited
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              QueueBooking,
		StartToCloseTimeout:    time.Minute,
		ScheduleToCloseTimeout: outage,
		RetryPolicy:            retries,
		Summary:                summary,
	})
}

// approved waits for the owner's word, asks again after a day, and lets the refund go after three.
func (s *refundSaga) approved(ctx workflow.Context, line *refundLine) bool {
	asked := &askedRefund{order: s.order}
	s.b.refunds.asked = asked
	s.state(line, "waits for the owner until "+workflow.Now(ctx).Add(goesAnyway).UTC().Format(time.DateTime)+" UTC")
	s.tell(NoticeOwnerRefundAsk, s.order.Amount)
	word := func() bool { return asked.decided }
	if ok, _ := workflow.AwaitWithTimeout(ctx, askAgain, word); !ok {
		s.tell(NoticeOwnerRefundDue, s.order.Amount)
		if ok, _ := workflow.AwaitWithTimeout(ctx, goesAnyway-askAgain, word); !ok {
			if err := s.silence(ctx, asked); err != nil {
				s.failed(ctx, line, "decision", s.order.Amount, err)
				return false
			}
		}
	}
	if !asked.approved {
		s.state(line, "the owner kept the money")
		s.tell(NoticeRefundRefused, s.order.Amount)
		return false
	}
	s.state(line, "may go")
	s.underWay = true
	s.tell(NoticeRefundSent, s.order.Amount)
	return true
}

// silence decides in the owner's place.
func (s *refundSaga) silence(ctx workflow.Context, asked *askedRefund) error {
	err := s.b.decide(ctx, asked, RefundDecisionInput{Approve: true, By: booking.ByTimer})
	if err == nil && asked.approved {
		s.tell(NoticeOwnerRefundGo, s.order.Amount)
	}
	return err
}

// decide records a decision; the first one stands, whoever made it.
func (b *bookingRun) decide(ctx workflow.Context, asked *askedRefund, in RefundDecisionInput) error {
	in.Code, in.Reason = asked.order.Code, asked.order.Reason
	stands, err := decideRefund.runLocal(databaseStep(ctx, "the owner's decision on a refund"), in)
	if err == nil {
		asked.decided, asked.approved = true, stands.Approved
	}
	return err
}

// onDecideRefund takes the owner's word. A refund that is decided already is refused with [booking.CodeWrongState], unless the
// decision is the same.
func (b *bookingRun) onDecideRefund(ctx workflow.Context, decision RefundDecision) (ChangeOutcome, error) {
	ctx, err := b.awaitBegun(ctx)
	if err != nil {
		return ChangeOutcome{}, err
	}
	asked := b.refunds.asked
	if asked == nil {
		return b.refuse(booking.CodeWrongState), nil
	}
	if !asked.decided {
		err := b.decide(ctx, asked, RefundDecisionInput{Approve: decision.Approve, By: booking.ByOwner, StaffID: decision.StaffID})
		if code, refused := refusalOf(err); refused {
			return b.refuse(code), nil
		}
		if err != nil {
			return ChangeOutcome{}, err
		}
	}
	if asked.approved != decision.Approve {
		return b.refuse(booking.CodeWrongState), nil
	}
	return ChangeOutcome{Done: true, Status: b.status, Refund: asked.order.Amount}, nil
}

// onRefund gives part of the money of a running booking back by the decision of staff.
func (b *bookingRun) onRefund(ctx workflow.Context, request RefundRequest) (ChangeOutcome, error) {
	ctx, err := b.awaitBegun(ctx)
	if err != nil {
		return ChangeOutcome{}, err
	}
	if !b.status.Live() {
		return b.refuse(booking.CodeWrongState), nil
	}
	order := RefundOrder{Code: b.in.Code, Amount: request.Amount, Reason: request.Reason, StaffID: request.StaffID, Whole: true}
	plan, err := planRefunds.runLocal(databaseStep(ctx, "plan the refund, "+request.Reason), order)
	if code, refused := refusalOf(err); refused {
		return b.refuse(code), nil
	}
	if err != nil {
		return ChangeOutcome{}, err
	}
	b.refund(order)
	return ChangeOutcome{Done: true, Status: b.status, Refund: plan.Amount}, nil
}

// failed leaves a part that cannot go back to the owner, who is told once what to do.
func (s *refundSaga) failed(ctx workflow.Context, line *refundLine, part string, amount booking.Money, err error) {
	workflow.GetLogger(ctx).Error("refund refused", "code", s.order.Code, "reason", s.order.Reason, "part", part, "error", err)
	s.state(line, "refused, the owner returns it another way")
	s.b.tell(NoticeInput{
		Kind: NoticeOwnerPayment, Suffix: "refund/" + s.order.Reason + "/" + part, Amount: amount, Verdict: VerdictRefundStuck,
	})
}

// VerdictRefundStuck is the owner's case of money that the provider does not return.
const VerdictRefundStuck booking.Verdict = "refund_stuck"

func (s *refundSaga) tell(kind NoticeKind, amount booking.Money) {
	s.b.tell(NoticeInput{Kind: kind, Suffix: s.order.Reason, Amount: amount})
}

func (s *refundSaga) line(what, state string) *refundLine {
	line := &refundLine{what: s.order.Reason + ", " + what, state: state}
	s.b.refunds.lines = append(s.b.refunds.lines, line)
	s.b.show(s.b.waitsFor)
	return line
}

func (s *refundSaga) state(line *refundLine, state string) {
	line.state = state
	s.b.show(s.b.waitsFor)
}
