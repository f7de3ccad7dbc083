package transcription_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/gateways/transcription"
)

// engine answers every request with a status and a body, and keeps the last request.
type engine struct {
	*httptest.Server
	path, key, language, model, format, prompt, filename, fileType string
	temperature                                                    string
	file                                                           []byte
}

func newEngine(t *testing.T, status int, body string) *engine {
	t.Helper()
	e := &engine{}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.path, e.key = r.URL.Path, r.Header.Get("Authorization")
		if file, header, err := r.FormFile("file"); err == nil {
			e.filename, e.fileType = header.Filename, header.Header.Get("Content-Type")
			e.file, _ = io.ReadAll(file)
		}
		e.language, e.model, e.format = r.FormValue("language"), r.FormValue("model"), r.FormValue("response_format")
		e.prompt, e.temperature = r.FormValue("prompt"), r.FormValue("temperature")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *engine) client(t *testing.T) *transcription.Client {
	t.Helper()
	client, err := transcription.New(transcription.Options{URL: e.URL, Model: "small", Key: "secret"})
	require.NoError(t, err)
	return client
}

var note = transcription.Sound{Data: []byte("OggS"), MIME: "audio/ogg; codecs=opus"}

func TestRequestAndBothForms(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"speaches": `{"task":"transcribe","language":"es","duration":2.5,"text":" Hola ","words":null,"segments":[{"id":1,"seek":0,"start":0.0,"end":2.5,
			"text":" Hola","tokens":[1],"temperature":0.0,"avg_logprob":-0.25,"compression_ratio":1.1,"no_speech_prob":0.01}]}`,
		"whisper.cpp": `{"task":"transcribe","language":"spanish","duration":2.5,"text":" Hola\n","detected_language":"spanish","segments":[{"id":0,
			"text":" Hola","start":0,"end":2.5,"tokens":[1],"words":[],"temperature":0.0,"avg_logprob":-0.25,"no_speech_prob":0.01}]}`,
	}
	for name, answer := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEngine(t, http.StatusOK, answer)
			got, err := e.client(t).Transcribe(t.Context(), note, "es")
			require.NoError(t, err)
			require.Equal(t, "/v1/audio/transcriptions", e.path)
			require.Equal(t, "Bearer secret", e.key)
			require.Equal(t, []string{"es", "small", "verbose_json", "0", ""}, []string{e.language, e.model, e.format, e.temperature, e.prompt})
			require.Equal(t, []string{"audio.ogg", "audio/ogg", "OggS"}, []string{e.filename, e.fileType, string(e.file)})
			require.Equal(t, "Hola", got.Text)
			require.Equal(t, "es", got.Language)
			require.Equal(t, 2500*time.Millisecond, got.Duration)
			require.Len(t, got.Segments, 1)
			require.InDelta(t, -0.25, *got.Segments[0].AvgLogProb, 1e-9)
			require.InDelta(t, 2.5, got.Segments[0].End, 1e-9)
			require.Equal(t, name == "speaches", got.Segments[0].CompressionRatio != nil)
		})
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	e := newEngine(t, http.StatusOK, `{"text":""}`)
	for given, asked := range map[string]string{
		"": "/v1/audio/transcriptions", "/": "/v1/audio/transcriptions", "/v1": "/v1/audio/transcriptions", "/speech": "/speech/v1/audio/transcriptions",
		"/inference": "/inference", "/v1/audio/transcriptions": "/v1/audio/transcriptions", "/a/openai/v1/": "/a/openai/v1/audio/transcriptions",
	} {
		client, err := transcription.New(transcription.Options{URL: e.URL + given, Model: "small"})
		require.NoError(t, err)
		_, err = client.Transcribe(t.Context(), note, "es")
		require.NoError(t, err)
		require.Equal(t, asked, e.path)
		require.Empty(t, e.key)
	}
	for _, wrong := range []transcription.Options{{}, {URL: "ftp://x", Model: "small"}, {URL: "http://x"}} {
		_, err := transcription.New(wrong)
		require.Error(t, err)
	}
}

