package workflows

// Types of application errors as they stand in histories. All but ErrorRateLimited are final: retrying cannot help.
const (
	ErrorRefused          = "Refused"          // a booking rule says no; the detail is the booking.Code
	ErrorDatesTaken       = "DatesTaken"       // the nights are sold
	ErrorNotFound         = "NotFound"         // no such row or provider object
	ErrorInvalidInput     = "InvalidInput"     // our own call was malformed
	ErrorPaymentRejected  = "PaymentRejected"  // the provider refuses the refund or link for good
	ErrorWindowClosed     = "WindowClosed"     // WhatsApp's 24 h window, and no template fits
	ErrorRecipientBlocked = "RecipientBlocked" // this guest cannot be reached on WhatsApp
	ErrorAuthFailed       = "AuthFailed"       // a provider does not accept our credentials
	ErrorRateLimited      = "RateLimited"      // retried after the delay the provider asks for
)
