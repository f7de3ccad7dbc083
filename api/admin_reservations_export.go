package api

import (
	"context"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"cabanas/store/postgres"
)

var exportHeader = []string{"code", "status", "payment_status", "channel", "accommodation", "check_in", "check_out", "nights", "guests",
	"guest_name", "guest_phone", "guest_email", "currency", "total", "deposit", "paid", "due", "expires_at", "created_at"}

// export takes the filters and the order of the list.
func (r deskRoutes) export(ctx context.Context, in *reservationExportInput) (*huma.StreamResponse, error) {
	filter, problem := r.filter(ctx, &reservationListInput{
		Status: in.Status, PaymentStatus: in.PaymentStatus, Channel: in.Channel, AccommodationID: in.AccommodationID,
		CheckInFrom: in.CheckInFrom, CheckInTo: in.CheckInTo, StaysFrom: in.StaysFrom, StaysTo: in.StaysTo,
		CreatedFrom: in.CreatedFrom, CreatedTo: in.CreatedTo, Search: in.Search})
	if problem != nil {
		return nil, problem
	}
	order := orderOf(in.Sort, in.Direction)
	rows := tableRows[postgres.ReservationRow]{
		read: func(ctx context.Context, after postgres.Place) ([]postgres.ReservationRow, error) {
			return r.Reservations.List(ctx, filter, order, after, exportPage)
		},
		place: func(row postgres.ReservationRow) postgres.Place { return row.Place },
		cells: exportCells,
	}
	answer, err := streamTable(ctx, r.Options, tableFile{name: "reservas", header: exportHeader, forExcel: in.Separator == "semicolon"}, rows)
	if err != nil {
		return nil, refusal(ctx, r.Logger, "export reservations", err)
	}
	return answer, nil
}

func exportCells(t table, r postgres.ReservationRow) []string {
	return []string{
		r.Code, string(r.Status), string(r.PaymentStatus), string(r.Channel), harmless(r.UnitName),
		r.Stay.CheckIn.String(), r.Stay.CheckOut.String(), strconv.Itoa(r.Stay.Nights()), strconv.Itoa(r.Guests),
		harmless(r.Guest.Name), harmless(r.Guest.Phone), harmless(r.Guest.Email), r.Total.Currency,
		t.amount(r.Total), t.amount(r.Deposit), t.amount(r.Paid), t.amount(r.Due), instant(r.ExpiresAt), instant(r.CreatedAt),
	}
}
