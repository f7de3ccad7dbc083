package supervisor

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"strconv"
	"sync"
)

// ports are the loopback ports chosen for the parts.
//
// A port is held open from the choice until its part starts. Another supervisor must not choose it later either, while the part is
// being restarted: it would answer in the part's place. So the UDP port of the same number, which no part uses, is held as a sign for
// as long as this supervisor lives.
type ports struct {
	mu     sync.Mutex
	chosen map[string]int
	held   map[string]io.Closer
	signs  []io.Closer
}

// reserveNamed takes the port a setting asks for.
func (p *ports) reserveNamed(name string, port int) error {
	listener, err := net.Listen("tcp", onLoopback(port))
	if err != nil {
		return fmt.Errorf("port %d is taken: %w", port, err)
	}
	p.keep(name, port, listener)
	return nil
}

// reserve chooses the first free port from first on.
func (p *ports) reserve(name string, first int) error {
	for port := first; port < first+200 && port <= 65535; port++ {
		if p.try(name, port) {
			return nil
		}
	}
	return fmt.Errorf("no port from %d on is free for %s", first, name)
}

// try takes a port unless it is somebody else's.
func (p *ports) try(name string, port int) bool {
	sign, err := net.ListenPacket("udp", onLoopback(port))
	if err != nil {
		return false
	}
	listener, err := net.Listen("tcp", onLoopback(port))
	if err != nil {
		_ = sign.Close()
		return false
	}
	p.keep(name, port, listener, sign)
	return true
}

func (p *ports) keep(name string, port int, listener io.Closer, signs ...io.Closer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.chosen == nil {
		p.chosen, p.held = map[string]int{}, map[string]io.Closer{}
	}
	p.chosen[name], p.held[name] = port, listener
	p.signs = append(p.signs, signs...)
}

// take gives the port free for the part that is about to start.
func (p *ports) take(name string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if listener, ok := p.held[name]; ok {
		_ = listener.Close()
		delete(p.held, name)
	}
	return p.chosen[name]
}

// release gives back everything, for when no part runs any more.
func (p *ports) release() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, listener := range p.held {
		errs = append(errs, listener.Close())
	}
	for _, sign := range p.signs {
		errs = append(errs, sign.Close())
	}
	clear(p.held)
	p.signs = nil
	return errors.Join(errs...)
}

// all are the chosen ports by name.
func (p *ports) all() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.chosen)
}

func (p *ports) number(name string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.chosen[name]
}

func (p *ports) text(name string) string    { return strconv.Itoa(p.number(name)) }
func (p *ports) address(name string) string { return onLoopback(p.number(name)) }

func onLoopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
