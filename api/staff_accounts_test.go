package api_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/internal/accounts"
)

const otherPassword = "otra clave bien larga"

func TestANewPasswordEndsTheOtherSessions(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	mine, _ := o.logIn(t, ownerEmail)
	other, otherRefresh := o.logIn(t, ownerEmail)
	change := func(old, next string) string { return fmt.Sprintf(`{"old_password":%q,"new_password":%q}`, old, next) }

	requireProblem(t, o.ask(t, mine, http.MethodPost, admin+"/password", change("no es esta", otherPassword)), 403, accounts.CodeWrongProof)
	requireProblem(t, o.ask(t, mine, http.MethodPost, admin+"/password", change(password, "corta")), 422, accounts.CodeBadPassword)
	require.Equal(t, http.StatusNoContent, o.ask(t, mine, http.MethodPost, admin+"/password", change(password, otherPassword)).Code)

	require.Equal(t, http.StatusOK, o.ask(t, mine, http.MethodGet, admin+"/me", "").Code)
	requireProblem(t, o.ask(t, other, http.MethodGet, admin+"/me", ""), 401, booking.CodeUnauthorized)
	requireProblem(t, o.do(t, http.MethodPost, admin+"/refresh", fmt.Sprintf(`{"refresh_token":%q}`, otherRefresh)), 401, accounts.CodeSessionEnded)
	requireProblem(t, o.do(t, http.MethodPost, admin+"/login", credentials(ownerEmail, password)), 401, accounts.CodeBadCredentials)
	require.Equal(t, http.StatusOK, o.do(t, http.MethodPost, admin+"/login", credentials(ownerEmail, otherPassword)).Code)
	require.Contains(t, o.actions(t), "user.password_changed")
}

// code is what an authenticator app shows (RFC 6238), written apart from the product's.
func code(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	require.NoError(t, err)
	mac := hmac.New(sha1.New, key)
	require.NoError(t, binary.Write(mac, binary.BigEndian, at.Unix()/30))
	digest := mac.Sum(nil)
	offset := digest[19] & 15
	number := (int(digest[offset])&127)<<24 | int(digest[offset+1])<<16 | int(digest[offset+2])<<8 | int(digest[offset+3])
	return fmt.Sprintf("%06d", number%1_000_000)
}

func TestASecondFactor(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	owner, _ := o.logIn(t, ownerEmail)
	post := func(path, body string) int { return o.ask(t, owner, http.MethodPost, admin+"/totp/"+path, body).Code }
	withCode := func(c string) string {
		return fmt.Sprintf(`{"email":%q,"password":%q,"totp":%q}`, ownerEmail, password, c)
	}

	requireProblem(t, o.ask(t, owner, http.MethodPost, admin+"/totp/confirm", `{"totp":"123456"}`), 409, accounts.CodeTOTPState)
	requireProblem(t, o.ask(t, owner, http.MethodPost, admin+"/totp/enroll", `{"password":"no es esta"}`), 403, accounts.CodeWrongProof)
	enrolled := object(t, o.ask(t, owner, http.MethodPost, admin+"/totp/enroll", fmt.Sprintf(`{"password":%q}`, password)))
	secret := enrolled["secret"].(string)
	address, err := url.Parse(enrolled["otpauth_url"].(string))
	require.NoError(t, err)
	require.Equal(t, secret, address.Query().Get("secret"))
	_, _ = o.logIn(t, ownerEmail) // not confirmed yet, it is not asked for

	var kept string
	require.NoError(t, o.sql.QueryRow(t.Context(), `SELECT encode(totp_secret, 'escape') FROM users`).Scan(&kept))
	require.NotContains(t, kept, secret)

	requireProblem(t, o.ask(t, owner, http.MethodPost, admin+"/totp/confirm", fmt.Sprintf(`{"totp":%q}`, code(t, secret, o.now.Add(-time.Hour)))),
		403, accounts.CodeWrongProof)
	require.Equal(t, http.StatusNoContent, post("confirm", fmt.Sprintf(`{"totp":%q}`, code(t, secret, o.now))))
	requireProblem(t, o.ask(t, owner, http.MethodPost, admin+"/totp/enroll", fmt.Sprintf(`{"password":%q}`, password)), 409, accounts.CodeTOTPState)

	requireProblem(t, o.do(t, http.MethodPost, admin+"/login", credentials(ownerEmail, password)), 401, accounts.CodeTOTPRequired)
	requireProblem(t, o.do(t, http.MethodPost, admin+"/login", credentials(ownerEmail, "no es esta")), 401, accounts.CodeBadCredentials)
	requireProblem(t, o.do(t, http.MethodPost, admin+"/login", withCode(code(t, secret, o.now))), 401, accounts.CodeBadTOTP)
	o.now = o.now.Add(30 * time.Second)
	next := code(t, secret, o.now)
	require.Equal(t, http.StatusOK, o.do(t, http.MethodPost, admin+"/login", withCode(next)).Code)
	requireProblem(t, o.do(t, http.MethodPost, admin+"/login", withCode(next)), 401, accounts.CodeBadTOTP)

	o.now = o.now.Add(30 * time.Second)
	disable := func(c string) string { return fmt.Sprintf(`{"password":%q,"totp":%q}`, password, c) }
	requireProblem(t, o.ask(t, owner, http.MethodPost, admin+"/totp/disable", disable(next)), 403, accounts.CodeWrongProof)
	require.Equal(t, http.StatusNoContent, post("disable", disable(code(t, secret, o.now))))
	_, _ = o.logIn(t, ownerEmail)
	require.Equal(t, 409, post("disable", disable(code(t, secret, o.now))))
	require.Contains(t, o.actions(t), "user.totp_enabled")
	require.Contains(t, o.actions(t), "user.totp_disabled")
}

