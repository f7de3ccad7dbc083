// Package control is the sandbox's control API in Go: its types and a client for tests, the demo and the load tool.
package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Client speaks the control API of one sandbox. It is safe for concurrent use.
type Client struct {
	base string
	http *http.Client
}

// Error is a refused control call.
type Error struct {
	Status int
	Reason string
}

func (e *Error) Error() string { return fmt.Sprintf("sandbox refused (%d): %s", e.Status, e.Reason) }

// ErrNoReply says that a wait ended with its context before what it waited for.
var ErrNoReply = errors.New("the sandbox did not see it in time")

// NewClient returns a Client of the sandbox at baseURL; a nil client is one made for many concurrent long polls.
func NewClient(baseURL string, client *http.Client) *Client {
	if client == nil {
		client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256, IdleConnTimeout: 30 * time.Second}}
	}
	return &Client{base: strings.TrimRight(baseURL, "/"), http: client}
}

// CloseIdle closes connections kept for later calls.
func (c *Client) CloseIdle() { c.http.CloseIdleConnections() }

// AddGuest adds a guest, or replaces what is known of one with the same number.
func (c *Client) AddGuest(ctx context.Context, g Guest) (Guest, error) {
	var got Guest
	return got, c.call(ctx, http.MethodPost, "/control/guests", g, &got)
}

// Guests lists the guests by number.
func (c *Client) Guests(ctx context.Context) ([]Guest, error) {
	var got struct{ Guests []Guest }
	return got.Guests, c.call(ctx, http.MethodGet, "/control/guests", nil, &got)
}

// Send delivers a guest's message to the business and returns its wamid.
func (c *Client) Send(ctx context.Context, in Inbound) (string, error) {
	var got struct{ WAMID string }
	return got.WAMID, c.call(ctx, http.MethodPost, "/control/messages", in, &got)
}

// Say sends a text.
func (c *Client) Say(ctx context.Context, guest, text string) (string, error) {
	return c.Send(ctx, Inbound{From: guest, Type: "text", Text: text})
}

// Press presses a button, or a row of a list, that the guest was offered.
func (c *Client) Press(ctx context.Context, guest, buttonID string) (string, error) {
	return c.Send(ctx, Inbound{From: guest, Type: "button_reply", ButtonID: buttonID})
}

// SendClip sends a voice note that the speech stand-in knows.
func (c *Client) SendClip(ctx context.Context, guest, clip string) (string, error) {
	return c.Send(ctx, Inbound{From: guest, Type: "audio", Clip: clip})
}

// Clips lists the voice notes that the speech stand-in knows.
func (c *Client) Clips(ctx context.Context) ([]Clip, error) {
	var got struct{ Clips []Clip }
	return got.Clips, c.call(ctx, http.MethodGet, "/control/clips", nil, &got)
}

// SetSpeechFaults switches faults; fields left nil stay as they are.
func (c *Client) SetSpeechFaults(ctx context.Context, f SpeechFaults) error {
	return c.call(ctx, http.MethodPost, "/control/speech/faults", f, nil)
}

// ClearSpeechFaults switches all faults off.
func (c *Client) ClearSpeechFaults(ctx context.Context) error {
	return c.call(ctx, http.MethodDelete, "/control/speech/faults", nil, nil)
}

// SpeechCalls counts the business's calls of the speech service: transcribe, refused.
func (c *Client) SpeechCalls(ctx context.Context) (Calls, error) {
	var got struct{ Calls Calls }
	return got.Calls, c.call(ctx, http.MethodGet, "/control/speech", nil, &got)
}

// SendBatch delivers several messages in one webhook and returns their wamids.
func (c *Client) SendBatch(ctx context.Context, b Batch) ([]string, error) {
	var got struct{ WAMIDs []string }
	return got.WAMIDs, c.call(ctx, http.MethodPost, "/control/messages/batch", b, &got)
}

// Messages returns a guest's transcript in both directions after a sequence number; an empty guest means all guests.
func (c *Client) Messages(ctx context.Context, guest string, after int64) ([]Message, error) {
	var got struct{ Messages []Message }
	return got.Messages, c.call(ctx, http.MethodGet, "/control/messages?"+transcriptQuery(guest, after).Encode(), nil, &got)
}

// WaitReply returns the first message from the business to the guest after a sequence number that match accepts (nil
// accepts any). It ends with ErrNoReply when ctx ends.
func (c *Client) WaitReply(ctx context.Context, guest string, after int64, match func(Message) bool) (Message, error) {
	for {
		q := transcriptQuery(guest, after)
		q.Set("direction", "out")
		q.Set("timeout", "10s")
		var got struct{ Messages []Message }
		if err := c.call(ctx, http.MethodGet, "/control/messages/wait?"+q.Encode(), nil, &got); err != nil {
			return Message{}, waitError(ctx, err)
		}
		for _, m := range got.Messages {
			if match == nil || match(m) {
				return m, nil
			}
			after = m.Seq
		}
	}
}

