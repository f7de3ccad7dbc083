package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/store/postgres"
)

// Every invariant is broken by hand, and found.
func TestAuditFinds(t *testing.T) {
	t.Parallel()
	type breakage struct {
		name      string
		invariant int
		// breaks spoils a world with a paid booking, and returns a word that the finding names.
		breaks func(b *bench, code, payment string) string
	}
	const message = `INSERT INTO messages (guest_id, direction, kind, body, provider_id, status, sent_at, created_at)
		VALUES ($1, 'in', 'text', '{}', $2, $3, $4, $4) RETURNING id`
	const turn = `INSERT INTO turns (message_id, guest_id, decided_at) VALUES ($1, $2, $3)`
	code := func(_ *bench, code, _ string) string { return code }
	forge := func(statement string, names func(*bench, string, string) string) func(*bench, string, string) string {
		return func(b *bench, code, payment string) string {
			b.forge(statement, code)
			return names(b, code, payment)
		}
	}
	tests := []breakage{
		{"a night sold twice", 1, func(b *bench, code, _ string) string {
			other := b.hold(stay("2027-06-01", 2))
			b.exec(`ALTER TABLE reservations DROP CONSTRAINT no_overlap_reservations`)
			b.forge(`UPDATE reservations SET check_in = '2027-01-11', check_out = '2027-01-12' WHERE code = $1`, other.Code)
			b.forge(`UPDATE booking_events SET check_in_after = '2027-01-11', check_out_after = '2027-01-12' WHERE reservation_id = $1`, other.ID)
			return code + " " + other.Code
		}},
		{"a closed night that nobody noticed", 1, func(b *bench, code, _ string) string {
			b.forge(`INSERT INTO calendar_blocks (accommodation_id, start_date, end_date) SELECT accommodation_id, check_in, check_out FROM reservations WHERE code = $1`, code)
			return code
		}},
		{"money on an expired hold", 2, func(b *bench, _, _ string) string {
			r := b.hold(stay("2027-06-01", 2))
			p := report(r.Code)
			p.Amount = booking.Pesos(5)
			b.settle(p)
			b.forge(`UPDATE reservations SET reservation_status = 'expired' WHERE code = $1`, r.Code)
			b.forge(`INSERT INTO booking_events (reservation_id, kind, actor, status_before, status_after, payment_status_after, expires_at_after, paid_centavos_after,
				accommodation_id_after, check_in_after, check_out_after, at) SELECT id, 'expired', 'timer', 'pre_reserved', 'expired', payment_status, expires_at,
				paid_centavos, accommodation_id, check_in, check_out, now() FROM reservations WHERE code = $1`, r.Code)
			return p.ProviderID
		}},
		{"a case the owner was not told of", 2, func(b *bench, code, _ string) string {
			p := report(code)
			b.settle(p)
			b.forge(`UPDATE payments SET last_received_at = last_received_at - interval '1 hour'`)
			b.forge(`UPDATE reservations SET updated_at = updated_at - interval '1 hour'`)
			return p.ProviderID
		}},
		{"nobody's money the owner was not told of", 2, func(b *bench, _, _ string) string {
			p := report("")
			b.settle(p)
			b.forge(`UPDATE payments SET last_received_at = last_received_at - interval '1 hour'`)
			return p.ProviderID
		}},
		{"an unreadable payment that the owner was not told of", 2, func(b *bench, code, _ string) string {
			_, err := b.Park(b.t.Context(), postgres.UnreadablePayment{ProviderID: "unreadable-1", Reference: code, Raw: raw("x")}, now.Add(-time.Hour))
			require.NoError(b.t, err)
			return "unreadable-1"
		}},
		{"a refund that nobody sends", 2, func(b *bench, _, payment string) string {
			plan, err := b.PlanRefund(b.t.Context(), payment, booking.Pesos(5), "goodwill", now.Add(-2*time.Hour))
			require.NoError(b.t, err)
			require.NoError(b.t, b.TryRefund(b.t.Context(), plan.ID, now.Add(-59*time.Minute)))
			b.clean()
			require.NoError(b.t, b.TryRefund(b.t.Context(), plan.ID, now.Add(-61*time.Minute)))
			return plan.Key + " planned"
		}},
		{"a refused refund that the owner was not told of", 2, func(b *bench, _, payment string) string {
			plan, err := b.PlanRefund(b.t.Context(), payment, booking.Pesos(5), "goodwill", now.Add(-2*time.Hour))
			require.NoError(b.t, err)
			require.NoError(b.t, b.FinishRefund(b.t.Context(), plan.ID, "", postgres.RefundFailed, now.Add(-2*time.Hour)))
			return plan.Key + " failed"
		}},
		{"a refund that stays at the provider", 2, func(b *bench, _, payment string) string {
			plan, err := b.PlanRefund(b.t.Context(), payment, booking.Pesos(5), "goodwill", now.Add(-300*time.Hour))
			require.NoError(b.t, err)
			require.NoError(b.t, b.FinishRefund(b.t.Context(), plan.ID, "7", postgres.RefundInProcess, now.Add(-241*time.Hour)))
			return plan.Key + " in_process"
		}},
		{"confirmed on nothing", 3, func(b *bench, _, _ string) string {
			r := b.hold(stay("2027-06-01", 2))
			b.exec(`UPDATE reservations SET reservation_status = 'confirmed', confirmed_at = now() WHERE code = $1`, r.Code)
			return r.Code
		}},
		{"paid without a payment", 3, func(b *bench, code, _ string) string {
			b.exec(`UPDATE reservations SET paid_centavos = paid_centavos + 1 WHERE code = $1`, code)
			return code
		}},
		{"a payment status of its own", 3, func(b *bench, code, _ string) string {
			b.exec(`UPDATE reservations SET payment_status = 'paid' WHERE code = $1`, code)
			return code
		}},
		{"a hold after its deadline", 4, func(b *bench, _, _ string) string {
			r := b.hold(stay("2027-06-01", 2))
			b.exec(`UPDATE reservations SET expires_at = $2 WHERE code = $1`, r.Code, now.Add(-6*time.Second))
			return r.Code
		}},
		{"a message without a turn", 5, func(b *bench, _, _ string) string {
			return fmt.Sprint("message ", ask[int64](b, message, b.guest, "w1", "received", now.Add(-time.Hour)))
		}},
		{"a message answered by nothing", 5, func(b *bench, _, _ string) string {
			return fmt.Sprint("message ", ask[int64](b, message, b.guest, "w1", "answered", now))
		}},
		{"two turns of a message", 5, func(b *bench, _, _ string) string {
			id := ask[int64](b, message, b.guest, "w1", "answered", now)
			b.exec(`ALTER TABLE turns DROP CONSTRAINT turns_message_id_key`)
			b.exec(turn, id, b.guest, now)
			b.exec(turn, id, b.guest, now)
			return fmt.Sprint("message ", id)
		}},
		{"turns out of order", 5, func(b *bench, _, _ string) string {
			first := ask[int64](b, message, b.guest, "w1", "answered", now.Add(-time.Hour))
			second := ask[int64](b, message, b.guest, "w2", "answered", now.Add(-time.Minute))
			b.exec(turn, second, b.guest, now)
			b.exec(turn, first, b.guest, now)
			return fmt.Sprintf("message %d before %d", second, first)
		}},
		{"an effect said twice", 5, func(b *bench, _, _ string) string {
			id := b.notice("RES1/hold")
			b.exec(`ALTER TABLE messages DROP CONSTRAINT messages_effect_key_key`)
			b.exec(`INSERT INTO messages (guest_id, direction, kind, body, status, effect_key) SELECT guest_id, direction, kind, body, 'delivered', effect_key FROM messages WHERE id = $1`, id)
			return fmt.Sprint(id)
		}},
		{"a webhook left lying", 6, func(b *bench, _, _ string) string {
			id, _, err := b.InsertInbox(b.t.Context(), "whatsapp", "k", nil, nil, "", now.Add(-2*time.Minute))
			require.NoError(b.t, err)
			return fmt.Sprintf("webhook %d whatsapp", id)
		}},
		{"a status without an event", 7, forge(`UPDATE reservations SET reservation_status = 'no_show' WHERE code = $1`, code)},
		{"a deadline without an event", 7, forge(`UPDATE reservations SET expires_at = expires_at + interval '1 hour' WHERE code = $1`, code)},
		{"dates without an event", 7, forge(`UPDATE reservations SET check_out = check_out + 1 WHERE code = $1`, code)},
		{"no event at all", 7, forge(`DELETE FROM booking_events WHERE reservation_id = (SELECT id FROM reservations WHERE code = $1)`, code)},
		{"a missing link in the story", 7, forge(`DELETE FROM booking_events WHERE kind = 'held' AND reservation_id = (SELECT id FROM reservations WHERE code = $1)`, code)},
		{"an impossible step", 7, func(b *bench, code, _ string) string {
			b.forge(`UPDATE booking_events SET status_after = 'expired' WHERE kind = 'held'`)
			b.forge(`UPDATE booking_events SET status_before = 'expired' WHERE kind = 'confirmed'`)
			b.forge(`UPDATE booking_events SET status_after = 'no_show' WHERE kind = 'confirmed'`)
			b.forge(`UPDATE reservations SET reservation_status = 'no_show' WHERE code = $1`, code)
			return code
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			r := b.hold(stay("2027-01-10", 3))
			p := report(r.Code)
			b.settle(p)
			b.clean()
			named := test.breaks(b, r.Code, p.ProviderID)
			violations, err := b.Audit(t.Context(), now)
			require.NoError(t, err)
			require.NotEmpty(t, violations)
			for _, violation := range violations {
				if violation.Invariant == test.invariant {
					require.NotEmpty(t, violation.Name)
					require.Contains(t, fmt.Sprint(violation.Rows), named)
					return
				}
			}
			require.Fail(t, "not found", "%v", violations)
		})
	}
}

