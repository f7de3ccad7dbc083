package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
	_, err = o.world.Press(patient(t), ownerNumber, yes)
	require.NoError(t, err)
	o.answersAll(t, ownerNumber)
	paid := o.bookedPayments(h.Code).Items
	require.Len(t, paid, 1)
	require.Equal(t, "transfer", paid[0].Method)
	require.Equal(t, r.Deposit, paid[0].Amount.centavos(t))
	require.True(t, paid[0].Counted)
}

// ownerIsAsked waits until the owner was offered a button so many times: when the guest chose to transfer, and with the photo.
func (s *stack) ownerIsAsked(t *testing.T, button string, times int) {
	t.Helper()
	s.eventually(t, patience, "the owner is asked", func(ctx context.Context) error {
		all, err := s.world.Messages(ctx, ownerNumber, 0)
		if err != nil {
			return err
		}
		if asked := slices.DeleteFunc(all, func(m control.Message) bool { return !offers(button)(m) }); len(asked) != times {
			return fmt.Errorf("%d times, not %d", len(asked), times)
		}
		return nil
	})
}

func paysInCash(t *testing.T, o *office) {
	h, number, _ := o.isSold(t)
	balance := h.Total.centavos(t) - h.Deposit.centavos(t)
	record := map[string]string{"method": "cash", "amount": pesos(balance), "note": "en la galería"}
	first, again := o.records(h.Code, "cash-1", record), o.records(h.Code, "cash-1", record)
	require.False(t, first.Repeated)
	require.True(t, again.Repeated)
	require.Equal(t, first.PaymentID, again.PaymentID)
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
	o.ownerHears(t, h.Code, string(workflows.NoticeOwnerPayment))
	require.Equal(t, int64(ours+panel), o.ledger(t, paid.ID).Refunded)
}

// returned waits until so much of a deposit has gone back that the rest is what was paid.
func (s *stack) returned(t *testing.T, h hold, centavos int64) {
	t.Helper()
	s.eventually(t, patience, "the books show what went back", func(ctx context.Context) error {
		r, err := s.row(ctx, h.Code)
		if err == nil && (r.Paid != r.Deposit-centavos || r.Status != "confirmed" || r.Payment != "partially_paid") {
			err = fmt.Errorf("%s, %s, %d paid of a deposit of %d", r.Status, r.Payment, r.Paid, r.Deposit)
		}
		return err
	})
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
	for _, code := range []string{won.Code, lost.Code} {
		o.becomes(t, code, "confirmed", "charged_back")
		o.ownerHears(t, code, string(workflows.NoticeOwnerPayment))
	}
	disputes(wonPaid.ID, control.DisputeWon)
	o.becomes(t, won.Code, "confirmed", "partially_paid")
	disputes(wonPaid.ID, control.DisputeRestored)
	disputes(lostPaid.ID, control.DisputeLost)
	o.reaches(t, 1, `SELECT count(*) FROM disputes d JOIN payments p ON p.id = d.payment_id WHERE p.provider_id = $1 AND d.outcome = 'lost'`,
		fmt.Sprint(lostPaid.ID))
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
	require.Equal(t, http.StatusOK, pdf.status)
	require.True(t, bytes.HasPrefix(pdf.body, []byte("%PDF")))
	require.Equal(t, http.StatusNotFound, o.must(t, http.MethodGet, file, nil, "X-Reservation-Token", h.Token+"x").status)
}

