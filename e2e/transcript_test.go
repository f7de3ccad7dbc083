package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/sandbox/control"
	"cabanas/sandbox/guest"
)

var updateTranscripts = flag.Bool("update-transcripts", false, "write what happens into e2e/conversations, for people to read before it is kept")

// TestConversations plays the conversations in e2e/conversations on the whole system and compares what is said and stored.
func TestConversations(t *testing.T) {
	t.Parallel()
	playAll(t, false, "PAYMENT_RECONCILE_INTERVAL=2s")
}

// TestConversationsOfBriefHolds plays those in which a hold runs out. They have a system, and a test, of their own: a test that
// waited for a second system while it held one would keep the others waiting.
func TestConversationsOfBriefHolds(t *testing.T) {
	t.Parallel()
	playAll(t, true, "HOLD_TTL=6s", "HOLD_EXTENSION=5s")
}

func playAll(t *testing.T, brief bool, settings ...string) {
	t.Helper()
	paths, err := filepath.Glob("conversations/*.chat")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(paths), 40, "the issue asks for forty conversations")
	system := start(t, true, settings...)
	system.ownerIsThere(t)
	for _, path := range paths {
		played := readScript(t, path)
		if played.brief != brief {
			continue
		}
		t.Run(strings.TrimSuffix(filepath.Base(path), ".chat"), func(t *testing.T) {
			t.Parallel()
			system.plays(t, played)
		})
	}
}

// ownerIsThere opens the owner's window, so that alarms come in their full form with their buttons.
func (s *stack) ownerIsThere(t *testing.T) {
	t.Helper()
	owner := &guest.Guest{Control: s.world, Number: ownerNumber, Name: "Marta"}
	require.NoError(t, owner.Arrive(patient(t)))
	require.NoError(t, owner.Say(patient(t), "hola"))
	_, err := owner.Next(patient(t))
	require.NoError(t, err)
}

// stage is one conversation being played.
type stage struct {
	s      *stack
	t      *testing.T
	days   calendar
	guests map[string]*talker
	// seen is the last message of each chat that was compared.
	seen map[string]int64
	// code is the newest reservation of G.
	code string
}

func (s *stack) plays(t *testing.T, played script) {
	p := &stage{s: s, t: t, days: calendar{s.daysOf(t, played), played.pricesChange}, guests: map[string]*talker{}, seen: map[string]int64{}}
	for n := range played.steps {
		step := &played.steps[n]
		at := fmt.Sprintf("%s, step %d: %s %s", filepath.Base(played.path), n+1, step.actor, step.act)
		p.perform(at, *step)
		got := p.outcome(at, *step)
		if *updateTranscripts {
			step.want = got
			continue
		}
		require.Equal(t, step.want, got, at)
	}
	if *updateTranscripts && !t.Failed() {
		played.write(t)
	}
}

// daysOf gives a conversation that speaks of days a week of its own, with free weeks on both sides when near dates are offered.
func (s *stack) daysOf(t *testing.T, played script) time.Time {
	if !played.dated {
		return today()
	}
	if !played.near {
		return s.friday(t)
	}
	s.weeks.Add(2)
	return s.friday(t).AddDate(0, 0, -7)
}

// friday begins a week that no other conversation of this system uses.
func (s *stack) friday(t *testing.T) time.Time {
	day := s.week(t, 1).in
	for day.Weekday() != time.Friday {
		day = day.AddDate(0, 0, 1)
	}
	// The voice notes of the speech stand-in are about 10 to 15 January.
	if clip := time.Date(day.Year(), time.January, 10, 0, 0, 0, 0, time.UTC); day.Before(clip.AddDate(0, 0, 5)) && clip.Before(day.AddDate(0, 0, 8)) {
		return s.friday(t)
	}
	return day
}

func (p *stage) guest(actor string) *talker {
	g, here := p.guests[actor]
	if !here {
		g = p.s.arrives(p.t)
		p.guests[actor] = g
	}
	return g
}

// perform does what one line says.
func (p *stage) perform(at string, step scriptStep) {
	if step.actor == "=" {
		p.happens(at, step.act)
		return
	}
	g := p.guest(step.actor)
	act := p.days.fill(strings.ReplaceAll(step.act, "{código}", p.code))
	switch {
	case strings.HasPrefix(act, "[") && strings.HasSuffix(act, "]"):
		g.presses(p.choice(at, g, strings.Trim(act, "[]")))
	case strings.HasPrefix(act, "(") && strings.HasSuffix(act, ")"):
		p.sends(at, g, strings.Trim(act, "()"))
	default:
		for piece := range strings.SplitSeq(act, " // ") {
			g.says(piece)
		}
	}
}

