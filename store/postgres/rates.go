package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// RateRule is a rate rule as staff keeps it; its Version is its revision too.
type RateRule struct {
	booking.RateRule
	CreatedAt, UpdatedAt time.Time
}

// RateRuleFilter picks rate rules.
type RateRuleFilter struct {
	// AccommodationID picks the rules that are for it, its own and those of the whole property; 0 is every rule.
	AccommodationID int64
	// Active is nil for both.
	Active *bool
	// After is the last id of the page before, Most how many at most.
	After int64
	Most  int
}

// mostRules bounds the rules of a property, because every price looks at them.
const mostRules = 200

// RateRules lists rules by id.
func (s *Store) RateRules(ctx context.Context, filter RateRuleFilter) ([]RateRule, error) {
	rows, err := s.queries.ListRateRules(ctx, s.pool, &dbgen.ListRateRulesParams{
		AfterID: filter.After, AccommodationID: filter.AccommodationID, Active: filter.Active, Most: int32(filter.Most)})
	if err != nil {
		return nil, explain("list rate rules", err)
	}
	rules := make([]RateRule, 0, len(rows))
	for _, row := range rows {
		rule, err := rateRule(row)
		if err != nil {
			return nil, err
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

// RateRule reads one; unknown ids are [booking.CodeNotFound].
func (s *Store) RateRule(ctx context.Context, id int64) (RateRule, error) {
	row, err := s.queries.GetRateRule(ctx, s.pool, id)
	if err != nil {
		return RateRule{}, explain("read rate rule", err)
	}
	return rateRule(row)
}

// AddRateRule makes a rule for prices from now on and writes it to the audit log. Today is the property's. It refuses as
// [booking.RateRuleChange.Apply] and [booking.RateRule.Ambiguous] do.
func (s *Store) AddRateRule(ctx context.Context, by Author, change booking.RateRuleChange, now time.Time) (RateRule, error) {
	var made RateRule
	err := s.transact(ctx, "create rate rule", func(tx pgx.Tx) error {
		property, others, err := s.lockRules(ctx, tx)
		if err != nil {
			return err
		}
		if len(others) >= mostRules {
			return booking.Refuse(booking.CodeInvalidInput, "there are %d rate rules already", len(others))
		}
		rule, err := s.ruleAfter(ctx, tx, change, booking.NewRateRule(), property, others, now)
		if err != nil {
			return err
		}
		columns := ruleColumns(rule, property, now)
		row, err := s.queries.InsertRateRule(ctx, tx, &dbgen.InsertRateRuleParams{
			PropertyID: property.ID, AccommodationID: columns.AccommodationID, Name: columns.Name, Kind: columns.Kind, Dates: columns.Dates,
			Weekdays: columns.Weekdays, Priority: columns.Priority, Active: columns.Active, Percent: columns.Percent,
			PriceCentavos: columns.PriceCentavos, Currency: columns.Currency, WeekendOnTop: columns.WeekendOnTop, MinNights: columns.MinNights,
			MinNightsFor: columns.MinNightsFor, LengthDiscounts: columns.LengthDiscounts, Now: now,
		})
		if err != nil {
			return err
		}
		if made, err = rateRule(row); err != nil {
			return err
		}
		return s.record(ctx, tx, by, ruleEntry("created", made.ID, nil, ruleFields(made.RateRule)), now)
	})
	return made, err
}

// ChangeRateRule changes a rule for prices from now on: quotes that are kept with a booking stay. A version other than
// [AnyRevision] must be the one there is, else it refuses with [CodeChangedMeanwhile]; else as [Store.AddRateRule] does.
func (s *Store) ChangeRateRule(ctx context.Context, by Author, id int64, version int, change booking.RateRuleChange, now time.Time) (RateRule, error) {
	var changed RateRule
	err := s.transact(ctx, "change rate rule", func(tx pgx.Tx) error {
		property, others, err := s.lockRules(ctx, tx)
		if err != nil {
			return err
		}
		was, err := s.ruleAt(ctx, tx, id, version)
		if err != nil {
			return err
		}
		rule, err := s.ruleAfter(ctx, tx, change, was.RateRule, property, others, now)
		if err != nil {
			return err
		}
		before, after := differing(ruleFields(was.RateRule), ruleFields(rule))
		if changed = was; len(after) == 0 {
			return nil
		}
		columns := ruleColumns(rule, property, now)
		row, err := s.queries.ChangeRateRule(ctx, tx, &columns)
		if err != nil {
			return err
		}
		if changed, err = rateRule(row); err != nil {
			return err
		}
		return s.record(ctx, tx, by, ruleEntry("changed", id, before, after), now)
	})
	return changed, err
}

// DeleteRateRule ends a rule; quotes made by it keep its name, id and version.
func (s *Store) DeleteRateRule(ctx context.Context, by Author, id int64, version int, now time.Time) error {
	return s.transact(ctx, "delete rate rule", func(tx pgx.Tx) error {
		if _, _, err := s.lockRules(ctx, tx); err != nil {
			return err
		}
		was, err := s.ruleAt(ctx, tx, id, version)
		if err != nil {
			return err
		}
		if err := s.queries.DeleteRateRule(ctx, tx, id); err != nil {
			return err
		}
		return s.record(ctx, tx, by, ruleEntry("deleted", id, ruleFields(was.RateRule), nil), now)
	})
}

// lockRules lets one change of rules go at a time, so that two do not meet in a night unseen, and reads those in force.
func (s *Store) lockRules(ctx context.Context, tx pgx.Tx) (booking.Property, []booking.RateRule, error) {
	if err := s.queries.LockCatalogue(ctx, tx); err != nil {
		return booking.Property{}, nil, err
	}
	property, err := s.propertyIn(ctx, tx)
	if err != nil {
		return booking.Property{}, nil, err
	}
	encoded, err := s.queries.ActiveRateRules(ctx, tx)
	if err != nil {
		return booking.Property{}, nil, err
	}
	rules, err := rateRules(encoded)
	return property, rules, err
}

func (s *Store) ruleAt(ctx context.Context, tx pgx.Tx, id int64, version int) (RateRule, error) {
	row, err := s.queries.GetRateRule(ctx, tx, id)
	if err != nil {
		return RateRule{}, err
	}
	rule, err := rateRule(row)
	if err == nil && version != AnyRevision && version != rule.Version {
		err = booking.Refuse(CodeChangedMeanwhile, "rate rule %d was changed meanwhile; read it again", id)
	}
	return rule, err
}

func (s *Store) ruleAfter(ctx context.Context, tx pgx.Tx, change booking.RateRuleChange, was booking.RateRule, property booking.Property,
	others []booking.RateRule, now time.Time) (booking.RateRule, error) {
	rule, err := change.Apply(was, property.Currency)
	if err != nil {
		return rule, err
	}
	if rule.AccommodationID != was.AccommodationID && rule.AccommodationID != 0 {
		_, err := s.queries.ReadAccommodation(ctx, tx, rule.AccommodationID)
		if booking.IsCode(explain("read accommodation", err), booking.CodeNotFound) {
			return rule, &booking.FieldError{Field: "accommodation_id", Rule: "must be an accommodation, or 0 for all"}
		}
		if err != nil {
			return rule, err
		}
	}
	return rule, rule.Ambiguous(others, booking.DateIn(now, property.Location))
}

func ruleColumns(rule booking.RateRule, property booking.Property, now time.Time) dbgen.ChangeRateRuleParams {
	columns := dbgen.ChangeRateRuleParams{
		ID: rule.ID, AccommodationID: nullIfZero(rule.AccommodationID), Name: rule.Name, Kind: string(rule.Kind),
		Dates: mustJSON(emptyIfNil(rule.Dates)), Weekdays: []int32{}, Priority: int32(rule.Priority), Active: rule.Active,
		Percent: nullIfZero(int32(rule.Percent)), PriceCentavos: nullIfZero(rule.Price.Centavos), Currency: property.Currency,
		WeekendOnTop: rule.WeekendOnTop, MinNights: nullIfZero(int32(rule.MinNights)), MinNightsFor: string(rule.MinNightsFor), Now: now,
	}
	for _, day := range rule.Weekdays {
		columns.Weekdays = append(columns.Weekdays, int32(day))
	}
	if rule.LengthDiscounts != nil {
		columns.LengthDiscounts = mustJSON(emptyIfNil(*rule.LengthDiscounts))
	}
	return columns
}

// rateRuleRow is a row of rate_rules as JSON.
type rateRuleRow struct {
	ID              int64                     `json:"id"`
	AccommodationID int64                     `json:"accommodation_id"`
	Name            string                    `json:"name"`
	Kind            booking.RuleKind          `json:"kind"`
	Dates           []booking.NightRange      `json:"dates"`
	Weekdays        []time.Weekday            `json:"weekdays"`
	Priority        int                       `json:"priority"`
	Active          bool                      `json:"active"`
	Percent         int                       `json:"percent"`
	PriceCentavos   int64                     `json:"price_centavos"`
	Currency        string                    `json:"currency"`
	WeekendOnTop    bool                      `json:"weekend_on_top"`
	MinNights       int                       `json:"min_nights"`
	MinNightsFor    booking.MinNightsFor      `json:"min_nights_for"`
	LengthDiscounts *[]booking.LengthDiscount `json:"length_discounts"`
	Version         int                       `json:"version"`
	CreatedAt       time.Time                 `json:"created_at"`
	UpdatedAt       time.Time                 `json:"updated_at"`
}

func (r rateRuleRow) rule() RateRule {
	rule := RateRule{CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, RateRule: booking.RateRule{
		ID: r.ID, Version: r.Version, AccommodationID: r.AccommodationID, Name: r.Name, Kind: r.Kind, Dates: r.Dates, Weekdays: r.Weekdays,
		Priority: r.Priority, Active: r.Active, Percent: r.Percent, WeekendOnTop: r.WeekendOnTop, MinNights: r.MinNights,
		MinNightsFor: r.MinNightsFor, LengthDiscounts: r.LengthDiscounts,
	}}
	if r.PriceCentavos != 0 {
		rule.Price = money(r.PriceCentavos, r.Currency)
	}
	return rule
}

func rateRule(encoded json.RawMessage) (RateRule, error) {
	var row rateRuleRow
	if err := json.Unmarshal(encoded, &row); err != nil {
		return RateRule{}, fmt.Errorf("read rate rule: %w", err)
	}
	return row.rule(), nil
}

func rateRules(encoded json.RawMessage) ([]booking.RateRule, error) {
	var rows []rateRuleRow
	if err := json.Unmarshal(encoded, &rows); err != nil {
		return nil, fmt.Errorf("read rate rules: %w", err)
	}
	rules := make([]booking.RateRule, 0, len(rows))
	for _, row := range rows {
		rules = append(rules, row.rule().RateRule)
	}
	return rules, nil
}

func ruleEntry(what string, id int64, before, after map[string]any) AuditEntry {
	return AuditEntry{Action: "rate_rule." + what, Entity: "rate_rule", EntityID: strconv.FormatInt(id, 10), Before: before, After: after}
}

func ruleFields(r booking.RateRule) map[string]any {
	fields := map[string]any{
		"accommodation_id": r.AccommodationID, "name": r.Name, "kind": r.Kind, "dates": emptyIfNil(r.Dates), "weekdays": emptyIfNil(r.Weekdays),
		"priority": r.Priority, "active": r.Active, "percent": r.Percent, "price_centavos": r.Price.Centavos,
		"weekend_on_top": r.WeekendOnTop, "min_nights": r.MinNights, "min_nights_for": r.MinNightsFor, "length_discounts": nil,
	}
	if r.LengthDiscounts != nil {
		fields["length_discounts"] = emptyIfNil(*r.LengthDiscounts)
	}
	return fields
}
