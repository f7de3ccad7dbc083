package api_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/activities"
	"cabanas/api"
	"cabanas/booking"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

const bookings = admin + "/reservations"

// bookingRuns are Booking workflows that do what they are told at once.
type bookingRuns struct {
	store *postgres.Store
	now   func() time.Time
	// resent are the codes whose guests were told again.
	resent []string
}

var deskTerms = activities.Terms{HoldFor: time.Hour, DepositPercent: 30, Limits: booking.DefaultLimits, HoldsPerPhone: 1}

func (o *office) reservationDesk(now func() time.Time) *activities.ReservationDesk {
	o.bookingRuns = &bookingRuns{store: o.store, now: now}
	return &activities.ReservationDesk{Store: o.store, Processes: o.bookingRuns, Terms: deskTerms, Now: now, FrontDesk: &activities.FrontDesk{
		Store: o.store, Bookings: o.bookingRuns, Terms: deskTerms, Metrics: observe.NewMetrics(observe.NewRegistry()), Now: now}}
}

func outcomeOf(change postgres.Change, err error) (workflows.ChangeOutcome, error) {
	if code := booking.CodeOf(err); code != "" && code != booking.CodeInternal {
		return workflows.ChangeOutcome{Refusal: code}, nil
	}
	return workflows.ChangeOutcome{Done: err == nil, Status: change.Reservation.Status}, err
}

func (r *bookingRuns) Start(ctx context.Context, in workflows.BookingInput) (workflows.HoldOutcome, error) {
	place, err := r.store.Accommodation(ctx, in.AccommodationID)
	if err != nil {
		return workflows.HoldOutcome{}, err
	}
	_, err = r.store.PlaceHold(ctx, postgres.NewHold{Code: in.Code, AccommodationID: in.AccommodationID, GuestID: in.GuestID, Stay: in.Stay, Guests: in.Guests,
		Channel: in.Channel, TokenHash: in.TokenHash, ExpiresAt: r.now().Add(in.HoldFor), HoldsPerPhone: in.HoldsPerPhone,
		Quote: booking.QuoteStay(place.Rate, in.Stay, in.Guests, deskTerms.DepositPercent)}, r.now())
	if code := booking.CodeOf(err); code != "" && code != booking.CodeInternal {
		return workflows.HoldOutcome{Refusal: code}, nil
	}
	return workflows.HoldOutcome{Placed: true}, err
}

func (r *bookingRuns) ChangeStay(ctx context.Context, code, key string, request workflows.StayChangeRequest) (workflows.ChangeOutcome, error) {
	wish := postgres.StayChange{Code: code, AccommodationID: request.AccommodationID, Stay: request.Stay, Guests: request.Guests, StaffID: request.StaffID, Key: key}
	if request.Price == workflows.PriceRequote {
		place, err := r.store.Accommodation(ctx, request.AccommodationID)
		if err != nil {
			return workflows.ChangeOutcome{}, err
		}
		quote := booking.QuoteStay(place.Rate, request.Stay, request.Guests, deskTerms.DepositPercent)
		wish.Quote = &quote
	}
	moved, err := r.store.ChangeStay(ctx, wish, r.now())
	return outcomeOf(moved.Change, err)
}

func (r *bookingRuns) NoShow(ctx context.Context, code, _ string, request workflows.ConfirmRequest) (workflows.ChangeOutcome, error) {
	return outcomeOf(r.store.MarkNoShow(ctx, code, request.StaffID, booking.DateIn(r.now(), time.UTC), r.now()))
}

func (r *bookingRuns) Confirm(ctx context.Context, code, _ string, request workflows.ConfirmRequest) (workflows.ChangeOutcome, error) {
	return outcomeOf(r.store.ConfirmByOwner(ctx, code, request.StaffID, r.now()))
}

func (r *bookingRuns) Resend(ctx context.Context, code, _ string) (workflows.ChangeOutcome, error) {
	r.resent = append(r.resent, code)
	booked, err := r.store.Reservation(ctx, code)
	return workflows.ChangeOutcome{Done: true, Status: booked.Status}, err
}

func (r *bookingRuns) Cancel(context.Context, string, string, workflows.CancelRequest) (workflows.ChangeOutcome, error) {
	return workflows.ChangeOutcome{}, booking.Refuse(booking.CodeUnavailable, "not here")
}

func (r *bookingRuns) Extend(context.Context, string, string) (workflows.ChangeOutcome, error) {
	return workflows.ChangeOutcome{}, booking.Refuse(booking.CodeUnavailable, "not here")
}

