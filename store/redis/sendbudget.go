package redis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Meta's limit between one business and one person: a message every six seconds, and 45 at once borrowed from the future.
const (
	pairEvery = 6 * time.Second
	pairBurst = 45
	// pairReserve is how many of the burst unasked messages leave to the others.
	pairReserve = 10
)

// take lets one message go when the account is not paused and both its limits have room within ARGV[6], and then takes the
// room: it answers {wait before sending, 0}. Otherwise nothing is taken and it answers {wait before asking again, which limit}.
// A limit is one number, the moment when its debt is paid off (GCRA); everything is in microseconds.
var take = redis.NewScript(`
local now = tonumber(ARGV[1])
if now == 0 then
	local clock = redis.call('TIME')
	now = clock[1] * 1000000 + clock[2]
end
local paused = tonumber(redis.call('GET', KEYS[3]) or '0')
if paused > now then
	return {paused - now, 3}
end
local account, pair = tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(redis.call('GET', KEYS[2]) or '0')
local wait_account, wait_pair = account - now - tonumber(ARGV[3]), pair - now - tonumber(ARGV[5])
local wait = math.max(wait_account, wait_pair, 0)
if wait > tonumber(ARGV[6]) then
	return {wait, wait_pair > wait_account and 2 or 1}
end
-- Kept a second longer than owed: unasked messages want the account idle for a moment.
local function owe(key, debt, more)
	local paid = math.max(debt, now) + tonumber(more)
	redis.call('SET', key, string.format('%.0f', paid), 'PX', math.ceil((paid - now) / 1000) + 1000)
end
owe(KEYS[1], account, ARGV[2])
owe(KEYS[2], pair, ARGV[4])
return {wait, 0}
`)

var pause = redis.NewScript(`
local now = tonumber(ARGV[1])
if now == 0 then
	local clock = redis.call('TIME')
	now = clock[1] * 1000000 + clock[2]
end
redis.call('SET', KEYS[1], string.format('%.0f', now + ARGV[2]), 'PX', math.ceil(ARGV[2] / 1000))
return 1
`)

// Limit names what keeps a message from being sent now; it is safe as a metric label.
type Limit string

// The limits of sending.
const (
	LimitNone    Limit = ""
	LimitAccount Limit = "account" // the messages per second of our number
	LimitPair    Limit = "pair"    // the messages to this person
	LimitPaused  Limit = "paused"  // WhatsApp refuses the account: nothing is sent for a while
)

// SendBudget is the one budget of sends that all processes of a WhatsApp account share. It may be lost: the limits are Meta's,
// and what goes beyond them is refused there and sent again later.
type SendBudget struct {
	redis *redis.Client
	// every is the time a message takes of the account, burst how far it may be ahead, for asked and unasked messages.
	every          time.Duration
	burst, unasked time.Duration
	prefix         string
	now            func() time.Time
}

// NewSendBudget returns the budget of an account that may send perSecond messages in a second. A nil now takes the time of the
// Redis server, so that the clocks of the processes do not matter.
func (c *Client) NewSendBudget(account string, perSecond int, now func() time.Time) *SendBudget {
	// A burst and the steady rate together stay within the limit in any one second.
	burst := 1 + perSecond/10
	every := time.Second / time.Duration(perSecond-burst+1)
	budget := &SendBudget{redis: c.redis, every: every, burst: time.Duration(burst-1) * every, now: now, prefix: "send:{" + account + "}:"}
	budget.unasked = budget.burst - max(every, budget.burst/2)
	return budget
}

// Take asks for one message to a recipient (any text that names the person; it is stored as a hash). With [LimitNone] the
// message may go after wait, which is at most patience. With another limit nothing is taken and asking again is worth it after
// wait. Unasked messages leave a share to the others and never make them wait longer than unaskedPatience.
func (b *SendBudget) Take(ctx context.Context, recipient string, unasked bool, patience time.Duration) (wait time.Duration, limit Limit, err error) {
	account, pair := b.burst, (pairBurst-1)*pairEvery
	if unasked {
		account, pair, patience = b.unasked, pair-pairReserve*pairEvery, min(patience, unaskedPatience)
	}
	hash := sha256.Sum256([]byte(b.prefix + recipient))
	keys := []string{b.prefix + "account", b.prefix + "to:" + hex.EncodeToString(hash[:16]), b.prefix + "paused"}
	answer, err := take.Run(ctx, b.redis, keys, b.micros(), b.every.Microseconds(), account.Microseconds(),
		pairEvery.Microseconds(), pair.Microseconds(), patience.Microseconds()).Int64Slice()
	if err == nil && len(answer) != 2 {
		err = fmt.Errorf("%d numbers answered", len(answer))
	}
	if err != nil {
		return 0, LimitNone, fmt.Errorf("take from send budget: %w", err)
	}
	return time.Duration(answer[0]) * time.Microsecond, limits[answer[1]], nil
}

// unaskedPatience is how far unasked messages may queue up ahead of the others.
const unaskedPatience = 250 * time.Millisecond

var limits = map[int64]Limit{0: LimitNone, 1: LimitAccount, 2: LimitPair, 3: LimitPaused}

// Pause makes every process hold back all messages of the account for a time from now.
func (b *SendBudget) Pause(ctx context.Context, length time.Duration) error {
	if err := pause.Run(ctx, b.redis, []string{b.prefix + "paused"}, b.micros(), length.Microseconds()).Err(); err != nil {
		return fmt.Errorf("pause sending: %w", err)
	}
	return nil
}

// micros is 0 when the server is to look at its own clock.
func (b *SendBudget) micros() int64 {
	if b.now == nil {
		return 0
	}
	return b.now().UnixMicro()
}