// choice finds a button or a row by its title, or by the beginning of its id, in what the guest has on the phone, newest first.
func (p *stage) choice(at string, g *talker, title string) control.Button {
	all, err := g.Control.Messages(patient(p.t), g.Number, 0)
	require.NoError(p.t, err)
	slices.Reverse(all)
	for _, m := range all {
		for _, choice := range append(m.Buttons, m.List.Rows()...) {
			if m.Direction == "out" && (p.days.mask(choice.Title) == title || strings.HasPrefix(choice.ID, title)) {
				return choice
			}
		}
	}
	require.Fail(p.t, "no such choice", "%s; the chat so far:\n%s", at, g.chat())
	return control.Button{}
}

// sends are the messages that are not text: "voz NAME" is a clip of the speech stand-in.
func (p *stage) sends(at string, g *talker, what string) {
	kind, rest, _ := strings.Cut(what, " ")
	message := control.Inbound{From: g.Number, Text: rest}
	switch kind {
	case "voz":
		message.Type, message.Text, message.Clip = "audio", "", rest
	case "foto":
		message.Type = "image"
	case "documento":
		message.Type = "document"
	case "sticker":
		message.Type = "sticker"
	case "ubicación":
		message.Type, message.Place = "location", &control.Place{Latitude: -31.4, Longitude: -64.2}
	case "contacto":
		message.Type = "contacts"
	case "reacción":
		last := p.outbound(g.Number, 0)
		require.NotEmpty(p.t, last, at)
		message.Type, message.Text, message.Emoji, message.Target = "reaction", "", rest, last[len(last)-1].ID
	default:
		require.Fail(p.t, "nobody sends that", at)
	}
	_, err := g.Control.Send(patient(p.t), message)
	require.NoError(p.t, err, at)
}

// happens is what the world does meanwhile.
func (p *stage) happens(at, what string) {
	verb, rest, _ := strings.Cut(what, " ")
	switch verb {
	case "paga": // the deposit of the last hold, with Mercado Pago's outcome ("" is approved), "tarde" after the link ended
		p.pays(at, rest)
	case "vence": // the hold runs out by itself
		code := p.lastCode()
		p.s.eventually(p.t, patience, at, func(ctx context.Context) error {
			held, err := p.s.count(ctx, `SELECT count(*) FROM reservations WHERE code = $1 AND reservation_status = 'pre_reserved'`, code)
			if err == nil && held > 0 {
				err = errors.New("still held")
			}
			return err
		})
	case "vende": // the nights of the last hold go to somebody else
		var cabin int64
		var nights stay
		require.NoError(p.t, p.s.db.QueryRow(patient(p.t), `SELECT accommodation_id, check_in, check_out FROM reservations WHERE code = $1`, p.lastCode()).
			Scan(&cabin, &nights.in, &nights.out), at)
		p.s.sells(p.t, cabin, nights)
	case "dueño": // from the phone with the business's own WhatsApp
		_, err := p.s.world.Echo(patient(p.t), p.guest("G").Number, rest)
		require.NoError(p.t, err, at)
	case "aprieta": // the owner, in the chat in which they are alarmed
		p.ownerPresses(at, rest)
	case "base":
	default:
		require.Fail(p.t, "nothing happens that way", at)
	}
}

func (p *stage) pays(at, outcome string) {
	preference, err := p.s.world.WaitPreference(patient(p.t), p.lastCode())
	require.NoError(p.t, err, at)
	payment := control.NewPayment{PreferenceID: preference.ID, Outcome: outcome}
	if outcome == "tarde" {
		payment.Outcome, payment.Late = "", true
	}
	_, err = p.s.world.Pay(patient(p.t), payment)
	require.NoError(p.t, err, at)
}

// ownerPresses presses a button of the newest alarm about this conversation.
func (p *stage) ownerPresses(at, title string) {
	all := p.alarms()
	slices.Reverse(all)
	for _, m := range all {
		for _, choice := range append(m.Buttons, m.List.Rows()...) {
			if choice.Title == title {
				_, err := p.s.world.Press(patient(p.t), ownerNumber, choice.ID)
				require.NoError(p.t, err, at)
				return
			}
		}
		if m.Tpl != nil && len(m.Tpl.Buttons) == 1 {
			_, err := p.s.world.Send(patient(p.t), control.Inbound{From: ownerNumber, Type: "template_button", ButtonID: m.Tpl.Buttons[0], Title: title})
			require.NoError(p.t, err, at)
			return
		}
	}
	require.Fail(p.t, "the owner has no such button", "%s: %+v", at, all)
}

// lastCode remembers the newest reservation of the guest.
func (p *stage) lastCode() string {
	p.s.eventually(p.t, patience, "the guest has a reservation", func(ctx context.Context) error {
		return p.s.db.QueryRow(ctx, `SELECT r.code FROM reservations r JOIN guests g ON g.id = r.guest_id WHERE g.phone = $1
			ORDER BY r.id DESC LIMIT 1`, canonical(p.guest("G").Number)).Scan(&p.code)
	})
	return p.code
}

