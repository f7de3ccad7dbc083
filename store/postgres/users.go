package postgres

import (
	"context"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// User is an account of staff.
type User struct {
	Email string
	// Role is owner, staff or readonly.
	Role string
	// PasswordHash is Argon2id in the PHC string form; the password itself is never stored.
	PasswordHash string
}

// CreateUser adds an account; an address that has one is [booking.CodeDuplicate].
func (s *Store) CreateUser(ctx context.Context, user User) error {
	return explain("create user", s.queries.CreateUser(ctx, s.pool, &dbgen.CreateUserParams{
		Email: user.Email, Role: user.Role, PasswordHash: user.PasswordHash,
	}))
}

// ResetUserPassword gives an account a new password; an address without one is [booking.CodeNotFound].
func (s *Store) ResetUserPassword(ctx context.Context, email, hash string) error {
	changed, err := s.queries.ResetUserPassword(ctx, s.pool, &dbgen.ResetUserPasswordParams{PasswordHash: hash, Email: email})
	if err == nil && changed == 0 {
		return booking.Refuse(booking.CodeNotFound, "no account with this address")
	}
	return explain("reset password", err)
}
