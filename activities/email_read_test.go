package activities_test

import (
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/gateways/email/emailtest"
)

var decoder = new(mime.WordDecoder)

// decoded is the first part of a mail that has a type.
func decoded(t *testing.T, m emailtest.Mail, mediaType string) []byte {
	t.Helper()
	message := m.Message(t)
	content := find(t, message.Header.Get("Content-Type"), message.Header.Get("Content-Transfer-Encoding"), message.Body, mediaType)
	require.NotNil(t, content, "no %s", mediaType)
	return content
}

func find(t *testing.T, contentType, encoding string, body io.Reader, wanted string) []byte {
	t.Helper()
	mediaType, params, err := mime.ParseMediaType(contentType)
	require.NoError(t, err)
	if params["boundary"] != "" {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			part, err := parts.NextRawPart()
			if err == io.EOF {
				return nil
			}
			require.NoError(t, err)
			if content := find(t, part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part, wanted); content != nil {
				return content
			}
		}
	}
	if mediaType != wanted {
		return nil
	}
	switch encoding {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	content, err := io.ReadAll(body)
	require.NoError(t, err)
	return content
}

func mustURL(text string) *url.URL {
	parsed, err := url.Parse(text)
	if err != nil {
		panic(err)
	}
	return parsed
}
