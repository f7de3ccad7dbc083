package speech

import (
	"embed"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sync"

	"cabanas/sandbox/control"
)

// ClipMIME is the type of every clip, as WhatsApp writes it.
const ClipMIME = "audio/ogg; codecs=opus"

//go:embed clips
var clipFiles embed.FS

// clip is a voice note that the stand-in knows by heart. The files and what is measured of them are made by makeclips.
type clip struct {
	Name     string `json:"name"`
	Language string `json:"language"`
	// Text is what is said; empty when nobody speaks.
	Text     string   `json:"text"`
	Seconds  float64  `json:"seconds"`
	Envelope envelope `json:"envelope"`

	audio []byte
}

// clips are read when first asked for: makeclips measures before all files are there.
var clips = sync.OnceValue(readClips)

func readClips() []clip {
	var all []clip
	raw, err := clipFiles.ReadFile("clips/clips.json")
	if err == nil {
		err = json.Unmarshal(raw, &all)
	}
	for i := range all {
		if err == nil {
			all[i].audio, err = clipFiles.ReadFile("clips/" + all[i].Name + ".ogg")
		}
	}
	if err != nil {
		panic(fmt.Sprintf("clips of the speech stand-in: %v", err))
	}
	return all
}

// Audio returns a clip's file, whose type is [ClipMIME]; false when there is none of this name.
func Audio(name string) ([]byte, bool) {
	at := slices.IndexFunc(clips(), func(c clip) bool { return c.Name == name })
	if at < 0 {
		return nil, false
	}
	return slices.Clone(clips()[at].audio), true
}

// Clips lists what can be sent as a voice note.
func Clips() []control.Clip {
	listed := make([]control.Clip, 0, len(clips()))
	for _, c := range clips() {
		listed = append(listed, control.Clip{Name: c.Name, Language: c.Language, Text: c.Text, Seconds: c.Seconds})
	}
	return listed
}

// Measure returns what the stand-in remembers of a clip, given as a WAV file.
func Measure(wav []byte) (seconds float64, fingerprint json.RawMessage, err error) {
	s, err := readWAV(wav)
	if err != nil {
		return 0, nil, err
	}
	fingerprint, err = json.Marshal(s.envelope())
	return math.Round(1000*s.seconds()) / 1000, fingerprint, err
}
