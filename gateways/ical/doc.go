// Package ical reads and writes the calendars that lodging sites exchange, and fetches them without being led astray.
//
// [Parse] reads what is really published: every event that is not cancelled closes nights, whatever its summary, its language
// or its TRANSP says, because a night sold twice costs more than a night not sold. One bad event becomes a [Problem] and the
// others count; a body that is no whole calendar is an [Error] and gives no events at all, so nobody concludes from it that
// something was cancelled.
//
// Which nights an event closes: a date closes the nights from DTSTART up to DTEND, without DTEND or DURATION the one night. A
// timed event closes the nights of the civil dates in the property's zone from its start to its end: from 15:00 on day A to
// 10:00 on day B is [A, B), 22:00 to 02:00 is the night of its start. One that starts and ends on the same date closes that
// night. An hour before [Daybreak] on its start belongs to the night that began the evening before.
//
// [Fetcher] gets a body from an address that a stranger may have written; [Write] is the other way, our nights for the others
// to read, without anything about guests. The shapes are those of feeds seen between 2020 and 2026; the rules are RFC 5545
// and RFC 7986.
package ical
