package postgres_test

import (
	"crypto/sha256"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"cabanas/booking"
	"cabanas/store/postgres"
)

var byCommand = postgres.Author{Kind: "command"}

func hashOf(token string) []byte {
	digest := sha256.Sum256([]byte(token))
	return digest[:]
}

func (b *bench) newUser(email, role string) postgres.User {
	b.t.Helper()
	id, err := b.CreateUser(b.t.Context(), postgres.User{Email: email, Role: role, PasswordHash: "hash"}, byCommand, now)
	require.NoError(b.t, err)
	user, err := b.User(b.t.Context(), id)
	require.NoError(b.t, err)
	return user
}

func (b *bench) openSession(user postgres.User, token string) int64 {
	b.t.Helper()
	id, err := b.OpenSession(b.t.Context(), postgres.NewSession{User: user, TokenHash: hashOf(token), TokenUntil: now.Add(time.Hour),
		ExpiresAt: now.Add(2 * time.Hour)}, postgres.Author{Kind: "staff", UserID: user.ID}, now)
	require.NoError(b.t, err)
	return id
}

func (b *bench) live(session int64, user postgres.User, at time.Time) bool {
	b.t.Helper()
	_, live, err := b.SessionUser(b.t.Context(), session, user.ID, at)
	require.NoError(b.t, err)
	return live
}

func TestASessionIsOfAnAccountAsItWasLookedAt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	user := b.newUser("a@example.org", "staff")
	old := user
	old.PasswordHash = "another"
	_, err := b.OpenSession(t.Context(), postgres.NewSession{User: old, TokenHash: hashOf("t"), TokenUntil: now, ExpiresAt: now}, byCommand, now)
	requireCode(t, err, booking.CodeWrongState)

	session := b.openSession(user, "t")
	require.True(t, b.live(session, user, now))
	require.False(t, b.live(session, postgres.User{ID: user.ID + 1}, now), "a session is of one account")
	require.False(t, b.live(session, user, now.Add(2*time.Hour)), "it ends")

	disabled := true
	_, err = b.ChangeUser(t.Context(), user.ID, postgres.UserChange{Disabled: &disabled}, byCommand, now)
	require.NoError(t, err)
	require.False(t, b.live(session, user, now))
	_, err = b.OpenSession(t.Context(), postgres.NewSession{User: user, TokenHash: hashOf("u"), TokenUntil: now, ExpiresAt: now}, byCommand, now)
	requireCode(t, err, booking.CodeWrongState)
	_, err = b.RefreshSession(t.Context(), hashOf("t"), hashOf("v"), now.Add(time.Hour), "", now)
	requireCode(t, err, booking.CodeUnauthorized)
}

func TestARefreshNeverReachesBeyondItsSession(t *testing.T) {
	t.Parallel()
	b := setup(t)
	user := b.newUser("a@example.org", "staff")
	session := b.openSession(user, "t")
	at := now.Add(30 * time.Minute)
	refreshed, err := b.RefreshSession(t.Context(), hashOf("t"), hashOf("u"), at.Add(24*time.Hour), "", at)
	require.NoError(t, err)
	require.Equal(t, session, refreshed.SessionID)
	require.Equal(t, user.Email, refreshed.User.Email)
	require.Equal(t, now.Add(2*time.Hour), ask[time.Time](b, `SELECT expires_at FROM refresh_tokens WHERE token_hash = $1`, hashOf("u")).UTC())
	_, err = b.RefreshSession(t.Context(), hashOf("u"), hashOf("w"), at, "", now.Add(2*time.Hour))
	requireCode(t, err, booking.CodeUnauthorized)
	require.True(t, b.live(session, user, at), "a token that is too old says nothing about a copy")

	again, err := b.RefreshSession(t.Context(), hashOf("t"), hashOf("x"), at, "", at)
	require.NoError(t, err)
	require.True(t, again.Reused)
	require.False(t, b.live(session, user, at))
}

func TestAResetLetsSomebodyInAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	user := b.newUser("a@example.org", "owner")
	session := b.openSession(user, "t")
	enrolled, err := b.EnrollTOTP(t.Context(), user.ID, []byte("sealed"), now)
	require.NoError(t, err)
	require.True(t, enrolled)
	confirmed, err := b.ConfirmTOTP(t.Context(), user.ID, []byte("another"), 1, byCommand, now)
	require.NoError(t, err)
	require.False(t, confirmed, "another one was enrolled meanwhile")
	confirmed, err = b.ConfirmTOTP(t.Context(), user.ID, []byte("sealed"), 1, byCommand, now)
	require.NoError(t, err)
	require.True(t, confirmed)

	require.NoError(t, b.ResetUser(t.Context(), "A@Example.org", "", "new", byCommand, now))
	reset, err := b.User(t.Context(), user.ID)
	require.NoError(t, err)
	require.Equal(t, postgres.User{ID: user.ID, Email: user.Email, Role: "owner", PasswordHash: "new", CreatedAt: user.CreatedAt}, reset)
	require.False(t, b.live(session, user, now))
	requireCode(t, b.ResetUser(t.Context(), "b@example.org", "", "new", byCommand, now), booking.CodeNotFound)
	require.NoError(t, b.ResetUser(t.Context(), "a@example.org", "staff", "new", byCommand, now))
	reset, err = b.User(t.Context(), user.ID)
	require.NoError(t, err)
	require.Equal(t, "staff", reset.Role)
}

func TestTheLastOwnerStaysWhoeverChangesAtTheSameTime(t *testing.T) {
	t.Parallel()
	b := setup(t)
	owners := []postgres.User{b.newUser("a@example.org", "owner"), b.newUser("b@example.org", "owner"), b.newUser("c@example.org", "owner")}
	var group errgroup.Group
	role := "staff"
	for _, owner := range owners {
		group.Go(func() error {
			_, err := b.ChangeUser(t.Context(), owner.ID, postgres.UserChange{Role: &role}, byCommand, now)
			if booking.IsCode(err, booking.CodeWrongState) {
				err = nil
			}
			return err
		})
	}
	require.NoError(t, group.Wait())
	require.Equal(t, int64(1), ask[int64](b, `SELECT count(*) FROM users WHERE role = 'owner'`))
	_, err := b.CreateFirstOwner(t.Context(), postgres.User{Email: "d@example.org", PasswordHash: "h"}, postgres.Author{Kind: "setup"}, now)
	requireCode(t, err, booking.CodeDuplicate)
}

func TestLoginTriesSlideOutOfTheirWindow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	limits := postgres.LoginLimits{PerAccount: 2, PerAddress: 3, Window: time.Minute}
	try := func(account, address string, at time.Time) (int64, time.Duration) {
		t.Helper()
		id, wait, err := b.BeginLogin(t.Context(), postgres.LoginTry{Account: hashOf(account), Address: hashOf(address)}, limits, at)
		require.NoError(t, err)
		return id, wait
	}
	first, wait := try("a", "1", now)
	require.Zero(t, wait)
	_, wait = try("a", "2", now.Add(20*time.Second))
	require.Zero(t, wait)
	_, wait = try("a", "3", now.Add(30*time.Second))
	require.Equal(t, 30*time.Second, wait, "when the first of two is a minute old")
	_, wait = try("b", "3", now.Add(30*time.Second))
	require.Zero(t, wait, "a refused try does not count")
	_, wait = try("a", "3", now.Add(time.Minute))
	require.Zero(t, wait)
	_, wait = try("a", "3", now.Add(time.Minute))
	require.Equal(t, 20*time.Second, wait)

	require.NoError(t, b.ForgiveLogin(t.Context(), first, hashOf("a"), true))
	_, wait = try("a", "3", now.Add(time.Minute))
	require.Zero(t, wait, "a login starts the account over")
	for i := range 3 {
		_, wait = try("c"+strconv.Itoa(i), "9", now)
		require.Zero(t, wait)
	}
	_, wait = try("d", "9", now.Add(time.Second))
	require.Equal(t, 59*time.Second, wait)
	_, wait = try("d", "8", now.Add(time.Hour))
	require.Zero(t, wait)
	require.Equal(t, int64(1), ask[int64](b, `SELECT count(*) FROM login_attempts`), "what is too old is not kept")
}
