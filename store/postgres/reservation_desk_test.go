package postgres_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/store/postgres"
)

// pays settles a payment for a reservation.
func (b *bench) pays(code, id string, amount booking.Money) {
	b.t.Helper()
	paid := report(code)
	paid.ProviderID, paid.Amount = id, amount
	b.settle(paid)
}

// moves is a change of a reservation to another stay by account 0 with the key.
func moves(r postgres.Reservation, to booking.Stay, key string) postgres.StayChange {
	return postgres.StayChange{Code: r.Code, AccommodationID: r.AccommodationID, Stay: to, Guests: r.Guests, Key: key}
}

func TestAStayIsChanged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 3))
	other := b.newCabin()
	wish := moves(r, stay("2027-01-12", 5), "first")
	wish.AccommodationID, wish.Guests = other, 4
	moved, err := b.ChangeStay(t.Context(), wish, now.Add(time.Minute))
	require.NoError(t, err)
	require.True(t, moved.Changed)
	require.Equal(t, r.Stay, moved.Before.Stay)
	after := moved.Reservation
	require.Equal(t, other, after.AccommodationID)
	require.Equal(t, stay("2027-01-12", 5), after.Stay)
	require.Equal(t, 4, after.Guests)
	require.Equal(t, r.Total, after.Total, "the price is kept")
	require.Equal(t, r.ExpiresAt, after.ExpiresAt, "so is the deadline")
	require.Equal(t, "held moved", b.story(r.Code))

	again, err := b.ChangeStay(t.Context(), wish, now.Add(2*time.Minute))
	require.NoError(t, err)
	require.True(t, again.Repeated)
	require.False(t, again.Changed)
	same, err := b.ChangeStay(t.Context(), moves(after, after.Stay, "second"), now.Add(2*time.Minute))
	require.NoError(t, err)
	require.False(t, same.Changed || same.Repeated, "nothing to change")
	require.Equal(t, "held moved", b.story(r.Code))

	// The nights that were left can be sold, the new ones cannot.
	b.hold(r.Stay)
	taken := b.wish(stay("2027-01-13", 1))
	taken.AccommodationID = other
	_, err = b.PlaceHold(t.Context(), taken, now)
	require.True(t, booking.IsCode(err, booking.CodeDatesTaken), "%v", err)
	b.clean()
}

func TestAStayIsNotMovedOntoNightsThatAreGone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 3))
	b.hold(stay("2027-01-15", 2))
	b.exec(`INSERT INTO calendar_blocks (accommodation_id, start_date, end_date) VALUES ($1, '2027-02-01', '2027-02-03')`, b.cabin)
	for _, to := range []booking.Stay{stay("2027-01-12", 4), stay("2027-01-31", 2)} {
		_, err := b.ChangeStay(t.Context(), moves(r, to, to.String()), now)
		require.True(t, booking.IsCode(err, booking.CodeDatesTaken), "%s: %v", to, err)
		obstacles, err := b.InTheWay(t.Context(), r.Code, b.cabin, to)
		require.NoError(t, err)
		require.Len(t, obstacles, 1)
	}
	_, err := b.ChangeStay(t.Context(), moves(r, stay("2027-01-11", 4), "back to back"), now)
	require.NoError(t, err, "its own nights are not in its way, and stays may touch")
	require.Equal(t, "held moved", b.story(r.Code), "what was refused left nothing")
	for name, status := range map[string]string{"late": "pre_reserved", "over": "cancelled"} {
		if status == "cancelled" {
			_, err := b.Cancel(t.Context(), r.Code, booking.ByOwner, "test", now)
			require.NoError(t, err)
		}
		_, err = b.ChangeStay(t.Context(), moves(r, stay("2027-03-10", 2), name), now.Add(2*time.Hour))
		require.True(t, booking.IsCode(err, booking.CodeWrongState), "%s: %v", name, err)
	}
	b.clean()
}