func (r *bookingRuns) AnswerAlternative(context.Context, string, string, string, workflows.AlternativeAnswer) (workflows.ChangeOutcome, error) {
	return workflows.ChangeOutcome{}, booking.Refuse(booking.CodeUnavailable, "not here")
}

// newCabin makes a cabin of 50,000 a night for four.
func (o *office) newCabin(t *testing.T, name string) int64 {
	t.Helper()
	id, err := o.store.CreateAccommodation(t.Context(), booking.Accommodation{Name: name, Type: booking.Cabin, Capacity: 4, Active: true,
		Rate: booking.Rate{Base: booking.Pesos(50_000), WeekendPercent: 100, MinNights: 1}})
	require.NoError(t, err)
	return id
}

// phoned books by phone as staff and returns the file.
func (o *office) phoned(t *testing.T, token string, cabin int64, checkIn, checkOut, name, phone string, headers ...string) map[string]any {
	t.Helper()
	answer := o.ask(t, token, http.MethodPost, bookings, fmt.Sprintf(
		`{"accommodation_id":%d,"check_in":%q,"check_out":%q,"guests":2,"contact_name":%q,"contact_phone":%q,"contact_email":"a@cabanas.test"}`,
		cabin, checkIn, checkOut, name, phone), headers...)
	require.Equal(t, http.StatusCreated, answer.Code, answer.Body.String())
	return object(t, answer)
}

// days after now, as a date.
func (o *office) day(days int) string {
	return o.now.AddDate(0, 0, days).Format(time.DateOnly)
}

func codesIn(body map[string]any) (codes []string) {
	for _, item := range body["items"].([]any) {
		codes = append(codes, item.(map[string]any)["code"].(string))
	}
	return codes
}

func TestStaffBooksAndLooksUp(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	staff, _ := o.member(t, "staff")
	owner, _ := o.logIn(t, ownerEmail)
	cabin := o.newCabin(t, "=Arrayán")
	first := o.phoned(t, staff, cabin, o.day(40), o.day(42), "José Núñez", "11 5555-0001", "Idempotency-Key", "call-1")
	require.Equal(t, first["code"], o.phoned(t, staff, cabin, o.day(40), o.day(42), "José Núñez", "11 5555-0001", "Idempotency-Key", "call-1")["code"])
	second := o.phoned(t, staff, cabin, o.day(30), o.day(32), `@SUM(1;"2")`, "+54 9 11 5555 0002")
	third := o.phoned(t, staff, cabin, o.day(20), o.day(22), "José Núñez", "1155550001")
	require.Equal(t, "pre_reserved", first["status"])
	require.Equal(t, "541155550001", first["guest"].(map[string]any)["phone"], "no limit of holds, one guest")
	free := fmt.Sprintf(`{"accommodation_id":%d,"check_in":%q,"check_out":%q,"guests":2,"contact_name":"Ana","contact_phone":"1155550003","confirmed_without_payment":true}`,
		cabin, o.day(50), o.day(51))
	requireProblem(t, o.ask(t, staff, http.MethodPost, bookings, free), 403, booking.CodeForbidden)
	confirmed := object(t, o.ask(t, owner, http.MethodPost, bookings, free))
	require.Equal(t, "confirmed", confirmed["status"])
	requireProblem(t, o.ask(t, owner, http.MethodPost, bookings, free), 409, booking.CodeDatesTaken)

	one, two, three, four := first["code"].(string), second["code"].(string), third["code"].(string), confirmed["code"].(string)
	for query, want := range map[string][]string{
		"":                               {four, three, two, one},
		"direction=asc":                  {one, two, three, four},
		"sort=check_in&direction=asc":    {three, two, one, four},
		"status=confirmed,cancelled":     {four},
		"status=expired":                 {},
		"payment_status=pending&limit=1": {four},
		"channel=direct&direction=asc":   {one, two, three, four},
		"channel=airbnb":                 {},
		"search=nunez":                   {three, one},
		"search=" + url.QueryEscape("+54 9 11 5555-0002"):                 {two},
		"search=" + strings.ToLower(two):                                  {two},
		"search=" + url.QueryEscape("%"):                                  {},
		"stays_from=" + o.day(21) + "&stays_to=" + o.day(31):              {three, two},
		"check_in_from=" + o.day(40) + "&check_in_to=" + o.day(40):        {one},
		"created_from=" + o.now.Add(time.Hour).UTC().Format(time.RFC3339): {},
		fmt.Sprintf("accommodation_id=%d", cabin+7):                       {},
	} {
		got := codesIn(object(t, o.ask(t, staff, http.MethodGet, bookings+"?"+query, "")))
		if len(want) == 0 {
			require.Empty(t, got, query)
			continue
		}
		require.Equal(t, want, got, query)
	}

	var walked []string
	cursor := ""
	for pages := 0; pages == 0 || cursor != ""; pages++ {
		page := object(t, o.ask(t, staff, http.MethodGet, bookings+"?sort=check_in&direction=asc&limit=1&cursor="+cursor, ""))
		walked = append(walked, codesIn(page)...)
		cursor, _ = page["next_cursor"].(string)
		if cursor != "" {
			for _, other := range []string{"sort=check_in", "direction=asc", "sort=expires_at&direction=asc"} {
				requireProblem(t, o.ask(t, staff, http.MethodGet, bookings+"?"+other+"&cursor="+cursor, ""), 422, booking.CodeInvalidInput)
			}
		}
	}
	require.Equal(t, []string{three, two, one, four}, walked)
	for _, query := range []string{"cursor=rubbish", "cursor=Y2hlY2tfaW46dHJ1ZTpOYU46MQ", "limit=0", "limit=101", "sort=price", "status=lost",
		"stays_from=2027-01-10&stays_to=2027-01-10", "check_in_from=tomorrow", "search=%00"} {
		requireProblem(t, o.ask(t, staff, http.MethodGet, bookings+"?"+query, ""), 422, booking.CodeInvalidInput)
	}
}

