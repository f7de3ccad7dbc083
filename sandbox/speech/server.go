package speech

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"cabanas/sandbox/control"
)

// Server is the stand-in. Its methods are safe for concurrent use; the zero value is ready.
type Server struct {
	mu     sync.Mutex
	faults faults
	calls  control.Calls
}

type faults struct {
	fail          control.FailNext
	outage        bool
	delay         time.Duration
	lowConfidence bool
	modelMissing  bool
}

// Mount adds the two services and the control routes of speech to mux.
func (s *Server) Mount(mux *http.ServeMux) {
	mux.HandleFunc("POST /speech/v1/audio/transcriptions", s.serve(speaches{}))
	mux.HandleFunc("POST /speech/inference", s.serve(whisperCPP{}))
	mux.HandleFunc("GET /speech/health", func(w http.ResponseWriter, _ *http.Request) {
		control.Write(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /speech/v1/models", func(w http.ResponseWriter, _ *http.Request) {
		var data []any
		for _, model := range installed {
			data = append(data, map[string]any{"id": model, "object": "model", "owned_by": "Systran", "task": "automatic-speech-recognition"})
		}
		control.Write(w, http.StatusOK, map[string]any{"object": "list", "data": data})
	})
	mux.HandleFunc("/speech/", func(w http.ResponseWriter, _ *http.Request) {
		control.Write(w, http.StatusNotFound, map[string]string{"detail": "Not Found"})
	})

	mux.HandleFunc("GET /control/clips", func(w http.ResponseWriter, _ *http.Request) {
		control.Write(w, http.StatusOK, map[string]any{"clips": Clips()})
	})
	mux.HandleFunc("GET /control/speech", func(w http.ResponseWriter, _ *http.Request) {
		control.Write(w, http.StatusOK, map[string]any{"calls": s.Calls()})
	})
	mux.HandleFunc("POST /control/speech/faults", s.controlFaults)
	mux.HandleFunc("DELETE /control/speech/faults", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		s.faults = faults{}
		s.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	})
}

// Reset forgets faults and counts.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.calls = faults{}, nil
}

// Calls counts the calls: transcribe, and refused among them.
func (s *Server) Calls() control.Calls {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := control.Calls{}
	maps.Copy(calls, s.calls)
	return calls
}

func (s *Server) controlFaults(w http.ResponseWriter, r *http.Request) {
	var f control.SpeechFaults
	if err := control.Read(w, r, &f); err != nil {
		control.Refuse(w, http.StatusBadRequest, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	take(&s.faults.fail, f.FailNext)
	take(&s.faults.outage, f.Outage)
	take(&s.faults.lowConfidence, f.LowConfidence)
	take(&s.faults.modelMissing, f.ModelMissing)
	if f.DelayMS != nil {
		s.faults.delay = time.Duration(*f.DelayMS) * time.Millisecond
	}
	w.WriteHeader(http.StatusNoContent)
}

func take[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// dialect is one engine's way to read requests and to write answers.
type dialect interface {
	refuse(w http.ResponseWriter, r refusal)
	// check refuses what this engine would refuse about the fields and the file.
	check(form form, f faults) *refusal
	answer(w http.ResponseWriter, form form, h hearing)
}

// refusal is an engine's answer to what it does not do.
type refusal struct {
	status int
	// detail is text, or a list of what FastAPI found wrong with fields.
	detail any
}

// form is a request's fields and file.
type form struct {
	fields  map[string]string
	file    []byte
	hasFile bool
	sound   sound
	isWAV   bool
	clip    clip
	isClip  bool
	silent  bool
	isMedia bool
}

// hearing is what the stand-in makes of a file.
type hearing struct {
	text, language string
	seconds        float64
	avgLogProb     float64
	noSpeech       float64
}

const maxFile = 32 << 20

func (s *Server) serve(d dialect) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f := s.begin()
		// Before the wait: a caller that hangs up is noticed only when the request was read.
		form, refused := s.read(w, r, f)
		if !wait(r, f.delay) {
			return
		}
		if refused == nil {
			refused = d.check(form, f)
		}
		if refused != nil {
			s.count("refused")
			d.refuse(w, *refused)
			return
		}
		d.answer(w, form, hear(form, f))
	}
}

// begin counts a call and takes its faults.
func (s *Server) begin() faults {
	s.count("transcribe")
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.faults
	if s.faults.fail.Count > 0 {
		s.faults.fail.Count--
	}
	return f
}

func (s *Server) count(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls == nil {
		s.calls = control.Calls{}
	}
	s.calls[what]++
}

func wait(r *http.Request, delay time.Duration) bool {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

func (s *Server) read(w http.ResponseWriter, r *http.Request, f faults) (form, *refusal) {
	switch {
	case f.outage:
		return form{}, &refusal{http.StatusServiceUnavailable, "Service unavailable"}
	case f.fail.Count > 0:
		return form{}, &refusal{failStatus(f.fail), "Failure asked for by control"}
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxFile)
	if err := r.ParseMultipartForm(maxFile); err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return form{}, &refusal{http.StatusRequestEntityTooLarge, "Request entity too large"}
		}
		return form{}, &refusal{http.StatusUnprocessableEntity, missing("file", "model")}
	}
	parsed := form{fields: map[string]string{}}
	for name, values := range r.MultipartForm.Value {
		parsed.fields[name] = values[0]
	}
	if headers := r.MultipartForm.File["file"]; len(headers) > 0 {
		if err := parsed.take(headers[0]); err != nil {
			return form{}, &refusal{http.StatusBadRequest, err.Error()}
		}
	}
	return parsed, nil
}