// Read makes the guest read everything received.
func (c *Client) Read(ctx context.Context, guest string) error {
	return c.call(ctx, http.MethodPost, "/control/read", map[string]string{"guest": guest}, nil)
}

// SetWindow opens or closes a guest's 24-hour window.
func (c *Client) SetWindow(ctx context.Context, guest string, open bool) error {
	return c.call(ctx, http.MethodPost, "/control/window", map[string]any{"guest": guest, "closed": !open}, nil)
}

// Echo is the owner writing to a guest in the WhatsApp app of the business's own phone; it returns the wamid.
func (c *Client) Echo(ctx context.Context, guest, text string) (string, error) {
	var got struct{ WAMID string }
	return got.WAMID, c.call(ctx, http.MethodPost, "/control/echo", map[string]string{"guest": guest, "text": text}, &got)
}

// AddTemplate approves a template.
func (c *Client) AddTemplate(ctx context.Context, t TemplateSpec) error {
	return c.call(ctx, http.MethodPost, "/control/templates", t, nil)
}

// SetWhatsAppFaults switches faults; fields left nil stay as they are.
func (c *Client) SetWhatsAppFaults(ctx context.Context, f WhatsAppFaults) error {
	return c.call(ctx, http.MethodPost, "/control/whatsapp/faults", f, nil)
}

// ClearWhatsAppFaults switches all faults off.
func (c *Client) ClearWhatsAppFaults(ctx context.Context) error {
	return c.call(ctx, http.MethodDelete, "/control/whatsapp/faults", nil, nil)
}

// VerifyWebhook makes Meta's GET handshake with the business.
func (c *Client) VerifyWebhook(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "/control/whatsapp/verify", nil, nil)
}

// WhatsAppCalls counts the business's calls: send, read, get, download, refused.
func (c *Client) WhatsAppCalls(ctx context.Context) (Calls, error) {
	var got struct{ Calls Calls }
	return got.Calls, c.call(ctx, http.MethodGet, "/control/whatsapp", nil, &got)
}

// MercadoPagoCalls counts the business's calls: create_preference, get_payment, search_payments, refund, ….
func (c *Client) MercadoPagoCalls(ctx context.Context) (Calls, error) {
	var got struct{ Calls Calls }
	return got.Calls, c.call(ctx, http.MethodGet, "/control/mercadopago", nil, &got)
}

// Preferences returns the payment links of a reference, oldest first; an empty reference means all.
func (c *Client) Preferences(ctx context.Context, reference string) ([]Preference, error) {
	var got struct{ Preferences []Preference }
	return got.Preferences, c.call(ctx, http.MethodGet, "/control/preferences"+referenceQuery(reference), nil, &got)
}

// WaitPreference returns the newest payment link of a reference as soon as there is one.
func (c *Client) WaitPreference(ctx context.Context, reference string) (Preference, error) {
	var last Preference
	err := poll(ctx, func() (bool, error) {
		all, err := c.Preferences(ctx, reference)
		if len(all) > 0 {
			last = all[len(all)-1]
		}
		return len(all) > 0, err
	})
	return last, err
}

// Pay makes a payment on a preference.
func (c *Client) Pay(ctx context.Context, p NewPayment) (Payment, error) {
	var got struct{ Payment Payment }
	return got.Payment, c.call(ctx, http.MethodPost, "/control/payments", p, &got)
}

// ChangePayment moves a payment to another status.
func (c *Client) ChangePayment(ctx context.Context, id int64, change PaymentChange) (Payment, error) {
	var got Payment
	return got, c.call(ctx, http.MethodPatch, "/control/payments/"+strconv.FormatInt(id, 10), change, &got)
}

// Payments returns the payments of a reference, oldest first; an empty reference means all.
func (c *Client) Payments(ctx context.Context, reference string) ([]Payment, error) {
	var got struct{ Payments []Payment }
	return got.Payments, c.call(ctx, http.MethodGet, "/control/payments"+referenceQuery(reference), nil, &got)
}

// Notify repeats a payment's notification as a new event.
func (c *Client) Notify(ctx context.Context, id int64) error {
	return c.call(ctx, http.MethodPost, "/control/payments/"+strconv.FormatInt(id, 10)+"/notify", nil, nil)
}

// NotifyAs repeats a payment's notification with another action or in another form, to wherever it belongs.
func (c *Client) NotifyAs(ctx context.Context, id int64, n Notice) error {
	return c.call(ctx, http.MethodPost, "/control/payments/"+strconv.FormatInt(id, 10)+"/notify", n, nil)
}

// SetRawPayment replaces what the API says of a payment.
func (c *Client) SetRawPayment(ctx context.Context, id int64, raw RawPayment) error {
	return c.call(ctx, http.MethodPut, "/control/payments/"+strconv.FormatInt(id, 10)+"/raw", raw, nil)
}

// Dispute takes a payment through a step of a dispute.
func (c *Client) Dispute(ctx context.Context, id int64, step string) (Payment, error) {
	var got Payment
	return got, c.call(ctx, http.MethodPost, "/control/payments/"+strconv.FormatInt(id, 10)+"/dispute", map[string]string{"step": step}, &got)
}

