package postgres

import (
	"context"
	"time"
)

// Violation is a broken invariant of the design with the rows that break it: ids and codes, never a person's data.
type Violation struct {
	Invariant int      `json:"invariant"`
	Name      string   `json:"name"`
	Rows      []string `json:"rows"`
}

// Audit checks the invariants that the database can answer alone; none broken is an empty list.
func (s *Store) Audit(ctx context.Context, now time.Time) ([]Violation, error) {
	return nil, errPending
}
