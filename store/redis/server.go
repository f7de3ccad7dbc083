package redis

import (
	"bufio"
	"context"
	"fmt"
	"strings"
)

// Server is what the Redis server says about itself; a field it does not tell is empty.
type Server struct {
	Version string
	// Eviction is its maxmemory-policy; with one that evicts, limits and locks may vanish early.
	Eviction string
}

// Server asks the server about itself.
func (c *Client) Server(ctx context.Context) (Server, error) {
	info, err := c.redis.Info(ctx, "server", "memory").Result()
	if err != nil {
		return Server{}, fmt.Errorf("ask redis: %w", err)
	}
	var server Server
	for lines := bufio.NewScanner(strings.NewReader(info)); lines.Scan(); {
		switch name, value, _ := strings.Cut(lines.Text(), ":"); name {
		case "valkey_version":
			server.Version = value
		case "redis_version":
			if server.Version == "" {
				server.Version = value
			}
		case "maxmemory_policy":
			server.Eviction = value
		}
	}
	return server, nil
}
