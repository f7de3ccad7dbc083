package activities_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/internal/embedded/embeddedtest"
	"cabanas/migrations"
	"cabanas/store/postgres"
)

// books is a ledger of a property in Buenos Aires.
type books struct {
	*postgres.Store
	t     *testing.T
	sql   *pgxpool.Pool
	zone  *time.Location
	cabin int64
	guest int64
	staff postgres.Author
	holds int
}

func openBooks(t *testing.T) *books {
	t.Helper()
	url := embeddedtest.Database(t, migrations.Up)
	store, err := postgres.Open(t.Context(), url, 4)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	b := &books{Store: store, t: t}
	property, err := store.Property(t.Context())
	require.NoError(t, err)
	require.Equal(t, "America/Argentina/Buenos_Aires", property.Location.String())
	b.zone = property.Location
	b.cabin, err = store.CreateAccommodation(t.Context(), booking.Accommodation{
		Name: "Cabaña", Type: booking.Cabin, Capacity: 4, Active: true, Rate: booking.Rate{Base: booking.Pesos(50_000), WeekendPercent: 100, MinNights: 1},
	})
	require.NoError(t, err)
	b.guest, err = store.UpsertGuest(t.Context(), postgres.Guest{Phone: "541100000001", Name: "Ana"})
	require.NoError(t, err)
	pool, err := pgxpool.New(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	b.sql = pool
	b.staff = postgres.Author{Kind: "staff"}
	err = pool.QueryRow(t.Context(), `INSERT INTO users (email, role, password_hash) VALUES ('a@b.test', 'owner', 'x') RETURNING id`).Scan(&b.staff.UserID)
	require.NoError(t, err)
	return b
}

// at reads a local instant of the property.
func (b *books) at(local string) time.Time {
	b.t.Helper()
	instant, err := time.ParseInLocation("2006-01-02 15:04:05", local, b.zone)
	require.NoError(b.t, err)
	return instant
}

// hold asks 30,000 of 100,000 pesos.
func (b *books) hold() string {
	b.t.Helper()
	b.holds++
	from := booking.MustDate("2027-01-01").AddDays(2 * b.holds)
	r, err := b.PlaceHold(b.t.Context(), postgres.NewHold{
		Code: fmt.Sprintf("RES261122%06X", b.holds), AccommodationID: b.cabin, GuestID: b.guest, Guests: 2, Channel: booking.ChannelDirect,
		Stay: booking.Stay{CheckIn: from, CheckOut: from.AddDays(2)}, TokenHash: []byte("hash"), ExpiresAt: b.at("2026-11-30 00:00:00"),
		Quote: booking.Quote{Total: booking.Pesos(100_000), Deposit: booking.Pesos(30_000), RateVersion: 1,
			Lines: []booking.Line{{Kind: booking.LineNight, Night: from, Amount: booking.Pesos(100_000), Reason: "base price"}}},
	}, b.at("2026-11-22 10:00:00"))
	require.NoError(b.t, err)
	return r.Code
}

// told is a report of a payment that Mercado Pago says was approved at an instant of its own, or at none that can be read.
func told(id, code, approved string, updated time.Time) postgres.PaymentReport {
	raw, _ := json.Marshal(map[string]string{"date_approved": approved})
	return postgres.PaymentReport{
		ProviderID: id, Reference: code, Status: booking.ProviderApproved, Amount: booking.Pesos(30_000), RefundedAmount: booking.Centavos(0),
		CollectorOurs: true, UpdatedAt: updated, Raw: raw,
	}
}

func (b *books) settle(r postgres.PaymentReport) {
	b.t.Helper()
	_, err := b.Settle(b.t.Context(), r, r.UpdatedAt.Add(time.Second))
	require.NoError(b.t, err)
}

func (b *books) returns(id string, pesos int64, reason string, done time.Time) {
	b.t.Helper()
	plan, err := b.PlanRefund(b.t.Context(), id, booking.Pesos(pesos), reason, done.Add(-time.Second))
	require.NoError(b.t, err)
	require.NoError(b.t, b.FinishRefund(b.t.Context(), plan.ID, reason, postgres.RefundDone, done))
}

func (b *books) day(day string) activities.DailyReport {
	b.t.Helper()
	reporter := activities.Reporter{Store: b, Now: func() time.Time { return b.at("2026-11-23 23:30:00") }}
	var wanted booking.Date
	if day != "" {
		wanted = booking.MustDate(day)
	}
	report, err := reporter.Daily(b.t.Context(), wanted)
	require.NoError(b.t, err)
	return report
}

func pesosOf(of string, payments int, pesos int64) activities.MoneySum {
	return activities.MoneySum{Of: of, Currency: "ARS", Payments: payments, Centavos: pesos * 100}
}

func TestADayEndsAtMidnightInBuenosAires(t *testing.T) {
	t.Parallel()
	b := openBooks(t)
	before, after, inCash, disputed := b.hold(), b.hold(), b.hold(), b.hold()

	// Approved in the last second of the 22nd by the provider's clock, and told after midnight; it writes another zone.
	b.settle(told("1", before, "2026-11-22T22:59:59.500-04:00", b.at("2026-11-23 00:10:00")))
	b.settle(told("2", after, "***", b.at("2026-11-23 00:00:00")))
	b.settle(told("3", disputed, "2026-02-30T99:00:00.000-04:00", b.at("2026-11-23 00:30:00")))
	b.settle(told("4", "RES000101ABCDEF", "", b.at("2026-11-23 01:00:00")))
	_, err := b.RecordPayment(t.Context(), postgres.RecordedPayment{Code: inCash, Method: booking.ByCash, Amount: booking.Pesos(100_000), Key: "k",
		By: b.staff, Via: "staff"}, b.at("2026-11-23 09:00:00"))
	require.NoError(t, err)

	// Our refund in two parts on two days.
	b.returns("1", 10_000, "goodwill", b.at("2026-11-23 23:59:59"))
	b.returns("1", 5_000, "cancelled", b.at("2026-11-24 00:00:00"))
	// The panel gives back in two parts around midnight; one of ours in between is no part of it.
	part := told("2", after, "***", b.at("2026-11-23 10:00:00"))
	part.RefundedAmount = booking.Pesos(4_000)
	b.settle(part)
	b.returns("2", 2_000, "goodwill", b.at("2026-11-23 12:00:00"))
	part.UpdatedAt, part.RefundedAmount = b.at("2026-11-24 00:00:01"), booking.Pesos(11_000)
	b.settle(part)
	// One guest disagrees, and is right.
	chargeback := told("3", disputed, "", b.at("2026-11-23 20:00:00"))
	chargeback.Status, chargeback.Dispute = booking.ProviderChargedBack, booking.DisputeOpen
	b.settle(chargeback)
	chargeback.UpdatedAt, chargeback.Dispute = b.at("2026-11-24 08:00:00"), booking.DisputeLost
	b.settle(chargeback)

	require.Equal(t, []activities.MoneySum{pesosOf("mercadopago", 1, 30_000)}, b.day("2026-11-22").Taken)
	require.Empty(t, b.day("2026-11-22").Returned)
	require.Equal(t, []activities.BookingSum{{Code: before, Currency: "ARS", Taken: 3_000_000, Kept: 1_500_000, Due: 8_500_000}}, b.day("2026-11-22").Bookings)

	today := b.day("")
	require.Equal(t, "2026-11-23", today.Day.String(), "today at the property, when it is tomorrow in UTC")
	require.Equal(t, []activities.MoneySum{pesosOf("cash", 1, 100_000), pesosOf("mercadopago", 3, 90_000)}, today.Taken)
	require.Equal(t, []activities.MoneySum{pesosOf("ours", 2, 12_000), pesosOf("panel", 1, 4_000)}, today.Returned)
	require.Equal(t, []activities.MoneySum{pesosOf("opened", 1, 30_000)}, today.Disputed)
	require.Equal(t, []activities.BookingSum{
		{Code: "", Currency: "ARS", Taken: 3_000_000},
		{Code: before, Currency: "ARS", Returned: 1_000_000, Kept: 1_500_000, Due: 8_500_000},
		{Code: after, Currency: "ARS", Taken: 3_000_000, Returned: 600_000, Kept: 1_900_000, Due: 8_100_000},
		{Code: inCash, Currency: "ARS", Taken: 10_000_000, Kept: 10_000_000},
		{Code: disputed, Currency: "ARS", Taken: 3_000_000, Disputed: 3_000_000, Due: 10_000_000},
	}, today.Bookings)
	require.Equal(t, []activities.OpenSum{
		{Kind: "balance", Currency: "ARS", Count: 3, Centavos: 26_600_000, Whose: []string{before, after, disputed}},
		{Kind: "parked", Currency: "ARS", Count: 1, Centavos: 3_000_000, Whose: []string{"payment 4"}},
	}, today.Open)

	tomorrow := b.day("2026-11-24")
	require.Empty(t, tomorrow.Taken)
	require.Equal(t, []activities.MoneySum{pesosOf("ours", 1, 5_000), pesosOf("panel", 1, 5_000)}, tomorrow.Returned)
	require.Equal(t, []activities.MoneySum{pesosOf("lost", 1, 30_000)}, tomorrow.Disputed)

	encoded, err := json.Marshal(today)
	require.NoError(t, err)
	require.NotContains(t, string(encoded), "Ana")
	require.NotContains(t, string(encoded), "541100000001")
	require.Contains(t, string(encoded), `"day":"2026-11-23"`)
}

func TestRefundsThatWaitAreOpen(t *testing.T) {
	t.Parallel()
	b := openBooks(t)
	noon := b.at("2026-11-23 12:00:00")
	code := b.hold()
	b.settle(told("1", code, "", noon))
	// A guest who paid in the hands of the house is given it back there.
	inCash := b.hold()
	recorded, err := b.RecordPayment(t.Context(), postgres.RecordedPayment{Code: inCash, Method: booking.ByCash, Amount: booking.Pesos(100_000), Key: "k",
		By: b.staff, Via: "staff"}, noon)
	require.NoError(t, err)
	for _, c := range []string{code, inCash} {
		_, err = b.Cancel(t.Context(), c, booking.ByGuest, "guest", noon)
		require.NoError(t, err)
	}
	require.Empty(t, b.day("").Open, "what is cancelled owes nothing")

	_, err = b.PlanRefund(t.Context(), recorded.PaymentID, booking.Pesos(40_000), "cancelled", noon)
	require.NoError(t, err)
	plan, err := b.PlanRefund(t.Context(), "1", booking.Money{}, "cancelled", noon)
	require.NoError(t, err)
	require.Equal(t, []activities.OpenSum{
		{Kind: "refund_planned", Currency: "ARS", Count: 2, Centavos: 7_000_000, Whose: []string{code, inCash}},
	}, b.day("").Open, "each centavo once, although the whole payment is to be refunded")

	require.NoError(t, b.FinishRefund(t.Context(), plan.ID, "", postgres.RefundFailed, noon))
	open := b.day("").Open
	require.Equal(t, "parked", open[0].Kind, "a refusal is somebody's case, once")
	require.Equal(t, int64(3_000_000), open[0].Centavos)
	require.Len(t, open, 2)
}
