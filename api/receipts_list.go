package api

import (
	"context"
	"strings"

	"cabanas/booking"
	"cabanas/store/postgres"
)

type receiptPageInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"Most items in one page."`
	Cursor string `query:"cursor" maxLength:"200" doc:"next_cursor of the page before, of the same sort."`
	Sort   string `query:"sort" enum:"newest,oldest" default:"newest"`
	Number string `query:"number" maxLength:"40" example:"R-0001-00000012" doc:"Only this one."`
	Code   string `query:"code" maxLength:"40" example:"RES261120A1B2C3" doc:"Only of this reservation."`
	Method string `query:"method" enum:"mercadopago,cash,transfer" doc:"Only those."`
	Credit string `query:"credit" enum:"true,false" doc:"Only of money that went back, or that came."`
	From   string `query:"from" format:"date" example:"2026-11-01" doc:"From this day on, as printed."`
	To     string `query:"to" format:"date" example:"2027-12-01" doc:"Before this day."`
}

type listedReceipt struct {
	Number string `json:"number" example:"R-0001-00000012"`
	Code   string `json:"code" doc:"Of the reservation."`
	Unit   string `json:"unit" doc:"What was booked, as it was called then."`
	Date   string `json:"date" format:"date" doc:"The day at the property when the money moved."`
	Method string `json:"method" enum:"mercadopago,cash,transfer"`
	Amount money  `json:"amount"`
	Credit bool   `json:"credit" doc:"Money that went back."`
}

func listedReceiptOf(r postgres.ListedReceipt) listedReceipt {
	return listedReceipt{Number: r.Number, Code: r.Code, Unit: r.Unit, Date: r.Date.String(), Method: string(r.Method),
		Amount: moneyOf(r.Amount), Credit: r.Credit}
}

type receiptPage struct {
	Items      []listedReceipt `json:"items" nullable:"false"`
	NextCursor *string         `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last."`
}

type receiptPageOutput struct{ Body receiptPage }

func (r receiptRoutes) page(ctx context.Context, in *receiptPageInput) (*receiptPageOutput, error) {
	filter := postgres.ReceiptFilter{Method: booking.PaymentMethod(in.Method), Credit: oneOf(in.Credit, "true"),
		Number: strings.ToUpper(strings.TrimSpace(in.Number))}
	if filter.Number != "" && !booking.ValidReceiptNumber(filter.Number) {
		return nil, invalidField(ctx, "query", "number", "expected a number such as R-0001-00000012")
	}
	var problem *Problem
	if filter.Code, problem = codeFilter(ctx, in.Code); problem != nil {
		return nil, problem
	}
	if filter.From, filter.To, problem = parseSpan(ctx, in.From, in.To); problem != nil {
		return nil, problem
	}
	order := timeOrder("receipts", in.Sort)
	after, err := parsePlace(order, in.Cursor)
	if err != nil {
		return nil, badPlace(ctx)
	}
	found, err := r.Receipts.Page(ctx, filter, in.Sort == sortOldest, after, in.Limit+1)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "list receipts", err)
	}
	out := &receiptPageOutput{}
	page, cursor := placedPage(found, in.Limit, order)
	out.Body.Items, out.Body.NextCursor = each(page, listedReceiptOf), cursor
	return out, nil
}
