package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// DashboardQuery says what figures are of. Days are half-open and of the property.
type DashboardQuery struct {
	// AccommodationID 0 is all.
	AccommodationID int64
	// Days is the range, Earlier the one it is compared with.
	Days, Earlier booking.Stay
	Today         booking.Date
	Property      booking.Property
	Now           time.Time
}

// DashboardFacts is what figures are made of, all of one snapshot.
type DashboardFacts struct {
	Units    []DashboardUnit
	Stays    []DashboardStay
	Closures []DashboardClosure
	// Today are the open holds, and the bookings that arrive, are here or leave.
	Today  []DashboardBooking
	Counts DashboardCounts
	Funnel DashboardFunnel
	// Moved is the money of the range, Lately that of the last day.
	Moved, Lately DashboardMoney
}

// DashboardUnit is an accommodation; one that is not Active is not on offer.
type DashboardUnit struct {
	ID     int64
	Name   string
	Active bool
}

// DashboardStay is a booking with nights of a range: held, or confirmed at some time.
type DashboardStay struct {
	AccommodationID int64
	Nights          booking.Stay
	Channel         booking.Channel
	Status          booking.Status
	// Total is the price, Kept what was paid and has not gone back.
	Total, Kept booking.Money
	// ConfirmedAt and CancelledAt are zero when it never was.
	CreatedAt, ConfirmedAt, CancelledAt time.Time
}

// DashboardClosure is a block. Source is manual, feed or offer; Channel and Kind (a feed.Kind) are of a feed's event.
type DashboardClosure struct {
	AccommodationID       int64
	Nights                booking.Stay
	Source, Channel, Kind string
}

// DashboardBooking is a booking that matters today.
type DashboardBooking struct {
	Code            string
	AccommodationID int64
	UnitName        string
	Nights          booking.Stay
	Guests          int
	Status          booking.Status
	ExpiresAt       time.Time
	// Due is what is missing of the deposit of a hold, of the total of a booking.
	Due booking.Money
}

// DashboardCounts counts bookings: Holds were placed within the range, of which HoldsOpen still run and HoldsExpired did; New,
// Confirmed and Cancelled are of the last 24 hours; the rest is as it is now.
type DashboardCounts struct {
	Holds, HoldsOpen, HoldsExpired int
	New, Confirmed, Cancelled      int
	DepositsWaiting, BalancesDue   int
	DepositsWaitingSum             booking.Money
	BalancesDueSum                 booking.Money
}

// DashboardFunnel counts guests who wrote within the range. MedianReply is 0 when Answered is.
type DashboardFunnel struct {
	Conversations, Quoted, Held, Paid int
	Answered                          int
	MedianReply                       time.Duration
}

// DashboardMoney sums up money of the property's currency that moved. Payments counts those that came in.
type DashboardMoney struct {
	Payments           int
	Received, Returned booking.Money
	Disputed           booking.Money
}

