package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"cabanas/booking"
	"cabanas/internal/accounts"
	"cabanas/store/postgres"
)

// addLedger registers how staff reads the ledger of payments; slow routes may take long to answer.
func addLedger(s, slow staff, o *Options) {
	if o.Refunds == nil {
		return
	}
	routes := ledgerRoutes{o}
	op := func(id, path, summary, description string, errors ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: prefix + "/admin/payments" + path, Tags: []string{tagMoney},
			Summary: summary, Description: description, Errors: errors}
	}
	const missing, rule = http.StatusNotFound, http.StatusUnprocessableEntity
	staffRoute(s, accounts.ReadOnly, op("list-payments", "", "The ledger of payments",
		"By when we first heard of them, the newest first. Filters that are given all have to hold; a filter with several values takes any of "+
			"them, with commas between them.", rule), routes.list)
	export := op("export-payments", "/export.csv", "The ledger as a table",
		"All of it, with the filters and the order of the list. With separator=semicolon the table is one that Excel in Argentina opens: "+
			"semicolons, decimal commas and a byte order mark.", rule)
	export.Responses = tableResponse()
	staffRoute(slow, accounts.ReadOnly, export, routes.export)
	staffRoute(s, accounts.ReadOnly, op("get-payment", "/{payment_id}", "Everything about a payment",
		"What was reported of it and when, what went back, who disagreed, and whose it is; nothing of who paid. With If-None-Match an unchanged "+
			"payment is 304.", missing), routes.get)
}

type ledgerRoutes struct{ *Options }

// The filters stand in both inputs: what is embedded without a capital letter is not read.
type ledgerListInput struct {
	Limit       int       `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"Most items in one page."`
	Cursor      string    `query:"cursor" maxLength:"200" doc:"next_cursor of the page before, of the same sort."`
	Sort        string    `query:"sort" enum:"newest,oldest" default:"newest"`
	Method      []string  `query:"method" enum:"mercadopago,cash,transfer"`
	Status      []string  `query:"status" enum:"pending,in_process,authorized,approved,rejected,cancelled,refunded,charged_back,in_mediation,unknown" doc:"What the provider says."`
	Disposition []string  `query:"disposition" enum:"open,applied,to_refund,offered,refunded,parked,failed,reversed" doc:"What is to become of the money: applied is counted for its reservation, parked waits for a person, to_refund goes back, refunded went back."`
	Verdict     []string  `query:"verdict" enum:"wait,failed,confirm,short,late,return,park,reversed,settled,count,taken,part,mediation,charge_back,lost,restored" doc:"What the last report meant for the reservation."`
	Counted     string    `query:"counted" enum:"true,false" doc:"Part of what was paid for its reservation, or not."`
	Code        string    `query:"code" maxLength:"40" example:"RES261120A1B2C3" doc:"Of its reservation."`
	From        time.Time `query:"from" example:"2026-11-01T00:00:00Z" doc:"Heard of from this instant on."`
	To          time.Time `query:"to" example:"2027-12-01T00:00:00Z" doc:"Heard of before this instant."`
}

type ledgerExportInput struct {
	Separator   string    `query:"separator" enum:"comma,semicolon" default:"comma"`
	Sort        string    `query:"sort" enum:"newest,oldest" default:"newest"`
	Method      []string  `query:"method" enum:"mercadopago,cash,transfer"`
	Status      []string  `query:"status" enum:"pending,in_process,authorized,approved,rejected,cancelled,refunded,charged_back,in_mediation,unknown" doc:"What the provider says."`
	Disposition []string  `query:"disposition" enum:"open,applied,to_refund,offered,refunded,parked,failed,reversed" doc:"What is to become of the money: applied is counted for its reservation, parked waits for a person, to_refund goes back, refunded went back."`
	Verdict     []string  `query:"verdict" enum:"wait,failed,confirm,short,late,return,park,reversed,settled,count,taken,part,mediation,charge_back,lost,restored" doc:"What the last report meant for the reservation."`
	Counted     string    `query:"counted" enum:"true,false" doc:"Part of what was paid for its reservation, or not."`
	Code        string    `query:"code" maxLength:"40" example:"RES261120A1B2C3" doc:"Of its reservation."`
	From        time.Time `query:"from" example:"2026-11-01T00:00:00Z" doc:"Heard of from this instant on."`
	To          time.Time `query:"to" example:"2027-12-01T00:00:00Z" doc:"Heard of before this instant."`
}

