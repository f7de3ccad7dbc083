package api

import (
	"context"
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"cabanas/booking"
	"cabanas/store/postgres"
)

const (
	// exportPage is how many rows are read at once: a table of any size takes the memory of one page.
	exportPage = 500
	// byteOrderMark makes Excel read UTF-8.
	byteOrderMark = "\ufeff"
)

var exportHeader = []string{"code", "status", "payment_status", "channel", "accommodation", "check_in", "check_out", "nights", "guests",
	"guest_name", "guest_phone", "guest_email", "currency", "total", "deposit", "paid", "due", "expires_at", "created_at"}

// export writes every row page by page. The first page is read before the answer begins, so that what is wrong is still a problem.
func (r deskRoutes) export(ctx context.Context, in *reservationExportInput) (*huma.StreamResponse, error) {
	filter, problem := r.filter(ctx, &reservationListInput{
		Status: in.Status, PaymentStatus: in.PaymentStatus, Channel: in.Channel, AccommodationID: in.AccommodationID,
		CheckInFrom: in.CheckInFrom, CheckInTo: in.CheckInTo, StaysFrom: in.StaysFrom, StaysTo: in.StaysTo,
		CreatedFrom: in.CreatedFrom, CreatedTo: in.CreatedTo, Search: in.Search})
	if problem != nil {
		return nil, problem
	}
	order := orderOf(in.Sort, in.Direction)
	page, err := r.Reservations.List(ctx, filter, order, postgres.ReservationPlace{}, exportPage)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "export reservations", err)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "text/csv; charset=utf-8; header=present")
		hc.SetHeader("Content-Disposition", `attachment; filename="reservas-`+r.Now().UTC().Format(time.DateOnly)+`.csv"`)
		hc.SetHeader("Cache-Control", "private, no-store")
		hc.SetStatus(http.StatusOK)
		if isHead(ctx) {
			return
		}
		table := newTable(hc, in.Separator == "semicolon")
		for {
			for _, row := range page {
				table.write(row)
			}
			if !table.flushed() || len(page) < exportPage {
				break
			}
			var err error
			if page, err = r.Reservations.List(ctx, filter, order, page[len(page)-1].Place, exportPage); err != nil {
				r.Logger.ErrorContext(ctx, "export_broke_off", "error", err)
				panic(http.ErrAbortHandler) // half a table must not look whole
			}
		}
	}}, nil
}

// table is a table being written to somebody who may go away; then the rest is not written.
type table struct {
	*csv.Writer
	decimal string
}

func newTable(hc huma.Context, forExcel bool) table {
	t := table{csv.NewWriter(hc.BodyWriter()), "."}
	t.UseCRLF = true
	header := append([]string{}, exportHeader...)
	if forExcel {
		t.Comma, t.decimal = ';', ","
		if _, err := hc.BodyWriter().Write([]byte(byteOrderMark)); err != nil {
			return t
		}
	}
	_ = t.Write(header)
	return t
}

func (t table) flushed() bool {
	t.Flush()
	return t.Error() == nil
}

func (t table) write(r postgres.ReservationRow) {
	_ = t.Write([]string{
		r.Code, string(r.Status), string(r.PaymentStatus), string(r.Channel), harmless(r.UnitName),
		r.Stay.CheckIn.String(), r.Stay.CheckOut.String(), strconv.Itoa(r.Stay.Nights()), strconv.Itoa(r.Guests),
		harmless(r.Guest.Name), harmless(r.Guest.Phone), harmless(r.Guest.Email), r.Total.Currency,
		t.amount(r.Total), t.amount(r.Deposit), t.amount(r.Paid), t.amount(r.Due), instant(r.ExpiresAt), instant(r.CreatedAt),
	})
}

func (t table) amount(m booking.Money) string { return strings.Replace(m.Decimal(), ".", t.decimal, 1) }

func instant(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

// harmless keeps a spreadsheet from taking what a person typed for a formula.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
