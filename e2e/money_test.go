package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/sandbox/control"
	"cabanas/workflows"
)

// approvalAbove is less than any deposit of the sample cabins, in whole pesos.
const approvalAbove = 50_000

// TestMoney takes money in by every door and gives it back by every other, until our books are laid beside Mercado Pago's.
func TestMoney(t *testing.T) {
	t.Parallel()
	s := start(t, true, "PAYMENT_RECONCILE_INTERVAL=3s", fmt.Sprintf("REFUND_APPROVAL_ABOVE=%d", approvalAbove))
	s.setUpOwner(t)
	s.ownerIsThere(t)
	begun := today()
	for _, step := range []struct {
		name string
		test func(*testing.T, *office)
	}{
		{"a transfer is what the owner says it is", paysByTransfer},
		{"cash is counted once", paysInCash},
		{"a dear refund waits for the owner", refundWaits},
		{"the owner confirms, extends and cancels", ownerChanges},
		{"staff moves a booking", movesABooking},
		{"part goes back, from us and from the panel", partGoesBack},
		{"nothing is heard and everything is found", nothingHeard},
		{"the page says what is true", payPage},
	} {
		ok := t.Run(step.name, func(t *testing.T) {
			t.Cleanup(func() { s.heal(t) })
			step.test(t, s.office(t))
			s.heal(t)
			s.settled(t)
		})
		if !ok {
			return // the books hold whatever was left half done
		}
	}
	t.Run("our books are Mercado Pago's", func(t *testing.T) { booksAgree(t, s, begun) })
}

func paysByTransfer(t *testing.T, o *office) {
	const alias = "zorzal.quincho.leña"
	takes := func(details string) {
		o.ask(http.MethodPatch, "/admin/property", map[string]string{"transfer_details": details}, http.StatusOK, nil)
	}
	t.Cleanup(func() { takes("") })
	takes("Banco de la Sierra\nAlias: " + alias)
	g := o.arrives(t)
	h := g.holds(o.week(t, 2), 2)
	before := o.becomes(t, h.Code, "pre_reserved", "pending").ExpiresAt
	g.presses(g.isOffered("transfer_" + h.Code))
	g.hears("where to transfer to", func(m control.Message) bool { return strings.Contains(m.Text, alias) })
	require.True(t, o.becomes(t, h.Code, "pre_reserved", "pending").ExpiresAt.After(before), "a bank takes longer than a card")

	const caption = "va la foto de lo que acabo de pasar"
	yes := "transfer_ok_" + h.Code
	o.keepSaid(caption)
	for _, claim := range []control.Inbound{
		{Type: "image", Text: caption},
		{Type: "button_reply", ButtonID: yes, Title: "Entró la seña"}, // which no guest was ever offered
	} {
		claim.From = g.Number
		_, err := o.world.Send(patient(t), claim)
		require.NoError(t, err)
		g.hearsAnything()
		require.Zero(t, o.becomes(t, h.Code, "pre_reserved", "pending").Paid)
	}
	o.ownerIsAsked(t, yes, 2)
	require.Empty(t, o.bookedPayments(h.Code).Items)

	_, err := o.world.Press(patient(t), ownerNumber, yes)
	require.NoError(t, err)
	r := o.becomes(t, h.Code, "confirmed", "partially_paid")
	require.Equal(t, r.Deposit, r.Paid)
	o.hears(t, g.Number, h.Code, "hold", "transfer_offer", "confirmed", "receipt")
	receipt := g.hears("the receipt", func(m control.Message) bool { return m.Kind == "document" && m.Media != nil }).Media.Link
	o.keepPrivate(strings.TrimSuffix(path.Base(receipt), ".pdf"))
	require.True(t, isPDF(o.opensPage(t, receipt)))
	_, err = o.world.Press(patient(t), ownerNumber, yes)
	require.NoError(t, err)
	o.answersAll(t, ownerNumber)
	paid := o.bookedPayments(h.Code).Items
	require.Len(t, paid, 1)
	require.Equal(t, "transfer", paid[0].Method)
	require.Equal(t, r.Deposit, paid[0].Amount.centavos(t))
	require.True(t, paid[0].Counted)
}

