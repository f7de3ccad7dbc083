package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/store/postgres"
)

const availabilityName = "availability"

// AnswersReport is how long one question about availability takes among a number of cabins, beside the raw query. Both are asked in
// turns by one goroutine, so that what disturbs one disturbs the other.
type AnswersReport struct {
	Question string `json:"question"`
	Cabins   int    `json:"cabins"`
	Asked    int64  `json:"asked"`
	// Milliseconds of ours and of the floor.
	P50      float64 `json:"p50_ms"`
	P99      float64 `json:"p99_ms"`
	FloorP50 float64 `json:"floor_p50_ms"`
	FloorP99 float64 `json:"floor_p99_ms"`
	// Ratio is the floor's median by ours.
	Ratio float64 `json:"ratio"`
	// Growth is our median by that of the smallest fleet, FloorGrowth the floor's.
	Growth      float64 `json:"growth"`
	FloorGrowth float64 `json:"floor_growth"`
	// Statements and Rows are what Postgres is asked and answers for one; 0 where another process asks.
	Statements float64 `json:"statements,omitempty"`
	Rows       float64 `json:"rows,omitempty"`
}

// asking is the front desk over the running program's database, with its statements counted.
type asking struct {
	*workload
	desk  *activities.FrontDesk
	count *statementCount
}

// question is one kind of question and the least that answers it.
type question struct {
	name string
	// ours and floor return how many cabins are free, for the account.
	ours, floor func(context.Context, place) (int, error)
	wishes      []place
	counted     bool
}

// availability asks in fleets of growing size: in the process, over HTTP, and as a conversation does.
func (w *workload) availability(ctx context.Context, o BenchOptions) (ScenarioReport, error) {
	result := ScenarioReport{
		Name: availabilityName, What: "front desk and GET availability for one cabin, and what is free among all of them, each priced",
		FloorWhat: "SELECT of the free cabins for the same dates: one cabin's where one is asked for and free, else all",
	}
	count := &statementCount{}
	store, err := postgres.Open(ctx, w.Pool.Config().ConnString(), loadConnections, func(c *pgxpool.Config) { c.ConnConfig.Tracer = count })
	if err != nil {
		return result, err
	}
	defer store.Close()
	a := &asking{workload: w, count: count, desk: &activities.FrontDesk{Store: store, Now: time.Now,
		Terms: activities.Terms{DepositPercent: 30, Limits: booking.Limits{HorizonMonths: 18, LongestStay: 30}}}}
	fleet, err := openFleet(ctx, w.Pool, w.guests[0])
	if err != nil {
		return result, err
	}
	for _, cabins := range o.Fleets {
		if err = fleet.grow(ctx, cabins); err != nil {
			break
		}
		var answers []AnswersReport
		answers, err = a.inFleet(ctx, o, fleet)
		result.Answers = append(result.Answers, answers...)
		if err != nil {
			break
		}
	}
	result.compareFleets()
	return result, errors.Join(err, fleet.close(context.WithoutCancel(ctx), w.nights.cabins))
}

func (a *asking) inFleet(ctx context.Context, o BenchOptions, f *fleet) ([]AnswersReport, error) {
	wishes, err := f.wishes(ctx)
	if err != nil {
		return nil, err
	}
	var reports []AnswersReport
	for _, q := range []question{
		{"free", a.askDesk, a.rawOne, wishes.free, true},
		{"sold", a.askDesk, a.rawAll, wishes.sold, true},
		{"http, free", a.askHTTP, a.rawOne, wishes.free, false},
		{"http, sold", a.askHTTP, a.rawAll, wishes.sold, false},
		{"all cabins", a.askAll, a.rawAll, slices.Concat(wishes.free, wishes.sold), true},
	} {
		report, err := a.inTurns(ctx, o, q)
		report.Cabins = len(f.cabins)
		reports = append(reports, report)
		fmt.Fprintf(o.Progress, "%-14s %-10s %5d cabins  p50 %7.2f ms  floor %7.2f ms\n", availabilityName, q.name, report.Cabins, report.P50, report.FloorP50)
		if err != nil {
			return reports, fmt.Errorf("%s among %d cabins: %w", q.name, report.Cabins, err)
		}
	}
	return reports, nil
}

// fewestAsked are asked for a p99 that is one, in however short a measurement.
const fewestAsked = 5

