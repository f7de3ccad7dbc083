package histories

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"cabanas/sandbox/control"
)

// story is what happens to one booking, as drawn.
type story struct {
	// Total in pesos; the deposit is 30 % of it, rounded up.
	Total int64
	// Lead is how many days before the check-in the nights are held; Nights is how many.
	Lead, Nights int
	// Other says that there is another cabin, which can be offered to who paid too late.
	Other bool
	Steps []step
}

// step is one thing that happens.
type step struct {
	// At is counted from the hold.
	At   time.Duration
	Kind kind
	// Payment picks one of those made so far.
	Payment int
	Amount  amount
	Outcome string
	// Told says how the provider's notification travels.
	Told telling
	// For is how long an absence lasts.
	For time.Duration
}

// telling is the way of a notification: lost, or arriving after each of these.
type telling []time.Duration

type kind string

const (
	pays       kind = "pays"        // a payment on the link, whatever comes of it
	moves      kind = "moves"       // the provider decides about a payment
	tellsAgain kind = "tells again" // an old notification once more
	panel      kind = "panel"       // money is returned in the provider's panel
	disputes   kind = "disputes"
	looks      kind = "looks" // reconciliation
	rival      kind = "rival" // somebody else takes the nights when they are free
	cancels    kind = "cancels"
	evicts     kind = "evicts" // the owner cancels
	extends    kind = "extends"
	decides    kind = "decides" // the owner confirms without money
	away       kind = "away"    // the provider answers nothing
	lags       kind = "lags"    // search is behind
	slow       kind = "slow"    // refunds take their time at the provider
	accepts    kind = "accepts" // the guest takes the nights that are offered instead
	declines   kind = "declines"
	approves   kind = "approves" // the owner lets a large refund go
	keeps      kind = "keeps"    // the owner does not
	gives      kind = "gives"    // staff returns a part
	closes     kind = "closes"   // another channel's calendar closes the nights
)

type amount string

const (
	exact   amount = "exact"
	short   amount = "short"
	over    amount = "over"
	whole   amount = "whole" // everything at once
	foreign amount = "foreign"
)

func (s step) String() string {
	return fmt.Sprintf("%s %s payment=%d amount=%s outcome=%s told=%v for=%s", s.At, s.Kind, s.Payment, s.Amount, s.Outcome, []time.Duration(s.Told), s.For)
}

// kinds are drawn as often as they stand here.
var kinds = []kind{
	pays, pays, pays, pays, moves, moves, moves, tellsAgain, panel, disputes, disputes, looks, rival, rival, cancels, evicts, extends, decides,
	away, lags, slow, accepts, accepts, declines, approves, keeps, gives, closes,
}

var amounts = []amount{exact, exact, exact, exact, short, over, whole, foreign}

var outcomes = []string{"approved", "approved", "approved", "pending", "in_process", "rejected", "authorized"}

var moved = []string{"approved", "approved", "rejected", "cancelled", "refunded"}

var disputed = []string{control.DisputeMediation, control.DisputeChargeback, control.DisputeLost, control.DisputeWon, control.DisputeRestored}

func drawStory(t *rapid.T) story {
	s := story{
		Total:  rapid.Int64Range(1, 40).Draw(t, "thousands") * 1000,
		Lead:   rapid.IntRange(1, 12).Draw(t, "lead"),
		Nights: rapid.IntRange(1, 4).Draw(t, "nights"),
		Other:  rapid.Bool().Draw(t, "other"),
	}
	s.Steps = rapid.SliceOfN(rapid.Custom(drawStep), 1, 7).Draw(t, "steps")
	return s
}

func drawStep(t *rapid.T) step {
	s := step{
		At: drawInstant(t), Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Payment: rapid.IntRange(0, 3).Draw(t, "payment"),
		Amount: rapid.SampledFrom(amounts).Draw(t, "amount"), Told: drawTelling(t),
	}
	switch s.Kind {
	case pays:
		s.Outcome = rapid.SampledFrom(outcomes).Draw(t, "outcome")
	case moves:
		s.Outcome = rapid.SampledFrom(moved).Draw(t, "outcome")
	case disputes:
		s.Outcome = rapid.SampledFrom(disputed).Draw(t, "outcome")
	case away, lags, slow:
		s.For = rapid.SampledFrom([]time.Duration{time.Minute, time.Hour, 2 * day}).Draw(t, "for")
	}
	return s
}

// drawInstant prefers the moments at which something else happens.
func drawInstant(t *rapid.T) time.Duration {
	edge := rapid.SampledFrom([]time.Duration{0, 0, 0, holdFor, holdFor, holdFor + extension, holdFor + grace, 5 * day, 11 * day}).Draw(t, "edge")
	near := rapid.SampledFrom([]time.Duration{time.Second, time.Minute, 20 * time.Minute, 5 * time.Hour}).Draw(t, "near")
	return max(0, edge+time.Duration(rapid.Int64Range(-int64(near), int64(near)).Draw(t, "offset")).Truncate(time.Millisecond))
}

// drawTelling loses a quarter of the notifications; the others come one to three times, up to hours late.
func drawTelling(t *rapid.T) telling {
	arrivals := rapid.SampledFrom([]int{0, 1, 1, 2, 3}).Draw(t, "arrivals")
	told := make(telling, arrivals)
	for i := range told {
		told[i] = rapid.SampledFrom([]time.Duration{0, 0, time.Second, time.Minute, 40 * time.Minute, 2 * time.Hour}).Draw(t, "late")
	}
	return told
}
