// Package redis keeps what may be lost: advisory night locks and the budget of sends. Nothing here is needed for a booking to be right; every caller
// goes on without when Redis is away.
package redis

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Client is a connection pool with the operations of the product. It is safe for concurrent use.
type Client struct {
	redis *redis.Client
}

// Open prepares connections to the server at url (redis:// or rediss://). Nothing is sent yet: a server that is away is
// found out by the first call.
func Open(url string) (*Client, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, fmt.Errorf("open redis: %w", err)
	}
	// A caller that gives up after 300 ms must not wait for the library's own seconds.
	options.ContextTimeoutEnabled = true
	options.DialerRetries, options.MaxRetries = 1, 1
	return &Client{redis: redis.NewClient(options)}, nil
}

// Close ends the connections.
func (c *Client) Close() error { return c.redis.Close() }

// Ping asks the server for an answer.
func (c *Client) Ping(ctx context.Context) error {
	if err := c.redis.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("ping redis: %w", err)
	}
	return nil
}
