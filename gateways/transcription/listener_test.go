package transcription_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/gateways/transcription"
	"cabanas/sandbox/control"
	"cabanas/sandbox/speech"
)

const opus = "audio/ogg; codecs=opus"

// listening is a listener before the speech stand-in, reached at a path below /speech.
func listening(t testing.TB, path string) (*transcription.Listener, *speech.Server, *control.Client) {
	t.Helper()
	stand, mux := &speech.Server{}, http.NewServeMux()
	stand.Mount(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	client, err := transcription.New(transcription.Options{URL: server.URL + "/speech" + path, Model: "whisper-1"})
	require.NoError(t, err)
	faults := control.NewClient(server.URL, nil)
	t.Cleanup(faults.CloseIdle)
	return &transcription.Listener{Engine: client, MinConfidence: 0.6}, stand, faults
}

func clip(t testing.TB, name string) []byte {
	t.Helper()
	audio, known := speech.Audio(name)
	require.True(t, known)
	return audio
}

// ffmpeg makes a file in the test's folder; the last argument is its name.
func ffmpeg(t testing.TB, args ...string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), args[len(args)-1])
	args = append([]string{"-v", "error", "-nostdin"}, append(args[:len(args)-1:len(args)-1], path)...)
	words, err := exec.CommandContext(t.Context(), "ffmpeg", args...).CombinedOutput()
	require.NoError(t, err, "%s", words)
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	return file
}

func TestEveryClipIsHeard(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "/inference"} {
		listener, stand, _ := listening(t, path)
		for _, c := range speech.Clips() {
			heard, err := listener.Listen(t.Context(), bytes.NewReader(clip(t, c.Name)), opus, c.Language)
			require.NoError(t, err, c.Name)
			require.Equal(t, c.Text, heard.Text, c.Name)
			require.InDelta(t, c.Seconds, heard.Duration.Seconds(), 0.1, c.Name)
			if c.Text == "" {
				require.Equal(t, transcription.OutcomeSilent, heard.Outcome, c.Name)
				continue
			}
			require.Equal(t, transcription.OutcomeHeard, heard.Outcome, c.Name)
			require.Equal(t, c.Language, heard.Language)
			require.Greater(t, heard.Confidence, 0.8)
			require.Equal(t, "whisper-1", heard.Model)
			require.Positive(t, heard.Engine)
			require.Positive(t, heard.Converting)
		}
		require.EqualValues(t, len(speech.Clips())-1, stand.Calls()["transcribe"], "true silence is not sent to the engine")
	}
}

// Guests send more than WhatsApp's own recordings.
func TestOtherForms(t *testing.T) {
	t.Parallel()
	listener, _, _ := listening(t, "")
	ogg := filepath.Join(t.TempDir(), "note.ogg")
	require.NoError(t, os.WriteFile(ogg, clip(t, "finde-dos"), 0o600))
	for _, name := range []string{"note.mp3", "note.m4a", "note.wav", "note.flac", "note.aac"} {
		heard, err := listener.Transcribe(t.Context(), bytes.NewReader(ffmpeg(t, "-i", ogg, "-ar", "44100", "-ac", "2", name)), "application/octet-stream")
		require.NoError(t, err, name)
		require.Equal(t, "Buenas, queremos ir este fin de semana. Somos dos personas.", heard.Text, name)
	}
}

func TestFreshlySpoken(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	spoken := filepath.Join(folder, "spoken.wav")
	require.NoError(t, exec.CommandContext(t.Context(), "espeak-ng", "-v", "es-419", "-w", spoken, "Hola, quería saber si aceptan mascotas.").Run())
	note := ffmpeg(t, "-i", spoken, "-ac", "1", "-c:a", "libopus", "-b:a", "16k", "note.ogg")
	pcm, err := transcription.FFmpeg{}.Convert(t.Context(), note)
	require.NoError(t, err)
	require.Greater(t, pcm.RMS(), 0.01)
	require.Greater(t, pcm.Duration(), time.Second)
	wav := pcm.WAV()
	again, err := transcription.FFmpeg{}.Convert(t.Context(), wav)
	require.NoError(t, err, "what we write is a WAV file to others too")
	require.Equal(t, pcm, again)
}

func TestFiveMinutesAreTheEnd(t *testing.T) {
	t.Parallel()
	listener, stand, _ := listening(t, "")
	for _, original := range []bool{false, true} {
		listener := *listener
		listener.Original = original
		heard, err := listener.Transcribe(t.Context(), bytes.NewReader(ffmpeg(t, "-f", "lavfi", "-i", "sine=d=302", "-c:a", "libopus", "-b:a", "8k", "long.ogg")), opus)
		require.NoError(t, err)
		require.Equal(t, transcription.OutcomeTooLong, heard.Outcome)
	}
	require.Zero(t, stand.Calls()["transcribe"])
}

func TestWhatIsNoSound(t *testing.T) {
	t.Parallel()
	listener, stand, _ := listening(t, "")
	secret := filepath.Join(t.TempDir(), "secret.ogg")
	require.NoError(t, os.WriteFile(secret, clip(t, "si-dale"), 0o600))
	for name, file := range map[string][]byte{
		"empty":           nil,
		"text":            []byte("hello, I am no sound"),
		"half a header":   []byte("OggS\x00\x02sandbox voice note"),
		"picture":         ffmpeg(t, "-f", "lavfi", "-i", "color=red:d=1", "-frames:v", "1", "picture.png"),
		"only moves":      ffmpeg(t, "-f", "lavfi", "-i", "color=red:d=1", "-an", "-c:v", "mpeg4", "film.mp4"),
		"list of files":   []byte("#EXTM3U\n#EXTINF:1,\nfile://" + secret + "\n#EXT-X-ENDLIST\n"),
		"joined files":    []byte("ffconcat version 1.0\nfile " + secret + "\n"),
		"address of ours": []byte("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/x.ogg\n#EXT-X-ENDLIST\n"),
	} {
		_, err := listener.Transcribe(t.Context(), bytes.NewReader(file), opus)
		require.Equal(t, transcription.ReasonUnreadable, transcription.ReasonOf(err), "%s: %v", name, err)
	}
	_, err := listener.Transcribe(t.Context(), bytes.NewReader(make([]byte, transcription.MaxBytes+1)), opus)
	require.Equal(t, transcription.ReasonTooLarge, transcription.ReasonOf(err))
	require.Zero(t, stand.Calls()["transcribe"])
}

