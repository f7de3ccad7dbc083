package activities

import (
	"context"
	"strings"
	"time"

	"cabanas/booking"
	"cabanas/gateways/whatsapp"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// ReservationDesk is where staff looks bookings up, reads everything about one, and changes it. Errors are booking refusals.
type ReservationDesk struct {
	Store     ReservationDeskStore
	Processes StayProcesses
	Terms     Terms
	// FrontDesk takes the bookings that staff makes for guests.
	FrontDesk *FrontDesk
	Now       func() time.Time
}

// ReservationDeskStore is what the desk reads and writes.
type ReservationDeskStore interface {
	CatalogueStore
	BookingDeskStore
	Reservations(ctx context.Context, filter postgres.ReservationFilter, order postgres.ReservationOrder, after postgres.ReservationPlace, most int) ([]postgres.ReservationRow, error)
	ReservationFile(ctx context.Context, code string) (postgres.ReservationFile, error)
	Story(ctx context.Context, code string, after int64, most int) ([]postgres.StoryEvent, error)
	InTheWay(ctx context.Context, code string, accommodationID int64, stay booking.Stay) ([]postgres.Obstacle, error)
	EditReservation(ctx context.Context, code string, edit postgres.ReservationEdit, by postgres.Author, now time.Time) error
}

// StayProcesses reaches Booking workflows. Key makes a repeated request return the first one's outcome.
type StayProcesses interface {
	ChangeStay(ctx context.Context, code, key string, request workflows.StayChangeRequest) (workflows.ChangeOutcome, error)
	NoShow(ctx context.Context, code, key string, request workflows.ConfirmRequest) (workflows.ChangeOutcome, error)
	Resend(ctx context.Context, code, key string) (workflows.ChangeOutcome, error)
	Confirm(ctx context.Context, code, key string, request workflows.ConfirmRequest) (workflows.ChangeOutcome, error)
}

// List lists reservations. What is searched may be a phone in any usual spelling.
func (d *ReservationDesk) List(
	ctx context.Context, filter postgres.ReservationFilter, order postgres.ReservationOrder, after postgres.ReservationPlace, most int,
) ([]postgres.ReservationRow, error) {
	filter.Search = strings.TrimSpace(filter.Search)
	filter.Phone = phoneIn(filter.Search)
	return d.Store.Reservations(ctx, filter, order, after, most)
}

// fewestDigits of a number are looked for; fewer are in too many.
const fewestDigits = 4

// phoneIn is the canonical form of a number, the digits of a part of one, or nothing.
func phoneIn(search string) string {
	digits := strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9':
			return r
		case strings.ContainsRune(" +-().", r):
			return -1
		}
		return 'x'
	}, search)
	if strings.ContainsRune(digits, 'x') || len(digits) < fewestDigits {
		return ""
	}
	if phone, err := whatsapp.CanonicalPhone(search); err == nil {
		return phone
	}
	return digits
}

// File reads everything about a reservation.
func (d *ReservationDesk) File(ctx context.Context, code string) (postgres.ReservationFile, error) {
	return d.Store.ReservationFile(ctx, code)
}

// Story lists the flight recorder of a reservation in order, after an event.
func (d *ReservationDesk) Story(ctx context.Context, code string, after int64, most int) ([]postgres.StoryEvent, error) {
	return d.Store.Story(ctx, code, after, most)
}

// Edit changes what leaves the stay as it is. A phone in any usual spelling is brought to its canonical form; what is none is refused.
func (d *ReservationDesk) Edit(ctx context.Context, by postgres.Author, code string, edit postgres.ReservationEdit) (postgres.ReservationFile, error) {
	if edit.Phone != nil {
		phone, err := whatsapp.CanonicalPhone(*edit.Phone)
		if err != nil {
			return postgres.ReservationFile{}, booking.Refuse(booking.CodeInvalidInput, "phone is not a phone number with area code")
		}
		edit.Phone = &phone
	}
	if edit.Guests != nil {
		if err := d.fit(ctx, code, *edit.Guests); err != nil {
			return postgres.ReservationFile{}, err
		}
	}
	if err := d.Store.EditReservation(ctx, code, edit, by, d.Now()); err != nil {
		return postgres.ReservationFile{}, err
	}
	return d.Store.ReservationFile(ctx, code)
}