func TestCodesOfTheSecondFactorCannotBeGuessed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	owner, _ := o.logIn(t, ownerEmail)
	secret := object(t, o.ask(t, owner, http.MethodPost, admin+"/totp/enroll", fmt.Sprintf(`{"password":%q}`, password)))["secret"].(string)
	require.Equal(t, http.StatusNoContent,
		o.ask(t, owner, http.MethodPost, admin+"/totp/confirm", fmt.Sprintf(`{"totp":%q}`, code(t, secret, o.now))).Code)
	for range 10 {
		// A login without a code in between must not start the count over.
		requireProblem(t, o.do(t, http.MethodPost, admin+"/login", credentials(ownerEmail, password)), 401, accounts.CodeTOTPRequired)
		requireProblem(t, o.do(t, http.MethodPost, admin+"/login", fmt.Sprintf(`{"email":%q,"password":%q,"totp":"abc"}`, ownerEmail, password)),
			401, accounts.CodeBadTOTP)
	}
	requireProblem(t, o.do(t, http.MethodPost, admin+"/login", credentials(ownerEmail, password)), 429, accounts.CodeTooManyAttempts)
}

func TestOwnersKeepAccounts(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	owner, _ := o.logIn(t, ownerEmail)
	staff, id := o.member(t, "staff")
	user := fmt.Sprintf("%s/users/%d", admin, id)

	for name, refused := range map[string]struct {
		body   string
		status int
		code   booking.Code
	}{
		"the address has one": {`{"email":"STAFF@example.org","role":"staff","password":"0123456789"}`, 409, booking.CodeDuplicate},
		"no such role":        {`{"email":"a@example.org","role":"root","password":"0123456789"}`, 422, booking.CodeInvalidInput},
		"short password":      {`{"email":"a@example.org","role":"staff","password":"012345678"}`, 422, accounts.CodeBadPassword},
		"no address":          {`{"email":"Ana <a@example.org>","role":"staff","password":"0123456789"}`, 422, booking.CodeInvalidInput},
		"nothing":             {`{}`, 422, booking.CodeInvalidInput},
	} {
		t.Log(name)
		requireProblem(t, o.ask(t, owner, http.MethodPost, admin+"/users", refused.body), refused.status, refused.code)
	}
	requireProblem(t, o.ask(t, owner, http.MethodPatch, admin+"/users/999", `{"disabled":true}`), 404, booking.CodeNotFound)

	page := object(t, o.ask(t, owner, http.MethodGet, admin+"/users?limit=1", ""))
	require.Len(t, page["items"], 1)
	page = object(t, o.ask(t, owner, http.MethodGet, admin+"/users?limit=1&cursor="+page["next_cursor"].(string), ""))
	require.Equal(t, "staff@example.org", page["items"].([]any)[0].(map[string]any)["email"])
	require.Nil(t, page["next_cursor"])
	require.NotContains(t, o.ask(t, owner, http.MethodGet, admin+"/users", "").Body.String(), "argon2")

	// Another role counts with the next request, whatever the token was made with.
	require.Equal(t, http.StatusOK, o.ask(t, owner, http.MethodPatch, user, `{"role":"readonly"}`).Code)
	requireProblem(t, o.ask(t, staff, http.MethodPost, admin+"/conversations/1/take-over", ""), 403, booking.CodeForbidden)
	require.Equal(t, "readonly", object(t, o.ask(t, staff, http.MethodGet, admin+"/me", ""))["role"])

	disabled := object(t, o.ask(t, owner, http.MethodPost, user+"/disable", ""))
	require.NotNil(t, disabled["disabled_at"])
	requireProblem(t, o.ask(t, staff, http.MethodGet, admin+"/me", ""), 401, booking.CodeUnauthorized)
	require.Equal(t, http.StatusOK, o.ask(t, owner, http.MethodPatch, user, `{"disabled":false}`).Code)
	requireProblem(t, o.ask(t, staff, http.MethodGet, admin+"/me", ""), 401, booking.CodeUnauthorized)
	_, _ = o.logIn(t, "staff@example.org")

	requireProblem(t, o.ask(t, owner, http.MethodPatch, admin+"/users/1", `{"role":"staff"}`), 409, accounts.CodeLastOwner)
	requireProblem(t, o.ask(t, owner, http.MethodPost, admin+"/users/1/disable", ""), 409, accounts.CodeLastOwner)

	var before, after string
	require.NoError(t, o.sql.QueryRow(t.Context(), `SELECT before::text, after::text FROM audit_log
		WHERE action = 'user.changed' AND user_id = 1 ORDER BY id LIMIT 1`).Scan(&before, &after))
	require.JSONEq(t, `{"role":"staff","disabled":false,"totp":false}`, before)
	require.JSONEq(t, `{"role":"readonly","disabled":false,"totp":false}`, after)
	_, err := o.sql.Exec(t.Context(), `UPDATE audit_log SET actor = 'system'`)
	require.ErrorContains(t, err, "append-only")
}
