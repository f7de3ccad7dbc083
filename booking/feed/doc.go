// Package feed decides what the calendar of another channel means for our nights.
//
// A channel publishes a list of events and nothing else: no word about what was cancelled, moved, or is only our own booking
// coming back. [Reconcile] compares what a good fetch holds with what we remember and gives a [Plan] to write down. What is
// decided and why is in docs/adr/0024-what-a-feed-means.md.
//
// It is pure: no clock, no database, and only good fetches may come here. An error, an unchanged answer to a conditional
// request, an empty, truncated or unreadable body says nothing about any event.
package feed
