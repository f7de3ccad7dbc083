// Package activities does what workflows and the HTTP edge ask for: database changes, messages, payments, turns of a
// conversation. One struct per concern, with the outside world as small interfaces in its fields; package worker and
// cmd/cabanas fill them in.
//
// Every activity may run more than once. What it does has a key (<reservation code>/<step>, <message id>/<n>), and done
// again it does nothing. Errors that retrying cannot mend become final Temporal errors in errors.go, nowhere else.
package activities
