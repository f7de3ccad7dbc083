package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/gateways/whatsapp"
	"cabanas/internal/config"
	"cabanas/store/postgres"
)

func (a *app) housekeeping() *activities.Housekeeping {
	return &activities.Housekeeping{
		Store: a.store, Keep: keepFor(a.config.Retention), Grace: a.config.Booking.LatePaymentGrace, Metrics: a.metrics, Now: time.Now,
	}
}

func keepFor(r config.Retention) postgres.Retention {
	return postgres.Retention{
		WebhookDays: r.WebhookDays, DialogueDays: r.DialogueDays, MailDays: r.MailDays, RecordDays: r.RecordDays,
		MessageMonths: r.MessageMonths, GuestMonths: r.GuestMonths, BookedGuestMonths: r.BookedGuestMonths,
	}
}

// runExport writes everything that is kept about a guest as one JSON document.
func runExport(ctx context.Context, args []string) error {
	set, who, err := personFlags("export", args)
	if err != nil {
		return err
	}
	output := set.String("output", "", "file to write, only for its owner to read; standard output when empty")
	if err := set.Parse(args[1:]); err != nil {
		return err
	}
	desk, guestID, closeDesk, err := who.find(ctx)
	if err != nil {
		return err
	}
	defer closeDesk()
	export, err := desk.Export(ctx, byCommand, guestID)
	if err != nil {
		return err
	}
	if *output == "" {
		return writeExport(os.Stdout, export)
	}
	file, err := os.OpenFile(*output, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(writeExport(file, export), file.Close())
}

func writeExport(w io.Writer, export activities.GuestExport) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(export)
}

// runErase forgets a guest, or says with --dry-run what would be forgotten.
func runErase(ctx context.Context, args []string) error {
	set, who, err := personFlags("erase", args)
	if err != nil {
		return err
	}
	dryRun := set.Bool("dry-run", false, "count what would be forgotten and change nothing")
	if err := set.Parse(args[1:]); err != nil {
		return err
	}
	desk, guestID, closeDesk, err := who.find(ctx)
	if err != nil {
		return err
	}
	defer closeDesk()
	erased, err := desk.Erase(ctx, byCommand, guestID, *dryRun)
	if err != nil {
		return err
	}
	return printErased(os.Stdout, erased, *dryRun)
}

func printErased(w io.Writer, erased postgres.Erased, dryRun bool) error {
	verb := "erased"
	switch {
	case dryRun:
		verb = "would be erased"
	case len(erased.Rows) == 0:
		verb = "was erased before, nothing was left"
	}
	lines := []string{fmt.Sprintf("guest %d %s", erased.GuestID, verb)}
	for _, what := range slices.Sorted(maps.Keys(erased.Rows)) {
		lines = append(lines, fmt.Sprintf("  %-16s %d", what, erased.Rows[what]))
	}
	if erased.WaitingWebhooks > 0 {
		lines = append(lines, fmt.Sprintf("%d deliveries of theirs wait to be handed on: erase again when they are", erased.WaitingWebhooks))
	}
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

var byCommand = postgres.Author{Kind: "command"}

// personChoice are the flags that name a guest; exactly one is given.
type personChoice struct {
	id                 *int64
	phone, email, code *string
}

func personFlags(command string, args []string) (*flag.FlagSet, personChoice, error) {
	if len(args) == 0 || args[0] != "guest" {
		return nil, personChoice{}, fmt.Errorf("%s wants guest", command)
	}
	set := flags(command + " guest")
	return set, personChoice{
		id:    set.Int64("id", 0, "number of the guest"),
		phone: set.String("phone", "", "phone of the guest, in any form"),
		email: set.String("email", "", "e-mail address of the guest"),
		code:  set.String("code", "", "code of one of the guest's reservations"),
	}, nil
}

// find opens the desk and looks the guest up.
func (p personChoice) find(ctx context.Context) (*activities.PrivacyDesk, int64, func(), error) {
	who, err := p.query()
	if err != nil {
		return nil, 0, nil, err
	}
	cfg, err := config.LoadOnly(os.Getenv, "DATABASE_URL")
	if err != nil {
		return nil, 0, nil, err
	}
	store, err := postgres.Open(ctx, cfg.DatabaseURL.Reveal(), 2)
	if err != nil {
		return nil, 0, nil, err
	}
	desk := &activities.PrivacyDesk{Store: store, Grace: cfg.Booking.LatePaymentGrace, Now: time.Now}
	id, err := desk.Find(ctx, who)
	if err != nil {
		store.Close()
		return nil, 0, nil, err
	}
	return desk, id, store.Close, nil
}

func (p personChoice) query() (postgres.PersonQuery, error) {
	who := postgres.PersonQuery{ID: *p.id, Email: strings.TrimSpace(*p.email)}
	given := 0
	for _, isGiven := range []bool{*p.id != 0, *p.phone != "", *p.email != "", *p.code != ""} {
		if isGiven {
			given++
		}
	}
	if given != 1 {
		return who, errors.New("name the guest by one of --phone, --email, --id and --code")
	}
	if *p.phone != "" {
		phone, err := whatsapp.CanonicalPhone(*p.phone)
		if err != nil {
			return who, errors.New("--phone: want a number with its country code, such as +54 9 294 412-3456")
		}
		who.Phone = phone
	}
	if *p.code != "" {
		who.Code = booking.NormalizeCode(*p.code)
		if !booking.ValidCode(who.Code) {
			return who, errors.New("--code: want a reservation code such as RES261120A1B2C3")
		}
	}
	return who, nil
}