func TestOriginal(t *testing.T) {
	t.Parallel()
	listener, stand, _ := listening(t, "")
	listener.Original = true
	heard, err := listener.Transcribe(t.Context(), bytes.NewReader(clip(t, "finde-dos")), opus)
	require.NoError(t, err)
	require.Equal(t, transcription.OutcomeHeard, heard.Outcome)
	require.InDelta(t, 5.2, heard.Duration.Seconds(), 0.2)
	require.Zero(t, heard.Converting)
	heard, err = listener.Transcribe(t.Context(), bytes.NewReader(clip(t, "viento")), opus)
	require.NoError(t, err)
	require.Equal(t, transcription.OutcomeSilent, heard.Outcome, "what the engine invents is no speech")
	short := ffmpeg(t, "-f", "lavfi", "-i", "sine=d=0.3", "-c:a", "libopus", "short.ogg")
	heard, err = listener.Transcribe(t.Context(), bytes.NewReader(short), opus)
	require.NoError(t, err)
	require.Equal(t, transcription.OutcomeSilent, heard.Outcome)
	require.EqualValues(t, 2, stand.Calls()["transcribe"])
}

func TestWithoutFFmpeg(t *testing.T) {
	t.Parallel()
	missing := transcription.FFmpeg{Program: filepath.Join(t.TempDir(), "ffmpeg")}
	_, err := missing.Convert(t.Context(), clip(t, "si-dale"))
	require.ErrorContains(t, err, "install ffmpeg")

	listener, _, _ := listening(t, "")
	listener.FFmpeg = missing
	heard, err := listener.Transcribe(t.Context(), bytes.NewReader(clip(t, "si-dale")), opus)
	require.NoError(t, err)
	require.Equal(t, "Sí, dale.", heard.Text, "speaches reads Ogg/Opus itself")

	listener, _, _ = listening(t, "/inference")
	listener.FFmpeg = missing
	_, err = listener.Transcribe(t.Context(), bytes.NewReader(clip(t, "si-dale")), opus)
	require.Equal(t, transcription.ReasonUnsupported, transcription.ReasonOf(err))
	require.ErrorContains(t, err, "install ffmpeg", "whisper.cpp does not")
}

func TestTimeOfConversion(t *testing.T) {
	t.Parallel()
	_, err := transcription.FFmpeg{Timeout: time.Nanosecond}.Convert(t.Context(), clip(t, "si-dale"))
	require.Equal(t, transcription.ReasonTransient, transcription.ReasonOf(err))
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestFaultsOfTheEngine(t *testing.T) {
	t.Parallel()
	listener, _, faults := listening(t, "")
	hear := func(ctx context.Context) (transcription.Heard, error) {
		return listener.Transcribe(ctx, bytes.NewReader(clip(t, "finde-dos")), opus)
	}
	set := func(f control.SpeechFaults) {
		require.NoError(t, faults.ClearSpeechFaults(t.Context()))
		require.NoError(t, faults.SetSpeechFaults(t.Context(), f))
	}
	yes, long := true, 60_000

	set(control.SpeechFaults{LowConfidence: &yes})
	heard, err := hear(t.Context())
	require.NoError(t, err)
	require.Equal(t, transcription.OutcomeUnclear, heard.Outcome)
	require.Contains(t, heard.Text, "fin de semana")
	require.Less(t, heard.Confidence, 0.6)

	set(control.SpeechFaults{Outage: &yes})
	_, err = hear(t.Context())
	require.Equal(t, transcription.ReasonTransient, transcription.ReasonOf(err))

	set(control.SpeechFaults{ModelMissing: &yes})
	_, err = hear(t.Context())
	require.Equal(t, transcription.ReasonModelMissing, transcription.ReasonOf(err))
	require.ErrorContains(t, err, `install the model "whisper-1"`)

	set(control.SpeechFaults{FailNext: &control.FailNext{Count: 1}})
	_, err = hear(t.Context())
	require.Equal(t, transcription.ReasonTransient, transcription.ReasonOf(err))
	_, err = hear(t.Context())
	require.NoError(t, err)

	set(control.SpeechFaults{DelayMS: &long})
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, err = hear(ctx)
	require.Equal(t, transcription.ReasonTransient, transcription.ReasonOf(err))
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func BenchmarkConvert(b *testing.B) {
	note := clip(b, "fechas-cuatro")
	for b.Loop() {
		_, err := transcription.FFmpeg{}.Convert(b.Context(), note)
		require.NoError(b, err)
	}
}

func BenchmarkConvertFiveMinutes(b *testing.B) {
	note := ffmpeg(b, "-f", "lavfi", "-i", "anoisesrc=d=299:a=0.1", "-c:a", "libopus", "-b:a", "16k", "long.ogg")
	for b.Loop() {
		_, err := transcription.FFmpeg{}.Convert(b.Context(), note)
		require.NoError(b, err)
	}
}
