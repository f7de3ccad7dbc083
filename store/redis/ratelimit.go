package redis

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// spend keeps the instants of the requests that were let through, oldest first, and forgets those that left the window. A request
// is let through while there are fewer than ARGV[3] of them; one that is not leaves no trace, so that who keeps asking is not
// kept out for ever. It answers {whether it may go on, how many there are, time until the oldest leaves}; everything is in
// microseconds. The key lives as long as the window.
var spend = redis.NewScript(`
local now, window, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if now == 0 then
	local clock = redis.call('TIME')
	now = clock[1] * 1000000 + clock[2]
end
local oldest = redis.call('LINDEX', KEYS[1], 0)
while oldest and tonumber(oldest) <= now - window do
	redis.call('LPOP', KEYS[1])
	oldest = redis.call('LINDEX', KEYS[1], 0)
end
local count = redis.call('LLEN', KEYS[1])
local leaves = tonumber(oldest or now) + window - now
if count >= most then
	return {0, count, leaves}
end
redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
return {1, count + 1, leaves}
`)

// RateLimiter counts requests in a sliding window that all processes share: in no stretch of the window's length are there more
// than the limit. It may be lost: then counting starts over.
type RateLimiter struct {
	redis  *redis.Client
	secret []byte
	now    func() time.Time
}

// NewRateLimiter returns a limiter whose keys are hashes that only holders of the secret can make of whom they count. A nil now is
// the server's clock, the only one that several processes have in common.
func (c *Client) NewRateLimiter(secret []byte, now func() time.Time) *RateLimiter {
	return &RateLimiter{redis: c.redis, secret: secret, now: now}
}

// Spent is how it stands after a request.
type Spent struct {
	// Allowed is false when the request is one too many; it is then not counted.
	Allowed bool
	// Remaining requests may follow at once.
	Remaining int
	// Next is when one more than that may follow.
	Next time.Duration
}

// Take counts a request of who against a limit of most, at least 1, in any window.
func (l *RateLimiter) Take(ctx context.Context, who string, most int, window time.Duration) (Spent, error) {
	mac := hmac.New(sha256.New, l.secret)
	mac.Write([]byte(who))
	key := "rate:" + hex.EncodeToString(mac.Sum(nil)[:16])
	now := int64(0)
	if l.now != nil {
		now = l.now().UnixMicro()
	}
	answer, err := spend.Run(ctx, l.redis, []string{key}, now, window.Microseconds(), most).Int64Slice()
	if err == nil && len(answer) != 3 {
		err = fmt.Errorf("%d numbers answered", len(answer))
	}
	if err != nil {
		return Spent{}, fmt.Errorf("count request: %w", err)
	}
	return Spent{Allowed: answer[0] == 1, Remaining: max(most-int(answer[1]), 0), Next: time.Duration(answer[2]) * time.Microsecond}, nil
}
