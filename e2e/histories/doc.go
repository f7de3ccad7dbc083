// Package histories plays random lives of payments against the ledger and the booking workflows, and checks after each that the
// money adds up.
//
// A history is drawn by rapid: a hold, and what happens to it over days: payments that are approved, rejected, reviewed, repeated,
// refunded in the provider's panel and disputed; notifications dropped, repeated, late and out of order; outages; the nights sold to
// somebody else; cancellations. The workflows are the real ones in Temporal's test environment, which skips time; the activities,
// Postgres and the payment client are the real ones too, and the provider is the sandbox on the same skipped clock.
//
//	go test ./e2e/histories                        a few hundred histories
//	go test ./e2e/histories -rapid.checks=5000     10,000: two tills play side by side; `make test` does so with a fixed seed
//	go test ./e2e/histories -rapid.seed=N          the one that failed
package histories
