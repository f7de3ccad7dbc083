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

// NewSession is a login that succeeded.
type NewSession struct {
	// User is the account as it was when its password was checked.
	User User
	// TokenHash is the SHA-256 of the first refresh token.
	TokenHash []byte
	// TokenUntil is when that token ends, ExpiresAt when the session does, whatever is refreshed.
	TokenUntil time.Time
	ExpiresAt  time.Time
}

// sessionMemory is how long an ended session is kept.
const sessionMemory = 90 * 24 * time.Hour

// OpenSession starts a session and returns its id. An account that was closed, or got another password, since it was read is
// [booking.CodeWrongState].
func (s *Store) OpenSession(ctx context.Context, session NewSession, by Author, now time.Time) (id int64, err error) {
	user := session.User
	err = s.transact(ctx, "open session", func(tx pgx.Tx) error {
		id, err = s.queries.OpenSession(ctx, tx, &dbgen.OpenSessionParams{
			UserID: user.ID, PasswordHash: user.PasswordHash, Now: now, ExpiresAt: session.ExpiresAt})
		if errors.Is(err, pgx.ErrNoRows) {
			return booking.Refuse(booking.CodeWrongState, "the account was changed")
		}
		if err != nil {
			return err
		}
		if err := s.queries.AddRefreshToken(ctx, tx, &dbgen.AddRefreshTokenParams{
			TokenHash: session.TokenHash, SessionID: id, Now: now, ExpiresAt: session.TokenUntil}); err != nil {
			return err
		}
		if err := s.queries.ForgetSessions(ctx, tx, &dbgen.ForgetSessionsParams{UserID: user.ID, Before: now.Add(-sessionMemory)}); err != nil {
			return err
		}
		return s.record(ctx, tx, by, sessionEntry("session.opened", id, ""), now)
	})
	return id, err
}

// Refreshed is the outcome of RefreshSession.
type Refreshed struct {
	SessionID int64
	User      User
	// Reused is true when the token had been used before: the session was ended now, if it had not been.
	Reused bool
}

// RefreshSession replaces a refresh token by the next one, once. A token that was used before ends its session: somebody has
// a copy. A token that is unknown or too old, or whose session has ended, is [booking.CodeUnauthorized].
func (s *Store) RefreshSession(ctx context.Context, tokenHash, nextHash []byte, nextUntil time.Time, traceID string, now time.Time) (out Refreshed, err error) {
	err = s.transact(ctx, "refresh session", func(tx pgx.Tx) error {
		session, err := s.queries.LockSessionOfToken(ctx, tx, tokenHash)
		if errors.Is(err, pgx.ErrNoRows) {
			return booking.Refuse(booking.CodeUnauthorized, "no such refresh token")
		}
		if err != nil {
			return err
		}
		token, err := s.queries.GetRefreshToken(ctx, tx, tokenHash)
		if err != nil {
			return err
		}
		out = Refreshed{SessionID: session.ID}
		if token.UsedAt != nil {
			out.Reused = true
			return s.endReused(ctx, tx, session.ID, traceID, now)
		}
		if session.RevokedAt != nil || !now.Before(session.SessionExpiresAt) || !now.Before(token.ExpiresAt) {
			return booking.Refuse(booking.CodeUnauthorized, "the session has ended")
		}
		user, err := s.queries.GetUser(ctx, tx, session.UserID)
		if err != nil {
			return err
		}
		if user.DisabledAt != nil {
			return booking.Refuse(booking.CodeUnauthorized, "the account is closed")
		}
		out.User = userOf(user)
		if nextUntil.After(session.SessionExpiresAt) {
			nextUntil = session.SessionExpiresAt
		}
		return errors.Join(
			s.queries.UseRefreshToken(ctx, tx, &dbgen.UseRefreshTokenParams{TokenHash: tokenHash, Now: now}),
			s.queries.AddRefreshToken(ctx, tx, &dbgen.AddRefreshTokenParams{TokenHash: nextHash, SessionID: session.ID, Now: now, ExpiresAt: nextUntil}),
			s.queries.TouchSession(ctx, tx, &dbgen.TouchSessionParams{ID: session.ID, Now: now}))
	})
	return out, err
}

func (s *Store) endReused(ctx context.Context, tx pgx.Tx, id int64, traceID string, now time.Time) error {
	ended, err := s.queries.RevokeSession(ctx, tx, &dbgen.RevokeSessionParams{ID: id, Reason: "reuse", Now: now})
	if err != nil || ended == 0 {
		return err
	}
	return s.record(ctx, tx, Author{Kind: "system", TraceID: traceID}, sessionEntry("session.ended", id, "reuse"), now)
}

