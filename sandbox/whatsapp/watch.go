package whatsapp

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"cabanas/sandbox/control"
)

// event is what the phone page is told, as it happens.
type event struct {
	Type    string           `json:"type"` // message, guest, reset
	Message *control.Message `json:"message,omitempty"`
	Guest   *control.Guest   `json:"guest,omitempty"`
}

type watcher struct {
	events chan event
	lost   bool // the page was too slow and must ask for everything again
}

const (
	watcherBuffer = 256
	keepAlive     = 15 * time.Second
)

func (s *Server) publish(e event) {
	for w := range s.watchers {
		select {
		case w.events <- e:
		default:
			w.lost = true
		}
	}
}

func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request) {
	flusher, ok := w.(http.Flusher)
	if !ok {
		control.Refuse(w, http.StatusInternalServerError, errNoStream)
		return
	}
	me := &watcher{events: make(chan event, watcherBuffer)}
	s.mu.Lock()
	s.watchers[me] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.watchers, me)
		s.mu.Unlock()
	}()

	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = fmt.Fprint(w, "retry: 500\n\n")
	flusher.Flush()
	tick := time.NewTicker(keepAlive)
	defer tick.Stop()
	for {
		var e event
		select {
		case e = <-me.events:
		case <-tick.C:
			e = event{Type: "ping"}
		case <-s.quit:
			return
		case <-r.Context().Done():
			return
		}
		s.mu.Lock()
		if me.lost {
			me.lost, e = false, event{Type: "reset"}
		}
		s.mu.Unlock()
		raw, err := json.Marshal(e)
		if err != nil {
			return
		}
		if _, err := fmt.Fprintf(w, "data: %s\n\n", raw); err != nil {
			return
		}
		flusher.Flush()
	}
}
