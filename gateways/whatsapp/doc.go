// Package whatsapp speaks the WhatsApp Cloud API: it verifies and reads webhooks, builds messages within Meta's limits,
// sends them, and names every failure with a closed set of reasons.
//
// Incoming: [VerifySubscription] and [VerifySignature] guard the door, [ParseWebhook] turns one delivery, which may batch
// many, into [Inbound] messages, delivery [Status] changes and platform errors. Reading is lenient: what Meta adds or
// breaks tomorrow becomes [KindUnsupported] or a [Skipped] entry, never a lost batch.
//
// Outgoing: [Text], [Buttons], [List], [CTAURL], [Image], [Location] and [Template] make a [Message], [Message.Fit] cuts its
// texts to the limits, [Message.Validate] checks it, [Client.Send] posts it. The API has no idempotency key, so an
// [Error] says whether the message was certainly not sent or may have been ([ReasonAmbiguous]).
//
// People write phone numbers in many ways and WhatsApp itself knows one Argentine mobile by two ids: [CanonicalPhone] and
// [CanonicalWaID] give the one form to match customers on.
//
// The shapes, limits and codes are those of Meta's public documentation, state of November 2026.
package whatsapp
