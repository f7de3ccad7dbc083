package activities

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/gateways/whatsapp"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// FrontDesk takes bookings from every channel: it checks and prices, and hands what can be booked to a Booking workflow. A
// wish that is visibly taken starts none.
type FrontDesk struct {
	Store    FrontDeskStore
	Bookings Bookings
	Terms    Terms
	// Feeds are asked before a hold; nil asks none.
	Feeds FeedPromises
	// ClientKey makes hashes of network addresses that nobody else can make; without it holds are not counted by address.
	ClientKey []byte
	Metrics   *observe.Metrics
	Now       func() time.Time

	queue nightQueue
}

// FrontDeskStore is what the front desk reads and writes.
type FrontDeskStore interface {
	CatalogueStore
	linkReader
	UpsertGuest(ctx context.Context, guest postgres.Guest) (int64, error)
	OpenHolds(ctx context.Context, phone string, clientHash []byte) (postgres.OpenHolds, error)
	LiveReservationByToken(ctx context.Context, accommodationID int64, stay booking.Stay, tokenHash []byte) (postgres.Reservation, error)
	Reservation(ctx context.Context, code string) (postgres.Reservation, error)
}

// Bookings reaches Booking workflows. Errors are booking refusals or mean that Temporal is away. Key makes a repeated request
// return the first one's outcome; empty makes every call a request of its own.
type Bookings interface {
	Start(ctx context.Context, in workflows.BookingInput) (workflows.HoldOutcome, error)
	Cancel(ctx context.Context, code, key string, request workflows.CancelRequest) (workflows.ChangeOutcome, error)
	Extend(ctx context.Context, code, key string) (workflows.ChangeOutcome, error)
	AnswerAlternative(ctx context.Context, code, paymentID, key string, answer workflows.AlternativeAnswer) (workflows.ChangeOutcome, error)
}

const (
	longestName = 100
	tokenBytes  = 24
	// codeAttempts bounds new codes after a collision; one day has 16 million of them.
	codeAttempts = 5
)

func (d *FrontDesk) catalogue() catalogue {
	return catalogue{store: d.Store, terms: d.Terms, now: d.Now}
}

// Accommodations lists what is offered.
func (d *FrontDesk) Accommodations(ctx context.Context) ([]booking.Accommodation, error) {
	return d.Store.Accommodations(ctx)
}

// Accommodation returns one that is offered; an inactive one is not found.
func (d *FrontDesk) Accommodation(ctx context.Context, id int64) (booking.Accommodation, error) {
	place, err := d.Store.Accommodation(ctx, id)
	if err == nil && !place.Active {
		return booking.Accommodation{}, booking.Refuse(booking.CodeNotFound, "no accommodation %d", id)
	}
	return place, err
}

// Availability says whether a stay can be booked, what it costs, and what is free instead.
func (d *FrontDesk) Availability(ctx context.Context, request AvailabilityRequest) (Availability, error) {
	answer, err := d.catalogue().offer(ctx, request.AccommodationID, request.Stay, request.Guests)
	result := Availability{Available: err == nil, Quote: answer.quote, Cancellation: answer.place.CancellationIn(answer.property)}
	var taken *TakenError
	switch code := booking.CodeOf(err); {
	case errors.As(err, &taken):
		result.Reason, result.Alternatives = booking.CodeDatesTaken, taken.Alternatives
	case code == booking.CodeNotFound || code == booking.CodeInternal || code == booking.CodeUnavailable:
		return Availability{}, err
	default:
		result.Reason = code
	}
	return result, nil
}

// Offers lists what is free for a stay, priced, cheapest first, as conversations are told. The error is the limit that no accommodation
// keeps.
func (d *FrontDesk) Offers(ctx context.Context, stay booking.Stay, guests int) ([]dialogue.Offer, error) {
	facts, err := newFacts(ctx, d.catalogue(), nil, 0)
	if err != nil {
		return nil, err
	}
	return facts.Offers(stay, guests)
}

