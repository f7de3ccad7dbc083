package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"cabanas/sandbox/control"
)

// row is a reservation as the database has it.
type row struct {
	ID             int64
	Code           string
	Status         string
	Payment        string
	Paid           int64
	Total          int64
	Deposit        int64
	Accommodation  int64
	Guests         int
	Channel        string
	Extended       bool
	ExpiresAt      time.Time
	CheckIn        time.Time
	CheckOut       time.Time
	GuestID        int64
	PaymentsListed string
}

const rowColumns = `SELECT r.id, r.code, r.reservation_status, r.payment_status, r.paid_centavos, r.total_centavos, r.deposit_centavos,
	r.accommodation_id, r.guests, r.channel_source, r.extended_once, coalesce(r.expires_at, 'epoch'), r.check_in, r.check_out, r.guest_id,
	coalesce((SELECT string_agg(p.status || '/' || p.disposition, ' ' ORDER BY p.id) FROM payments p WHERE p.reservation_id = r.id), '')
	FROM reservations r `

func (s *stack) row(ctx context.Context, code string) (row, error) {
	return oneRow(s.db.Query(ctx, rowColumns+"WHERE r.code = $1", code))
}

func oneRow(rows pgx.Rows, err error) (row, error) {
	if err != nil {
		return row{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[row])
}

// becomes waits until a reservation has that status and its ledger says that.
func (s *stack) becomes(t *testing.T, code, status, payment string) row {
	t.Helper()
	var found row
	s.eventually(t, patience, code+" is "+status, func(ctx context.Context) (err error) {
		if found, err = s.row(ctx, code); err != nil {
			return err
		}
		if found.Status != status || found.Payment != payment {
			return fmt.Errorf("%s is %s and %s (payments: %s)", code, found.Status, found.Payment, found.PaymentsListed)
		}
		return nil
	})
	return found
}

// bookedBy waits for the newest reservation of a guest in that status, as long as nobody has said its code yet.
func (s *stack) bookedBy(t *testing.T, number, status string) row {
	t.Helper()
	var found row
	s.eventually(t, patience, "a reservation that is "+status, func(ctx context.Context) (err error) {
		found, err = oneRow(s.db.Query(ctx, rowColumns+`JOIN guests g ON g.id = r.guest_id
			WHERE g.phone = $1 AND r.reservation_status = $2 ORDER BY r.id DESC LIMIT 1`, canonical(number), status))
		return err
	})
	return found
}

// canonical is a number as guests are kept: without the 9 of Argentine mobiles.
func canonical(number string) string { return "54" + strings.TrimPrefix(number, "549") }

// payment is a line of the ledger.
type payment struct {
	Status      string
	Disposition string
	Amount      int64
	Refunded    int64
	Counted     bool
}

func (s *stack) ledger(t *testing.T, paymentID int64) payment {
	t.Helper()
	p, err := s.payment(patient(t), paymentID)
	require.NoError(t, err)
	return p
}

func (s *stack) payment(ctx context.Context, id int64) (payment, error) {
	rows, err := s.db.Query(ctx, `SELECT status, disposition, amount_centavos, refunded_centavos, counted FROM payments WHERE provider_id = $1`,
		fmt.Sprint(id))
	if err != nil {
		return payment{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[payment])
}

// settles waits until a payment has that disposition in the ledger.
func (s *stack) settles(t *testing.T, id int64, disposition string) payment {
	t.Helper()
	var found payment
	s.eventually(t, patience, "the payment is "+disposition, func(ctx context.Context) (err error) {
		if found, err = s.payment(ctx, id); err == nil && found.Disposition != disposition {
			err = fmt.Errorf("the payment is %s", found.Disposition)
		}
		return err
	})
	return found
}

// refundedOnce waits until the provider has given back an amount of a payment, in one refund.
func (s *stack) refundedOnce(t *testing.T, paymentID, centavos int64) {
	t.Helper()
	_, err := s.world.WaitRefund(patient(t), paymentID)
	require.NoError(t, err, "no refund")
	s.eventually(t, patience, "the refund is in the ledger", func(ctx context.Context) error {
		p, err := s.payment(ctx, paymentID)
		if err == nil && p.Refunded != centavos {
			err = fmt.Errorf("%d of %d centavos are refunded", p.Refunded, centavos)
		}
		return err
	})
	refunds, err := s.world.Refunds(patient(t), paymentID)
	require.NoError(t, err)
	require.Len(t, refunds, 1, "refunds at the provider")
	require.Equal(t, "approved", refunds[0].Status)
	require.Equal(t, centavos, money{Amount: fixed(refunds[0].Amount.String())}.centavos(t))
}

// fixed writes an amount with two places.
func fixed(amount string) string {
	whole, cents, _ := strings.Cut(amount, ".")
	return whole + "." + (cents + "00")[:2]
}

func (s *stack) number(t *testing.T, query string, args ...any) int64 {
	t.Helper()
	n, err := s.count(patient(t), query, args...)
	require.NoError(t, err)
	return n
}

func (s *stack) count(ctx context.Context, query string, args ...any) (int64, error) {
	var n int64
	err := s.db.QueryRow(ctx, query, args...).Scan(&n)
	return n, err
}

// reaches waits until a count is that or more.
func (s *stack) reaches(t *testing.T, least int64, query string, args ...any) {
	t.Helper()
	s.eventually(t, patience, query, func(ctx context.Context) error {
		n, err := s.count(ctx, query, args...)
		if err == nil && n < least {
			err = fmt.Errorf("%d, not yet %d", n, least)
		}
		return err
	})
}

// bookingRuns waits until the workflow of a booking is running or not.
func (s *stack) bookingRuns(t *testing.T, code string, runs bool) {
	t.Helper()
	s.eventually(t, patience, fmt.Sprintf("the workflow of %s runs: %v", code, runs), func(ctx context.Context) error {
		described, err := s.temporal.DescribeWorkflowExecution(ctx, "booking/"+code, "")
		if err != nil {
			return err
		}
		status := described.GetWorkflowExecutionInfo().GetStatus()
		if (status == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING) != runs {
			return fmt.Errorf("the workflow is %s", status)
		}
		if !runs && status != enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED {
			return final{fmt.Errorf("the workflow ended %s", status)}
		}
		return nil
	})
}

// received are the effect keys that reached a number, sorted; each at most once is for finish to check.
func (s *stack) received(t *testing.T, number, prefix string) []string {
	t.Helper()
	all, err := s.world.Messages(patient(t), number, 0)
	require.NoError(t, err)
	var keys []string
	for _, m := range all {
		if m.Direction == "out" && m.Status != "failed" && strings.HasPrefix(m.BizOpaque, prefix) {
			keys = append(keys, strings.TrimPrefix(m.BizOpaque, prefix))
		}
	}
	slices.Sort(keys)
	return keys
}

// hears waits until a number has got exactly the notices of a booking, each once, and nothing of it is left to send.
func (s *stack) hears(t *testing.T, number, code string, kinds ...string) {
	t.Helper()
	slices.Sort(kinds)
	s.eventually(t, patience, fmt.Sprintf("%s got %v", code, kinds), func(ctx context.Context) error {
		keys := s.received(t, number, code+"/")
		for i, key := range keys {
			keys[i], _, _ = strings.Cut(key, "/")
		}
		if !slices.Equal(keys, kinds) {
			return fmt.Errorf("got %v", keys)
		}
		unsent, err := s.count(ctx, `SELECT count(*) FROM messages WHERE direction = 'out' AND effect_key LIKE $1 AND status IN ('queued', 'sending')`,
			code+"/%")
		if err == nil && unsent > 0 {
			err = fmt.Errorf("%d are not sent", unsent)
		}
		return err
	})
}

// hearsOnce waits until a number has got a message with a key that begins like that, once.
func (s *stack) hearsOnce(t *testing.T, number, key string) {
	t.Helper()
	s.eventually(t, patience, "the message "+key, func(context.Context) error {
		if got := s.received(t, number, key); len(got) != 1 {
			return fmt.Errorf("%d of them", len(got))
		}
		return nil
	})
}

// ownerHears waits for a notice about a booking on the owner's phone.
func (s *stack) ownerHears(t *testing.T, code, kind string) control.Message {
	t.Helper()
	var found control.Message
	s.eventually(t, patience, "the owner gets "+kind+" of "+code, func(ctx context.Context) error {
		all, err := s.world.Messages(ctx, ownerNumber, 0)
		if err != nil {
			return err
		}
		for _, m := range all {
			if m.Direction == "out" && (m.BizOpaque == code+"/"+kind || strings.HasPrefix(m.BizOpaque, code+"/"+kind+"/")) {
				found = m
				return nil
			}
		}
		return errors.New("nothing on the owner's phone")
	})
	return found
}

// cabin adds an accommodation and returns its id. It is dear, so that guests who take the cheapest do not take it by chance.
func (s *stack) cabin(t *testing.T, name string, capacity int) int64 {
	t.Helper()
	var id int64
	require.NoError(t, s.db.QueryRow(patient(t), `INSERT INTO accommodations (property_id, name, type, capacity, base_price_centavos)
		SELECT min(id), $1, 'cabin', $2, 90000000 FROM properties RETURNING id`, name, capacity).Scan(&id))
	return id
}

// hasNoBooking checks that nothing was ever held for a guest.
func (s *stack) hasNoBooking(t *testing.T, number string) {
	t.Helper()
	require.Zero(t, s.number(t, `SELECT count(*) FROM reservations r JOIN guests g ON g.id = r.guest_id WHERE g.phone = $1`, canonical(number)))
}
