package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"

	"cabanas/booking"
	"cabanas/store/postgres"
)

type deskFile struct {
	Code               string              `json:"code" example:"RES261120A1B2C3"`
	Status             string              `json:"status" enum:"pre_reserved,confirmed,expired,cancelled,completed,no_show"`
	PaymentStatus      string              `json:"payment_status" enum:"pending,partially_paid,paid,refunded,failed,charged_back"`
	Channel            string              `json:"channel" enum:"whatsapp,direct,airbnb,booking,other"`
	AccommodationID    int64               `json:"accommodation_id"`
	AccommodationName  string              `json:"accommodation_name"`
	CheckIn            string              `json:"check_in" format:"date"`
	CheckOut           string              `json:"check_out" format:"date"`
	Nights             int                 `json:"nights"`
	Guests             int                 `json:"guests"`
	Guest              fileGuest           `json:"guest"`
	Price              []priceLine         `json:"price" nullable:"false" doc:"As it was agreed. After a change that kept the price these are the nights of before."`
	Money              fileMoney           `json:"money"`
	CancellationPolicy *cancellationPolicy `json:"cancellation_policy" doc:"That the booking was made under."`
	SpecialRequests    string              `json:"special_requests" doc:"What the guest wishes."`
	InternalNotes      string              `json:"internal_notes" doc:"For staff; no guest sees them."`
	ExtendedOnce       bool                `json:"extended_once"`
	ExpiresAt          *time.Time          `json:"expires_at"`
	CreatedAt          time.Time           `json:"created_at"`
	UpdatedAt          time.Time           `json:"updated_at"`
	ConfirmedAt        *time.Time          `json:"confirmed_at"`
	CancelledAt        *time.Time          `json:"cancelled_at"`
	CompletedAt        *time.Time          `json:"completed_at"`
	Payments           []filePayment       `json:"payments" nullable:"false"`
	Refunds            []refundItem        `json:"refunds" nullable:"false"`
	Links              []fileLink          `json:"links" nullable:"false"`
	Receipts           []receiptItem       `json:"receipts" nullable:"false"`
	Messages           []fileMessage       `json:"messages" nullable:"false" doc:"What the booking sent by itself; the words are in the conversation."`
	Webhooks           []fileWebhook       `json:"webhooks" nullable:"false" doc:"What the payment provider notified about it."`
	Conflicts          []fileConflict      `json:"conflicts" nullable:"false" doc:"Open ones with nights that were closed."`
	Events             []storyEvent        `json:"events" nullable:"false" doc:"What happened, oldest first; at most 200, the rest is in /events."`
}

type fileGuest struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Phone    string `json:"phone" doc:"Digits with the country code; empty for a guest who hides it."`
	Email    string `json:"email"`
	Language string `json:"language" doc:"es, pt or en; empty when it is not known."`
}

type fileMoney struct {
	Total      money `json:"total"`
	Deposit    money `json:"deposit"`
	Counted    money `json:"counted" doc:"What payments brought."`
	Refunded   money `json:"refunded" doc:"What went back of it."`
	Kept       money `json:"kept" doc:"What is left of it: what is paid."`
	Disputed   money `json:"disputed" doc:"What payers disagree about."`
	DueDeposit money `json:"due_deposit" doc:"What is missing of the deposit; nothing when the booking is over."`
	Due        money `json:"due" doc:"What is missing of the total; nothing when the booking is over."`
}

type filePayment struct {
	PaymentID    string    `json:"payment_id" doc:"The provider's id."`
	Method       string    `json:"method" enum:"mercadopago,cash,transfer"`
	Status       string    `json:"status" doc:"What the provider says."`
	StatusDetail string    `json:"status_detail"`
	Verdict      string    `json:"verdict" doc:"What it meant for the booking when it was last looked at."`
	Disposition  string    `json:"disposition" doc:"What is to become of the money."`
	Counted      bool      `json:"counted" doc:"It is part of what was paid."`
	Amount       money     `json:"amount"`
	Refunded     money     `json:"refunded"`
	Surplus      money     `json:"surplus" doc:"What it brought above the price."`
	Note         string    `json:"note,omitempty" doc:"Of who recorded it by hand."`
	RecordedBy   string    `json:"recorded_by,omitempty" doc:"The account that recorded it by hand."`
	ReceivedAt   time.Time `json:"received_at"`
}

type fileLink struct {
	Kind      string     `json:"kind" enum:"deposit,balance"`
	Attempt   int        `json:"attempt"`
	URL       string     `json:"url"`
	Amount    money      `json:"amount"`
	ExpiresAt time.Time  `json:"expires_at"`
	ClosedAt  *time.Time `json:"closed_at" doc:"Since when it cannot be paid any more; null while it can, until expires_at."`
	CreatedAt time.Time  `json:"created_at"`
}