// Book holds a stay for a person who gives a name and a phone. The error is a booking refusal, a [TakenError] with
// alternatives, or [booking.CodeUnavailable] when nothing could be decided. Asked again with the same attempt it finds the hold it
// placed.
func (d *FrontDesk) Book(ctx context.Context, request BookRequest) (booked Booked, err error) {
	defer func() { d.countAsked(sourceAPI, err) }()
	guest, err := contactOf(request)
	if err != nil {
		return Booked{}, err
	}
	if booked, made := d.placedBefore(ctx, request); made {
		return booked, nil
	}
	client := d.clientHash(request.Address)
	if err := d.checkHolds(ctx, guest.Phone, client); err != nil {
		return Booked{}, err
	}
	wish, leave, err := d.turn(ctx, request.AccommodationID, request.Stay, request.Guests)
	if err != nil {
		// What was ahead may have been this wish, asked before and not answered.
		if booked, made := d.placedBefore(ctx, request); made {
			return booked, nil
		}
		d.countLoser(err, request.Channel)
		return Booked{}, err
	}
	defer leave()
	guestID, err := d.Store.UpsertGuest(ctx, guest)
	if err != nil {
		return Booked{}, err
	}
	token, hash := tokenOf(request)
	for range codeAttempts {
		in := d.bookingInput(wish, request, guestID, randomCode(d.Now()))
		in.TokenHash, in.ClientHash, in.HoldsPerAddress = hash, client, d.Terms.HoldsPerAddress
		outcome, err := d.start(ctx, in, wish)
		if booking.IsCode(err, booking.CodeDuplicate) {
			continue
		}
		if booking.IsCode(err, booking.CodeTooManyHolds) {
			return Booked{}, d.tooManyHolds(ctx, guest.Phone, client, err)
		}
		if err != nil {
			if booked, made := d.placedBefore(ctx, request); made {
				return booked, nil
			}
			return Booked{}, err
		}
		return d.booked(ctx, in.Code, token, outcome)
	}
	return Booked{}, booking.Refuse(booking.CodeUnavailable, "no free reservation code after %d attempts", codeAttempts)
}

// BookForGuest holds a stay for a guest who is known, under codes derived from key: asked again with the same key it finds
// the booking it made.
func (d *FrontDesk) BookForGuest(ctx context.Context, guestID int64, effect workflows.Effect, askedAt time.Time) (code string, err error) {
	defer func() { d.countAsked(sourceChat, err) }()
	request := BookRequest{AccommodationID: effect.AccommodationID, Stay: effect.Stay, Guests: effect.Guests, Channel: booking.ChannelWhatsApp}
	if code, made := d.madeBefore(ctx, guestID, effect, askedAt); made {
		return code, nil
	}
	wish, leave, err := d.turn(ctx, effect.AccommodationID, effect.Stay, effect.Guests)
	if err != nil {
		// What was ahead may have been this wish, asked before and not answered.
		if code, made := d.madeBefore(ctx, guestID, effect, askedAt); made {
			return code, nil
		}
		d.countLoser(err, request.Channel)
		return "", err
	}
	defer leave()
	for attempt := range codeAttempts {
		code := derivedCode(effect.Key, attempt, askedAt)
		_, hash := newToken()
		in := d.bookingInput(wish, request, guestID, code)
		in.TokenHash = hash
		_, err = d.start(ctx, in, wish)
		if booking.IsCode(err, booking.CodeDuplicate) {
			continue
		}
		return code, err
	}
	return "", booking.Refuse(booking.CodeUnavailable, "no free reservation code after %d attempts", codeAttempts)
}

// madeBefore finds the booking that an earlier request with the same key made. A later code was tried only when all before it
// were somebody else's.
func (d *FrontDesk) madeBefore(ctx context.Context, guestID int64, effect workflows.Effect, askedAt time.Time) (string, bool) {
	for attempt := range codeAttempts {
		code := derivedCode(effect.Key, attempt, askedAt)
		existing, err := d.Store.Reservation(ctx, code)
		if err != nil {
			break
		}
		if existing.GuestID == guestID && existing.Stay == effect.Stay {
			return code, true
		}
	}
	return "", false
}

func (d *FrontDesk) bookingInput(wish offered, request BookRequest, guestID int64, code string) workflows.BookingInput {
	return workflows.BookingInput{
		Code: code, AccommodationID: wish.place.ID, UnitName: wish.place.Name, Stay: request.Stay, Guests: request.Guests,
		GuestID: guestID, Channel: request.Channel,
		HoldFor: d.Terms.HoldFor, Extension: d.Terms.Extension, Grace: d.Terms.Grace, HoldsPerPhone: d.Terms.HoldsPerPhone,
	}
}

// start runs the race: the workflow's insert decides, and a loser gets the alternatives as they are after it.
func (d *FrontDesk) start(ctx context.Context, in workflows.BookingInput, wish offered) (workflows.HoldOutcome, error) {
	outcome, err := d.Bookings.Start(ctx, in)
	if err != nil {
		return outcome, err
	}
	if outcome.Placed {
		noteStale(ctx, d.Feeds, in.Code, momentHold, wish.stale)
		return outcome, nil
	}
	if outcome.Refusal != booking.CodeDatesTaken {
		return outcome, booking.Refuse(outcome.Refusal, "the hold was refused")
	}
	err = d.catalogue().taken(ctx, wish, in.Stay, in.Guests)
	d.countLoser(err, in.Channel)
	return outcome, err
}

func (d *FrontDesk) countLoser(err error, channel booking.Channel) {
	if booking.IsCode(err, booking.CodeDatesTaken) {
		d.Metrics.ReservationsDateOverlap.WithLabelValues(string(channel)).Inc()
	}
}

