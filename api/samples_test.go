package api_test

import (
	"image/jpeg"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
	"cabanas/samples"
)

func TestSamplePicturesAreServed(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	drawings, err := filepath.Glob("../samples/drawings/*.svg")
	require.NoError(t, err)
	require.NotEmpty(t, drawings)
	for _, drawing := range drawings {
		address := samples.Address("", strings.TrimSuffix(filepath.Base(drawing), ".svg"))
		answer := e.do(t, http.MethodGet, address, "")
		require.Equal(t, http.StatusOK, answer.Code, address)
		header := answer.Header()
		require.Equal(t, "image/jpeg", header.Get("Content-Type"))
		require.Equal(t, "public, max-age=86400", header.Get("Cache-Control"))
		require.Equal(t, strconv.Itoa(answer.Body.Len()), header.Get("Content-Length"))
		require.Less(t, answer.Body.Len(), 60_000, address)
		known := e.do(t, http.MethodGet, address, "", "If-None-Match", header.Get("ETag"))
		require.Equal(t, http.StatusNotModified, known.Code, address)
		picture, err := jpeg.DecodeConfig(answer.Body)
		require.NoError(t, err, address)
		require.Equal(t, []int{1200, 800}, []int{picture.Width, picture.Height}, address)
	}
	require.Equal(t, http.StatusOK, e.do(t, http.MethodHead, "/samples/nahuel-lago.jpg", "").Code)
	require.Equal(t, http.StatusMethodNotAllowed, e.do(t, http.MethodPost, "/samples/nahuel-lago.jpg", "").Code)
}

func TestNothingElseIsASamplePicture(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	for _, file := range []string{
		"", "nobody.jpg", "nahuel-lago", "nahuel-lago.svg", "NAHUEL-LAGO.JPG", ".jpg", "..jpg", "..%2Fsamples.go",
		"..%2Fpictures%2Fnahuel-lago.jpg", "%2e%2e%2fpictures%2fnahuel-lago.jpg", "..%5Cnahuel-lago.jpg", "nahuel-lago.jpg%00", "x/nahuel-lago.jpg",
	} {
		requireProblem(t, e.do(t, http.MethodGet, samples.Path+file, ""), 404, booking.CodeNotFound)
	}
}