// fit refuses more guests than the accommodation sleeps, and another number for a stay that is over.
func (d *ReservationDesk) fit(ctx context.Context, code string, guests int) error {
	r, err := d.Store.Reservation(ctx, code)
	if err != nil {
		return err
	}
	place, err := d.Store.Accommodation(ctx, r.AccommodationID)
	switch {
	case err != nil:
		return err
	case guests < 1:
		return booking.Refuse(booking.CodeInvalidGuests, "%d guests", guests)
	case guests > place.Capacity:
		return booking.Refuse(booking.CodeTooManyGuests, "%d guests are more than the %d that fit", guests, place.Capacity)
	case !r.Status.Live() && guests != r.Guests:
		return booking.Refuse(booking.CodeWrongState, "reservation %s is %s", code, r.Status)
	}
	return nil
}

// StayWish is another stay for a reservation; what is zero stays as it is.
type StayWish struct {
	CheckIn, CheckOut booking.Date
	AccommodationID   int64
	Guests            int
	// Requote prices the stay by today's rates; else the price stays as it was agreed.
	Requote bool
	// Quiet tells the guest nothing.
	Quiet bool
}

// StayTerms are a stay with what it costs.
type StayTerms struct {
	AccommodationID int64
	UnitName        string
	Stay            booking.Stay
	Guests          int
	Total           booking.Money
	Deposit         booking.Money
	// Due is what is left to pay of the total.
	Due booking.Money
}

// StayPreview says what a change would do.
type StayPreview struct {
	Before, After StayTerms
	// Difference is After's total less Before's; Overpaid is what was paid above the new total, for staff to give back.
	Difference, Overpaid booking.Money
	// Refusal is why it cannot be done, empty when it can; InTheWay is what has one of the nights.
	Refusal  booking.Code
	InTheWay []postgres.Obstacle
}

// Preview says what a change would do, without doing it.
func (d *ReservationDesk) Preview(ctx context.Context, code string, wish StayWish) (StayPreview, error) {
	r, full, err := d.complete(ctx, code, wish)
	if err != nil {
		return StayPreview{}, err
	}
	plan, err := d.planner().plan(ctx, code, full)
	refusal := booking.CodeOf(err)
	if refusal == booking.CodeNotFound || refusal == booking.CodeInternal || refusal == booking.CodeUnavailable {
		return StayPreview{}, err
	}
	if r.Status == booking.Confirmed {
		plan.quote.Deposit = r.Deposit
		if plan.quote.Total.Less(plan.quote.Deposit) {
			plan.quote.Deposit = plan.quote.Total
		}
	}
	preview := StayPreview{
		Before:  StayTerms{r.AccommodationID, r.UnitName, r.Stay, r.Guests, r.Total, r.Deposit, left(r.Total, r.Paid)},
		After:   StayTerms{full.accommodationID, plan.place.Name, full.stay, full.guests, plan.quote.Total, plan.quote.Deposit, left(plan.quote.Total, r.Paid)},
		Refusal: refusal, Overpaid: left(r.Paid, plan.quote.Total),
	}
	preview.Difference = booking.Money{Centavos: preview.After.Total.Centavos - r.Total.Centavos, Currency: r.Total.Currency}
	if !r.Status.Live() {
		preview.Refusal = booking.CodeWrongState
	}
	if full.stay.CheckIn.Before(full.stay.CheckOut) {
		if preview.InTheWay, err = d.Store.InTheWay(ctx, code, full.accommodationID, full.stay); err != nil {
			return preview, err
		}
	}
	moves := full.accommodationID != r.AccommodationID || full.stay != r.Stay
	if preview.Refusal == "" && moves && len(preview.InTheWay) > 0 {
		preview.Refusal = booking.CodeDatesTaken
	}
	return preview, nil
}

