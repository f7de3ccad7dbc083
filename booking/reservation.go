package booking

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Status is where a reservation is in its life. The database holds the same transitions in a trigger.
type Status string

// The states of a reservation.
const (
	PreReserved Status = "pre_reserved" // nights held until the deadline, unpaid
	Confirmed   Status = "confirmed"    // deposit credited, or the owner decided
	Expired     Status = "expired"      // the deadline passed unpaid
	Cancelled   Status = "cancelled"    // by guest, owner or rule
	Completed   Status = "completed"    // the stay is over
	NoShow      Status = "no_show"      // the guest did not come
)

// Statuses lists every state.
var Statuses = []Status{PreReserved, Confirmed, Expired, Cancelled, Completed, NoShow}

// transitions names the legal next states of each state. Expired to confirmed is a late payment whose nights are still free.
var transitions = map[Status][]Status{
	PreReserved: {Confirmed, Expired, Cancelled},
	Confirmed:   {Cancelled, Completed, NoShow},
	Expired:     {Confirmed, Cancelled},
	NoShow:      {Completed},
}

// CanBecome reports whether a reservation may go from s to next.
func (s Status) CanBecome(next Status) bool {
	return slices.Contains(transitions[s], next)
}

// Live reports whether the reservation holds its nights.
func (s Status) Live() bool { return s == PreReserved || s == Confirmed }

// PaymentStatus is what the ledger says of a reservation.
type PaymentStatus string

// The payment states of a reservation.
const (
	PaymentPending       PaymentStatus = "pending"
	PaymentPartiallyPaid PaymentStatus = "partially_paid"
	PaymentPaid          PaymentStatus = "paid"
	PaymentRefunded      PaymentStatus = "refunded"
	PaymentFailed        PaymentStatus = "failed"
	PaymentChargedBack   PaymentStatus = "charged_back"
)

// Channel is where a booking came from.
type Channel string

// The channels.
const (
	ChannelWhatsApp Channel = "whatsapp"
	ChannelDirect   Channel = "direct"
	ChannelAirbnb   Channel = "airbnb"
	ChannelBooking  Channel = "booking"
	ChannelOther    Channel = "other"
)

// Channels lists every channel.
var Channels = []Channel{ChannelWhatsApp, ChannelDirect, ChannelAirbnb, ChannelBooking, ChannelOther}

// Actor is who caused a change, as written in the flight recorder.
type Actor string

// The actors.
const (
	ByGuest    Actor = "guest"
	ByOwner    Actor = "owner"
	ByTimer    Actor = "timer"
	ByProvider Actor = "provider"
	BySystem   Actor = "system"
)

var codePattern = regexp.MustCompile(`^RES\d{6}[0-9A-F]{6}$`)

// NewCode returns a reservation code: RES, the UTC day as yymmdd, six upper-case hex digits. Uniqueness is the
// database's to refuse; callers retry with other entropy.
func NewCode(now time.Time, entropy [3]byte) string {
	return fmt.Sprintf("RES%s%X", now.UTC().Format("060102"), entropy[:])
}

// ValidCode reports whether code has the form of a reservation code.
func ValidCode(code string) bool { return codePattern.MatchString(code) }

// NormalizeCode trims and upper-cases what a person typed.
func NormalizeCode(typed string) string { return strings.ToUpper(strings.TrimSpace(typed)) }
