package codec

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"cabanas/booking"
	"cabanas/internal/accounts"
)

const (
	// sessionLife is a working day: then people log in again.
	sessionLife = 12 * time.Hour
	// mostSessions bounds what is kept; far more than there is staff.
	mostSessions = 1000
	// renewBefore is how long before its end an access token is replaced.
	renewBefore = 30 * time.Second
)

// sessions keeps what the accounts gave to those who came in by the page; browsers get a name that says nothing. They are of this
// process: after a restart people log in again.
type sessions struct {
	accounts Accounts
	now      func() time.Time

	mu   sync.Mutex
	live map[sessionKey]*session
}

// sessionKey is the sum of the name, so that finding it takes no time that tells.
type sessionKey [sha256.Size]byte

type session struct {
	mu sync.Mutex // A refresh token is good once, and a page asks for many things at once.

	grant accounts.Grant
	// until is when the access token is replaced, end when the session ends.
	until, end time.Time
}

func newSessions(desk Accounts, now func() time.Time) *sessions {
	return &sessions{accounts: desk, now: now, live: map[sessionKey]*session{}}
}

// open returns the name of a new session.
func (s *sessions) open(grant accounts.Grant) string {
	name, now := rand.Text()+rand.Text(), s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, old := range s.live {
		if len(s.live) >= mostSessions || !now.Before(old.end) {
			delete(s.live, key)
		}
	}
	s.live[sha256.Sum256([]byte(name))] = &session{grant: grant, until: now.Add(grant.ExpiresIn - renewBefore), end: now.Add(sessionLife)}
	return name
}

func (s *sessions) end(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.live, sha256.Sum256([]byte(name)))
}

// member is who a session is of, as the accounts know them now: one that was closed or ended elsewhere is nobody's.
func (s *sessions) member(ctx context.Context, name string) (accounts.Member, error) {
	s.mu.Lock()
	found := s.live[sha256.Sum256([]byte(name))]
	s.mu.Unlock()
	if found == nil || !s.now().Before(found.end) {
		return accounts.Member{}, errNobody
	}
	token, err := s.token(ctx, found)
	if err == nil {
		var member accounts.Member
		if member, err = s.accounts.Identify(ctx, token); err == nil {
			return member, nil
		}
	}
	if booking.IsCode(err, booking.CodeUnauthorized) || booking.IsCode(err, accounts.CodeSessionEnded) {
		s.end(name)
	}
	return accounts.Member{}, err
}

// token is the session's access token, replaced when it is about to end. What was replaced is kept also when the one who asked has
// gone: the former refresh token is used up.
func (s *sessions) token(ctx context.Context, of *session) (string, error) {
	of.mu.Lock()
	defer of.mu.Unlock()
	if s.now().Before(of.until) {
		return of.grant.AccessToken, nil
	}
	grant, err := s.accounts.Refresh(context.WithoutCancel(ctx), of.grant.RefreshToken)
	if err != nil {
		return "", err
	}
	of.grant, of.until = grant, s.now().Add(grant.ExpiresIn-renewBefore)
	return grant.AccessToken, nil
}

// clientAddress names who is asking as the API does, whose throttle of logins is the same: the address, and for IPv6 its /64.
func clientAddress(c *gin.Context) string {
	address, err := netip.ParseAddr(c.ClientIP())
	if err != nil {
		return ""
	}
	if address = address.Unmap().WithZone(""); address.Is4() {
		return address.String()
	}
	network, err := address.Prefix(64)
	if err != nil {
		return ""
	}
	return network.String()
}
