package ota

import (
	"crypto/subtle"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cabanas/sandbox/control"
)

// answer is what a fetch of a feed gets.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	delay   time.Duration
	trickle time.Duration
	cut     bool // the connection breaks in the middle of the body
}

// shown is what a feed last said, without the times of its events, and since when.
type shown struct {
	hash string
	at   time.Time
}

// serveFeed publishes a listing's calendar to whoever has its token.
func (s *Server) serveFeed(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	a := s.answer(r)
	s.mu.Unlock()
	s.send(w, r, a)
}

// serveAdmin is the address that Booking.com hands out; the calendar is elsewhere.
func (s *Server) serveAdmin(w http.ResponseWriter, r *http.Request) {
	target := s.o.PublicURL + "/ota/booking/" + url.PathEscape(r.PathValue("file"))
	http.Redirect(w, r, target+"?"+r.URL.RawQuery, http.StatusFound)
}

func (s *Server) answer(r *http.Request) *answer {
	query := r.URL.Query()
	name, calendar := strings.CutSuffix(r.PathValue("file"), ".ics")
	l := s.listings[key(r.PathValue("channel"), name)]
	if !calendar || l == nil {
		return refusing(http.StatusNotFound)
	}
	if subtle.ConstantTimeCompare([]byte(query.Get("token")), []byte(l.Token)) != 1 {
		return s.counted(l, r, refusing(http.StatusNotFound))
	}
	if query.Has(loop) {
		return redirect(s.onward(l, loop, query.Get(loop)))
	}
	if hop, _ := strconv.Atoi(query.Get("hop")); hop < l.faults.hops {
		return redirect(s.onward(l, "hop", query.Get("hop")))
	}
	a := s.published(l, r)
	a.delay, a.trickle = l.faults.delay, l.faults.trickle
	s.counted(l, r, a)
	l.faults.spend()
	return a
}

func (s *Server) published(l *listing, r *http.Request) *answer {
	f := &l.faults
	switch {
	case f.redirect == loop:
		return redirect(s.onward(l, loop, ""))
	case elsewhere[f.redirect] != "":
		return redirect(elsewhere[f.redirect])
	case f.redirect != "":
		return redirect(f.redirect)
	case f.status != 0:
		a := refusing(f.status)
		if f.retryAfter > 0 {
			a.header.Set("Retry-After", strconv.Itoa(f.retryAfter))
		}
		return a
	}
	channel := l.Settings.Channel
	now := s.now(channel).Add(f.skew)
	events := f.shownEvents(l.events(s.today(channel)), l.fetches.Count)
	a := &answer{status: http.StatusOK, header: http.Header{}}
	a.header.Set("Content-Type", "text/calendar; charset=utf-8")
	if f.etag || f.lastMod {
		l.remember(hash(string(l.write(events, time.Time{}, nil))), now)
		if l.unchanged(a.header, r.Header) && !f.spoils() {
			a.status = http.StatusNotModified
			return a
		}
	}
	a.body = l.write(events, now, f.junk())
	f.spoil(a)
	return a
}

// remember notes what the feed says now. Two states within a second differ in their Last-Modified, too.
func (l *listing) remember(hash string, now time.Time) {
	if l.shown.hash == hash {
		return
	}
	at := now.Truncate(time.Second)
	if l.shown.hash != "" && !at.After(l.shown.at) {
		at = l.shown.at.Add(time.Second)
	}
	l.shown = shown{hash, at}
}

// unchanged sets the validators of the answer and says whether the request has them already.
func (l *listing) unchanged(answer, request http.Header) bool {
	etag, modified := `"`+l.shown.hash[:32]+`"`, l.shown.at.UTC().Format(http.TimeFormat)
	if l.faults.etag {
		answer.Set("ETag", etag)
	}
	if l.faults.lastMod {
		answer.Set("Last-Modified", modified)
	}
	if asked := request.Get("If-None-Match"); asked != "" && l.faults.etag {
		return asked == etag
	}
	since, err := http.ParseTime(request.Get("If-Modified-Since"))
	return err == nil && l.faults.lastMod && !l.shown.at.After(since)
}

// counted notes a fetch that got its last answer.
func (s *Server) counted(l *listing, r *http.Request, a *answer) *answer {
	if l.fetches.Agents == nil {
		l.fetches.Agents, l.fetches.Statuses = map[string]int{}, map[int]int{}
	}
	at := s.now(l.Settings.Channel)
	l.fetches.Count++
	l.fetches.Agents[r.UserAgent()]++
	l.fetches.Statuses[a.status]++
	l.fetches.LastAt = &at
	return a
}

// onward is the feed's own address, one step further.
func (s *Server) onward(l *listing, param, step string) string {
	n, _ := strconv.Atoi(step)
	return s.publishedAt(l) + "&" + param + "=" + strconv.Itoa(n+1)
}

func (s *Server) publishedAt(l *listing) string {
	return s.o.PublicURL + "/ota/" + l.Settings.Channel + "/" + l.Settings.Listing + ".ics?token=" + l.Token
}

// feedURL is the address that the channel hands out.
func (s *Server) feedURL(l *listing) string {
	if !l.trait().admin {
		return s.publishedAt(l)
	}
	return s.o.PublicURL + "/ota/admin-" + control.ChannelBooking + "/" + l.Settings.Listing + ".ics?token=" + l.Token
}

func redirect(to string) *answer {
	a := refusing(http.StatusFound)
	a.header.Set("Location", to)
	return a
}

// send writes an answer as slowly as it is to be; it gives up with the client, or when the sandbox ends.
func (s *Server) send(w http.ResponseWriter, r *http.Request, a *answer) {
	if a.delay > 0 && !s.wait(r, a.delay) {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), a.header)
	if a.status == http.StatusNotModified {
		w.WriteHeader(a.status)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	body := a.body
	if a.cut {
		body = body[:len(body)/2]
	}
	for a.trickle > 0 && len(body) > trickled {
		_, _ = w.Write(body[:trickled])
		_ = http.NewResponseController(w).Flush()
		body = body[trickled:]
		if !s.wait(r, a.trickle) {
			panic(http.ErrAbortHandler)
		}
	}
	_, _ = w.Write(body)
	if a.cut {
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// trickled is how many octets a slow answer sends at once.
const trickled = 64

func (s *Server) wait(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
	case <-s.quit:
	}
	return false
}
