package whatsapp

import (
	"encoding/json"
	"errors"
	"time"

	"cabanas/gateways/internal/lenient"
)

// DeliveryState is how far a message of ours got.
type DeliveryState string

// The delivery states; a name Meta adds later reads as [DeliveryUnknown].
const (
	DeliverySent      DeliveryState = "sent"
	DeliveryDelivered DeliveryState = "delivered"
	DeliveryRead      DeliveryState = "read"
	DeliveryPlayed    DeliveryState = "played"
	DeliveryFailed    DeliveryState = "failed"
	DeliveryUnknown   DeliveryState = "unknown"
)

// Status is news about one message we sent.
type Status struct {
	ID            string // wamid of our message
	PhoneNumberID string
	State         DeliveryState
	Timestamp     time.Time // UTC; zero when not legible
	RecipientID   string    // WhatsApp id, may be empty
	CallbackData  string    // what we gave as biz_opaque_callback_data
	Errors        []PlatformError
	Pricing       *Pricing
	Raw           json.RawMessage
}

// Pricing is what Meta charges the message as.
type Pricing struct {
	Billable bool
	Model    string // CBP or PMP
	Category string // service, utility, marketing, authentication
	Type     string // regular, free_customer_service, free_entry_point
}

// PlatformError is an error inside a webhook. Title, Message and Details come from Meta and may contain a phone number:
// they are for the record of the message, never for a log.
type PlatformError struct {
	Code    int // -1 when there is none, as 0 is a code of Meta's
	Title   string
	Message string
	Details string
}

// Reason classifies the code as it would be in the answer to a send.
func (e PlatformError) Reason() Reason { return reasonOf(e.Code) }

const noCode = -1

var (
	errStatusShape = errors.New("status is not an object")
	errStatusID    = errors.New("status has no id")
)

func readStatus(raw json.RawMessage) (Status, error) {
	item, ok := lenient.Read(raw)
	if !ok {
		return Status{}, errStatusShape
	}
	status := Status{
		ID: item.Text("id"), State: DeliveryState(item.Text("status")), Timestamp: unixTime(item.Text("timestamp")),
		RecipientID: item.Text("recipient_id"), CallbackData: item.Text("biz_opaque_callback_data"), Raw: raw,
	}
	if status.ID == "" {
		return Status{}, errStatusID
	}
	switch status.State {
	case DeliverySent, DeliveryDelivered, DeliveryRead, DeliveryPlayed, DeliveryFailed:
	default:
		status.State = DeliveryUnknown
	}
	rawErrors, _ := item.Array("errors")
	status.Errors = readErrors(rawErrors)
	if pricing, ok := item.Object("pricing"); ok {
		status.Pricing = &Pricing{
			Billable: pricing.Flag("billable"), Model: pricing.Text("pricing_model"),
			Category: pricing.Text("category"), Type: pricing.Text("type"),
		}
	}
	return status, nil
}

func readErrors(raws []json.RawMessage) []PlatformError {
	var all []PlatformError
	for _, raw := range raws {
		item, ok := lenient.Read(raw)
		if !ok {
			continue
		}
		data, _ := item.Object("error_data")
		code, ok := item.Integer("code")
		if !ok {
			code = noCode
		}
		all = append(all, PlatformError{
			Code: code, Title: item.Text("title"), Message: item.Text("message"), Details: data.Text("details"),
		})
	}
	return all
}
