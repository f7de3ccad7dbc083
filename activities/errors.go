package activities

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"

	"cabanas/booking"
	"cabanas/gateways/mercadopago"
	"cabanas/gateways/whatsapp"
	"cabanas/workflows"
)

// asTemporal gives an error the form in which workflows and the retry policy understand it. Anything it does not know stays
// as it is and is retried.
func asTemporal(err error) error {
	if err == nil {
		return nil
	}
	var (
		ready    *temporal.ApplicationError
		refusal  *booking.Error
		sending  *whatsapp.Error
		payments *mercadopago.Error
	)
	switch {
	case errors.As(err, &ready):
		return ready
	case errors.As(err, &refusal):
		if refusal.Code == booking.CodeUnavailable || refusal.Code == booking.CodeInternal {
			return err
		}
		return refusalError(refusal)
	case errors.As(err, &sending):
		return sendingError(sending)
	case errors.As(err, &payments):
		return providerError(payments)
	}
	return err
}

// A refusal is an answer, not a failure: it is final and benign, its code travels as the detail.
func refusalError(refusal *booking.Error) error {
	kind := workflows.ErrorRefused
	switch refusal.Code {
	case booking.CodeDatesTaken:
		kind = workflows.ErrorDatesTaken
	case booking.CodeNotFound:
		kind = workflows.ErrorNotFound
	}
	return temporal.NewApplicationErrorWithOptions(refusal.Message, kind, temporal.ApplicationErrorOptions{
		NonRetryable: true, Category: temporal.ApplicationErrorCategoryBenign, Details: []any{refusal.Code},
	})
}

func sendingError(failure *whatsapp.Error) error {
	switch failure.Reason {
	case whatsapp.ReasonWindowClosed:
		return final(failure, workflows.ErrorWindowClosed)
	case whatsapp.ReasonRecipient:
		return final(failure, workflows.ErrorRecipientBlocked)
	case whatsapp.ReasonMessageInvalid, whatsapp.ReasonTemplate:
		return final(failure, workflows.ErrorInvalidInput)
	case whatsapp.ReasonThroughput, whatsapp.ReasonPairRate:
		return rateLimited(failure, failure.RetryAfter)
	}
	// Account trouble is retried too: an operator renews the token and the messages of the day still go out.
	return failure
}

func providerError(failure *mercadopago.Error) error {
	switch {
	case failure.Reason == mercadopago.ReasonRateLimited:
		return rateLimited(failure, failure.RetryAfter)
	case failure.Reason == mercadopago.ReasonInvalid:
		return final(failure, workflows.ErrorPaymentRejected)
	}
	// Not found is retried: a notification may arrive before the payment can be read. Credentials are retried: an operator mends them.
	return failure
}

func final(cause error, kind string) error {
	return temporal.NewApplicationErrorWithOptions(cause.Error(), kind, temporal.ApplicationErrorOptions{NonRetryable: true})
}

func rateLimited(cause error, after time.Duration) error {
	return temporal.NewApplicationErrorWithOptions(cause.Error(), workflows.ErrorRateLimited,
		temporal.ApplicationErrorOptions{NextRetryDelay: max(after, time.Second)})
}