type ledgerItem struct {
	PaymentID    string    `json:"payment_id" example:"1234567890" doc:"The provider's id, or ours for money that staff wrote down."`
	Method       string    `json:"method" enum:"mercadopago,cash,transfer"`
	Code         string    `json:"code" doc:"Of its reservation; empty when it is nobody's."`
	Status       string    `json:"status" doc:"What the provider says."`
	StatusDetail string    `json:"status_detail" doc:"The provider's word for why; may be empty."`
	Disposition  string    `json:"disposition" doc:"What is to become of the money."`
	Verdict      string    `json:"verdict"`
	Counted      bool      `json:"counted" doc:"Part of what was paid for its reservation."`
	Amount       money     `json:"amount"`
	Refunded     money     `json:"refunded"`
	ReceivedAt   time.Time `json:"received_at" doc:"When we first heard of it."`
	UpdatedAt    time.Time `json:"updated_at" doc:"When we last heard of it."`
}

func ledgerItemOf(p postgres.PaymentRow) ledgerItem {
	return ledgerItem{PaymentID: p.ProviderID, Method: string(p.Method), Code: p.Code, Status: string(p.Status), StatusDetail: p.StatusDetail,
		Disposition: string(p.Disposition), Verdict: string(p.Verdict), Counted: p.Counted, Amount: moneyOf(p.Amount), Refunded: moneyOf(p.Refunded),
		ReceivedAt: p.ReceivedAt.UTC(), UpdatedAt: p.UpdatedAt.UTC()}
}

type ledgerList struct {
	Items      []ledgerItem `json:"items" nullable:"false"`
	NextCursor *string      `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last."`
}

type ledgerOutput struct{ Body ledgerList }

func (r ledgerRoutes) list(ctx context.Context, in *ledgerListInput) (*ledgerOutput, error) {
	filter, problem := ledgerFilter(ctx, in)
	if problem != nil {
		return nil, problem
	}
	order := timeOrder("payments", in.Sort)
	after, err := parsePlace(order, in.Cursor)
	if err != nil {
		return nil, badPlace(ctx)
	}
	found, err := r.Refunds.Payments(ctx, filter, in.Sort == sortOldest, after, in.Limit+1)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "list payments", err)
	}
	out := &ledgerOutput{}
	page, cursor := placedPage(found, in.Limit, order)
	out.Body.Items, out.Body.NextCursor = each(page, ledgerItemOf), cursor
	return out, nil
}

func ledgerFilter(ctx context.Context, in *ledgerListInput) (postgres.LedgerFilter, *Problem) {
	code, problem := codeFilter(ctx, in.Code)
	if problem == nil {
		problem = spanOfInstants(ctx, in.From, in.To)
	}
	return postgres.LedgerFilter{
		Code: code, Methods: wordsOf[booking.PaymentMethod](in.Method), Statuses: wordsOf[booking.ProviderStatus](in.Status),
		Dispositions: wordsOf[postgres.Disposition](in.Disposition), Verdicts: wordsOf[booking.Verdict](in.Verdict), Counted: oneOf(in.Counted, "true"),
		From: in.From, To: in.To,
	}, problem
}

var ledgerHeader = []string{"payment_id", "received_at", "method", "code", "status", "status_detail", "disposition", "verdict", "counted",
	"currency", "amount", "refunded", "kept", "updated_at"}

func (r ledgerRoutes) export(ctx context.Context, in *ledgerExportInput) (*huma.StreamResponse, error) {
	filter, problem := ledgerFilter(ctx, &ledgerListInput{Method: in.Method, Status: in.Status, Disposition: in.Disposition, Verdict: in.Verdict,
		Counted: in.Counted, Code: in.Code, From: in.From, To: in.To})
	if problem != nil {
		return nil, problem
	}
	rows := tableRows[postgres.PaymentRow]{
		read: func(ctx context.Context, after postgres.Place) ([]postgres.PaymentRow, error) {
			return r.Refunds.Payments(ctx, filter, in.Sort == sortOldest, after, exportPage)
		},
		place: postgres.PaymentRow.Place,
		cells: ledgerCells,
	}
	answer, err := streamTable(ctx, r.Options, tableFile{name: "pagos", header: ledgerHeader, forExcel: in.Separator == "semicolon"}, rows)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "export payments", err)
	}
	return answer, nil
}

