package booking

import "time"

// The hours of a business day at the property, in which banks credit transfers and somebody looks at the account.
const (
	businessOpens  = 9
	businessCloses = 18
)

// BusinessDeadline returns the instant at which that many hours of business have gone by since from: Monday to Friday from 9 to
// 18 at the property, without holidays ([IsDayOff]). Hours of zero or less end at from.
func BusinessDeadline(from time.Time, hours int, zone *time.Location) time.Time {
	left := time.Duration(hours) * time.Hour
	if left <= 0 {
		return from
	}
	for day := DateIn(from, zone); ; day = day.AddDays(1) {
		if IsDayOff(day) {
			continue
		}
		opens, closes := day.At(businessOpens, 0, zone), day.At(businessCloses, 0, zone)
		if opens.Before(from) {
			opens = from
		}
		open := closes.Sub(opens)
		if open <= 0 {
			continue
		}
		if left <= open {
			return opens.Add(left)
		}
		left -= open
	}
}
