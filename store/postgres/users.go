package postgres

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"cabanas/booking"
	"cabanas/store/postgres/dbgen"
)

// User is an account of staff.
type User struct {
	ID    int64
	Email string
	// Role is owner, staff or readonly.
	Role string
	// PasswordHash is Argon2id in the PHC string form; the password itself is never stored.
	PasswordHash string
	CreatedAt    time.Time
	// DisabledAt is zero for an account that may come in.
	DisabledAt time.Time
	// TOTPSecret is sealed by its owner, package accounts. It counts at login when TOTPConfirmed.
	TOTPSecret    []byte
	TOTPConfirmed bool
	// TOTPLastStep is the time step of the last code taken.
	TOTPLastStep int64
}

// CreateUser adds an account and returns its id; an address that has one is [booking.CodeDuplicate].
func (s *Store) CreateUser(ctx context.Context, user User, by Author, now time.Time) (id int64, err error) {
	err = s.transact(ctx, "create user", func(tx pgx.Tx) error {
		id, err = s.addUser(ctx, tx, user, by, now)
		return err
	})
	return id, err
}

// CreateFirstOwner adds an account of role owner when there is none, disabled ones included; else it is
// [booking.CodeDuplicate].
func (s *Store) CreateFirstOwner(ctx context.Context, user User, by Author, now time.Time) (id int64, err error) {
	user.Role = "owner"
	err = s.transact(ctx, "create first owner", func(tx pgx.Tx) error {
		if err := s.queries.LockOwners(ctx, tx); err != nil {
			return err
		}
		exists, err := s.queries.OwnerExists(ctx, tx)
		if err != nil {
			return err
		}
		if exists {
			return booking.Refuse(booking.CodeDuplicate, "there is an owner")
		}
		id, err = s.addUser(ctx, tx, user, by, now)
		return err
	})
	return id, err
}

func (s *Store) addUser(ctx context.Context, tx pgx.Tx, user User, by Author, now time.Time) (int64, error) {
	id, err := s.queries.CreateUser(ctx, tx, &dbgen.CreateUserParams{Email: user.Email, Role: user.Role, PasswordHash: user.PasswordHash, Now: now})
	if err != nil {
		return 0, err
	}
	user.DisabledAt = time.Time{}
	return id, s.record(ctx, tx, by, userEntry("user.created", id, nil, auditOf(user)), now)
}

// User reads an account; an unknown id is [booking.CodeNotFound].
func (s *Store) User(ctx context.Context, id int64) (User, error) {
	row, err := s.queries.GetUser(ctx, s.pool, id)
	return userOf(row), explain("read user", err)
}

// UserByEmail finds the account of an address, however it is written; false when there is none.
func (s *Store) UserByEmail(ctx context.Context, email string) (User, bool, error) {
	row, err := s.queries.GetUserByEmail(ctx, s.pool, email)
	if errors.Is(err, pgx.ErrNoRows) {
		return User{}, false, nil
	}
	return userOf(row), err == nil, explain("find user", err)
}

// UserFilter says which accounts a list has; a zero field asks for nothing.
type UserFilter struct {
	Role string
	// Active wants those that may come in, or those that may not.
	Active *bool
}

// Users lists accounts with an id above after, by id.
func (s *Store) Users(ctx context.Context, filter UserFilter, after int64, most int) ([]User, error) {
	rows, err := s.queries.ListUsers(ctx, s.pool, &dbgen.ListUsersParams{Role: filter.Role, Active: filter.Active, AfterID: after, Most: int32(most)})
	users := make([]User, 0, len(rows))
	for _, row := range rows {
		users = append(users, userOf(row))
	}
	return users, explain("list users", err)
}

// UserChange is what changes about an account; nil stays.
type UserChange struct {
	Role     *string
	Disabled *bool
}

// ChangeUser gives an account another role, or closes or opens it. A closed account's sessions end. The last owner who may
// come in stays one: [booking.CodeWrongState].
func (s *Store) ChangeUser(ctx context.Context, id int64, change UserChange, by Author, now time.Time) (changed User, err error) {
	err = s.transact(ctx, "change user", func(tx pgx.Tx) error {
		if err := s.queries.LockOwners(ctx, tx); err != nil {
			return err
		}
		row, err := s.queries.LockUser(ctx, tx, id)
		if err != nil {
			return err
		}
		was := userOf(row)
		changed = was.after(change, now)
		if was.mayOwn() && !changed.mayOwn() {
			others, err := s.queries.OtherOwnerExists(ctx, tx, id)
			if err == nil && !others {
				err = booking.Refuse(booking.CodeWrongState, "the last owner stays one")
			}
			if err != nil {
				return err
			}
		}
		if err := s.queries.ChangeUser(ctx, tx, &dbgen.ChangeUserParams{ID: id, Role: changed.Role, DisabledAt: orNil(changed.DisabledAt), Now: now}); err != nil {
			return err
		}
		if !changed.DisabledAt.IsZero() {
			if err := s.endSessions(ctx, tx, id, 0, "disabled", now); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, by, userEntry("user.changed", id, auditOf(was), auditOf(changed)), now)
	})
	return changed, err
}

func (u User) after(change UserChange, now time.Time) User {
	if change.Role != nil {
		u.Role = *change.Role
	}
	switch {
	case change.Disabled == nil:
	case !*change.Disabled:
		u.DisabledAt = time.Time{}
	case u.DisabledAt.IsZero():
		u.DisabledAt = now
	}
	return u
}

