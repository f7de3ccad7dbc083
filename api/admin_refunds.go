package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/internal/accounts"
	"cabanas/store/postgres"
)

const tagMoney = "Money"

// RefundDesk is where staff sees the ledger, gives money back and sets the terms of cancellation; *activities.RefundDesk is one.
// Its refusals are [booking.Error].
type RefundDesk interface {
	// GiveBack returns part of what was paid for a running booking; the same key returns nothing more.
	GiveBack(ctx context.Context, code, key, reason string, amount booking.Money, staffID int64) (booking.Money, error)
	Decide(ctx context.Context, refundID int64, approve bool, staffID int64) (postgres.RefundOf, error)
	Payments(ctx context.Context, filter postgres.LedgerFilter, oldest bool, after postgres.Place, most int) ([]postgres.PaymentRow, error)
	Payment(ctx context.Context, providerID string) (postgres.PaymentFile, error)
	Refunds(ctx context.Context, filter postgres.RefundFilter, oldest bool, after postgres.Place, most int) ([]postgres.RefundOf, error)
	Cancellation(ctx context.Context, accommodationID int64) (booking.CancellationPolicy, error)
	SetCancellation(ctx context.Context, by postgres.Author, accommodationID int64, policy *booking.CancellationPolicy) error
}

func addRefunds(s staff, o *Options) {
	if o.Refunds == nil {
		return
	}
	routes := refundRoutes{o}
	op := func(id, method, path, summary, description string, errors ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: prefix + "/admin" + path, Tags: []string{tagMoney},
			Summary: summary, Description: description, Errors: errors}
	}
	staffRoute(s, accounts.ReadOnly, op("list-refunds", http.MethodGet, "/refunds", "Money on its way back",
		"By when it was written down, the newest first. Filters that are given all have to hold; of several statuses, with commas between "+
			"them, any does.", http.StatusUnprocessableEntity), routes.refunds)
	staffRoute(s, accounts.Owner, op("approve-refund", http.MethodPost, "/refunds/{id}/approve", "Let a refund go",
		"One that waits for the owner; every part of the same order goes with it.", http.StatusNotFound, http.StatusConflict), routes.approve)
	staffRoute(s, accounts.Owner, op("refuse-refund", http.MethodPost, "/refunds/{id}/refuse", "Keep the money of a refund",
		"One that waits for the owner. The guest is told.", http.StatusNotFound, http.StatusConflict), routes.refuse)
	giveBack := op("give-back", http.MethodPost, "/reservations/{code}/refunds", "Give part of what was paid back",
		"Of a booking that is held or confirmed, which stays as it is. With an Idempotency-Key the money goes back once.",
		http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity)
	giveBack.DefaultStatus = http.StatusAccepted
	staffRoute(s, accounts.Owner, giveBack, routes.giveBack)
	staffRoute(s, accounts.ReadOnly, op("get-cancellation", http.MethodGet, "/cancellation", "The cancellation policy of new bookings",
		"Of the property, or of one accommodation.", http.StatusNotFound), routes.cancellation)
	staffRoute(s, accounts.Owner, op("set-cancellation", http.MethodPut, "/cancellation", "Change the cancellation policy of new bookings",
		"Bookings that are made keep theirs. A null policy makes an accommodation follow the property again.",
		http.StatusNotFound, http.StatusUnprocessableEntity), routes.setCancellation)
}

type refundRoutes struct{ *Options }

type refundItem struct {
	ID        int64      `json:"id"`
	PaymentID string     `json:"payment_id" doc:"The provider's id of the payment."`
	Code      string     `json:"code" doc:"Of the reservation; empty when the payment was nobody's."`
	Amount    money      `json:"amount"`
	Reason    string     `json:"reason" example:"cancelled" doc:"The word of staff who gave it back, else of the rule that did."`
	Status    string     `json:"status" enum:"planned,awaiting_approval,sent,by_hand,in_process,done,failed" doc:"sent: asked of the provider, which has not answered yet."`
	Decision  string     `json:"decision" enum:",approved,refused" doc:"Of the owner, or of the clock; empty when none was needed or made."`
	DecidedBy string     `json:"decided_by" enum:",owner,timer"`
	DecidedAt *time.Time `json:"decided_at"`
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt time.Time  `json:"updated_at"`
}

