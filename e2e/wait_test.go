package e2e

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var silent = slog.New(slog.DiscardHandler)

// web is the browser of all tests.
var web = &http.Client{Timeout: 45 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 256, IdleConnTimeout: 20 * time.Second}}

// final is an error that waiting does not heal.
type final struct{ error }

// eventually looks again and again until look finds nothing wrong, and fails with the last thing that was.
func (s *stack) eventually(t *testing.T, within time.Duration, what string, look func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	begun := time.Now()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var last error
	for {
		err := look(ctx)
		if err == nil {
			return
		}
		if ctx.Err() == nil || last == nil {
			last = err
		}
		var hopeless final
		if errors.As(err, &hopeless) || ctx.Err() != nil {
			require.NoError(t, last, "%s, after %s", what, time.Since(begun).Round(time.Millisecond))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// patient is a context for one step of a test.
func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}
