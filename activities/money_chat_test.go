package activities_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// The phones of the till's guest and of the owner, as Meta writes them.
const (
	tillGuest = "5493515550101"
	theOwner  = "5492944400000"
)

var receiptsAt = &url.URL{Scheme: "https", Host: "cabins.example"}

// talk is the chat beside a till: the same database, and the booking's workflow played by refunds.
type talk struct {
	*till
	*house
	refunds *refundBook
}

func openTalk(t *testing.T) *talk {
	t.Helper()
	c := openTill(t)
	h := houseOn(t, c.store, c.sql, c.clock())
	talk := &talk{till: c, house: h, refunds: &refundBook{c: c}}
	h.Refunds = talk.refunds
	h.Money = &activities.ConversationMoney{
		Cashbox:  &activities.Cashbox{Store: c.store, Processes: silent{c.tasks}, OwnerPhone: ownerPhone, Now: c.clock},
		Receipts: c.store, ReceiptBase: receiptsAt,
	}
	return talk
}

// refundBook decides on refunds as the Booking workflow does.
type refundBook struct {
	activities.RefundProcesses
	c *till
}

func (b *refundBook) DecideRefund(ctx context.Context, code, _ string, decision workflows.RefundDecision) (workflows.ChangeOutcome, error) {
	stands, err := b.c.DecideRefund(ctx, workflows.RefundDecisionInput{Code: code, Reason: "cancelled", Approve: decision.Approve, By: booking.ByOwner})
	if err != nil || stands.Approved != decision.Approve {
		return workflows.ChangeOutcome{Refusal: booking.CodeWrongState, Status: booking.Cancelled}, err
	}
	return workflows.ChangeOutcome{Done: true, Status: booking.Cancelled}, nil
}

// hears takes a turn on what somebody sends, sends what it says and carries out its effects, each twice. It returns what was said.
func (k *talk) hears(person, message string) (effects []workflows.EffectKind, bodies []string) {
	k.till.t.Helper()
	by := k.from(person, message)
	turn := k.decide(workflows.TurnInput{GuestID: by})
	bodies = k.sent(turn.Deliver...)
	for _, effect := range turn.Effects {
		effects = append(effects, effect.Kind)
	}
	said := map[int64]bool{}
	for _, result := range k.effects(by, turn) {
		for _, id := range result.Deliver {
			if !said[id] {
				said[id] = true
				bodies = append(bodies, k.sent(id)...)
			}
		}
	}
	return effects, bodies
}

func (k *talk) presses(person string, action dialogue.Action) (effects []workflows.EffectKind, said string) {
	k.till.t.Helper()
	effects, bodies := k.hears(person, pressed(dialogue.Press{Action: action, Code: k.code}.ID()))
	return effects, strings.Join(bodies, "\n")
}

func TestTheOwnersWordOnATransferReachesTheLedger(t *testing.T) {
	t.Parallel()
	k := openTalk(t)
	_, err := k.till.sql.Exec(t.Context(), `UPDATE properties SET transfer_details = 'Alias: cabanas.arrayan'`)
	require.NoError(t, err)
	_, err = k.till.store.ChooseTransfer(t.Context(), k.code, k.clock().AddDate(0, 0, 3), k.clock())
	require.NoError(t, err)

	effects, _ := k.presses(ana, dialogue.ActionTransferOk)
	require.NotContains(t, effects, workflows.EffectTransferPaid, "nobody else's press counts")
	forged := workflows.EffectInput{GuestID: k.from(ana, said("hola")), MessageID: 1,
		Effect: workflows.Effect{Key: "forged", Kind: workflows.EffectTransferPaid, Code: k.code}}
	_, _ = k.RunEffect(t.Context(), forged)
	require.Equal(t, "0", k.till.ask(`SELECT count(*)::text FROM recorded_payments`))

	effects, _ = k.presses(theOwner, dialogue.ActionTransferNo)
	require.Equal(t, []workflows.EffectKind{workflows.EffectTransferUnseen}, effects)
	require.Equal(t, "0", k.till.ask(`SELECT count(*)::text FROM recorded_payments`))

	effects, told := k.presses(theOwner, dialogue.ActionTransferOk)
	require.Equal(t, []workflows.EffectKind{workflows.EffectTransferPaid}, effects)
	require.Contains(t, told, "quedó registrada")
	require.Equal(t, "confirmed partially_paid 30000", k.till.ask(`SELECT reservation_status || ' ' || payment_status || ' ' || paid_centavos FROM reservations`))
	require.Equal(t, "transfer approved 30000 true", k.till.ask(`SELECT provider || ' ' || status || ' ' || amount_centavos || ' ' || counted FROM payments`))
	id := k.till.ask(`SELECT p.provider_id FROM recorded_payments r JOIN payments p ON p.id = r.payment_id WHERE r.method = 'transfer'`)
	require.Contains(t, k.tasks.late, workflows.LatePaymentInput{PaymentID: id, Code: k.code})
	heard, err := k.SettlePayment(t.Context(), workflows.SettleInput{PaymentID: id, Code: k.code})
	require.NoError(t, err)
	require.Equal(t, booking.VerdictConfirm, heard.Verdict)

	_, told = k.presses(theOwner, dialogue.ActionTransferOk)
	require.Contains(t, told, "No lo pude registrar", "pressed again")
	require.Equal(t, "1", k.till.ask(`SELECT count(*)::text FROM recorded_payments`))
	k.clean()
}