// What is under way is no violation, and neither is what says why it waits.
func TestAuditGivesTime(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.write("543511234567", "wamid.1", now)
	r := b.hold(stay("2027-01-10", 2))
	b.settle(report(""))
	_, _, err := b.InsertInbox(t.Context(), "whatsapp", "fresh", nil, nil, "", now)
	require.NoError(t, err)
	stuck, _, err := b.InsertInbox(t.Context(), "whatsapp", "stuck", nil, nil, "", now.Add(-time.Hour))
	require.NoError(t, err)
	require.NoError(t, b.MarkDispatchFailed(t.Context(), stuck, "temporal away", now))
	b.clean()
	violations, err := b.Audit(t.Context(), r.ExpiresAt.Add(5*time.Second))
	require.NoError(t, err)
	for _, violation := range violations {
		require.NotEqual(t, 4, violation.Invariant, "five seconds are allowed")
	}
	violations, err = b.Audit(t.Context(), r.ExpiresAt.Add(6*time.Second))
	require.NoError(t, err)
	found := []int{}
	for _, violation := range violations {
		found = append(found, violation.Invariant)
	}
	require.Equal(t, []int{2, 4, 5, 6}, found)
}

// A refused refund is the owner's case once the owner was told, and nobody's when the money went back all the same.
func TestAuditLeavesARefusedRefundToTheOwner(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 2))
	p := report(r.Code)
	b.settle(p)
	plan, err := b.PlanRefund(t.Context(), p.ProviderID, booking.Pesos(5), "surplus", now.Add(-2*time.Hour))
	require.NoError(t, err)
	require.NoError(t, b.FinishRefund(t.Context(), plan.ID, "", postgres.RefundFailed, now.Add(-2*time.Hour)))
	b.tellOwner(r.Code, p.ProviderID)
	violations, err := b.Audit(t.Context(), now)
	require.NoError(t, err)
	require.Len(t, violations, 1, "that notice was of something else")
	notice := ownerCase(r.Code, p.ProviderID)
	notice.Key = r.Code + "/owner_payment_case/" + p.ProviderID + "/park/" + p.ProviderID
	_, err = b.QueueNotice(t.Context(), notice, now)
	require.NoError(t, err)
	b.clean()
}