// Accounts adds up the money of the payments of a reference by account and currency; an empty reference means all.
func (c *Client) Accounts(ctx context.Context, reference string) ([]Account, error) {
	var got struct{ Accounts []Account }
	return got.Accounts, c.call(ctx, http.MethodGet, "/control/mercadopago/accounts"+referenceQuery(reference), nil, &got)
}

// NotifyAnything sends a signed notification of anything.
func (c *Client) NotifyAnything(ctx context.Context, n Notice) error {
	return c.call(ctx, http.MethodPost, "/control/mercadopago/notify", n, nil)
}

// RefundFromPanel refunds in Mercado Pago's own panel; an empty amount refunds the rest.
func (c *Client) RefundFromPanel(ctx context.Context, id int64, amount json.Number) (Payment, error) {
	body := map[string]json.Number{}
	if amount != "" {
		body["amount"] = amount
	}
	var got Payment
	return got, c.call(ctx, http.MethodPost, "/control/payments/"+strconv.FormatInt(id, 10)+"/refund", body, &got)
}

// Refunds returns the refunds of a payment, oldest first; 0 means all.
func (c *Client) Refunds(ctx context.Context, paymentID int64) ([]Refund, error) {
	query := ""
	if paymentID != 0 {
		query = "?payment_id=" + strconv.FormatInt(paymentID, 10)
	}
	var got struct{ Refunds []Refund }
	return got.Refunds, c.call(ctx, http.MethodGet, "/control/refunds"+query, nil, &got)
}

// WaitRefund returns the first refund of a payment as soon as there is one.
func (c *Client) WaitRefund(ctx context.Context, paymentID int64) (Refund, error) {
	var first Refund
	err := poll(ctx, func() (bool, error) {
		all, err := c.Refunds(ctx, paymentID)
		if len(all) > 0 {
			first = all[0]
		}
		return len(all) > 0, err
	})
	return first, err
}

// SettleRefund ends an in_process refund as approved or rejected.
func (c *Client) SettleRefund(ctx context.Context, id int64, status string) (Refund, error) {
	var got Refund
	return got, c.call(ctx, http.MethodPatch, "/control/refunds/"+strconv.FormatInt(id, 10), map[string]string{"status": status}, &got)
}

// SetMercadoPagoFaults switches faults; fields left nil stay as they are.
func (c *Client) SetMercadoPagoFaults(ctx context.Context, f MercadoPagoFaults) error {
	if f.Failures != nil && *f.Failures == nil {
		f.Failures = &[]CallFailure{} // none is not the same as not given
	}
	return c.call(ctx, http.MethodPost, "/control/mercadopago/faults", f, nil)
}

// ClearMercadoPagoFaults switches all faults off.
func (c *Client) ClearMercadoPagoFaults(ctx context.Context) error {
	return c.call(ctx, http.MethodDelete, "/control/mercadopago/faults", nil, nil)
}

// Deliveries reports on the webhooks by provider: whatsapp, mercadopago.
func (c *Client) Deliveries(ctx context.Context) (map[string]Deliveries, error) {
	var got map[string]Deliveries
	return got, c.call(ctx, http.MethodGet, "/control/deliveries", nil, &got)
}

// WaitIdle returns when every webhook was taken.
func (c *Client) WaitIdle(ctx context.Context) error {
	return poll(ctx, func() (bool, error) {
		all, err := c.Deliveries(ctx)
		return all["whatsapp"].Pending+all["mercadopago"].Pending == 0, err
	})
}

// Reset forgets everything, faults included.
func (c *Client) Reset(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "/control/reset", nil, nil)
}

// Healthy says whether the sandbox serves.
func (c *Client) Healthy(ctx context.Context) error {
	return c.call(ctx, http.MethodGet, "/healthz", nil, nil)
}

func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("call sandbox: %w", err)
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return fmt.Errorf("call sandbox: %w", err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("call sandbox: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("call sandbox: %w", err)
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		var p Problem
		_ = json.Unmarshal(raw, &p)
		return &Error{Status: resp.StatusCode, Reason: p.Error}
	}
	if out == nil || len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("call sandbox: %w", err)
	}
	return nil
}

const pollEvery = 25 * time.Millisecond

func poll(ctx context.Context, done func() (bool, error)) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		ok, err := done()
		if err != nil {
			return waitError(ctx, err)
		}
		if ok {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return waitError(ctx, ctx.Err())
		}
	}
}

func waitError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.Join(ErrNoReply, err)
	}
	return err
}

func transcriptQuery(guest string, after int64) url.Values {
	q := url.Values{"after": {strconv.FormatInt(after, 10)}}
	if guest != "" {
		q.Set("guest", guest)
	}
	return q
}

func referenceQuery(reference string) string {
	if reference == "" {
		return ""
	}
	return "?" + url.Values{"external_reference": {reference}}.Encode()
}
