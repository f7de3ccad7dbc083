package transcription

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"

	"cabanas/gateways/internal/exchange"
	"cabanas/gateways/internal/lenient"
)

// Options configures a [Client]. URL and Model are required.
type Options struct {
	// URL of the engine: its root or its /v1, or the whole address when that ends in /inference or /audio/transcriptions.
	URL   string
	Model string
	Key   string // bearer key; empty sends none
	// HTTPClient is copied and made not to follow redirects; its own timeout should be none, as engines take minutes.
	HTTPClient *http.Client
}

// Client asks one engine that speaks OpenAI's transcription protocol: speaches, the server of whisper.cpp, OpenAI itself. It is
// safe for concurrent use and never repeats a request on its own.
type Client struct {
	endpoint string
	model    string
	key      string
	http     *http.Client
}

// New checks the options and returns a client; it makes no request.
func New(options Options) (*Client, error) {
	address, err := url.Parse(options.URL)
	if err != nil || address.Host == "" || (address.Scheme != "http" && address.Scheme != "https") {
		return nil, errors.New("transcription client: URL is not an http address")
	}
	if options.Model == "" {
		return nil, errors.New("transcription client: Model is required")
	}
	return &Client{endpoint: endpointOf(address), model: options.Model, key: options.Key, http: exchange.Client(options.HTTPClient)}, nil
}

func endpointOf(address *url.URL) string {
	path := strings.TrimRight(address.Path, "/")
	switch {
	case strings.HasSuffix(path, "/inference"), strings.HasSuffix(path, "/audio/transcriptions"):
		return address.String()
	case strings.HasSuffix(path, "/v1"):
		return address.JoinPath("audio", "transcriptions").String()
	}
	return address.JoinPath("v1", "audio", "transcriptions").String()
}

// Model is the name of the model that is asked for.
func (c *Client) Model() string { return c.model }

// Sound is a file that an engine can read.
type Sound struct {
	Data []byte
	MIME string // parameters are dropped: engines know types by their bare name
}

// Transcript is what an engine answered, before any doubt.
type Transcript struct {
	Text     string
	Language string // a code where the name is known, see [Heard]
	Duration time.Duration
	Segments []Segment
}

// Segment is a stretch of a transcript. What an engine does not tell is nil.
type Segment struct {
	Start, End       float64 // seconds
	Text             string
	AvgLogProb       *float64
	NoSpeechProb     *float64
	CompressionRatio *float64 // whisper.cpp has none
}

const maxAnswer = 4 << 20

// Transcribe asks the engine what is said in a sound of the language with this code. ctx bounds the request. The error is always
// an [Error].
func (c *Client) Transcribe(ctx context.Context, sound Sound, language string) (Transcript, error) {
	body, contentType, err := c.form(sound, language)
	if err != nil {
		return Transcript{}, &Error{Reason: ReasonRefused, Cause: err}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, body)
	if err != nil {
		return Transcript{}, &Error{Reason: ReasonAddress, Fix: fixAddress, Cause: exchange.WithoutAddress(err)}
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Accept", "application/json")
	if c.key != "" {
		request.Header.Set("Authorization", "Bearer "+c.key)
	}
	response, _, err := exchange.Do(c.http, request)
	if err != nil {
		return Transcript{}, &Error{Reason: ReasonTransient, Cause: err}
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return Transcript{}, &Error{Reason: ReasonTransient, HTTPStatus: response.StatusCode, Cause: err}
	}
	if response.StatusCode/100 != 2 {
		return Transcript{}, c.refused(response.StatusCode, answer)
	}
	return readTranscript(response.StatusCode, answer)
}

// form is the request's body. No prompt is sent: on silence it would come back as what was said.
func (c *Client) form(sound Sound, language string) (io.Reader, string, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	kind := strings.ToLower(strings.TrimSpace(strings.SplitN(sound.MIME, ";", 2)[0]))
	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", fmt.Sprintf(`form-data; name="file"; filename="audio.%s"`, extensionOf(kind)))
	header.Set("Content-Type", kind)
	part, err := form.CreatePart(header)
	if err == nil {
		_, err = part.Write(sound.Data)
	}
	for _, field := range [][2]string{
		{"model", c.model}, {"language", language}, {"response_format", "verbose_json"}, {"temperature", "0"},
	} {
		err = errors.Join(err, form.WriteField(field[0], field[1]))
	}
	return &body, form.FormDataContentType(), errors.Join(err, form.Close())
}

// extensionOf gives the ending by which engines guess a form.
func extensionOf(kind string) string {
	switch kind {
	case "audio/wav", "audio/x-wav", "audio/wave":
		return "wav"
	case "audio/mpeg", "audio/mp3":
		return "mp3"
	case "audio/mp4", "audio/m4a", "audio/x-m4a":
		return "m4a"
	case "audio/aac":
		return "aac"
	case "audio/amr":
		return "amr"
	case "audio/flac", "audio/x-flac":
		return "flac"
	case "audio/webm":
		return "webm"
	}
	return "ogg"
}

// Sentences for operators, by reason.
const (
	fixModel   = "install the model %q in the speech service (speaches: PRELOAD_MODELS, or POST /v1/models/%s), or name another in WHISPER_MODEL"
	fixKey     = "set the key of the speech service in WHISPER_API_KEY"
	fixAddress = "set WHISPER_API_URL to the root of a service that answers POST /v1/audio/transcriptions, or to the whole address of whisper.cpp's /inference"
)

// refused judges an answer by its status, and by its words where a status has several meanings.
func (c *Client) refused(status int, answer []byte) *Error {
	words := complaint(answer)
	failure := &Error{Reason: ReasonRefused, HTTPStatus: status}
	if words != "" {
		failure.Cause = errors.New(words)
	}
	lower := strings.ToLower(words)
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		failure.Reason, failure.Fix = ReasonBadKey, fixKey
	case strings.Contains(lower, "model") && (status == http.StatusNotFound || status == http.StatusBadRequest):
		failure.Reason, failure.Fix = ReasonModelMissing, fmt.Sprintf(fixModel, c.model, c.model)
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed || status/100 == 3:
		failure.Reason, failure.Fix = ReasonAddress, fixAddress
	case status == http.StatusUnsupportedMediaType || status == http.StatusRequestEntityTooLarge,
		// whisper.cpp says so when it cannot read the form, and with --convert when its own ffmpeg cannot.
		strings.Contains(lower, "failed to read"), strings.Contains(lower, "ffmpeg"):
		failure.Reason = ReasonUnsupported
	case status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status/100 == 5:
		failure.Reason = ReasonTransient
	}
	return failure
}