// left is what one sum is above another, never less than nothing.
func left(of, taken booking.Money) booking.Money {
	return booking.Money{Centavos: max(of.Centavos-taken.Centavos, 0), Currency: of.Currency}
}

func (d *ReservationDesk) planner() stayPlanner {
	return stayPlanner{catalogue{store: d.Store, terms: d.Terms, now: d.Now}, d.Store}
}

// complete fills in what a wish leaves as it is.
func (d *ReservationDesk) complete(ctx context.Context, code string, wish StayWish) (postgres.Reservation, stayWish, error) {
	r, err := d.Store.Reservation(ctx, code)
	full := stayWish{accommodationID: wish.AccommodationID, stay: booking.Stay{CheckIn: wish.CheckIn, CheckOut: wish.CheckOut},
		guests: wish.Guests, requote: wish.Requote}
	if full.accommodationID == 0 {
		full.accommodationID = r.AccommodationID
	}
	if full.guests == 0 {
		full.guests = r.Guests
	}
	if full.stay.CheckIn.IsZero() {
		full.stay.CheckIn = r.Stay.CheckIn
	}
	if full.stay.CheckOut.IsZero() {
		full.stay.CheckOut = r.Stay.CheckOut
	}
	return r, full, err
}

// Change gives a held or confirmed booking another stay and returns it with its file. Nights that are taken are
// [booking.CodeDatesTaken], and nothing changes.
func (d *ReservationDesk) Change(ctx context.Context, by postgres.Author, code, key string, wish StayWish) (postgres.ReservationFile, error) {
	before, full, err := d.complete(ctx, code, wish)
	if err != nil {
		return postgres.ReservationFile{}, err
	}
	if _, err := d.planner().plan(ctx, code, full); err != nil {
		return postgres.ReservationFile{}, err
	}
	price := workflows.PriceKeep
	if wish.Requote {
		price = workflows.PriceRequote
	}
	outcome, err := d.Processes.ChangeStay(ctx, code, key, workflows.StayChangeRequest{AccommodationID: full.accommodationID, Stay: full.stay,
		Guests: full.guests, Price: price, StaffID: by.UserID, Quiet: wish.Quiet})
	if err := refusalOf(outcome, err); err != nil {
		return postgres.ReservationFile{}, err
	}
	file, err := d.Store.ReservationFile(ctx, code)
	if err != nil || sameTerms(before, file.Reservation) {
		return file, err // there was nothing to change, or this is the answer to a repetition
	}
	return file, d.record(ctx, by, "reservation.stay_changed", before, file.Reservation)
}

func sameTerms(a, b postgres.Reservation) bool {
	return a.AccommodationID == b.AccommodationID && a.Stay == b.Stay && a.Guests == b.Guests && a.Total == b.Total && a.Deposit == b.Deposit
}

func (d *ReservationDesk) record(ctx context.Context, by postgres.Author, action string, before, after postgres.Reservation) error {
	entry := func(r postgres.Reservation) map[string]any {
		return map[string]any{"status": r.Status, "accommodation_id": r.AccommodationID, "check_in": r.Stay.CheckIn, "check_out": r.Stay.CheckOut,
			"guests": r.Guests, "total_centavos": r.Total.Centavos, "deposit_centavos": r.Deposit.Centavos}
	}
	return d.Store.RecordByStaff(ctx, by, postgres.AuditEntry{Action: action, Entity: "reservation", EntityID: after.Code,
		Before: entry(before), After: entry(after)}, d.Now())
}

