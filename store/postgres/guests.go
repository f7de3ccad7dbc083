package postgres

import (
	"context"

	"cabanas/store/postgres/dbgen"
)

// Guest is a person who writes or books. Phone and user id may be empty, never both on WhatsApp.
type Guest struct {
	ID int64
	// Phone is the canonical number, digits only, Argentine mobiles without the 9; guests are matched on it.
	Phone string
	// WhatsAppPhone is the number as WhatsApp wrote it, the one to send to.
	WhatsAppPhone string
	// WhatsAppUserID is the business-scoped user id; it is there when the number is hidden.
	WhatsAppUserID string
	Name           string
	Email          string
	// Language is es, pt or en; empty is not known yet.
	Language string
}

// UpsertGuest finds the guest by phone or user id, adds what is new about them (an empty field changes
// nothing) and returns
// the id. Two rows that turn out to be one person become one: the older keeps the bookings, messages and dialogue of both.
func (s *Store) UpsertGuest(ctx context.Context, guest Guest) (int64, error) {
	id, err := s.queries.UpsertGuest(ctx, s.pool, &dbgen.UpsertGuestParams{
		Phone: guest.Phone, WhatsappPhone: guest.WhatsAppPhone, WhatsappUserID: guest.WhatsAppUserID, Name: guest.Name,
		ReplaceName: true, Email: guest.Email, Language: guest.Language,
	})
	return id, explain("upsert guest", err)
}

// Guest reads one guest; a guest that was joined to another is read as that other. Unknown ids are [booking.CodeNotFound].
func (s *Store) Guest(ctx context.Context, id int64) (Guest, error) {
	row, err := s.queries.GetGuest(ctx, s.pool, id)
	if err != nil {
		return Guest{}, explain("read guest", err)
	}
	return Guest{ID: row.ID, Phone: row.Phone, WhatsAppPhone: row.WhatsappPhone, WhatsAppUserID: row.WhatsappUserID,
		Name: row.Name, Email: row.Email, Language: row.Language}, nil
}