func (d *FrontDesk) booked(ctx context.Context, code, token string, outcome workflows.HoldOutcome) (Booked, error) {
	r, err := d.Store.Reservation(ctx, code)
	if err != nil {
		return Booked{}, err
	}
	return Booked{Code: code, Token: token, Status: r.Status, ExpiresAt: r.ExpiresAt, Stay: r.Stay, Quote: r.Quote, Cancellation: r.Cancellation, PaymentURL: outcome.PaymentURL}, nil
}

// Reservation shows a reservation to who holds its token; a wrong token is not found, like a wrong code.
func (d *FrontDesk) Reservation(ctx context.Context, code, token string) (ReservationView, error) {
	r, err := d.authorized(ctx, code, token)
	if err != nil {
		return ReservationView{}, err
	}
	return d.view(ctx, r)
}

// Cancel ends a reservation for who holds its token and shows it afterwards; cancelled before, it is shown as it is.
func (d *FrontDesk) Cancel(ctx context.Context, code, token string) (ReservationView, error) {
	r, err := d.authorized(ctx, code, token)
	if err != nil {
		return ReservationView{}, err
	}
	if r.Status == booking.Cancelled {
		return d.view(ctx, r)
	}
	outcome, err := d.Bookings.Cancel(ctx, r.Code, "", workflows.CancelRequest{By: booking.ByGuest, Reason: "guest"})
	if err != nil {
		return ReservationView{}, err
	}
	if !outcome.Done && outcome.Refusal != "" {
		return ReservationView{}, booking.Refuse(outcome.Refusal, "reservation %s is %s", r.Code, outcome.Status)
	}
	if r, err = d.Store.Reservation(ctx, r.Code); err != nil {
		return ReservationView{}, err
	}
	view, err := d.view(ctx, r)
	view.Refund = outcome.Refund
	return view, err
}

func (d *FrontDesk) authorized(ctx context.Context, code, token string) (postgres.Reservation, error) {
	missing := booking.Refuse(booking.CodeNotFound, "no reservation with this code and token")
	code = booking.NormalizeCode(code)
	if !booking.ValidCode(code) {
		return postgres.Reservation{}, missing
	}
	r, err := d.Store.Reservation(ctx, code)
	if booking.IsCode(err, booking.CodeNotFound) {
		return postgres.Reservation{}, missing
	}
	if err != nil {
		return postgres.Reservation{}, err
	}
	if hash := hashToken(token); len(r.TokenHash) == 0 || subtle.ConstantTimeCompare(hash, r.TokenHash) != 1 {
		return postgres.Reservation{}, missing
	}
	return r, nil
}

func (d *FrontDesk) view(ctx context.Context, r postgres.Reservation) (ReservationView, error) {
	property, err := d.catalogue().property(ctx)
	if err != nil {
		return ReservationView{}, err
	}
	v, err := viewOf(ctx, d.Store, property, r, d.Now())
	if err != nil {
		return ReservationView{}, err
	}
	view := ReservationView{
		Code: r.Code, Status: r.Status, PaymentStatus: r.PaymentStatus, AccommodationID: r.AccommodationID,
		AccommodationName: r.UnitName, Stay: r.Stay, Guests: r.Guests, Quote: r.Quote, Cancellation: r.Cancellation, Paid: r.Paid, PaymentURL: v.PaymentURL,
	}
	if r.Status == booking.PreReserved {
		view.ExpiresAt = r.ExpiresAt
	}
	if r.Status.Live() {
		view.Refund = v.RefundIfCancelled
	}
	return view, nil
}

func contactOf(request BookRequest) (postgres.Guest, error) {
	name := strings.TrimSpace(request.Name)
	if name == "" || utf8.RuneCountInString(name) > longestName {
		return postgres.Guest{}, booking.Refuse(booking.CodeInvalidInput, "contact_name must have 1 to %d characters", longestName)
	}
	phone, err := whatsapp.CanonicalPhone(request.Phone)
	if err != nil {
		return postgres.Guest{}, booking.Refuse(booking.CodeInvalidInput, "contact_phone is not a phone number with area code")
	}
	if request.Email != "" {
		if _, err := mail.ParseAddress(request.Email); err != nil {
			return postgres.Guest{}, booking.Refuse(booking.CodeInvalidInput, "contact_email is not an e-mail address")
		}
	}
	return postgres.Guest{Phone: phone, Name: name, Email: request.Email}, nil
}

func newToken() (token string, hash []byte) {
	secret := make([]byte, tokenBytes)
	rand.Read(secret) // never fails: crypto/rand aborts the program instead
	token = base64.RawURLEncoding.EncodeToString(secret)
	return token, hashToken(token)
}

func hashToken(token string) []byte {
	hash := sha256.Sum256([]byte(token))
	return hash[:]
}

func randomCode(now time.Time) string {
	var entropy [3]byte
	rand.Read(entropy[:])
	return booking.NewCode(now, entropy)
}

func derivedCode(key string, attempt int, at time.Time) string {
	hash := sha256.Sum256(fmt.Appendf(nil, "%s#%d", key, attempt))
	return booking.NewCode(at, [3]byte(hash[:3]))
}