func (u User) mayOwn() bool { return u.Role == "owner" && u.DisabledAt.IsZero() }

// ChangePassword replaces a password hash by another on the condition that it is still the old one, and ends every session
// but keepSession; false when it is another.
func (s *Store) ChangePassword(ctx context.Context, userID int64, oldHash, newHash string, keepSession int64, by Author, now time.Time) (changed bool, err error) {
	err = s.transact(ctx, "change password", func(tx pgx.Tx) error {
		found, err := s.queries.ChangePassword(ctx, tx, &dbgen.ChangePasswordParams{ID: userID, OldHash: oldHash, PasswordHash: newHash, Now: now})
		if err != nil || found == 0 {
			return err
		}
		changed = true
		if err := s.endSessions(ctx, tx, userID, keepSession, "password", now); err != nil {
			return err
		}
		return s.record(ctx, tx, by, userEntry("user.password_changed", userID, nil, nil), now)
	})
	return changed, err
}

// ResetUser gives the account of an address a new password, opens it, takes its second factor away and ends its sessions; an
// empty role stays as it is. An address without an account is [booking.CodeNotFound].
func (s *Store) ResetUser(ctx context.Context, email, role, hash string, by Author, now time.Time) error {
	return s.transact(ctx, "reset user", func(tx pgx.Tx) error {
		found, err := s.queries.GetUserByEmail(ctx, tx, email)
		if errors.Is(err, pgx.ErrNoRows) {
			return booking.Refuse(booking.CodeNotFound, "no account with this address")
		}
		if err != nil {
			return err
		}
		was := userOf(found)
		reset := was
		reset.DisabledAt, reset.TOTPConfirmed = time.Time{}, false
		if role != "" {
			reset.Role = role
		}
		if err := s.queries.ResetUser(ctx, tx, &dbgen.ResetUserParams{ID: was.ID, PasswordHash: hash, Role: reset.Role, Now: now}); err != nil {
			return err
		}
		if err := s.endSessions(ctx, tx, was.ID, 0, "reset", now); err != nil {
			return err
		}
		return s.record(ctx, tx, by, userEntry("user.reset", was.ID, auditOf(was), auditOf(reset)), now)
	})
}

// EnrollTOTP keeps a second factor that is not asked for yet; false when the account has one that is.
func (s *Store) EnrollTOTP(ctx context.Context, userID int64, sealed []byte, now time.Time) (bool, error) {
	found, err := s.queries.EnrollTotp(ctx, s.pool, &dbgen.EnrollTotpParams{ID: userID, Secret: sealed, Now: now})
	return found == 1, explain("enroll second factor", err)
}

// ConfirmTOTP makes the kept second factor one that is asked for; false when another was enrolled or confirmed meanwhile.
func (s *Store) ConfirmTOTP(ctx context.Context, userID int64, sealed []byte, step int64, by Author, now time.Time) (confirmed bool, err error) {
	err = s.transact(ctx, "confirm second factor", func(tx pgx.Tx) error {
		found, err := s.queries.ConfirmTotp(ctx, tx, &dbgen.ConfirmTotpParams{ID: userID, Secret: sealed, Step: step, Now: now})
		if err != nil || found == 0 {
			return err
		}
		confirmed = true
		return s.record(ctx, tx, by, userEntry("user.totp_enabled", userID, map[string]any{"totp": false}, map[string]any{"totp": true}), now)
	})
	return confirmed, err
}

// UseTOTPStep takes the code of a time step; false when it, or a later one, was taken before.
func (s *Store) UseTOTPStep(ctx context.Context, userID, step int64) (bool, error) {
	found, err := s.queries.UseTotpStep(ctx, s.pool, &dbgen.UseTotpStepParams{ID: userID, Step: step})
	return found == 1, explain("use second factor", err)
}

// ClearTOTP takes the second factor away; false when there was none.
func (s *Store) ClearTOTP(ctx context.Context, userID int64, by Author, now time.Time) (cleared bool, err error) {
	err = s.transact(ctx, "clear second factor", func(tx pgx.Tx) error {
		found, err := s.queries.ClearTotp(ctx, tx, &dbgen.ClearTotpParams{ID: userID, Now: now})
		if err != nil || found == 0 {
			return err
		}
		cleared = true
		return s.record(ctx, tx, by, userEntry("user.totp_disabled", userID, map[string]any{"totp": true}, map[string]any{"totp": false}), now)
	})
	return cleared, err
}

func userEntry(action string, id int64, before, after map[string]any) AuditEntry {
	return AuditEntry{Action: action, Entity: "user", EntityID: strconv.FormatInt(id, 10), Before: before, After: after}
}

// auditOf is what an account looks like in the audit log: who it is stands in its row.
func auditOf(u User) map[string]any {
	return map[string]any{"role": u.Role, "disabled": !u.DisabledAt.IsZero(), "totp": u.TOTPConfirmed}
}

func userOf(row *dbgen.User) User {
	if row == nil {
		return User{}
	}
	return User{ID: row.ID, Email: row.Email, Role: row.Role, PasswordHash: row.PasswordHash, CreatedAt: row.CreatedAt,
		DisabledAt: timeOf(row.DisabledAt), TOTPSecret: row.TotpSecret, TOTPConfirmed: row.TotpConfirmedAt != nil, TOTPLastStep: row.TotpLastStep}
}

func orNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