func TestBookingsAreExported(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	staff, _ := o.member(t, "staff")
	cabin := o.newCabin(t, "=Arrayán")
	for n, name := range []string{`@SUM(1;"2")`, "Ñandú, Ana", "-1"} {
		o.phoned(t, staff, cabin, o.day(20+n), o.day(21+n), name, fmt.Sprintf("115555%04d", n))
	}
	export := func(query string) ([][]string, http.Header, string) {
		answer := o.ask(t, staff, http.MethodGet, bookings+"/export.csv"+query, "")
		require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
		body := strings.TrimPrefix(answer.Body.String(), "\ufeff")
		reader := csv.NewReader(strings.NewReader(body))
		if strings.Contains(query, "semicolon") {
			reader.Comma = ';'
		}
		rows, err := reader.ReadAll()
		require.NoError(t, err)
		return rows, answer.Header(), answer.Body.String()
	}
	rows, header, raw := export("?sort=check_in&direction=asc")
	require.Contains(t, header.Get("Content-Type"), "text/csv")
	require.Contains(t, header.Get("Content-Disposition"), "attachment")
	require.NotContains(t, raw, "\ufeff")
	require.Len(t, rows, 4)
	require.Equal(t, "code", rows[0][0])
	require.Equal(t, []string{"'=Arrayán", o.day(20), o.day(21), "1", "2", `'@SUM(1;"2")`, "541155550000", "a@cabanas.test", "ARS", "50000.00", "15000.00", "0.00", "50000.00"},
		rows[1][4:17])
	require.Equal(t, "'-1", rows[3][9])
	rows, _, raw = export("?separator=semicolon&search=nandu")
	require.True(t, strings.HasPrefix(raw, "\ufeff"))
	require.Len(t, rows, 2)
	require.Equal(t, "50000,00", rows[1][13])
	requireProblem(t, o.ask(t, staff, http.MethodGet, bookings+"/export.csv?status=lost", ""), 422, booking.CodeInvalidInput)
	requireProblem(t, o.ask(t, "", http.MethodGet, bookings+"/export.csv", ""), 401, booking.CodeUnauthorized)
}

// manyBookings has so many rows; the page after breaksAt cannot be read.
type manyBookings struct {
	api.ReservationDesk
	count, breaksAt int
}

func (m manyBookings) List(_ context.Context, _ postgres.ReservationFilter, _ postgres.ReservationOrder, after postgres.ReservationPlace, most int) (rows []postgres.ReservationRow, err error) {
	if m.breaksAt > 0 && after.ID >= int64(m.breaksAt) {
		return nil, booking.Refuse(booking.CodeUnavailable, "away")
	}
	for id := after.ID + 1; id <= int64(m.count) && len(rows) < most; id++ {
		rows = append(rows, postgres.ReservationRow{ID: id, Code: fmt.Sprint("RES", id), Place: postgres.ReservationPlace{ID: id}})
	}
	return rows, nil
}

