package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"cabanas/booking"
)

// Booking carries one reservation from its hold to the end of the stay. It holds the nights, offers the payment link, waits for
// the deposit or the deadline, waits on for late money, accompanies the stay, and answers the updates and signals of names.go
// all the while. The database decides every race; this workflow learns who won and sees to what follows.
func Booking(ctx workflow.Context, in BookingInput) (BookingResult, error) {
	b := newBookingRun(ctx, in)
	if err := b.setup(ctx); err != nil {
		return BookingResult{}, err
	}
	return b.run(ctx)
}

// bookingRun is the state of one Booking workflow.
type bookingRun struct {
	in  BookingInput
	ref ReservationRef

	// background outlives the cancellation of the workflow: money, notices and their retries are never abandoned. Only the main
	// line may block on it.
	background workflow.Context
	busy       int // coroutines at work in the background
	payments   workflow.ReceiveChannel
	alarm      alarm

	begun     bool // the hold was placed or refused
	answered  bool // the caller of UpdateHold has its answer
	hold      HoldOutcome
	status    booking.Status
	expiresAt time.Time
	reminders []reminder
	extended  bool
	graceOver bool
	transfer  bool // the guest pays by bank transfer
	// balanceLinked says that the link of the balance was asked for.
	balanceLinked bool
	balanceRound  int // links of the balance that were given up because the stay changed
	moves         int // changes of the stay
	movedAt       time.Time
	changing      int  // changes of the stay under way
	completing    bool // the stay is being closed
	cancelled     bool // the consequences of a cancellation are under way

	link      linkOffer
	outbox    outbox
	following map[string]bool // payments being looked up; true when another signal came meanwhile
	returning map[string]bool // payments given back by this workflow
	refunds   refundDesk
	// alternative is what is offered for a payment whose nights are sold, nil while nothing was.
	alternative *alternative
	seen        map[string]bool // verdicts this workflow has acted on, by payment
	waitsFor    string
}

func newBookingRun(ctx workflow.Context, in BookingInput) *bookingRun {
	background, _ := workflow.NewDisconnectedContext(ctx)
	return &bookingRun{
		in:         in,
		ref:        ReservationRef{Code: in.Code},
		background: background,
		following:  map[string]bool{},
		returning:  map[string]bool{},
		seen:       map[string]bool{},
	}
}

// setup makes the workflow reachable before it first waits.
func (b *bookingRun) setup(ctx workflow.Context) error {
	b.payments = workflow.GetSignalChannelWithOptions(ctx, SignalPayment, workflow.SignalChannelOptions{
		Description: "something may have happened to a payment of this booking",
	})
	return b.handleUpdates(ctx)
}

func (b *bookingRun) run(ctx workflow.Context) (BookingResult, error) {
	err := b.begin(ctx)
	cancelled := temporal.IsCanceledError(err)
	for err == nil && b.alive() {
		if err = b.stage(ctx); temporal.IsCanceledError(err) {
			cancelled, ctx = true, b.background
			err = b.abandon()
		}
		if err == nil {
			b.windDown(b.alive)
		}
	}
	b.windDown(func() bool { return false })
	switch {
	case err != nil:
		return BookingResult{}, err
	case cancelled:
		return BookingResult{}, temporal.NewCanceledError()
	}
	return BookingResult{Status: b.status, Refusal: b.hold.Refusal}, nil
}

// alive reports whether the reservation still waits for something. One that ended can come alive again: by a payment that was
// on its way.
func (b *bookingRun) alive() bool {
	return b.status.Live() || b.status == booking.Expired && !b.graceOver
}

// stage lives through the stage that the reservation is in.
func (b *bookingRun) stage(ctx workflow.Context) error {
	switch b.status {
	case booking.PreReserved:
		return b.awaitDeposit(ctx)
	case booking.Expired:
		return b.awaitLatePayment(ctx)
	default:
		return b.accompany(ctx)
	}
}

// begin places the hold and offers the payment link, or takes up a confirmed reservation.
func (b *bookingRun) begin(ctx workflow.Context) error {
	defer func() { b.begun = true }()
	if b.in.Resume {
		b.status, b.hold, b.answered = booking.Confirmed, HoldOutcome{Placed: true}, true
		return nil
	}
	placed, err := placeHold.runLocal(databaseStep(ctx, "hold the nights"), b.in)
	if code, refused := refusalOf(err); refused {
		b.hold, b.answered = HoldOutcome{Refusal: code}, true
		b.show("nothing: refused, " + string(code))
		return nil
	}
	if err != nil {
		b.hold, b.answered = HoldOutcome{Refusal: booking.CodeUnavailable}, true
		return b.release(err)
	}
	b.hold.Placed = true
	b.status, b.expiresAt = booking.PreReserved, placed.ExpiresAt
	b.reminders = holdReminders(placed.ExpiresAt, b.in.HoldFor)
	b.offerLink(NoticeInput{Kind: NoticeHold})
	return nil
}

// release undoes a hold whose outcome never became known, and returns the reason.
func (b *bookingRun) release(reason error) error {
	_, err := cancelReservation.runLocal(databaseStep(b.background, "release the nights"),
		CancelInput{Code: b.in.Code, By: booking.BySystem, Reason: "interrupted"})
	if err != nil && !isFinal(err) {
		workflow.GetLogger(b.background).Error("nights not released", "code", b.in.Code, "error", err)
	}
	return reason
}

