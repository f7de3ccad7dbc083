package activities

import (
	"context"
	"log/slog"
	"time"

	"go.temporal.io/sdk/activity"

	"cabanas/booking"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// Housekeeping forgets what need not be kept any more.
type Housekeeping struct {
	Store HousekeepingStore
	Keep  postgres.Retention
	// Grace is how long a late payment of an expired hold is waited for.
	Grace   time.Duration
	Metrics *observe.Metrics
	Now     func() time.Time
}

var _ workflows.HousekeepingActivities = (*Housekeeping)(nil)

// HousekeepingStore is what the housekeeping reads and writes.
type HousekeepingStore interface {
	ForgetBatch(ctx context.Context, name string, keep postgres.Retention, most int, now time.Time) (int64, error)
	GuestsToForget(ctx context.Context, keep postgres.Retention, after int64, most int, now time.Time) ([]int64, error)
	EraseGuest(ctx context.Context, erasure postgres.Erasure, now time.Time) (postgres.Erased, error)
}

const (
	// housekeepingBatch keeps each transaction to a fraction of a second, so that nobody waits for its locks.
	housekeepingBatch = 500
	// guestBatch is how many guests are looked for at once; each is erased in a transaction of its own.
	guestBatch = 100
	// taskGuests is the one task that works guest by guest.
	taskGuests = "guests"
)

// HousekeepingTasks lists what is to be done.
func (h *Housekeeping) HousekeepingTasks(context.Context, workflows.Done) (workflows.HousekeepingPlan, error) {
	return workflows.HousekeepingPlan{Tasks: append(postgres.RetentionTasks(), taskGuests)}, nil
}

// Housekeep does one task to its end. A try that was cut off left whole batches done, and the next goes on with the rest.
func (h *Housekeeping) Housekeep(ctx context.Context, in workflows.HousekeepingTask) (workflows.HousekeepingDone, error) {
	done := workflows.HousekeepingDone{Task: in.Task, Rows: rowsBefore(ctx)}
	var err error
	if in.Task == taskGuests {
		err = h.forgetGuests(ctx, &done)
	} else {
		err = h.forgetRows(ctx, &done)
	}
	if err != nil {
		return done, asTemporal(err)
	}
	if done.Rows > 0 || done.Left > 0 {
		slog.InfoContext(ctx, "housekeeping", "what", in.Task, "rows", done.Rows, "left", done.Left)
	}
	return done, nil
}

func (h *Housekeeping) forgetRows(ctx context.Context, done *workflows.HousekeepingDone) error {
	for {
		rows, err := h.Store.ForgetBatch(ctx, done.Task, h.Keep, housekeepingBatch, h.Now())
		if err != nil {
			return err
		}
		h.count(ctx, done, rows)
		if rows < housekeepingBatch {
			return nil
		}
	}
}

func (h *Housekeeping) forgetGuests(ctx context.Context, done *workflows.HousekeepingDone) error {
	after := int64(0)
	for {
		ids, err := h.Store.GuestsToForget(ctx, h.Keep, after, guestBatch, h.Now())
		if err != nil {
			return err
		}
		for _, id := range ids {
			after = id
			_, err := h.Store.EraseGuest(ctx, postgres.Erasure{
				GuestID: id, GraceSince: h.Now().Add(-h.Grace), By: postgres.Author{Kind: "system", TraceID: observe.Trace(ctx)},
			}, h.Now())
			switch {
			case booking.IsCode(err, booking.CodeWrongState):
				done.Left++
			case err != nil:
				return err
			default:
				h.count(ctx, done, 1)
			}
		}
		if len(ids) < guestBatch {
			return nil
		}
	}
}

func (h *Housekeeping) count(ctx context.Context, done *workflows.HousekeepingDone, rows int64) {
	done.Rows += rows
	h.Metrics.HousekeepingRows.WithLabelValues(done.Task).Add(float64(rows))
	if activity.IsActivity(ctx) {
		activity.RecordHeartbeat(ctx, done.Rows)
	}
}

// rowsBefore is what earlier tries of this task did.
func rowsBefore(ctx context.Context) (rows int64) {
	if activity.IsActivity(ctx) && activity.HasHeartbeatDetails(ctx) {
		_ = activity.GetHeartbeatDetails(ctx, &rows) // the count is for people; the work goes on without
	}
	return rows
}
