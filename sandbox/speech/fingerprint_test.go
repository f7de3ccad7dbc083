package speech

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Codecs and rates may change a clip as far as they like: it is still nearer to itself than to any other, with a margin.
func TestClipsAreTold(t *testing.T) {
	t.Parallel()
	for _, c := range clips() {
		if c.Text == "" {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			original := filepath.Join(folder, "a.ogg")
			require.NoError(t, os.WriteFile(original, c.audio, 0o600))
			for _, codec := range [][]string{
				{"pcm_s16le", "48000", "a.wav"}, {"aac", "44100", "a.aac"}, {"libmp3lame", "22050", "a.mp3"}, {"libopus", "16000", "b.ogg"},
			} {
				file, wav := filepath.Join(folder, codec[2]), filepath.Join(folder, codec[2]+".wav")
				run(t, "-i", original, "-c:a", codec[0], "-ar", codec[1], file)
				run(t, "-i", file, "-ac", "1", "-ar", "16000", wav)
				raw, err := os.ReadFile(wav)
				require.NoError(t, err)
				s, err := readWAV(raw)
				require.NoError(t, err)
				require.False(t, s.isSpeechless())
				for _, other := range clips() {
					likeness := 0.0
					for shift := -mostShift; shift <= mostShift; shift++ {
						likeness = max(likeness, correlation(s.envelope().smooth(), other.Envelope.smooth(), shift))
					}
					if other.Name == c.Name {
						require.Greater(t, likeness, surelyAlike, codec[0])
					} else {
						require.Less(t, likeness, surelyAlike-0.1, "%s and %s", c.Name, other.Name)
					}
				}
			}
		})
	}
}

func run(t *testing.T, args ...string) {
	t.Helper()
	words, err := exec.CommandContext(t.Context(), "ffmpeg", append([]string{"-v", "error", "-nostdin"}, args...)...).CombinedOutput()
	require.NoError(t, err, "%s", words)
}

func FuzzReadWAV(f *testing.F) {
	f.Add([]byte("RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\x3e\x00\x00\x00\x7d\x00\x00\x02\x00\x10\x00data\xff\xff\xff\xff\x01\x02\x03"))
	f.Fuzz(func(_ *testing.T, file []byte) {
		if s, err := readWAV(file); err == nil {
			_, _ = recognise(s)
			_ = s.isSpeechless()
		}
	})
}
