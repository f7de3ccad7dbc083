package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/workflows"
)

var (
	everyDeposit = workflows.LinkCloseInput{Code: code, Kind: booking.LinkDeposit}
	replaced     = workflows.LinkCloseInput{Code: code, Kind: booking.LinkDeposit, Before: 2}
)

// TestLinksAreKilled: whatever ends the wait for the deposit, no link outlives it, however often the provider refuses.
func TestLinksAreKilled(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		arrange func(w *world)
		closed  []workflows.LinkCloseInput
	}{
		"cancelled":         {func(w *world) { w.after(5*time.Minute, func() { w.cancel() }) }, []workflows.LinkCloseInput{everyDeposit}},
		"paid, not closed":  {func(w *world) { w.openLinks = true; w.after(5*time.Minute, func() { w.pay("1", deposit) }) }, []workflows.LinkCloseInput{everyDeposit}},
		"paid and closed":   {func(w *world) { w.after(5*time.Minute, func() { w.pay("1", deposit) }) }, nil},
		"expired":           {func(*world) {}, nil},
		"expired before it": {func(w *world) { w.linkUntil = w.Now().Add(2 * time.Hour) }, []workflows.LinkCloseInput{everyDeposit}},
		"confirmed by the owner": {func(w *world) {
			w.after(5*time.Minute, func() {
				ask[workflows.ChangeOutcome](w, workflows.UpdateConfirm, workflows.ConfirmRequest{StaffID: 1})
			})
		}, []workflows.LinkCloseInput{everyDeposit}},
		"extended, then cancelled": {func(w *world) {
			w.after(5*time.Minute, func() { ask[workflows.ChangeOutcome](w, workflows.UpdateExtend, workflows.Done{}) })
			w.after(10*time.Minute, func() { w.cancel() })
		}, []workflows.LinkCloseInput{replaced, everyDeposit}},
		"extended, then paid": {func(w *world) {
			w.after(5*time.Minute, func() { ask[workflows.ChangeOutcome](w, workflows.UpdateExtend, workflows.Done{}) })
			w.after(10*time.Minute, func() { w.pay("1", deposit) })
		}, []workflows.LinkCloseInput{replaced}},
	}
	for name, test := range tests {
		for _, refusals := range []int{0, 7} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newWorld()
				w.arrival = day
				w.fail("ClosePaymentLink", refusals)
				test.arrange(w)
				w.book(t, hold(40*time.Minute))
				require.Equal(t, test.closed, w.closings)
				if len(test.closed) > 0 {
					require.Equal(t, refusals+len(test.closed), w.count("ClosePaymentLink"))
				}
			})
		}
	}
}

// TestOldLinkStaysUntilTheNewOneIsThere: a guest is never without a way to pay.
func TestOldLinkStaysUntilTheNewOneIsThere(t *testing.T) {
	t.Parallel()
	w := newWorld()
	var during int
	w.after(5*time.Minute, func() {
		w.fail("CreatePaymentLink", 9)
		ask[workflows.ChangeOutcome](w, workflows.UpdateExtend, workflows.Done{})
	})
	w.after(5*time.Minute+10*time.Second, func() { during = len(w.closings) })
	w.after(20*time.Minute, func() { w.cancel() })
	w.book(t, hold(40*time.Minute))
	require.Zero(t, during)
	require.Equal(t, []workflows.LinkCloseInput{replaced, everyDeposit}, w.closings)
	require.Equal(t, []workflows.NoticeKind{
		workflows.NoticeHold, workflows.NoticeExtended, workflows.NoticeCancelled, workflows.NoticeOwnerCancelled,
	}, w.kinds())
}
