package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

func (drawer) LackingReceipts(context.Context, int) ([]string, error) { return nil, nil }

func TestRecordedMoneyIsHeardAndReturnedByHand(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	box := &activities.Cashbox{Store: c.store, Processes: silent{c.tasks}, Now: c.clock}
	r, err := c.store.Reservation(t.Context(), c.code)
	require.NoError(t, err)
	recorded, err := box.Record(t.Context(), activities.RecordRequest{Code: c.code, Method: booking.ByCash, Amount: r.Deposit,
		By: postgres.Author{Kind: "system"}, Via: "owner_phone"})
	require.NoError(t, err)
	require.Equal(t, []workflows.LatePaymentInput{{PaymentID: recorded.PaymentID, Code: c.code}}, c.tasks.late, "no booking runs here")

	heard, err := c.SettlePayment(t.Context(), workflows.SettleInput{PaymentID: recorded.PaymentID, Code: c.code})
	require.NoError(t, err)
	require.Equal(t, booking.VerdictConfirm, heard.Verdict)
	require.Equal(t, booking.Confirmed, heard.Status)
	require.True(t, heard.News)

	_, err = c.store.Cancel(t.Context(), c.code, booking.ByGuest, "guest", c.clock())
	require.NoError(t, err)
	_, err = c.RefundPayment(t.Context(), workflows.RefundInput{Code: c.code, PaymentID: recorded.PaymentID, Reason: "cancelled"})
	require.Error(t, err, "no provider has it: a case for the owner")
	left, err := c.store.ToReturnByHand(t.Context(), c.code, booking.ARS)
	require.NoError(t, err)
	require.Equal(t, r.Deposit, left)
}

// silent sends nothing.
type silent struct{ *woken }

func (silent) Redelivery(context.Context, int64) error { return nil }

func TestATransferLastsBusinessHours(t *testing.T) {
	t.Parallel()
	c := openTill(t) // Sunday, 22 November 2026, noon; Monday is a holiday
	desk := &activities.Reservations{Store: c.store, Locks: longLocks{}, Metrics: observe.NewMetrics(prometheus.NewRegistry()), Now: c.clock}
	_, err := desk.ChooseTransfer(t.Context(), workflows.ReservationRef{Code: c.code})
	require.Error(t, err, "where no transfers are taken")
	_, err = c.sql.Exec(t.Context(), `UPDATE properties SET transfer_details = 'Alias: cabanas.arrayan'`)
	require.NoError(t, err)
	chosen, err := desk.ChooseTransfer(t.Context(), workflows.ReservationRef{Code: c.code})
	require.NoError(t, err)
	require.Equal(t, "2026-11-26 18:00", chosen.Change.ExpiresAt.UTC().Format("2006-01-02 15:04"), "24 hours from Tuesday at 9: Thursday at 15")
	var reminders []string
	for _, at := range chosen.Remind {
		reminders = append(reminders, at.UTC().Format("2006-01-02 15:04"))
	}
	require.Equal(t, []string{"2026-11-25 15:00", "2026-11-26 16:00"}, reminders)
}

type longLocks struct{ noLocks }

func (longLocks) Acquire(context.Context, int64, []booking.Date, string, time.Duration) (bool, string, error) {
	return true, "", nil
}

func TestTheBalanceIsAskedForBeforeTheArrival(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	desk := &activities.Reservations{Store: c.store, Now: c.clock}
	times, err := desk.StayTimes(t.Context(), workflows.ReservationRef{Code: c.code})
	require.NoError(t, err)
	require.Empty(t, times.Balance, "it is paid on arrival")
	_, err = c.sql.Exec(t.Context(), `UPDATE properties SET balance_mode = 'link', balance_days_before = 7`)
	require.NoError(t, err)
	times, err = desk.StayTimes(t.Context(), workflows.ReservationRef{Code: c.code})
	require.NoError(t, err)
	kinds := make([]workflows.NoticeKind, 0, len(times.Balance))
	for _, step := range times.Balance {
		kinds = append(kinds, step.Kind)
		require.True(t, step.At.Before(times.CheckIn))
		require.Equal(t, 14, step.At.UTC().Hour(), "eleven at the property")
	}
	require.Equal(t, []workflows.NoticeKind{workflows.NoticeBalanceLink, workflows.NoticeBalanceReminder, workflows.NoticeBalanceReminder,
		workflows.NoticeOwnerBalanceUnpaid}, kinds)
}
