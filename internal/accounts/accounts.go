// Package accounts holds what an account of staff is: its roles, how its password and second factor are kept, how it comes in
// and what a session is.
package accounts

import (
	"time"

	"cabanas/booking"
	"cabanas/store/postgres"
)

// Role is what an account may do.
type Role string

// The roles. An owner may all, staff everything but accounts, readonly look.
const (
	Owner    Role = "owner"
	Staff    Role = "staff"
	ReadOnly Role = "readonly"
)

// Roles are what an account may be; the order is from most to least.
var Roles = []string{string(Owner), string(Staff), string(ReadOnly)}

var rank = map[Role]int{ReadOnly: 1, Staff: 2, Owner: 3}

// Covers reports whether this role may do what needs another.
func (r Role) Covers(needed Role) bool {
	return rank[r] > 0 && rank[needed] > 0 && rank[r] >= rank[needed]
}

// The refusals of accounts. They are part of the HTTP API.
const (
	CodeBadCredentials  booking.Code = "bad_credentials"   // e-mail or password is wrong, or the account is closed; which, is not told
	CodeTOTPRequired    booking.Code = "totp_required"     // the password is right, now the code of the second factor is wanted
	CodeBadTOTP         booking.Code = "bad_totp"          // that code is wrong, too old or was used
	CodeTooManyAttempts booking.Code = "too_many_attempts" // too many failed tries for this account or from this address
	CodeSessionEnded    booking.Code = "session_ended"     // the refresh token is not good any more: log in
	CodeSetUpDone       booking.Code = "set_up_done"       // there is an owner already
	CodeBadSetUpToken   booking.Code = "bad_setup_token"   // the set-up token is not the one
	CodeBadPassword     booking.Code = "bad_password"      // a new password that is too short or too long
	CodeLastOwner       booking.Code = "last_owner"        // the last owner must stay one
	CodeWrongProof      booking.Code = "wrong_proof"       // the password or code that should confirm a change is wrong
	CodeTOTPState       booking.Code = "totp_state"        // the second factor is on already, or not on, or not enrolled
)

// ThrottledError refuses a login with [CodeTooManyAttempts] and says how long to wait.
type ThrottledError struct{ Wait time.Duration }

func (e *ThrottledError) Error() string { return string(CodeTooManyAttempts) }

// Unwrap gives the refusal its code.
func (e *ThrottledError) Unwrap() error {
	return booking.Refuse(CodeTooManyAttempts, "too many failed tries; wait")
}

// Member is who has come in: an account of staff and its session.
type Member struct {
	UserID    int64
	SessionID int64
	Email     string
	Role      Role
	TOTP      bool
}

// Grant is what a login or refresh gives.
type Grant struct {
	AccessToken  string
	RefreshToken string
	// ExpiresIn is the life of the access token.
	ExpiresIn time.Duration
}

// Account is an account as its owner sees it.
type Account struct {
	ID        int64
	Email     string
	Role      Role
	TOTP      bool
	CreatedAt time.Time
	// DisabledAt is zero for an account that may come in.
	DisabledAt time.Time
}

func accountOf(u postgres.User) Account {
	return Account{ID: u.ID, Email: u.Email, Role: Role(u.Role), TOTP: u.TOTPConfirmed, CreatedAt: u.CreatedAt, DisabledAt: u.DisabledAt}
}
