package whatsapp

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"cabanas/gateways/internal/lenient"
)

const fieldMessages = "messages"

// ErrNotJSON is returned for a webhook body that is not a JSON object; it never contains the body.
var ErrNotJSON = errors.New("webhook body is not a JSON object")

// Webhook is everything one delivery brought, flattened over its entries and changes in their order. WhatsApp promises no
// order between deliveries and repeats them for days: deduplicate messages by ID and statuses by ID and state.
type Webhook struct {
	Messages []Inbound
	Statuses []Status
	// Echoes are messages that the owner wrote to customers in the WhatsApp Business app.
	Echoes []Echo
	// Errors are problems of the platform itself, not of one message or status.
	Errors []AccountError
	// Skipped are the parts that could not be read; everything else of the delivery counts all the same.
	Skipped []Skipped
	// OtherFields are the names of subscribed fields other than messages and echoes, which are ignored.
	OtherFields []string
}

// AccountError is a platform error with the phone number it concerns.
type AccountError struct {
	PhoneNumberID string
	PlatformError
}

// Skipped is a part of a delivery that could not be read.
type Skipped struct {
	// Reason says what was wrong in our words, without any content.
	Reason string
	Raw    json.RawMessage
}

// ParseWebhook reads one delivery of up to 3 MB and a thousand updates. It fails only with [ErrNotJSON]; a part that
// cannot be read is reported in Skipped and the rest counts. Texts keep their length but lose NUL characters, which
// Postgres cannot store; Raw fields are as received and may contain the escape of one.
func ParseWebhook(body []byte) (Webhook, error) {
	envelope, ok := lenient.Read(body)
	if !ok {
		return Webhook{}, ErrNotJSON
	}
	var hook Webhook
	for _, rawEntry := range hook.list(envelope, "entry") {
		entry, ok := lenient.Read(rawEntry)
		if !ok {
			hook.skip("entry is not an object", rawEntry)
			continue
		}
		for _, rawChange := range hook.list(entry, "changes") {
			hook.readChange(rawChange)
		}
	}
	return hook, nil
}

func (h *Webhook) readChange(raw json.RawMessage) {
	change, ok := lenient.Read(raw)
	if !ok {
		h.skip("change is not an object", raw)
		return
	}
	field := change.Text("field")
	if field != fieldMessages && !echoFields[field] {
		h.OtherFields = append(h.OtherFields, field)
		return
	}
	value, ok := change.Object("value")
	if !ok {
		h.skip("value is not an object", raw)
		return
	}
	metadata, _ := value.Object("metadata")
	phoneNumberID := metadata.Text("phone_number_id")
	if echoFields[field] {
		h.readEchoes(value, phoneNumberID)
		return
	}
	contacts := readContacts(h.list(value, "contacts"))
	for _, rawMessage := range h.list(value, "messages") {
		message, err := readInbound(rawMessage, contacts)
		if err != nil {
			h.skip(err.Error(), rawMessage)
			continue
		}
		message.PhoneNumberID = phoneNumberID
		h.Messages = append(h.Messages, message)
	}
	for _, rawStatus := range h.list(value, "statuses") {
		status, err := readStatus(rawStatus)
		if err != nil {
			h.skip(err.Error(), rawStatus)
			continue
		}
		status.PhoneNumberID = phoneNumberID
		h.Statuses = append(h.Statuses, status)
	}
	for _, platformError := range readErrors(h.list(value, "errors")) {
		h.Errors = append(h.Errors, AccountError{PhoneNumberID: phoneNumberID, PlatformError: platformError})
	}
}

func (h *Webhook) skip(reason string, raw json.RawMessage) {
	h.Skipped = append(h.Skipped, Skipped{Reason: reason, Raw: raw})
}

// list returns the items of an array; an absent or null one is empty, anything else is reported.
func (h *Webhook) list(in lenient.Object, name string) []json.RawMessage {
	items, ok := in.Array(name)
	if !ok {
		h.skip(fmt.Sprintf("%s is not an array", name), in[name])
	}
	return items
}

// contact is who wrote, as the delivery introduces them beside the messages.
type contact struct {
	waID, canonical, userID, name, username string
}

func readContacts(raws []json.RawMessage) []contact {
	var contacts []contact
	for _, raw := range raws {
		item, ok := lenient.Read(raw)
		if !ok {
			continue
		}
		profile, _ := item.Object("profile")
		read := contact{
			waID: item.Text("wa_id"), userID: item.Text("user_id"),
			name: profile.Text("name"), username: profile.Text("username"),
		}
		read.canonical, _ = CanonicalWaID(read.waID)
		contacts = append(contacts, read)
	}
	return contacts
}

// contactOf finds the contact of a sender: by user id, by number, by the number's canonical form; a message without any
// sender belongs to the only contact there is.
func contactOf(contacts []contact, from, userID string) (contact, bool) {
	canonical, _ := CanonicalWaID(from)
	for _, same := range []func(contact) bool{
		func(c contact) bool { return userID != "" && c.userID == userID },
		func(c contact) bool { return from != "" && c.waID == from },
		func(c contact) bool { return canonical != "" && c.canonical == canonical },
	} {
		for _, candidate := range contacts {
			if same(candidate) {
				return candidate, true
			}
		}
	}
	if from == "" && userID == "" && len(contacts) == 1 {
		return contacts[0], true
	}
	return contact{}, false
}

// unixTime reads seconds since 1970; what cannot be a moment of this era is the zero time.
func unixTime(text string) time.Time {
	const endOfYear9999 = 253402300799
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds <= 0 || seconds > endOfYear9999 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
