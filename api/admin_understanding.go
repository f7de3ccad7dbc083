package api

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"cabanas/booking"
	"cabanas/dialogue/understanding"
	"cabanas/gateways/transcription"
	"cabanas/internal/accounts"
)

// Transcriber hears what is said in a sound file; *transcription.Listener is one.
type Transcriber interface {
	Transcribe(ctx context.Context, sound io.Reader, mime string) (transcription.Heard, error)
}

const (
	tagUnderstanding = "Understanding"
	transcribePath   = prefix + "/audio/transcribe"
	// largestSound is WhatsApp's own limit of a sound file.
	largestSound = 16 << 20
	// framing is what a form may have around its file.
	framing = 64 << 10
	// mostUploads bounds files held in memory at one time.
	mostUploads = 3
)

func addAnalyze(s staff, o *Options) {
	staffRoute(s, accounts.ReadOnly, huma.Operation{
		OperationID: "analyze", Method: http.MethodPost, Path: prefix + "/nlu/analyze", Tags: []string{tagUnderstanding},
		Summary:     "Read a message as the bot would",
		Description: "Reads only: nothing is kept, held or sent. What the message does not say is null.",
	}, understandingRoutes{Options: o}.analyze)
}

func addTranscribe(s staff, o *Options) {
	routes := understandingRoutes{Options: o, uploads: make(chan struct{}, mostUploads)}
	staffRoute(s, accounts.Staff, huma.Operation{
		OperationID: "transcribe", Method: http.MethodPost, Path: transcribePath, Tags: []string{tagUnderstanding},
		Summary:     "Hear a sound file",
		Description: "A form with one file of at most 16 MB and five minutes. Nothing is kept.",
		Errors: []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType,
			http.StatusUnprocessableEntity, http.StatusNotImplemented},
		Middlewares: huma.Middlewares{routes.withUpload},
	}, routes.transcribe)
	// Told afterwards: huma would read the body of an operation that is registered with one.
	s.api.OpenAPI().Paths[transcribePath].Post.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"multipart/form-data": {Schema: &huma.Schema{
			Type: huma.TypeObject, Required: []string{"file"},
			Properties: map[string]*huma.Schema{"file": {Type: huma.TypeString, Format: "binary", Description: "The sound, such as audio/ogg."}},
		}}}}
}

type understandingRoutes struct {
	*Options
	uploads chan struct{}
}

type analyzeInput struct {
	Body struct {
		Text string     `json:"text" minLength:"1" maxLength:"20000" example:"hola, hay lugar del 10 al 15 de enero para 4?"`
		Now  *time.Time `json:"now,omitempty" doc:"When it was said; now when absent."`
	}
}

type analyzeOutput struct{ Body understanding.Fields }

func (r understandingRoutes) analyze(_ context.Context, in *analyzeInput) (*analyzeOutput, error) {
	now := r.Now()
	if in.Body.Now != nil {
		now = *in.Body.Now
	}
	return &analyzeOutput{Body: r.Understand(in.Body.Text, now)}, nil
}

type transcribeOutput struct {
	Body struct {
		Outcome         string  `json:"outcome" enum:"heard,unclear,silent,too_long" doc:"unclear: below the bar, the text is a guess."`
		Text            string  `json:"text" doc:"Empty unless heard or unclear."`
		Confidence      float64 `json:"confidence" doc:"From 0 to 1."`
		Language        string  `json:"language" doc:"As the engine names it; empty when it does not say."`
		DurationSeconds float64 `json:"duration_seconds" doc:"0 when it is not known."`
	}
}

func (r understandingRoutes) transcribe(ctx context.Context, _ *struct{}) (*transcribeOutput, error) {
	if r.Transcriber == nil {
		return nil, newProblem(ctx, CodeNoSpeechService, "no speech service is set: give its address in WHISPER_API_URL")
	}
	sound, _ := ctx.Value(uploadKey{}).(upload)
	heard, err := r.Transcriber.Transcribe(ctx, sound.content, sound.mime)
	if err != nil {
		return nil, r.unheard(ctx, err)
	}
	out := &transcribeOutput{}
	out.Body.Outcome, out.Body.Text, out.Body.Confidence = string(heard.Outcome), heard.Text, heard.Confidence
	out.Body.Language, out.Body.DurationSeconds = heard.Language, heard.Duration.Seconds()
	return out, nil
}

