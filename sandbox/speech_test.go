package sandbox_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/sandbox/control"
	"cabanas/sandbox/speech"
)

// upload posts a file and fields (name, value, …) to a speech service; a nil file is none.
func (b *bundle) upload(t *testing.T, path string, file []byte, fields ...string) answer {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if file != nil {
		part, err := form.CreateFormFile("file", "audio.ogg")
		require.NoError(t, err)
		_, err = part.Write(file)
		require.NoError(t, err)
	}
	for i := 0; i < len(fields); i += 2 {
		require.NoError(t, form.WriteField(fields[i], fields[i+1]))
	}
	require.NoError(t, form.Close())
	return b.call(t, http.MethodPost, path, "", body.String(), "Content-Type", form.FormDataContentType())
}

const (
	transcriptions = "/speech/v1/audio/transcriptions"
	inference      = "/speech/inference"
)

func clipFile(t *testing.T, name string) []byte {
	t.Helper()
	audio, known := speech.Audio(name)
	require.True(t, known)
	return audio
}

func asWAV(t *testing.T, ogg []byte) []byte {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "a.ogg"), ogg, 0o600))
	words, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-nostdin", "-i", filepath.Join(folder, "a.ogg"),
		"-ar", "16000", "-ac", "1", filepath.Join(folder, "a.wav")).CombinedOutput()
	require.NoError(t, err, "%s", words)
	wav, err := os.ReadFile(filepath.Join(folder, "a.wav"))
	require.NoError(t, err)
	return wav
}

func TestSpeechRefusesWhatEnginesRefuse(t *testing.T) {
	t.Parallel()
	b := start(t)
	ogg := clipFile(t, "si-dale")
	tests := []struct {
		name, path string
		file       []byte
		fields     []string
		status     int
		words      string
	}{
		{"no file", transcriptions, nil, []string{"model", "whisper-1"}, 422, `"loc":["body","file"]`},
		{"no model", transcriptions, ogg, nil, 422, `"loc":["body","model"]`},
		{"unknown model", transcriptions, ogg, []string{"model", "large"}, 404, "Model 'large' is not installed locally. You can download the model using `POST /v1/models`"},
		{"unknown form", transcriptions, ogg, []string{"model", "whisper-1", "response_format", "xml"}, 422, "literal_error"},
		{"temperature in words", transcriptions, ogg, []string{"model", "whisper-1", "temperature", "warm"}, 422, "float_parsing"},
		{"no sound", transcriptions, []byte("hello"), []string{"model", "whisper-1"}, 415, "decode"},
		{"empty", transcriptions, []byte{}, []string{"model", "whisper-1"}, 400, "empty"},
		{"not there", "/speech/v1/audio/translations", ogg, nil, 404, "Not Found"},
		{"whisper.cpp without a file", inference, nil, nil, 400, "no 'file' field"},
		{"whisper.cpp reads no Opus", inference, ogg, nil, 400, "failed to read audio data"},
	}
	for _, test := range tests {
		got := b.upload(t, test.path, test.file, test.fields...)
		require.Equal(t, test.status, got.status, test.name)
		require.Contains(t, got.raw, test.words, test.name)
	}
	got := b.call(t, http.MethodPost, transcriptions, "", object{"file": "x"})
	require.Equal(t, 422, got.status, "no form at all")
	calls, err := b.control.SpeechCalls(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, len(tests), calls["refused"])
}

func TestSpeechAnswersInBothForms(t *testing.T) {
	t.Parallel()
	b := start(t)
	ogg := clipFile(t, "si-dale")
	wav := asWAV(t, ogg)
	for _, file := range [][]byte{ogg, wav} {
		got := b.upload(t, transcriptions, file, "model", "Systran/faster-whisper-small", "language", "es", "response_format", "verbose_json", "temperature", "0")
		require.Equal(t, http.StatusOK, got.status, got.raw)
		require.Equal(t, "Sí, dale.", got.body["text"])
		require.Equal(t, "es", got.body["language"])
		require.InDelta(t, 1.28, got.body["duration"], 0.05)
		require.InDelta(t, 1.1, at(t, got.body, "segments", 0, "compression_ratio"), 0.001)
		require.Greater(t, at(t, got.body, "segments", 0, "avg_logprob"), -0.5)
	}
	require.JSONEq(t, `{"text":"Sí, dale."}`, b.upload(t, transcriptions, wav, "model", "whisper-1").raw)
	require.Equal(t, "Sí, dale.", b.upload(t, transcriptions, wav, "model", "whisper-1", "response_format", "text").raw)

	got := b.upload(t, inference, wav, "response_format", "verbose_json", "language", "es")
	require.Equal(t, "spanish", got.body["language"])
	require.NotContains(t, at(t, got.body, "segments", 0), "compression_ratio")
	require.Contains(t, b.upload(t, inference, wav, "response_format", "text").header.Get("Content-Type"), "text/html")

	wind := b.upload(t, transcriptions, asWAV(t, clipFile(t, "viento")), "model", "whisper-1", "response_format", "verbose_json")
	require.Contains(t, wind.body["text"], "Amara.org", "as engines do where nobody speaks")
	require.Greater(t, at(t, wind.body, "segments", 0, "no_speech_prob"), 0.6)
	wrong := b.upload(t, transcriptions, wav, "model", "whisper-1", "language", "en", "response_format", "verbose_json")
	require.Less(t, at(t, wrong.body, "segments", 0, "avg_logprob"), -0.8, "the wrong language is hard to hear")
}

