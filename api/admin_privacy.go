package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"cabanas/activities"
	"cabanas/internal/accounts"
	"cabanas/store/postgres"
)

// PrivacyDesk is where the owner carries out what a guest asks about their own data; *activities.PrivacyDesk is one. Its refusals
// are [booking.Error].
type PrivacyDesk interface {
	Export(ctx context.Context, by postgres.Author, guestID int64) (activities.GuestExport, error)
	Erase(ctx context.Context, by postgres.Author, guestID int64, dryRun bool) (postgres.Erased, error)
}

func addPrivacy(s staff, o *Options) {
	if o.Privacy == nil {
		return
	}
	routes := privacyRoutes{o}
	op := func(id, method, what, summary, description string, errors ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: prefix + "/admin/guests/{id}/" + what, Tags: []string{"Privacy"},
			Summary: summary, Description: description, Errors: append(errors, http.StatusNotFound, http.StatusUnprocessableEntity)}
	}
	staffRoute(s, accounts.Owner, op("export-guest", http.MethodGet, "export", "Everything that is kept about a guest",
		"For a guest who asks (law 25.326, article 14). That it was read is in the audit log."), routes.export)
	staffRoute(s, accounts.Owner, op("erase-guest", http.MethodPost, "erase", "Forget a guest",
		"For a guest who asks (law 25.326, article 16). Nights and money stay, without a name. Refused while a booking lives, money is "+
			"on its way back or a late payment may still come. May be repeated.", http.StatusConflict), routes.erase)
}

type privacyRoutes struct{ *Options }

type exportGuestInput struct {
	ID int64 `path:"id" minimum:"1" example:"42" doc:"The guest's id, as in conversations and reservations."`
}

type guestExportOutput struct {
	Disposition string `header:"Content-Disposition"`
	Body        struct {
		GuestID     int64                      `json:"guest_id"`
		ExportedAt  time.Time                  `json:"exported_at"`
		About       string                     `json:"about" doc:"What this is, for the guest."`
		Data        map[string]json.RawMessage `json:"data" doc:"The rows of each table that speaks of the guest."`
		NotIncluded map[string]string          `json:"not_included" doc:"What is kept elsewhere, with the reason."`
	}
}

func (r privacyRoutes) export(ctx context.Context, in *exportGuestInput) (*guestExportOutput, error) {
	export, err := r.Privacy.Export(ctx, authorOf(ctx), in.ID)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "export guest", err)
	}
	out := &guestExportOutput{Disposition: `attachment; filename="guest.json"`}
	out.Body.GuestID, out.Body.ExportedAt, out.Body.About = export.GuestID, export.ExportedAt, export.About
	out.Body.Data, out.Body.NotIncluded = export.Data, export.NotIncluded
	return out, nil
}

type eraseGuestInput struct {
	ID   int64 `path:"id" minimum:"1" example:"42" doc:"The guest's id, as in conversations and reservations."`
	Body struct {
		DryRun bool `json:"dry_run,omitempty" doc:"Count what would be forgotten and change nothing."`
	}
}

type eraseGuestOutput struct {
	Body struct {
		GuestID         int64            `json:"guest_id"`
		DryRun          bool             `json:"dry_run"`
		Rows            map[string]int64 `json:"rows" doc:"What was forgotten, or would be, in rows; empty when nothing was left."`
		WaitingWebhooks int64            `json:"waiting_webhooks" doc:"Deliveries of the guest that still have to be handed on: erase again afterwards."`
	}
}

func (r privacyRoutes) erase(ctx context.Context, in *eraseGuestInput) (*eraseGuestOutput, error) {
	erased, err := r.Privacy.Erase(ctx, authorOf(ctx), in.ID, in.Body.DryRun)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "erase guest", err)
	}
	out := &eraseGuestOutput{}
	out.Body.GuestID, out.Body.DryRun, out.Body.Rows, out.Body.WaitingWebhooks = erased.GuestID, in.Body.DryRun, erased.Rows, erased.WaitingWebhooks
	return out, nil
}