func TestANewPriceChangesWhatIsDue(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 3))
	b.pays(r.Code, "1", booking.Pesos(30_000))
	requote := func(total int64, key string) (postgres.MovedStay, error) {
		wish := moves(r, r.Stay, key)
		wish.Quote = &booking.Quote{Total: booking.Pesos(total), Deposit: booking.Pesos(total / 2),
			Lines: []booking.Line{{Kind: booking.LineNight, Night: r.Stay.CheckIn, Amount: booking.Pesos(total), Reason: "base price"}}}
		return b.ChangeStay(t.Context(), wish, now)
	}
	moved, err := requote(200_000, "dearer")
	require.NoError(t, err)
	require.Equal(t, booking.Pesos(30_000), moved.Reservation.Deposit, "the deposit of a confirmed booking stays")
	money, err := b.ReservationMoney(t.Context(), r.Code)
	require.NoError(t, err)
	require.Equal(t, booking.Pesos(170_000), money.DueTotal)

	moved, err = requote(30_000, "paid with it")
	require.NoError(t, err)
	require.Equal(t, booking.PaymentPaid, moved.Reservation.PaymentStatus)
	moved, err = requote(20_000, "less than was paid")
	require.NoError(t, err)
	require.Equal(t, booking.Pesos(20_000), moved.Reservation.Deposit)
	moved, err = requote(90_000, "dearer again")
	require.NoError(t, err)
	require.Equal(t, booking.PaymentPartiallyPaid, moved.Reservation.PaymentStatus)
	b.clean()

	held := b.hold(stay("2027-02-10", 3))
	b.pays(held.Code, "2", booking.Pesos(10_000))
	wish := moves(held, held.Stay, "too cheap")
	wish.Quote = &booking.Quote{Total: booking.Pesos(20_000), Deposit: booking.Pesos(10_000)}
	_, err = b.ChangeStay(t.Context(), wish, now)
	require.True(t, booking.IsCode(err, booking.CodeWrongState), "%v", err)
}

func TestConflictsAreLeftBehind(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 3))
	b.exec(`INSERT INTO calendar_blocks (accommodation_id, start_date, end_date) VALUES ($1, '2027-01-11', '2027-01-12')`, b.cabin)
	open := `SELECT count(*) FROM calendar_conflicts WHERE resolved_at IS NULL`
	require.Equal(t, int64(1), ask[int64](b, open))
	_, err := b.ChangeStay(t.Context(), moves(r, stay("2027-01-20", 3), "away"), now)
	require.NoError(t, err)
	require.Zero(t, ask[int64](b, open))
	b.clean()
}

func TestWhatIsWrittenAboutABooking(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 3))
	staff := b.newUser("ana@cabanas.test", "staff")
	edit := func(edit postgres.ReservationEdit) error {
		return b.EditReservation(t.Context(), r.Code, edit, postgres.Author{Kind: "staff", UserID: staff.ID}, now)
	}
	name, phone, wishes, notes, guests, nothing := "José Núñez", "541155559999", "cuna", "paga en efectivo", 3, ""
	require.NoError(t, edit(postgres.ReservationEdit{Name: &name, Phone: &phone, SpecialRequests: &wishes}))
	require.NoError(t, edit(postgres.ReservationEdit{InternalNotes: &notes, Guests: &guests}))
	require.NoError(t, edit(postgres.ReservationEdit{InternalNotes: &notes, Name: &name}), "nothing new")
	file, err := b.ReservationFile(t.Context(), r.Code)
	require.NoError(t, err)
	require.Equal(t, name, file.Guest.Name)
	require.Equal(t, phone, file.Guest.Phone)
	require.Equal(t, wishes, file.SpecialRequests)
	require.Equal(t, notes, file.InternalNotes)
	require.Equal(t, guests, file.Reservation.Guests)
	require.Equal(t, "held details_edited edited details_edited", b.story(r.Code))
	require.NoError(t, edit(postgres.ReservationEdit{InternalNotes: &nothing}))

	someone := b.newGuest()
	taken := ask[string](b, `SELECT phone FROM guests WHERE id = $1`, someone)
	require.True(t, booking.IsCode(edit(postgres.ReservationEdit{Phone: &taken}), booking.CodeDuplicate))
	for _, words := range []string{name, phone, wishes, notes} {
		said := ask[int64](b, `SELECT count(*) FROM audit_log WHERE concat(before, after) LIKE '%' || $1 || '%'`, words) +
			ask[int64](b, `SELECT count(*) FROM booking_events WHERE details::text LIKE '%' || $1 || '%'`, words)
		require.Zero(t, said, "%s is nobody else's business", words)
	}
	require.Equal(t, int64(3), ask[int64](b, `SELECT count(*) FROM audit_log WHERE action = 'reservation.edited'`))
	b.clean()
}

func TestAGuestWhoDidNotCome(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 3))
	b.pays(r.Code, "1", booking.Pesos(30_000))
	_, err := b.MarkNoShow(t.Context(), r.Code, 7, booking.MustDate("2027-01-09"), now)
	require.True(t, booking.IsCode(err, booking.CodeWrongState), "%v", err)
	for range 2 {
		change, err := b.MarkNoShow(t.Context(), r.Code, 7, booking.MustDate("2027-01-10"), now)
		require.NoError(t, err)
		require.Equal(t, booking.NoShow, change.Reservation.Status)
	}
	b.clean()
}