func paysInCash(t *testing.T, o *office) {
	h, number, _ := o.isSold(t)
	balance := h.Total.centavos(t) - h.Deposit.centavos(t)
	record := map[string]string{"method": "cash", "amount": pesos(balance), "note": "en la galería"}
	first, again := o.records(h.Code, "cash-1", record), o.records(h.Code, "cash-1", record)
	require.NotEmpty(t, first.PaymentID)
	require.Equal(t, first, again, "the first answer is given again")
	r := o.becomes(t, h.Code, "confirmed", "paid")
	require.Equal(t, r.Total, r.Paid)
	require.Equal(t, "paid", o.shown(t, h).PaymentStatus)
	require.Zero(t, o.bookedPayments(h.Code).Reservation.Balance.centavos(t))
	require.Len(t, o.bookedPayments(h.Code).Items, 2)
	o.hears(t, number, h.Code, "hold", "confirmed", "receipt", "payment_counted", "receipt")

	refused := o.posts("/admin/reservations/"+h.Code+"/payments", "cash-2", record, http.StatusUnprocessableEntity)
	require.Equal(t, "more_than_due", refused.problem(t).Code)
	require.Equal(t, r.Paid, o.becomes(t, h.Code, "confirmed", "paid").Paid)
}

func refundWaits(t *testing.T, o *office) {
	h, number, paid := o.isSold(t)
	require.Greater(t, h.Deposit.centavos(t), int64(approvalAbove*100))
	a := o.must(t, http.MethodPost, "/api/v1/reservations/"+h.Code+"/cancel", nil, "X-Reservation-Token", h.Token)
	require.Equal(t, http.StatusOK, a.status, "%s", a.body)
	o.ownerHears(t, h.Code, string(workflows.NoticeOwnerRefundAsk))
	asked := o.refundOf(h.Code, "awaiting_approval")
	require.Equal(t, h.Deposit.centavos(t), asked.Amount.centavos(t))
	o.becomes(t, h.Code, "cancelled", "partially_paid")
	o.hears(t, number, h.Code, "hold", "confirmed", "receipt", "cancelled")
	before, err := o.world.Refunds(patient(t), paid.ID)
	require.NoError(t, err)
	require.Empty(t, before, "nothing goes before the owner's word")

	decision := fmt.Sprintf("/admin/refunds/%d/", asked.ID)
	for range 2 {
		o.ask(http.MethodPost, decision+"approve", nil, http.StatusOK, nil)
	}
	o.refundedOnce(t, paid.ID, h.Deposit.centavos(t))
	o.becomes(t, h.Code, "cancelled", "refunded")
	o.hears(t, number, h.Code, "hold", "confirmed", "receipt", "cancelled", "refund_sent", "refund_done")
	done := o.refundOf(h.Code, "done")
	require.Equal(t, "owner", done.DecidedBy)
	o.ask(http.MethodPost, decision+"refuse", nil, http.StatusConflict, nil)
}

func partGoesBack(t *testing.T, o *office) {
	const ours, panel = 10_000_00, 5_000_50
	h, number, paid := o.isSold(t)
	back := map[string]any{"amount": money{pesos(ours), "ARS"}, "reason": "goodwill"}
	for range 2 {
		o.posts("/admin/reservations/"+h.Code+"/refunds", "back-1", back, http.StatusAccepted)
	}
	o.refundedOnce(t, paid.ID, ours)
	o.returned(t, h, ours)
	o.hears(t, number, h.Code, "hold", "confirmed", "receipt", "refund_done")

	_, err := o.world.RefundFromPanel(patient(t), paid.ID, json.Number(pesos(panel)))
	require.NoError(t, err)
	o.returned(t, h, ours+panel)
	o.hears(t, number, h.Code, "hold", "confirmed", "receipt", "refund_done", "payment_returned")
	o.ownerHearsOf(t, h, paid, booking.VerdictPart)
	require.Equal(t, int64(ours+panel), o.ledger(t, paid.ID).Refunded)
}

