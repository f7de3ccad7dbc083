package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"cabanas/sandbox/control"
)

const (
	shortHold = 2 * time.Second
	// freedWithin is what a hold may outlive its deadline by.
	freedWithin = 2 * time.Second
)

// TestHolds is about deadlines: holds of two seconds, and eight in which a late payment is waited for. Nobody is offered other nights:
// the cabins of the other tests are theirs.
func TestHolds(t *testing.T) {
	t.Parallel()
	s := start(t, false, "HOLD_TTL="+shortHold.String(), "LATE_PAYMENT_GRACE=8s", "ALTERNATIVE_TTL=0s")
	t.Run("each alone", func(t *testing.T) {
		for name, test := range map[string]func(*testing.T, *stack){
			"an unpaid hold ends by chat":                    endsUnpaidByChat,
			"money comes late, the nights are free":          paysLateFree,
			"money comes late, the nights are sold":          paysLateSold,
			"money comes after the workflow, nights free":    paysAfterEndFree,
			"money comes after the workflow, nights sold":    paysAfterEndSold,
			"too little money goes back when the hold ends":  paysTooLittle,
			"no notification comes and the payment is found": paysUnheard,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, s)
			})
		}
	})
	s.settled(t)
	t.Run("an unpaid hold ends", func(t *testing.T) { endsUnpaid(t, s) })
	t.Run("the deadline passes without a worker", func(t *testing.T) { endsWithoutWorker(t, s) })
	t.Run("payments race the timer", func(t *testing.T) { paymentsRaceTimer(t, s) })
}

func endsUnpaid(t *testing.T, s *stack) {
	w, number := s.wishes(s.cabin(t, "Los Álamos", 4), stayFrom(40, 3), 2)
	h := s.books(t, w)
	s.endsInTime(t, h)
	var free struct{ Available bool }
	s.must(t, http.MethodGet, fmt.Sprintf("/api/v1/accommodations/%d/availability?check_in=%s&check_out=%s&guests=2",
		w.AccommodationID, w.CheckIn, w.CheckOut), nil).into(t, &free)
	require.True(t, free.Available)
	s.hears(t, number, h.Code, "hold", "hold_expired")
	again := s.books(t, w)
	require.NotEqual(t, h.Code, again.Code)
	s.endsInTime(t, again)
	s.hears(t, number, again.Code, "hold", "hold_expired")
	s.hears(t, number, h.Code, "hold", "hold_expired")
	s.bookingRuns(t, h.Code, false)
}

// endsInTime waits for the end of a hold and reads from the flight recorder when the nights were free.
func (s *stack) endsInTime(t *testing.T, h hold) {
	t.Helper()
	s.becomes(t, h.Code, "expired", "pending")
	require.LessOrEqual(t, s.outlived(t, h.Code), freedWithin)
}

func (s *stack) outlived(t *testing.T, code string) time.Duration {
	t.Helper()
	var over float64
	require.NoError(t, s.db.QueryRow(patient(t), `SELECT extract(epoch FROM e.recorded_at - r.expires_at)::float8 FROM booking_events e
		JOIN reservations r ON r.id = e.reservation_id WHERE r.code = $1 AND e.kind = 'expired'`, code).Scan(&over))
	require.GreaterOrEqual(t, over, 0.0, "ended before its deadline")
	return time.Duration(over * float64(time.Second))
}

func endsUnpaidByChat(t *testing.T, s *stack) {
	s.cabin(t, "La Querencia", 7)
	g := s.arrives(t)
	h := g.holds(s.week(t, 2), 7)
	g.isTold(h.Code, "hold_expired")
	s.becomes(t, h.Code, "expired", "pending")
	s.hears(t, g.Number, h.Code, "hold", "hold_expired")
	g.says("mis reservas")
	g.isOffered("reserve_again")
}

// late is a hold that ended unpaid, with the link it could have been paid with.
func (s *stack) late(t *testing.T, cabin int64, when stay) (h hold, w wish, number, preference string) {
	t.Helper()
	w, number = s.wishes(cabin, when, 2)
	h = s.books(t, w)
	preference = s.preference(t, h.Code)
	s.becomes(t, h.Code, "expired", "pending")
	return h, w, number, preference
}

func (s *stack) paysLate(t *testing.T, preference string) control.Payment {
	t.Helper()
	p, err := s.world.Pay(patient(t), control.NewPayment{PreferenceID: preference, Late: true})
	require.NoError(t, err)
	return p
}

// sells books a stay and pays it, all within the hold.
func (s *stack) sells(t *testing.T, cabin int64, when stay) hold {
	t.Helper()
	var sold hold
	s.eventually(t, patience, "somebody else is faster", func(ctx context.Context) error {
		w, _ := s.wishes(cabin, when, 2)
		h := s.books(t, w)
		p, err := s.world.WaitPreference(ctx, h.Code)
		if err != nil {
			return err
		}
		if _, err := s.world.Pay(ctx, control.NewPayment{PreferenceID: p.ID}); err != nil {
			s.becomes(t, h.Code, "expired", "pending")
			return err
		}
		sold = h
		return nil
	})
	s.becomes(t, sold.Code, "confirmed", "partially_paid")
	return sold
}

