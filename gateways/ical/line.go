package ical

import "bytes"

// line is one content line: unfolded, and cut into its parts. The parts are only good until the next call of [lines.next].
type line struct {
	number              int // of its first physical line, from 1
	name, params, value []byte
	junk                bool // no property: the parts are empty
}

// lines cuts a body into content lines. Lines end with CRLF, LF or a lone CR, in any mixture. A fold is taken out of the bytes,
// before anybody looks at characters, because writers fold inside of them; empty lines before a fold do not end it.
type lines struct {
	body   []byte
	at     int    // where the next physical line begins
	feed   int    // the next LF at or after at, or the end of the body
	number int    // of physical lines taken so far
	folded []byte // reused by lines that had to be put together
}

func newLines(body []byte) *lines { return &lines{body: body, feed: -1} }

// next returns the next line that is not empty.
func (l *lines) next() (line, bool) {
	for l.at < len(l.body) {
		text := l.physical()
		if len(text) == 0 {
			continue
		}
		number := l.number
		if l.continues() {
			l.folded = append(l.folded[:0], text...)
			for l.continues() {
				l.folded = append(l.folded, l.continuation()...)
			}
			text = l.folded
		}
		if text = bytes.TrimRight(text, " \t"); len(text) == 0 {
			continue
		}
		cut := parts(text)
		cut.number = number
		return cut, true
	}
	return line{}, false
}

func (l *lines) physical() []byte {
	if l.feed < l.at {
		l.feed = len(l.body)
		if next := bytes.IndexByte(l.body[l.at:], '\n'); next >= 0 {
			l.feed = l.at + next
		}
	}
	l.number++
	text, after := l.body[l.at:l.feed], l.feed+1
	if end := bytes.IndexByte(text, '\r'); end >= 0 {
		if l.at+end+1 != l.feed {
			after = l.at + end + 1
		}
		text = text[:end]
	}
	l.at = min(after, len(l.body))
	return text
}

func (l *lines) continues() bool {
	at := l.at
	for at < len(l.body) && (l.body[at] == '\r' || l.body[at] == '\n') {
		at++
	}
	return at < len(l.body) && (l.body[at] == ' ' || l.body[at] == '\t')
}

func (l *lines) continuation() []byte {
	for {
		if text := l.physical(); len(text) > 0 {
			return text[1:]
		}
	}
}

// parts cuts NAME;PARAMS:VALUE. A colon in quotes belongs to the parameters, unless the quotes never end.
func parts(text []byte) line {
	nameEnd := bytes.IndexAny(text, ":;")
	if nameEnd < 0 {
		return line{junk: true}
	}
	name := bytes.TrimRight(text[:nameEnd], " \t")
	if !isName(name) {
		return line{junk: true}
	}
	if text[nameEnd] == ':' {
		return line{name: name, value: text[nameEnd+1:]}
	}
	params := text[nameEnd+1:]
	colon := outsideQuotes(params, ':')
	if colon < 0 {
		colon = bytes.IndexByte(params, ':')
	}
	if colon < 0 {
		return line{junk: true}
	}
	return line{name: name, params: params[:colon], value: params[colon+1:]}
}

func isName(name []byte) bool {
	for _, c := range name {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return len(name) > 0
}

func outsideQuotes(text []byte, wanted byte) int {
	quoted := false
	for i, c := range text {
		switch {
		case c == '"':
			quoted = !quoted
		case c == wanted && !quoted:
			return i
		}
	}
	return -1
}

// param returns the value of a parameter without its quotes, or "".
func param(params []byte, name string) string {
	for len(params) > 0 {
		one := params
		if end := outsideQuotes(params, ';'); end >= 0 {
			one, params = params[:end], params[end+1:]
		} else {
			params = nil
		}
		key, value, _ := bytes.Cut(one, []byte("="))
		if bytes.EqualFold(bytes.TrimSpace(key), []byte(name)) {
			return string(bytes.Trim(value, "\" \t"))
		}
	}
	return ""
}