func TestLenientAnswers(t *testing.T) {
	t.Parallel()
	for answer, text := range map[string]string{
		`{"text":"hola"}`: "hola",
		`{"text":"hola","language":null,"duration":"x","segments":null}`:                                   "hola",
		`{"text":"hola","duration":-3,"segments":[null,7,{"text":null,"avg_logprob":"NaN"}]}`:              "hola",
		`{"text":"  uno\n dos ","language":"` + fmt.Sprintf("%050d", 1) + `","segments":{"a":1}}`:          "uno dos",
		`{"text":"hola","duration":1e300,"segments":[{"start":"0","end":"1.5","text":"hola","extra":{}}]}`: "hola",
	} {
		got, err := newEngine(t, http.StatusOK, answer).client(t).Transcribe(t.Context(), note, "es")
		require.NoError(t, err, answer)
		require.Equal(t, text, got.Text)
		require.GreaterOrEqual(t, got.Duration, time.Duration(0))
		require.LessOrEqual(t, len(got.Language), 20)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status int
		body   string
		reason transcription.Reason
		fix    string
	}{
		{404, `{"detail":"Model 'small' is not installed locally. You can download the model using ` + "`POST /v1/models`" + `"}`, transcription.ReasonModelMissing, `install the model "small"`},
		{404, `{"error":{"message":"The model 'small' does not exist","code":"model_not_found"}}`, transcription.ReasonModelMissing, "WHISPER_MODEL"},
		{404, `{"detail":"Not Found"}`, transcription.ReasonAddress, "WHISPER_API_URL"},
		{405, ``, transcription.ReasonAddress, "WHISPER_API_URL"},
		{302, ``, transcription.ReasonAddress, "WHISPER_API_URL"},
		{200, `<html>`, transcription.ReasonAddress, "WHISPER_API_URL"},
		{401, `{"detail":"Not authenticated"}`, transcription.ReasonBadKey, "WHISPER_API_KEY"},
		{403, `{"detail":"Invalid API key"}`, transcription.ReasonBadKey, "WHISPER_API_KEY"},
		{415, `{"detail":"Failed to decode audio."}`, transcription.ReasonUnsupported, ""},
		{413, ``, transcription.ReasonUnsupported, ""},
		{400, `{"error":"failed to read audio data"}`, transcription.ReasonUnsupported, ""},
		{500, `{"error":"Failed to execute ffmpeg command."}`, transcription.ReasonUnsupported, ""},
		{422, `{"detail":[{"type":"missing","loc":["body","file"],"msg":"Field required","input":"what was sent"}]}`, transcription.ReasonRefused, ""},
		{400, `{"detail":"Audio file is empty."}`, transcription.ReasonRefused, ""},
		{429, ``, transcription.ReasonTransient, ""},
		{500, `oops`, transcription.ReasonTransient, ""},
		{503, `{"error":"loading"}`, transcription.ReasonTransient, ""},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%d %s", test.status, test.reason), func(t *testing.T) {
			t.Parallel()
			_, err := newEngine(t, test.status, test.body).client(t).Transcribe(t.Context(), note, "es")
			require.Equal(t, test.reason, transcription.ReasonOf(err), "%v", err)
			require.ErrorContains(t, err, test.fix)
			require.NotContains(t, err.Error(), "what was sent")
			var failure *transcription.Error
			require.ErrorAs(t, err, &failure)
			require.Equal(t, test.reason == transcription.ReasonTransient, failure.Retryable())
		})
	}
}

func TestEngineAway(t *testing.T) {
	t.Parallel()
	e := newEngine(t, http.StatusOK, "")
	client := e.client(t)
	e.Close()
	_, err := client.Transcribe(t.Context(), note, "es")
	require.Equal(t, transcription.ReasonTransient, transcription.ReasonOf(err))
	require.NotContains(t, err.Error(), "/v1/")
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"text":"hola","segments":[{"start":1,"end":0,"text":"x","avg_logprob":1e400}]}`))
	f.Add([]byte(`{"text":{},"segments":[[]]}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(answer) }))
		defer server.Close()
		client, err := transcription.New(transcription.Options{URL: server.URL, Model: "small"})
		require.NoError(t, err)
		got, err := client.Transcribe(t.Context(), note, "es")
		if err == nil {
			_, err = json.Marshal(got)
			require.NoError(t, err, "no number that cannot be written down")
		}
	})
}