func refundItemOf(f postgres.RefundOf) refundItem {
	status := string(f.Status)
	if f.Status == postgres.RefundPlanned && !f.TriedAt.IsZero() {
		status = "sent"
	}
	return refundItem{ID: f.ID, PaymentID: f.PaymentID, Code: f.Code, Amount: moneyOf(f.Amount), Reason: wordOf(f.Reason), Status: status,
		Decision: string(f.Decision), DecidedBy: string(f.DecidedBy), DecidedAt: timeOrNull(f.DecidedAt),
		CreatedAt: f.CreatedAt.UTC(), UpdatedAt: f.UpdatedAt.UTC()}
}

// wordOf leaves out of a reason of staff what tells two refunds of one booking apart.
func wordOf(reason string) string {
	if word, _, _ := strings.Cut(reason, "-"); slices.Contains(activities.RefundReasons, word) {
		return word
	}
	return reason
}

type refundListInput struct {
	Limit     int       `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"Most items in one page."`
	Cursor    string    `query:"cursor" maxLength:"200" doc:"next_cursor of the page before, of the same sort."`
	Sort      string    `query:"sort" enum:"newest,oldest" default:"newest"`
	Status    []string  `query:"status" enum:"planned,awaiting_approval,sent,by_hand,in_process,done,failed" doc:"As items show it."`
	Code      string    `query:"code" maxLength:"40" example:"RES261120A1B2C3" doc:"Of the reservation."`
	PaymentID string    `query:"payment_id" maxLength:"80" example:"1234567890" doc:"Of this payment, by the provider's id."`
	From      time.Time `query:"from" example:"2026-11-01T00:00:00Z" doc:"Written down from this instant on."`
	To        time.Time `query:"to" example:"2027-12-01T00:00:00Z" doc:"Written down before this instant."`
}

type refundList struct {
	Items      []refundItem `json:"items" nullable:"false"`
	NextCursor *string      `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last."`
}

type refundListOutput struct{ Body refundList }

func (r refundRoutes) refunds(ctx context.Context, in *refundListInput) (*refundListOutput, error) {
	code, problem := codeFilter(ctx, in.Code)
	if problem == nil {
		problem = spanOfInstants(ctx, in.From, in.To)
	}
	if problem == nil && !printable(in.PaymentID) {
		problem = invalidField(ctx, "query", "payment_id", "expected printable characters")
	}
	if problem != nil {
		return nil, problem
	}
	order := timeOrder("refunds", in.Sort)
	after, err := parsePlace(order, in.Cursor)
	if err != nil {
		return nil, badPlace(ctx)
	}
	filter := postgres.RefundFilter{Statuses: wordsOf[postgres.RefundStatus](in.Status), Code: code, PaymentID: in.PaymentID, From: in.From, To: in.To}
	found, err := r.Refunds.Refunds(ctx, filter, in.Sort == sortOldest, after, in.Limit+1)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "list refunds", err)
	}
	out := &refundListOutput{}
	page, cursor := placedPage(found, in.Limit, order)
	out.Body.Items, out.Body.NextCursor = each(page, refundItemOf), cursor
	return out, nil
}

type refundInput struct {
	ID int64 `path:"id" minimum:"1"`
}

type refundOutput struct{ Body refundItem }

func (r refundRoutes) approve(ctx context.Context, in *refundInput) (*refundOutput, error) {
	return r.decide(ctx, in.ID, true)
}

func (r refundRoutes) refuse(ctx context.Context, in *refundInput) (*refundOutput, error) {
	return r.decide(ctx, in.ID, false)
}

func (r refundRoutes) decide(ctx context.Context, id int64, approve bool) (*refundOutput, error) {
	refund, err := r.Refunds.Decide(ctx, id, approve, memberOf(ctx).UserID)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "decide refund", err)
	}
	return &refundOutput{Body: refundItemOf(refund)}, nil
}

type giveBackInput struct {
	Code           string `path:"code" maxLength:"40" example:"RES261120A1B2C3"`
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" doc:"Any text that names this one refund, such as a UUID."`
	Body           struct {
		Amount money  `json:"amount"`
		Reason string `json:"reason" enum:"goodwill,discount,problem,mistake"`
	}
}