// NoShow closes the stay of a guest who did not come, from its check-in day on.
func (d *ReservationDesk) NoShow(ctx context.Context, by postgres.Author, code, key string) (workflows.ChangeOutcome, error) {
	return d.ask(ctx, by, code, "reservation.no_show", func() (workflows.ChangeOutcome, error) {
		return d.Processes.NoShow(ctx, code, key, workflows.ConfirmRequest{StaffID: by.UserID})
	})
}

// Resend tells the guest again where a live booking stands, with what to pay.
func (d *ReservationDesk) Resend(ctx context.Context, by postgres.Author, code, key string) (workflows.ChangeOutcome, error) {
	return d.ask(ctx, by, code, "reservation.resent", func() (workflows.ChangeOutcome, error) {
		return d.Processes.Resend(ctx, code, key)
	})
}

func (d *ReservationDesk) ask(
	ctx context.Context, by postgres.Author, code, action string, ask func() (workflows.ChangeOutcome, error),
) (workflows.ChangeOutcome, error) {
	before, err := d.Store.Reservation(ctx, code)
	if err != nil {
		return workflows.ChangeOutcome{}, err
	}
	outcome, err := ask()
	if err := refusalOf(outcome, err); err != nil {
		return outcome, err
	}
	after := before
	after.Status = outcome.Status
	return outcome, d.record(ctx, by, action, before, after)
}

// Book holds a stay for a guest who called or came, under a code derived from key, and confirms it when it is to be confirmed
// without a payment. Asked again with the same key it finds the booking it made.
func (d *ReservationDesk) Book(ctx context.Context, by postgres.Author, key string, request BookRequest, confirm bool) (postgres.ReservationFile, error) {
	code, err := d.FrontDesk.bookForStaff(ctx, key, request)
	if err != nil {
		return postgres.ReservationFile{}, err
	}
	if confirm {
		outcome, err := d.Processes.Confirm(ctx, code, code+"/"+key, workflows.ConfirmRequest{StaffID: by.UserID})
		if err := refusalOf(outcome, err); err != nil {
			return postgres.ReservationFile{}, err
		}
	}
	file, err := d.Store.ReservationFile(ctx, code)
	if err != nil {
		return file, err
	}
	r := file.Reservation
	return file, d.Store.RecordByStaff(ctx, by, postgres.AuditEntry{Action: "reservation.booked", Entity: "reservation", EntityID: code,
		After: map[string]any{"status": r.Status, "accommodation_id": r.AccommodationID, "check_in": r.Stay.CheckIn, "check_out": r.Stay.CheckOut,
			"guests": r.Guests, "total_centavos": r.Total.Centavos}}, d.Now())
}

// bookForStaff is [FrontDesk.Book] without its limits: staff knows whom they book for.
func (d *FrontDesk) bookForStaff(ctx context.Context, key string, request BookRequest) (string, error) {
	guest, err := contactOf(request)
	if err != nil {
		return "", err
	}
	guestID, err := d.Store.UpsertGuest(ctx, guest)
	if err != nil {
		return "", err
	}
	asked := workflows.Effect{Key: "staff/" + key, AccommodationID: request.AccommodationID, Stay: request.Stay, Guests: request.Guests}
	at := d.Now()
	if code, made := d.madeBefore(ctx, guestID, asked, at); made {
		return code, nil
	}
	wish, leave, err := d.turn(ctx, request.AccommodationID, request.Stay, request.Guests)
	if err != nil {
		return "", err
	}
	defer leave()
	for attempt := range codeAttempts {
		in := d.bookingInput(wish, request, guestID, derivedCode(asked.Key, attempt, at))
		in.HoldsPerPhone, in.HoldsPerAddress = 0, 0
		_, in.TokenHash = newToken()
		_, err := d.start(ctx, in, wish)
		if booking.IsCode(err, booking.CodeDuplicate) {
			continue
		}
		return in.Code, err
	}
	return "", booking.Refuse(booking.CodeUnavailable, "no free reservation code after %d attempts", codeAttempts)
}