// awaitDeposit holds the nights until they are paid, given up, or the deadline passes; on the way it reminds.
func (b *bookingRun) awaitDeposit(ctx workflow.Context) error {
	for b.status == booking.PreReserved {
		b.dropPastReminders(workflow.Now(ctx))
		next := reminder{at: b.expiresAt}
		if len(b.reminders) > 0 {
			next = b.reminders[0]
		}
		rang, err := b.wait(ctx, next.at, next.summary(), "the deposit")
		switch {
		case err != nil:
			return err
		case !rang:
		case next.kind != "":
			b.remind(workflow.Now(ctx), next)
		default:
			if err := b.expire(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// expire ends an unpaid hold on its deadline. The provider is asked a last time, because a notification can be late; whoever
// changes the row first, a payment or this, has won.
func (b *bookingRun) expire(ctx workflow.Context) error {
	if b.link.attempt > 0 {
		found, err := sweepPayments.run(sweepStep(ctx), b.ref)
		if temporal.IsCanceledError(err) {
			return err
		}
		for _, settlement := range found.Items {
			b.settled(settlement)
		}
	}
	for b.status == booking.PreReserved && !b.expiresAt.After(workflow.Now(ctx)) {
		change, err := expireHold.runLocal(databaseStep(ctx, "release the nights"), b.ref)
		if err != nil {
			return err
		}
		b.moved(change, Settlement{})
		if change.Status == booking.Expired {
			b.giveBack(change.RefundDue, "short")
			b.tell(NoticeInput{Kind: NoticeExpired})
		}
		if b.status == booking.PreReserved && !b.expiresAt.After(workflow.Now(ctx)) {
			// The database's clock is behind this one's.
			if err := workflow.Sleep(ctx, time.Second); err != nil {
				return err
			}
		}
	}
	return nil
}

// awaitLatePayment stays reachable after the expiry: money on its way either takes the nights again or goes back.
func (b *bookingRun) awaitLatePayment(ctx workflow.Context) error {
	until := b.expiresAt.Add(b.in.Grace)
	rang, err := b.waitUntil(ctx, booking.Expired, until, "grace for a late payment ends", "a late payment")
	b.graceOver = b.graceOver || rang
	return err
}

// accompany sees a confirmed stay through: arrival message, departure, thanks.
func (b *bookingRun) accompany(ctx workflow.Context) error {
	for b.status == booking.Confirmed {
		times, err := stayTimes.runLocal(databaseStep(ctx, "when the stay begins and ends"), b.ref)
		if err != nil {
			return err
		}
		moves := b.moves
		if err := b.awaitBalance(ctx, times); err != nil || b.status != booking.Confirmed {
			return err
		}
		if b.moves != moves {
			continue // these are not the times any more
		}
		if times.Arrival.After(workflow.Now(ctx)) {
			if rang, err := b.waitUntil(ctx, booking.Confirmed, times.Arrival, "arrival message", "the arrival"); !rang {
				if err == nil && b.moves != moves {
					continue
				}
				return err
			}
			b.tell(NoticeInput{Kind: NoticeArrival, Suffix: b.anew("")})
		}
		if rang, err := b.waitUntil(ctx, booking.Confirmed, times.Departure, "departure", "the departure"); !rang {
			if err == nil && b.moves != moves {
				continue
			}
			return err
		}
		if err := workflow.Await(ctx, func() bool { return b.changing == 0 }); err != nil {
			return err
		}
		if b.moves != moves {
			continue
		}
		if err := b.complete(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (b *bookingRun) complete(ctx workflow.Context) error {
	b.completing = true
	change, err := completeStay.runLocal(databaseStep(ctx, "the stay is over"), b.ref)
	b.completing = false
	if err != nil {
		return err
	}
	b.moved(change, Settlement{})
	if change.Status == booking.Completed {
		b.tell(NoticeInput{Kind: NoticeThanks})
		return nil
	}
	// The dates were moved meanwhile: look again, without haste.
	_, err = b.waitUntil(ctx, booking.Confirmed, workflow.Now(ctx).Add(time.Hour), "look again", "the departure")
	return err
}

// abandon ends the booking because an operator cancelled the workflow: the same as a cancellation by the owner.
func (b *bookingRun) abandon() error {
	b.graceOver = true
	if !b.status.Live() {
		return nil
	}
	_, err := b.cancel(b.background, CancelRequest{By: booking.ByOwner, Reason: "workflow_cancelled"})
	return err
}

// windDown waits for what is still under way in the background, and takes every signal, so that nothing is lost when the
// workflow ends. It returns early when there is more to do: a payment took the nights again.
func (b *bookingRun) windDown(more func() bool) {
	quiet := func() bool { return b.busy == 0 && workflow.AllHandlersFinished(b.background) }
	for {
		b.readPayments()
		if more() {
			return
		}
		b.show("what is under way")
		_ = workflow.Await(b.background, func() bool { return b.payments.Len() > 0 || more() || quiet() })
		if b.payments.Len() == 0 {
			return
		}
	}
}
