package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/temporal"
)

// Task queues. Every workflow type and activity group has one home; `cabanas worker --queues` chooses which a process serves.
const (
	QueueConversation = "conversation"
	QueueBooking      = "booking"
	QueueMessaging    = "messaging" // activities only
	QueueMedia        = "media"     // activities only: few at once, minutes long
	QueueCalendar     = "calendar"  // feeds of other channels
)

// Deployment names all our workers together, under which builds of them are told apart.
const Deployment = "cabanas"

// Queues lists every task queue.
var Queues = []string{QueueConversation, QueueBooking, QueueMessaging, QueueMedia, QueueCalendar}

// HasWorkflows reports whether workflows run on a task queue; every queue has activities.
func HasWorkflows(queue string) bool { return queue != QueueMessaging && queue != QueueMedia }

// Signals, updates and queries.
const (
	SignalMessage = "message"       // to Conversation: a guest's message waits in the database
	SignalPayment = "payment"       // to Booking: something may have happened to a payment
	UpdateHold    = "place_hold"    // to Booking, with start: the outcome of the hold
	UpdateCancel  = "cancel"        // to Booking
	UpdateExtend  = "extend"        // to Booking: once
	UpdateConfirm = "confirm"       // to Booking: the owner's named decision
	UpdateDecide  = "decide_refund" // to Booking: the owner lets a refund go or keeps it
	UpdateRefund  = "refund"        // to Booking: staff gives part of the money back
	QueryState    = "state"         // to Booking: where it stands
)

// Search attributes; nothing personal. Values of BookingStatus are those of booking.Status.
var (
	AttributeBookingStatus   = temporal.NewSearchAttributeKeyKeyword("BookingStatus")
	AttributeAccommodationID = temporal.NewSearchAttributeKeyKeyword("AccommodationId")
	AttributeCheckIn         = temporal.NewSearchAttributeKeyTime("CheckIn")
	AttributeChannel         = temporal.NewSearchAttributeKeyKeyword("Channel")
)

const (
	bookingPrefix      = "booking/"
	conversationPrefix = "conversation/"
	latePaymentPrefix  = "late-payment/"
	redeliveryPrefix   = "redelivery/"
)

// ReconciliationID is the id of the scheduled payment reconciliation.
const ReconciliationID = "payment-reconciliation"

// BookingID returns the workflow id of the booking with that reservation code.
func BookingID(code string) string { return bookingPrefix + code }

// BookingCode returns the reservation code in a Booking workflow id, "" when it is another id.
func BookingCode(workflowID string) string {
	code, found := strings.CutPrefix(workflowID, bookingPrefix)
	if !found {
		return ""
	}
	return code
}

// ConversationID returns the workflow id of the conversation with a guest; the guest id is ours, never the phone.
func ConversationID(guestID int64) string { return fmt.Sprintf("%s%d", conversationPrefix, guestID) }

// LatePaymentID returns the workflow id that resolves a payment whose booking has no running workflow. An unsigned hint has an
// id of its own: it must not stand in the way of the provider's word.
func LatePaymentID(in LatePaymentInput) string {
	if in.Hint {
		return latePaymentPrefix + in.PaymentID + "/hint"
	}
	return latePaymentPrefix + in.PaymentID
}

// RedeliveryID returns the workflow id that sends a message again.
func RedeliveryID(messageID int64) string { return fmt.Sprintf("%s%d", redeliveryPrefix, messageID) }
