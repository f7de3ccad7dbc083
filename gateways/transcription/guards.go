package transcription

import (
	_ "embed"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Bars of what counts as speech (contracts C; the first two of the segments are Whisper's own).
const (
	shortestSpeech   = 500 * time.Millisecond
	quietestSpeech   = 0.0025 // RMS
	likelyNoSpeech   = 0.6    // no_speech_prob
	unlikelyWords    = -1.0   // avg_logprob
	repetitiveWords  = 2.4    // compression_ratio
	withoutEvidence  = 0.5    // confidence in words that the engine gives no measure of
	shortestWeighted = 0.1    // seconds that a segment without length counts for
)

// isSilent tells from the sound alone that nobody speaks: an engine would invent words.
func isSilent(pcm PCM) bool { return pcm.Duration() < shortestSpeech || pcm.RMS() < quietestSpeech }

// verdict is what is left of a transcript after all doubts.
type verdict struct {
	outcome    Outcome
	text       string
	confidence float64
}

// judge drops what was probably not said and says how sure the rest is; below the bar it is unclear.
func judge(transcript Transcript, bar float64) verdict {
	segments := transcript.Segments
	if len(segments) == 0 {
		segments = []Segment{{Text: transcript.Text}}
	}
	var said []string
	var sure, weight float64
	for _, segment := range segments {
		text := withoutInvented(segment.Text)
		if text == "" || !isSpeech(segment) {
			continue
		}
		said = append(said, text)
		w := max(segment.End-segment.Start, shortestWeighted)
		sure, weight = sure+w*confidenceOf(segment), weight+w
	}
	if len(said) == 0 {
		return verdict{outcome: OutcomeSilent}
	}
	text, looped := withoutLoops(strings.Join(said, " "))
	v := verdict{outcome: OutcomeHeard, text: text, confidence: sure / weight}
	if looped || v.confidence < bar {
		v.outcome = OutcomeUnclear
	}
	return v
}

func isSpeech(s Segment) bool {
	noVoice := s.NoSpeechProb != nil && *s.NoSpeechProb > likelyNoSpeech && s.AvgLogProb != nil && *s.AvgLogProb < unlikelyWords
	repetitive := s.CompressionRatio != nil && *s.CompressionRatio > repetitiveWords
	return !noVoice && !repetitive
}

func confidenceOf(s Segment) float64 {
	if s.AvgLogProb == nil || math.IsNaN(*s.AvgLogProb) {
		return withoutEvidence
	}
	return min(max(math.Exp(*s.AvgLogProb), 0), 1)
}

var (
	// sentence is text up to its end mark; a dot inside a word, as in amara.org, ends nothing.
	sentence = regexp.MustCompile(`(?s).+?(?:[.!?…]+(?:\s+|$)|$)`)
	// noise is what engines write for sounds: [Música], (risas), ♪.
	noise = regexp.MustCompile(`\[[^\]]*\]|\([^)]*\)|\*[^*]*\*|♪[^♪]*♪|♪`)
)

// withoutInvented drops sentences that engines invent, and names of noises.
func withoutInvented(text string) string {
	text = oneLine(noise.ReplaceAllString(text, " "))
	var kept []string
	for _, s := range sentence.FindAllString(text, -1) {
		if plain := plainWords(s); plain != "" && !isInvented(plain) {
			kept = append(kept, strings.TrimSpace(s))
		}
	}
	return strings.Join(kept, " ")
}

//go:embed invented.txt
var inventedFile string

var inventedWhole, inventedBeginnings = readInvented(inventedFile)

func readInvented(file string) (whole map[string]bool, beginnings []string) {
	whole = map[string]bool{}
	for line := range strings.Lines(file) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if beginning, open := strings.CutSuffix(line, " *"); open {
			beginnings = append(beginnings, beginning)
			whole[beginning] = true
			continue
		}
		whole[line] = true
	}
	return whole, beginnings
}

func isInvented(plain string) bool {
	return inventedWhole[plain] || slices.ContainsFunc(inventedBeginnings, func(beginning string) bool { return strings.HasPrefix(plain, beginning+" ") })
}

var accents = strings.NewReplacer("á", "a", "à", "a", "â", "a", "ã", "a", "é", "e", "ê", "e", "í", "i", "ó", "o", "ô", "o", "õ", "o",
	"ú", "u", "ü", "u", "ñ", "n", "ç", "c")

// plainWords is text in lower case without accents and punctuation.
func plainWords(text string) string {
	text = accents.Replace(strings.ToLower(text))
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")
}

const longestLoop = 12 // words

// loopAfter is how often in a row a group of so many words is said only by an engine that is stuck; people do say
// "no, no, no, no".
func loopAfter(words int) int {
	switch words {
	case 1:
		return 8
	case 2:
		return 5
	}
	return 4
}

// withoutLoops leaves one of a group of words that repeats over and over, and tells whether there was one.
func withoutLoops(text string) (string, bool) {
	words := strings.Fields(text)
	plain := make([]string, len(words))
	for i, word := range words {
		plain[i] = plainWords(word)
	}
	found := false
	for size := 1; size <= longestLoop; size++ {
		for at := 0; at+size <= len(words); at++ {
			times := 1
			for next := at + size*times; next+size <= len(words) && slices.Equal(plain[at:at+size], plain[next:next+size]); next += size {
				times++
			}
			if times >= loopAfter(size) {
				found = true
				words = slices.Delete(words, at+size, at+size*times)
				plain = slices.Delete(plain, at+size, at+size*times)
			}
		}
	}
	return strings.Join(words, " "), found
}
