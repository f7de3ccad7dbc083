package accounts

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// accessLife is short: a role or an end of the session does not wait for it, but a copied token ends with it.
	accessLife = 15 * time.Minute
	// refreshLife is how long a session may rest, sessionLife how long it goes on at all.
	refreshLife = 14 * 24 * time.Hour
	sessionLife = 90 * 24 * time.Hour

	issuer   = "cabanas"
	audience = "cabanas-staff"
)

var errToken = errors.New("not an access token of ours")

type claims struct {
	SessionID string `json:"sid"`
	jwt.RegisteredClaims
}

// sign makes an access token (RFC 7519, HS256) that names an account and its session and nothing else.
func sign(key []byte, userID, sessionID int64, now time.Time) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		SessionID: strconv.FormatInt(sessionID, 10),
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Audience: jwt.ClaimStrings{audience}, Subject: strconv.FormatInt(userID, 10),
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(accessLife)),
		},
	})
	signed, err := token.SignedString(key)
	if err != nil {
		return "", fmt.Errorf("sign access token: %w", err)
	}
	return signed, nil
}

// verify reads an access token; every way in which it is not one of ours, or too old, is errToken.
func verify(key []byte, text string, now time.Time) (userID, sessionID int64, err error) {
	var read claims
	_, err = jwt.ParseWithClaims(text, &read, func(*jwt.Token) (any, error) { return key, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(func() time.Time { return now }))
	if err != nil {
		return 0, 0, errors.Join(errToken, err)
	}
	userID, userErr := strconv.ParseInt(read.Subject, 10, 64)
	sessionID, sessionErr := strconv.ParseInt(read.SessionID, 10, 64)
	if err := errors.Join(userErr, sessionErr); err != nil {
		return 0, 0, errors.Join(errToken, err)
	}
	return userID, sessionID, nil
}

// newRefreshToken makes a secret of 256 bits and the sum it is kept as; so much chance needs no slow hash.
func newRefreshToken() (token string, hash []byte) {
	token = base64.RawURLEncoding.EncodeToString(chance(32))
	return token, sum(token)
}

func sum(text string) []byte {
	digest := sha256.Sum256([]byte(text))
	return digest[:]
}