func paysLateFree(t *testing.T, s *stack) {
	h, _, number, preference := s.late(t, s.cabin(t, "El Talar", 4), stayFrom(40, 3))
	p := s.paysLate(t, preference)
	r := s.becomes(t, h.Code, "confirmed", "partially_paid")
	require.Equal(t, r.Deposit, r.Paid)
	require.Equal(t, "applied", s.ledger(t, p.ID).Disposition)
	s.hears(t, number, h.Code, "hold", "hold_expired", "late_confirmed", "receipt")
	s.ownerHears(t, h.Code, "owner_payment_case")
	s.bookingRuns(t, h.Code, true)
	refunds, err := s.world.Refunds(patient(t), p.ID)
	require.NoError(t, err)
	require.Empty(t, refunds)
}

func paysLateSold(t *testing.T, s *stack) {
	cabin, when := s.cabin(t, "El Molino", 4), stayFrom(40, 3)
	h, _, number, preference := s.late(t, cabin, when)
	other := s.sells(t, cabin, stay{when.in.AddDate(0, 0, 2), when.out.AddDate(0, 0, 2)})
	s.comesBack(t, h, number, preference)
	s.becomes(t, other.Code, "confirmed", "partially_paid")
	s.bookingRuns(t, h.Code, false)
}

// comesBack pays for nights that are sold, and sees the money back once.
func (s *stack) comesBack(t *testing.T, h hold, number, preference string) {
	t.Helper()
	p := s.paysLate(t, preference)
	s.refundedOnce(t, p.ID, h.Deposit.centavos(t))
	require.Equal(t, "refunded", s.settles(t, p.ID, "refunded").Disposition)
	r, err := s.row(patient(t), h.Code)
	require.NoError(t, err)
	require.Equal(t, "expired", r.Status)
	s.hears(t, number, h.Code, "hold", "hold_expired", "late_refund")
	s.ownerHears(t, h.Code, "owner_payment_case")
}

func paysAfterEndFree(t *testing.T, s *stack) {
	h, _, number, preference := s.late(t, s.cabin(t, "La Posta", 4), stayFrom(40, 3))
	s.bookingRuns(t, h.Code, false)
	p := s.paysLate(t, preference)
	s.becomes(t, h.Code, "confirmed", "partially_paid")
	require.Equal(t, "applied", s.ledger(t, p.ID).Disposition)
	s.hears(t, number, h.Code, "hold", "hold_expired", "late_confirmed", "receipt")
	s.ownerHears(t, h.Code, "owner_payment_case")
	s.bookingRuns(t, h.Code, true)
	s.wasResolved(t, p.ID)
}

// wasResolved checks that the payment found its own workflow, since the booking's had ended.
func (s *stack) wasResolved(t *testing.T, paymentID int64) {
	t.Helper()
	described, err := s.temporal.DescribeWorkflowExecution(patient(t), fmt.Sprintf("late-payment/%d", paymentID), "")
	require.NoError(t, err)
	require.Equal(t, "LatePayment", described.GetWorkflowExecutionInfo().GetType().GetName())
}

func paysAfterEndSold(t *testing.T, s *stack) {
	cabin, when := s.cabin(t, "La Tranquera", 4), stayFrom(40, 3)
	h, _, number, preference := s.late(t, cabin, when)
	s.bookingRuns(t, h.Code, false)
	other := s.sells(t, cabin, stay{when.in.AddDate(0, 0, -2), when.out.AddDate(0, 0, -2)})
	s.comesBack(t, h, number, preference)
	s.becomes(t, other.Code, "confirmed", "partially_paid")
}

func paysTooLittle(t *testing.T, s *stack) {
	w, number := s.wishes(s.cabin(t, "El Ombú", 4), stayFrom(40, 3), 2)
	h := s.books(t, w)
	short := paymentOf(s.preference(t, h.Code))
	short.Amount, short.Late = "10.50", true
	p, err := s.world.Pay(patient(t), short)
	require.NoError(t, err)
	s.refundedOnce(t, p.ID, 1050)
	r, err := s.row(patient(t), h.Code)
	require.NoError(t, err)
	require.Equal(t, "expired", r.Status)
	require.Zero(t, r.Paid)
	s.hearsOnce(t, number, h.Code+"/hold_expired")
	s.ownerHears(t, h.Code, "owner_payment_case")
}

// paysUnheard: no notification at all; the last look before the end, or the schedule, finds the money.
func paysUnheard(t *testing.T, s *stack) {
	w, _ := s.wishes(s.cabin(t, "La Escondida", 4), stayFrom(40, 3), 2)
	h := s.books(t, w)
	silent := paymentOf(s.preference(t, h.Code))
	silent.Silent, silent.Late = true, true
	_, err := s.world.Pay(patient(t), silent)
	require.NoError(t, err)
	s.becomes(t, h.Code, "confirmed", "partially_paid")
}

