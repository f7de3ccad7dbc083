package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"cabanas/sandbox/control"
)

const (
	appSecret     = "e2e-app-secret-of-whatsapp"
	webhookSecret = "e2e-webhook-secret-of-mercadopago"
	collectorID   = 446566691
	ownerNumber   = "5491149990000"
)

const (
	// patience is how long anything may take that takes a moment; a test that has to wait so long fails.
	patience = 60 * time.Second
	// startPatience leaves room for a machine that runs other tests as well.
	startPatience = 2 * time.Minute
	pollEvery     = 40 * time.Millisecond
)

// slots bounds how many systems run at once: each is six processes.
var slots = make(chan struct{}, 2)

// devInfo is what `cabanas dev` says of itself in dev.json.
type devInfo struct {
	PIDs            map[string]int `json:"pids"`
	APIURL          string         `json:"api_url"`
	TemporalAddress string         `json:"temporal_address"`
	DatabaseURL     string         `json:"database_url"`
	RedisURL        string         `json:"redis_url"`
	MetricsURLs     []string       `json:"metrics_urls"`
	SandboxURL      string         `json:"sandbox_url"`
}

// stack is one running `cabanas dev` with everything it started.
type stack struct {
	home     string
	settings []string
	seeded   bool

	mu       sync.Mutex
	dev      *exec.Cmd
	ended    chan struct{} // closed when the supervisor has ended
	endErr   error
	info     devInfo
	world    *control.Client
	db       *pgxpool.Pool
	temporal client.Client
	private  []string // what no log and no history may hold

	people, weeks atomic.Int64
}

// start runs a system for this test and its subtests. When they are over the system must stand up to what every test ends with,
// see finish.
func start(t *testing.T, seeded bool, settings ...string) *stack {
	t.Helper()
	slots <- struct{}{}
	t.Cleanup(func() { <-slots })
	home, err := os.MkdirTemp("", "cabanas-e2e-")
	require.NoError(t, err)
	// Postgres does not run as root; its own user has to get in.
	require.NoError(t, os.Chmod(home, 0o755))
	s := &stack{home: home, seeded: seeded, settings: append([]string{
		"CABANAS_HOME=" + home, "OWNER_WHATSAPP=+" + ownerNumber, "RATE_LIMIT_REQUESTS=0", "HOLDS_PER_ADDRESS=0", "HOLDS_PER_PHONE=0",
		// One owner hears of every test's bookings.
		"WHATSAPP_PAIR_BURST=100000",
		"WHATSAPP_APP_SECRET=" + appSecret, "MERCADOPAGO_WEBHOOK_SECRET=" + webhookSecret,
		fmt.Sprintf("MERCADOPAGO_COLLECTOR_ID=%d", collectorID), "PAYMENT_RECONCILE_INTERVAL=5s",
	}, settings...)}
	t.Cleanup(func() { s.remove(t) })
	s.boot(t)
	t.Cleanup(func() { s.finish(t) })
	return s
}

// boot starts the supervisor on the stack's home and waits until everything answers.
func (s *stack) boot(t *testing.T) {
	t.Helper()
	path, err := program()
	require.NoError(t, err)
	args := []string{"dev", "--quiet"}
	if !s.seeded {
		args = append(args, "--no-seed")
	}
	output, err := os.OpenFile(filepath.Join(s.home, "dev.out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	defer output.Close()
	dev := exec.Command(path, args...)
	dev.Dir = ".."
	dev.Env = append(environment(), s.settings...)
	dev.Stdout, dev.Stderr = output, output
	dev.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, dev.Start())
	ended := make(chan struct{})
	s.mu.Lock()
	s.dev, s.ended = dev, ended
	s.mu.Unlock()
	go func() {
		err := dev.Wait()
		s.mu.Lock()
		s.endErr = err
		s.mu.Unlock()
		close(ended)
	}()
	s.eventually(t, startPatience, "the system is up", func(ctx context.Context) error {
		select {
		case <-ended:
			return final{fmt.Errorf("cabanas dev ended before it was up: %w\n%s", s.endErr, s.tail("dev.out"))}
		default:
		}
		return s.up(ctx)
	})
	s.connect(t)
}

// environment is this process's without what the product reads.
func environment() []string {
	var kept []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		switch prefix, _, _ := strings.Cut(name, "_"); prefix {
		case "DATABASE", "REDIS", "BASE", "ENVIRONMENT", "PORT", "TEMPORAL", "WHATSAPP", "MERCADOPAGO", "HOLD", "HOLDS", "LATE", "OWNER",
			"CABANAS", "METRICS", "RATE", "SETUP", "SANDBOX", "JWT", "DEPOSIT", "PAYMENT", "BIND", "LOG", "DB", "PGHOST", "PGUSER":
			continue
		}
		kept = append(kept, variable)
	}
	return kept
}

