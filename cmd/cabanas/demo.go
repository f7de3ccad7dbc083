package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"cabanas/booking"
	"cabanas/internal/config"
	"cabanas/internal/supervisor"
	"cabanas/sandbox/control"
	"cabanas/sandbox/guest"
)

const (
	demoGuests = 4
	// demoPatience bounds the whole conversation; it takes about a second.
	demoPatience = time.Minute
)

// runDemo starts everything and plays one guest over the real HTTP doors, from the first message to the confirmed booking.
func runDemo(ctx context.Context, args []string) error {
	set := flags("demo")
	exit := set.Bool("exit", false, "end after the conversation; status 0 only if it was confirmed and the audit is clean")
	options := supervisorFlags(set)
	if err := set.Parse(args); err != nil {
		return err
	}
	options.Quiet = true
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	running, err := supervisor.Start(ctx, *options)
	if err != nil {
		return err
	}
	err = playDemo(ctx, running.Info())
	if *exit || err != nil {
		stop()
		return errors.Join(err, running.Wait())
	}
	running.PrintBanner()
	return running.Wait()
}

func playDemo(ctx context.Context, info supervisor.DevInfo) error {
	if info.SandboxURL == "" {
		return errors.New("the demo plays a guest on the sandbox; unset the WhatsApp and Mercado Pago settings")
	}
	ctx, cancel := context.WithTimeout(ctx, demoPatience)
	defer cancel()
	stay, err := freeWeekend(ctx, info.APIURL)
	if err != nil {
		return err
	}
	lucia := &guest.Guest{Control: control.NewClient(info.SandboxURL, nil), Number: "5491155550101", Name: "Lucía", Watch: printMessage}
	started := time.Now()
	hold, err := askAndHold(ctx, lucia, stay)
	if err != nil {
		return err
	}
	if err := payAndConfirm(ctx, lucia, hold); err != nil {
		return err
	}
	fmt.Printf("\nBooking %s confirmed %.2f s after the first message.\n", hold.Code, time.Since(started).Seconds())
	return auditDemo(ctx, info)
}

func askAndHold(ctx context.Context, lucia *guest.Guest, stay booking.Stay) (guest.Hold, error) {
	if err := lucia.Arrive(ctx); err != nil {
		return guest.Hold{}, err
	}
	question := fmt.Sprintf("Hola! Tenés algo libre del %s al %s para %d personas?",
		stay.CheckIn.Time().Format("2/1"), stay.CheckOut.Time().Format("2/1"), demoGuests)
	if err := lucia.Say(ctx, question); err != nil {
		return guest.Hold{}, err
	}
	return lucia.Book(ctx)
}

func payAndConfirm(ctx context.Context, lucia *guest.Guest, hold guest.Hold) error {
	payment, err := lucia.Pay(ctx, hold, "")
	if err != nil {
		return err
	}
	fmt.Printf("         Mercado Pago  payment %d of %s %s, %s\n", payment.ID, payment.Amount, payment.Currency, payment.Status)
	_, err = lucia.Await(ctx, guest.Notice(hold.Code, "confirmed"))
	return err
}

// freeWeekend finds the next weekend with a free cabin, so that the demo can be played again on the same database.
func freeWeekend(ctx context.Context, apiURL string) (booking.Stay, error) {
	var list struct {
		Items []struct {
			ID       int64 `json:"id"`
			Capacity int   `json:"capacity"`
		} `json:"items"`
	}
	if err := get(ctx, apiURL+"/api/v1/accommodations", &list); err != nil {
		return booking.Stay{}, err
	}
	friday := booking.DateIn(time.Now(), time.Local).AddDays(14)
	for friday.Weekday() != time.Friday {
		friday = friday.AddDays(1)
	}
	for range 52 {
		for _, place := range list.Items {
			if place.Capacity < demoGuests {
				continue
			}
			var answer struct{ Available bool }
			err := get(ctx, fmt.Sprintf("%s/api/v1/accommodations/%d/availability?check_in=%s&check_out=%s&guests=%d",
				apiURL, place.ID, friday, friday.AddDays(2), demoGuests), &answer)
			if err != nil {
				return booking.Stay{}, err
			}
			if answer.Available {
				return booking.NewStay(friday, friday.AddDays(2))
			}
		}
		friday = friday.AddDays(7)
	}
	return booking.Stay{}, fmt.Errorf("no cabin for %d is free on any weekend of the coming year; start over with --reset", demoGuests)
}

// demoClient is patient with a machine that has just started everything.
var demoClient = &http.Client{Timeout: time.Minute}

func get(ctx context.Context, url string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := demoClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", request.URL.Path, response.Status)
	}
	return json.NewDecoder(response.Body).Decode(into)
}

func auditDemo(ctx context.Context, info supervisor.DevInfo) error {
	cfg, err := config.LoadOnly(func(name string) string {
		switch name {
		case "DATABASE_URL":
			return info.DatabaseURL
		case "TEMPORAL_ADDRESS":
			return info.TemporalAddress
		}
		return os.Getenv(name)
	}, "DATABASE_URL", "TEMPORAL_ADDRESS")
	if err != nil {
		return err
	}
	report, err := audit(ctx, cfg)
	if err != nil {
		return err
	}
	if err := printAudit(os.Stdout, report); err != nil {
		return err
	}
	if !report.OK {
		return exitError(1)
	}
	return nil
}

// printMessage shows one message as on a phone, the guest's on the left, with the time since the one before it.
func printMessage(m control.Message, took time.Duration) {
	who := "Cabañas"
	if m.Direction == "in" {
		who = "Lucía"
	}
	lines := strings.Split(strings.TrimSpace(m.Text), "\n")
	fmt.Printf("%6.2f s  %-8s  %s\n", took.Seconds(), who, lines[0])
	for _, line := range lines[1:] {
		fmt.Printf("%19s %s\n", "", line)
	}
	for _, choice := range append(m.Buttons, m.List.Rows()...) {
		fmt.Printf("%19s  [%s] %s\n", "", choice.Title, choice.Description)
	}
	if m.CTA != nil {
		fmt.Printf("%19s  [%s] %s\n", "", m.CTA.Text, m.CTA.URL)
	}
}
