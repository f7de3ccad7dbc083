package load

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"time"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/store/postgres"
)

const (
	exportsEach = 20
	// exportedStays of a cabin lie ahead; the others are its past.
	exportedStays = 1000
)

// export writes the calendar of a cabin with a long past, as a channel gets it.
func (w *workload) export(sizes JobSizes) job {
	var cabin int64
	token, hash := activities.NewExportToken()
	ahead := min(sizes.Bookings, exportedStays)
	ready := func(ctx context.Context) error {
		if err := w.openFleet(sizes.Events); err != nil || cabin != 0 {
			return err
		}
		cabins, err := w.annex.addCabins(ctx, 1)
		if err != nil {
			return err
		}
		first := booking.DateIn(time.Now(), time.UTC).AddDays(ahead - sizes.Bookings)
		if _, err := w.annex.addStays(ctx, cabins[0], booking.Confirmed, first, 1, sizes.Bookings); err != nil {
			return err
		}
		_, err = w.annex.store.RotateExport(ctx, cabins[0], booking.ChannelAirbnb, hash, postgres.Author{Kind: "command"}, time.Now())
		cabin = cabins[0]
		return err
	}
	repeat := func(write func(context.Context) ([]byte, error)) heap {
		return heap{ready, func(ctx context.Context) (int64, error) {
			for n := range int64(exportsEach) {
				body, err := write(ctx)
				if events := bytes.Count(body, []byte("BEGIN:VEVENT")); err == nil && events < ahead {
					err = fmt.Errorf("%w: %d of %d stays exported", ErrAccount, events, ahead)
				}
				if err != nil {
					return n, err
				}
			}
			return exportsEach, nil
		}}
	}
	return job{
		Ours:  fmt.Sprintf("export of a cabin with %d bookings, of which %d lie ahead, for one channel", sizes.Bookings, ahead),
		Floor: "SELECT of the same stays, and their lines put together without a library",
		ours: repeat(func(ctx context.Context) ([]byte, error) {
			w.feeds.tick()
			_, body, err := w.feeds.Export(ctx, cabin, token)
			return body, err
		}),
		floor:  repeat(func(ctx context.Context) ([]byte, error) { return w.exportRaw(ctx, cabin) }),
		rounds: 3,
	}
}

func (w *workload) exportRaw(ctx context.Context, cabin int64) ([]byte, error) {
	rows, err := w.annex.pool.Query(ctx, `SELECT id, check_in, check_out, updated_at FROM reservations
		WHERE accommodation_id = $1 AND reservation_status IN ('confirmed', 'completed') AND check_out > current_date - 7 ORDER BY check_in`, cabin)
	if err != nil {
		return nil, fmt.Errorf("read stays: %w", err)
	}
	defer rows.Close()
	const day = "20060102"
	var text bytes.Buffer
	text.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:load\r\n")
	for rows.Next() {
		var id int64
		var from, until, at time.Time
		if err := rows.Scan(&id, &from, &until, &at); err != nil {
			return nil, fmt.Errorf("read stays: %w", err)
		}
		text.WriteString("BEGIN:VEVENT\r\nUID:" + strconv.FormatInt(id, 10) + "@load.example\r\nDTSTAMP:" + at.UTC().Format("20060102T150405Z") +
			"\r\nDTSTART;VALUE=DATE:" + from.Format(day) + "\r\nDTEND;VALUE=DATE:" + until.Format(day) + "\r\nEND:VEVENT\r\n")
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read stays: %w", err)
	}
	text.WriteString("END:VCALENDAR\r\n")
	return text.Bytes(), nil
}
