package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/store/postgres/dbgen"
)

// Violation is a broken invariant of the design with the rows that break it: ids and codes, never a person's data. At most a
// hundred rows are listed.
type Violation struct {
	Invariant int      `json:"invariant"`
	Name      string   `json:"name"`
	Rows      []string `json:"rows"`
}

// invariant is one question of the audit; its query lists what breaks it.
type invariant struct {
	number int
	name   string
	broken func(ctx context.Context, db dbgen.DBTX, now time.Time) ([]string, error)
}

func (s *Store) invariants() []invariant {
	timeless := func(query func(context.Context, dbgen.DBTX) ([]string, error)) func(context.Context, dbgen.DBTX, time.Time) ([]string, error) {
		return func(ctx context.Context, db dbgen.DBTX, _ time.Time) ([]string, error) { return query(ctx, db) }
	}
	return []invariant{
		{1, "no night is sold twice", timeless(s.queries.AuditOverlaps)},
		{1, "a closed night that is sold is an open conflict", timeless(s.queries.AuditBlocks)},
		{2, "approved money has its place, went back, or the owner knows", s.queries.AuditPayments},
		{2, "a refund is made, or the owner knows", s.queries.AuditRefunds},
		{2, "what is above the total goes back, or the owner knows", s.queries.AuditSurplus},
		{2, "the owner knows of every dispute", s.queries.AuditDisputes},
		{3, "a confirmation rests on money or on the owner", timeless(s.queries.AuditConfirmations)},
		{3, "status and ledger agree", timeless(s.queries.AuditLedger)},
		{4, "no hold outlives its deadline", s.queries.AuditDeadlines},
		{4, "no offer outlives its deadline", s.queries.AuditOffers},
		{5, "every message has one turn", s.queries.AuditTurns},
		{5, "turns are in the order of messages", timeless(s.queries.AuditTurnOrder)},
		{5, "an effect is said once", timeless(s.queries.AuditEffectKeys)},
		{6, "every webhook is handed on or says why not", s.queries.AuditInbox},
		{7, "the events replay to the row", timeless(s.queries.AuditReplay)},
	}
}

// Audit checks the invariants that the database can answer alone, all on one snapshot; none broken is an empty list. What is
// under way gets its time: a message or webhook a minute, an owner's notice a minute, a refund an hour (ten days
// at the provider), a deadline five seconds before now.
func (s *Store) Audit(ctx context.Context, now time.Time) ([]Violation, error) {
	violations := []Violation{}
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, s.pool, options, func(tx pgx.Tx) error {
		if err := s.queries.PrepareAudit(ctx, tx); err != nil {
			return err
		}
		for _, invariant := range s.invariants() {
			rows, err := invariant.broken(ctx, tx, now)
			if err != nil {
				return err
			}
			if len(rows) > 0 {
				violations = append(violations, Violation{Invariant: invariant.number, Name: invariant.name, Rows: rows})
			}
		}
		return nil
	})
	return violations, explain("audit", err)
}
