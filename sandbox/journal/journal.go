// Package journal keeps the sandbox's state through a kill: an append-only file of JSON lines, one line per change,
// where the last line of a key wins. A line is handed to the operating system before the change is answered, so a
// process that is killed loses nothing; the machine's own power failure is not guarded against.
package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
)

// Journal records values under a kind and a key. It is safe for concurrent use. A journal without a path keeps nothing.
type Journal struct {
	path string
	log  *slog.Logger

	mu     sync.Mutex
	file   *os.File
	loaded []line
}

type line struct {
	Kind  string          `json:"kind"`
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value,omitempty"`
}

// Open reads the file at path, rewrites it without superseded lines, and makes it ready for more. An empty path gives a
// journal that forgets. A last line cut short by a kill is ignored; any other unreadable line is an error.
func Open(path string, log *slog.Logger) (*Journal, error) {
	j := &Journal{path: path, log: log}
	if path == "" {
		return j, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open sandbox state: %w", err)
	}
	lines, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("open sandbox state: %w", err)
	}
	j.loaded = compact(lines)
	if err := j.rewrite(j.loaded); err != nil {
		return nil, fmt.Errorf("open sandbox state: %w", err)
	}
	return j, nil
}

// Load calls visit with every value of a kind that the file held when it was opened, in the order of first writing.
// Each kind can be loaded once; what was loaded is then forgotten here.
func (j *Journal) Load(kind string, visit func(key string, value json.RawMessage) error) error {
	j.mu.Lock()
	var mine, rest []line
	for _, l := range j.loaded {
		if l.Kind == kind {
			mine = append(mine, l)
		} else {
			rest = append(rest, l)
		}
	}
	j.loaded = rest
	j.mu.Unlock()

	for _, l := range mine {
		if err := visit(l.Key, l.Value); err != nil {
			return fmt.Errorf("load sandbox %s: %w", kind, err)
		}
	}
	return nil
}

// Put records value under kind and key. A failure to write is logged and not returned: the sandbox then goes on in
// memory only.
func (j *Journal) Put(kind, key string, value any) {
	if j.path == "" {
		return
	}
	raw, err := json.Marshal(value)
	if err != nil {
		j.log.Error("sandbox state not encoded", "kind", kind, "error", err)
		return
	}
	j.append(line{Kind: kind, Key: key, Value: raw})
}

// Delete forgets a key; deleting what is not there does nothing.
func (j *Journal) Delete(kind, key string) {
	if j.path != "" {
		j.append(line{Kind: kind, Key: key})
	}
}

// Reset forgets everything.
func (j *Journal) Reset() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.loaded = nil
	if j.path == "" || j.file == nil {
		return nil
	}
	if err := j.file.Close(); err != nil {
		return fmt.Errorf("reset sandbox state: %w", err)
	}
	if err := j.rewrite(nil); err != nil {
		return fmt.Errorf("reset sandbox state: %w", err)
	}
	return nil
}

// Close closes the file; later changes are kept in memory only.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return nil
	}
	err := j.file.Close()
	j.file = nil
	return err
}

func (j *Journal) append(l line) {
	raw, err := json.Marshal(l)
	if err != nil {
		j.log.Error("sandbox state not encoded", "kind", l.Kind, "error", err)
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return
	}
	if _, err := j.file.Write(append(raw, '\n')); err != nil {
		j.log.Error("sandbox state not written", "kind", l.Kind, "error", err)
	}
}

// rewrite replaces the file atomically, so that a kill in the middle leaves the old one.
func (j *Journal) rewrite(lines []line) error {
	next := j.path + ".next"
	file, err := os.OpenFile(next, os.O_CREATE|os.O_WRONLY|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(file)
	enc := json.NewEncoder(w)
	for _, l := range lines {
		if err := enc.Encode(l); err != nil {
			return errors.Join(err, file.Close())
		}
	}
	if err := w.Flush(); err != nil {
		return errors.Join(err, file.Close())
	}
	if err := os.Rename(next, j.path); err != nil {
		return errors.Join(err, file.Close())
	}
	j.file = file
	return nil
}

func read(path string) ([]line, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()

	var lines []line
	r := bufio.NewReader(file)
	for n := 1; ; n++ {
		raw, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return nil, err
		}
		var l line
		if err := json.Unmarshal(bytes.TrimSpace(raw), &l); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		lines = append(lines, l)
	}
}

func compact(lines []line) []line {
	type id struct{ kind, key string }
	place := make(map[id]int)
	var kept []line
	for _, l := range lines {
		k := id{l.Kind, l.Key}
		at, known := place[k]
		switch {
		case l.Value == nil:
			if known {
				kept[at].Value = nil
				delete(place, k)
			}
		case known:
			kept[at] = l
		default:
			place[k] = len(kept)
			kept = append(kept, l)
		}
	}
	live := kept[:0]
	for _, l := range kept {
		if l.Value != nil {
			live = append(live, l)
		}
	}
	return live
}
