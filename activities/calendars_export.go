package activities

import (
	"context"
	"fmt"
	"time"

	"cabanas/gateways/ical"
	"cabanas/store/postgres"
)

const (
	// exportedPast is how much of the past is published: a channel that lost its copy needs the stays of these days.
	exportedPast = 7 // days
	// exportedAhead is how far ahead nights are published; no channel sells further.
	exportedAhead = 36 // months
	// exportRefresh is how often other channels are asked to come back.
	exportRefresh = 15 * time.Minute
	exportProdID  = "-//Cabanas//Reservations//ES"
	// What people see who open the calendar: that somebody comes, or that the nights are closed.
	exportReserved = "Reservado"
	exportClosed   = "No disponible"
)

// Export finds what the token opens and writes our calendar for its channel: no guest, only nights. A wrong token is not
// found. The caller records the pull with the id of the export.
func (c *Calendars) Export(ctx context.Context, accommodationID int64, token string) (postgres.Export, []byte, error) {
	export, err := c.Store.Export(ctx, accommodationID, HashExportToken(token))
	if err != nil {
		return export, nil, err
	}
	today, err := c.today(ctx)
	if err != nil {
		return export, nil, err
	}
	rows, err := c.Store.ExportRows(ctx, accommodationID, export.Channel, today.AddDays(-exportedPast), c.ExportHolds)
	if err != nil {
		return export, nil, err
	}
	calendar := ical.Calendar{Name: export.UnitName, ProdID: exportProdID, Refresh: exportRefresh}
	horizon := today.AddMonths(exportedAhead)
	for _, row := range rows {
		if !row.Nights.CheckIn.Before(horizon) {
			continue
		}
		summary := exportClosed
		if row.Source == "reservation" {
			summary = exportReserved
		}
		calendar.Events = append(calendar.Events, ical.ExportEvent{
			UID: c.exportUID(accommodationID, row), Summary: summary, Start: row.Nights.CheckIn, End: row.Nights.CheckOut,
			Stamp: row.UpdatedAt, Sequence: row.Sequence,
		})
	}
	return export, ical.Write(calendar), nil
}

// NewExportToken makes the secret of an export address; only its hash is kept.
func NewExportToken() (token string, hash []byte) { return newToken() }

// HashExportToken is the form in which a token is kept.
func HashExportToken(token string) []byte { return hashToken(token) }

// exportUID is the same for a reservation or block whatever happens to its nights.
func (c *Calendars) exportUID(accommodationID int64, row postgres.ExportRow) string {
	return row.Source + "-" + row.ID + c.ownSuffix(accommodationID)
}

// ownSuffix ends every UID that we publish of an accommodation, and no other.
func (c *Calendars) ownSuffix(accommodationID int64) string {
	return fmt.Sprintf("-%d@%s", accommodationID, c.Domain)
}