// up reads dev.json and asks every part whether it answers.
func (s *stack) up(ctx context.Context) error {
	info, err := s.read()
	if err != nil {
		return err
	}
	s.mu.Lock()
	pid := s.dev.Process.Pid
	s.info = info
	s.mu.Unlock()
	switch {
	case info.PIDs["dev"] != pid:
		return errors.New("dev.json is of an earlier run")
	case info.PIDs["api"] == 0 || info.PIDs["worker"] == 0:
		return errors.New("api or worker is not started")
	}
	for _, url := range append([]string{info.APIURL + "/readyz"}, info.MetricsURLs...) {
		if err := answers(ctx, url); err != nil {
			return err
		}
	}
	return nil
}

func (s *stack) read() (devInfo, error) {
	var info devInfo
	raw, err := os.ReadFile(filepath.Join(s.home, "dev.json"))
	if err != nil {
		return info, err
	}
	return info, json.Unmarshal(raw, &info)
}

func answers(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := web.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, response.Status)
	}
	return nil
}

func (s *stack) connect(t *testing.T) {
	t.Helper()
	s.disconnect()
	s.world = control.NewClient(s.info.SandboxURL, nil)
	var err error
	s.db, err = pgxpool.New(context.Background(), s.info.DatabaseURL)
	require.NoError(t, err)
	s.temporal, err = client.NewLazyClient(client.Options{HostPort: s.info.TemporalAddress, Logger: sdklog.NewStructuredLogger(silent)})
	require.NoError(t, err)
}

func (s *stack) disconnect() {
	if s.db != nil {
		s.db.Close()
		s.temporal.Close()
		s.world.CloseIdle()
	}
}

// pid is the process of a part, which must be running.
func (s *stack) pid(t *testing.T, part string) int {
	t.Helper()
	var pid int
	s.eventually(t, patience, part+" has a process", func(context.Context) error {
		info, err := s.read()
		if pid = info.PIDs[part]; err == nil && pid == 0 {
			err = errors.New("no pid in dev.json")
		}
		return err
	})
	return pid
}

// signal sends a signal to the process of a part and returns its id.
func (s *stack) signal(t *testing.T, part string, signal syscall.Signal) int {
	t.Helper()
	pid := s.pid(t, part)
	require.NoError(t, syscall.Kill(pid, signal), "signal %s", part)
	return pid
}

// kill ends a part as a crash does and returns when the supervisor has brought it back.
func (s *stack) kill(t *testing.T, part string) {
	t.Helper()
	s.restarted(t, part, s.signal(t, part, syscall.SIGKILL))
}

func (s *stack) restarted(t *testing.T, part string, before int) {
	t.Helper()
	s.eventually(t, patience, part+" is back", func(ctx context.Context) error {
		info, err := s.read()
		if err != nil {
			return err
		}
		if pid := info.PIDs[part]; pid == 0 || pid == before {
			return errors.New("not restarted")
		}
		return s.partAnswers(ctx, info, part)
	})
}

func (s *stack) partAnswers(ctx context.Context, info devInfo, part string) error {
	switch part {
	case "postgres":
		return s.db.Ping(ctx)
	case "redis":
		conn, err := net.DialTimeout("tcp", strings.TrimPrefix(info.RedisURL, "redis://"), time.Second)
		if err == nil {
			err = conn.Close()
		}
		return err
	case "temporal":
		_, err := s.temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
		return err
	case "worker":
		return answers(ctx, info.MetricsURLs[len(info.MetricsURLs)-1])
	}
	return s.up(ctx)
}

// crash kills the supervisor; what it started dies with it.
func (s *stack) crash(t *testing.T) {
	t.Helper()
	s.signal(t, "dev", syscall.SIGKILL)
	s.awaitEnd(t)
}

func (s *stack) awaitEnd(t *testing.T) {
	t.Helper()
	select {
	case <-s.ended:
	case <-time.After(patience):
		_ = s.dev.Process.Kill()
		require.Fail(t, "cabanas dev does not end")
	}
}

// remove ends what a failed test left running and deletes the home.
func (s *stack) remove(t *testing.T) {
	s.disconnect()
	if s.dev == nil {
		return
	}
	_ = s.dev.Process.Signal(syscall.SIGCONT)
	_ = s.dev.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(patience):
		_ = s.dev.Process.Kill()
		<-s.ended
	}
	if keep := os.Getenv("CABANAS_E2E_KEEP"); keep == "always" || keep != "" && t.Failed() {
		t.Logf("kept %s", s.home)
		return
	}
	if err := os.RemoveAll(s.home); err != nil {
		t.Logf("%s stays: %v", s.home, err)
	}
}

func (s *stack) tail(file string) string {
	raw, err := os.ReadFile(filepath.Join(s.home, file))
	if err != nil {
		return err.Error()
	}
	return string(raw[max(0, len(raw)-4000):])
}