func TestAnExportHasAllRowsOrBreaksOff(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ rows, breaksAt int }{{0, 0}, {500, 0}, {1201, 0}, {1201, 1000}} {
		o := newOffice(t, func(options *api.Options) {
			options.Reservations = manyBookings{options.Reservations, test.rows, test.breaksAt}
		})
		o.setUp(t)
		owner, _ := o.logIn(t, ownerEmail)
		if test.breaksAt > 0 {
			require.PanicsWithValue(t, http.ErrAbortHandler, func() { o.ask(t, owner, http.MethodGet, bookings+"/export.csv", "") })
			continue
		}
		require.Equal(t, test.rows+1, strings.Count(o.ask(t, owner, http.MethodGet, bookings+"/export.csv", "").Body.String(), "\r\n"))
	}
}

func TestABookingIsReadAndCorrected(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	staff, _ := o.member(t, "staff")
	readonly, _ := o.member(t, "readonly")
	cabin := o.newCabin(t, "Arrayán")
	code := o.phoned(t, staff, cabin, o.day(40), o.day(42), "José", "1155550001")["code"].(string)
	o.phoned(t, staff, cabin, o.day(43), o.day(44), "Ana", "1155550002")
	path := bookings + "/" + strings.ToLower(code)

	answer := o.ask(t, readonly, http.MethodGet, path, "")
	require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
	tag, file := answer.Header().Get("ETag"), object(t, answer)
	require.Len(t, file["price"], 2)
	require.Equal(t, "flexible", file["cancellation_policy"].(map[string]any)["name"])
	require.Equal(t, "100000.00", file["money"].(map[string]any)["due"].(map[string]any)["amount"])
	require.Equal(t, "held", file["events"].([]any)[0].(map[string]any)["kind"])
	again := o.ask(t, readonly, http.MethodGet, path, "", "If-None-Match", tag)
	require.Equal(t, http.StatusNotModified, again.Code)
	require.Empty(t, again.Body.String())

	requireProblem(t, o.ask(t, readonly, http.MethodPatch, path, `{"guests":3}`), 403, booking.CodeForbidden)
	edited := object(t, o.ask(t, staff, http.MethodPatch, path,
		`{"contact_name":" José Núñez ","contact_phone":"+54 9 11 5555-0009","contact_email":"","guests":3,"special_requests":"cuna\ny silla","internal_notes":"habla bajito"}`))
	require.Equal(t, "José Núñez", edited["guest"].(map[string]any)["name"])
	require.Equal(t, "541155550009", edited["guest"].(map[string]any)["phone"])
	require.EqualValues(t, 3, edited["guests"])
	require.Equal(t, "cuna\ny silla", edited["special_requests"])
	require.Equal(t, http.StatusOK, o.ask(t, readonly, http.MethodGet, path, "", "If-None-Match", tag).Code)
	for body, problem := range map[string]struct {
		status int
		code   booking.Code
	}{
		`{"contact_phone":"12"}`:          {422, booking.CodeInvalidInput},
		`{"contact_phone":"1155550002"}`:  {409, booking.CodeDuplicate},
		`{"contact_name":"  "}`:           {422, booking.CodeInvalidInput},
		`{"contact_email":"Ana <a@b.c>"}`: {422, booking.CodeInvalidInput},
		`{"internal_notes":"a\u0000b"}`:   {422, booking.CodeInvalidInput},
		`{"guests":5}`:                    {422, booking.CodeTooManyGuests},
		`{"guests":0}`:                    {422, booking.CodeInvalidInput},
		`{"check_in":"2027-01-01"}`:       {422, booking.CodeInvalidInput},
	} {
		requireProblem(t, o.ask(t, staff, http.MethodPatch, path, body), problem.status, problem.code)
	}

	var kinds []string
	cursor := ""
	for pages := 0; pages == 0 || cursor != ""; pages++ {
		page := object(t, o.ask(t, readonly, http.MethodGet, path+"/events?limit=1&cursor="+cursor, ""))
		for _, item := range page["items"].([]any) {
			kinds = append(kinds, item.(map[string]any)["kind"].(string))
		}
		cursor, _ = page["next_cursor"].(string)
	}
	require.Equal(t, []string{"held", "edited", "details_edited"}, kinds)
	last := edited["events"].([]any)[2].(map[string]any)
	require.Equal(t, "owner", last["actor"])
	require.NotEmpty(t, last["staff"])
	requireProblem(t, o.ask(t, staff, http.MethodGet, path+"/events?cursor=x", ""), 422, booking.CodeInvalidInput)
	for _, unknown := range []string{"/RES260101000000", "/export", "/RES260101000000/events"} {
		requireProblem(t, o.ask(t, staff, http.MethodGet, bookings+unknown, ""), 404, booking.CodeNotFound)
	}
}