type fileMessage struct {
	ID       int64     `json:"id"`
	Key      string    `json:"key" doc:"What it is about; a key is said once." example:"RES261120A1B2C3/confirmed"`
	To       string    `json:"to" enum:"guest,owner"`
	Kind     string    `json:"kind"`
	Status   string    `json:"status" enum:"queued,sending,sent,delivered,read,failed"`
	Error    string    `json:"error,omitempty"`
	Attempts int       `json:"attempts"`
	At       time.Time `json:"at"`
	TraceID  string    `json:"trace_id,omitempty"`
}

type fileWebhook struct {
	ID           int64      `json:"id"`
	Provider     string     `json:"provider"`
	PaymentID    string     `json:"payment_id"`
	Signed       bool       `json:"signed" doc:"false is a hint that anybody could have sent; the payment was fetched all the same."`
	ReceivedAt   time.Time  `json:"received_at"`
	DispatchedAt *time.Time `json:"dispatched_at" doc:"null while it waits."`
	Attempts     int        `json:"attempts"`
	LastError    string     `json:"last_error,omitempty"`
	TraceID      string     `json:"trace_id,omitempty"`
}

type fileConflict struct {
	ID        int64     `json:"id"`
	BlockID   int64     `json:"block_id"`
	Source    string    `json:"source" enum:"manual,feed,offer"`
	StartDate string    `json:"start_date" format:"date"`
	EndDate   string    `json:"end_date" format:"date" doc:"The first night that is open again."`
	OpenedAt  time.Time `json:"opened_at"`
}

type storyEvent struct {
	ID              int64           `json:"id"`
	Kind            string          `json:"kind" doc:"What happened." example:"confirmed"`
	Actor           string          `json:"actor" enum:"guest,owner,timer,provider,system"`
	Staff           string          `json:"staff,omitempty" doc:"E-mail of the account that decided."`
	Reason          string          `json:"reason,omitempty"`
	Details         json.RawMessage `json:"details" doc:"The numbers it was decided on; which there are depends on the kind."`
	StatusBefore    string          `json:"status_before" doc:"Empty for the first."`
	Status          string          `json:"status" doc:"From then on, as all below."`
	PaymentStatus   string          `json:"payment_status"`
	Paid            money           `json:"paid"`
	AccommodationID int64           `json:"accommodation_id"`
	CheckIn         string          `json:"check_in" format:"date"`
	CheckOut        string          `json:"check_out" format:"date"`
	ExpiresAt       *time.Time      `json:"expires_at"`
	At              time.Time       `json:"at"`
}

func storyEventOf(e postgres.StoryEvent) storyEvent {
	return storyEvent{ID: e.ID, Kind: e.Kind, Actor: string(e.Actor), Staff: e.StaffEmail, Reason: e.Reason, Details: e.Details,
		StatusBefore: string(e.StatusBefore), Status: string(e.Status), PaymentStatus: string(e.Payment), Paid: moneyOf(e.Paid),
		AccommodationID: e.AccommodationID, CheckIn: e.Stay.CheckIn.String(), CheckOut: e.Stay.CheckOut.String(),
		ExpiresAt: timeOrNull(e.ExpiresAt), At: e.At.UTC()}
}

func deskFileOf(f postgres.ReservationFile) deskFile {
	r, m := f.Reservation, f.Money
	return deskFile{
		Code: r.Code, Status: string(r.Status), PaymentStatus: string(r.PaymentStatus), Channel: string(r.Channel),
		AccommodationID: r.AccommodationID, AccommodationName: r.UnitName, CheckIn: r.Stay.CheckIn.String(), CheckOut: r.Stay.CheckOut.String(),
		Nights: r.Stay.Nights(), Guests: r.Guests, Guest: fileGuest{f.Guest.ID, f.Guest.Name, f.Guest.Phone, f.Guest.Email, f.Guest.Language},
		Price: priceOf(r.Quote.Lines), CancellationPolicy: policyOf(r.Cancellation),
		Money: fileMoney{Total: moneyOf(m.Total), Deposit: moneyOf(m.Deposit), Counted: moneyOf(m.Counted), Refunded: moneyOf(m.Refunded),
			Kept: moneyOf(m.Kept), Disputed: moneyOf(m.Disputed), DueDeposit: moneyOf(m.DueDeposit), Due: moneyOf(m.DueTotal)},
		SpecialRequests: f.SpecialRequests, InternalNotes: f.InternalNotes, ExtendedOnce: r.ExtendedOnce, ExpiresAt: timeOrNull(r.ExpiresAt),
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), ConfirmedAt: timeOrNull(r.ConfirmedAt), CancelledAt: timeOrNull(r.CancelledAt),
		CompletedAt: timeOrNull(r.CompletedAt),
		Payments: each(f.Payments, func(p postgres.FiledPayment) filePayment {
			return filePayment{PaymentID: p.ProviderID, Method: p.Provider, Status: string(p.Status), StatusDetail: p.StatusDetail,
				Verdict: string(p.Verdict), Disposition: string(p.Disposition), Counted: p.Counted, Amount: moneyOf(p.Amount),
				Refunded: moneyOf(p.Refunded), Surplus: moneyOf(p.Surplus), Note: p.Note, RecordedBy: p.RecordedBy, ReceivedAt: p.ReceivedAt.UTC()}
		}),
		Refunds: each(f.Refunds, refundItemOf),
		Links: each(f.Links, func(l postgres.FiledLink) fileLink {
			return fileLink{Kind: string(l.Kind), Attempt: l.Attempt, URL: l.URL, Amount: moneyOf(l.Amount), ExpiresAt: l.ExpiresAt.UTC(),
				ClosedAt: timeOrNull(l.ClosedAt), CreatedAt: l.CreatedAt.UTC()}
		}),
		Receipts: each(f.Receipts, func(q booking.Receipt) receiptItem {
			return receiptItem{Number: q.Number, Date: q.Date.String(), Method: string(q.Method), Amount: moneyOf(q.Amount), Credit: q.Credit}
		}),
		Messages:  each(f.Messages, fileMessageOf),
		Webhooks:  each(f.Webhooks, fileWebhookOf),
		Conflicts: each(f.Conflicts, fileConflictOf),
		Events:    each(f.Story, storyEventOf),
	}
}