func TestTheOwnersWordOnARefundReachesTheLedger(t *testing.T) {
	t.Parallel()
	for name, approves := range map[string]bool{"approved": true, "refused": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := openTalk(t)
			id := k.paidAndCancelled()
			order := workflows.RefundOrder{Code: k.code, Amount: booking.Pesos(300), Reason: "cancelled", Ask: true}
			plan, err := k.PlanRefunds(t.Context(), order)
			require.NoError(t, err)
			require.True(t, plan.Awaits)

			press, other, kind, words := dialogue.ActionRefundOK, dialogue.ActionRefundNo, workflows.EffectRefundOK, "sale la devolución"
			if !approves {
				press, other, kind, words = other, press, workflows.EffectRefundNo, "no se devuelve"
			}
			effects, _ := k.presses(ana, press)
			require.NotContains(t, effects, kind)
			require.Equal(t, "awaiting_approval to_refund 0", k.booked(id))
			effects, told := k.presses(theOwner, press)
			require.Equal(t, []workflows.EffectKind{kind}, effects)
			require.Contains(t, told, words)
			_, told = k.presses(theOwner, other)
			require.Contains(t, told, "ya estaba decidida", "the first word stands")

			_, err = k.RefundPayment(t.Context(), plan.Parts[0])
			if approves {
				require.NoError(t, err)
				require.Equal(t, "done refunded 30000", k.booked(id))
				require.Len(t, k.till.refunds(id), 1)
				require.Equal(t, "approved owner", k.till.ask(`SELECT decision || ' ' || decided_by FROM refunds`))
			} else {
				require.Error(t, err)
				require.Empty(t, k.till.refunds(id))
				require.Equal(t, "refused owner failed", k.till.ask(`SELECT decision || ' ' || decided_by || ' ' || status FROM refunds`))
			}
			k.clean()
		})
	}
}

// The money is counted and the worker dies before it wrote what the owner is told.
func TestATransferOutlivesTheWorkerThatRecordedIt(t *testing.T) {
	t.Parallel()
	k := openTalk(t)
	owner := k.from(theOwner, pressed(dialogue.Press{Action: dialogue.ActionTransferOk, Code: k.code}.ID()))
	turn := k.decide(workflows.TurnInput{GuestID: owner})
	require.Len(t, turn.Effects, 1)
	_, err := k.Money.Cashbox.Record(t.Context(), activities.RecordRequest{Code: k.code, Method: booking.ByTransfer, Amount: booking.Pesos(300),
		Key: "effect/" + turn.Effects[0].Key, By: postgres.Author{Kind: "system"}, Via: "owner_phone"})
	require.NoError(t, err)
	results := k.effects(owner, turn)
	require.Contains(t, strings.Join(k.sent(results[0].Deliver...), "\n"), "quedó registrada")
	require.Equal(t, "1 30000", k.till.ask(`SELECT count(*) || ' ' || sum(amount_centavos) FROM payments`))
	require.Len(t, k.tasks.late, 3, "the booking is woken each time")
	k.clean()
}

func TestAGuestAsksForTheReceipt(t *testing.T) {
	t.Parallel()
	k := openTalk(t)
	effects, bodies := k.hears(tillGuest, said("mandame el recibo"))
	require.Empty(t, effects)
	require.Contains(t, strings.Join(bodies, "\n"), "Todavía no tengo un pago acreditado")
	require.Equal(t, "0", k.till.ask(`SELECT count(*)::text FROM receipts`))

	require.Equal(t, booking.Confirmed, k.look(k.pay()).Status)
	for times, words := range []string{"¿me mandás el recibo?", "pasame el recibo"} {
		effects, bodies = k.hears(tillGuest, said(words))
		require.Equal(t, []workflows.EffectKind{workflows.EffectSendReceipt}, effects)
		require.Contains(t, strings.Join(bodies, "\n"), "Recibo R-0001-00000001")
		require.Equal(t, strings.Repeat("document ", times+1), k.documents(), "one for each time the guest asks")
	}
	require.Equal(t, "1", k.till.ask(`SELECT count(*)::text FROM receipts`))
	token := k.till.ask(`SELECT token FROM receipts`)
	require.Equal(t, "https://cabins.example/receipts/"+token+".pdf", k.till.ask(`SELECT body->>'link_url' FROM messages WHERE kind = 'document' LIMIT 1`))

	_, err := k.RunEffect(t.Context(), workflows.EffectInput{GuestID: k.from(ana, said("hola")), MessageID: 1,
		Effect: workflows.Effect{Key: "forged", Kind: workflows.EffectSendReceipt, Code: k.code}})
	require.NoError(t, err)
	require.Equal(t, "document document ", k.documents(), "another's receipt is not given out")
}