// outcome waits for as many messages as the script expects and returns what the receivers read, in its form.
func (p *stage) outcome(at string, step scriptStep) string {
	if step.actor == "=" && step.act == "base" {
		return p.database(at, step.want)
	}
	if step.actor != "=" && step.want == "" {
		// What nobody answers must have been heard before the next thing happens.
		p.awaitTurns(p.guest(step.actor))
	}
	var got strings.Builder
	for _, receiver := range []string{"B", "B2", "D"} {
		for _, m := range p.received(at, receiver, step.messagesWanted(receiver)) {
			got.WriteString(p.days.show(receiver, m))
		}
	}
	return got.String()
}

// awaitTurns waits until every message that a guest has sent has its turn.
func (p *stage) awaitTurns(g *talker) {
	all, err := p.s.world.Messages(patient(p.t), g.Number, 0)
	require.NoError(p.t, err)
	said := len(slices.DeleteFunc(all, func(m control.Message) bool { return m.Direction != "in" }))
	p.s.reaches(p.t, int64(said), `SELECT count(*) FROM turns t JOIN guests g ON g.id = t.guest_id WHERE g.phone = $1`, canonical(g.Number))
}

// quiet is how long nobody may say anything before a recorded step counts as over.
const quiet = 3 * time.Second

func (p *stage) received(at, receiver string, wanted int) []control.Message {
	var fresh []control.Message
	look := func(context.Context) error {
		fresh = p.fresh(receiver)
		if len(fresh) < wanted {
			return fmt.Errorf("%d of %d messages", len(fresh), wanted)
		}
		return nil
	}
	if *updateTranscripts {
		p.awaitQuiet(receiver)
		fresh = p.fresh(receiver)
	} else if wanted > 0 {
		deadline := time.Now().Add(patience)
		for look(p.t.Context()) != nil && time.Now().Before(deadline) {
			p.pause(pollEvery)
		}
	}
	if len(fresh) > 0 {
		p.seen[receiver] = fresh[len(fresh)-1].Seq
	}
	return fresh
}

// awaitQuiet is for recording only: what is recorded is then compared without waiting for a time.
func (p *stage) awaitQuiet(receiver string) {
	require.NoError(p.t, p.s.world.WaitIdle(patient(p.t)))
	p.s.eventually(p.t, patience, "nothing is under way", func(ctx context.Context) error {
		busy, err := p.s.count(ctx, `SELECT (SELECT count(*) FROM webhook_inbox WHERE dispatched_at IS NULL) + (SELECT count(*) FROM messages m WHERE m.status IN ('received', 'queued', 'sending'))
			+ (SELECT count(*) FROM turns t WHERE jsonb_array_length(t.effects) > (SELECT count(*) FROM jsonb_object_keys(t.outcomes)))`)
		if err == nil && busy > 0 {
			err = fmt.Errorf("%d things", busy)
		}
		return err
	})
	last, since := -1, time.Now()
	for time.Since(since) < quiet {
		if n := len(p.fresh(receiver)); n != last {
			last, since = n, time.Now()
		}
		p.pause(100 * time.Millisecond)
	}
}

func (p *stage) pause(d time.Duration) {
	select {
	case <-p.t.Context().Done():
	case <-time.After(d):
	}
}

// fresh are the messages of a receiver that were not compared yet.
func (p *stage) fresh(receiver string) []control.Message {
	if receiver == "D" {
		return slices.DeleteFunc(p.alarms(), func(m control.Message) bool { return m.Seq <= p.seen["D"] })
	}
	g, here := p.guests[strings.Replace(receiver, "B", "G", 1)]
	if !here {
		return nil
	}
	return p.outbound(g.Number, p.seen[receiver])
}

func (p *stage) outbound(number string, after int64) []control.Message {
	all, err := p.s.world.Messages(patient(p.t), number, after)
	require.NoError(p.t, err)
	return slices.DeleteFunc(all, func(m control.Message) bool { return m.Direction != "out" || m.Status == "failed" })
}

// alarms are the owner's messages about the guests of this conversation.
func (p *stage) alarms() []control.Message {
	return slices.DeleteFunc(p.outbound(ownerNumber, 0), func(m control.Message) bool {
		text := m.Text
		if m.Tpl != nil {
			text += strings.Join(m.Tpl.Params, " ")
		}
		for _, g := range p.guests {
			digits := strings.TrimPrefix(g.Number, "549")
			if strings.Contains(strings.NewReplacer(" ", "", "-", "").Replace(text), digits) || strings.Contains(text, g.Name) {
				return false
			}
		}
		return true
	})
}