func fileMessageOf(m postgres.FiledMessage) fileMessage {
	to := "guest"
	if m.ToOwner {
		to = "owner"
	}
	return fileMessage{ID: m.ID, Key: m.Key, To: to, Kind: m.Kind, Status: m.Status, Error: m.Error, Attempts: m.Attempts, At: m.At.UTC(), TraceID: m.TraceID}
}

func fileWebhookOf(w postgres.FiledWebhook) fileWebhook {
	return fileWebhook{ID: w.ID, Provider: w.Provider, PaymentID: w.PaymentID, Signed: w.Signed, ReceivedAt: w.ReceivedAt.UTC(),
		DispatchedAt: timeOrNull(w.DispatchedAt), Attempts: w.Attempts, LastError: w.LastError, TraceID: w.TraceID}
}

func fileConflictOf(c postgres.FiledConflict) fileConflict {
	return fileConflict{ID: c.ID, BlockID: c.BlockID, Source: c.Source, StartDate: c.Nights.CheckIn.String(), EndDate: c.Nights.CheckOut.String(),
		OpenedAt: c.OpenedAt.UTC()}
}

func each[F, T any](from []F, shown func(F) T) []T {
	list := make([]T, 0, len(from))
	for _, one := range from {
		list = append(list, shown(one))
	}
	return list
}

type fileInput struct {
	Code        string `path:"code" maxLength:"40" example:"RES261120A1B2C3"`
	IfNoneMatch string `header:"If-None-Match" maxLength:"1000" doc:"An ETag of before."`
}

type fileOutput struct {
	Status       int
	Etag         string `header:"Etag"`
	CacheControl string `header:"Cache-Control"`
	Body         deskFile
}

func (r deskRoutes) file(ctx context.Context, in *fileInput) (*fileOutput, error) {
	code, problem := codeOfPath(ctx, in.Code)
	if problem != nil {
		return nil, problem
	}
	file, err := r.Reservations.File(ctx, code)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "read reservation", err)
	}
	out, err := fileOutputOf(file)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "read reservation", err)
	}
	if in.IfNoneMatch != "" && sameTag(in.IfNoneMatch, out.Etag) {
		out.Status = http.StatusNotModified
	}
	return out, nil
}

// fileOutputOf names what is shown by its content: whatever changes, the tag does.
func fileOutputOf(file postgres.ReservationFile) (*fileOutput, error) {
	out := &fileOutput{Status: http.StatusOK, CacheControl: "private, no-cache", Body: deskFileOf(file)}
	content, err := json.Marshal(out.Body)
	digest := sha256.Sum256(content)
	out.Etag = `"` + hex.EncodeToString(digest[:16]) + `"`
	return out, err
}

func codeOfPath(ctx context.Context, typed string) (string, *Problem) {
	code := booking.NormalizeCode(typed)
	if !booking.ValidCode(code) {
		return "", newProblem(ctx, booking.CodeNotFound, "no such reservation")
	}
	return code, nil
}

type storyInput struct {
	Code   string `path:"code" maxLength:"40" example:"RES261120A1B2C3"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Most items in one page."`
	Cursor string `query:"cursor" maxLength:"64" doc:"next_cursor of the page before."`
}

type storyOutput struct {
	Body struct {
		Items      []storyEvent `json:"items" nullable:"false"`
		NextCursor *string      `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last."`
	}
}

func (r deskRoutes) story(ctx context.Context, in *storyInput) (*storyOutput, error) {
	code, problem := codeOfPath(ctx, in.Code)
	if problem != nil {
		return nil, problem
	}
	after, err := parseCursor(in.Cursor)
	if err != nil {
		return nil, badCursor(ctx)
	}
	found, err := r.Reservations.Story(ctx, code, after, in.Limit+1)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "read story", err)
	}
	out := &storyOutput{}
	page, cursor := pageOf(found, in.Limit, func(e postgres.StoryEvent) int64 { return e.ID })
	out.Body.Items, out.Body.NextCursor = each(page, storyEventOf), cursor
	return out, nil
}
