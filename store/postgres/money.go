package postgres

import (
	"context"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// ReservationMoney is what the ledger says of one reservation; the database derives it from payments, refunds and disputes.
type ReservationMoney struct {
	Total   booking.Money
	Deposit booking.Money
	// Counted is what payments brought, Refunded what went back of it, Kept what is left; a chargeback takes from Kept at once.
	Counted  booking.Money
	Refunded booking.Money
	Kept     booking.Money
	// Disputed is what open and lost disputes are about; a mediation leaves it in Kept.
	Disputed booking.Money
	// DueDeposit and DueTotal are what a live reservation still needs.
	DueDeposit booking.Money
	DueTotal   booking.Money
	Status     booking.PaymentStatus
}

// ReservationMoney reads the ledger of a reservation; unknown codes are [booking.CodeNotFound].
func (s *Store) ReservationMoney(ctx context.Context, code string) (ReservationMoney, error) {
	row, err := s.queries.GetReservationMoneyByCode(ctx, s.pool, code)
	if err != nil {
		return ReservationMoney{}, explain("read money of reservation", err)
	}
	return reservationMoneyOf(row), nil
}

func reservationMoneyOf(row *dbgen.ReservationMoney) ReservationMoney {
	of := func(centavos int64) booking.Money { return money(centavos, row.Currency) }
	return ReservationMoney{
		Total: of(row.TotalCentavos), Deposit: of(row.DepositCentavos), Counted: of(row.CountedCentavos), Refunded: of(row.RefundedCentavos),
		Kept: of(row.KeptCentavos), Disputed: of(row.DisputedCentavos), DueDeposit: of(row.DueDepositCentavos), DueTotal: of(row.DueTotalCentavos),
		Status: booking.PaymentStatus(row.PaymentStatus),
	}
}
