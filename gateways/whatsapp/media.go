package whatsapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cabanas/gateways/internal/exchange"
	"cabanas/gateways/internal/lenient"
)

// MediaReason says what kept a file from being downloaded.
type MediaReason string

// The closed set of reasons; the comment says what to do.
const (
	MediaGone          MediaReason = "gone"           // unknown, or older than the seven days Meta keeps it: give up
	MediaTooLarge      MediaReason = "too_large"      // above Meta's own limit for its kind: give up
	MediaForbiddenHost MediaReason = "forbidden_host" // the address is not one of Meta's: give up
	MediaAccount       MediaReason = "account"        // our token is refused: an operator mends it, then the same download works
	MediaTransient     MediaReason = "transient"      // try again
)

// MediaError is a failed download. Nothing in it identifies a person, and no address is in it: those of files are secrets.
type MediaError struct {
	Reason     MediaReason
	HTTPStatus int           // 0 when there was no answer
	RetryAfter time.Duration // least wait before a repetition; 0 when nothing is known
	Cause      error         // may be nil
}

// Error gives the reason and the cause.
func (e *MediaError) Error() string {
	text := "whatsapp: download: " + string(e.Reason)
	if e.HTTPStatus != 0 {
		text += fmt.Sprintf(" (http %d)", e.HTTPStatus)
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap returns the cause, such as context.DeadlineExceeded.
func (e *MediaError) Unwrap() error { return e.Cause }

// Retryable reports whether the same download may work later.
func (e *MediaError) Retryable() bool { return e.Reason == MediaTransient || e.Reason == MediaAccount }

// File is a file that a person sent. Body ends with a [MediaError] when the file turns out to be larger than its kind may be;
// the caller closes it.
type File struct {
	// MIMEType as Meta gives it, parameters included: "audio/ogg; codecs=opus".
	MIMEType string
	// Size in bytes as Meta gives it, 0 when it does not.
	Size int64
	Body io.ReadCloser
}

const (
	// addressesTried is how many addresses are asked for: one that ended before its five minutes gets a successor.
	addressesTried = 2
	redirectsTaken = 3
	mediaAgent     = "cabanas"
)

// Limits by the beginning of the MIME type, in bytes (Meta, Cloud API media, 17 April 2026); documents are everything else.
var mediaLimits = []struct {
	kind string
	most int64
}{
	{"audio/", 16 << 20}, {"video/", 16 << 20}, {"image/", 5 << 20}, {"", 100 << 20},
}

// Download opens the file that a person sent under this media id. It asks for the address, which lives five minutes, takes it
// only within Meta's hosts (or the API's own, so that a stand-in may serve files), and reads no more than Meta's limit of the
// kind. ctx bounds the whole download, the reading of Body included. The error is always a [MediaError].
func (c *Client) Download(ctx context.Context, mediaID string) (File, error) {
	var failure *MediaError
	for range addressesTried {
		found, err := c.findMedia(ctx, mediaID)
		if err != nil {
			return File{}, err
		}
		if found.limit = limitOf(found.mime); found.size > found.limit {
			return File{}, &MediaError{Reason: MediaTooLarge}
		}
		response, err := c.open(ctx, found.address)
		if err != nil {
			return File{}, err
		}
		if response.StatusCode == http.StatusOK {
			return File{MIMEType: found.mime, Size: found.size, Body: &capped{body: response.Body, left: found.limit}}, nil
		}
		_ = response.Body.Close()
		if failure = refusedDownload(response); failure.Reason != MediaGone {
			return File{}, failure
		}
	}
	return File{}, failure
}

type foundMedia struct {
	address     string
	mime        string
	size, limit int64
}

// findMedia asks where a file is.
func (c *Client) findMedia(ctx context.Context, mediaID string) (foundMedia, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	address, err := c.object(mediaID)
	if err != nil {
		return foundMedia{}, &MediaError{Reason: MediaGone, Cause: err}
	}
	response, err := c.get(ctx, address, true)
	if err != nil {
		return foundMedia{}, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return foundMedia{}, &MediaError{Reason: MediaTransient, HTTPStatus: response.StatusCode, Cause: err}
	}
	answer, ok := lenient.Read(raw)
	if response.StatusCode/100 != 2 || !ok {
		return foundMedia{}, refusedMedia(response, raw)
	}
	found := foundMedia{address: answer.Text("url"), mime: answer.Text("mime_type")}
	if size, ok := answer.Integer("file_size"); ok {
		found.size = int64(size)
	}
	if found.address == "" {
		return foundMedia{}, &MediaError{Reason: MediaTransient, HTTPStatus: response.StatusCode, Cause: errNoAddress}
	}
	return found, nil
}

var (
	errNoAddress   = errors.New("answered without an address")
	errNoMediaID   = errors.New("no media id")
	errManyTurns   = errors.New("redirected too often")
	errBadRedirect = errors.New("redirected without an address")
)

// object is the address of an object beside the phone number that the client sends from.
func (c *Client) object(id string) (*url.URL, error) {
	if id == "" || strings.ContainsAny(id, "/?#.") {
		return nil, errNoMediaID
	}
	messages, err := url.Parse(c.endpoint)
	if err != nil {
		return nil, err
	}
	return messages.JoinPath("..", "..", id), nil
}

// open gets a file's address. Redirects are followed by hand: each step within the allowed hosts, the token only to the first.
func (c *Client) open(ctx context.Context, address string) (*http.Response, error) {
	at, err := url.Parse(address)
	if err != nil {
		return nil, &MediaError{Reason: MediaForbiddenHost}
	}
	first := at.Host
	for range redirectsTaken + 1 {
		if !c.servesMedia(at) {
			return nil, &MediaError{Reason: MediaForbiddenHost}
		}
		response, err := c.get(ctx, at, at.Host == first)
		if err != nil {
			return nil, err
		}
		if !isRedirect(response.StatusCode) {
			return response, nil
		}
		_ = response.Body.Close()
		next, err := response.Location()
		if err != nil {
			return nil, &MediaError{Reason: MediaTransient, HTTPStatus: response.StatusCode, Cause: errBadRedirect}
		}
		at = next
	}
	return nil, &MediaError{Reason: MediaTransient, Cause: errManyTurns}
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// mediaHosts are the domains under which Meta serves files.
var mediaHosts = []string{"fbsbx.com", "facebook.com", "fbcdn.net"}

// servesMedia keeps an answer of whatever origin from sending us into our own network. The API's own address is no news to
// anybody, so files may lie there too.
func (c *Client) servesMedia(at *url.URL) bool {
	if at.User != nil {
		return false
	}
	if own, err := url.Parse(c.endpoint); err == nil && at.Scheme == own.Scheme && at.Host == own.Host {
		return true
	}
	if at.Scheme != "https" || (at.Port() != "" && at.Port() != "443") {
		return false
	}
	host := strings.ToLower(strings.TrimSuffix(at.Hostname(), "."))
	for _, domain := range mediaHosts {
		if strings.HasSuffix(host, "."+domain) {
			return true
		}
	}
	return false
}

func (c *Client) get(ctx context.Context, address *url.URL, withToken bool) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, &MediaError{Reason: MediaForbiddenHost}
	}
	request.Header.Set("User-Agent", mediaAgent)
	if withToken {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, _, err := exchange.Do(c.http, request)
	if err != nil {
		return nil, &MediaError{Reason: MediaTransient, Cause: err}
	}
	return response, nil
}

// refusedMedia judges an answer of the Graph API that is no file's address.
func refusedMedia(response *http.Response, body json.RawMessage) error {
	_, _, err := read("find media", response, body, nil)
	failure := &MediaError{Reason: MediaTransient, HTTPStatus: response.StatusCode, Cause: err}
	refused, ok := errors.AsType[*Error](err)
	if !ok {
		return failure
	}
	failure.RetryAfter = refused.RetryAfter
	switch refused.Reason {
	case ReasonAccount:
		failure.Reason = MediaAccount
	case ReasonMessageInvalid, ReasonRecipient:
		// 100 with sub-code 33: no such object, or it is not there any more.
		failure.Reason = MediaGone
	case ReasonUnknown:
		if response.StatusCode/100 == 4 {
			failure.Reason = MediaGone
		}
	}
	return failure
}

// refusedDownload judges the answer of a file's address.
func refusedDownload(response *http.Response) *MediaError {
	failure := &MediaError{Reason: MediaTransient, HTTPStatus: response.StatusCode, RetryAfter: exchange.RetryAfter(response.Header)}
	switch response.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		failure.Reason = MediaAccount
	case http.StatusNotFound, http.StatusGone:
		failure.Reason = MediaGone
	}
	return failure
}

func limitOf(mime string) int64 {
	mime = strings.ToLower(strings.TrimSpace(mime))
	for _, limit := range mediaLimits {
		if strings.HasPrefix(mime, limit.kind) {
			return limit.most
		}
	}
	return 0
}

// capped reads a body up to a limit and fails beyond it, so that a wrong size in the announcement does not matter.
type capped struct {
	body io.ReadCloser
	left int64
}

// Read fails with [MediaTooLarge] at the first byte beyond the limit.
func (c *capped) Read(p []byte) (int, error) {
	// One byte more than allowed is asked for: only its coming tells a file of exactly the limit from a larger one.
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.body.Read(p)
	if int64(n) > c.left {
		n, c.left = int(c.left), 0
		return n, &MediaError{Reason: MediaTooLarge}
	}
	c.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &MediaError{Reason: MediaTransient, Cause: exchange.WithoutAddress(err)}
	}
	return n, err
}

// Close ends the download.
func (c *capped) Close() error { return c.body.Close() }
