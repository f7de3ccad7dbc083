package transcription

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// FFmpeg turns sound files into [PCM] with the program of that name.
type FFmpeg struct {
	// Program is a name on PATH or a path; empty is "ffmpeg".
	Program string
	// Timeout of one conversion; zero is 30 s, about a hundred times what five minutes of sound take.
	Timeout time.Duration
}

const (
	sampleRate      = 16_000
	bytesPerSample  = 2
	convertTimeout  = 30 * time.Second
	longestWords    = 200
	fixFFmpeg       = "install ffmpeg (apt-get install ffmpeg, brew install ffmpeg), or set WHISPER_INPUT=original for an engine that reads Ogg/Opus itself"
	endAfterKilling = time.Second
)

// Formats that people send; playlists and other forms that point at further files are left out on purpose.
const formats = "ogg,mov,mp4,m4a,mp3,aac,amr,amrnb,amrwb,wav,flac,matroska,webm"

// Convert decodes a file of any form that people send into 16 kHz mono, at most a second more than [MaxDuration]. The file may be
// hostile: FFmpeg gets no network, no other file and little time. The error is always an [Error].
func (f FFmpeg) Convert(ctx context.Context, file []byte) (PCM, error) {
	program := f.Program
	if program == "" {
		program = "ffmpeg"
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, &Error{Reason: ReasonNoFFmpeg, Fix: fixFFmpeg, Cause: err}
	}
	input, err := unlinked(file)
	if err != nil {
		return nil, &Error{Reason: ReasonTransient, Cause: err}
	}
	defer input.Close()

	timeout := f.Timeout
	if timeout <= 0 {
		timeout = convertTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var pcm, words bytes.Buffer
	command := exec.CommandContext(ctx, path, "-nostdin", "-hide_banner", "-loglevel", "error",
		"-protocol_whitelist", "file,pipe", "-format_whitelist", formats, "-i", "file:/dev/stdin",
		"-map", "0:a:0", "-t", strconv.Itoa(int((MaxDuration+time.Second)/time.Second)),
		"-ac", "1", "-ar", strconv.Itoa(sampleRate), "-c:a", "pcm_s16le", "-f", "s16le", "pipe:1")
	command.Stdin, command.Stdout, command.Stderr = input, &pcm, &words
	command.WaitDelay = endAfterKilling
	err = command.Run()
	switch {
	case ctx.Err() != nil:
		return nil, &Error{Reason: ReasonTransient, Cause: fmt.Errorf("ffmpeg: %w", ctx.Err())}
	case err != nil:
		return nil, &Error{Reason: ReasonUnreadable, Cause: fmt.Errorf("ffmpeg: %w: %s", err, lastWords(words.String()))}
	case pcm.Len() < bytesPerSample:
		return nil, &Error{Reason: ReasonUnreadable, Cause: errors.New("ffmpeg: no sound in it")}
	}
	return PCM(pcm.Bytes()), nil
}

// unlinked is a file without a name: it can be read from any place, as some forms need, and nothing of a guest's voice stays
// behind however this process ends.
func unlinked(content []byte) (*os.File, error) {
	file, err := os.CreateTemp("", "cabanas-sound-")
	if err != nil {
		return nil, fmt.Errorf("keep sound for ffmpeg: %w", err)
	}
	_, writeErr := file.Write(content)
	_, seekErr := file.Seek(0, 0)
	if err := errors.Join(os.Remove(file.Name()), writeErr, seekErr); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("keep sound for ffmpeg: %w", err)
	}
	return file, nil
}

func lastWords(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	words := lines[len(lines)-1]
	if len(words) > longestWords {
		words = words[:longestWords]
	}
	return strings.ToValidUTF8(words, "")
}

// PCM is sound as signed 16-bit little-endian samples, 16 kHz, mono.
type PCM []byte

// Duration is how long it sounds.
func (p PCM) Duration() time.Duration {
	return time.Duration(len(p)/bytesPerSample) * time.Second / sampleRate
}

// RMS is the mean loudness from 0 to 1: the root of the mean square of all samples.
func (p PCM) RMS() float64 {
	samples := len(p) / bytesPerSample
	if samples == 0 {
		return 0
	}
	var sum float64
	for i := range samples {
		sample := float64(int16(binary.LittleEndian.Uint16(p[bytesPerSample*i:]))) / (math.MaxInt16 + 1)
		sum += sample * sample
	}
	return math.Sqrt(sum / float64(samples))
}

// WAV is the sound as a file.
func (p PCM) WAV() []byte {
	const headerSize, formatSize, formatPCM, channels = 44, 16, 1, 1
	wav := make([]byte, 0, headerSize+len(p))
	wav = append(wav, "RIFF"...)
	wav = binary.LittleEndian.AppendUint32(wav, uint32(headerSize-8+len(p)))
	wav = append(wav, "WAVEfmt "...)
	wav = binary.LittleEndian.AppendUint32(wav, formatSize)
	wav = binary.LittleEndian.AppendUint16(wav, formatPCM)
	wav = binary.LittleEndian.AppendUint16(wav, channels)
	wav = binary.LittleEndian.AppendUint32(wav, sampleRate)
	wav = binary.LittleEndian.AppendUint32(wav, sampleRate*bytesPerSample)
	wav = binary.LittleEndian.AppendUint16(wav, bytesPerSample)
	wav = binary.LittleEndian.AppendUint16(wav, 8*bytesPerSample)
	wav = append(wav, "data"...)
	wav = binary.LittleEndian.AppendUint32(wav, uint32(len(p)))
	return append(wav, p...)
}

// oggDuration reads how long an Ogg/Opus file sounds from the position that its last page tells, at 48 kHz whatever the input was
// (RFC 7845, section 4); false for anything else.
func oggDuration(file []byte) (time.Duration, bool) {
	const magic, positionAt, headerSize, opusRate = "OggS", 6, 27, 48_000
	head := bytes.Index(file[:min(len(file), 512)], []byte("OpusHead"))
	if !bytes.HasPrefix(file, []byte(magic)) || head < 0 || len(file) < head+12 {
		return 0, false
	}
	skipped := int64(binary.LittleEndian.Uint16(file[head+10:]))
	for end := len(file); end > 0; {
		page := bytes.LastIndex(file[:end], []byte(magic))
		if page < 0 {
			break
		}
		if page+headerSize <= len(file) {
			position := int64(binary.LittleEndian.Uint64(file[page+positionAt:]))
			if position > skipped && position < math.MaxInt64/int64(time.Second) {
				return time.Duration(position-skipped) * time.Second / opusRate, true
			}
		}
		end = page
	}
	return 0, false
}