func TestSpeechFaults(t *testing.T) {
	t.Parallel()
	b := start(t)
	ask := func() answer {
		return b.upload(t, transcriptions, clipFile(t, "si-dale"), "model", "whisper-1", "response_format", "verbose_json", "language", "es")
	}
	yes, now := true, 1
	for _, test := range []struct {
		faults control.SpeechFaults
		status int
	}{
		{control.SpeechFaults{Outage: &yes}, 503}, {control.SpeechFaults{ModelMissing: &yes}, 404},
		{control.SpeechFaults{FailNext: &control.FailNext{Count: 1, Status: 429}}, 429}, {control.SpeechFaults{LowConfidence: &yes, DelayMS: &now}, 200},
	} {
		require.NoError(t, b.control.SetSpeechFaults(t.Context(), test.faults))
		got := ask()
		require.Equal(t, test.status, got.status)
		if test.status == http.StatusOK {
			require.Less(t, at(t, got.body, "segments", 0, "avg_logprob"), -1.0)
		}
		require.NoError(t, b.control.ClearSpeechFaults(t.Context()))
		require.Equal(t, http.StatusOK, ask().status)
	}
	require.NoError(t, b.control.SetSpeechFaults(t.Context(), control.SpeechFaults{Outage: &yes}))
	require.NoError(t, b.control.Reset(t.Context()))
	require.Equal(t, http.StatusOK, ask().status)
}

func TestClipAsAVoiceNote(t *testing.T) {
	t.Parallel()
	b := start(t)
	known, err := b.control.Clips(t.Context())
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(known), 8)
	wamid, err := b.control.SendClip(t.Context(), lucia, "finde-dos")
	require.NoError(t, err)
	hook := decoded(t, b.business.wait(t, wamid).body)
	audio := at(t, hook, "entry", 0, "changes", 0, "value", "messages", 0, "audio")
	require.Equal(t, true, at(t, audio, "voice"))
	require.Equal(t, "audio/ogg; codecs=opus", at(t, audio, "mime_type"))

	found := b.call(t, http.MethodGet, fmt.Sprintf("/graph/v25.0/%s", at(t, audio, "id")), token, nil)
	require.Equal(t, http.StatusOK, found.status)
	path := strings.TrimPrefix(found.body["url"].(string), b.url)
	require.Equal(t, http.StatusUnauthorized, b.call(t, http.MethodGet, path, "", nil).status, "the token is needed here too")
	require.Equal(t, http.StatusUnauthorized, b.call(t, http.MethodGet, path, "another", nil).status)
	got := b.call(t, http.MethodGet, path, token, nil)
	require.Equal(t, http.StatusOK, got.status)
	require.Equal(t, string(clipFile(t, "finde-dos")), got.raw)
	require.EqualValues(t, len(got.raw), found.body["file_size"])
	require.Equal(t, http.StatusNotFound, b.call(t, http.MethodGet, path+"0", token, nil).status, "a forged address")
	b.clock.Advance(5*time.Minute + time.Second)
	require.Equal(t, http.StatusNotFound, b.call(t, http.MethodGet, path, token, nil).status, "after five minutes")
	fresh := b.call(t, http.MethodGet, fmt.Sprintf("/graph/v25.0/%s", at(t, audio, "id")), token, nil)
	require.Equal(t, http.StatusOK, b.call(t, http.MethodGet, strings.TrimPrefix(fresh.body["url"].(string), b.url), token, nil).status)

	_, err = b.control.SendClip(t.Context(), lucia, "nothing")
	require.ErrorContains(t, err, "GET /control/clips")
	_, err = b.control.Send(t.Context(), control.Inbound{From: lucia, Type: "image", Clip: "finde-dos"})
	require.Error(t, err)
	_, err = b.control.Send(t.Context(), control.Inbound{From: lucia, Clip: "si-dale"})
	require.NoError(t, err, "a clip is an audio")
	own := base64.StdEncoding.EncodeToString([]byte("my own voice"))
	_, err = b.control.Send(t.Context(), control.Inbound{From: lucia, Type: "audio", MediaBase64: own})
	require.NoError(t, err)
	said, err := b.control.Messages(t.Context(), lucia, 0)
	require.NoError(t, err)
	resp := b.call(t, http.MethodGet, "/control/media/"+said[len(said)-1].Media.ID, "", nil)
	require.Equal(t, "my own voice", resp.raw, "what is given is not replaced")
	require.Equal(t, "audio", said[len(said)-2].Kind)
}
