package redis

import "github.com/redis/go-redis/v9"

// PoolStats tells how the pool of connections does.
func (c *Client) PoolStats() *redis.PoolStats { return c.redis.PoolStats() }
