package postgres

import (
	"context"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// ChangeProperty changes the terms of the property for what is booked and asked from now on, and returns it as it is then. What
// differs is written to the audit log in the same transaction; the account for transfers too, because guests send money there.
// Errors are those of [booking.PropertyChange.Apply].
func (s *Store) ChangeProperty(ctx context.Context, by Author, change booking.PropertyChange, now time.Time) (booking.Property, error) {
	var property booking.Property
	err := s.transact(ctx, "change property", func(tx pgx.Tx) error {
		id, err := s.queries.LockProperty(ctx, tx)
		if err != nil {
			return err
		}
		was, err := s.propertyIn(ctx, tx)
		if err != nil {
			return err
		}
		property, err = change.Apply(was)
		if err != nil {
			return err
		}
		entry := AuditEntry{Action: "property.changed", Entity: "property", EntityID: strconv.FormatInt(id, 10)}
		entry.Before, entry.After = differing(propertyFields(was), propertyFields(property))
		if len(entry.After) == 0 {
			return nil
		}
		if err := s.queries.ChangeProperty(ctx, tx, propertyRow(id, property)); err != nil {
			return fmt.Errorf("write property: %w", err)
		}
		return s.record(ctx, tx, by, entry, now)
	})
	return property, err
}

func propertyRow(id int64, p booking.Property) *dbgen.ChangePropertyParams {
	row := &dbgen.ChangePropertyParams{ID: id, Name: p.Name, CheckInMinutes: int32(p.CheckInTime), CheckOutMinutes: int32(p.CheckOutTime),
		BalanceMode: string(p.Payments.BalanceMode), BalanceDaysBefore: int32(p.Payments.BalanceDays),
		TransferDetails: p.Payments.TransferDetails, TransferHoldHours: int32(p.Payments.TransferHours)}
	if p.DepositPercent != 0 {
		row.DepositPercent = new(int32(p.DepositPercent))
	}
	if p.DepositFixed.Centavos != 0 {
		row.DepositFixedCentavos = &p.DepositFixed.Centavos
	}
	return row
}

func propertyFields(p booking.Property) map[string]any {
	return map[string]any{
		"name": p.Name, "check_in_minutes": p.CheckInTime, "check_out_minutes": p.CheckOutTime,
		"deposit_percent": p.DepositPercent, "deposit_fixed_centavos": p.DepositFixed.Centavos,
		"balance_mode": p.Payments.BalanceMode, "balance_days_before": p.Payments.BalanceDays,
		"transfer_details": p.Payments.TransferDetails, "transfer_hold_hours": p.Payments.TransferHours,
	}
}

// differing keeps of two sets of fields those that are not the same in both.
func differing(was, is map[string]any) (before, after map[string]any) {
	before, after = map[string]any{}, map[string]any{}
	for name, value := range was {
		if !reflect.DeepEqual(is[name], value) {
			before[name], after[name] = value, is[name]
		}
	}
	return before, after
}
