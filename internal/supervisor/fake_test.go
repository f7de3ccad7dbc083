package supervisor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"cabanas/internal/supervisor"
)

// fakeVariable turns this test program into a cabanas with the sub-commands the supervisor starts.
const fakeVariable = "SUPERVISOR_TEST_FAKE"

func TestMain(m *testing.M) {
	if os.Getenv(fakeVariable) == "" {
		os.Exit(m.Run())
	}
	if err := fake(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func fake(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if os.Getenv("FAKE_FAILS") == args[0] {
		return errors.New("the moon is in the wrong phase")
	}
	switch args[0] {
	case "dev":
		return supervisor.Run(ctx, supervisor.Options{Stdout: io.Discard})
	case "migrate", "setup":
		return record(args)
	case "api":
		return serve(ctx, "127.0.0.1:"+os.Getenv("PORT"))
	case "codec":
		return serve(ctx, os.Getenv("CODEC_ADDR"))
	case "worker":
		return serve(ctx, os.Getenv("METRICS_ADDR"))
	case "sandbox":
		return serve(ctx, "127.0.0.1:"+args[slices.Index(args, "--port")+1])
	}
	return fmt.Errorf("unexpected arguments %q", args)
}

// record appends what was called to a file the test reads.
func record(args []string) error {
	file, err := os.OpenFile(filepath.Join(os.Getenv("CABANAS_HOME"), "calls"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = fmt.Fprintln(file, strings.Join(args, " "))
	return err
}

// serve answers the probes, and /env with the environment it was started with.
func serve(ctx context.Context, address string) error {
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, _ *http.Request) {
		env := map[string]string{}
		for _, variable := range os.Environ() {
			name, value, _ := strings.Cut(variable, "=")
			env[name] = value
		}
		if err := json.NewEncoder(w).Encode(env); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	for _, path := range []string{"/readyz", "/healthz", "/env"} {
		mux.HandleFunc("GET "+path, answer)
	}
	server := &http.Server{Addr: address, Handler: mux}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