// codesOf walks a list page by page.
func (b *bench) codesOf(filter postgres.ReservationFilter, order postgres.ReservationOrder, size int) (codes []string) {
	b.t.Helper()
	var place postgres.ReservationPlace
	for {
		page, err := b.Reservations(b.t.Context(), filter, order, place, size)
		require.NoError(b.t, err)
		for _, row := range page {
			codes, place = append(codes, row.Code), row.Place
		}
		if len(page) < size {
			return codes
		}
	}
}

func TestBookingsAreListed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	person := func(name, phone, email string) int64 {
		id, err := b.UpsertGuest(t.Context(), postgres.Guest{Name: name, Phone: phone, Email: email})
		require.NoError(t, err)
		return id
	}
	book := func(guest int64, s booking.Stay, made time.Time) string {
		wish := b.wish(s)
		wish.GuestID, wish.ExpiresAt = guest, made.Add(time.Hour)
		r, err := b.PlaceHold(t.Context(), wish, made)
		require.NoError(t, err)
		return r.Code
	}
	jose, ana := person("José Ñandú", "541144440001", "jose@cabanas.test"), person("100% Ana_María", "541144440002", "")
	first := book(jose, stay("2027-03-10", 2), now)
	second := book(ana, stay("2027-02-10", 2), now) // in the same instant
	third := book(jose, stay("2027-01-10", 2), now.Add(time.Minute))
	_, err := b.Cancel(t.Context(), third, booking.ByOwner, "test", now)
	require.NoError(t, err)

	asc, desc := postgres.ReservationOrder{By: postgres.ByCreation}, postgres.ReservationOrder{By: postgres.ByCreation, Descending: true}
	checkIn := postgres.ReservationOrder{By: postgres.ByCheckIn}
	for size := 1; size < 4; size++ {
		require.Equal(t, []string{first, second, third}, b.codesOf(postgres.ReservationFilter{}, asc, size))
		require.Equal(t, []string{third, second, first}, b.codesOf(postgres.ReservationFilter{}, desc, size))
		require.Equal(t, []string{third, second, first}, b.codesOf(postgres.ReservationFilter{}, checkIn, size))
		require.Equal(t, []string{first, second, third}, b.codesOf(postgres.ReservationFilter{}, postgres.ReservationOrder{By: postgres.ByDeadline}, size))
	}
	day := booking.MustDate
	for name, test := range map[string]struct {
		filter postgres.ReservationFilter
		codes  []string
	}{
		"status":         {postgres.ReservationFilter{Statuses: []booking.Status{booking.Cancelled, booking.Expired}}, []string{third}},
		"payment status": {postgres.ReservationFilter{PaymentStatuses: []booking.PaymentStatus{booking.PaymentPaid}}, nil},
		"cabin":          {postgres.ReservationFilter{AccommodationID: b.cabin + 1}, nil},
		"channel":        {postgres.ReservationFilter{Channels: []booking.Channel{booking.ChannelDirect}}, []string{first, second, third}},
		"check-in":       {postgres.ReservationFilter{CheckInFrom: day("2027-02-10"), CheckInTo: day("2027-03-09")}, []string{second}},
		"last night":     {postgres.ReservationFilter{StaysFrom: day("2027-02-11"), StaysTo: day("2027-02-12")}, []string{second}},
		"departure":      {postgres.ReservationFilter{StaysFrom: day("2027-02-12"), StaysTo: day("2027-02-13")}, nil},
		"arrival":        {postgres.ReservationFilter{StaysFrom: day("2027-02-01"), StaysTo: day("2027-02-10")}, nil},
		"created":        {postgres.ReservationFilter{CreatedFrom: now.Add(time.Second), CreatedTo: now.Add(time.Hour)}, []string{third}},
		"created before": {postgres.ReservationFilter{CreatedTo: now.Add(time.Minute)}, []string{first, second}},
		"accents":        {postgres.ReservationFilter{Search: "jose nandu"}, []string{first, third}},
		"capitals":       {postgres.ReservationFilter{Search: "MARÍA"}, []string{second}},
		"percent":        {postgres.ReservationFilter{Search: "100%"}, []string{second}},
		"any":            {postgres.ReservationFilter{Search: "%"}, []string{second}},
		"underscore":     {postgres.ReservationFilter{Search: "Ana_"}, []string{second}},
		"one letter":     {postgres.ReservationFilter{Search: "J_s"}, nil},
		"backslash":      {postgres.ReservationFilter{Search: `\`}, nil},
		"statement":      {postgres.ReservationFilter{Search: `'; DROP TABLE reservations; --`}, nil},
		"code":           {postgres.ReservationFilter{Search: strings.ToLower(first[3:])}, []string{first}},
		"mail":           {postgres.ReservationFilter{Search: "JOSE@cabanas"}, []string{first, third}},
		"phone":          {postgres.ReservationFilter{Search: "+54 9 11 4444-0002", Phone: "541144440002"}, []string{second}},
		"part of phone":  {postgres.ReservationFilter{Search: "440001", Phone: "440001"}, []string{first, third}},
	} {
		require.Equal(t, test.codes, b.codesOf(test.filter, asc, 10), name)
	}
	row, err := b.Reservations(t.Context(), postgres.ReservationFilter{Search: second}, asc, postgres.ReservationPlace{}, 1)
	require.NoError(t, err)
	require.Equal(t, booking.Pesos(100_000), row[0].Due)
	require.Equal(t, ana, row[0].Guest.ID)
	_, err = b.Reservations(t.Context(), postgres.ReservationFilter{}, postgres.ReservationOrder{By: "price; --"}, postgres.ReservationPlace{}, 1)
	require.True(t, booking.IsCode(err, booking.CodeInvalidInput))
}

// TestAListOfTenThousandIsReadByItsIndex looks at the plans: a page must not read the table.
func TestAListOfTenThousandIsReadByItsIndex(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.forge(`INSERT INTO reservations (code, accommodation_id, guest_id, check_in, check_out, guests, channel_source, reservation_status, price,
		total_centavos, deposit_centavos, currency, expires_at, token_hash, created_at, cancellation)
	SELECT 'RES270101' || lpad(upper(to_hex(n)), 6, '0'), $1, $2, date '2027-01-01' + n % 500, date '2027-01-03' + n % 500, 2, 'direct', 'expired',
		'{"lines":[]}', 100, 30, 'ARS', timestamptz '2026-01-01' + n * interval '1 minute', '', timestamptz '2026-01-01' + n * interval '1 minute',
		'{"name":"flexible","steps":[]}' FROM generate_series(1, 10000) n`, b.cabin, b.guest)
	b.exec(`ANALYZE reservations`)
	for _, by := range []postgres.ReservationSort{postgres.ByCreation, postgres.ByCheckIn, postgres.ByDeadline} {
		for _, descending := range []bool{false, true} {
			order := postgres.ReservationOrder{By: by, Descending: descending}
			page, err := b.Reservations(t.Context(), postgres.ReservationFilter{}, order, postgres.ReservationPlace{}, 50)
			require.NoError(t, err)
			query, args, err := postgres.ReservationQuery(postgres.ReservationFilter{Statuses: []booking.Status{booking.Expired}}, order, page[49].Place, 50)
			require.NoError(t, err)
			plan := b.plan(query, args...)
			require.NotContains(t, plan, "Seq Scan on reservations", "%s", plan)
			require.NotContains(t, plan, "Sort Key", "%s", plan)
		}
	}
}

func (b *bench) plan(query string, args ...any) string {
	b.t.Helper()
	rows, err := b.sql.Query(b.t.Context(), "EXPLAIN "+query, args...)
	require.NoError(b.t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(b.t, err)
	return strings.Join(lines, "\n")
}

func TestEverythingAboutABooking(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.hold(stay("2027-01-10", 3))
	b.pays(r.Code, "901", booking.Pesos(30_000))
	_, err := b.QueueNotice(t.Context(), postgres.Notice{Key: r.Code + "/confirmed", GuestID: b.guest, Reply: []byte(`{}`)}, now)
	require.NoError(t, err)
	b.exec(`INSERT INTO webhook_inbox (provider, event_key, body, meta, received_at, due_at) VALUES
		('mercadopago', 'k1', '', $1, now(), now()), ('mercadopago', 'k2', '', '{"payment_id":"901","signed":"true"}', now(), now()),
		('mercadopago', 'k3', '', '{"payment_id":"902"}', now(), now())`, fmt.Sprintf(`{"ref":%q}`, r.Code))
	_, err = b.IssueReceipts(t.Context(), r.Code, now)
	require.NoError(t, err)
	file, err := b.ReservationFile(t.Context(), r.Code)
	require.NoError(t, err)
	require.Len(t, file.Payments, 1)
	require.Len(t, file.Receipts, 1)
	require.Len(t, file.Messages, 1)
	require.Len(t, file.Webhooks, 2)
	require.Equal(t, booking.Pesos(70_000), file.Money.DueTotal)
	require.Equal(t, booking.Status(""), file.Story[0].StatusBefore)
	rest, err := b.Story(t.Context(), r.Code, file.Story[0].ID, 10)
	require.NoError(t, err)
	require.Equal(t, file.Story[1:], rest)
	_, err = b.ReservationFile(t.Context(), "RES261122000000")
	require.True(t, booking.IsCode(err, booking.CodeNotFound))
	_, err = b.Story(t.Context(), "RES261122000000", 0, 10)
	require.True(t, booking.IsCode(err, booking.CodeNotFound))
}
