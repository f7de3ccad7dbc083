// Package corpus measures the understanding on labelled messages: JSON lines with a text, the instant it was written at, and
// every field a careful reader would give it. The rules of labelling stand in the README beside the messages.
package corpus

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"cabanas/dialogue/understanding"
)

// Message is one labelled message.
type Message struct {
	ID   string    `json:"id"`
	Text string    `json:"text"`
	Now  time.Time `json:"now"`
	// Want is what is to be understood; its confidence is not compared.
	Want understanding.Fields `json:"-"`
}

// longestLine bounds one line of a corpus file in bytes.
const longestLine = 1 << 20

// Load reads every *.jsonl file of a folder. A folder without messages, an unreadable line and an id given twice are errors.
func Load(folder fs.FS) ([]Message, error) {
	names, err := fs.Glob(folder, "*.jsonl")
	if err != nil {
		return nil, fmt.Errorf("list corpus: %w", err)
	}
	var messages []Message
	seen := map[string]bool{}
	for _, name := range names {
		content, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, fmt.Errorf("read corpus: %w", err)
		}
		found, err := parse(content)
		if err != nil {
			return nil, fmt.Errorf("corpus file %s: %w", name, err)
		}
		for _, m := range found {
			if seen[m.ID] {
				return nil, fmt.Errorf("corpus file %s: id %q is given twice", name, m.ID)
			}
			seen[m.ID] = true
		}
		messages = append(messages, found...)
	}
	if len(messages) == 0 {
		return nil, errors.New("corpus: no messages found")
	}
	return messages, nil
}

func parse(content []byte) ([]Message, error) {
	var messages []Message
	lines := bufio.NewScanner(bytes.NewReader(content))
	lines.Buffer(nil, longestLine)
	for number := 1; lines.Scan(); number++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		var m Message
		if err := errors.Join(json.Unmarshal(line, &m), json.Unmarshal(line, &m.Want)); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if m.ID == "" || m.Now.IsZero() || m.Want.Intent == "" {
			return nil, fmt.Errorf("line %d: id, now and intent are needed", number)
		}
		messages = append(messages, m)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read lines: %w", err)
	}
	return messages, nil
}