func failStatus(f control.FailNext) int {
	if f.Status != 0 {
		return f.Status
	}
	return http.StatusInternalServerError
}

// take reads the file and finds out what it is.
func (f *form) take(header *multipart.FileHeader) error {
	opened, err := header.Open()
	if err != nil {
		return err
	}
	defer opened.Close()
	if f.file, err = io.ReadAll(opened); err != nil {
		return err
	}
	f.hasFile = true
	if f.sound, err = readWAV(f.file); err == nil {
		f.isWAV, f.isMedia = true, true
		f.clip, f.isClip = recognise(f.sound)
		f.silent = f.sound.isSpeechless()
		return nil
	}
	f.isMedia = isMedia(f.file)
	digest := sha256.Sum256(f.file)
	at := slices.IndexFunc(clips(), func(c clip) bool { return sha256.Sum256(c.audio) == digest })
	if at >= 0 {
		f.clip = clips()[at]
		f.isClip, f.silent = f.clip.Text != "", f.clip.Text == ""
	}
	return nil
}

// isMedia knows the beginnings of the forms that speaches decodes.
func isMedia(file []byte) bool {
	for _, magic := range []string{"OggS", "ID3", "fLaC", "\xff\xfb", "\xff\xf3", "\xff\xf2", "\xff\xf1", "#!AMR", "\x1aE\xdf\xa3"} {
		if bytes.HasPrefix(file, []byte(magic)) {
			return true
		}
	}
	return len(file) > 12 && string(file[4:8]) == "ftyp"
}

// invented is what engines write down where nobody speaks.
const invented = "Subtítulos realizados por la comunidad de Amara.org"

func hear(f form, faults faults) hearing {
	h := hearing{language: f.fields["language"], seconds: f.clip.Seconds, avgLogProb: -0.18, noSpeech: 0.02}
	if f.isWAV {
		h.seconds = f.sound.seconds()
	}
	if h.language == "" {
		h.language = "es"
	}
	switch {
	case f.isClip:
		h.text = f.clip.Text
		if f.clip.Language != h.language {
			// An engine told the wrong language still writes something, and is not sure of it.
			h.avgLogProb = -1.1
		}
	case f.silent:
		h.text, h.avgLogProb, h.noSpeech = invented, -1.24, 0.93
	}
	if faults.lowConfidence {
		h.avgLogProb = min(h.avgLogProb, -1.05)
	}
	return h
}

// segments is the answer's list in the fields that both engines have.
func (h hearing) segments() []map[string]any {
	if h.text == "" {
		return []map[string]any{}
	}
	return []map[string]any{{
		"id": 1, "start": 0.0, "end": math.Round(100*h.seconds) / 100, "text": " " + h.text, "tokens": []int{50364, 50414},
		"temperature": 0.0, "avg_logprob": h.avgLogProb, "no_speech_prob": h.noSpeech,
	}}
}

