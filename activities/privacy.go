package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"cabanas/booking"
	"cabanas/store/postgres"
)

// PrivacyDesk is where a person's requests about their own data are carried out: what is kept about them, and that it be
// forgotten (Argentine law 25.326, articles 14 and 16).
type PrivacyDesk struct {
	Store PrivacyStore
	// Grace is how long a late payment of an expired hold is waited for.
	Grace time.Duration
	Now   func() time.Time
}

// PrivacyStore is what the desk reads and writes.
type PrivacyStore interface {
	FindPeople(ctx context.Context, who postgres.PersonQuery) ([]int64, error)
	ExportGuest(ctx context.Context, guestID int64, by postgres.Author, now time.Time) (postgres.PersonExport, error)
	EraseGuest(ctx context.Context, erasure postgres.Erasure, now time.Time) (postgres.Erased, error)
}

// GuestExport is everything that is kept about a guest.
type GuestExport struct {
	GuestID    int64     `json:"guest_id"`
	ExportedAt time.Time `json:"exported_at"`
	About      string    `json:"about"`
	// Data has the rows of each table that speaks of the guest.
	Data map[string]json.RawMessage `json:"data"`
	// NotIncluded names what is kept elsewhere, with the reason.
	NotIncluded map[string]string `json:"not_included"`
}

const aboutExport = "Estos son los datos que guardamos sobre vos (Ley 25.326, art. 14). Los montos están en centavos y las fechas en UTC."

// Find returns the one guest that is meant: [booking.CodeNotFound] when nobody fits, [booking.CodeInvalidInput] with the ids when
// several do.
func (d *PrivacyDesk) Find(ctx context.Context, who postgres.PersonQuery) (int64, error) {
	ids, err := d.Store.FindPeople(ctx, who)
	switch {
	case err != nil:
		return 0, err
	case len(ids) == 0:
		return 0, booking.Refuse(booking.CodeNotFound, "no guest is known by that")
	case len(ids) > 1:
		return 0, booking.Refuse(booking.CodeInvalidInput, "several guests are known by that: name one of %s by its id", strings.Trim(fmt.Sprint(ids), "[]"))
	}
	return ids[0], nil
}

// Export reads everything that is kept about a guest; that it was read is noted.
func (d *PrivacyDesk) Export(ctx context.Context, by postgres.Author, guestID int64) (GuestExport, error) {
	found, err := d.Store.ExportGuest(ctx, guestID, by, d.Now())
	if err != nil {
		return GuestExport{}, err
	}
	return GuestExport{GuestID: found.GuestID, ExportedAt: d.Now().UTC(), About: aboutExport, Data: found.Data, NotIncluded: postgres.NotExported}, nil
}

// Erase forgets a guest, see [postgres.Store.EraseGuest]; a dry run only counts.
func (d *PrivacyDesk) Erase(ctx context.Context, by postgres.Author, guestID int64, dryRun bool) (postgres.Erased, error) {
	return d.Store.EraseGuest(ctx, postgres.Erasure{GuestID: guestID, DryRun: dryRun, GraceSince: d.Now().Add(-d.Grace), By: by}, d.Now())
}
