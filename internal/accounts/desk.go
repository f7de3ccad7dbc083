package accounts

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"strings"
	"time"

	"cabanas/booking"
	"cabanas/internal/observe"
	"cabanas/store/postgres"
)

// Store keeps accounts, sessions and failed tries; *postgres.Store is one.
type Store interface {
	CreateUser(ctx context.Context, user postgres.User, by postgres.Author, now time.Time) (int64, error)
	CreateFirstOwner(ctx context.Context, user postgres.User, by postgres.Author, now time.Time) (int64, error)
	User(ctx context.Context, id int64) (postgres.User, error)
	UserByEmail(ctx context.Context, email string) (postgres.User, bool, error)
	Users(ctx context.Context, filter postgres.UserFilter, after int64, most int) ([]postgres.User, error)
	ChangeUser(ctx context.Context, id int64, change postgres.UserChange, by postgres.Author, now time.Time) (postgres.User, error)
	ChangePassword(ctx context.Context, userID int64, oldHash, newHash string, keepSession int64, by postgres.Author, now time.Time) (bool, error)
	EnrollTOTP(ctx context.Context, userID int64, sealed []byte, now time.Time) (bool, error)
	ConfirmTOTP(ctx context.Context, userID int64, sealed []byte, step int64, by postgres.Author, now time.Time) (bool, error)
	UseTOTPStep(ctx context.Context, userID, step int64) (bool, error)
	ClearTOTP(ctx context.Context, userID int64, by postgres.Author, now time.Time) (bool, error)
	OpenSession(ctx context.Context, session postgres.NewSession, by postgres.Author, now time.Time) (int64, error)
	RefreshSession(ctx context.Context, tokenHash, nextHash []byte, nextUntil time.Time, traceID string, now time.Time) (postgres.Refreshed, error)
	SessionUser(ctx context.Context, sessionID, userID int64, now time.Time) (postgres.User, bool, error)
	EndSession(ctx context.Context, sessionID int64, by postgres.Author, now time.Time) error
	BeginLogin(ctx context.Context, try postgres.LoginTry, limits postgres.LoginLimits, now time.Time) (int64, time.Duration, error)
	ForgiveLogin(ctx context.Context, id int64, account []byte, wholeAccount bool) error
}

// Failed tries that are taken: enough for a person who mistypes, too few for a program that guesses.
var limits = postgres.LoginLimits{PerAccount: 10, PerAddress: 30, Window: 15 * time.Minute}

// mostHashes bounds password checks at one time in this process: each takes 64 MiB.
const mostHashes = 3

// Desk lets staff in and keeps their accounts. Its refusals are [booking.Error] with the codes of this package and those of
// package booking.
type Desk struct {
	store     Store
	key       []byte
	setUpHash []byte
	sealer    sealer
	now       func() time.Time
	hashing   chan struct{}
	// nobodysHash is checked when there is no account, so that an unknown address takes as long as a known one.
	nobodysHash string
}

// New returns a desk that signs with secret. SetUpHash is the SHA-256 (hex) of the token that makes the first owner; empty
// closes that door.
func New(store Store, secret, setUpHash string, now func() time.Time) (*Desk, error) {
	if secret == "" {
		return nil, errors.New("accounts: no secret to sign with")
	}
	token, err := hex.DecodeString(setUpHash)
	if err != nil {
		return nil, fmt.Errorf("accounts: set-up token hash: %w", err)
	}
	sealer, err := newSealer([]byte(secret))
	if err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	return &Desk{store: store, key: []byte(secret), setUpHash: token, sealer: sealer, now: now,
		hashing: make(chan struct{}, mostHashes), nobodysHash: nobodysHash()}, nil
}

// Credentials are what somebody comes in with; TOTP is empty unless asked for, Address is the client's.
type Credentials struct {
	Email    string
	Password string
	TOTP     string
	Address  string
}

// SetUp makes the first owner with the one-time token.
func (d *Desk) SetUp(ctx context.Context, token string, c Credentials) (Account, error) {
	try := postgres.LoginTry{Address: addressSum(c.Address)}
	id, err := d.begin(ctx, try)
	if err != nil {
		return Account{}, err
	}
	if len(d.setUpHash) == 0 || subtle.ConstantTimeCompare(sum(token), d.setUpHash) != 1 {
		return Account{}, booking.Refuse(CodeBadSetUpToken, "not the token that SETUP_TOKEN_HASH was made of, or none was set")
	}
	email, err := CanonicalEmail(c.Email)
	if err != nil {
		return Account{}, err
	}
	hash, err := d.hash(ctx, c.Password)
	if err != nil {
		return Account{}, err
	}
	user := postgres.User{Email: email, Role: string(Owner), PasswordHash: hash, CreatedAt: d.now()}
	user.ID, err = d.store.CreateFirstOwner(ctx, user, postgres.Author{Kind: "setup", TraceID: observe.Trace(ctx)}, d.now())
	if booking.IsCode(err, booking.CodeDuplicate) {
		return Account{}, booking.Refuse(CodeSetUpDone, "there is an owner already")
	}
	if err != nil {
		return Account{}, err
	}
	return accountOf(user), d.store.ForgiveLogin(ctx, id, nil, false)
}

