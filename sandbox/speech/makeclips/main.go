// Command makeclips speaks and measures the clips of the speech stand-in anew, after clips.json was changed:
//
//	cd sandbox/speech/clips && go run ../makeclips
//
// It needs espeak-ng and ffmpeg. Each entry has a name, a language and either voice (espeak-ng's) and text, or filter (FFmpeg's
// lavfi source) for a sound without speech; seconds and envelope are written by this program.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"cabanas/sandbox/speech"
)

type entry struct {
	Name     string          `json:"name"`
	Language string          `json:"language"`
	Voice    string          `json:"voice,omitempty"`
	Filter   string          `json:"filter,omitempty"`
	Text     string          `json:"text,omitempty"`
	Seconds  float64         `json:"seconds"`
	Envelope json.RawMessage `json:"envelope"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	raw, err := os.ReadFile("clips.json")
	if err != nil {
		return err
	}
	var entries []entry
	if err := json.Unmarshal(raw, &entries); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "makeclips-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	var written bytes.Buffer
	for i := range entries {
		if err := record(&entries[i], work); err != nil {
			return fmt.Errorf("clip %s: %w", entries[i].Name, err)
		}
		line, err := json.Marshal(entries[i])
		if err != nil {
			return err
		}
		fmt.Fprintf(&written, "%s  %s", map[bool]string{true: "[\n", false: ",\n"}[i == 0], line)
	}
	written.WriteString("\n]\n")
	return os.WriteFile("clips.json", written.Bytes(), 0o644)
}

// record makes one clip as WhatsApp makes voice notes: Ogg/Opus, mono, 16 kbit/s.
func record(e *entry, work string) error {
	spoken, decoded := filepath.Join(work, "spoken.wav"), filepath.Join(work, "decoded.wav")
	input := []string{"-f", "lavfi", "-i", e.Filter}
	if e.Filter == "" {
		input = []string{"-i", spoken}
		if err := call("espeak-ng", "-v", e.Voice, "-s", "150", "-w", spoken, e.Text); err != nil {
			return err
		}
	}
	encode := append([]string{"-v", "error", "-y"}, input...)
	encode = append(encode, "-ac", "1", "-ar", "48000", "-c:a", "libopus", "-b:a", "16k", "-application", "voip",
		"-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact", e.Name+".ogg")
	if err := call("ffmpeg", encode...); err != nil {
		return err
	}
	if err := call("ffmpeg", "-v", "error", "-y", "-i", e.Name+".ogg", "-ac", "1", "-ar", "16000", decoded); err != nil {
		return err
	}
	wav, err := os.ReadFile(decoded)
	if err != nil {
		return err
	}
	e.Seconds, e.Envelope, err = speech.Measure(wav)
	return err
}

func call(program string, args ...string) error {
	command := exec.Command(program, args...)
	command.Stderr = os.Stderr
	return command.Run()
}
