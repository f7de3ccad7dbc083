package activities

import (
	"time"

	"cabanas/booking"
)

// The types of this file are what the HTTP edge asks of the front desk and is answered with; they hold persons' data and
// never travel through Temporal.

// AvailabilityRequest asks whether an accommodation can be booked for a stay.
type AvailabilityRequest struct {
	AccommodationID int64
	Stay            booking.Stay
	// Guests is at least 1; the caller fills it in where the person asking gave none.
	Guests int
}

// Availability answers an [AvailabilityRequest].
type Availability struct {
	Available bool
	// Reason is empty when Available, else why not: [booking.CodeDatesTaken] or the limit that the stay breaks.
	Reason booking.Code
	// Quote is the price of the stay asked for; its Lines are empty when the stay cannot be priced (reversed dates and the like).
	Quote booking.Quote
	// Cancellation is the policy that a booking made now keeps.
	Cancellation booking.CancellationPolicy
	// Alternatives are other stays that can be booked instead, best first; empty when Available.
	Alternatives []booking.Alternative
}

// BookRequest asks to hold a stay for a guest.
type BookRequest struct {
	AccommodationID int64
	Stay            booking.Stay
	Guests          int
	Name            string
	// Phone is as the person wrote it; the front desk brings it to its canonical form and refuses with
	// [booking.CodeInvalidInput] what is no phone number.
	Phone string
	// Email may be empty.
	Email   string
	Channel booking.Channel
	// Address is the network address of the client, for limits on holds; empty when unknown. Only a keyed hash of it is kept.
	Address string
	// Attempt is a secret that repetitions of this one request share; empty makes every request one of its own. Only hashes of it
	// are kept.
	Attempt []byte
}

// Booked is a hold that was placed.
type Booked struct {
	Code string
	// Token is the guest's secret, shown this one time; only its hash is kept.
	Token     string
	Status    booking.Status
	ExpiresAt time.Time
	Stay      booking.Stay
	Quote     booking.Quote
	// Cancellation is the policy that the booking keeps.
	Cancellation booking.CancellationPolicy
	// PaymentURL is empty when the payment provider did not answer in time: the link then follows by message.
	PaymentURL string
}

// ReservationView is a reservation as its guest may see it.
type ReservationView struct {
	Code              string
	Status            booking.Status
	PaymentStatus     booking.PaymentStatus
	AccommodationID   int64
	AccommodationName string
	Stay              booking.Stay
	Guests            int
	Quote             booking.Quote
	// Cancellation is the policy that the booking was made under.
	Cancellation booking.CancellationPolicy
	// Paid is what was credited and not returned.
	Paid booking.Money
	// Refund is what cancelling gives or gave back; zero when nothing.
	Refund booking.Money
	// ExpiresAt is the deadline of a hold; zero when the reservation is not held.
	ExpiresAt time.Time
	// PaymentURL is empty unless the deposit can still be paid.
	PaymentURL string
}

// TakenError refuses a hold because one of its nights is taken, and says what could be booked instead.
type TakenError struct {
	Alternatives []booking.Alternative
}

func (e *TakenError) Error() string { return e.Unwrap().Error() }

// Unwrap gives the [booking.Error] with code [booking.CodeDatesTaken].
func (e *TakenError) Unwrap() error {
	return booking.Refuse(booking.CodeDatesTaken, "a night of the stay is taken")
}

// Webhook is one delivery of a provider as it came over the wire, its signature already judged.
type Webhook struct {
	// Provider is [ProviderWhatsApp] or [ProviderMercadoPago].
	Provider string
	// EventKey is unique per provider and event: the same event delivered again has the same key.
	EventKey string
	Body     []byte
	// Meta holds what was said beside the body: the query values of a notification under their own names, and the Meta…
	// values below, which nobody outside can set.
	Meta map[string]string
	// TraceID follows the delivery through logs and dispatch.
	TraceID string
}

// The providers whose webhooks are received.
const (
	ProviderWhatsApp    = "whatsapp"
	ProviderMercadoPago = "mercadopago"
)

// Names in [Webhook].Meta of a Mercado Pago notification.
const (
	// MetaSigned is "true" when the provider's signature over the payment id was right, "false" for an unsigned hint. Either way
	// the payment is fetched before anything changes.
	MetaSigned = "signed"
	// MetaTopic is what the notification is about; only "payment" is stored.
	MetaTopic = "topic"
	// MetaPaymentID is the payment to fetch, digits.
	MetaPaymentID = "payment_id"
	// MetaReference is the reservation code that our own notification address carried, absent when it has not the form of one.
	MetaReference = "ref"
)