func ledgerCells(t table, p postgres.PaymentRow) []string {
	kept := p.Amount.Minus(p.Refunded)
	if !p.Counted {
		kept.Centavos = 0
	}
	return []string{harmless(p.ProviderID), instant(p.ReceivedAt), string(p.Method), p.Code, string(p.Status), harmless(p.StatusDetail),
		string(p.Disposition), string(p.Verdict), word(p.Counted), p.Amount.Currency, t.amount(p.Amount), t.amount(p.Refunded), t.amount(kept),
		instant(p.UpdatedAt)}
}

func word(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

type ledgerInput struct {
	PaymentID   string `path:"payment_id" maxLength:"80" example:"1234567890" doc:"As lists show it."`
	IfNoneMatch string `header:"If-None-Match" maxLength:"1024" doc:"An ETag of before."`
}

type ledgerEvent struct {
	ReceivedAt   time.Time `json:"received_at" doc:"When we heard of it."`
	ReportedAt   time.Time `json:"reported_at" doc:"By the provider's clock."`
	Status       string    `json:"status" doc:"What the provider said."`
	StatusDetail string    `json:"status_detail"`
	Verdict      string    `json:"verdict" doc:"What it meant for the reservation."`
	Amount       money     `json:"amount"`
	Refunded     money     `json:"refunded"`
}

func ledgerEventOf(e postgres.PaymentEvent) ledgerEvent {
	return ledgerEvent{ReceivedAt: e.ReceivedAt.UTC(), ReportedAt: e.UpdatedAt.UTC(), Status: string(e.Status), StatusDetail: e.StatusDetail,
		Verdict: string(e.Verdict), Amount: moneyOf(e.Amount), Refunded: moneyOf(e.Refunded)}
}

type ledgerDispute struct {
	Kind      string     `json:"kind" enum:"mediation,chargeback"`
	Outcome   string     `json:"outcome" enum:"open,lost,won,escalated" doc:"escalated: it became a chargeback."`
	Amount    money      `json:"amount"`
	OpenedAt  time.Time  `json:"opened_at" doc:"By the provider's clock."`
	DecidedAt *time.Time `json:"decided_at" doc:"null while it is open."`
}

func ledgerDisputeOf(d postgres.PaymentDispute) ledgerDispute {
	return ledgerDispute{Kind: d.Kind, Outcome: d.Outcome, Amount: moneyOf(d.Amount), OpenedAt: d.OpenedAt.UTC(), DecidedAt: timeOrNull(d.DecidedAt)}
}

type ledgerFile struct {
	Payment     ledgerItem      `json:"payment"`
	Note        string          `json:"note" doc:"Of who wrote it down; empty for the provider's."`
	RecordedBy  *int64          `json:"recorded_by" doc:"Account of who wrote it down; null when none did."`
	Events      []ledgerEvent   `json:"events" nullable:"false" doc:"Reports that said something new, oldest first."`
	Refunds     []refundItem    `json:"refunds" nullable:"false" doc:"Oldest first."`
	Disputes    []ledgerDispute `json:"disputes" nullable:"false" doc:"Oldest first."`
	Reservation *bookingMoney   `json:"reservation" doc:"null when it is nobody's."`
}

type ledgerFileOutput struct {
	Status       int
	Etag         string `header:"Etag"`
	CacheControl string `header:"Cache-Control"`
	Body         ledgerFile
}

func (r ledgerRoutes) get(ctx context.Context, in *ledgerInput) (*ledgerFileOutput, error) {
	if !printable(in.PaymentID) {
		return nil, newProblem(ctx, booking.CodeNotFound, "no such payment")
	}
	file, err := r.Refunds.Payment(ctx, in.PaymentID)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "read payment", err)
	}
	out := &ledgerFileOutput{Status: http.StatusOK, CacheControl: "private, no-cache", Body: ledgerFileOf(file)}
	content, err := json.Marshal(out.Body)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "read payment", err)
	}
	digest := sha256.Sum256(content)
	out.Etag = `"` + hex.EncodeToString(digest[:16]) + `"`
	if in.IfNoneMatch != "" && sameTag(in.IfNoneMatch, out.Etag) {
		out.Status = http.StatusNotModified
	}
	return out, nil
}

func ledgerFileOf(file postgres.PaymentFile) ledgerFile {
	shown := ledgerFile{Payment: ledgerItemOf(file.PaymentRow), Note: file.Note, RecordedBy: idOrNull(file.RecordedBy),
		Events: each(file.Events, ledgerEventOf), Refunds: each(file.Refunds, refundItemOf), Disputes: each(file.Disputes, ledgerDisputeOf)}
	if file.Reservation != nil {
		reservation := bookingMoneyOf(*file.Reservation)
		shown.Reservation = &reservation
	}
	return shown
}
