package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
)

const devserver = "temporal-devserver"

// TemporalOptions says where a private Temporal server stores and listens.
type TemporalOptions struct {
	DatabaseURL string // Any database of the Postgres server; "temporal" and "temporal_visibility" are made beside it.
	Port        int    // Frontend, on loopback; 0 takes a free one.
	UIPort      int    // Web UI, on loopback; 0 takes a free one.
	Namespace   string // Created with the application's search attributes; "default" when empty.
	CodecURL    string // Codec server that the Web UI decrypts with; none when empty.
	Output      io.Writer
	Progress    func(string) // Told before the server is compiled; may be nil.
}

// Temporal is a private server that can be started and restarted.
type Temporal struct {
	opts    TemporalOptions
	program string
}

// PrepareTemporal finds the server's program, or compiles it when its source is at hand.
func PrepareTemporal(ctx context.Context, opts TemporalOptions) (*Temporal, error) {
	if opts.Progress == nil {
		opts.Progress = func(string) {}
	}
	if opts.Namespace == "" {
		opts.Namespace = "default"
	}
	t := &Temporal{opts: opts}
	var err error
	if t.program, err = findDevserver(ctx, opts.Progress); err != nil {
		return nil, err
	}
	if t.opts.Port == 0 {
		if t.opts.Port, err = FreePort(0); err != nil {
			return nil, err
		}
	}
	if t.opts.UIPort == 0 {
		if t.opts.UIPort, err = FreePort(0); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Address is the frontend's host:port.
func (t *Temporal) Address() string { return loopback(t.opts.Port) }

// UIURL is the address of the Web UI.
func (t *Temporal) UIURL() string { return "http://" + loopback(t.opts.UIPort) }

// Command starts the server in the foreground; killing it loses nothing, since it stores in Postgres.
func (t *Temporal) Command() Command {
	args := []string{
		"--ip=127.0.0.1", "--port=" + strconv.Itoa(t.opts.Port), "--ui-port=" + strconv.Itoa(t.opts.UIPort),
		"--namespace=" + t.opts.Namespace, "--log-level=error",
	}
	if t.opts.CodecURL != "" {
		args = append(args, "--codec-endpoint="+t.opts.CodecURL)
	}
	return Command{
		Name: "temporal", Path: t.program, Output: t.opts.Output,
		// By environment, because everybody on the machine can read a command line.
		Env:  append(os.Environ(), "TEMPORAL_POSTGRES_URL="+t.opts.DatabaseURL),
		Args: args,
	}
}

// Ready waits until the namespace answers and has the application's search attributes.
func (t *Temporal) Ready(ctx context.Context, gone <-chan struct{}) error {
	c, err := client.NewLazyClient(client.Options{
		HostPort: t.Address(), Namespace: t.opts.Namespace, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return fmt.Errorf("temporal client: %w", err)
	}
	defer c.Close()
	err = poll(ctx, gone, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		listed, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: t.opts.Namespace})
		if err != nil {
			return err
		}
		if listed.GetCustomAttributes()["BookingStatus"] != enumspb.INDEXED_VALUE_TYPE_KEYWORD {
			return errors.New("the search attributes are not there yet")
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("wait for temporal: %w", err)
	}
	return nil
}

// findDevserver looks beside this program, in the bin folder of the source tree and on PATH; then it compiles.
func findDevserver(ctx context.Context, progress func(string)) (string, error) {
	root := sourceRoot()
	var candidates []string
	if self, err := os.Executable(); err == nil {
		candidates = append(candidates, filepath.Join(filepath.Dir(self), devserver))
	}
	if root != "" {
		candidates = append(candidates, filepath.Join(root, "bin", devserver))
	}
	for _, candidate := range candidates {
		if info, err := os.Stat(candidate); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0 {
			return candidate, nil
		}
	}
	if path, err := exec.LookPath(devserver); err == nil {
		return path, nil
	}
	if root == "" {
		return "", fmt.Errorf("%s is neither beside this program nor on PATH: run `make build`, or set TEMPORAL_ADDRESS", devserver)
	}
	progress("compiling the Temporal server (once, a few minutes)")
	target := filepath.Join(root, "bin", devserver)
	// Built under another name and renamed, so that nobody starts half a program.
	unfinished := target + "." + strconv.Itoa(os.Getpid())
	cmd := exec.CommandContext(ctx, "go", "build", "-C", filepath.Join(root, "temporal", "devserver"), "-o", unfinished, ".")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("compile the Temporal server: %w: %s", err, strings.TrimSpace(string(out)))
	}
	if err := os.Rename(unfinished, target); err != nil {
		return "", fmt.Errorf("install the Temporal server: %w", err)
	}
	return target, nil
}

// sourceRoot is the source tree this program belongs to: the parent of the folder of the program (bin/), the working folder or one
// above it, or, in tests, where this file was compiled; "" when none has the server's source.
func sourceRoot() string {
	var starts []string
	if self, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(self))
	}
	if working, err := os.Getwd(); err == nil {
		starts = append(starts, working)
	}
	if _, file, _, ok := runtime.Caller(0); ok {
		starts = append(starts, filepath.Dir(file))
	}
	for _, start := range starts {
		for folder := start; ; folder = filepath.Dir(folder) {
			if _, err := os.Stat(filepath.Join(folder, "temporal", "devserver", "go.mod")); err == nil {
				return folder
			}
			if folder == filepath.Dir(folder) {
				break
			}
		}
	}
	return ""
}
