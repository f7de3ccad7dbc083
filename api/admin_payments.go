package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/internal/accounts"
	"cabanas/store/postgres"
)

const tagPayments = "Payments"

// Cashbox is where staff writes down money that no provider tells of; *activities.Cashbox is one. Its refusals are
// [booking.Error].
type Cashbox interface {
	Record(ctx context.Context, request activities.RecordRequest) (postgres.Recorded, error)
	Import(ctx context.Context, movement postgres.Movement, by postgres.Author) (postgres.Imported, error)
	Payments(ctx context.Context, code string) (postgres.Reservation, []postgres.BookedPayment, error)
	// MarkReturned notes that money of a recorded payment went back by hand.
	MarkReturned(ctx context.Context, code string, refundID int64, by postgres.Author) (postgres.Reservation, error)
}

func addPayments(s staff, o *Options) {
	routes := paymentRoutes{o}
	path := prefix + "/admin/reservations/{code}/payments"
	op := func(id, method, path, summary, description string, errors ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Tags: []string{tagPayments},
			Summary: summary, Description: description, Errors: errors}
	}
	staffRoute(s, accounts.ReadOnly, op("list-booking-payments", http.MethodGet, path, "What was paid for a reservation",
		"Every payment with what became of its money, oldest first.", http.StatusNotFound), routes.list)
	record := op("record-payment", http.MethodPost, path, "Write down cash or a transfer",
		"Counts the money as the provider's is counted: a covered deposit confirms the hold, and everybody is told. An Idempotency-Key, or "+
			"else the same method and amount on the same day, is recorded once. With confirm an owner confirms a hold although the deposit is not "+
			"covered. More than is left to pay is refused: 422 more_than_due.", http.StatusNotFound, http.StatusConflict)
	record.DefaultStatus = http.StatusCreated
	staffRoute(s, accounts.Staff, record, routes.record)
	returned := op("mark-returned", http.MethodPost, prefix+"/admin/reservations/{code}/refunds/{id}/returned", "Money went back by hand",
		"Of a payment in cash or by transfer, which no provider returns.", http.StatusNotFound, http.StatusConflict)
	staffRoute(s, accounts.Staff, returned, routes.returned)
	movement := op("import-movement", http.MethodPost, prefix+"/admin/movements", "A credit of the bank account",
		"Pays the one open transfer hold that waits for exactly this sum. When several do, the owner is asked and nothing is paid; a credit that "+
			"nobody waits for is only kept. The same credit again changes nothing.", http.StatusConflict)
	movement.DefaultStatus = http.StatusCreated
	staffRoute(s, accounts.Staff, movement, routes.movement)
}

type paymentRoutes struct{ *Options }

type codeInput struct {
	Code string `path:"code" maxLength:"40" example:"RES261120A1B2C3"`
}

type bookedPayment struct {
	ID          string    `json:"id" doc:"The provider's, or ours for recorded money."`
	Method      string    `json:"method" enum:"mercadopago,cash,transfer"`
	Amount      money     `json:"amount"`
	Returned    money     `json:"returned"`
	Status      string    `json:"status" doc:"At the provider."`
	Disposition string    `json:"disposition" doc:"What is to become of the money."`
	Counted     bool      `json:"counted" doc:"Part of what was paid for the reservation."`
	Note        string    `json:"note,omitempty"`
	RecordedBy  int64     `json:"recorded_by,omitempty" doc:"Account of who recorded it."`
	ReceivedAt  time.Time `json:"received_at"`
}

type bookingMoney struct {
	Code          string `json:"code"`
	Status        string `json:"status"`
	PaymentStatus string `json:"payment_status"`
	Total         money  `json:"total"`
	Deposit       money  `json:"deposit"`
	Paid          money  `json:"paid" doc:"Credited and not returned."`
	Balance       money  `json:"balance" doc:"Left to pay."`
}

func bookingMoneyOf(r postgres.Reservation) bookingMoney {
	balance := r.Total.Minus(r.Paid)
	balance.Centavos = max(balance.Centavos, 0)
	return bookingMoney{Code: r.Code, Status: string(r.Status), PaymentStatus: string(r.PaymentStatus),
		Total: moneyOf(r.Total), Deposit: moneyOf(r.Deposit), Paid: moneyOf(r.Paid), Balance: moneyOf(balance)}
}

type paymentListOutput struct {
	Body struct {
		Reservation bookingMoney    `json:"reservation"`
		Items       []bookedPayment `json:"items" nullable:"false"`
	}
}

func (r paymentRoutes) list(ctx context.Context, in *codeInput) (*paymentListOutput, error) {
	found, payments, err := r.Cashbox.Payments(ctx, booking.NormalizeCode(in.Code))
	if err != nil {
		return nil, refusal(ctx, r.Logger, "list payments", err)
	}
	out := &paymentListOutput{}
	out.Body.Reservation, out.Body.Items = bookingMoneyOf(found), []bookedPayment{}
	for _, p := range payments {
		out.Body.Items = append(out.Body.Items, bookedPayment{
			ID: p.PaymentID, Method: string(p.Method), Amount: moneyOf(p.Amount), Returned: moneyOf(p.Returned), Status: p.Status,
			Disposition: string(p.Disposition), Counted: p.Counted, Note: p.Note, RecordedBy: p.UserID, ReceivedAt: p.ReceivedAt.UTC(),
		})
	}
	return out, nil
}

