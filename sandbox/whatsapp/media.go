package whatsapp

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// media is a file a guest sent.
type media struct {
	ID   string    `json:"id"`
	MIME string    `json:"mime"`
	Data []byte    `json:"data"`
	At   time.Time `json:"at"`
}

const (
	mediaLives    = 7 * 24 * time.Hour
	mediaURLLives = 5 * time.Minute
)

func (s *Server) addMedia(mime string, data []byte) *media {
	m := &media{ID: s.numericID(16), MIME: mime, Data: data, At: s.o.Clock()}
	s.media[m.ID] = m
	s.o.Journal.Put(kindMedia, m.ID, m)
	return m
}

func (m *media) base64Hash() string {
	sum := sha256.Sum256(m.Data)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// url is a download address that ends five minutes from now.
func (s *Server) mediaURL(m *media) string {
	expires := strconv.FormatInt(s.o.Clock().Add(mediaURLLives).Unix(), 10)
	return s.o.PublicURL + "/lookaside/whatsapp_business/attachments/?mid=" + m.ID + "&ext=" + expires +
		"&hash=" + url.QueryEscape(s.mediaHash(m.ID, expires))
}

func (s *Server) mediaHash(id, expires string) string {
	mac := hmac.New(sha256.New, []byte(s.o.AppSecret))
	mac.Write([]byte(id + " " + expires))
	return hex.EncodeToString(mac.Sum(nil))
}

// serveObject answers GET /{version}/{id} for the phone number and for media.
func (s *Server) serveObject(w http.ResponseWriter, r *http.Request, id string) {
	s.mu.Lock()
	s.calls["get"]++
	m := s.media[id]
	now := s.o.Clock()
	s.mu.Unlock()
	if id == s.o.PhoneNumberID {
		answer(w, http.StatusOK, map[string]any{
			"id": id, "display_phone_number": s.o.DisplayPhoneNumber, "verified_name": s.o.BusinessName,
			"quality_rating": "GREEN", "code_verification_status": "VERIFIED", "platform_type": "CLOUD_API",
		})
		return
	}
	other := r.URL.Query().Get("phone_number_id")
	if m == nil || now.Sub(m.At) > mediaLives || (other != "" && other != s.o.PhoneNumberID) {
		s.refuse(w, &refusal{
			status: http.StatusBadRequest, code: codeInvalidParameter, subcode: subcodeNoObject,
			details: "Unsupported get request. The object does not exist",
		})
		return
	}
	sum := sha256.Sum256(m.Data)
	answer(w, http.StatusOK, map[string]any{
		"messaging_product": "whatsapp", "url": s.mediaURL(m), "mime_type": m.MIME, "sha256": hex.EncodeToString(sum[:]),
		"file_size": len(m.Data), "id": m.ID,
	})
}

func (s *Server) serveDownload(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s.mu.Lock()
	s.calls["download"]++
	m := s.media[q.Get("mid")]
	now := s.o.Clock()
	outage := s.faults.outage || s.faults.outageReset
	s.mu.Unlock()

	expires, _ := strconv.ParseInt(q.Get("ext"), 10, 64)
	genuine := hmac.Equal([]byte(q.Get("hash")), []byte(s.mediaHash(q.Get("mid"), q.Get("ext"))))
	switch {
	case outage:
		http.Error(w, "", http.StatusServiceUnavailable)
	case !s.authorized(r):
		http.Error(w, "", http.StatusUnauthorized)
	case m == nil || !genuine || now.Unix() > expires:
		http.Error(w, "", http.StatusNotFound)
	default:
		w.Header().Set("Content-Type", m.MIME)
		w.Header().Set("Content-Disposition", "attachment")
		_, _ = w.Write(m.Data)
	}
}

// standIn is a tiny file of each type, for guests who send something without saying what.
func standIn(kind string) (mime string, data []byte) {
	decode := func(s string) []byte {
		raw, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			panic(err)
		}
		return raw
	}
	switch kind {
	case "audio":
		return "audio/ogg; codecs=opus", []byte("OggS\x00\x02sandbox voice note")
	case "image":
		return "image/png", decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")
	case "sticker":
		return "image/webp", decode("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
	case "video":
		return "video/mp4", []byte("\x00\x00\x00\x18ftypmp42sandbox")
	}
	return "application/pdf", []byte("%PDF-1.4\n%sandbox\n")
}
