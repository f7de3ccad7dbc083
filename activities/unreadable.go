package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"

	"cabanas/gateways/mercadopago"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// unreadablePrefix begins the names of search results that are no payments. They go the way of payment ids to the workflow
// that tells the owner.
const unreadablePrefix = "unreadable-"

// unreadableName is the same for the same result, so that it is one case however often it is found.
func unreadableName(raw json.RawMessage) string {
	sum := sha256.Sum256(raw)
	return unreadablePrefix + hex.EncodeToString(sum[:8])
}

func isUnreadableName(paymentID string) bool { return strings.HasPrefix(paymentID, unreadablePrefix) }

// brokenResults are the results of a search that are no payments. A whole page that cannot be read is the provider's trouble of
// the moment and none of them.
func brokenResults(err error) []*mercadopago.UnreadableError {
	failure, ok := errors.AsType[*mercadopago.Error](err)
	if !ok || failure.Reason != mercadopago.ReasonUnreadable {
		return nil
	}
	if _, results := failure.Cause.(interface{ Unwrap() []error }); !results {
		return nil
	}
	return mercadopago.Unreadable(err)
}

// park puts aside what the provider gave in the place of a payment; without raw it is what was put aside before.
func (a *Payments) park(ctx context.Context, paymentID, code string, raw json.RawMessage, asker string) (workflows.Settlement, error) {
	parked, err := a.Store.Park(ctx, postgres.UnreadablePayment{ProviderID: paymentID, Reference: code, Raw: withoutPayer(raw), Asker: asker}, a.Now())
	if err != nil {
		return workflows.Settlement{}, asTemporal(err)
	}
	if parked.News && len(raw) > 0 {
		a.Metrics.PaymentsSettled.WithLabelValues(string(parked.Verdict)).Inc()
		slog.ErrorContext(ctx, "payment cannot be read and is parked", "payment_id", paymentID, "code", parked.Code)
	}
	return workflows.Settlement{PaymentID: parked.PaymentID, Code: parked.Code, Verdict: parked.Verdict, Status: parked.Status, News: parked.News}, nil
}

// personal names the parts of a payment that are about who paid; the ledger keeps the rest for disputes.
var personal = []string{"payer", "card", "additional_info", "shipping_address", "point_of_interaction"}

// withoutPayer leaves out what is personal, however deep it is.
func withoutPayer(raw json.RawMessage) json.RawMessage {
	var list []json.RawMessage
	var fields map[string]json.RawMessage
	kept, err := []byte(raw), error(nil)
	switch {
	case json.Unmarshal(raw, &list) == nil && list != nil:
		for i := range list {
			list[i] = withoutPayer(list[i])
		}
		kept, err = json.Marshal(list)
	case json.Unmarshal(raw, &fields) == nil && fields != nil:
		for _, name := range personal {
			delete(fields, name)
		}
		for name := range fields {
			fields[name] = withoutPayer(fields[name])
		}
		kept, err = json.Marshal(fields)
	}
	if err != nil {
		return nil
	}
	return kept
}
