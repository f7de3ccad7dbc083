package postgres

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// PaymentLink is a checkout at the provider for one reservation. Attempt counts those of one kind and grows when the terms
// change.
type PaymentLink struct {
	Code string
	// Kind is [booking.LinkDeposit] when empty.
	Kind       booking.LinkKind
	Attempt    int
	ProviderID string
	URL        string
	Amount     booking.Money
	ExpiresAt  time.Time
	// ClosedAt is zero while the link can be paid.
	ClosedAt time.Time
}

// SavePaymentLink keeps the link of a reservation's attempt and returns it; when one was kept before, that one. An unknown
// code is [booking.CodeNotFound].
func (s *Store) SavePaymentLink(ctx context.Context, link PaymentLink, now time.Time) (PaymentLink, error) {
	link.Kind = cmp.Or(link.Kind, booking.LinkDeposit)
	_, err := s.queries.InsertPaymentLink(ctx, s.pool, &dbgen.InsertPaymentLinkParams{
		Code: link.Code, Kind: string(link.Kind), Attempt: int32(link.Attempt), ProviderID: link.ProviderID, Url: link.URL,
		AmountCentavos: link.Amount.Centavos, Currency: link.Amount.Currency, ExpiresAt: link.ExpiresAt, Now: now,
		Details: mustJSON(map[string]any{
			"kind": link.Kind, "attempt": link.Attempt, "link": link.ProviderID, "amount_centavos": link.Amount.Centavos,
		}),
	})
	if err == nil {
		return link, nil
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return PaymentLink{}, explain("save payment link", err)
	}
	stored, found, err := s.PaymentLink(ctx, link.Code, link.Kind, link.Attempt)
	if err == nil && !found {
		err = booking.Refuse(booking.CodeNotFound, "no reservation %s", link.Code)
	}
	return stored, err
}

// PaymentLink reads the link of an attempt; attempt 0 is the newest, and no kind any of them.
func (s *Store) PaymentLink(ctx context.Context, code string, kind booking.LinkKind, attempt int) (PaymentLink, bool, error) {
	row, err := s.queries.GetPaymentLink(ctx, s.pool, &dbgen.GetPaymentLinkParams{Code: code, Kind: string(kind), Attempt: int32(attempt)})
	if errors.Is(err, pgx.ErrNoRows) {
		return PaymentLink{}, false, nil
	}
	if err != nil {
		return PaymentLink{}, false, explain("read payment link", err)
	}
	return linkOf(row), true, nil
}

// OpenPaymentLinks lists the links of a reservation that were not closed, of every kind, oldest first. One whose time is over is
// among them until it is closed.
func (s *Store) OpenPaymentLinks(ctx context.Context, code string) ([]PaymentLink, error) {
	rows, err := s.queries.ListOpenPaymentLinks(ctx, s.pool, code)
	if err != nil {
		return nil, explain("list payment links", err)
	}
	links := make([]PaymentLink, 0, len(rows))
	for _, row := range rows {
		links = append(links, linkOf((*dbgen.GetPaymentLinkRow)(row)))
	}
	return links, nil
}

// ClosePaymentLink records that a link cannot be paid any more.
func (s *Store) ClosePaymentLink(ctx context.Context, providerID string, now time.Time) error {
	found, err := s.queries.ClosePaymentLink(ctx, s.pool, &dbgen.ClosePaymentLinkParams{ProviderID: providerID, Now: now})
	if err == nil && found == 0 {
		err = pgx.ErrNoRows
	}
	return explain("close payment link", err)
}

// PagePayment is what a guest may be told about one payment of a reservation.
type PagePayment struct {
	ProviderID  string
	Status      booking.ProviderStatus
	Disposition Disposition
	// Counted is true when it is part of what was paid.
	Counted bool
	Amount  booking.Money
	// Returned is what went back or is on its way.
	Returned booking.Money
}

// PagePayments lists the payments that were settled for a reservation, the one with the newest news first, at most twenty.
func (s *Store) PagePayments(ctx context.Context, code string) ([]PagePayment, error) {
	rows, err := s.queries.ListPagePayments(ctx, s.pool, code)
	if err != nil {
		return nil, explain("list payments of a page", err)
	}
	payments := make([]PagePayment, 0, len(rows))
	for _, row := range rows {
		payments = append(payments, PagePayment{
			ProviderID: row.ProviderID, Status: booking.ProviderStatus(row.Status), Disposition: Disposition(row.Disposition),
			Counted: row.Counted, Amount: money(row.AmountCentavos, row.Currency), Returned: money(row.ReturnedCentavos, row.Currency),
		})
	}
	return payments, nil
}

func linkOf(row *dbgen.GetPaymentLinkRow) PaymentLink {
	return PaymentLink{
		Code: row.Code, Kind: booking.LinkKind(row.PaymentLink.Kind), Attempt: int(row.PaymentLink.Attempt),
		ProviderID: row.PaymentLink.ProviderID, URL: row.PaymentLink.Url,
		Amount:    money(row.PaymentLink.AmountCentavos, row.PaymentLink.Currency),
		ExpiresAt: row.PaymentLink.ExpiresAt, ClosedAt: timeOf(row.PaymentLink.ClosedAt),
	}
}