type recordInput struct {
	Code           string `path:"code" maxLength:"40" example:"RES261120A1B2C3"`
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" doc:"Any text that names this one payment, such as a UUID."`
	Body           struct {
		Method  string `json:"method" enum:"cash,transfer"`
		Amount  sum    `json:"amount" doc:"In the currency of the reservation."`
		Note    string `json:"note,omitempty" maxLength:"500" doc:"Who took it, or what the bank says. Only staff sees it."`
		Confirm bool   `json:"confirm,omitempty" doc:"Confirm the hold although the deposit is not covered; for owners."`
	}
}

type recordOutput struct {
	Body struct {
		PaymentID   string       `json:"payment_id"`
		Repeated    bool         `json:"repeated" doc:"It was recorded before; nothing changed."`
		Reservation bookingMoney `json:"reservation"`
	}
}

func (r paymentRoutes) record(ctx context.Context, in *recordInput) (*recordOutput, error) {
	amount, err := in.Body.Amount.money()
	note := strings.TrimSpace(in.Body.Note)
	switch {
	case err != nil || amount.Centavos <= 0:
		return nil, invalidField(ctx, "body", "amount", "expected a decimal above zero, with two decimals at most")
	case !printable(note):
		return nil, invalidField(ctx, "body", "note", "expected one line of printable characters")
	case !printableASCII(in.IdempotencyKey):
		return nil, invalidField(ctx, "header", idempotencyHeader, "expected printable ASCII characters")
	case in.Body.Confirm && !memberOf(ctx).Role.Covers(accounts.Owner):
		return nil, newProblem(ctx, booking.CodeForbidden, "confirm needs the role owner")
	}
	recorded, err := r.Cashbox.Record(ctx, activities.RecordRequest{
		Code: booking.NormalizeCode(in.Code), Method: booking.PaymentMethod(in.Body.Method), Amount: amount, Note: note,
		Key: in.IdempotencyKey, Confirm: in.Body.Confirm, By: authorOf(ctx), Via: "staff",
	})
	if err != nil {
		return nil, refusal(ctx, r.Logger, "record payment", err)
	}
	out := &recordOutput{}
	out.Body.PaymentID, out.Body.Repeated, out.Body.Reservation = recorded.PaymentID, recorded.Repeated, bookingMoneyOf(recorded.Reservation)
	return out, nil
}

type returnedInput struct {
	Code string `path:"code" maxLength:"40" example:"RES261120A1B2C3"`
	ID   int64  `path:"id" minimum:"1"`
}

type returnedOutput struct {
	Body bookingMoney
}

func (r paymentRoutes) returned(ctx context.Context, in *returnedInput) (*returnedOutput, error) {
	found, err := r.Cashbox.MarkReturned(ctx, booking.NormalizeCode(in.Code), in.ID, authorOf(ctx))
	if err != nil {
		return nil, refusal(ctx, r.Logger, "mark returned", err)
	}
	return &returnedOutput{Body: bookingMoneyOf(found)}, nil
}

type movementInput struct {
	Body struct {
		Amount     sum       `json:"amount" doc:"In the currency of the property."`
		Reference  string    `json:"reference" minLength:"1" maxLength:"200" doc:"As the bank writes it."`
		CreditedAt time.Time `json:"credited_at" example:"2026-01-15T12:00:00Z"`
	}
}

type movementOutput struct {
	Body struct {
		Outcome    string   `json:"outcome" enum:"matched,ambiguous,unmatched"`
		Candidates []string `json:"candidates" nullable:"false" doc:"Codes of the holds that wait for this sum; the paid one when matched."`
		PaymentID  string   `json:"payment_id,omitempty"`
		Repeated   bool     `json:"repeated" doc:"The credit was imported before; nothing changed."`
	}
}

func (r paymentRoutes) movement(ctx context.Context, in *movementInput) (*movementOutput, error) {
	amount, err := in.Body.Amount.money()
	reference := strings.TrimSpace(in.Body.Reference)
	switch {
	case err != nil || amount.Centavos <= 0:
		return nil, invalidField(ctx, "body", "amount", "expected a decimal above zero, with two decimals at most")
	case reference == "" || !printable(reference):
		return nil, invalidField(ctx, "body", "reference", "expected one line of printable characters")
	case in.Body.CreditedAt.After(r.Now().Add(24 * time.Hour)):
		return nil, invalidField(ctx, "body", "credited_at", "expected an instant that is past: money that will come is not there")
	}
	imported, err := r.Cashbox.Import(ctx, postgres.Movement{Reference: reference, Amount: amount, CreditedAt: in.Body.CreditedAt}, authorOf(ctx))
	if err != nil {
		return nil, refusal(ctx, r.Logger, "import movement", err)
	}
	out := &movementOutput{}
	out.Body.Outcome, out.Body.PaymentID, out.Body.Repeated = string(imported.Outcome), imported.PaymentID, imported.Repeated
	out.Body.Candidates = append([]string{}, imported.Candidates...)
	return out, nil
}