// ownerChanges: what staff changes is told to the guest like any change, and whoever did it is written down.
func ownerChanges(t *testing.T, o *office) {
	w, number := o.wishes(1, o.week(t, 2), 2)
	h := o.books(t, w)
	before := o.becomes(t, h.Code, "pre_reserved", "pending").ExpiresAt
	change := func(what, key string, body any, want int) {
		o.posts("/admin/reservations/"+h.Code+"/"+what, key, body, want)
	}
	change("extend", "extend-1", nil, http.StatusOK)
	require.True(t, o.becomes(t, h.Code, "pre_reserved", "pending").ExpiresAt.After(before))
	change("extend", "extend-2", nil, http.StatusConflict)
	for range 2 {
		change("confirm", "confirm-1", nil, http.StatusOK)
	}
	o.becomes(t, h.Code, "confirmed", "pending")
	change("cancel", "cancel-1", map[string]string{"refund": "everything"}, http.StatusUnprocessableEntity)
	for range 2 {
		change("cancel", "cancel-2", map[string]string{"refund": "none"}, http.StatusOK)
	}
	o.becomes(t, h.Code, "cancelled", "pending")
	o.hears(t, number, h.Code, "hold", "hold_extended", "confirmed", "cancelled")
	require.Equal(t, int64(3), o.number(t, `SELECT count(DISTINCT action) FROM audit_log WHERE entity_id = $1 AND user_id IS NOT NULL`, h.Code))
	o.posts("/admin/reservations/RES261122FFFFFF/cancel", "cancel-3", map[string]string{}, http.StatusNotFound)
}

// nothingHeard: no notification comes at all; payments, refunds in the panel and disputes are found by asking.
func nothingHeard(t *testing.T, o *office) {
	before, err := o.world.Deliveries(patient(t))
	require.NoError(t, err)
	require.NoError(t, o.world.SetMercadoPagoFaults(patient(t), control.MercadoPagoFaults{
		DeliveryFaults: control.DeliveryFaults{DropPercent: new(100)}}))
	won, _, wonPaid := o.isSold(t)
	lost, _, lostPaid := o.isSold(t)
	disputes := func(id int64, step string) {
		_, err := o.world.Dispute(patient(t), id, step)
		require.NoError(t, err)
	}
	for _, id := range []int64{wonPaid.ID, lostPaid.ID} {
		disputes(id, control.DisputeChargeback)
	}
	o.becomes(t, won.Code, "confirmed", "charged_back")
	o.ownerHearsOf(t, won, wonPaid, booking.VerdictChargeback)
	o.becomes(t, lost.Code, "confirmed", "charged_back")
	o.ownerHearsOf(t, lost, lostPaid, booking.VerdictChargeback)
	disputes(wonPaid.ID, control.DisputeWon)
	o.becomes(t, won.Code, "confirmed", "partially_paid")
	o.ownerHearsOf(t, won, wonPaid, booking.VerdictRestored)
	disputes(wonPaid.ID, control.DisputeRestored)
	disputes(lostPaid.ID, control.DisputeLost)
	o.ownerHearsOf(t, lost, lostPaid, booking.VerdictLost)
	require.Zero(t, o.becomes(t, lost.Code, "confirmed", "charged_back").Paid)
	r := o.becomes(t, won.Code, "confirmed", "partially_paid")
	require.Equal(t, r.Deposit, r.Paid)

	after, err := o.world.Deliveries(patient(t))
	require.NoError(t, err)
	require.Equal(t, before["mercadopago"].Delivered, after["mercadopago"].Delivered)
	require.Greater(t, after["mercadopago"].Dropped, before["mercadopago"].Dropped)
}