// Dashboard reads what figures are made of, in one snapshot.
func (s *Store) Dashboard(ctx context.Context, q DashboardQuery) (DashboardFacts, error) {
	var facts DashboardFacts
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, s.pool, options, func(tx pgx.Tx) error {
		r := dashboardReader{store: s, tx: tx, q: q, facts: &facts}
		for _, step := range []func(context.Context) error{r.prepare, r.units, r.stays, r.closures, r.today, r.counts, r.funnel, r.money} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	return facts, explain("read the dashboard", err)
}

type dashboardReader struct {
	store *Store
	tx    pgx.Tx
	q     DashboardQuery
	facts *DashboardFacts
}

func (r dashboardReader) prepare(ctx context.Context) error {
	return r.store.queries.PrepareAudit(ctx, r.tx)
}

func (r dashboardReader) units(ctx context.Context) error {
	rows, err := r.store.queries.DashboardUnits(ctx, r.tx, r.q.AccommodationID)
	for _, row := range rows {
		r.facts.Units = append(r.facts.Units, DashboardUnit{ID: row.ID, Name: row.Name, Active: row.Active})
	}
	if err == nil && len(rows) == 0 && r.q.AccommodationID != 0 {
		return booking.Refuse(booking.CodeNotFound, "no accommodation %d", r.q.AccommodationID)
	}
	return err
}

func (r dashboardReader) stays(ctx context.Context) error {
	rows, err := r.store.queries.DashboardStays(ctx, r.tx, &dbgen.DashboardStaysParams{
		Since: r.q.Days.CheckIn.Time(), Until: r.q.Days.CheckOut.Time(),
		EarlierSince: r.q.Earlier.CheckIn.Time(), EarlierUntil: r.q.Earlier.CheckOut.Time(), AccommodationID: r.q.AccommodationID})
	for _, row := range rows {
		r.facts.Stays = append(r.facts.Stays, DashboardStay{
			AccommodationID: row.AccommodationID, Nights: nightsOf(row.CheckIn, row.CheckOut), Channel: booking.Channel(row.ChannelSource),
			Status: booking.Status(row.ReservationStatus), Total: money(row.TotalCentavos, row.Currency), Kept: money(row.PaidCentavos, row.Currency),
			CreatedAt: row.CreatedAt, ConfirmedAt: timeOf(row.ConfirmedAt), CancelledAt: timeOf(row.CancelledAt)})
	}
	return err
}

func (r dashboardReader) closures(ctx context.Context) error {
	rows, err := r.store.queries.DashboardClosures(ctx, r.tx, &dbgen.DashboardClosuresParams{
		Since: r.q.Days.CheckIn.Time(), Until: r.q.Days.CheckOut.Time(), AccommodationID: r.q.AccommodationID})
	for _, row := range rows {
		r.facts.Closures = append(r.facts.Closures, DashboardClosure{AccommodationID: row.AccommodationID,
			Nights: nightsOf(row.StartDate, row.EndDate), Source: row.Source, Channel: row.Channel, Kind: row.Kind})
	}
	return err
}

func (r dashboardReader) today(ctx context.Context) error {
	rows, err := r.store.queries.DashboardToday(ctx, r.tx, &dbgen.DashboardTodayParams{Today: r.q.Today.Time(), AccommodationID: r.q.AccommodationID})
	for _, row := range rows {
		owed := row.TotalCentavos
		if booking.Status(row.ReservationStatus) == booking.PreReserved {
			owed = row.DepositCentavos
		}
		r.facts.Today = append(r.facts.Today, DashboardBooking{
			Code: row.Code, AccommodationID: row.AccommodationID, UnitName: row.UnitName, Nights: nightsOf(row.CheckIn, row.CheckOut),
			Guests: int(row.Guests), Status: booking.Status(row.ReservationStatus), ExpiresAt: timeOf(row.ExpiresAt),
			Due: money(max(owed-row.PaidCentavos, 0), row.Currency)})
	}
	return err
}

func (r dashboardReader) counts(ctx context.Context) error {
	since, until := r.instants()
	row, err := r.store.queries.DashboardCounts(ctx, r.tx, &dbgen.DashboardCountsParams{Since: since, Until: until,
		DayAgo: r.q.Now.Add(-day), Currency: r.q.Property.Currency, AccommodationID: r.q.AccommodationID})
	if err != nil {
		return err
	}
	r.facts.Counts = DashboardCounts{
		Holds: int(row.Holds), HoldsOpen: int(row.HoldsOpen), HoldsExpired: int(row.HoldsExpired),
		New: int(row.NewLately), Confirmed: int(row.ConfirmedLately), Cancelled: int(row.CancelledLately),
		DepositsWaiting: int(row.DepositsWaiting), BalancesDue: int(row.BalancesDue),
		DepositsWaitingSum: money(row.DepositsWaitingCentavos, r.q.Property.Currency),
		BalancesDueSum:     money(row.BalancesDueCentavos, r.q.Property.Currency),
	}
	return nil
}

func (r dashboardReader) funnel(ctx context.Context) error {
	since, until := r.instants()
	row, err := r.store.queries.DashboardFunnel(ctx, r.tx, &dbgen.DashboardFunnelParams{Since: since, Until: until})
	if err != nil {
		return err
	}
	r.facts.Funnel = DashboardFunnel{Conversations: int(row.Conversations), Quoted: int(row.Quoted), Held: int(row.Held), Paid: int(row.Paid),
		Answered: int(row.Answered), MedianReply: time.Duration(row.MedianReplySeconds * float64(time.Second))}
	return nil
}

func (r dashboardReader) money(ctx context.Context) (err error) {
	since, until := r.instants()
	if r.facts.Moved, err = r.moved(ctx, since, until); err != nil {
		return err
	}
	r.facts.Lately, err = r.moved(ctx, r.q.Now.Add(-day), r.q.Now)
	return err
}

const day = 24 * time.Hour

// instants are the first of the range and the first after it.
func (r dashboardReader) instants() (since, until time.Time) {
	zone := r.q.Property.Location
	return r.q.Days.CheckIn.At(0, 0, zone), r.q.Days.CheckOut.At(0, 0, zone)
}

func (r dashboardReader) moved(ctx context.Context, since, until time.Time) (DashboardMoney, error) {
	currency := r.q.Property.Currency
	sum := DashboardMoney{Received: money(0, currency), Returned: money(0, currency), Disputed: money(0, currency)}
	payments, err := r.store.moneyMoved(ctx, r.tx, since, until)
	if err != nil {
		return sum, err
	}
	ours, err := r.codesOf(ctx, payments)
	if err != nil {
		return sum, err
	}
	for _, p := range payments {
		if p.Currency != currency || ours != nil && !ours[p.Code] {
			continue
		}
		if p.Taken > 0 {
			sum.Payments++
		}
		sum.Received.Centavos += p.Taken
		sum.Returned.Centavos += p.ReturnedByUs + p.ReturnedElsewhere
		sum.Disputed.Centavos += p.Disputed
	}
	return sum, nil
}

// codesOf finds whose money is of the accommodation; nil when all is asked for.
func (r dashboardReader) codesOf(ctx context.Context, payments []PaymentMoved) (map[string]bool, error) {
	if r.q.AccommodationID == 0 {
		return nil, nil
	}
	codes := make([]string, 0, len(payments))
	for _, p := range payments {
		codes = append(codes, p.Code)
	}
	found, err := r.store.queries.DashboardCodesOf(ctx, r.tx, &dbgen.DashboardCodesOfParams{AccommodationID: r.q.AccommodationID, Codes: codes})
	ours := make(map[string]bool, len(found))
	for _, code := range found {
		ours[code] = true
	}
	return ours, err
}
