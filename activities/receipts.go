package activities

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/gateways/pdf"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// ReceiptStore issues receipts and finds them.
type ReceiptStore interface {
	IssueReceipts(ctx context.Context, code string, now time.Time) ([]postgres.IssuedReceipt, error)
}

// ReceiptDesk gives receipts out as PDF.
type ReceiptDesk struct {
	Store interface {
		ReceiptStore
		Reservation(ctx context.Context, code string) (postgres.Reservation, error)
		ReceiptByToken(ctx context.Context, token string) (booking.Receipt, error)
		Receipts(ctx context.Context, filter postgres.ReceiptFilter, oldest bool, after postgres.Place, most int) ([]postgres.ListedReceipt, error)
	}
	Now func() time.Time
}

// ForGuest gives the guest of a reservation one of its receipts. It refuses with [booking.CodeNotFound] when the code, the token
// or the number is not right; which one cannot be told.
func (d *ReceiptDesk) ForGuest(ctx context.Context, code, token, number string) ([]byte, error) {
	r, err := d.Store.Reservation(ctx, code)
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256([]byte(token))
	if subtle.ConstantTimeCompare(hash[:], r.TokenHash) != 1 {
		return nil, booking.Refuse(booking.CodeNotFound, "no such reservation for this token")
	}
	return d.ForStaff(ctx, code, number)
}

// ForStaff gives one receipt of a reservation; unknown ones are [booking.CodeNotFound].
func (d *ReceiptDesk) ForStaff(ctx context.Context, code, number string) ([]byte, error) {
	receipts, err := d.Store.IssueReceipts(ctx, code, d.Now())
	if err != nil {
		return nil, err
	}
	for _, receipt := range receipts {
		if receipt.Number == number {
			return pdf.Receipt(receipt.Receipt)
		}
	}
	return nil, booking.Refuse(booking.CodeNotFound, "no such receipt of this reservation")
}

// List returns the receipts of a reservation, by number; those that are missing are made.
func (d *ReceiptDesk) List(ctx context.Context, code string) ([]postgres.IssuedReceipt, error) {
	return d.Store.IssueReceipts(ctx, code, d.Now())
}

// ByToken opens the receipt of a secret address.
func (d *ReceiptDesk) ByToken(ctx context.Context, token string) ([]byte, error) {
	receipt, err := d.Store.ReceiptByToken(ctx, token)
	if err != nil {
		return nil, err
	}
	return pdf.Receipt(receipt)
}

// receiptAddress is where Meta, or whoever has it from the guest, fetches a receipt.
func receiptAddress(base *url.URL, receipt postgres.IssuedReceipt) dialogue.Document {
	return dialogue.Document{
		URL: base.JoinPath("receipts", receipt.Token+".pdf").String(), Filename: receipt.Number + ".pdf",
		Number: receipt.Number, Amount: receipt.Amount,
	}
}

// companions are notices that go out beside another one: the other way to pay beside the link of a hold, and the receipt beside
// the news of money. They have keys of their own.
func (a *Messaging) companions(ctx context.Context, in workflows.NoticeInput) ([]workflows.NoticeInput, error) {
	switch in.Kind {
	case workflows.NoticeHold:
		property, err := a.Store.Property(ctx)
		if err != nil || property.Payments.TransferDetails == "" {
			return nil, err
		}
		return []workflows.NoticeInput{{Code: in.Code, Kind: workflows.NoticeTransferOffer}}, nil
	case workflows.NoticeConfirmed, workflows.NoticeLateConfirmed, workflows.NoticeCounted:
		return a.receiptNotices(ctx, in.Code)
	}
	return nil, nil
}

// withCompanions puts each notice's companions behind it.
func (a *Messaging) withCompanions(ctx context.Context, notices []workflows.NoticeInput, failures *[]error) []workflows.NoticeInput {
	var all []workflows.NoticeInput
	for _, notice := range notices {
		beside, err := a.companions(ctx, notice)
		if err != nil {
			*failures = append(*failures, fmt.Errorf("beside notice %s of %s: %w", notice.Kind, notice.Code, err))
		}
		all = append(append(all, notice), beside...)
	}
	return all
}

// receiptNotices are the receipts of a reservation that were not sent yet, one notice each.
func (a *Messaging) receiptNotices(ctx context.Context, code string) ([]workflows.NoticeInput, error) {
	if a.ReceiptBase == nil {
		return nil, nil
	}
	receipts, err := a.Store.IssueReceipts(ctx, code, a.Now())
	if err != nil {
		return nil, err
	}
	var notices []workflows.NoticeInput
	for _, receipt := range receipts {
		notices = append(notices, workflows.NoticeInput{Code: code, Kind: workflows.NoticeReceipt, Suffix: receipt.Number})
	}
	return notices, nil
}

// document finds the receipt that a notice sends.
func (a *Messaging) document(ctx context.Context, in workflows.NoticeInput) (dialogue.Document, error) {
	receipts, err := a.Store.IssueReceipts(ctx, in.Code, a.Now())
	if err != nil {
		return dialogue.Document{}, err
	}
	for _, receipt := range receipts {
		if receipt.Number == in.Suffix && a.ReceiptBase != nil {
			return receiptAddress(a.ReceiptBase, receipt), nil
		}
	}
	return dialogue.Document{}, booking.Refuse(booking.CodeNotFound, "no receipt %s of %s", in.Suffix, in.Code)
}

// issueMissing gives every payment its receipt although nobody asked or was told: numbers follow the money closely.
func (a *Payments) issueMissing(ctx context.Context) error {
	codes, err := a.Store.LackingReceipts(ctx, reconcileMost)
	if err != nil {
		return err
	}
	for _, code := range codes {
		if _, err := a.Store.IssueReceipts(ctx, code, a.Now()); err != nil {
			return fmt.Errorf("receipts of %s: %w", code, err)
		}
		slog.InfoContext(ctx, "receipts issued", "code", code)
	}
	return nil
}
