package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"cabanas/booking"
	"cabanas/temporal"
	"cabanas/workflows"
)

// bookings go from the hold to the confirmation that reaches the guest, through the Booking workflow and everything behind it.
func (w *workload) bookings() Scenario {
	var turn atomic.Int64
	return Scenario{
		Name:  "bookings",
		Ours:  "hold by update-with-start, payment link, signal, settlement, confirmation at the guest's WhatsApp",
		Floor: "workflow of three empty activities, a timer and a signal",
		ours: func(ctx context.Context) error {
			at, err := w.nights.next()
			if err != nil {
				return err
			}
			return w.book(ctx, at, w.guests[int(turn.Add(1))%len(w.guests)])
		},
		floor: w.floors.book, Workers: []int{8, 24},
		reset: w.nights.clear, check: w.expectLive("confirmed"),
	}
}

func (w *workload) book(ctx context.Context, at place, guestID int64) error {
	code := w.nights.code()
	confirmed, forget := w.Provider.Expect(code + "/" + string(workflows.NoticeConfirmed))
	defer forget()
	outcome, err := temporal.StartBooking(ctx, w.Temporal, workflows.BookingInput{
		Code: code, AccommodationID: at.Cabin, UnitName: "Cabaña", Stay: at.Stay, Guests: cabinGuests, GuestID: guestID,
		Channel: booking.ChannelDirect, TokenHash: []byte("load"),
		HoldFor: 96 * time.Hour, Extension: 30 * time.Minute, Grace: time.Hour,
	})
	switch {
	case err != nil:
		return errors.New("start the booking: " + rootCause(err))
	case !outcome.Placed:
		return fmt.Errorf("the hold was refused: %s", outcome.Refusal)
	}
	payment, err := w.Provider.Approve(code)
	if err != nil {
		return err
	}
	if delivered, err := temporal.SignalPayment(ctx, w.Temporal, code, payment); err != nil || !delivered {
		return errors.New("signal the payment: " + rootCause(err))
	}
	return await(ctx, confirmed, "the confirmation")
}

