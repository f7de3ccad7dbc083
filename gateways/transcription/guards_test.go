package transcription

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// said is a segment of two seconds that the engine is sure of.
func said(text string) Segment {
	return Segment{End: 2, Text: text, AvgLogProb: new(-0.2), NoSpeechProb: new(0.01), CompressionRatio: new(1.2)}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	const bar = 0.6
	noVoice := said("Hola")
	noVoice.NoSpeechProb, noVoice.AvgLogProb = new(0.9), new(-1.2)
	sureInNoise := said("Somos cuatro")
	sureInNoise.NoSpeechProb = new(0.9)
	repetitive := said("la la la la la la la la la la")
	repetitive.CompressionRatio = new(3.0)
	unsure := Segment{Start: 2, End: 4, Text: "del doce al catorce", AvgLogProb: new(-1.5)}
	tests := []struct {
		name       string
		transcript Transcript
		outcome    Outcome
		text       string
		confidence float64
	}{
		{"speech", Transcript{Segments: []Segment{said("Hola, ¿qué tal?"), said("Somos cuatro.")}}, OutcomeHeard, "Hola, ¿qué tal? Somos cuatro.", 0.8187},
		{"nothing at all", Transcript{}, OutcomeSilent, "", 0},
		{"probably no voice", Transcript{Segments: []Segment{noVoice}}, OutcomeSilent, "", 0},
		{"words that are sure count in noise too", Transcript{Segments: []Segment{sureInNoise}}, OutcomeHeard, "Somos cuatro", 0.8187},
		{"a segment that repeats itself", Transcript{Segments: []Segment{repetitive, said("somos dos")}}, OutcomeHeard, "somos dos", 0.8187},
		{"weighted by length", Transcript{Segments: []Segment{said("hola"), unsure}}, OutcomeUnclear, "hola del doce al catorce", (0.8187 + 0.2231) / 2},
		{"no measure is no confidence", Transcript{Text: "hola"}, OutcomeUnclear, "hola", 0.5},
		{"more than certain is certain", Transcript{Segments: []Segment{{Text: "sí", AvgLogProb: new(0.3)}}}, OutcomeHeard, "sí", 1},
		{"invented alone", Transcript{Segments: []Segment{said("Subtítulos realizados por la comunidad de Amara.org")}}, OutcomeSilent, "", 0},
		{"invented without segments", Transcript{Text: "¡Gracias por ver el video!"}, OutcomeSilent, "", 0},
		{"invented after speech", Transcript{Segments: []Segment{said("Somos dos. ¡Gracias por ver el vídeo! Suscríbete al canal.")}}, OutcomeHeard, "Somos dos.", 0.8187},
		{"noises", Transcript{Segments: []Segment{said("[Música]"), said("♪"), said("(risas) sí, dale")}}, OutcomeHeard, "sí, dale", 0.8187},
		{"a loop", Transcript{Segments: []Segment{said("Del diez al quince " + strings.Repeat("para dos personas ", 9))}}, OutcomeUnclear, "Del diez al quince para dos personas", 0.8187},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := judge(test.transcript, bar)
			require.Equal(t, test.outcome, got.outcome)
			require.Equal(t, test.text, got.text)
			require.InDelta(t, test.confidence, got.confidence, 0.0001)
		})
	}
}

func TestInventedPhrases(t *testing.T) {
	t.Parallel()
	for _, invented := range []string{
		"Subtítulos por la comunidad de Amara.org", "¡Gracias por ver!", "Gracias por ver el vídeo.", "¡Suscríbete al canal!", "Música",
		"Más información www.alimmenta.com", "Legendas pela comunidade Amara.org", "Obrigado por assistir!", "Legenda Adriana Zanotto",
		"Thanks for watching!", "Subtitles by the Amara.org community", "Don't forget to subscribe to my channel.",
	} {
		require.Empty(t, withoutInvented(invented), invented)
	}
	for _, genuine := range []string{
		"Gracias.", "Muchas gracias por todo, hasta la próxima.", "¿Se puede poner música fuerte?", "Quiero ver el video de la cabaña", "Sí", "Obrigado!",
		"Thank you!", "Gracias por la atención.", "Mi correo es ana arroba amara.org",
	} {
		require.Equal(t, genuine, withoutInvented(genuine))
	}
}

func TestLoops(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text, want string
		looped     bool
	}{
		{"no, no, no, no, mejor el viernes", "no, no, no, no, mejor el viernes", false},
		{"mi teléfono es once once once once", "mi teléfono es once once once once", false},
		{strings.Repeat("sí ", 20), "sí", true},
		{"bueno " + strings.Repeat("el finde, ", 6) + "dale", "bueno el finde, dale", true},
		{strings.Repeat("Somos dos y queremos ir. ", 4), "Somos dos y queremos ir.", true},
		{"", "", false},
	}
	for _, test := range tests {
		text, looped := withoutLoops(test.text)
		require.Equal(t, test.want, text)
		require.Equal(t, test.looped, looped, test.text)
	}
}

// tone is a sine of so many seconds and that loudness.
func tone(seconds, amplitude float64) PCM {
	pcm := make(PCM, 0, int(seconds*sampleRate)*bytesPerSample)
	for i := range int(seconds * sampleRate) {
		sample := int16(amplitude * math.MaxInt16 * math.Sin(2*math.Pi*440*float64(i)/sampleRate))
		pcm = binary.LittleEndian.AppendUint16(pcm, uint16(sample))
	}
	return pcm
}

func TestSilence(t *testing.T) {
	t.Parallel()
	require.Equal(t, 1500*time.Millisecond, tone(1.5, 0.5).Duration())
	require.InDelta(t, 0.5/math.Sqrt2, tone(1, 0.5).RMS(), 0.001)
	require.Zero(t, PCM(nil).RMS())
	require.True(t, isSilent(tone(0.49, 0.5)), "too short")
	require.False(t, isSilent(tone(0.5, 0.5)))
	require.True(t, isSilent(tone(2, 0.003)), "too quiet")
	require.False(t, isSilent(tone(2, 0.004)))
}

func FuzzJudge(f *testing.F) {
	f.Add("Hola. Gracias por ver el video!", -0.3, 0.7, 1.0)
	f.Add("hola", math.NaN(), 0.0, 0.0)
	f.Add("♪ [x (y] *", math.NaN(), math.Inf(1), -1.0)
	f.Fuzz(func(t *testing.T, text string, logProb, noSpeech, ratio float64) {
		got := judge(Transcript{Segments: []Segment{{End: 1, Text: oneLine(text), AvgLogProb: &logProb, NoSpeechProb: &noSpeech, CompressionRatio: &ratio}}}, 0.6)
		require.Equal(t, got.outcome == OutcomeSilent, got.text == "")
		require.GreaterOrEqual(t, got.confidence, 0.0)
		require.LessOrEqual(t, got.confidence, 1.0)
	})
}
