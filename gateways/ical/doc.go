// Package ical reads and writes the calendars that lodging sites exchange, and fetches them without being led astray.
//
// [Parse] reads what is really published: every event that is not cancelled closes nights, whatever its summary, its language
// or its TRANSP says, because a night sold twice costs more than a night not sold. One bad event becomes a [Problem] and the
// others count; a body that is no whole calendar is an [Error] and gives no events at all, so nobody concludes from it that
// something was cancelled.
//
// Which nights an event closes: a date closes the nights from DTSTART up to DTEND, without DTEND or DURATION the one night. A
// timed event closes the nights that it touches on the clock of the property, where the night of a date is from its [Dusk] to
// [Daybreak] of the next: from 15:00 on day A to 10:00 on day B is [A, B), 22:00 to 02:00 is one night, and an end at 23:00
// is in one more. What touches no night, such as 10:00 to 12:00, closes the night of its date. A start at midnight sharp means
// the date, because that is how whole days are written.
//
// [Fetcher] gets a body from an address that a stranger may have written; [Write] is the other way, our nights for the others
// to read, without anything about guests. The shapes are those of feeds seen between 2020 and 2026; the rules are RFC 5545
// and RFC 7986.
package ical
