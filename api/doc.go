// Package api is the HTTP edge: typed routes with their OpenAPI description, webhooks, health and metrics.
//
// It holds no business rules. What it asks for is in ports.go; what it answers in wire.go; every refusal becomes an
// application/problem+json (RFC 9457) in problem.go, whose code is part of the contract with clients.
//
// Choices a client should know:
//   - Bodies are JSON of at most 64 KiB (webhooks: 3 MiB). Unknown fields are refused with 422 and named, so that a misspelt
//     optional field is not lost in silence.
//   - 400 means that the body is no JSON, and says at which line and column; 422 means that a value breaks a rule.
//   - Money is {"amount":"15000.00","currency":"ARS"}, dates are YYYY-MM-DD, instants RFC 3339 in UTC.
//   - POST /reservations with an Idempotency-Key answers the same key and request with the hold that the first one placed, for
//     48 hours; with another request it refuses. Only holds are kept: after a refusal or a fault nothing has happened, and the
//     same key may be tried again.
//   - X-Trace-ID is taken over when it is 1 to 64 letters, digits and hyphens, and is in every answer.
package api
