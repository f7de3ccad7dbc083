package histories

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cabanas/booking"
)

// tills is how many play side by side; each draws as many histories as -rapid.checks says.
const tills = 2

// TestEveryHistoryAddsUp is the promise of the ledger: whatever the provider does and whenever it tells of it, once it is asked every
// peso it took is on one booking that stands, returned, or a case that the owner was told of.
func TestEveryHistoryAddsUp(t *testing.T) {
	t.Parallel()
	for n := range tills {
		t.Run(fmt.Sprintf("till %d", n+1), func(t *testing.T) {
			t.Parallel()
			c := openTill(t)
			defer func() { c.close() }()
			rapid.Check(t, func(rt *rapid.T) {
				for range n {
					rapid.Uint64().Draw(rt, "apart") // With one seed for all, the tills would play the same.
				}
				drawn := drawStory(rt)
				if c.played == perDatabase {
					c.audit(t)
					c.close()
					c = openTill(t)
				}
				p := c.play(rt, drawn)
				p.check()
			})
			c.audit(t)
		})
	}
}

func (c *till) play(t *rapid.T, drawn story) *play {
	c.played++
	begin := c.start.Add(time.Duration(c.played) * apart)
	p := &play{till: c, t: t, story: drawn, begin: begin, at: begin}
	c.hand(p.now, p)
	p.run()
	return p
}

// audit holds the invariants of the design against all that was played in this database.
func (c *till) audit(t *testing.T) {
	t.Helper()
	violations, err := c.store.Audit(context.Background(), c.start.Add(time.Duration(c.played+1)*apart))
	require.NoError(t, err)
	require.Empty(t, violations)
}

// check compares what the provider did with what the ledger says of this history.
func (p *play) check() {
	ctx := context.Background()
	_, err := p.till.store.Reservation(ctx, p.in.Code)
	if booking.IsCode(err, booking.CodeNotFound) {
		return // somebody else had the nights
	}
	p.must(err, "read the reservation")
	p.checkAccount(ctx)
	p.none(ctx, "a live reservation after its end",
		`SELECT code FROM reservations WHERE code = $1 AND is_live(reservation_status)`, p.in.Code)
	p.none(ctx, "approved money without a place", `
		SELECT p.provider_id || ' ' || p.disposition FROM payments p JOIN reservations r ON r.id = p.reservation_id
		WHERE r.code = $1 AND p.status = 'approved' AND p.refunded_centavos < p.amount_centavos
			AND NOT (p.counted AND r.reservation_status IN ('completed', 'cancelled', 'no_show')) AND p.disposition <> 'parked'`, p.in.Code)
	p.none(ctx, "more returned than taken", `
		SELECT p.provider_id FROM payments p JOIN refunds f ON f.payment_id = p.id AND f.status <> 'failed' WHERE p.reference = $1
		GROUP BY p.id HAVING sum(f.amount_centavos) > p.amount_centavos`, p.in.Code)
	p.none(ctx, "a refund that is not done", `
		SELECT f.key || ' ' || f.status FROM refunds f JOIN payments p ON p.id = f.payment_id
		WHERE p.reference = $1 AND f.status NOT IN ('done', 'failed')`, p.in.Code)
	p.none(ctx, "something told twice", `
		SELECT effect_key FROM messages WHERE effect_key LIKE $1 || '/%' GROUP BY effect_key HAVING count(*) > 1`, p.in.Code)
	p.none(ctx, "a state that its events do not explain", `
		SELECT r.code FROM reservations r JOIN LATERAL (SELECT * FROM booking_events e WHERE e.reservation_id = r.id ORDER BY id DESC LIMIT 1) e ON true
		WHERE r.code = $1 AND (e.status_after, e.payment_status_after, e.paid_centavos_after)
			IS DISTINCT FROM (r.reservation_status, r.payment_status, r.paid_centavos)`, p.in.Code)
}

// checkAccount compares every payment of the provider that ever brought money with the ledger's, to the centavo.
func (p *play) checkAccount(ctx context.Context) {
	payments, err := p.till.market.Payments(ctx, p.in.Code)
	p.must(err, "list the provider's payments")
	for _, made := range payments {
		if !slices.Contains([]string{"approved", "refunded", "in_mediation", "charged_back"}, made.Status) {
			continue
		}
		var status string
		var amount, refunded int64
		err = p.till.sql.QueryRow(ctx, `SELECT status, amount_centavos, refunded_centavos FROM payments WHERE provider_id = $1`, strconv.FormatInt(made.ID, 10)).
			Scan(&status, &amount, &refunded)
		p.must(err, "read the ledger")
		returned := centavos(p, made.Refunded)
		// What a chargeback took is returned as well, in the ledger's eyes.
		same := refunded == returned || made.Status == "charged_back" && refunded >= returned
		if status != made.Status || amount != centavos(p, made.Amount) || !same {
			p.t.Fatalf("the provider has %s %s, returned %s; the ledger %s %d, returned %d\n%s",
				made.Status, made.Amount, made.Refunded, status, amount, refunded, p.told())
		}
	}
}

func centavos(p *play, number json.Number) int64 {
	value, err := number.Float64()
	p.must(err, "read "+number.String())
	return int64(value*100 + 0.5)
}

func (p *play) none(ctx context.Context, what, query string, args ...any) {
	rows, err := p.till.sql.Query(ctx, query, args...)
	p.must(err, what)
	defer rows.Close()
	for rows.Next() {
		var row string
		p.must(rows.Scan(&row), what)
		p.t.Fatalf("%s: %s\n%s", what, row, p.told())
	}
	p.must(rows.Err(), what)
}
