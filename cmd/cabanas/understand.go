package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
	_ "time/tzdata" // the property's zone is known on machines without zone files

	"cabanas/dialogue/understanding"
	"cabanas/dialogue/understanding/corpus"
)

// propertyZone is the zone of every property of this product.
const propertyZone = "America/Argentina/Buenos_Aires"

// longestMessageLine is how long one line of the input may be, in bytes.
const longestMessageLine = 1 << 20

// runUnderstand reads messages as the bot would (DESIGN section 8), or measures the reading on labelled ones. It needs no
// settings and no other process.
func runUnderstand(_ context.Context, args []string) error {
	set := flags("understand")
	folder := set.String("evaluate", "", "print the report on the labelled messages of this folder; exit 1 below the bar")
	if err := set.Parse(args); err != nil {
		return err
	}
	zone, err := time.LoadLocation(propertyZone)
	if err != nil {
		return fmt.Errorf("load time zone: %w", err)
	}
	if *folder != "" {
		return evaluate(*folder, zone, os.Stdout)
	}
	return understandLines(os.Stdin, os.Stdout, zone, time.Now)
}

func evaluate(folder string, zone *time.Location, w io.Writer) error {
	messages, err := corpus.Load(os.DirFS(folder))
	if err != nil {
		return err
	}
	report := corpus.Evaluate(messages, zone)
	if err := report.Write(w); err != nil {
		return err
	}
	if report.Exact() < corpus.Bar {
		return exitError(1)
	}
	return nil
}

// understandLines answers each line of r with one line to w, in the same order. A line that cannot be read is answered with
// its error, and makes the exit status 1 at the end.
func understandLines(r io.Reader, w io.Writer, zone *time.Location, now func() time.Time) error {
	in, out := bufio.NewReaderSize(r, 64<<10), bufio.NewWriter(w)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	failed := false
	for {
		line, tooLong, readErr := readLine(in)
		if line = bytes.TrimSpace(line); len(line) > 0 || tooLong {
			answer, err := understandLine(line, tooLong, zone, now)
			if err != nil {
				failed = true
				answer = refusedLine{ID: idOf(line), Error: err.Error()}
			}
			if err := encoder.Encode(answer); err != nil {
				return fmt.Errorf("write answer: %w", err)
			}
		}
		// Whoever waits for an answer before the next question gets it.
		if in.Buffered() == 0 || readErr != nil {
			if err := out.Flush(); err != nil {
				return fmt.Errorf("write answers: %w", err)
			}
		}
		switch {
		case errors.Is(readErr, io.EOF) && failed:
			return exitError(1)
		case errors.Is(readErr, io.EOF):
			return nil
		case readErr != nil:
			return fmt.Errorf("read messages: %w", readErr)
		}
	}
}

// messageLine is one line of the input. Now is the current time when it is left out.
type messageLine struct {
	ID   json.RawMessage `json:"id"`
	Text *string         `json:"text"`
	Now  *string         `json:"now"`
}

type understoodLine struct {
	ID json.RawMessage `json:"id"`
	understanding.Fields
}

type refusedLine struct {
	ID    json.RawMessage `json:"id"`
	Error string          `json:"error"`
}

func understandLine(line []byte, tooLong bool, zone *time.Location, now func() time.Time) (any, error) {
	if tooLong {
		return nil, fmt.Errorf("the line is longer than %d bytes", longestMessageLine)
	}
	var message messageLine
	if err := json.Unmarshal(line, &message); err != nil {
		return nil, fmt.Errorf("not a JSON message: %w", err)
	}
	if message.Text == nil {
		return nil, errors.New("the message has no text")
	}
	at := now()
	if message.Now != nil {
		var err error
		if at, err = time.Parse(time.RFC3339, *message.Now); err != nil {
			return nil, errors.New("now is not an RFC 3339 instant")
		}
	}
	return understoodLine{message.ID, understanding.Understand(*message.Text, at, zone).Fields()}, nil
}

// idOf returns the id of a line that could not be read otherwise, nil when it has none.
func idOf(line []byte) json.RawMessage {
	var message struct {
		ID json.RawMessage `json:"id"`
	}
	if json.Unmarshal(line, &message) != nil {
		return nil
	}
	return message.ID
}

// readLine reads up to the end of a line. Of a line that is too long nothing is kept.
func readLine(in *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if tooLong = tooLong || len(line)+len(part) > longestMessageLine+1; tooLong {
			line = nil
		} else {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, tooLong, err
		}
	}
}
