package dialogue

import (
	"hash/fnv"
	"strings"
)

// The sizes of what is remembered against loops, and how often is too often.
const (
	mostAskedKept = 10
	mostSaidKept  = 3
	tooOften      = 3
)

// repeats remembers the guest's text and reports whether it came too often lately. An answer to a question may come often.
func (t *turn) repeats() bool {
	if len(t.words) == 0 || t.small() || t.state.Awaiting == awaitChoice && t.read.Position() > 0 {
		return false
	}
	said := hashOf(t.words...)
	t.state.Asked = kept(t.state.Asked, said, mostAskedKept)
	return count(t.state.Asked, said) >= tooOften
}

// loop answers who writes the same again and again: first the offer of a person, then a person.
func (t *turn) loop() {
	if t.state.LoopOffered {
		t.replies, t.effects = nil, nil
		t.handOver(ReasonLoop, t.texts.HandedOver)
		return
	}
	t.state.LoopOffered, t.state.Awaiting = true, awaitPerson
	t.replies = nil
	t.ask(t.texts.LoopOffer, t.humanButton(), t.menuButton())
}

// guard keeps the bot from saying the same forever, whoever or whatever is on the other side. Who presses buttons is no machine.
func (t *turn) guard() {
	if t.in.Kind == InboundChoice || len(t.effects) > 0 {
		t.state.Said, t.state.LoopOffered = nil, false
		return
	}
	var parts []string
	for _, r := range t.replies {
		parts = append(parts, string(r.Kind), r.Body, r.LinkURL)
		for _, choice := range r.Choices {
			parts = append(parts, choice.ID)
		}
	}
	said := hashOf(parts...)
	running := 1
	for i := len(t.state.Said) - 1; i >= 0 && t.state.Said[i] == said; i-- {
		running++
	}
	t.state.Said = kept(t.state.Said, said, mostSaidKept)
	switch {
	case running >= tooOften || t.useless && running > 1:
		t.loop()
	case running == 1 && !t.looping():
		t.state.LoopOffered = false
	}
}

// looping reports whether the turn just answered a repeated text.
func (t *turn) looping() bool { return t.state.LoopOffered && t.state.Awaiting == awaitPerson }

func kept(ring []uint32, newest uint32, most int) []uint32 {
	ring = append(append([]uint32{}, ring...), newest)
	return ring[max(len(ring)-most, 0):]
}

func count(ring []uint32, wanted uint32) int {
	n := 0
	for _, one := range ring {
		if one == wanted {
			n++
		}
	}
	return n
}

func hashOf(parts ...string) uint32 {
	h := fnv.New32a()
	// Writing to a hash never fails.
	_, _ = h.Write([]byte(strings.Join(parts, "\x00")))
	return h.Sum32()
}
