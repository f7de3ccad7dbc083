package api_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/api"
	"cabanas/booking"
	"cabanas/gateways/transcription"
)

func TestAMessageIsReadAndNothingElse(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.setUp(t)
	readonly, _ := o.member(t, "readonly")
	answer := o.ask(t, readonly, http.MethodPost, "/api/v1/nlu/analyze",
		`{"text":"hola, hay lugar del 10 al 15 de enero para 4 personas?","now":"2026-11-21T12:00:00-03:00"}`)
	require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
	read := object(t, answer)
	require.Equal(t, "availability", read["intent"])
	require.Equal(t, "2027-01-10", read["check_in"])
	require.Equal(t, "2027-01-15", read["check_out"])
	require.EqualValues(t, 5, read["nights"])
	require.EqualValues(t, 4, read["guests"])
	require.Contains(t, read, "pets")
	require.Nil(t, read["pets"])

	require.Equal(t, "2026-11-22", object(t, o.ask(t, readonly, http.MethodPost, "/api/v1/nlu/analyze", `{"text":"llego mañana"}`))["check_in"])
	requireProblem(t, o.ask(t, readonly, http.MethodPost, "/api/v1/nlu/analyze", `{"text":""}`), 422, booking.CodeInvalidInput)
	requireProblem(t, o.ask(t, readonly, http.MethodPost, "/api/v1/nlu/analyze", `{"text":"hola","now":"ayer"}`), 422, booking.CodeInvalidInput)
	var rows int
	require.NoError(t, o.sql.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM messages) + (SELECT count(*) FROM reservations)`).Scan(&rows))
	require.Zero(t, rows)
}

// ears hears what it is told to.
type ears struct {
	heard transcription.Heard
	err   error
	mime  string
	size  int
}

func (e *ears) Transcribe(_ context.Context, sound io.Reader, mime string) (transcription.Heard, error) {
	content, err := io.ReadAll(sound)
	e.mime, e.size = mime, len(content)
	return e.heard, errors.Join(err, e.err)
}

// send uploads one file as a form.
func (o *office) send(t *testing.T, token, field, kind string, content []byte) *httptest.ResponseRecorder {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	header := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + field + `"; filename="nota"`}}
	if kind != "" {
		header.Set("Content-Type", kind)
	}
	part, err := form.CreatePart(header)
	require.NoError(t, err)
	_, err = part.Write(content)
	require.NoError(t, err)
	require.NoError(t, form.Close())
	return o.ask(t, token, http.MethodPost, "/api/v1/audio/transcribe", body.String(), "Content-Type", form.FormDataContentType())
}

func TestASoundIsHeard(t *testing.T) {
	t.Parallel()
	listener := &ears{heard: transcription.Heard{Outcome: transcription.OutcomeHeard, Text: "hola", Confidence: 0.9, Language: "es", Duration: 1500 * time.Millisecond}}
	o := newOffice(t, func(options *api.Options) { options.Transcriber = listener })
	o.setUp(t)
	owner, _ := o.logIn(t, ownerEmail)
	ogg := []byte("OggS\x00\x02 and so on")
	for _, c := range []struct {
		name, field, kind string
		content           []byte
		status            int
		code              booking.Code
		mime              string
	}{
		{"a voice note", "file", "audio/ogg; codecs=opus", ogg, 200, "", "audio/ogg"},
		{"a type that says nothing", "file", "application/octet-stream", ogg, 200, "", "audio/ogg"},
		{"no type", "file", "", ogg, 200, "", "audio/ogg"},
		{"a picture", "file", "image/png", []byte("\x89PNG\r\n\x1a\n"), 415, api.CodeUnsupportedMediaType, ""},
		{"a picture without its type", "file", "application/octet-stream", []byte("\x89PNG\r\n\x1a\n"), 415, api.CodeUnsupportedMediaType, ""},
		{"a text", "file", "text/plain", []byte("hola"), 415, api.CodeUnsupportedMediaType, ""},
		{"an empty file", "file", "audio/ogg", nil, 422, booking.CodeInvalidInput, ""},
		{"another field", "sound", "audio/ogg", ogg, 422, booking.CodeInvalidInput, ""},
		{"the largest", "file", "audio/ogg", make([]byte, 16<<20), 200, "", "audio/ogg"},
		{"larger", "file", "audio/ogg", make([]byte, 16<<20+1), 413, api.CodeTooLarge, ""},
		{"much larger", "file", "audio/ogg", make([]byte, 17<<20), 413, api.CodeTooLarge, ""},
	} {
		t.Log(c.name)
		*listener = ears{heard: listener.heard}
		answer := o.send(t, owner, c.field, c.kind, c.content)
		if c.code != "" {
			requireProblem(t, answer, c.status, c.code)
			require.Zero(t, listener.size)
			continue
		}
		require.Equal(t, c.status, answer.Code, answer.Body.String())
		require.Equal(t, map[string]any{"outcome": "heard", "text": "hola", "confidence": 0.9, "language": "es", "duration_seconds": 1.5}, object(t, answer))
		require.Equal(t, c.mime, listener.mime)
		require.Equal(t, len(c.content), listener.size)
	}
	requireProblem(t, o.ask(t, owner, http.MethodPost, "/api/v1/audio/transcribe", `{"file":"x"}`), 415, api.CodeUnsupportedMediaType)
	requireProblem(t, o.ask(t, owner, http.MethodPost, "/api/v1/audio/transcribe", "no form", "Content-Type", "multipart/form-data; boundary=x"),
		400, api.CodeMalformed)
	requireProblem(t, o.send(t, "", "file", "audio/ogg", ogg), 401, booking.CodeUnauthorized)
}

func TestASoundThatIsNotHeard(t *testing.T) {
	t.Parallel()
	listener := &ears{}
	o := newOffice(t, func(options *api.Options) { options.Transcriber = listener })
	o.setUp(t)
	owner, _ := o.logIn(t, ownerEmail)
	for reason, want := range map[transcription.Reason]struct {
		status int
		code   booking.Code
	}{
		transcription.ReasonUnreadable: {422, api.CodeUnreadableSound}, transcription.ReasonTooLarge: {413, api.CodeTooLarge},
		transcription.ReasonTransient: {503, booking.CodeUnavailable}, transcription.ReasonBadKey: {503, booking.CodeUnavailable},
		transcription.ReasonModelMissing: {503, booking.CodeUnavailable},
	} {
		listener.err = &transcription.Error{Reason: reason, Cause: errors.New("the inside")}
		answer := o.send(t, owner, "file", "audio/ogg", []byte("OggS"))
		requireProblem(t, answer, want.status, want.code)
		require.NotContains(t, answer.Body.String(), "the inside")
	}
	silent := newOffice(t)
	silent.setUp(t)
	owner, _ = silent.logIn(t, ownerEmail)
	requireProblem(t, silent.send(t, owner, "file", "audio/ogg", []byte(strings.Repeat("x", 100))), 501, api.CodeNoSpeechService)
}
