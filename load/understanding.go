package load

import (
	"context"
	"fmt"
	"strings"
	"time"

	"cabanas/dialogue/understanding"
)

// Reading messages needs no system: one goroutine reads the sample over and over.
const (
	understandingName  = "understanding"
	understandingWhat  = "one message of a mixed sample read: wish, dates, people, language; one goroutine"
	understandingFloor = "the same message cut at its spaces, each piece looked up in a map of all words of the sample"
)

// readSample measures both sides in turns, as everything else.
func readSample(ctx context.Context, o BenchOptions) (ScenarioReport, error) {
	result := ScenarioReport{Name: understandingName, What: understandingWhat, FloorWhat: understandingFloor}
	now := time.Now()
	ours := func(text string) { understanding.Understand(text, now, time.UTC) }
	floor := lookUp(sample)
	// What a process does once is told apart.
	begun := time.Now()
	understanding.Prepare()
	result.Ours.Ready = milliseconds(time.Since(begun))
	for round := range o.Rounds {
		for _, s := range []struct {
			name string
			read func(string)
		}{{"floor", floor}, {"ours", ours}} {
			if ctx.Err() != nil {
				return result, ctx.Err()
			}
			outcome := readFor(o.Measure, s.read)
			result.of(s.name).addClosed(1, measured{outcome: outcome})
			fmt.Fprintf(o.Progress, "%-13s round %d  %-5s %10.0f/s\n", understandingName, round+1, s.name, outcome.Rate())
		}
	}
	result.chooseBest()
	for _, s := range []*SideReport{&result.Ours, &result.Floor} {
		if s.Rate > 0 {
			s.Nanoseconds = 1e9 / s.Rate
		}
	}
	result.Ours.Slowest, result.Floor.Slowest = milliseconds(slowest(ours)), milliseconds(slowest(floor))
	return result, nil
}

// readFor reads whole rounds of the sample until the time is over, one at least.
func readFor(length time.Duration, read func(string)) Outcome {
	o := Outcome{}
	start := time.Now()
	for o.Window = 0; o.Window < length; o.Window = time.Since(start) {
		for _, text := range sample {
			read(text)
		}
		o.Done += int64(len(sample))
	}
	o.Offered, o.Counted = o.Done, o.Done
	return o
}

// slowest is the time of the message that takes longest; of several tries the quickest counts, because the rest is the machine's.
func slowest(read func(string)) time.Duration {
	const tries = 7
	longest := time.Duration(0)
	for _, text := range sample {
		best := time.Hour
		for range tries {
			begun := time.Now()
			read(text)
			best = min(best, time.Since(begun))
		}
		longest = max(longest, best)
	}
	return longest
}

// lookUp is the least that knows a word when it sees one.
func lookUp(texts []string) func(string) {
	known := map[string]int{}
	for _, text := range texts {
		for word := range strings.FieldsSeq(text) {
			known[word]++
		}
	}
	found := 0
	return func(text string) {
		for word := range strings.FieldsSeq(text) {
			found += known[word]
		}
	}
}