// endsWithoutWorker: the worker dies and stays away over the deadline; back again, it frees the nights at once.
func endsWithoutWorker(t *testing.T, s *stack) {
	w, number := s.wishes(s.cabin(t, "El Chañar", 4), stayFrom(40, 3), 2)
	h := s.books(t, w)
	s.signal(t, "dev", syscall.SIGSTOP)
	dead := s.signal(t, "worker", syscall.SIGKILL)
	s.eventually(t, patience, "the deadline has passed", func(context.Context) error {
		if left := time.Until(h.ExpiresAt); left > -time.Second {
			return fmt.Errorf("%s left", left)
		}
		return nil
	})
	require.Equal(t, "pre_reserved", s.becomes(t, h.Code, "pre_reserved", "pending").Status)
	s.signal(t, "dev", syscall.SIGCONT)
	s.restarted(t, "worker", dead)
	s.becomes(t, h.Code, "expired", "pending")
	// Whether the link was sent before the worker died is chance; once it makes no sense any more it is not.
	s.hearsOnce(t, number, h.Code+"/hold_expired")
	s.settled(t)
}

const (
	timerRaces   = 60
	racesAtOnce  = 8
	rebookEvery  = 200 * time.Millisecond
	sprayedAhead = 400 * time.Millisecond
	sprayedOver  = 2 * time.Second
)

// paymentsRaceTimer sprays payments around the deadlines of many holds; for every other one somebody else wants the nights as
// soon as they are free. Each payment ends on a confirmed stay or goes back whole, and nobody's night has two owners.
func paymentsRaceTimer(t *testing.T, s *stack) {
	cabins := make([]int64, timerRaces)
	for i := range cabins {
		cabins[i] = s.cabin(t, fmt.Sprintf("Carrera %d", i), 2)
	}
	var mu sync.Mutex
	ends := map[string]int{}
	var group errgroup.Group
	group.SetLimit(racesAtOnce)
	for i, cabin := range cabins {
		group.Go(func() error {
			end, err := s.raceTimer(t, cabin, i)
			mu.Lock()
			ends[end]++
			mu.Unlock()
			return err
		})
	}
	require.NoError(t, group.Wait())
	t.Logf("%d payments against the timer: %v", timerRaces, ends)
	s.settled(t)
}

func (s *stack) raceTimer(t *testing.T, cabin int64, i int) (end string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	h, err := s.holdsEventually(ctx, cabin, stayFrom(50, 2))
	if err != nil {
		return "", err
	}
	preference, err := s.world.WaitPreference(ctx, h.Code)
	if err != nil {
		return "", err
	}
	var group errgroup.Group
	if i%2 == 0 {
		group.Go(func() error {
			until(ctx, h.ExpiresAt)
			_, err := s.holdsEventually(ctx, cabin, stayFrom(51, 2))
			return err
		})
	}
	until(ctx, h.ExpiresAt.Add(-sprayedAhead+sprayedOver*time.Duration(i)/timerRaces))
	p, err := s.world.Pay(ctx, control.NewPayment{PreferenceID: preference.ID, Late: true})
	if err != nil {
		return "", err
	}
	for end == "" {
		if end, err = s.endOf(ctx, h.Code, p.ID); err != nil {
			return end, err
		}
		if end == "" && ctx.Err() != nil {
			return "", fmt.Errorf("%s and its payment %d come to no end: %w", h.Code, p.ID, ctx.Err())
		}
		until(ctx, time.Now().Add(pollEvery))
	}
	if end == "confirmed" {
		cancel() // whoever else wants the nights has waited for nothing
	}
	return end, group.Wait()
}

// holdsEventually tries to hold a stay until it can be had; given up by the end of ctx it holds nothing and that is no error.
func (s *stack) holdsEventually(ctx context.Context, cabin int64, when stay) (hold, error) {
	w, _ := s.wishes(cabin, when, 2)
	body, err := json.Marshal(w)
	if err != nil {
		return hold{}, err
	}
	for {
		a, err := s.call(ctx, http.MethodPost, "/api/v1/reservations", body)
		switch {
		case ctx.Err() != nil:
			return hold{}, nil //nolint:nilerr // given up in time
		case err != nil:
			return hold{}, err
		case a.status == http.StatusCreated:
			var h hold
			return h, json.Unmarshal(a.body, &h)
		case a.status != http.StatusConflict && a.status != http.StatusServiceUnavailable:
			return hold{}, fmt.Errorf("hold: %d %s", a.status, a.body)
		}
		until(ctx, time.Now().Add(rebookEvery))
	}
}

// endOf names how a race ended, "" while it has not.
func (s *stack) endOf(ctx context.Context, code string, paymentID int64) (string, error) {
	r, err := s.row(ctx, code)
	if err != nil {
		return "", err
	}
	p, err := s.payment(ctx, paymentID)
	if err != nil {
		return "", nil //nolint:nilerr // not looked at yet
	}
	switch {
	case r.Status == "confirmed" && p.Disposition == "applied" && p.Refunded == 0 && r.Paid == p.Amount:
		return "confirmed", nil
	case r.Status == "expired" && p.Disposition == "refunded" && p.Refunded == p.Amount:
		return "refunded", nil
	}
	return "", nil
}

// until waits for an instant that a test is about.
func until(ctx context.Context, at time.Time) {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
