package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

const probeTime = 5 * time.Second

// runProbe asks a URL once and succeeds when it answers 200. It is the health check of images that hold nothing but this binary.
func runProbe(ctx context.Context, args []string) error {
	set := flags("probe")
	if err := set.Parse(args); err != nil {
		return err
	}
	if set.NArg() != 1 {
		return fmt.Errorf("probe wants one URL, such as http://127.0.0.1:8000/readyz")
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, set.Arg(0), nil)
	if err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
		return fmt.Errorf("probe: %s answers %s: %s", set.Arg(0), answer.Status, text)
	}
	return nil
}