func payPage(t *testing.T, o *office) {
	w, number := o.wishes(1, o.week(t, 2), 2)
	a := o.post(t, w)
	var h struct {
		hold
		PayPageURL string `json:"pay_page_url"`
	}
	a.into(t, &h)
	require.Equal(t, http.StatusCreated, a.status, "%s", a.body)
	o.keepPrivate(path.Base(h.PayPageURL))
	link, err := o.world.WaitPreference(patient(t), h.Code)
	require.NoError(t, err)
	page := o.opensPage(t, h.PayPageURL)
	require.Equal(t, http.StatusSeeOther, page.status, "%s", page.body)
	require.Equal(t, link.InitPoint, page.header.Get("Location"))
	require.Equal(t, http.StatusOK, o.opensPage(t, h.PayPageURL+"?from=checkout").status, "who comes back is not sent there again")
	require.Equal(t, http.StatusNotFound, o.opensPage(t, strings.TrimSuffix(h.PayPageURL, path.Base(h.PayPageURL))+strings.Repeat("A", 22)).status)

	_, err = o.world.Pay(patient(t), paymentOf(link.ID))
	require.NoError(t, err)
	o.becomes(t, h.Code, "confirmed", "partially_paid")
	page = o.opensPage(t, h.PayPageURL)
	require.Equal(t, http.StatusOK, page.status)
	require.Contains(t, string(page.body), "confirmada")
	o.hears(t, number, h.Code, "hold", "confirmed", "receipt")

	var receipts struct{ Items []struct{ Number string } }
	o.ask(http.MethodGet, "/admin/reservations/"+h.Code+"/receipts", nil, http.StatusOK, &receipts)
	require.Len(t, receipts.Items, 1)
	file := "/api/v1/reservations/" + h.Code + "/receipts/" + receipts.Items[0].Number + ".pdf"
	pdf := o.must(t, http.MethodGet, file, nil, "X-Reservation-Token", h.Token)
	require.True(t, isPDF(pdf))
	require.Equal(t, http.StatusNotFound, o.must(t, http.MethodGet, file, nil, "X-Reservation-Token", h.Token+"x").status)
}

// booksAgree lays the reports of the days of this test beside the provider's own account.
func booksAgree(t *testing.T, s *stack, begun time.Time) {
	s.settled(t)
	sums, codes := map[string]int64{}, map[string]bool{}
	for day := begun; !day.After(today()); day = day.AddDate(0, 0, 1) {
		report := s.report(t, day)
		for what, lines := range map[string][]moneySum{"taken": report.Taken, "returned": report.Returned, "disputed": report.Disputed} {
			for _, line := range lines {
				require.Equal(t, "ARS", line.Currency)
				sums[what+" "+line.Of] += line.Centavos
			}
		}
		for _, b := range report.Bookings {
			codes[b.Code] = true
		}
		for _, open := range report.Open {
			require.Equal(t, "balance", open.Kind, "nothing waits but what guests pay on arrival")
		}
	}
	accounts, err := s.world.Accounts(patient(t), "")
	require.NoError(t, err)
	require.Len(t, accounts, 1)
	theirs := func(amount json.Number) int64 { return money{Amount: fixed(amount.String())}.centavos(t) }
	account := accounts[0]
	require.Equal(t, int64(collectorID), account.CollectorID)
	require.Equal(t, theirs(account.Taken), sums["taken mercadopago"])
	require.Equal(t, theirs(account.Refunded), sums["returned ours"]+sums["returned panel"])
	require.Equal(t, theirs(account.Lost), sums["disputed lost"])
	require.Zero(t, theirs(account.Held))
	require.Equal(t, sums["disputed opened"], sums["disputed lost"]+sums["disputed won"])
	for _, moved := range []string{"taken cash", "taken transfer", "returned ours", "returned panel", "disputed lost", "disputed won"} {
		require.Positive(t, sums[moved], moved)
	}
	kept := s.number(t, `SELECT sum(kept_centavos) FROM reservation_money`)
	require.Equal(t, theirs(account.Kept)+sums["taken cash"]+sums["taken transfer"], kept)
	require.Len(t, codes, int(s.number(t, `SELECT count(*) FROM reservation_money WHERE counted_centavos > 0`)))
}
