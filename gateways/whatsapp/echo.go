package whatsapp

import (
	"encoding/json"
	"errors"
	"time"

	"cabanas/gateways/internal/lenient"
)

// Echo is a message that the owner wrote to a customer in the WhatsApp Business app of a number that is also on the Cloud API.
// It extends no 24-hour window.
type Echo struct {
	ID            string // wamid, the deduplication key
	PhoneNumberID string // which of our numbers it was sent from
	// To is the customer's WhatsApp id as received; empty for customers who hide their number. See [CanonicalWaID].
	To string
	// ToUserID is the customer's business-scoped user id; To and ToUserID are never both empty.
	ToUserID string
	// Timestamp is when it was sent, in UTC; zero when the delivery did not say it legibly.
	Timestamp time.Time
	// Kind, Text, Media and Place are as in [Inbound].
	Kind  Kind
	Text  string
	Media *Media
	Place *Place
}

// echoFields are the subscriptions that bring echoes: of the WhatsApp Business app, and Meta's older name.
// Source: developers.facebook.com, webhook reference smb_message_echoes (October 2025).
var echoFields = map[string]bool{"smb_message_echoes": true, "message_echoes": true}

var errNoRecipient = errors.New("echo has no recipient")

func (h *Webhook) readEchoes(value lenient.Object, phoneNumberID string) {
	contacts := readContacts(h.list(value, "contacts"))
	for _, raw := range h.list(value, "message_echoes") {
		echo, err := readEcho(raw, contacts)
		if err != nil {
			h.skip(err.Error(), raw)
			continue
		}
		echo.PhoneNumberID = phoneNumberID
		h.Echoes = append(h.Echoes, echo)
	}
}

// readEcho reads the body like that of an inbound message, whose form it has.
func readEcho(raw json.RawMessage, contacts []contact) (Echo, error) {
	message, ok := lenient.Read(raw)
	if !ok {
		return Echo{}, errMessageShape
	}
	body := Inbound{Type: message.Text("type")}
	echo := Echo{
		ID: message.Text("id"), To: message.Text("to"), ToUserID: message.Text("to_user_id"),
		Timestamp: unixTime(message.Text("timestamp")), Kind: body.readBody(message), Text: body.Text, Media: body.Media, Place: body.Place,
	}
	if echo.ID == "" {
		return Echo{}, errMessageID
	}
	if receiver, found := contactOf(contacts, echo.To, echo.ToUserID); found {
		if echo.To == "" {
			echo.To = receiver.waID
		}
		if echo.ToUserID == "" {
			echo.ToUserID = receiver.userID
		}
	}
	if echo.To == "" && echo.ToUserID == "" {
		return Echo{}, errNoRecipient
	}
	return echo, nil
}
