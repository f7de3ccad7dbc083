package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/internal/config"
	"cabanas/store/postgres"
	"cabanas/temporal"
)

// auditAnswer is the JSON of an audit, with the money of a day when it was asked for.
type auditAnswer struct {
	activities.AuditReport
	Report *activities.DailyReport `json:"report,omitempty"`
}

// runAudit verifies DESIGN section 11. It changes nothing and can run beside a working system. With --as-of it judges a restored
// copy, by the clock of its backup and without Temporal, whose workflows belong to the database that is in use.
func runAudit(ctx context.Context, args []string) error {
	set := flags("audit")
	asJSON := set.Bool("json", false, "print one JSON object")
	daily := set.Bool("report", false, "print the money of a day too: taken, returned, disputed, open, by booking")
	dayText := set.String("day", "", "the day of the report, YYYY-MM-DD at the property; today when empty")
	asOf := set.String("as-of", "", "judge a restored backup: Postgres only, at the time it was taken (RFC 3339)")
	if err := set.Parse(args); err != nil {
		return err
	}
	at, err := instantOf(*asOf)
	if err != nil {
		return err
	}
	day, err := dayOf(*dayText, *daily)
	if err != nil {
		return err
	}
	cfg, err := config.LoadOnly(os.Getenv, "DATABASE_URL", "TEMPORAL_ADDRESS")
	if err != nil {
		return err
	}
	var answer auditAnswer
	if at.IsZero() {
		answer.AuditReport, err = audit(ctx, cfg)
	} else {
		answer.AuditReport, err = auditCopy(ctx, cfg, at)
	}
	if err != nil {
		return err
	}
	if *daily {
		if answer.Report, err = dailyReport(ctx, cfg, day); err != nil {
			return err
		}
	}
	if *asJSON {
		err = json.NewEncoder(os.Stdout).Encode(answer)
	} else {
		err = printAnswer(os.Stdout, answer)
	}
	if err == nil && !answer.OK {
		return exitError(1)
	}
	return err
}

// dayOf reads the day of the report; the zero date is today.
func dayOf(text string, daily bool) (booking.Date, error) {
	switch {
	case text == "":
		return booking.Date{}, nil
	case !daily:
		return booking.Date{}, errors.New("audit: --day needs --report")
	}
	day, err := booking.ParseDate(text)
	if err != nil {
		return booking.Date{}, fmt.Errorf("audit: --day: %w", err)
	}
	return day, nil
}

// instantOf reads the time of a backup; the zero time is now.
func instantOf(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("audit: --as-of: %w", err)
	}
	return at, nil
}

// auditCopy audits the data of a database that nobody works on, as of an earlier time.
func auditCopy(ctx context.Context, cfg config.Config, at time.Time) (activities.AuditReport, error) {
	store, err := postgres.Open(ctx, cfg.DatabaseURL.Reveal(), 2)
	if err != nil {
		return activities.AuditReport{}, err
	}
	defer store.Close()
	auditor := activities.Auditor{Store: store, Now: func() time.Time { return at }}
	return auditor.AuditData(ctx)
}

func audit(ctx context.Context, cfg config.Config) (activities.AuditReport, error) {
	store, err := postgres.Open(ctx, cfg.DatabaseURL.Reveal(), 2)
	if err != nil {
		return activities.AuditReport{}, err
	}
	defer store.Close()
	client, err := temporal.Dial(ctx, temporalOptions(cfg, nil))
	if err != nil {
		return activities.AuditReport{}, err
	}
	defer client.Close()
	auditor := activities.Auditor{Store: store, Processes: &temporal.Processes{Client: client}, Now: time.Now}
	return auditor.Audit(ctx)
}

func dailyReport(ctx context.Context, cfg config.Config, day booking.Date) (*activities.DailyReport, error) {
	store, err := postgres.Open(ctx, cfg.DatabaseURL.Reveal(), 1)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	reporter := activities.Reporter{Store: store, Now: time.Now}
	report, err := reporter.Daily(ctx, day)
	return &report, err
}

func printAudit(w io.Writer, report activities.AuditReport) error {
	if report.OK {
		_, err := fmt.Fprintf(w, "audit: all %d invariants hold\n", activities.Invariants)
		return err
	}
	for _, violation := range report.Violations {
		if _, err := fmt.Fprintf(w, "audit: invariant %d is broken: %s\n", violation.Invariant, violation.Name); err != nil {
			return err
		}
		for _, row := range violation.Rows {
			fmt.Fprintln(w, "  ", row)
		}
	}
	return nil
}

func printAnswer(w io.Writer, answer auditAnswer) error {
	if err := printAudit(w, answer.AuditReport); err != nil || answer.Report == nil {
		return err
	}
	return printReport(w, *answer.Report)
}

// printReport writes tables; a write that fails shows when they are flushed.
func printReport(w io.Writer, report activities.DailyReport) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "\nmoney of %s (%s)\n", report.Day, report.TimeZone)
	for _, part := range []struct {
		title string
		sums  []activities.MoneySum
	}{{"taken", report.Taken}, {"returned", report.Returned}, {"disputed", report.Disputed}} {
		if len(part.sums) == 0 {
			fmt.Fprintf(t, "%s\t-\n", part.title)
		}
		for _, s := range part.sums {
			fmt.Fprintf(t, "%s\t%s\t%s\t%d payments\n", part.title, s.Of, amount(s.Centavos, s.Currency), s.Payments)
		}
	}
	fmt.Fprintln(t, "\nopen now")
	for _, s := range report.Open {
		fmt.Fprintf(t, "%s\t%s\t%d\t%s\n", s.Kind, amount(s.Centavos, s.Currency), s.Count, strings.Join(s.Whose, ", "))
	}
	if len(report.Open) == 0 {
		fmt.Fprintln(t, "nothing")
	}
	if len(report.Bookings) > 0 {
		fmt.Fprintln(t, "\nbooking\ttaken\treturned\tdisputed\tkept now\tdue now")
	}
	for _, b := range report.Bookings {
		code := b.Code
		if code == "" {
			code = "(nobody's)"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", code, amount(b.Taken, b.Currency), amount(b.Returned, b.Currency), amount(b.Disputed, b.Currency),
			amount(b.Kept, b.Currency), amount(b.Due, b.Currency))
	}
	return t.Flush()
}

// amount writes centavos for a terminal, with the same point in every language.
func amount(centavos int64, currency string) string {
	sign := ""
	if centavos < 0 {
		sign, centavos = "-", -centavos
	}
	return fmt.Sprintf("%s%d.%02d %s", sign, centavos/100, centavos%100, currency)
}
