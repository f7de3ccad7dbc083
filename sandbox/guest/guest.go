// Package guest plays a guest on the sandbox's WhatsApp and Mercado Pago: it writes, presses what it is offered, pays, and
// waits for the answer. The demo, the whole-system tests and the load tool use it; it knows the product only from outside,
// by the messages and the ids of their buttons.
package guest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"cabanas/sandbox/control"
)

// Guest is one person with a phone. It is not safe for concurrent use: a person does one thing at a time.
type Guest struct {
	Control *control.Client
	Number  string
	Name    string
	// Watch, if set, sees every message of both sides as it happens with the time since the one before it.
	Watch func(m control.Message, took time.Duration)

	seen int64
	last time.Time
}

// Arrive registers the guest with the sandbox; what was said before is not looked at.
func (g *Guest) Arrive(ctx context.Context) error {
	if _, err := g.Control.AddGuest(ctx, control.Guest{Number: g.Number, Name: g.Name}); err != nil {
		return fmt.Errorf("add guest: %w", err)
	}
	before, err := g.Control.Messages(ctx, g.Number, 0)
	if err != nil {
		return fmt.Errorf("read transcript: %w", err)
	}
	for _, m := range before {
		g.seen = max(g.seen, m.Seq)
	}
	return nil
}

// Say writes a text.
func (g *Guest) Say(ctx context.Context, text string) error {
	g.show(control.Message{Direction: "in", Kind: "text", Text: text})
	_, err := g.Control.Say(ctx, g.Number, text)
	return err
}

// Press presses a button or a row.
func (g *Guest) Press(ctx context.Context, button control.Button) error {
	g.show(control.Message{Direction: "in", Kind: "button", Text: button.Title})
	_, err := g.Control.Press(ctx, g.Number, button.ID)
	return err
}

// Next waits for the next message from the business.
func (g *Guest) Next(ctx context.Context) (control.Message, error) {
	return g.Await(ctx, nil)
}

// Await waits for a message that match accepts, passing over others; nil accepts any.
func (g *Guest) Await(ctx context.Context, match func(control.Message) bool) (control.Message, error) {
	for {
		m, err := g.Control.WaitReply(ctx, g.Number, g.seen, nil)
		if err != nil {
			return m, fmt.Errorf("wait for an answer: %w", err)
		}
		g.seen = m.Seq
		g.show(m)
		if match == nil || match(m) {
			return m, nil
		}
	}
}

func (g *Guest) show(m control.Message) {
	now := time.Now()
	if g.Watch != nil {
		took := time.Duration(0)
		if !g.last.IsZero() {
			took = now.Sub(g.last)
		}
		g.Watch(m, took)
	}
	g.last = now
}

// Hold is a booking that waits for its deposit.
type Hold struct {
	Code string
	URL  string
}

// mostSteps bounds a conversation that does not get to a hold.
const mostSteps = 12

// wanted are the choices a guest makes to get to a hold, the nearest to it first.
var wanted = []string{"hold_", "acc_", "guests_4", "guests_"}

// ErrLost is returned when the conversation offers nothing that leads to a hold.
var ErrLost = errors.New("the conversation does not lead to a hold")

// Book follows the offers by pressing until the payment link comes; the first message of the conversation was sent before.
func (g *Guest) Book(ctx context.Context) (Hold, error) {
	for range mostSteps {
		m, err := g.Next(ctx)
		if err != nil {
			return Hold{}, err
		}
		if m.CTA != nil {
			code, _, _ := strings.Cut(m.BizOpaque, "/")
			return Hold{Code: code, URL: m.CTA.URL}, nil
		}
		choice, found := Choose(m, wanted...)
		if !found {
			continue
		}
		if err := g.Press(ctx, choice); err != nil {
			return Hold{}, err
		}
	}
	return Hold{}, ErrLost
}

// Choose finds the first choice of a message whose id starts with one of the prefixes, in the order of the prefixes.
func Choose(m control.Message, prefixes ...string) (control.Button, bool) {
	for _, prefix := range prefixes {
		for _, choice := range append(m.Buttons, m.List.Rows()...) {
			if strings.HasPrefix(choice.ID, prefix) {
				return choice, true
			}
		}
	}
	return control.Button{}, false
}

// Pay pays the deposit of a hold on its checkout, with the outcome that Mercado Pago gives ("" is approved).
func (g *Guest) Pay(ctx context.Context, hold Hold, outcome string) (control.Payment, error) {
	preference, err := g.Control.WaitPreference(ctx, hold.Code)
	if err != nil {
		return control.Payment{}, fmt.Errorf("find the payment link of %s: %w", hold.Code, err)
	}
	payment, err := g.Control.Pay(ctx, control.NewPayment{PreferenceID: preference.ID, Outcome: outcome})
	if err != nil {
		return payment, fmt.Errorf("pay %s: %w", hold.Code, err)
	}
	return payment, nil
}

// Notice matches the message a booking sent by itself under the given kind, such as "confirmed".
func Notice(code, kind string) func(control.Message) bool {
	return func(m control.Message) bool {
		return m.BizOpaque == code+"/"+kind || strings.HasPrefix(m.BizOpaque, code+"/"+kind+"/")
	}
}
