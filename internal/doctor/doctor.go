// Package doctor runs checks of an installation and says of each what is wrong and what mends it. What it prints can be pasted
// into a ticket: findings never hold secrets or a person's data.
package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Status is how a check ended.
type Status string

// The ways a check ends. A warning works today; a failure does not, or will lose something.
const (
	OK      Status = "ok"
	Warning Status = "warning"
	Failed  Status = "failed"
	Skipped Status = "skipped"
)

// Finding is what a check saw. Fix says what to do, and is there with every warning and failure.
type Finding struct {
	Status Status `json:"status"`
	Detail string `json:"detail,omitempty"`
	Fix    string `json:"fix,omitempty"`
}

// Fine is a finding without complaint.
func Fine(format string, args ...any) Finding {
	return Finding{Status: OK, Detail: fmt.Sprintf(format, args...)}
}

// Skip is a finding of what could not or need not be looked at.
func Skip(format string, args ...any) Finding {
	return Finding{Status: Skipped, Detail: fmt.Sprintf(format, args...)}
}

// Warn is a finding of what should be mended.
func Warn(fix, format string, args ...any) Finding {
	return Finding{Status: Warning, Fix: fix, Detail: fmt.Sprintf(format, args...)}
}

// Fail is a finding of what must be mended.
func Fail(fix, format string, args ...any) Finding {
	return Finding{Status: Failed, Fix: fix, Detail: fmt.Sprintf(format, args...)}
}

// Check is one thing to look at.
type Check struct {
	Name string
	// Patience bounds the check; 0 is ten seconds.
	Patience time.Duration
	Look     func(ctx context.Context) []Finding
}

// Line is a finding under the name of its check.
type Line struct {
	Name string `json:"name"`
	Finding
	TookMS int64 `json:"took_ms"`
}

// Report is what all checks found.
type Report struct {
	// OK is false when a check failed; warnings leave it true.
	OK     bool   `json:"ok"`
	Checks []Line `json:"checks"`
}

const (
	patience = 10 * time.Second
	atOnce   = 4
)

// Examine runs the checks, some at once, and reports them in their order. A check that does not end in time has failed.
func Examine(ctx context.Context, checks []Check) Report {
	found := make([][]Line, len(checks))
	turns := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	for n, check := range checks {
		group.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			found[n] = look(ctx, check)
		})
	}
	group.Wait()
	report := Report{OK: true}
	for _, lines := range found {
		for _, line := range lines {
			report.OK = report.OK && line.Status != Failed
			report.Checks = append(report.Checks, line)
		}
	}
	return report
}

func look(ctx context.Context, check Check) []Line {
	limit := check.Patience
	if limit == 0 {
		limit = patience
	}
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answer := make(chan []Finding, 1)
	go func() { answer <- check.Look(ctx) }()
	var findings []Finding
	select {
	case findings = <-answer:
	case <-ctx.Done():
		findings = []Finding{Fail("see whether it is up and can be reached from here", "no answer in %s", limit)}
	}
	lines := make([]Line, 0, len(findings))
	for _, finding := range findings {
		lines = append(lines, Line{Name: check.Name, Finding: finding, TookMS: time.Since(start).Milliseconds()})
	}
	return lines
}

var marks = map[Status]string{OK: "ok", Warning: "warn", Failed: "FAIL", Skipped: "-"}

// Print writes the report for people.
func (r Report) Print(w io.Writer) error {
	var text strings.Builder
	failed, warned := 0, 0
	for _, line := range r.Checks {
		fmt.Fprintf(&text, "%-5s %-14s %s\n", marks[line.Status], line.Name, line.Detail)
		if line.Fix != "" {
			fmt.Fprintf(&text, "%20s → %s\n", "", line.Fix)
		}
		switch line.Status {
		case Failed:
			failed++
		case Warning:
			warned++
		}
	}
	fmt.Fprintf(&text, "\nchecks: %d, failed: %d, warnings: %d\n", len(r.Checks), failed, warned)
	_, err := io.WriteString(w, text.String())
	return err
}

// PrintJSON writes the report as one JSON object.
func (r Report) PrintJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(r)
}
