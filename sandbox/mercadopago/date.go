package mercadopago

import (
	"encoding/json"
	"errors"
	"regexp"
	"time"
)

// date is an instant that reads only ISO 8601 with milliseconds and a numeric offset, and is written at -04:00, as
// Mercado Pago's own dates are.
type date struct{ time.Time }

const dateLayout = "2006-01-02T15:04:05.000-07:00"

var (
	dateForm   = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}[+-]\d{2}:\d{2}$`)
	ownZone    = time.FixedZone("-04:00", -4*60*60)
	errDate    = errors.New("must be ISO 8601 with milliseconds and offset, such as 2026-12-01T12:00:00.000-04:00")
	searchForm = regexp.MustCompile(`^NOW(?:([+-])(\d+)(DAYS?|MONTHS?|YEARS?|HOURS?|MINUTES?))?$`)
)

func at(t time.Time) *date { return &date{t} }

// MarshalJSON writes 2026-12-01T12:00:00.000-04:00.
func (d date) MarshalJSON() ([]byte, error) {
	return json.Marshal(d.In(ownZone).Format(dateLayout))
}

// UnmarshalJSON refuses every other form, "Z" and missing milliseconds included.
func (d *date) UnmarshalJSON(raw []byte) error {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return errDate
	}
	t, err := parseDate(s)
	if err != nil {
		return err
	}
	d.Time = t
	return nil
}

func parseDate(s string) (time.Time, error) {
	if !dateForm.MatchString(s) {
		return time.Time{}, errDate
	}
	t, err := time.Parse(dateLayout, s)
	if err != nil {
		return time.Time{}, errDate
	}
	return t, nil
}

func (d *date) passed(now time.Time) bool { return d != nil && !now.Before(d.Time) }