func TestABookingIsMoved(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	staff, _ := o.member(t, "staff")
	cabin, other := o.newCabin(t, "Arrayán"), o.newCabin(t, "Coihue")
	code := o.phoned(t, staff, cabin, o.day(40), o.day(42), "José", "1155550001")["code"].(string)
	neighbour := o.phoned(t, staff, cabin, o.day(43), o.day(45), "Ana", "1155550002")["code"].(string)
	path := bookings + "/" + code + "/change"
	amount := func(of any) any { return of.(map[string]any)["amount"] }

	dry := object(t, o.ask(t, staff, http.MethodPost, path, fmt.Sprintf(`{"check_out":%q,"price":"requote","dry_run":true}`, o.day(44))))
	require.Equal(t, false, dry["possible"])
	require.Equal(t, "dates_taken", dry["reason"])
	require.Equal(t, neighbour, dry["conflicts"].([]any)[0].(map[string]any)["code"])
	require.EqualValues(t, 2, dry["nights_delta"])
	require.Equal(t, "100000.00", amount(dry["price_difference"]))
	requireProblem(t, o.ask(t, staff, http.MethodPost, path, fmt.Sprintf(`{"check_out":%q}`, o.day(44))), 409, booking.CodeDatesTaken)
	require.Equal(t, o.day(42), object(t, o.ask(t, staff, http.MethodGet, bookings+"/"+code, ""))["check_out"], "nothing changed")

	moved := object(t, o.ask(t, staff, http.MethodPost, path, fmt.Sprintf(`{"check_out":%q}`, o.day(43))))
	require.Equal(t, true, moved["possible"])
	require.Equal(t, "100000.00", amount(moved["after"].(map[string]any)["total"]), "the price is kept")
	body := fmt.Sprintf(`{"check_in":%q,"check_out":%q,"accommodation_id":%d,"guests":4,"price":"requote","tell_guest":false}`, o.day(41), o.day(44), other)
	for range 2 {
		moved = object(t, o.ask(t, staff, http.MethodPost, path, body, "Idempotency-Key", "move-1"))
		after := moved["after"].(map[string]any)
		require.Equal(t, "Coihue", after["accommodation_name"])
		require.Equal(t, "150000.00", amount(after["total"]))
		require.Equal(t, "45000.00", amount(after["deposit"]))
		require.Equal(t, o.day(41), after["check_in"])
	}
	var entries int
	require.NoError(t, o.sql.QueryRow(t.Context(), `SELECT count(*) FROM audit_log WHERE action = 'reservation.stay_changed' AND before <> after`).Scan(&entries))
	require.Equal(t, 2, entries)
	for body, want := range map[string]booking.Code{
		fmt.Sprintf(`{"check_in":%q,"check_out":%q}`, o.day(-3), o.day(2)): booking.CodeInThePast,
		fmt.Sprintf(`{"check_in":%q}`, o.day(44)):                          booking.CodeInvalidDates,
		`{"guests":5}`:        booking.CodeTooManyGuests,
		`{"check_in":"soon"}`: booking.CodeInvalidInput,
		`{"price":"half"}`:    booking.CodeInvalidInput,
	} {
		requireProblem(t, o.ask(t, staff, http.MethodPost, path, body), 422, want)
	}
	requireProblem(t, o.ask(t, staff, http.MethodPost, path, `{"accommodation_id":4711}`), 404, booking.CodeNotFound)
	requireProblem(t, o.ask(t, staff, http.MethodPost, bookings+"/RES260101000000/change", `{}`), 404, booking.CodeNotFound)

	require.Equal(t, http.StatusOK, o.ask(t, staff, http.MethodPost, bookings+"/"+code+"/resend", "").Code)
	require.Equal(t, []string{code}, o.bookingRuns.resent)
	requireProblem(t, o.ask(t, staff, http.MethodPost, bookings+"/"+code+"/no-show", ""), 409, booking.CodeWrongState)
	violations, err := o.store.Audit(t.Context(), o.now)
	require.NoError(t, err)
	require.Empty(t, violations)
}
