package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/internal/accounts"
	"cabanas/store/postgres"
)

// PropertyDesk is where the owner sets what holds for the whole property; *activities.PropertyDesk is one. Its refusals are
// [booking.Error].
type PropertyDesk interface {
	Property(ctx context.Context) (activities.PropertyTerms, error)
	Change(ctx context.Context, by postgres.Author, change booking.PropertyChange) (activities.PropertyTerms, error)
}

func addProperty(s staff, o *Options) {
	if o.Property == nil {
		return
	}
	routes := propertyRoutes{o}
	op := func(id, method, summary, description string, errors ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: prefix + "/admin/property", Tags: []string{"Property"},
			Summary: summary, Description: description, Errors: errors}
	}
	staffRoute(s, accounts.ReadOnly, op("get-property", http.MethodGet, "What holds for the whole property",
		"House times, deposit, balance and transfers. The cancellation policy has a path of its own."), routes.get)
	staffRoute(s, accounts.Owner, op("change-property", http.MethodPatch, "Change what holds for the property",
		"Only what is given changes, for bookings and questions from now on: what is held or confirmed keeps its price and deposit.",
		http.StatusUnprocessableEntity), routes.change)
}

type propertyRoutes struct{ *Options }

type property struct {
	Name              string `json:"name"`
	TimeZone          string `json:"time_zone" example:"America/Argentina/Buenos_Aires" doc:"Cannot be changed here."`
	CheckInTime       string `json:"check_in_time" example:"14:00"`
	CheckOutTime      string `json:"check_out_time" example:"10:00"`
	DepositPercent    int    `json:"deposit_percent" doc:"Asked where there is no fixed sum."`
	DepositSetBy      string `json:"deposit_percent_set_by" enum:"owner,installation" doc:"installation is the setting DEPOSIT_PERCENT."`
	DepositFixed      *money `json:"deposit_fixed" doc:"Asked instead of the percentage; null asks for the percentage."`
	BalanceMode       string `json:"balance_mode" enum:"on_arrival,link"`
	BalanceDaysBefore int    `json:"balance_days_before" doc:"With link: how many days before the arrival the balance is asked for."`
	TransferDetails   string `json:"transfer_details" doc:"As guests are shown them; empty takes no transfers."`
	TransferHoldHours int    `json:"transfer_hold_hours" doc:"Of business days, to transfer the deposit."`
}

func propertyOf(p activities.PropertyTerms) property {
	answer := property{
		Name: p.Name, TimeZone: p.Location.String(), CheckInTime: timeOfDay(p.CheckInTime), CheckOutTime: timeOfDay(p.CheckOutTime),
		DepositPercent: p.DepositPercent, DepositSetBy: "installation",
		BalanceMode: string(p.Payments.BalanceMode), BalanceDaysBefore: p.Payments.BalanceDays,
		TransferDetails: p.Payments.TransferDetails, TransferHoldHours: p.Payments.TransferHours,
	}
	if p.OwnDeposit {
		answer.DepositSetBy = "owner"
	}
	if p.DepositFixed.Centavos > 0 {
		answer.DepositFixed = new(moneyOf(p.DepositFixed))
	}
	return answer
}

type propertyOutput struct{ Body property }

func (r propertyRoutes) get(ctx context.Context, _ *struct{}) (*propertyOutput, error) {
	found, err := r.Property.Property(ctx)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "read property", err)
	}
	return &propertyOutput{Body: propertyOf(found)}, nil
}

type changePropertyInput struct {
	Body struct {
		Name              *string `json:"name,omitempty" minLength:"1" maxLength:"60"`
		CheckInTime       *string `json:"check_in_time,omitempty" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" example:"14:00" doc:"Not before check_out_time."`
		CheckOutTime      *string `json:"check_out_time,omitempty" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" example:"10:00"`
		DepositPercent    *int    `json:"deposit_percent,omitempty" minimum:"0" maximum:"100" doc:"0 takes the setting of the installation again."`
		DepositFixed      *sum    `json:"deposit_fixed,omitempty" doc:"A whole amount in the property's currency; 0 asks for the percentage again."`
		BalanceMode       *string `json:"balance_mode,omitempty" enum:"on_arrival,link"`
		BalanceDaysBefore *int    `json:"balance_days_before,omitempty" minimum:"1" maximum:"90"`
		TransferDetails   *string `json:"transfer_details,omitempty" maxLength:"500" doc:"Bank, alias and holder; several lines are fine. Empty takes no transfers."`
		TransferHoldHours *int    `json:"transfer_hold_hours,omitempty" minimum:"1" maximum:"120"`
	}
}

func (r propertyRoutes) change(ctx context.Context, in *changePropertyInput) (*propertyOutput, error) {
	b := in.Body
	change := booking.PropertyChange{
		Name: b.Name, CheckInTime: minutesOf(b.CheckInTime), CheckOutTime: minutesOf(b.CheckOutTime), DepositPercent: b.DepositPercent,
		BalanceMode: (*booking.BalanceMode)(b.BalanceMode), BalanceDays: b.BalanceDaysBefore,
		TransferDetails: b.TransferDetails, TransferHours: b.TransferHoldHours,
	}
	if b.DepositFixed != nil {
		amount, err := b.DepositFixed.money()
		if err != nil {
			return nil, invalidField(ctx, "body", "deposit_fixed", "expected a whole amount, or 0 for none")
		}
		change.DepositFixed = &amount
	}
	changed, err := r.Property.Change(ctx, authorOf(ctx), change)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "change property", err)
	}
	return &propertyOutput{Body: propertyOf(changed)}, nil
}

func timeOfDay(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }

// minutesOf reads what the pattern let in.
func minutesOf(clock *string) *int {
	if clock == nil {
		return nil
	}
	at, err := time.Parse("15:04", *clock)
	if err != nil {
		return new(-1) // refused by the rules of the property
	}
	return new(at.Hour()*60 + at.Minute())
}
