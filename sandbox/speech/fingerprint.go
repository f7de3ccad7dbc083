package speech

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
)

// envelope is how loud a sound is over time: one value for each window of 50 ms, the loudest of a sound being 255. It survives
// every conversion that speech survives, so a clip is known by it whatever form it comes in.
type envelope []byte

const windowsPerSecond = 20

// sound is a decoded file.
type sound struct {
	rate    int
	samples []int16 // the first channel
}

func (s sound) seconds() float64 { return float64(len(s.samples)) / float64(s.rate) }

// windows gives the loudness of each window, from 0 to 1.
func (s sound) windows() []float64 {
	size := s.rate / windowsPerSecond
	var loudness []float64
	for at := 0; at+size <= len(s.samples); at += size {
		var sum float64
		for _, sample := range s.samples[at : at+size] {
			sum += float64(sample) * float64(sample)
		}
		loudness = append(loudness, math.Sqrt(sum/float64(size))/math.MaxInt16)
	}
	return loudness
}

func (s sound) envelope() envelope {
	loudness := s.windows()
	var loudest float64
	for _, l := range loudness {
		loudest = max(loudest, l)
	}
	e := make(envelope, len(loudness))
	for i, l := range loudness {
		if loudest > 0 {
			e[i] = byte(math.Round(255 * l / loudest))
		}
	}
	return e
}

// isSpeechless tells sound that goes on evenly, silence included, from speech, which comes in syllables.
func (s sound) isSpeechless() bool {
	const nearSilence, evenly = 0.0005, 1.6
	loudness := s.windows()
	var sum, loudest float64
	for _, l := range loudness {
		sum, loudest = sum+l, max(loudest, l)
	}
	mean := sum / float64(max(len(loudness), 1))
	return mean < nearSilence || loudest < evenly*mean
}

// smooth spreads each value a little over its neighbours: conversions move sound by parts of a window.
func (e envelope) smooth() []float64 {
	smoothed := make([]float64, len(e))
	for i := range e {
		before, after := e[max(i-1, 0)], e[min(i+1, len(e)-1)]
		smoothed[i] = (float64(before) + 2*float64(e[i]) + float64(after)) / 4
	}
	return smoothed
}

const (
	surelyAlike = 0.9 // correlation
	mostShift   = 4   // windows that conversions add or take at the ends
)

// recognise finds the clip that sounds like s.
func recognise(s sound) (clip, bool) {
	heard := s.envelope().smooth()
	var best clip
	likeness := surelyAlike
	for _, c := range clips() {
		if c.Text == "" {
			continue
		}
		for shift := -mostShift; shift <= mostShift; shift++ {
			if l := correlation(heard, c.Envelope.smooth(), shift); l >= likeness {
				best, likeness = c, l
			}
		}
	}
	return best, best.Name != ""
}

// correlation compares two envelopes, the second moved by some windows; those of different lengths are nothing alike.
func correlation(a, b []float64, shift int) float64 {
	if shift < 0 {
		return correlation(b, a, -shift)
	}
	if shift >= len(a) || abs(len(a)-len(b)) > 2*mostShift {
		return 0
	}
	a = a[shift:]
	n := min(len(a), len(b))
	if n == 0 || n < len(b)-2*mostShift {
		return 0
	}
	var sumA, sumB, sumAA, sumBB, sumAB float64
	for i := range n {
		x, y := a[i], b[i]
		sumA, sumB, sumAA, sumBB, sumAB = sumA+x, sumB+y, sumAA+x*x, sumBB+y*y, sumAB+x*y
	}
	count := float64(n)
	spread := math.Sqrt((count*sumAA - sumA*sumA) * (count*sumBB - sumB*sumB))
	if spread == 0 {
		return 0
	}
	return (count*sumAB - sumA*sumB) / spread
}

func abs(n int) int { return max(n, -n) }

var errNotWAV = errors.New("not a WAV file of 16-bit samples")

// readWAV decodes the plainest of all sound files.
func readWAV(file []byte) (sound, error) {
	const pcm, bitsPerSample = 1, 16
	if len(file) < 12 || !bytes.HasPrefix(file, []byte("RIFF")) || !bytes.Equal(file[8:12], []byte("WAVE")) {
		return sound{}, errNotWAV
	}
	var s sound
	var channels int
	for rest := file[12:]; len(rest) >= 8; {
		name, size := string(rest[:4]), int(binary.LittleEndian.Uint32(rest[4:8]))
		// FFmpeg leaves the size open when it writes to a pipe.
		part := rest[8:min(len(rest), 8+max(size, 0))]
		switch name {
		case "fmt ":
			if len(part) < 16 || binary.LittleEndian.Uint16(part) != pcm || binary.LittleEndian.Uint16(part[14:]) != bitsPerSample {
				return sound{}, errNotWAV
			}
			channels, s.rate = int(binary.LittleEndian.Uint16(part[2:])), int(binary.LittleEndian.Uint32(part[4:]))
		case "data":
			if channels < 1 || s.rate < windowsPerSecond {
				return sound{}, errNotWAV
			}
			for at := 0; at+2 <= len(part); at += 2 * channels {
				s.samples = append(s.samples, int16(binary.LittleEndian.Uint16(part[at:])))
			}
			return s, nil
		}
		rest = rest[min(len(rest), 8+len(part)+len(part)%2):]
	}
	return sound{}, errNotWAV
}
