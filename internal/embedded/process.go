// Package embedded starts what the program needs and the machine does not offer: a private Postgres, a Redis and a Temporal server.
//
// Each part is described by a Command, so that a supervisor can restart it, and has a way to wait until it answers. Nothing here
// decides whether a part is needed; that is the supervisor's and the tests' business.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Command describes a child process that can be started any number of times.
type Command struct {
	Name   string // For logs and errors.
	Path   string
	Args   []string
	Env    []string // Nil inherits this process's.
	Dir    string
	Stop   syscall.Signal // Asks for a graceful stop; SIGTERM unless set.
	Output io.Writer      // Standard output and error; nil discards.

	account *account // Runs as another user; nil stays.
}

// Process is a running child in a process group of its own, so that Ctrl-C in a terminal reaches only its parent.
type Process struct {
	cmd  *exec.Cmd
	stop syscall.Signal
	done chan struct{}
	err  error
}

// Start runs the command. On Linux the child is also asked to stop when this process dies, however it dies.
func (c Command) Start() (*Process, error) {
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Env, cmd.Dir = c.Env, c.Dir
	cmd.Stdout, cmd.Stderr = c.Output, c.Output
	cmd.WaitDelay = 2 * time.Second // Grandchildren of a killed child may keep its pipe open.
	p := &Process{cmd: cmd, stop: c.Stop, done: make(chan struct{})}
	if p.stop == 0 {
		p.stop = syscall.SIGTERM
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if c.account != nil {
		cmd.SysProcAttr.Credential = c.account.credential()
	}
	if err := startTied(cmd, p.stop); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// PID returns the child's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the child has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err tells how the child ended; call it after Done.
func (p *Process) Err() error { return p.err }

// Stop asks the child to end and kills it when ctx ends first. It returns nil when the child ended by itself or as asked.
func (p *Process) Stop(ctx context.Context) error {
	if err := p.cmd.Process.Signal(p.stop); errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		_ = p.cmd.Process.Kill()
		<-p.done
		return fmt.Errorf("killed: %w", ctx.Err())
	}
}

// Alive tells whether a process with this id exists, whoever owns it.
func Alive(pid int) bool {
	if pid <= 0 {
		return false
	}
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// poll repeats try until it succeeds, ctx ends or gone is closed (nil never is); the error is the last one of try.
func poll(ctx context.Context, gone <-chan struct{}, try func(context.Context) error) error {
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-gone:
			return fmt.Errorf("ended before it answered: %w", err)
		case <-time.After(25 * time.Millisecond):
		}
	}
}
