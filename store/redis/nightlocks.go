package redis

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"cabanas/booking"
)

// acquire takes all nights or none: whoever else holds one is answered, own locks are taken again with a new life.
var acquire = redis.NewScript(`
for _, key in ipairs(KEYS) do
	local holder = redis.call('GET', key)
	if holder and holder ~= ARGV[1] then
		return holder
	end
end
for _, key in ipairs(KEYS) do
	redis.call('SET', key, ARGV[1], 'PX', ARGV[2])
end
return ''
`)

// release frees the nights that are still the token's: one that ran out may be somebody else's by now.
var release = redis.NewScript(`
local freed = 0
for _, key in ipairs(KEYS) do
	if redis.call('GET', key) == ARGV[1] then
		freed = freed + redis.call('DEL', key)
	end
end
return freed
`)

// Acquire locks every night of a stay for a token (the reservation code) until ttl from now, in one atomic step. Asked again
// for the same token it starts the ttl over. When another token has one of the nights nothing is locked, ok is false and
// holder is that token.
func (c *Client) Acquire(ctx context.Context, accommodationID int64, nights []booking.Date, token string, ttl time.Duration) (ok bool, holder string, err error) {
	holder, err = acquire.Run(ctx, c.redis, nightKeys(accommodationID, nights), token, max(ttl.Milliseconds(), 1)).Text()
	if err != nil {
		return false, "", fmt.Errorf("lock nights of accommodation %d: %w", accommodationID, err)
	}
	return holder == "", holder, nil
}

// Release unlocks the nights of a stay that the token still has.
func (c *Client) Release(ctx context.Context, accommodationID int64, nights []booking.Date, token string) error {
	if err := release.Run(ctx, c.redis, nightKeys(accommodationID, nights), token).Err(); err != nil {
		return fmt.Errorf("unlock nights of accommodation %d: %w", accommodationID, err)
	}
	return nil
}

func nightKeys(accommodationID int64, nights []booking.Date) []string {
	keys := make([]string, len(nights))
	for i, night := range nights {
		keys[i] = fmt.Sprintf("lock:acc:%d:%s", accommodationID, night)
	}
	return keys
}
