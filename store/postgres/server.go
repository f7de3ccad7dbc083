package postgres

import (
	"context"
	"time"
)

// Server is what the database server says about itself.
type Server struct {
	// Version is the server_version_num, such as 150008.
	Version        int
	MaxConnections int
	// Durable is false when a crash may lose what was committed.
	Durable bool
	// ReadOnly is true on a standby.
	ReadOnly bool
	Clock    time.Time
}

// Server asks the database server about itself.
func (s *Store) Server(ctx context.Context) (Server, error) {
	row, err := s.queries.GetServer(ctx, s.pool)
	if err != nil {
		return Server{}, explain("ask the database server", err)
	}
	return Server{
		Version: int(row.Version), MaxConnections: int(row.MaxConnections), Durable: row.Durable, ReadOnly: row.ReadOnly, Clock: row.Clock,
	}, nil
}