func (r understandingRoutes) unheard(ctx context.Context, err error) *Problem {
	switch transcription.ReasonOf(err) {
	case transcription.ReasonUnreadable, transcription.ReasonUnsupported:
		return newProblem(ctx, CodeUnreadableSound, "the file is no sound that can be read")
	case transcription.ReasonTooLarge:
		return newProblem(ctx, CodeTooLarge, "the sound is larger than 16 MB")
	case "":
		return refusal(ctx, r.Logger, "transcribe", err)
	}
	return refusal(ctx, r.Logger, "transcribe", errors.Join(booking.Refuse(booking.CodeUnavailable, "the speech service did not answer"), err))
}

type upload struct {
	content multipart.File
	mime    string
}

type uploadKey struct{}

// withUpload reads the form once its sender is known. Without a speech service nothing is read.
func (r understandingRoutes) withUpload(hc huma.Context, next func(huma.Context)) {
	if r.Transcriber == nil {
		next(hc)
		return
	}
	c := humagin.Unwrap(hc)
	ctx := c.Request.Context()
	select {
	case r.uploads <- struct{}{}:
		defer func() { <-r.uploads }()
	default:
		writeProblem(c, newProblem(ctx, booking.CodeUnavailable, "other files are being listened to; try again"))
		return
	}
	sound, problem := readUpload(c)
	if problem != nil {
		writeProblem(c, problem)
		return
	}
	next(huma.WithValue(hc, uploadKey{}, sound))
}

func readUpload(c *gin.Context) (upload, *Problem) {
	ctx := c.Request.Context()
	mediaType, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || mediaType != "multipart/form-data" {
		return upload{}, newProblem(ctx, CodeUnsupportedMediaType, "expected multipart/form-data with a file")
	}
	body, problem := readBody(c, largestSound+framing)
	if problem != nil {
		return upload{}, problem
	}
	setBody(c, body)
	// Everything is in memory already, and stays there.
	if err := c.Request.ParseMultipartForm(largestSound + framing); err != nil {
		return upload{}, newProblem(ctx, CodeMalformed, "the form cannot be read")
	}
	files := c.Request.MultipartForm.File["file"]
	if len(files) != 1 || files[0].Size == 0 {
		return upload{}, invalidField(ctx, "body", "file", "expected one file that is not empty")
	}
	if files[0].Size > largestSound {
		return upload{}, newProblem(ctx, CodeTooLarge, "the sound is larger than 16 MB")
	}
	content, err := files[0].Open()
	if err != nil {
		return upload{}, newProblem(ctx, CodeMalformed, "the form cannot be read")
	}
	kind := soundType(files[0].Header.Get("Content-Type"), content)
	if kind == "" {
		return upload{}, newProblem(ctx, CodeUnsupportedMediaType, "expected a sound file such as audio/ogg, audio/mpeg, audio/mp4 or audio/wav")
	}
	return upload{content: content, mime: kind}, nil
}

// sounds are the types that are listened to, WhatsApp's and those of recorders and browsers.
var sounds = []string{"audio/ogg", "audio/opus", "audio/mpeg", "audio/mp3", "audio/mp4", "audio/m4a", "audio/x-m4a", "audio/aac",
	"audio/amr", "audio/wav", "audio/wave", "audio/x-wav", "audio/vnd.wave", "audio/webm", "audio/flac", "audio/x-flac"}

// looksLike turns what a file looks like into the type of its sound.
var looksLike = map[string]string{"application/ogg": "audio/ogg", "audio/wave": "audio/wav", "audio/mpeg": "audio/mpeg",
	"video/webm": "audio/webm", "video/mp4": "audio/mp4"}

// soundType is the type of a file that is a sound, "" for another. Many clients do not name the type: then the file tells.
func soundType(declared string, content io.ReadSeeker) string {
	kind, _, err := mime.ParseMediaType(declared)
	if err == nil && slices.Contains(sounds, kind) {
		return kind
	}
	if declared != "" && kind != "application/octet-stream" && kind != "application/ogg" {
		return ""
	}
	start := make([]byte, 512)
	read, err := io.ReadFull(content, start)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return ""
	}
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return ""
	}
	return looksLike[http.DetectContentType(start[:read])]
}
