package supervisor

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const logsFolder = "logs"

// console is everything a person sees: our own lines and, unless quiet, those of the parts, each with its name before it. Every part's
// output also goes to a file of its own.
type console struct {
	quiet  bool
	folder string

	mu     sync.Mutex
	stdout io.Writer
	files  map[string]*os.File
}

func newConsole(stdout io.Writer, folder string, quiet bool) *console {
	return &console{stdout: stdout, folder: folder, quiet: quiet, files: map[string]*os.File{}}
}

// say prints one line of ours.
func (c *console) sayf(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(c.stdout, format+"\n", args...)
}

// logger is for events of the supervisor itself, kept in its own file like those of a part.
func (c *console) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(c.output("dev"), nil))
}

// output is where a part writes. A log that cannot be written is no reason not to start.
func (c *console) output(name string) io.Writer {
	writers := []io.Writer{}
	if file := c.file(name); file != nil {
		writers = append(writers, file)
	}
	if !c.quiet {
		writers = append(writers, &prefixed{console: c, prefix: fmt.Sprintf("%-8s | ", name)})
	}
	if len(writers) == 0 {
		return io.Discard
	}
	return io.MultiWriter(writers...)
}

// file opens a part's log once; the log of the run before is kept as .1.
func (c *console) file(name string) *os.File {
	c.mu.Lock()
	defer c.mu.Unlock()
	if file := c.files[name]; file != nil {
		return file
	}
	path := filepath.Join(c.folder, name+".log")
	if err := os.MkdirAll(c.folder, 0o755); err != nil {
		fmt.Fprintf(c.stdout, "no log file for %s: %v\n", name, err)
		return nil
	}
	_ = os.Rename(path, path+".1")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		fmt.Fprintf(c.stdout, "no log file for %s: %v\n", name, err)
		return nil
	}
	c.files[name] = file
	return file
}

func (c *console) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, file := range c.files {
		if err := file.Close(); err != nil {
			return fmt.Errorf("close a log: %w", err)
		}
	}
	return nil
}

// prefixed writes whole lines, so that parts do not cut into each other's.
type prefixed struct {
	console *console
	prefix  string
	rest    []byte
}

func (p *prefixed) Write(b []byte) (int, error) {
	p.console.mu.Lock()
	defer p.console.mu.Unlock()
	p.rest = append(p.rest, b...)
	for {
		line, rest, found := bytes.Cut(p.rest, []byte("\n"))
		if !found {
			return len(b), nil
		}
		fmt.Fprintf(p.console.stdout, "%s%s\n", p.prefix, line)
		p.rest = append(p.rest[:0], rest...)
	}
}

// tail keeps the end of a part's output, to be shown when it does not start.
type tail struct {
	mu  sync.Mutex
	end []byte
}

func (t *tail) Write(b []byte) (int, error) {
	const enough = 4096
	t.mu.Lock()
	defer t.mu.Unlock()
	t.end = append(t.end, b...)
	if len(t.end) > enough {
		t.end = append([]byte(nil), t.end[len(t.end)-enough:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(t.end)), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}

// steps tells of what takes more than a second: when it does, every ten seconds, and how long it took.
type steps struct{ say func(string, ...any) }

func (s *steps) run(what string, work func(progress func(string)) error) error {
	begun := time.Now()
	told := make(chan string)
	done := make(chan struct{})
	var saying sync.WaitGroup
	spoke := false
	saying.Go(func() {
		timer := time.NewTimer(time.Second)
		defer timer.Stop()
		for {
			select {
			case what = <-told:
				s.say("%s…", what)
			case <-timer.C:
				if spoke {
					s.say("%s… %s", what, time.Since(begun).Round(time.Second))
				} else {
					s.say("%s…", what)
				}
				timer.Reset(10 * time.Second)
			case <-done:
				return
			}
			spoke = true
		}
	})
	err := work(func(now string) { told <- now })
	close(done)
	saying.Wait()
	if spoke && err == nil {
		s.say("%s: %.1f s", what, time.Since(begun).Seconds())
	}
	return err
}