const longestComplaint = 200

// complaint finds the words of a refusal: FastAPI's detail, OpenAI's error.message, whisper.cpp's error.
func complaint(answer []byte) string {
	object, ok := lenient.Read(answer)
	if !ok {
		return ""
	}
	words := object.Text("detail")
	if inner, ok := object.Object("error"); ok && words == "" {
		words = inner.Text("message")
	}
	if words == "" {
		words = object.Text("error")
	}
	if problems, ok := object.Array("detail"); ok && words == "" && len(problems) > 0 {
		// FastAPI's validation repeats what was sent; only its message is taken.
		first, _ := lenient.Read(problems[0])
		words = first.Text("msg")
	}
	words = strings.ToValidUTF8(words, "")
	if runes := []rune(words); len(runes) > longestComplaint {
		words = string(runes[:longestComplaint])
	}
	return words
}

var errNoTranscript = errors.New("answered without a text")

func readTranscript(status int, answer []byte) (Transcript, error) {
	object, ok := lenient.Read(answer)
	if _, hasText := object["text"]; !ok || !hasText {
		return Transcript{}, &Error{Reason: ReasonAddress, HTTPStatus: status, Fix: fixAddress, Cause: errNoTranscript}
	}
	transcript := Transcript{Text: oneLine(object.Text("text")), Language: languageCode(object.Text("language"))}
	if seconds := number(object, "duration"); seconds != nil && *seconds > 0 && *seconds < 1e6 {
		transcript.Duration = time.Duration(*seconds * float64(time.Second))
	}
	items, _ := object.Array("segments")
	for _, item := range items {
		if segment, ok := readSegment(item); ok {
			transcript.Segments = append(transcript.Segments, segment)
		}
	}
	return transcript, nil
}

func readSegment(item json.RawMessage) (Segment, bool) {
	object, ok := lenient.Read(item)
	if !ok {
		return Segment{}, false
	}
	segment := Segment{
		Text: oneLine(object.Text("text")), AvgLogProb: number(object, "avg_logprob"), NoSpeechProb: number(object, "no_speech_prob"),
		CompressionRatio: number(object, "compression_ratio"),
	}
	if start, end := number(object, "start"), number(object, "end"); start != nil && end != nil {
		segment.Start, segment.End = *start, *end
	}
	return segment, true
}

// number is a finite member, or nil.
func number(object lenient.Object, name string) *float64 {
	value, ok := object.Decimal(name)
	if !ok || value != value || value > 1e300 || value < -1e300 {
		return nil
	}
	return &value
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

const longestLanguage = 20

// languageCode gives the code of the names that whisper.cpp answers with.
func languageCode(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	switch name {
	case "spanish", "castilian":
		return "es"
	case "portuguese":
		return "pt"
	case "english":
		return "en"
	}
	if len(name) > longestLanguage {
		return ""
	}
	return name
}
