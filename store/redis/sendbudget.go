package redis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Meta's limit between one business and one person is a message every six seconds, and a burst borrowed from the future.
const (
	pairEvery = 6 * time.Second
	// MetaPairBurst is how many messages to one person may go at once.
	MetaPairBurst = 45
	// pairReserve is the share of the burst, one in so many, that unasked messages leave to the others.
	pairReserve = 4
)

// take lets a message go when the account is not paused and both its limits have room within ARGV[6]: it answers {wait before
// sending, 0}. Otherwise it answers {wait before asking again, which limit}; an asked message then keeps its place in the line
// of that limit until it comes back, so that many waiting messages come back one after the other. A limit is one number, the
// moment when its debt is paid off (GCRA); everything is in microseconds.
var take = redis.NewScript(`
local now, patience, lasts = tonumber(ARGV[1]), tonumber(ARGV[6]), tonumber(ARGV[8])
if now == 0 then
	local clock = redis.call('TIME')
	now = clock[1] * 1000000 + clock[2]
end
local paused = tonumber(redis.call('GET', KEYS[3]) or '0')
if paused > now then
	return {paused - now, 3}
end

local place = redis.call('HMGET', KEYS[4], 'at', 'account')
local at, has_account = tonumber(place[1] or '0'), place[2] == '1'
-- Who comes back much too late lines up again.
local has_pair = at > now - lasts
has_account = has_account and has_pair

local account, pair = tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(redis.call('GET', KEYS[2]) or '0')
local account_at, pair_at = at, at
if not has_account then account_at = account - tonumber(ARGV[3]) end
if not has_pair then pair_at = pair - tonumber(ARGV[5]) end
local go_at = math.max(account_at, pair_at, now)
local wait, which = go_at - now, account_at >= pair_at and 1 or 2

-- Kept a second longer than owed: unasked messages want the account idle for a moment.
local function owe(key, debt, more)
	local paid = math.max(debt, now) + tonumber(more)
	redis.call('SET', key, string.format('%.0f', paid), 'PX', math.ceil((paid - now) / 1000) + 1000)
end
local goes = wait <= patience
if not goes and ARGV[7] == '1' then
	return {wait, which}
end
if not has_pair then owe(KEYS[2], pair, ARGV[4]) end
if not has_account and (goes or which == 1) then
	owe(KEYS[1], account, ARGV[2])
	has_account = true
end
if goes then
	redis.call('DEL', KEYS[4])
	return {wait, 0}
end
redis.call('HSET', KEYS[4], 'at', string.format('%.0f', go_at), 'account', has_account and '1' or '0')
redis.call('PEXPIRE', KEYS[4], math.ceil((wait + lasts) / 1000))
return {wait, which}
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
	every                  time.Duration
	burst, unasked         time.Duration
	pairBurst, pairUnasked time.Duration
	prefix                 string
	now                    func() time.Time
}

// Limits say how fast an account may send.
type Limits struct {
	PerSecond int
	// PairBurst is how many messages may go to one person at once, Meta's is [MetaPairBurst].
	PairBurst int
}

// Ask is a message that wants to go.
type Ask struct {
	// Message is its id: asked again it finds its place.
	Message int64
	// Recipient is any text that names the person; it is stored as a hash.
	Recipient string
	// Unasked messages leave a share to the others, and wait without a place in the line.
	Unasked bool
	// Patience is how long it can wait with the slot it has.
	Patience time.Duration
}

// NewSendBudget returns the budget of an account. A nil now takes the time of the Redis server, so that the clocks of the
// processes do not matter.
func (c *Client) NewSendBudget(account string, limits Limits, now func() time.Time) *SendBudget {
	// A burst and the steady rate together stay within the limit in any one second.
	burst := 1 + limits.PerSecond/10
	every := time.Second / time.Duration(limits.PerSecond-burst+1)
	budget := &SendBudget{redis: c.redis, every: every, burst: time.Duration(burst-1) * every, now: now, prefix: "send:{" + account + "}:",
		pairBurst:   time.Duration(limits.PairBurst-1) * pairEvery,
		pairUnasked: time.Duration(limits.PairBurst-1-limits.PairBurst/pairReserve) * pairEvery}
	budget.unasked = budget.burst - max(every, budget.burst/2)
	return budget
}

// Take asks for a message to go. With [LimitNone] it may go after wait, which is at most its patience. With another limit asking
// again is worth it after wait.
func (b *SendBudget) Take(ctx context.Context, ask Ask) (wait time.Duration, limit Limit, err error) {
	account, pair, patience, unasked := b.burst, b.pairBurst, ask.Patience, 0
	if ask.Unasked {
		account, pair, patience, unasked = b.unasked, b.pairUnasked, min(patience, unaskedPatience), 1
	}
	hash := sha256.Sum256([]byte(b.prefix + ask.Recipient))
	keys := []string{b.prefix + "account", b.prefix + "to:" + hex.EncodeToString(hash[:16]), b.prefix + "paused",
		fmt.Sprintf("%splace:%d", b.prefix, ask.Message)}
	answer, err := take.Run(ctx, b.redis, keys, b.micros(), b.every.Microseconds(), account.Microseconds(), pairEvery.Microseconds(),
		pair.Microseconds(), patience.Microseconds(), unasked, placeLasts.Microseconds()).Int64Slice()
	if err == nil && len(answer) != 2 {
		err = fmt.Errorf("%d numbers answered", len(answer))
	}
	if err != nil {
		return 0, LimitNone, fmt.Errorf("take from send budget: %w", err)
	}
	return time.Duration(answer[0]) * time.Microsecond, limits[answer[1]], nil
}

// placeLasts is how long after its moment a place in the line is kept.
const placeLasts = 30 * time.Second

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
