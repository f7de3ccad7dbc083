package ota

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"

	"cabanas/sandbox/control"
)

// The limits of an import.
const (
	pullTimeout   = 20 * time.Second
	maxCalendar   = 1 << 20 // octets
	maxRedirects  = 3
	keptRefusals  = 20
	shortestSleep = 5 * time.Millisecond
)

// Run imports our calendars, each at its listing's pace, until ctx ends.
func (s *Server) Run(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	for {
		for _, l := range s.dueNow() {
			running.Go(func() { s.pull(ctx, l) })
		}
		timer := time.NewTimer(s.untilDue())
		select {
		case <-timer.C:
		case <-s.changed:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

func (s *Server) dueNow() []*listing {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []*listing
	for _, l := range s.listings {
		if l.every > 0 && l.Settings.ImportURL != "" && !l.due.After(now) {
			l.due = now.Add(l.every)
			due = append(due, l)
		}
	}
	return due
}

func (s *Server) untilDue() time.Duration {
	wait := time.Hour
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.listings {
		if l.every > 0 && l.Settings.ImportURL != "" {
			wait = min(wait, time.Until(l.due))
		}
	}
	return max(wait, shortestSleep)
}

// wake lets Run look at what is due again.
func (s *Server) wake() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// pull imports our calendar into a listing. After a refusal the listing keeps the nights that it had.
func (s *Server) pull(ctx context.Context, l *listing) control.ChannelPull {
	l.pulling.Lock()
	defer l.pulling.Unlock()
	s.mu.Lock()
	settings, etag, modified := l.Settings, l.ETag, l.Modified
	s.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, pullTimeout)
	defer cancel()
	got, refused := s.fetch(ctx, settings, etag, modified)
	var events []imported
	if refused == nil && got.status != http.StatusNotModified {
		events, refused = readExport(got.body)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	done := control.ChannelPull{At: s.now(settings.Channel), Status: got.status, Bytes: len(got.body)}
	switch {
	case refused != nil:
		done.Refused, done.Reason = refused.code, refused.reason
		l.Refusals = append(l.Refusals, done)
		l.Refusals = l.Refusals[max(0, len(l.Refusals)-keptRefusals):]
		s.o.Logger.Warn("sandbox channel refuses the calendar", "channel", settings.Channel, "listing", settings.Listing, "reason", refused.code)
	case got.status == http.StatusNotModified:
		done.Unchanged = true
	default:
		l.Imported, l.ETag, l.Modified = events, got.header.Get("ETag"), got.header.Get("Last-Modified")
	}
	l.Pulls++
	last := done
	l.Last = &last
	if s.listings[l.key()] == l {
		s.keep(l)
	}
	if done.Refused == "" && !done.Unchanged {
		done.Events = viewImported(events)
	}
	return done
}

// fetched is our answer to a channel.
type fetched struct {
	status int
	header http.Header
	body   []byte
}

func (s *Server) fetch(ctx context.Context, settings control.ChannelListing, etag, modified string) (fetched, *refusal) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, settings.ImportURL, nil)
	if err != nil {
		return fetched{}, refuse(refusedUnreachable, "the address is not one")
	}
	req.Header.Set("User-Agent", traits[settings.Channel].agent)
	if settings.ConditionalPull && etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	if settings.ConditionalPull && modified != "" {
		req.Header.Set("If-Modified-Since", modified)
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return fetched{}, refuse(refusedUnreachable, "%s", reasonOf(err))
	}
	defer func() { _ = resp.Body.Close() }()
	got := fetched{status: resp.StatusCode, header: resp.Header}
	if got.status == http.StatusNotModified && req.Header.Get("If-None-Match")+req.Header.Get("If-Modified-Since") != "" {
		return got, nil
	}
	if got.status != http.StatusOK {
		return got, refuse(refusedStatus, "status %d", got.status)
	}
	got.body, err = io.ReadAll(io.LimitReader(resp.Body, maxCalendar+1))
	if err != nil {
		return got, refuse(refusedUnreachable, "the answer breaks off: %s", reasonOf(err))
	}
	kind, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case err != nil || kind != "text/calendar":
		return got, refuse(refusedType, "Content-Type is not text/calendar")
	case params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8"):
		return got, refuse(refusedType, "the charset is not UTF-8")
	case len(got.body) > maxCalendar:
		return got, refuse(refusedSize, "it has more than %d octets", maxCalendar)
	}
	return got, nil
}

// reasonOf leaves the address out of an error, as it holds a token.
func reasonOf(err error) string {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return err.Error()
}

func newClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: 30 * time.Second},
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return fmt.Errorf("more than %d redirects", maxRedirects)
			}
			return nil
		},
	}
}

func viewImported(events []imported) []control.ChannelEvent {
	view := make([]control.ChannelEvent, 0, len(events))
	for _, e := range events {
		view = append(view, control.ChannelEvent{UID: e.UID, CheckIn: e.Stay.From.String(), CheckOut: e.Stay.To.String(), Summary: e.Summary})
	}
	return view
}