func (a *asking) inTurns(ctx context.Context, o BenchOptions, q question) (AnswersReport, error) {
	report := AnswersReport{Question: q.name}
	random := rand.New(rand.NewPCG(3, 5))
	var ours, floor Latency
	var asked, rows int64
	one := func(counted bool) error {
		wish := q.wishes[random.IntN(len(q.wishes))]
		begun := time.Now()
		raw, err := q.floor(ctx, wish)
		between := time.Now()
		if err != nil {
			return fmt.Errorf("floor: %w", err)
		}
		a.count.asked.Store(0)
		a.count.rows.Store(0)
		again := time.Now()
		free, err := q.ours(ctx, wish)
		ended := time.Now()
		if err != nil {
			return err
		}
		if free != raw && q.name != "sold" && q.name != "http, sold" || free > raw {
			return fmt.Errorf("%w: %d free, the raw query says %d", ErrAccount, free, raw)
		}
		if counted {
			floor.Add(between.Sub(begun))
			ours.Add(ended.Sub(again))
			asked += a.count.asked.Load()
			rows += a.count.rows.Load()
		}
		return nil
	}
	for range fewestAsked { // Plans and connections.
		if err := one(false); err != nil {
			return report, err
		}
	}
	for until := time.Now().Add(time.Duration(o.Rounds) * o.Measure / 2); report.Asked < fewestAsked || time.Now().Before(until); report.Asked++ {
		if ctx.Err() != nil {
			return report, ctx.Err()
		}
		if err := one(true); err != nil {
			return report, err
		}
	}
	report.P50, report.P99 = milliseconds(ours.Quantile(0.5)), milliseconds(ours.Quantile(0.99))
	report.FloorP50, report.FloorP99 = milliseconds(floor.Quantile(0.5)), milliseconds(floor.Quantile(0.99))
	if report.P50 > 0 {
		report.Ratio = report.FloorP50 / report.P50
	}
	if q.counted {
		report.Statements, report.Rows = float64(asked)/float64(report.Asked), float64(rows)/float64(report.Asked)
	}
	return report, nil
}

// compareFleets says how each question grows from the smallest fleet on.
func (r *ScenarioReport) compareFleets() {
	first := map[string]AnswersReport{}
	for n := range r.Answers {
		answer := &r.Answers[n]
		smallest, known := first[answer.Question]
		if !known {
			smallest = *answer
			first[answer.Question] = smallest
		}
		if smallest.P50 > 0 && smallest.FloorP50 > 0 {
			answer.Growth, answer.FloorGrowth = answer.P50/smallest.P50, answer.FloorP50/smallest.FloorP50
		}
	}
}

// askDesk counts the cabin that was asked for, when it is free.
func (a *asking) askDesk(ctx context.Context, wish place) (int, error) {
	answer, err := a.desk.Availability(ctx, activities.AvailabilityRequest{AccommodationID: wish.Cabin, Stay: wish.Stay, Guests: guestsAsked})
	if err != nil {
		return 0, err
	}
	return available(answer.Available, string(answer.Reason))
}

func available(yes bool, reason string) (int, error) {
	switch {
	case yes:
		return 1, nil
	case reason == string(booking.CodeDatesTaken):
		return 0, nil
	}
	return 0, fmt.Errorf("%w: refused as %s", ErrAccount, reason)
}

func (a *asking) askHTTP(ctx context.Context, wish place) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, iterationTime)
	defer cancel()
	address := fmt.Sprintf("%s/api/v1/accommodations/%d/availability?check_in=%s&check_out=%s&guests=%d", a.API, wish.Cabin, wish.Stay.CheckIn,
		wish.Stay.CheckOut, guestsAsked)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, fmt.Errorf("ask for availability: %w", err)
	}
	response, err := a.HTTP.Do(request)
	if err != nil {
		return 0, errors.New("ask for availability: " + rootCause(err))
	}
	defer response.Body.Close()
	if err := wantStatus(response, http.StatusOK); err != nil {
		return 0, err
	}
	var answer struct {
		Available bool    `json:"available"`
		Reason    *string `json:"reason"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return 0, errors.New("read availability: " + rootCause(err))
	}
	if answer.Reason == nil {
		answer.Reason = new(string)
	}
	return available(answer.Available, *answer.Reason)
}

func (a *asking) askAll(ctx context.Context, wish place) (int, error) {
	offers, err := a.desk.Offers(ctx, wish.Stay, guestsAsked)
	return len(offers), err
}

const rawFree = `SELECT a.id FROM accommodations a WHERE a.active AND a.capacity >= $3
	AND NOT EXISTS (SELECT FROM reservations r WHERE r.accommodation_id = a.id AND r.reservation_status IN ('pre_reserved', 'confirmed')
		AND r.period && daterange($1::date, $2::date))
	AND NOT EXISTS (SELECT FROM calendar_blocks b WHERE b.accommodation_id = a.id AND b.active AND b.period && daterange($1::date, $2::date))`

func (a *asking) rawAll(ctx context.Context, wish place) (int, error) {
	return a.raw(ctx, rawFree, wish.Stay.CheckIn.Time(), wish.Stay.CheckOut.Time(), guestsAsked)
}

func (a *asking) rawOne(ctx context.Context, wish place) (int, error) {
	return a.raw(ctx, rawFree+` AND a.id = $4`, wish.Stay.CheckIn.Time(), wish.Stay.CheckOut.Time(), guestsAsked, wish.Cabin)
}

func (a *asking) raw(ctx context.Context, statement string, values ...any) (int, error) {
	rows, err := a.Pool.Query(ctx, statement, values...)
	if err != nil {
		return 0, fmt.Errorf("read what is free: %w", err)
	}
	free, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return 0, fmt.Errorf("read what is free: %w", err)
	}
	return len(free), nil
}

// statementCount counts what a pool is asked.
type statementCount struct{ asked, rows atomic.Int64 }

// TraceQueryStart counts a statement.
func (c *statementCount) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.asked.Add(1)
	return ctx
}

// TraceQueryEnd counts its rows.
func (c *statementCount) TraceQueryEnd(_ context.Context, _ *pgx.Conn, end pgx.TraceQueryEndData) {
	c.rows.Add(end.CommandTag.RowsAffected())
}