// opensPage opens an address as a browser does that follows nothing.
func (o *office) opensPage(t *testing.T, address string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(patient(t), http.MethodGet, address, nil)
	require.NoError(t, err)
	request.Header.Set("Accept-Language", "es-AR,es;q=0.9")
	browser := http.Client{Transport: web.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := browser.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{response.StatusCode, response.Header, body}
}

// isSold holds a stay of a sample cabin by REST and pays its deposit.
func (o *office) isSold(t *testing.T) (hold, string, control.Payment) {
	t.Helper()
	w, number := o.wishes(1, o.week(t, 2), 2)
	h := o.books(t, w)
	paid, err := o.world.Pay(patient(t), paymentOf(o.preference(t, h.Code)))
	require.NoError(t, err)
	o.becomes(t, h.Code, "confirmed", "partially_paid")
	return h, number, paid
}

// posts is a request of staff with an Idempotency-Key.
func (o *office) posts(path, key string, body any, want int) answer {
	o.t.Helper()
	a := o.must(o.t, http.MethodPost, "/api/v1"+path, asJSON(o.t, body), "Authorization", "Bearer "+o.token, "Idempotency-Key", key)
	require.Equal(o.t, want, a.status, "%s", a.body)
	return a
}

type recorded struct {
	PaymentID string `json:"payment_id"`
	Repeated  bool   `json:"repeated"`
}

func (o *office) records(code, key string, body any) (done recorded) {
	o.t.Helper()
	o.posts("/admin/reservations/"+code+"/payments", key, body, http.StatusCreated).into(o.t, &done)
	return done
}

type bookedPayments struct {
	Reservation struct {
		Balance money `json:"balance"`
	} `json:"reservation"`
	Items []struct {
		Method  string `json:"method"`
		Amount  money  `json:"amount"`
		Counted bool   `json:"counted"`
	} `json:"items"`
}

func (o *office) bookedPayments(code string) (found bookedPayments) {
	o.t.Helper()
	o.ask(http.MethodGet, "/admin/reservations/"+code+"/payments", nil, http.StatusOK, &found)
	return found
}

type refundItem struct {
	ID        int64  `json:"id"`
	Code      string `json:"code"`
	Amount    money  `json:"amount"`
	DecidedBy string `json:"decided_by"`
}

// refundOf waits until the refund of a reservation is listed with a status.
func (o *office) refundOf(code, status string) (found refundItem) {
	o.t.Helper()
	o.eventually(o.t, patience, "a refund that is "+status, func(ctx context.Context) error {
		var list struct{ Items []refundItem }
		if err := o.tries(ctx, http.MethodGet, "/admin/refunds?status="+status, nil, http.StatusOK, &list); err != nil {
			return err
		}
		for _, found = range list.Items {
			if found.Code == code {
				return nil
			}
		}
		return errors.New("not listed")
	})
	return found
}

// answersAll waits until every message of a number has its turn.
func (s *stack) answersAll(t *testing.T, number string) {
	t.Helper()
	all, err := s.world.Messages(patient(t), number, 0)
	require.NoError(t, err)
	said := int64(0)
	for _, m := range all {
		if m.Direction == "in" {
			said++
		}
	}
	s.reaches(t, said, `SELECT count(*) FROM turns t JOIN guests g ON g.id = t.guest_id WHERE g.phone = $1`, canonical(number))
}

// dailyReport is what `cabanas audit --report` says of a day.
type dailyReport struct {
	Taken    []moneySum `json:"taken"`
	Returned []moneySum `json:"returned"`
	Disputed []moneySum `json:"disputed"`
	Open     []struct {
		Kind string `json:"kind"`
	} `json:"open"`
	Bookings []struct {
		Code string `json:"code"`
	} `json:"bookings"`
}

type moneySum struct {
	Of       string `json:"of"`
	Currency string `json:"currency"`
	Centavos int64  `json:"centavos"`
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

func (s *stack) report(t *testing.T, day time.Time) dailyReport {
	t.Helper()
	program, err := program()
	require.NoError(t, err)
	command := exec.CommandContext(patient(t), program, "audit", "--report", "--json", "--day", day.Format(time.DateOnly))
	command.Env = append(environment(), "DATABASE_URL="+s.info.DatabaseURL, "TEMPORAL_ADDRESS="+s.info.TemporalAddress)
	var problems bytes.Buffer
	command.Stderr = &problems
	out, err := command.Output()
	require.NoError(t, err, "%s%s", out, problems.Bytes())
	var answer struct {
		OK     bool         `json:"ok"`
		Report *dailyReport `json:"report"`
	}
	require.NoError(t, json.Unmarshal(out, &answer))
	require.True(t, answer.OK)
	require.NotNil(t, answer.Report)
	require.Equal(t, 1, bytes.Count(out, []byte("\n")), "one JSON object")
	s.holdsNothingPrivate(t, "the report", out)
	return *answer.Report
}

// pesos writes centavos as the API reads them.
func pesos(centavos int64) string { return fmt.Sprintf("%d.%02d", centavos/100, centavos%100) }
