package activities

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"time"

	"cabanas/booking"
)

// TooManyHoldsError refuses a hold because its guest or its client has as many unpaid ones as allowed; it has the code
// [booking.CodeTooManyHolds].
type TooManyHoldsError struct {
	// Wait is until the first of them ends, unless it is extended; 0 when nothing is known.
	Wait  time.Duration
	cause error
}

func (e *TooManyHoldsError) Error() string { return e.cause.Error() }

func (e *TooManyHoldsError) Unwrap() error { return e.cause }

// checkHolds spares a workflow that the insert of its hold would refuse; the insert decides.
func (d *FrontDesk) checkHolds(ctx context.Context, phone string, client []byte) error {
	if d.Terms.HoldsPerPhone == 0 && (d.Terms.HoldsPerAddress == 0 || client == nil) {
		return nil
	}
	return d.tooManyHolds(ctx, phone, client, nil)
}

// tooManyHolds says who has too many holds and until when; refused is what is said when by now nobody has.
func (d *FrontDesk) tooManyHolds(ctx context.Context, phone string, client []byte, refused error) error {
	open, err := d.Store.OpenHolds(ctx, phone, client)
	if err != nil {
		return err
	}
	refuse := func(count int, of string, until time.Time) error {
		return &TooManyHoldsError{Wait: max(until.Sub(d.Now()), time.Second),
			cause: booking.Refuse(booking.CodeTooManyHolds, "%d unpaid holds of this %s; pay or cancel one first", count, of)}
	}
	switch most := d.Terms; {
	case most.HoldsPerPhone > 0 && open.OfPhone >= most.HoldsPerPhone:
		return refuse(open.OfPhone, "phone", open.PhoneUntil)
	case most.HoldsPerAddress > 0 && open.OfClient >= most.HoldsPerAddress:
		return refuse(open.OfClient, "address", open.ClientUntil)
	}
	return refused
}

// clientHash is what is kept of an address: enough to count by, nothing to tell who it is.
func (d *FrontDesk) clientHash(address string) []byte {
	if address == "" || len(d.ClientKey) == 0 {
		return nil
	}
	mac := hmac.New(sha256.New, d.ClientKey)
	mac.Write([]byte(address))
	return mac.Sum(nil)[:16]
}