type giveBackOutput struct {
	Body struct {
		Amount money `json:"amount" doc:"What goes back. Its way is in the list of refunds."`
	}
}

func (r refundRoutes) giveBack(ctx context.Context, in *giveBackInput) (*giveBackOutput, error) {
	code := booking.NormalizeCode(in.Code)
	if !booking.ValidCode(code) {
		return nil, newProblem(ctx, booking.CodeNotFound, "no such reservation")
	}
	amount, err := booking.ParseDecimal(in.Body.Amount.Amount, in.Body.Amount.Currency)
	if err != nil || amount.Centavos <= 0 {
		return nil, invalidField(ctx, "body", "amount", "expected a decimal amount of more than nothing")
	}
	if !printableASCII(in.IdempotencyKey) {
		return nil, invalidField(ctx, "header", idempotencyHeader, "expected printable ASCII characters")
	}
	key := in.IdempotencyKey
	if key == "" {
		key = rand.Text()
	}
	back, err := r.Refunds.GiveBack(ctx, code, code+"/"+key, in.Body.Reason, amount, memberOf(ctx).UserID)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "give back", err)
	}
	out := &giveBackOutput{}
	out.Body.Amount = moneyOf(back)
	return out, nil
}

type policyStep struct {
	DaysBefore    int `json:"days_before" minimum:"0" maximum:"365" doc:"From so many days before the arrival, at the property."`
	RefundPercent int `json:"refund_percent" minimum:"0" maximum:"100" doc:"Of what was paid; the rest is kept."`
}

type cancellationPolicy struct {
	Name  string       `json:"name" enum:"flexible,moderate,strict,custom"`
	Text  string       `json:"text" doc:"The same in Argentine Spanish, as guests are told before they pay."`
	Steps []policyStep `json:"steps" nullable:"false" doc:"The first that is reached decides; none reached is nothing back."`
}

// policyOf is nil for a stay that could not be priced, which has no policy either.
func policyOf(policy booking.CancellationPolicy) *cancellationPolicy {
	if policy.Name == "" {
		return nil
	}
	answer := &cancellationPolicy{Name: policy.Name, Text: dialogue.CancellationTerms("es", policy), Steps: []policyStep{}}
	for _, step := range policy.Ladder() {
		answer.Steps = append(answer.Steps, policyStep(step))
	}
	return answer
}

type cancellationInput struct {
	AccommodationID int64 `query:"accommodation_id" minimum:"0" doc:"0 or absent is the property."`
}

type cancellationOutput struct{ Body *cancellationPolicy }

func (r refundRoutes) cancellation(ctx context.Context, in *cancellationInput) (*cancellationOutput, error) {
	policy, err := r.Refunds.Cancellation(ctx, in.AccommodationID)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "read cancellation policy", err)
	}
	return &cancellationOutput{Body: policyOf(policy)}, nil
}

type setCancellationInput struct {
	AccommodationID int64 `query:"accommodation_id" minimum:"0" doc:"0 or absent is the property."`
	Body            struct {
		Name  string       `json:"name,omitempty" enum:",flexible,moderate,strict,custom" doc:"Empty makes an accommodation follow the property again."`
		Steps []policyStep `json:"steps,omitempty" maxItems:"6" doc:"Of a custom policy."`
	}
}

func (r refundRoutes) setCancellation(ctx context.Context, in *setCancellationInput) (*cancellationOutput, error) {
	var policy *booking.CancellationPolicy
	if in.Body.Name != "" {
		var steps []booking.CancellationStep
		for _, step := range in.Body.Steps {
			steps = append(steps, booking.CancellationStep(step))
		}
		made, err := booking.NewCancellationPolicy(in.Body.Name, steps)
		if err != nil {
			return nil, refusal(ctx, r.Logger, "set cancellation policy", err)
		}
		policy = &made
	}
	if err := r.Refunds.SetCancellation(ctx, authorOf(ctx), in.AccommodationID, policy); err != nil {
		return nil, refusal(ctx, r.Logger, "set cancellation policy", err)
	}
	return r.cancellation(ctx, &cancellationInput{AccommodationID: in.AccommodationID})
}