// rootCause leaves out the wrapping, which names the booking, so that the same failures are counted together.
func rootCause(err error) string {
	for err != nil {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
	return "no workflow runs"
}

// holds are answered by POST /reservations with the payment link.
func (w *workload) holds() Scenario {
	return Scenario{
		Name:  "holds",
		Ours:  "POST /reservations of free nights, answered with the payment link",
		Floor: "update-with-start of a workflow with one empty local activity",
		ours: func(ctx context.Context) error {
			at, err := w.nights.next()
			if err != nil {
				return err
			}
			status, err := w.postHold(ctx, at)
			if err == nil && status != http.StatusCreated {
				err = fmt.Errorf("POST reservations answered %d", status)
			}
			return err
		},
		floor: w.floors.hold, Workers: []int{16, 48},
		reset: w.nights.clear, check: w.expectLive("pre_reserved"),
	}
}

// strangers are guests who book on the web, each once.
type strangers struct{ count atomic.Int64 }

var errNoLink = errors.New("the hold was answered without a payment link")

// postHold asks for a hold; 201 and 409 are answers, anything else is an error.
func (w *workload) postHold(ctx context.Context, at place) (int, error) {
	body, err := json.Marshal(map[string]any{
		"accommodation_id": at.Cabin, "check_in": at.Stay.CheckIn.String(), "check_out": at.Stay.CheckOut.String(), "guests": cabinGuests,
		"contact_name": "Carga", "contact_phone": "+" + phoneOf(restGuests, int(w.count.Add(1))%1_000_000),
	})
	if err != nil {
		return 0, fmt.Errorf("encode a hold: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.API+"/api/v1/reservations", bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("ask for a hold: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := w.HTTP.Do(request)
	if err != nil {
		return 0, errors.New("ask for a hold: " + rootCause(err))
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, errors.New("read the answer to a hold: " + rootCause(err))
	}
	if err := wantStatus(response, http.StatusCreated, http.StatusConflict); err != nil {
		return 0, err
	}
	var answered struct {
		PaymentURL   string            `json:"payment_url"`
		Code         string            `json:"code"`
		Alternatives []json.RawMessage `json:"alternatives"`
	}
	if err := json.Unmarshal(raw, &answered); err != nil {
		return 0, fmt.Errorf("read the answer to a hold: %w", err)
	}
	switch {
	case response.StatusCode == http.StatusCreated && answered.PaymentURL == "":
		return 0, errNoLink
	case response.StatusCode == http.StatusConflict && answered.Code != string(booking.CodeDatesTaken):
		return 0, fmt.Errorf("the hold was refused: %s", answered.Code)
	case response.StatusCode == http.StatusConflict && len(answered.Alternatives) == 0:
		return 0, errNoAlternatives
	}
	return response.StatusCode, nil
}

var (
	errNoAlternatives = errors.New("the loser was given no alternatives")
	errRaceWon        = errors.New("taken nights were given away")
)

// racers come when the nights are taken, and are told what is free instead.
func (w *workload) racers() Scenario {
	var turn atomic.Int64
	wanted := func() place { return w.taken[int(turn.Add(1))%len(w.taken)] }
	return Scenario{
		Name:  "racers",
		Ours:  "POST /reservations of taken nights, answered 409 with alternatives",
		Floor: "INSERT refused by the exclusion constraint",
		ours: func(ctx context.Context) error {
			status, err := w.postHold(ctx, wanted())
			if err == nil && status != http.StatusConflict {
				err = errRaceWon
			}
			return err
		},
		floor: func(ctx context.Context) error {
			if err := w.nights.insertHold(ctx, wanted(), w.guests[0]); !overlaps(err) {
				return errors.Join(errRaceWon, err)
			}
			return nil
		},
		Workers: []int{4, 16}, reset: w.takeSome,
	}
}

// takeSome books a few weeks of every cabin.
func (w *workload) takeSome(ctx context.Context) error {
	if err := w.nights.clear(ctx); err != nil {
		return err
	}
	w.taken = w.taken[:0]
	for range 10 * len(w.nights.cabins) {
		at, err := w.nights.next()
		if err != nil {
			return err
		}
		if err := w.nights.insertHold(ctx, at, w.guests[0]); err != nil {
			return fmt.Errorf("take nights: %w", err)
		}
		w.taken = append(w.taken, at)
	}
	return nil
}

const raceSize = 32

// race is many guests wanting the same free nights at the same moment: one wins.
func (w *workload) race() Scenario {
	return Scenario{
		Name:    "race",
		Ours:    fmt.Sprintf("POST /reservations of the same free nights by %d at once: one 201, the rest 409", raceSize),
		Floor:   fmt.Sprintf("INSERT of the same nights by %d at once: one row, the rest refused", raceSize),
		Workers: []int{raceSize},
		ours: w.raced(func(ctx context.Context, at place) error {
			_, err := w.postHold(ctx, at)
			return err
		}),
		floor: w.raced(func(ctx context.Context, at place) error {
			if err := w.nights.insertHold(ctx, at, w.guests[0]); err != nil && !overlaps(err) {
				return fmt.Errorf("insert a hold: %w", err)
			}
			return nil
		}),
		reset: w.nights.clear,
		check: func(ctx context.Context, o Outcome) error {
			won, err := w.live(ctx, "pre_reserved")
			if err != nil {
				return err
			}
			races := (o.Offered - o.Dropped + raceSize - 1) / raceSize
			// The racers of a group that failed may all have lost nothing: only more winners than races is a fault for certain.
			if won > races || (o.Failed == 0 && won != races) {
				return fmt.Errorf("%w: %d races and %d winners", ErrAccount, races, won)
			}
			return nil
		},
	}
}

// raced gives each group of consecutive iterations the same nights.
func (w *workload) raced(try func(context.Context, place) error) Iteration {
	return func(ctx context.Context) error {
		at, err := w.nights.at(w.nights.take() / raceSize)
		if err != nil {
			return err
		}
		return try(ctx, at)
	}
}

// exclusionViolation is Postgres' SQLSTATE of a refused overlap.
const exclusionViolation = "23P01"

func overlaps(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == exclusionViolation
}
