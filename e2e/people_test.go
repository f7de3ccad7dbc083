package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/sandbox/control"
	"cabanas/sandbox/guest"
)

// talker is a guest with a phone who keeps what they say private.
type talker struct {
	*guest.Guest
	s *stack
	t *testing.T
}

// person makes up a guest nobody else of this system is.
func (s *stack) person() (number, name string) {
	n := s.people.Add(1)
	number, name = fmt.Sprintf("549115%07d", 5_000_000+n*137), fmt.Sprintf("Zoraida Wenceslada%dq", n)
	// Searched without prefixes, because the canonical form leaves out the 9.
	s.keepPrivate(strings.TrimPrefix(number, "549"), fmt.Sprintf("Wenceslada%dq", n))
	return number, name
}

func (s *stack) keepPrivate(texts ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.private = append(s.private, texts...)
}

// arrives is a new guest on WhatsApp.
func (s *stack) arrives(t *testing.T) *talker {
	t.Helper()
	number, name := s.person()
	g := &talker{Guest: &guest.Guest{Control: s.world, Number: number, Name: name}, s: s, t: t}
	require.NoError(t, g.Arrive(patient(t)))
	return g
}

// says writes a text.
func (g *talker) says(text string) {
	g.t.Helper()
	g.s.keepSaid(text)
	require.NoError(g.t, g.Say(patient(g.t), text))
}

// keepSaid forgets short texts: they are words of ours as well.
func (s *stack) keepSaid(text string) {
	const telling = 12
	if len(text) >= telling {
		s.keepPrivate(text)
	}
}

// hears waits for a message that match accepts.
func (g *talker) hears(what string, match func(control.Message) bool) control.Message {
	g.t.Helper()
	m, err := g.Await(patient(g.t), match)
	require.NoError(g.t, err, "waiting for %s; the chat so far:\n%s", what, g.chat())
	return m
}

// hearsAnything waits for the next message.
func (g *talker) hearsAnything() control.Message {
	g.t.Helper()
	return g.hears("any answer", nil)
}

// isOffered waits for a message with a choice whose id begins like that and returns the choice.
func (g *talker) isOffered(prefix string) control.Button {
	g.t.Helper()
	choice, _ := guest.Choose(g.hears("a choice "+prefix, offers(prefix)), prefix)
	return choice
}

func offers(prefix string) func(control.Message) bool {
	return func(m control.Message) bool {
		_, found := guest.Choose(m, prefix)
		return found
	}
}

// presses presses a button or a row.
func (g *talker) presses(choice control.Button) {
	g.t.Helper()
	require.NoError(g.t, g.Press(patient(g.t), choice))
}

// isTold waits for the notice that a booking sends by itself.
func (g *talker) isTold(code, kind string) control.Message {
	g.t.Helper()
	return g.hears("the notice "+kind, guest.Notice(code, kind))
}

// asksFor writes for when and for how many, in one message.
func (g *talker) asksFor(s stay, people int) {
	g.t.Helper()
	g.says(fmt.Sprintf("Hola! Tenés algo libre del %s al %s para %d personas?", s.in.Format("2/1"), s.out.Format("2/1"), people))
}

// holds goes the shortest way from the first message to the payment link.
func (g *talker) holds(s stay, people int) guest.Hold {
	g.t.Helper()
	g.asksFor(s, people)
	return g.followsOffers()
}

func (g *talker) followsOffers() guest.Hold {
	g.t.Helper()
	hold, err := g.Book(patient(g.t))
	require.NoError(g.t, err, "the chat so far:\n%s", g.chat())
	return hold
}

// pays pays a hold on its checkout; no outcome is approved.
func (g *talker) pays(hold guest.Hold, outcome string) control.Payment {
	g.t.Helper()
	payment, err := g.Pay(patient(g.t), hold, outcome)
	require.NoError(g.t, err)
	return payment
}

// chat is the transcript for people who read failures.
func (g *talker) chat() string {
	all, err := g.Control.Messages(patient(g.t), g.Number, 0)
	if err != nil {
		return err.Error()
	}
	var lines strings.Builder
	for _, m := range all {
		fmt.Fprintf(&lines, "%-3s %-9s %-10s %s %q", m.Direction, m.Kind, m.Status, m.BizOpaque, m.Text)
		for _, choice := range append(m.Buttons, m.List.Rows()...) {
			fmt.Fprintf(&lines, " [%s]", choice.ID)
		}
		lines.WriteByte('\n')
	}
	return lines.String()
}

// stay is from one day to another at the property.
type stay struct{ in, out time.Time }

func (s stay) checkIn() string  { return s.in.Format(time.DateOnly) }
func (s stay) checkOut() string { return s.out.Format(time.DateOnly) }

// today is the property's.
func today() time.Time {
	now := time.Now().UTC().Add(-3 * time.Hour)
	return time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
}

func stayFrom(days, nights int) stay {
	in := today().AddDate(0, 0, days)
	return stay{in, in.AddDate(0, 0, nights)}
}

// week is a stay in a week that no other test of this system uses, within a year so that a day and a month name it.
func (s *stack) week(t *testing.T, nights int) stay {
	t.Helper()
	n := int(s.weeks.Add(1))
	require.Less(t, n, 47, "the year has no more weeks")
	return stayFrom(21+7*n, nights)
}
