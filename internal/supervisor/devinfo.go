package supervisor

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// DevInfo is dev.json: what runs, where, and how to get in. Scripts and tests outside this repository read it.
type DevInfo struct {
	PIDs            map[string]int `json:"pids"` // Parts that are processes of ours; one that is restarting is absent.
	APIURL          string         `json:"api_url"`
	TemporalUIURL   string         `json:"temporal_ui_url"` // Empty when Temporal was given by a setting.
	TemporalAddress string         `json:"temporal_address"`
	DatabaseURL     string         `json:"database_url"`
	RedisURL        string         `json:"redis_url"`
	MetricsURLs     []string       `json:"metrics_urls"`
	SandboxURL      string         `json:"sandbox_url"` // Empty when every provider was given by settings.
	Owner           Owner          `json:"owner"`
}

// Owner is what the first owner signs up with, once.
type Owner struct {
	Email      string `json:"email"`
	SetupToken string `json:"setup_token"` // Empty when SETUP_TOKEN_HASH was given by a setting.
}

// infoFile keeps dev.json in step with what runs.
type infoFile struct {
	mu   sync.Mutex
	path string
	info DevInfo
	err  error // The last failure to write; reported at the end, since no part depends on the file.
}

func newInfoFile(home string) *infoFile {
	return &infoFile{path: filepath.Join(home, "dev.json"), info: DevInfo{PIDs: map[string]int{"dev": os.Getpid()}, MetricsURLs: []string{}}}
}

func (f *infoFile) current() DevInfo {
	f.mu.Lock()
	defer f.mu.Unlock()
	info := f.info
	info.PIDs = maps.Clone(info.PIDs)
	info.MetricsURLs = slices.Clone(info.MetricsURLs)
	return info
}

func (f *infoFile) update(change func(*DevInfo)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.info)
	f.err = writeJSON(f.path, f.info)
}

// remove ends the file: nothing of what it says is true any more.
func (f *infoFile) remove() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := os.Remove(f.path); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("remove dev.json: %w", err)
	}
	return f.err
}

// readInfo returns what an earlier run left, or nothing when there is nothing to read.
func readInfo(home string) DevInfo {
	var info DevInfo
	raw, err := os.ReadFile(filepath.Join(home, "dev.json"))
	if err != nil || json.Unmarshal(raw, &info) != nil {
		return DevInfo{}
	}
	return info
}

// writeJSON replaces a file whole, readable by its owner only: what it writes carries passwords.
func writeJSON(path string, value any) error {
	raw, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", filepath.Base(path), err)
	}
	return writePrivate(path, append(raw, '\n'))
}

func writePrivate(path string, content []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	_, err = temporary.Write(content)
	if closeErr := temporary.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		_ = os.Remove(temporary.Name())
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}
