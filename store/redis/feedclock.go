package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// feedClockTTL is how long the instant of a good fetch is worth keeping; after it the database knows enough.
const feedClockTTL = 24 * time.Hour

func feedKey(feedID int64) string { return "feed/" + strconv.FormatInt(feedID, 10) + "/good" }

// FeedGood remembers when a feed last gave a good answer. A fetch that changed nothing is written nowhere else.
func (c *Client) FeedGood(ctx context.Context, feedID int64, at time.Time) error {
	if err := c.redis.Set(ctx, feedKey(feedID), at.UnixMilli(), feedClockTTL).Err(); err != nil {
		return fmt.Errorf("remember fetch: %w", err)
	}
	return nil
}

// FeedsGood returns when feeds last gave a good answer; one that is not remembered is not in it.
func (c *Client) FeedsGood(ctx context.Context, feedIDs []int64) (map[int64]time.Time, error) {
	good := make(map[int64]time.Time, len(feedIDs))
	if len(feedIDs) == 0 {
		return good, nil
	}
	keys := make([]string, len(feedIDs))
	for i, id := range feedIDs {
		keys[i] = feedKey(id)
	}
	values, err := c.redis.MGet(ctx, keys...).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("read fetches: %w", err)
	}
	for i, value := range values {
		text, _ := value.(string)
		if millis, err := strconv.ParseInt(text, 10, 64); err == nil {
			good[feedIDs[i]] = time.UnixMilli(millis).UTC()
		}
	}
	return good, nil
}
