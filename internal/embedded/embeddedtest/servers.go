package embeddedtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"cabanas/internal/embedded"
)

// Each server is started at most once per test process.
var (
	postgres = sync.OnceValues(func() (string, error) {
		if address := os.Getenv("TEST_DATABASE_URL"); address != "" {
			return address, nil
		}
		return startPostgres()
	})
	redisServer = sync.OnceValues(func() (string, error) {
		if address := os.Getenv("TEST_REDIS_URL"); address != "" {
			return address, nil
		}
		return startRedis()
	})
	temporal = sync.OnceValues(func() (string, error) {
		if address := os.Getenv("TEST_TEMPORAL_ADDRESS"); address != "" {
			return address, nil
		}
		return startTemporal()
	})
)

func startPostgres() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	home, err := scratch()
	if err != nil {
		return "", err
	}
	cluster, err := embedded.PreparePostgres(ctx, embedded.PostgresOptions{Home: home, Ephemeral: true})
	if err != nil {
		return "", err
	}
	if err := guard(home, cluster.Command()); err != nil {
		return "", err
	}
	if err := cluster.Ready(ctx, nil); err != nil {
		return "", err
	}
	return cluster.URL(), nil
}

func startRedis() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	home, err := scratch()
	if err != nil {
		return "", err
	}
	server, err := embedded.PrepareRedis(embedded.RedisOptions{Home: home, Ephemeral: true})
	if errors.Is(err, embedded.ErrNoRedis) {
		return inProcessRedis()
	}
	if err != nil {
		return "", err
	}
	if err := guard(home, server.Command()); err != nil {
		return "", err
	}
	if err := server.Ready(ctx, nil); err != nil {
		return "", err
	}
	return server.URL(), nil
}

func inProcessRedis() (string, error) {
	server, err := embedded.StartInProcessRedis(0)
	if err != nil {
		return "", err
	}
	go server.Run(context.Background())
	return server.URL(), nil
}

func startTemporal() (string, error) {
	store, err := postgres()
	if err != nil {
		return "", err
	}
	// Compiling, where the program is missing, takes minutes.
	server, err := embedded.PrepareTemporal(context.Background(), embedded.TemporalOptions{DatabaseURL: store})
	if err != nil {
		return "", err
	}
	home, err := scratch()
	if err != nil {
		return "", err
	}
	if err := guard(home, server.Command()); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	if err := server.Ready(ctx, nil); err != nil {
		return "", err
	}
	return server.Address(), nil
}

// scratch makes a folder that Postgres' own user may walk into, which t.TempDir is not.
func scratch() (string, error) {
	folder, err := os.MkdirTemp("", "cabanas-test-")
	if err != nil {
		return "", fmt.Errorf("make a scratch folder: %w", err)
	}
	if err := os.Chmod(folder, 0o755); err != nil {
		return "", fmt.Errorf("open the scratch folder: %w", err)
	}
	return folder, nil
}

func guard(folder string, command embedded.Command) error {
	pipe, err := command.StartGuarded(folder)
	if err != nil {
		return err
	}
	held.Lock()
	defer held.Unlock()
	held.pipes = append(held.pipes, pipe)
	return nil
}

// held keeps the pipes open until the process ends.
var held struct {
	sync.Mutex
	pipes []io.Closer
}