// LogIn opens a session. What is wrong about the credentials is not told, nor whether there is such an account: not by the
// answer, nor by its time.
func (d *Desk) LogIn(ctx context.Context, c Credentials) (Grant, error) {
	try := postgres.LoginTry{Account: accountSum(c.Email), Address: addressSum(c.Address)}
	id, err := d.begin(ctx, try)
	if err != nil {
		return Grant{}, err
	}
	user, known, err := d.store.UserByEmail(ctx, strings.TrimSpace(c.Email))
	if err != nil {
		return Grant{}, err
	}
	hash := user.PasswordHash
	if !known {
		hash = d.nobodysHash
	}
	right, err := d.verify(ctx, c.Password, hash)
	if err != nil {
		return Grant{}, err
	}
	if !right || !known || !user.DisabledAt.IsZero() {
		return Grant{}, errCredentials
	}
	if user.TOTPConfirmed && c.TOTP == "" {
		// A right password without the code is half a login, not a guess; it is not forgiven the account's earlier ones either.
		return Grant{}, errors.Join(booking.Refuse(CodeTOTPRequired, "the code of the second factor is wanted"), d.store.ForgiveLogin(ctx, id, nil, false))
	}
	if user.TOTPConfirmed {
		if err := d.takeTOTP(ctx, user, c.TOTP); err != nil {
			return Grant{}, err
		}
	}
	grant, err := d.open(ctx, user)
	if err != nil {
		return Grant{}, err
	}
	return grant, d.store.ForgiveLogin(ctx, id, try.Account, true)
}

var errCredentials = booking.Refuse(CodeBadCredentials, "e-mail or password is wrong")

func (d *Desk) open(ctx context.Context, user postgres.User) (Grant, error) {
	now := d.now()
	refresh, hash := newRefreshToken()
	session := postgres.NewSession{User: user, TokenHash: hash, TokenUntil: now.Add(refreshLife), ExpiresAt: now.Add(sessionLife)}
	id, err := d.store.OpenSession(ctx, session, author(ctx, user.ID), now)
	if booking.IsCode(err, booking.CodeWrongState) {
		return Grant{}, errCredentials
	}
	if err != nil {
		return Grant{}, err
	}
	return d.grant(user.ID, id, refresh)
}

func (d *Desk) grant(userID, sessionID int64, refresh string) (Grant, error) {
	access, err := sign(d.key, userID, sessionID, d.now())
	return Grant{AccessToken: access, RefreshToken: refresh, ExpiresIn: accessLife}, err
}

// Refresh replaces a refresh token, which is good once: a second use ends the session, whoever has which copy.
func (d *Desk) Refresh(ctx context.Context, token string) (Grant, error) {
	now := d.now()
	next, hash := newRefreshToken()
	refreshed, err := d.store.RefreshSession(ctx, sum(token), hash, now.Add(refreshLife), observe.Trace(ctx), now)
	if booking.IsCode(err, booking.CodeUnauthorized) {
		return Grant{}, errEnded
	}
	if err != nil {
		return Grant{}, err
	}
	if refreshed.Reused {
		slog.WarnContext(ctx, "refresh token used twice, session ended", "session_id", refreshed.SessionID)
		return Grant{}, errEnded
	}
	return d.grant(refreshed.User.ID, refreshed.SessionID, next)
}

var errEnded = booking.Refuse(CodeSessionEnded, "the session has ended; log in")

// Identify reads an access token and looks whether its session goes on; role and account are as they are now. A token that
// is no good is [booking.CodeUnauthorized].
func (d *Desk) Identify(ctx context.Context, token string) (Member, error) {
	now := d.now()
	userID, sessionID, err := verify(d.key, token, now)
	if err != nil {
		return Member{}, booking.Refuse(booking.CodeUnauthorized, "the access token is not valid or too old")
	}
	user, live, err := d.store.SessionUser(ctx, sessionID, userID, now)
	if err != nil {
		return Member{}, err
	}
	if !live {
		return Member{}, booking.Refuse(booking.CodeUnauthorized, "the session has ended")
	}
	return Member{UserID: userID, SessionID: sessionID, Email: user.Email, Role: Role(user.Role), TOTP: user.TOTPConfirmed}, nil
}

// LogOut ends the session at once, its access tokens included.
func (d *Desk) LogOut(ctx context.Context, m Member) error {
	return d.store.EndSession(ctx, m.SessionID, author(ctx, m.UserID), d.now())
}

// begin counts a try, or refuses with [ThrottledError].
func (d *Desk) begin(ctx context.Context, try postgres.LoginTry) (int64, error) {
	id, wait, err := d.store.BeginLogin(ctx, try, limits, d.now())
	if err == nil && wait > 0 {
		err = &ThrottledError{Wait: wait}
	}
	return id, err
}

// CanonicalEmail checks an address and returns the form accounts are kept under.
func CanonicalEmail(email string) (string, error) {
	trimmed := strings.ToLower(strings.TrimSpace(email))
	parsed, err := mail.ParseAddress(trimmed)
	if err != nil || parsed.Name != "" || parsed.Address != trimmed || len(trimmed) > 254 {
		return "", booking.Refuse(booking.CodeInvalidInput, "not an e-mail address")
	}
	return trimmed, nil
}

func accountSum(email string) []byte {
	return sum("account " + strings.ToLower(strings.TrimSpace(email)))
}

func addressSum(address string) []byte {
	if address == "" {
		return nil
	}
	return sum("address " + address)
}

func author(ctx context.Context, userID int64) postgres.Author {
	return postgres.Author{Kind: "staff", UserID: userID, TraceID: observe.Trace(ctx)}
}

func (d *Desk) hash(ctx context.Context, password string) (string, error) {
	leave, err := d.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	hash, err := HashPassword(password)
	if errors.Is(err, ErrPassword) {
		return "", booking.Refuse(CodeBadPassword, "%s", ErrPassword)
	}
	return hash, err
}

func (d *Desk) verify(ctx context.Context, password, hash string) (bool, error) {
	leave, err := d.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	return VerifyPassword(password, hash)
}

func (d *Desk) enter(ctx context.Context) (leave func(), err error) {
	select {
	case d.hashing <- struct{}{}:
		return func() { <-d.hashing }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