// installed are the models this engine has.
var installed = []string{"Systran/faster-whisper-small", "Systran/faster-whisper-large-v3"}

// alias is OpenAI's name, which speaches takes for a model of its own.
const alias = "whisper-1"

type speaches struct{}

func (speaches) refuse(w http.ResponseWriter, r refusal) {
	control.Write(w, r.status, map[string]any{"detail": r.detail})
}

func (speaches) check(f form, faults faults) *refusal {
	var absent []string
	if !f.hasFile {
		absent = append(absent, "file")
	}
	if _, ok := f.fields["model"]; !ok {
		absent = append(absent, "model")
	}
	if len(absent) > 0 {
		return &refusal{http.StatusUnprocessableEntity, missing(absent...)}
	}
	if format := f.fields["response_format"]; format != "" && !slices.Contains([]string{"text", "json", "verbose_json", "srt", "vtt"}, format) {
		return &refusal{http.StatusUnprocessableEntity, wrong("response_format", "literal_error",
			"Input should be 'text', 'json', 'verbose_json', 'srt' or 'vtt'")}
	}
	if t := f.fields["temperature"]; t != "" {
		if _, err := strconv.ParseFloat(t, 64); err != nil {
			return &refusal{http.StatusUnprocessableEntity, wrong("temperature", "float_parsing", "Input should be a valid number")}
		}
	}
	model := f.fields["model"]
	switch {
	case len(f.file) == 0:
		return &refusal{http.StatusBadRequest, "Audio file is empty."}
	case !f.isMedia:
		return &refusal{http.StatusUnsupportedMediaType, "Failed to decode audio. The provided file type is not supported."}
	case faults.modelMissing || (model != alias && !slices.Contains(installed, model)):
		return &refusal{http.StatusNotFound,
			fmt.Sprintf("Model '%s' is not installed locally. You can download the model using `POST /v1/models`", model)}
	}
	return nil
}

func (speaches) answer(w http.ResponseWriter, f form, h hearing) {
	switch f.fields["response_format"] {
	case "verbose_json":
		segments := h.segments()
		for _, segment := range segments {
			segment["seek"], segment["compression_ratio"], segment["words"] = 0, 1.1, nil
		}
		control.Write(w, http.StatusOK, map[string]any{
			"task": "transcribe", "language": h.language, "duration": h.seconds, "text": h.text, "words": nil, "segments": segments,
		})
	case "", "json":
		control.Write(w, http.StatusOK, map[string]any{"text": h.text})
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, h.text)
	}
}

// whisperCPP is the server of whisper.cpp without --convert.
type whisperCPP struct{}

func (whisperCPP) refuse(w http.ResponseWriter, r refusal) {
	control.Write(w, r.status, map[string]any{"error": r.detail})
}

func (whisperCPP) check(f form, _ faults) *refusal {
	switch {
	case !f.hasFile:
		return &refusal{http.StatusBadRequest, "no 'file' field in the request"}
	case !f.isWAV:
		return &refusal{http.StatusBadRequest, "failed to read audio data"}
	}
	return nil
}

func (whisperCPP) answer(w http.ResponseWriter, f form, h hearing) {
	text := " " + h.text + "\n"
	switch f.fields["response_format"] {
	case "verbose_json":
		control.Write(w, http.StatusOK, map[string]any{
			"task": "transcribe", "language": fullName(h.language), "duration": h.seconds, "text": text, "segments": h.segments(),
			"detected_language": fullName(h.language), "detected_language_probability": 0.98,
		})
	case "", "json":
		control.Write(w, http.StatusOK, map[string]any{"text": text})
	default:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, text)
	}
}

func fullName(language string) string {
	if name, ok := map[string]string{"es": "spanish", "pt": "portuguese", "en": "english"}[language]; ok {
		return name
	}
	return strings.ToLower(language)
}

// missing and wrong are FastAPI's words about fields.
func missing(fields ...string) []any {
	var all []any
	for _, field := range fields {
		all = append(all, map[string]any{"type": "missing", "loc": []string{"body", field}, "msg": "Field required", "input": nil})
	}
	return all
}

func wrong(field, kind, words string) []any {
	return []any{map[string]any{"type": kind, "loc": []string{"body", field}, "msg": words}}
}
