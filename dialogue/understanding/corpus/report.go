package corpus

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"cabanas/dialogue/understanding"
)

// Bar is the share of messages that must be understood exactly, every field.
const Bar = 0.97

// unknown is how a field that is null reads in a report.
const unknown = "-"

// fieldNames are the compared fields, in the order of the report.
var fieldNames = []string{"intent", "check_in", "check_out", "nights", "guests", "adults", "children", "pets", "language"}

// Score counts one field: Right is wanted and found so, Wrong found but otherwise or not wanted, Missed wanted but not found so.
type Score struct{ Right, Wrong, Missed, Exact int }

// Failure is a message that was not understood exactly.
type Failure struct {
	ID, Text string
	// Fields are the differences, "guests 4, not 3".
	Fields []string
}

// Confusion counts how often one intent was taken for another.
type Confusion struct {
	Want, Got understanding.Intent
	Count     int
}

// Report is how well a set of messages was understood.
type Report struct {
	Messages int
	Fields   map[string]Score
	// Confusions are the intents taken for others, the most frequent first.
	Confusions []Confusion
	Failures   []Failure
}

// Evaluate reads every message in zone and compares what was understood with its labels.
func Evaluate(messages []Message, zone *time.Location) Report {
	r := Report{Messages: len(messages), Fields: map[string]Score{}}
	confused := map[Confusion]int{}
	for _, m := range messages {
		got := understanding.Understand(m.Text, m.Now, zone).Fields()
		if got.Intent != m.Want.Intent {
			confused[Confusion{Want: m.Want.Intent, Got: got.Intent}]++
		}
		wanted, found := values(m.Want), values(got)
		var differences []string
		for i, name := range fieldNames {
			r.Fields[name] = r.Fields[name].with(wanted[i], found[i])
			if wanted[i] != found[i] {
				differences = append(differences, fmt.Sprintf("%s %s, not %s", name, wanted[i], found[i]))
			}
		}
		if len(differences) > 0 {
			r.Failures = append(r.Failures, Failure{ID: m.ID, Text: m.Text, Fields: differences})
		}
	}
	for pair, count := range confused {
		r.Confusions = append(r.Confusions, Confusion{pair.Want, pair.Got, count})
	}
	slices.SortFunc(r.Confusions, func(a, b Confusion) int {
		return cmp.Or(b.Count-a.Count, strings.Compare(string(a.Want), string(b.Want)), strings.Compare(string(a.Got), string(b.Got)))
	})
	return r
}

func (s Score) with(wanted, found string) Score {
	switch {
	case wanted == found:
		s.Exact++
		if wanted != unknown {
			s.Right++
		}
		return s
	case found != unknown:
		s.Wrong++
	}
	if wanted != unknown {
		s.Missed++
	}
	return s
}

// Precision is the share of what was found that is right, 1 when nothing was found.
func (s Score) Precision() float64 { return share(s.Right, s.Right+s.Wrong) }

// Recall is the share of what was to be found that was found, 1 when there was nothing.
func (s Score) Recall() float64 { return share(s.Right, s.Right+s.Missed) }

// Exact is the share of messages with every field right.
func (r Report) Exact() float64 { return share(r.Messages-len(r.Failures), r.Messages) }

func share(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

// Write prints the report: a line per field, the confusions, then every message that was not understood.
func (r Report) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d messages, %.2f %% exact (%d failures, the bar is %.0f %%)\n\n", r.Messages, 100*r.Exact(), len(r.Failures), 100*Bar)
	fmt.Fprintf(&b, "%-10s %10s %10s %10s\n", "field", "precision", "recall", "exact")
	for _, name := range fieldNames {
		s := r.Fields[name]
		fmt.Fprintf(&b, "%-10s %8.2f %% %8.2f %% %8.2f %%\n", name, 100*s.Precision(), 100*s.Recall(), 100*share(s.Exact, r.Messages))
	}
	if len(r.Confusions) > 0 {
		b.WriteString("\nintents taken for others\n")
	}
	for _, c := range r.Confusions {
		fmt.Fprintf(&b, "%4d  %s taken for %s\n", c.Count, c.Want, c.Got)
	}
	if len(r.Failures) > 0 {
		b.WriteString("\nnot understood\n")
	}
	for _, f := range r.Failures {
		fmt.Fprintf(&b, "%s  %q\n    %s\n", f.ID, f.Text, strings.Join(f.Fields, "; "))
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// values are the fields in the order of fieldNames.
func values(f understanding.Fields) []string {
	return []string{
		string(f.Intent), text(f.CheckIn), text(f.CheckOut), number(f.Nights), number(f.Guests), number(f.Adults), number(f.Children),
		number(f.Pets), text(f.Language),
	}
}

func text(value *string) string {
	if value == nil {
		return unknown
	}
	return *value
}

func number(value *int) string {
	if value == nil {
		return unknown
	}
	return strconv.Itoa(*value)
}
