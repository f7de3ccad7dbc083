package booking

import (
	"fmt"
	"time"
)

const isoDate = "2006-01-02"

// Date is a civil date: a day of the calendar without hour or time zone. The zero Date is no date.
type Date struct {
	// days since 1970-01-01; kept with set so that the zero value means "no date".
	days int32
	set  bool
}

// NewDate returns the civil date of year, month and day; out-of-range values roll over as in [time.Date].
func NewDate(year int, month time.Month, day int) Date {
	return dateOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// DateIn returns the civil date that a clock in location shows at instant t.
func DateIn(t time.Time, location *time.Location) Date {
	year, month, day := t.In(location).Date()
	return NewDate(year, month, day)
}

// ParseDate reads an ISO date such as 2026-12-20; anything else is an error.
func ParseDate(iso string) (Date, error) {
	t, err := time.Parse(isoDate, iso)
	if err != nil {
		return Date{}, fmt.Errorf("date %q is not of the form YYYY-MM-DD", iso)
	}
	return dateOf(t), nil
}

// MustDate is [ParseDate] for constants; it panics on a malformed date.
func MustDate(iso string) Date {
	d, err := ParseDate(iso)
	if err != nil {
		panic(err)
	}
	return d
}

func dateOf(t time.Time) Date {
	return Date{days: int32(t.Unix() / 86400), set: true}
}

// IsZero reports whether d is no date.
func (d Date) IsZero() bool { return !d.set }

// Time returns midnight UTC of the date, the form in which drivers and formatters take civil dates.
func (d Date) Time() time.Time {
	if !d.set {
		return time.Time{}
	}
	return time.Unix(int64(d.days)*86400, 0).UTC()
}

// At returns the instant at which a clock in location shows hour:minute on this date.
func (d Date) At(hour, minute int, location *time.Location) time.Time {
	year, month, day := d.Time().Date()
	return time.Date(year, month, day, hour, minute, 0, 0, location)
}

// AddDays returns the date n days later (earlier when n is negative).
func (d Date) AddDays(n int) Date { return Date{days: d.days + int32(n), set: true} }

// AddMonths returns the date n calendar months later, rolling over as [time.Time.AddDate] does.
func (d Date) AddMonths(n int) Date { return dateOf(d.Time().AddDate(0, n, 0)) }

// DaysUntil returns the number of days from d to later, negative when later is earlier.
func (d Date) DaysUntil(later Date) int { return int(later.days - d.days) }

// Before reports whether d is earlier than other.
func (d Date) Before(other Date) bool { return d.days < other.days }

// After reports whether d is later than other.
func (d Date) After(other Date) bool { return d.days > other.days }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday { return d.Time().Weekday() }

// String returns the ISO form, or "" for no date.
func (d Date) String() string {
	if !d.set {
		return ""
	}
	return d.Time().Format(isoDate)
}

// MarshalText gives the ISO form; no date is the empty text.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the ISO form; the empty text is no date.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	parsed, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
