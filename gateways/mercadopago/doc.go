// Package mercadopago speaks Mercado Pago's Checkout Pro: it creates payment links (preferences), reads payments, makes
// refunds, and verifies and reads notifications.
//
// A notification ([VerifySignature], [ParseNotification]) is a hint that something changed, never a fact: fetch the payment
// with [Client.Payment] and decide on what that says. Notifications get lost, so payments are also to be found with
// [Client.SearchPayments], and with [Client.PaymentsUpdated] over the whole account. A search lags: what it does not find may
// be there.
//
// Reading is lenient: nulls, masked values, unknown statuses and amounts that are no centavos never fail a payment, they
// are visible in it ([Payment.AmountError], [Payment.RefundsError], booking.ProviderUnknown); what is no payment at all is kept
// in an [UnreadableError]. Amounts cross the wire as decimal text and never pass through a float. Every write carries an
// idempotency key of the caller, made of what the call is about and never of chance, so every [Error] that is retryable may be
// repeated with the same key.
//
// The shapes, codes and rules are those of Mercado Pago's public documentation and SDKs, state of November 2026.
package mercadopago
