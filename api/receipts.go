package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"cabanas/booking"
	"cabanas/internal/accounts"
	"cabanas/store/postgres"
)

// Receipts gives numbered receipts out; *activities.ReceiptDesk is one. Its refusals are [booking.Error].
type Receipts interface {
	// ForGuest refuses with [booking.CodeNotFound] when code, token or number is not right; which one cannot be told.
	ForGuest(ctx context.Context, code, token, number string) ([]byte, error)
	ForStaff(ctx context.Context, code, number string) ([]byte, error)
	List(ctx context.Context, code string) ([]postgres.IssuedReceipt, error)
	// Page lists receipts of every reservation.
	Page(ctx context.Context, filter postgres.ReceiptFilter, oldest bool, after postgres.Place, most int) ([]postgres.ListedReceipt, error)
	// ByToken opens the receipt of an address that was given to its guest.
	ByToken(ctx context.Context, token string) ([]byte, error)
}

const receiptSuffix = ".pdf"

// addReceipts registers the receipts of guests, and the secret addresses that WhatsApp fetches documents from.
func addReceipts(router *gin.Engine, api huma.API, s staff, o *Options) {
	routes := receiptRoutes{o}
	get := receiptOperation("get-receipt", "/reservations/{code}/receipts/{number}", "A receipt as PDF, for its guest",
		"The number with .pdf behind it, such as R-0001-00000012.pdf.")
	get.Security = []map[string][]string{{tokenScheme: {}}}
	get.Errors = append(get.Errors, http.StatusUnauthorized, http.StatusServiceUnavailable)
	huma.Register(api, get, routes.forGuest)
	staffRoute(s, accounts.ReadOnly, receiptOperation("get-receipt-for-staff", "/admin/reservations/{code}/receipts/{number}",
		"A receipt as PDF", ""), routes.forStaff)
	staffRoute(s, accounts.ReadOnly, huma.Operation{OperationID: "list-receipts", Method: http.MethodGet,
		Path: prefix + "/admin/reservations/{code}/receipts", Tags: []string{tagPayments}, Summary: "The receipts of a reservation",
		Errors: []int{http.StatusNotFound}}, routes.list)
	staffRoute(s, accounts.ReadOnly, huma.Operation{OperationID: "list-all-receipts", Method: http.MethodGet,
		Path: prefix + "/admin/receipts", Tags: []string{tagPayments}, Summary: "Receipts of every reservation",
		Description: "By the day that is printed, the newest first. Filters that are given all have to hold.",
		Errors:      []int{http.StatusUnprocessableEntity}}, routes.page)
	router.GET("/receipts/:file", within(requestTime), routes.byToken)
}

func receiptOperation(id, path, summary, description string) huma.Operation {
	return huma.Operation{OperationID: id, Method: http.MethodGet, Path: prefix + path, Tags: []string{tagPayments},
		Summary: summary, Description: description, Errors: []int{http.StatusNotFound},
		Responses: map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{
			"application/pdf": {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}}}
}

type receiptRoutes struct{ *Options }

type receiptInput struct {
	Code   string `path:"code" maxLength:"40" example:"RES261120A1B2C3"`
	Number string `path:"number" maxLength:"40" example:"R-0001-00000012.pdf"`
}

type guestReceiptInput struct {
	Code   string `path:"code" maxLength:"40" example:"RES261120A1B2C3"`
	Number string `path:"number" maxLength:"40" example:"R-0001-00000012.pdf"`
	Token  string `header:"X-Reservation-Token" maxLength:"200"`
}

type receiptOutput struct {
	ContentType  string `header:"Content-Type"`
	Disposition  string `header:"Content-Disposition"`
	CacheControl string `header:"Cache-Control"`
	Body         []byte
}

func (r receiptRoutes) forGuest(ctx context.Context, in *guestReceiptInput) (*receiptOutput, error) {
	if in.Token == "" {
		return nil, newProblem(ctx, booking.CodeUnauthorized, "the header "+tokenHeader+" is missing",
			FieldError{In: "header", Field: tokenHeader, Message: "expected the token given with the hold"})
	}
	return r.answer(ctx, in.Number, func(number string) ([]byte, error) {
		return r.Receipts.ForGuest(ctx, booking.NormalizeCode(in.Code), in.Token, number)
	})
}

func (r receiptRoutes) forStaff(ctx context.Context, in *receiptInput) (*receiptOutput, error) {
	return r.answer(ctx, in.Number, func(number string) ([]byte, error) {
		return r.Receipts.ForStaff(ctx, booking.NormalizeCode(in.Code), number)
	})
}

func (r receiptRoutes) answer(ctx context.Context, file string, open func(number string) ([]byte, error)) (*receiptOutput, error) {
	number := strings.TrimSuffix(file, receiptSuffix)
	if !booking.ValidReceiptNumber(number) {
		return nil, newProblem(ctx, booking.CodeNotFound, "no such receipt of this reservation")
	}
	page, err := open(number)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "read receipt", err)
	}
	return &receiptOutput{ContentType: "application/pdf", Disposition: disposition(number), CacheControl: "private, no-store", Body: page}, nil
}

func disposition(number string) string { return `inline; filename="` + number + receiptSuffix + `"` }

type receiptListOutput struct {
	Body struct {
		Items []receiptItem `json:"items" nullable:"false"`
	}
}

type receiptItem struct {
	Number string `json:"number" example:"R-0001-00000012"`
	Date   string `json:"date" format:"date"`
	Method string `json:"method" enum:"mercadopago,cash,transfer"`
	Amount money  `json:"amount"`
	Credit bool   `json:"credit" doc:"Money that went back."`
}

func (r receiptRoutes) list(ctx context.Context, in *codeInput) (*receiptListOutput, error) {
	receipts, err := r.Receipts.List(ctx, booking.NormalizeCode(in.Code))
	if err != nil {
		return nil, refusal(ctx, r.Logger, "list receipts", err)
	}
	out := &receiptListOutput{}
	out.Body.Items = []receiptItem{}
	for _, receipt := range receipts {
		out.Body.Items = append(out.Body.Items, receiptItem{Number: receipt.Number, Date: receipt.Date.String(), Method: string(receipt.Method),
			Amount: moneyOf(receipt.Amount), Credit: receipt.Credit})
	}
	return out, nil
}

// byToken serves the address that a guest was sent: the secret in it is all that is needed, as for WhatsApp's own servers.
func (r receiptRoutes) byToken(c *gin.Context) {
	ctx := c.Request.Context()
	token, isPDF := strings.CutSuffix(c.Param("file"), receiptSuffix)
	if !isPDF || len(token) > 200 {
		writeProblem(c, newProblem(ctx, booking.CodeNotFound, "no such receipt"))
		return
	}
	page, err := r.Receipts.ByToken(ctx, token)
	if err != nil {
		writeProblem(c, refusal(ctx, r.Logger, "open receipt", err))
		return
	}
	c.Header("Cache-Control", "private, no-store")
	c.Header("X-Robots-Tag", "noindex")
	c.Data(http.StatusOK, "application/pdf", page)
}
