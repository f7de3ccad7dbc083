package activities

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"

	"cabanas/booking"
)

// tokenOf makes the guest's secret and its hash: by chance, or the same ones again for a request that names its attempt.
func tokenOf(request BookRequest) (token string, hash []byte) {
	if len(request.Attempt) == 0 {
		return newToken()
	}
	mac := hmac.New(sha256.New, request.Attempt)
	mac.Write([]byte("the guest's secret"))
	token = base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:tokenBytes])
	return token, hashToken(token)
}

// placedBefore finds the hold that an earlier request of the same attempt placed, whose answer was lost: the process that carried it
// out may have died, or waited too long for a payment link.
func (d *FrontDesk) placedBefore(ctx context.Context, request BookRequest) (Booked, bool) {
	if len(request.Attempt) == 0 {
		return Booked{}, false
	}
	token, hash := tokenOf(request)
	r, err := d.Store.LiveReservationByToken(ctx, request.AccommodationID, request.Stay, hash)
	if booking.IsCode(err, booking.CodeNotFound) {
		return Booked{}, false
	}
	var view ReservationView
	if err == nil {
		view, err = d.view(ctx, r)
	}
	if err != nil {
		slog.WarnContext(ctx, "an earlier hold of the same attempt cannot be looked for", "error", err)
		return Booked{}, false
	}
	return Booked{Code: r.Code, Token: token, Status: r.Status, ExpiresAt: r.ExpiresAt, Stay: r.Stay, Quote: r.Quote, Cancellation: r.Cancellation,
		PaymentURL: view.PaymentURL}, true
}
