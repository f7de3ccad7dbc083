// Package e2e holds the whole-system tests. They build the real program, run `cabanas dev` with its own Postgres, Redis and
// Temporal, and speak to it as the world does: guests on the sandbox's WhatsApp, payers on its Mercado Pago, browsers on the
// HTTP API. What became of it is looked up in the database, on the guests' phones and in Temporal, and `cabanas audit` has the
// last word. Processes are killed for real.
//
// CABANAS_BIN names a program to test instead of one built from the source.
package e2e
