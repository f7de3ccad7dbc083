// Package calendars plays seasons of a cabin that is sold here and at other channels, with the real parts between: Postgres, the
// activities that fetch and apply feeds, our export over HTTP, and the sandbox's channels, which publish, import and misbehave. Only
// the clock is ours, so a hundred days pass in seconds. The truth of every channel is what was sold there; what our calendar, the
// channels' imports and the audit say is compared with it.
package calendars