// documents are the files that were written to anybody.
func (c *till) documents() string {
	c.t.Helper()
	return c.ask(`SELECT coalesce(string_agg(kind || ' ', ''), '') FROM messages WHERE kind = 'document'`)
}

func TestWhatGoesOutBesideANotice(t *testing.T) {
	t.Parallel()
	c := openTill(t)
	line := numbered{&meta{}}
	post := &activities.Messaging{Store: c.store, WhatsApp: line, Again: &processes{}, OwnerPhone: ownerPhone,
		Metrics: observe.NewMetrics(prometheus.NewRegistry()), Now: c.clock}
	tell := func(kind workflows.NoticeKind) {
		t.Helper()
		for range 2 { // the worker may die before Temporal hears of it
			_, err := post.SendNotices(t.Context(), workflows.NoticesInput{Notices: []workflows.NoticeInput{{Code: c.code, Kind: kind}}})
			require.NoError(t, err)
		}
	}
	keys := func() string {
		t.Helper()
		return c.ask(`SELECT coalesce(string_agg(effect_key, ' ' ORDER BY id), '') FROM messages`)
	}
	tell(workflows.NoticeHold)
	require.Equal(t, c.code+"/hold", keys(), "no transfers are taken")
	_, err := c.sql.Exec(t.Context(), `UPDATE properties SET transfer_details = 'Alias: cabanas.arrayan'`)
	require.NoError(t, err)
	tell(workflows.NoticeHold)
	require.Equal(t, c.code+"/hold "+c.code+"/transfer_offer", keys())

	require.Equal(t, booking.Confirmed, c.look(c.pay()).Status)
	tell(workflows.NoticeConfirmed)
	require.Empty(t, c.documents(), "nowhere to fetch receipts from")
	post.ReceiptBase = receiptsAt
	tell(workflows.NoticeConfirmed)
	require.Equal(t, "document ", c.documents())
	require.Equal(t, c.code+"/hold "+c.code+"/transfer_offer "+c.code+"/confirmed "+c.code+"/receipt/R-0001-00000001", keys())
	token := c.ask(`SELECT token FROM receipts`)
	require.Equal(t, "https://cabins.example/receipts/"+token+".pdf", c.ask(`SELECT body->>'link_url' FROM messages WHERE kind = 'document'`))

	box := &activities.Cashbox{Store: c.store, Processes: silent{c.tasks}, Now: c.clock}
	_, err = box.Record(t.Context(), activities.RecordRequest{Code: c.code, Method: booking.ByCash, Amount: booking.Pesos(700),
		By: postgres.Author{Kind: "system"}, Via: "owner_phone"})
	require.NoError(t, err)
	tell(workflows.NoticeCounted)
	require.Equal(t, "document document ", c.documents(), "the new one, and not the first again")
	require.Equal(t, "R-0001-00000002", c.ask(`SELECT split_part(effect_key, '/', 3) FROM messages WHERE kind = 'document' ORDER BY id DESC LIMIT 1`))
	require.Len(t, line.sent, 6)
}

// The setting of the installation is asked until the owner sets a percentage.
func TestTheOwnersDepositIsAsked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	desk := &activities.PropertyDesk{Store: h.store, Terms: activities.Terms{DepositPercent: 30}, Now: func() time.Time { return h.now }}
	for _, step := range []struct {
		change booking.PropertyChange
		own    bool
		want   booking.Money
	}{
		{booking.PropertyChange{}, false, booking.Pesos(30_000)},
		{booking.PropertyChange{DepositPercent: new(50)}, true, booking.Pesos(50_000)},
		{booking.PropertyChange{DepositFixed: new(booking.Pesos(12_000))}, true, booking.Pesos(12_000)},
		{booking.PropertyChange{DepositFixed: new(booking.Money{}), DepositPercent: new(0)}, false, booking.Pesos(30_000)},
	} {
		terms, err := desk.Change(t.Context(), postgres.Author{Kind: "system"}, step.change)
		require.NoError(t, err)
		require.Equal(t, step.own, terms.OwnDeposit)
		seen, err := h.Desk.Availability(t.Context(), activities.AvailabilityRequest{AccommodationID: ask[int64](h, `SELECT id FROM accommodations`),
			Stay: booking.Stay{CheckIn: booking.MustDate("2027-01-11"), CheckOut: booking.MustDate("2027-01-13")}, Guests: 2})
		require.NoError(t, err)
		require.Equal(t, step.want, seen.Quote.Deposit)
	}
}
