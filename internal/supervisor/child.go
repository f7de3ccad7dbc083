package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"cabanas/internal/embedded"
)

const (
	firstPause = 200 * time.Millisecond
	longestRun = 2 * time.Second
	// steadyAfter is how long a part must have run for its next death to be a new story.
	steadyAfter = 10 * time.Second
	// hopelessAfter is how many times a part may end before it has ever answered.
	hopelessAfter = 5
)

// readiness waits until a part answers; gone is closed when its process has ended.
type readiness func(ctx context.Context, gone <-chan struct{}) error

// child is one part and the loop that keeps it running.
type child struct {
	name     string
	command  embedded.Command
	ready    readiness
	stop     chan context.Context // Receives how long a stop may take.
	finished chan struct{}
	tail     *tail
}

// keep starts a part, returns when it answers for the first time, and restarts it whenever it ends until shutdown.
func (r *Running) keep(ctx context.Context, name string, command embedded.Command, ready readiness) error {
	c := &child{
		name: name, command: command, ready: ready, tail: &tail{},
		stop: make(chan context.Context, 1), finished: make(chan struct{}),
	}
	c.command.Output = io.MultiWriter(command.Output, c.tail)
	r.mu.Lock()
	r.children = append(r.children, c)
	r.mu.Unlock()
	answered := make(chan error, 1)
	go r.supervise(c, answered)
	return r.steps.run("starting "+name, func(func(string)) error {
		select {
		case err := <-answered:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// supervise is the life of a part: start, wait, pause, again.
func (r *Running) supervise(c *child, answered chan<- error) {
	defer close(c.finished)
	pause, deaths := firstPause, 0
	var everReady sync.Once
	hopeful := true // Until it has answered once, it may turn out never to.
	for {
		started := time.Now()
		process, err := c.command.Start()
		if err == nil {
			r.info.update(func(info *DevInfo) { info.PIDs[c.name] = process.PID() })
			ready := r.watchReady(c, process, func() { everReady.Do(func() { answered <- nil }) })
			select {
			case <-process.Done():
				err = fmt.Errorf("%s ended: %w", c.name, orEnded(process.Err()))
			case within := <-c.stop:
				_ = process.Stop(within) // Killed when it did not end in time, which is safe.
				<-ready
				r.forget(c)
				return
			}
			if <-ready {
				hopeful = false
			}
			r.forget(c)
		}
		deaths++
		if hopeful && deaths >= hopelessAfter {
			answered <- fmt.Errorf("%w before it was ready\n%s", err, c.tail)
			return
		}
		if time.Since(started) > steadyAfter {
			pause = firstPause
		}
		r.console.logger().Warn("a part ended and is restarted", "part", c.name, "pause", pause.String(), "error", err)
		select {
		case <-c.stop:
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, longestRun)
	}
}

// watchReady waits for the part's answer beside its life; the channel tells, once it has ended or answered, whether it answered.
func (r *Running) watchReady(c *child, process *embedded.Process, first func()) <-chan bool {
	result := make(chan bool, 1)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-process.Done()
		cancel()
	}()
	go func() {
		err := c.ready(ctx, process.Done())
		if err == nil {
			first()
		}
		result <- err == nil
	}()
	return result
}

func (r *Running) forget(c *child) {
	r.info.update(func(info *DevInfo) { delete(info.PIDs, c.name) })
}

// shutdown stops the parts in reverse order, the program before what it depends on, within 30 s altogether.
func (r *Running) shutdown() {
	r.mu.Lock()
	running := make(map[string]*child, len(r.children))
	for _, c := range r.children {
		running[c.name] = c
	}
	r.mu.Unlock()
	for _, stage := range []struct {
		names  []string
		within time.Duration
	}{
		{[]string{"api", "worker"}, 12 * time.Second},
		{[]string{"sandbox"}, 2 * time.Second},
		{[]string{"temporal"}, 7 * time.Second},
		{[]string{"redis"}, 2 * time.Second},
		{[]string{"postgres"}, 5 * time.Second},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), stage.within)
		for _, name := range stage.names {
			if c := running[name]; c != nil {
				c.stop <- ctx
			}
		}
		for _, name := range stage.names {
			if c := running[name]; c != nil {
				<-c.finished
			}
		}
		cancel()
	}
	r.err = errors.Join(r.settings.ports.release(), r.info.remove(), r.settings.forgetPorts(), r.console.close(), r.lock.Close())
	close(r.stopped)
}

// answers is the readiness of a part that serves HTTP.
func answers(url string) readiness {
	client := &http.Client{Timeout: 5 * time.Second}
	return func(ctx context.Context, gone <-chan struct{}) error {
		for {
			err := get(ctx, client, url)
			if err == nil {
				return nil
			}
			select {
			case <-ctx.Done():
				return errors.Join(ctx.Err(), err)
			case <-gone:
				return err
			case <-time.After(25 * time.Millisecond):
			}
		}
	}
}

func get(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, response.Status)
	}
	return nil
}

func orEnded(err error) error {
	if err == nil {
		return errors.New("status 0")
	}
	return err
}

// sleep tells whether the time passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
