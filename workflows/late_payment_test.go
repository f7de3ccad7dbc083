package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/workflows"
)

func (w *world) resolve(t *testing.T, in workflows.LatePaymentInput) workflows.Settlement {
	t.Helper()
	w.ExecuteWorkflow(workflows.LatePayment, in)
	require.True(t, w.IsWorkflowCompleted())
	require.NoError(t, w.GetWorkflowError())
	var settlement workflows.Settlement
	require.NoError(t, w.GetWorkflowResult(&settlement))
	return settlement
}

func TestLatePaymentIsTheRunningBookingsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.runs = true
	w.resolve(t, workflows.LatePaymentInput{PaymentID: "1", Code: code})
	require.Equal(t, []string{"ForwardPayment"}, w.calls)
}

func TestLatePaymentFindsTheRunningBookingByItself(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.runs, w.status = true, booking.PreReserved
	w.set("1", deposit, booking.ProviderApproved)
	settlement := w.resolve(t, workflows.LatePaymentInput{PaymentID: "1"})
	require.Equal(t, booking.VerdictConfirm, settlement.Verdict)
	require.Equal(t, []string{"SettlePayment", "ForwardPayment"}, w.calls)
	require.Empty(t, w.resumed)
}

func TestLatePaymentOfAClosedBooking(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status  booking.Status
		sold    bool
		paid    booking.Money
		payment booking.ProviderStatus
		want    booking.Status
		refunds []string
		resumed []string
		tell    kinds
	}{
		"nights free": {
			status: booking.Expired, paid: deposit, payment: booking.ProviderApproved,
			want: booking.Confirmed, resumed: []string{code}, tell: kinds{workflows.NoticeLateConfirmed, workflows.NoticeOwnerPayment},
		},
		"nights sold": {
			status: booking.Expired, sold: true, paid: deposit, payment: booking.ProviderApproved,
			want: booking.Expired, refunds: []string{"1/taken"}, tell: kinds{workflows.NoticeLateRefund, workflows.NoticeOwnerPayment},
		},
		"too little": {
			status: booking.Expired, paid: booking.Pesos(1), payment: booking.ProviderApproved,
			want: booking.Expired, refunds: []string{"1/late"}, tell: kinds{workflows.NoticeLateRefund, workflows.NoticeOwnerPayment},
		},
		"cancelled": {
			status: booking.Cancelled, paid: deposit, payment: booking.ProviderApproved,
			want: booking.Cancelled, refunds: []string{"1/cancelled"}, tell: kinds{workflows.NoticeLateRefund, workflows.NoticeOwnerPayment},
		},
		"completed": {
			status: booking.Completed, paid: deposit, payment: booking.ProviderApproved,
			want: booking.Completed, refunds: []string{"1/surplus"}, tell: kinds{workflows.NoticeSurplus, workflows.NoticeOwnerPayment},
		},
		"unknown status": {
			status: booking.Expired, paid: deposit, payment: booking.ProviderUnknown,
			want: booking.Expired, tell: kinds{workflows.NoticeOwnerPayment},
		},
		"rejected after the end": {
			status: booking.Completed, paid: deposit, payment: booking.ProviderRejected, want: booking.Completed, tell: kinds{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.status, w.sold = test.status, test.sold
			w.set("1", test.paid, test.payment)
			w.resolve(t, workflows.LatePaymentInput{PaymentID: "1", Code: code})
			require.Equal(t, test.want, w.status)
			require.Equal(t, test.refunds, w.refunds)
			require.Equal(t, test.resumed, w.resumed)
			require.Equal(t, test.tell, w.kinds())
		})
	}
}

func TestLatePaymentThatNobodyKnowsIsParked(t *testing.T) {
	t.Parallel()
	w := newWorld()
	settlement := w.resolve(t, workflows.LatePaymentInput{PaymentID: "404", Code: code})
	require.Equal(t, booking.VerdictPark, settlement.Verdict)
	require.Equal(t, kinds{workflows.NoticeOwnerPayment}, w.kinds())
}

func TestAnUnsignedHintAtAPaymentThatNobodyKnowsAlarmsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld()
	settlement := w.resolve(t, workflows.LatePaymentInput{PaymentID: "404", Hint: true})
	require.Equal(t, booking.VerdictPark, settlement.Verdict)
	require.Empty(t, w.kinds())
}

func TestLatePaymentStepsHealByRetry(t *testing.T) {
	t.Parallel()
	for _, sold := range []bool{false, true} {
		for _, step := range []string{"ForwardPayment", "SettlePayment", "ResumeBooking", "RefundPayment", "SendNotices"} {
			t.Run(step, func(t *testing.T) {
				t.Parallel()
				w := newWorld()
				w.status, w.sold = booking.Expired, sold
				w.set("1", deposit, booking.ProviderApproved)
				w.fail(step, 4)
				w.resolve(t, workflows.LatePaymentInput{PaymentID: "1", Code: code})
				require.Equal(t, !sold, w.status == booking.Confirmed)
				require.Equal(t, !sold, len(w.resumed) == 1)
				require.Equal(t, sold, len(w.refunds) == 1)
				require.Len(t, w.notices, 2)
			})
		}
	}
}

func TestLatePaymentRefundThatIsRefusedIsACaseForTheOwner(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.status, w.sold = booking.Expired, true
	w.set("1", deposit, booking.ProviderApproved)
	w.failures["RefundPayment"] = []error{final(workflows.ErrorPaymentRejected)}
	w.resolve(t, workflows.LatePaymentInput{PaymentID: "1", Code: code})
	require.Equal(t, kinds{workflows.NoticeOwnerPayment}, w.kinds())
	require.Equal(t, booking.VerdictPark, w.notices[0].Verdict)
}

func TestReconciliation(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.fail("ReconcilePayments", 2)
	w.ExecuteWorkflow(workflows.PaymentReconciliation)
	require.NoError(t, w.GetWorkflowError())
	require.Equal(t, 3, w.count("ReconcilePayments"))
}