// SessionUser reads the account of a session that goes on; false when the session or the account has ended.
func (s *Store) SessionUser(ctx context.Context, sessionID, userID int64, now time.Time) (User, bool, error) {
	row, err := s.queries.GetLiveSession(ctx, s.pool, &dbgen.GetLiveSessionParams{ID: sessionID, UserID: userID, Now: now})
	if errors.Is(err, pgx.ErrNoRows) {
		return User{}, false, nil
	}
	return userOf(row), err == nil, explain("read session", err)
}

// EndSession ends a session by its owner's wish; one that has ended is left as it is.
func (s *Store) EndSession(ctx context.Context, sessionID int64, by Author, now time.Time) error {
	return s.transact(ctx, "end session", func(tx pgx.Tx) error {
		ended, err := s.queries.RevokeSession(ctx, tx, &dbgen.RevokeSessionParams{ID: sessionID, Reason: "logout", Now: now})
		if err != nil || ended == 0 {
			return err
		}
		return s.record(ctx, tx, by, sessionEntry("session.ended", sessionID, "logout"), now)
	})
}

// endSessions ends every session of an account but one, for a change that has its own entry in the audit log.
func (s *Store) endSessions(ctx context.Context, tx pgx.Tx, userID, keep int64, reason string, now time.Time) error {
	_, err := s.queries.RevokeSessions(ctx, tx, &dbgen.RevokeSessionsParams{UserID: userID, KeepID: keep, Reason: reason, Now: now})
	return err
}

func sessionEntry(action string, id int64, reason string) AuditEntry {
	entry := AuditEntry{Action: action, Entity: "session", EntityID: strconv.FormatInt(id, 10)}
	if reason != "" {
		entry.After = map[string]any{"reason": reason}
	}
	return entry
}

// LoginTry is one try to come in. Account and Address are SHA-256 sums; an empty one is not counted.
type LoginTry struct {
	Account []byte
	Address []byte
}

// LoginLimits bounds tries that did not succeed.
type LoginLimits struct {
	PerAccount, PerAddress int
	Window                 time.Duration
}

// BeginLogin counts a try as one that failed, which [Store.ForgiveLogin] takes back, unless the limits are reached: then
// nothing is counted and wait is when to come again. Tries at the same time are counted one after the other.
func (s *Store) BeginLogin(ctx context.Context, try LoginTry, limits LoginLimits, now time.Time) (id int64, wait time.Duration, err error) {
	err = s.transact(ctx, "begin login", func(tx pgx.Tx) error {
		if err := s.queries.ForgetLoginAttempts(ctx, tx, now.Add(-limits.Window)); err != nil {
			return err
		}
		since := now.Add(-limits.Window)
		wait, err = s.limited(ctx, tx, try.Account, limits, now, func() (time.Time, error) {
			return s.queries.AccountAttempt(ctx, tx, &dbgen.AccountAttemptParams{Account: try.Account, Since: since, Others: int32(limits.PerAccount - 1)})
		})
		if err != nil || wait > 0 {
			return err
		}
		wait, err = s.limited(ctx, tx, try.Address, limits, now, func() (time.Time, error) {
			return s.queries.AddressAttempt(ctx, tx, &dbgen.AddressAttemptParams{Address: try.Address, Since: since, Others: int32(limits.PerAddress - 1)})
		})
		if err != nil || wait > 0 {
			return err
		}
		id, err = s.queries.AddLoginAttempt(ctx, tx, &dbgen.AddLoginAttemptParams{Account: try.Account, Address: try.Address, Now: now})
		return err
	})
	return id, wait, err
}

// limited locks a key for the rest of the transaction and reports how long its limit stays reached. Accounts are locked
// before addresses, by everybody.
func (s *Store) limited(ctx context.Context, tx pgx.Tx, key []byte, limits LoginLimits, now time.Time, filling func() (time.Time, error)) (time.Duration, error) {
	if len(key) == 0 {
		return 0, nil
	}
	if err := s.queries.LockLoginKey(ctx, tx, key); err != nil {
		return 0, err
	}
	tried, err := filling()
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	return max(tried.Add(limits.Window).Sub(now), time.Second), err
}

// ForgiveLogin takes a try back that succeeded, and with wholeAccount every one of the account.
func (s *Store) ForgiveLogin(ctx context.Context, id int64, account []byte, wholeAccount bool) error {
	err := s.queries.ForgiveAttempt(ctx, s.pool, id)
	if err == nil && wholeAccount {
		err = s.queries.ForgiveAccount(ctx, s.pool, account)
	}
	return explain("forgive login", err)
}
