package deploy

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "cabanas-deploy-bin-")
	if err != nil {
		panic(err)
	}
	buildFolder = folder
	status := m.Run()
	if err := os.RemoveAll(folder); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(status)
}

var buildFolder string

// program builds the product once and returns its path.
var program = sync.OnceValues(func() (string, error) {
	if named := os.Getenv("CABANAS_BIN"); named != "" {
		return filepath.Abs(named)
	}
	path := filepath.Join(buildFolder, "cabanas")
	build := exec.Command("go", "build", "-o", path, "./cmd/cabanas")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
})

// ran is how a script ended.
type ran struct {
	status int
	stdout string
	output string // Both streams, as they came.
}

// script runs one of the scripts with nothing of this process' environment but PATH.
func script(t *testing.T, folder string, environment []string, name string, arguments ...string) ran {
	t.Helper()
	path, err := filepath.Abs(name)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var stdout, output bytes.Buffer
	both := &shared{to: &output}
	command := exec.CommandContext(ctx, "sh", append([]string{path}, arguments...)...)
	command.Dir = folder
	command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + folder, "LC_ALL=C"}, environment...)
	command.Stdout, command.Stderr = tee{&stdout, both}, both
	command.WaitDelay = 5 * time.Second
	err = command.Run()
	require.NotNil(t, command.ProcessState, "%v", err)
	return ran{status: command.ProcessState.ExitCode(), stdout: strings.TrimSpace(stdout.String()), output: output.String()}
}

func (r ran) requireOK(t *testing.T) {
	t.Helper()
	require.Zero(t, r.status, r.output)
}

func (r ran) requireRefused(t *testing.T, why string) {
	t.Helper()
	require.Equal(t, 1, r.status, r.output)
	require.Contains(t, r.output, why)
}

// shared takes the writes of both streams of a command, which come from two goroutines.
type shared struct {
	mu sync.Mutex
	to *bytes.Buffer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.to.Write(p)
}

type tee struct {
	one, two interface{ Write([]byte) (int, error) }
}

func (t tee) Write(p []byte) (int, error) {
	if n, err := t.one.Write(p); err != nil {
		return n, err
	}
	return t.two.Write(p)
}

func scripts(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"*.sh", "*/*.sh"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		all = append(all, found...)
	}
	require.Greater(t, len(all), 6)
	return all
}

func TestScriptsAreCleanAndExplainThemselves(t *testing.T) {
	t.Parallel()
	all := scripts(t)
	out, err := exec.CommandContext(t.Context(), "shellcheck", append([]string{"-x", "--shell=sh"}, all...)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	for _, name := range all {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string(text), "#!/bin/sh\n"), name)
		info, err := os.Stat(name)
		require.NoError(t, err)
		require.NotZero(t, info.Mode()&0o100, "%s can be run", name)
		if filepath.Base(name) == "lib.sh" {
			continue
		}
		require.Contains(t, string(text), "\nset -eu\n", name)
		help := script(t, t.TempDir(), nil, name, "--help")
		help.requireOK(t)
		require.Contains(t, help.stdout, "Usage: "+filepath.Base(name), name)
		wrong := script(t, t.TempDir(), nil, name, "--no-such-option")
		require.Equal(t, 2, wrong.status, "%s: %s", name, wrong.output)
		require.Contains(t, wrong.output, "Usage: ", name)
	}
}
