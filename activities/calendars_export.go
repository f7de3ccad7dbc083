package activities

import (
	"context"
	"fmt"
	"time"

	"cabanas/booking"
	"cabanas/gateways/ical"
	"cabanas/store/postgres"
)

const (
	// exportedPast is how much of the past is published: a channel that lost its copy needs the stays of these days.
	exportedPast = 7 // days
	// exportRefresh is how often other channels are asked to come back.
	exportRefresh = 15 * time.Minute
	exportProdID  = "-//Cabanas//Reservations//ES"
	exportSummary = "Reservado"
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
	for _, row := range rows {
		calendar.Events = append(calendar.Events, ical.ExportEvent{
			UID: c.exportUID(accommodationID, row), Summary: exportSummary, Start: row.Nights.CheckIn, End: row.Nights.CheckOut,
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

// Unfetched tells which channels have not fetched our calendar since an instant: what changed then they cannot know yet.
func (c *Calendars) Unfetched(pulls map[booking.Channel]time.Time) []booking.Channel {
	var channels []booking.Channel
	for _, channel := range FeedChannels {
		if at, published := pulls[channel]; published && at.IsZero() {
			channels = append(channels, channel)
		}
	}
	return channels
}
