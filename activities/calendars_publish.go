package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"cabanas/booking"
	"cabanas/store/postgres"
)

// exportPath is where the API serves our calendars.
const exportPath = "api/v1/ical/export"

// MakeExport makes the address of our calendar for a channel, or a new one: the old one is dead at once. The address is a secret
// and cannot be read again.
func (d *CalendarDesk) MakeExport(ctx context.Context, accommodationID int64, channel booking.Channel, by postgres.Author) (postgres.Export, string, error) {
	place, err := d.Store.Accommodation(ctx, accommodationID)
	if err != nil {
		return postgres.Export{}, "", err
	}
	token, hash := NewExportToken()
	export, err := d.Store.RotateExport(ctx, accommodationID, channel, hash, by, d.Calendars.Now())
	if err != nil {
		return export, "", err
	}
	export.UnitName = place.Name
	return export, d.BaseURL.JoinPath(exportPath, label(accommodationID), token+".ics").String(), nil
}

// Exports lists exports by id after one, of an accommodation or all with 0.
func (d *CalendarDesk) Exports(ctx context.Context, filter postgres.FeedFilter, after int64, most int) ([]postgres.Export, error) {
	exports, err := d.Store.Exports(ctx, filter.AccommodationID)
	if err != nil {
		return nil, err
	}
	exports = slices.DeleteFunc(exports, func(x postgres.Export) bool {
		return x.ID <= after || filter.Channel != "" && x.Channel != filter.Channel
	})
	slices.SortFunc(exports, func(a, b postgres.Export) int { return int(a.ID - b.ID) })
	return exports[:min(most, len(exports))], nil
}

// EndExport ends the address of an export, and with it what is known of its pulls.
func (d *CalendarDesk) EndExport(ctx context.Context, id int64, by postgres.Author) error {
	return d.Store.EndExport(ctx, id, by, d.Calendars.Now())
}

// Published is our calendar for one channel.
type Published struct {
	ExportID int64
	Channel  booking.Channel
	Body     []byte
	// ETag is quoted, and another one whenever the body is. ChangedAt is no earlier than the last change of the body.
	ETag      string
	ChangedAt time.Time
	// ReadAt is when it was true: what changed later is not in it.
	ReadAt time.Time
}

// Publish writes our calendar for whoever has the token; a wrong one is [booking.CodeNotFound], whatever is wrong with it.
func (d *CalendarDesk) Publish(ctx context.Context, accommodationID int64, token string) (Published, error) {
	published := Published{ReadAt: d.Calendars.Now()}
	export, body, err := d.Calendars.Export(ctx, accommodationID, token)
	if err != nil {
		return published, err
	}
	property, err := d.Store.Property(ctx)
	if err != nil {
		return published, err
	}
	changed, err := d.Store.ExportChangedAt(ctx, accommodationID)
	if err != nil {
		return published, err
	}
	digest := sha256.Sum256(body)
	published.ExportID, published.Channel, published.Body = export.ID, export.Channel, body
	published.ETag = fmt.Sprintf("%q", hex.EncodeToString(digest[:16]))
	// Every midnight something may fall out of what is published.
	midnight := booking.DateIn(published.ReadAt, property.Location).At(0, 0, property.Location)
	for _, at := range []time.Time{changed, export.CreatedAt, export.RotatedAt, midnight} {
		if at.After(published.ChangedAt) {
			published.ChangedAt = at
		}
	}
	return published, nil
}

// RecordPull notes that a channel has what was published. Who only looks, such as a browser, is noted and does not count.
func (d *CalendarDesk) RecordPull(ctx context.Context, published Published, userAgent string) error {
	agent := pullerOf(userAgent)
	return d.Store.RecordPull(ctx, published.ExportID, agent, countsFor(published.Channel, agent), published.ReadAt)
}

// Pullers that are no channel of ours.
const (
	pullerExpedia = "expedia"
	pullerGoogle  = "google"
	pullerBrowser = "browser"
	pullerTool    = "tool"
)

// pullers are the signs of clients, the first that is found decides. Importers of channels name themselves; what nobody knows may be
// an importer too.
var pullers = []struct{ sign, is string }{
	{"airbnb", string(booking.ChannelAirbnb)},
	{"booking.com", string(booking.ChannelBooking)},
	{"vrbo", "vrbo"}, {"homeaway", "vrbo"}, {"abritel", "vrbo"},
	{"expedia", pullerExpedia},
	{"google-calendar", pullerGoogle},
	{"curl/", pullerTool}, {"wget/", pullerTool}, {"httpie/", pullerTool}, {"postmanruntime/", pullerTool}, {"insomnia/", pullerTool},
	{"compatible;", ""}, // programs that dress up as a browser and say so
	{"mozilla/", pullerBrowser},
}

// pullerOf is what a client looks like, a word of ours; "" when it looks like nothing known.
func pullerOf(userAgent string) string {
	userAgent = strings.ToLower(userAgent)
	for _, p := range pullers {
		if strings.Contains(userAgent, p.sign) {
			return p.is
		}
	}
	return ""
}

// countsFor is the channel that learned something from a pull, "" when none did: the token says who should be asking, the client
// who does. Vrbo belongs to Expedia, and "other" may be anybody.
func countsFor(channel booking.Channel, agent string) booking.Channel {
	switch {
	case agent == pullerBrowser || agent == pullerTool:
		return ""
	case agent == "" || agent == string(channel) || channel == booking.ChannelOther || agent == pullerExpedia && channel == "vrbo":
		return channel
	}
	return ""
}
