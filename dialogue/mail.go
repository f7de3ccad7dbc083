package dialogue

import (
	"html"
	"regexp"
	"strings"
	"unicode"
)

// Mail is a message as an e-mail, stored as JSON with the mail it becomes. Plain and HTML say the same.
type Mail struct {
	Subject  string `json:"subject"`
	Plain    string `json:"plain"`
	HTML     string `json:"html"`
	Language string `json:"language"`
}

// longestSubject is what mail programs show of a subject, roughly.
const longestSubject = 120

// MailToGuest makes a mail of a notice worded by [Compose]. Buttons that answer are left out; whatsApp, the digits of our number
// or empty, is where to answer instead.
func MailToGuest(notice Notice, reply Reply, whatsApp string) Mail {
	language := languageCatalogue(notice.Language).Code
	t := mailTextsOf(language)
	subject := t.Subjects[notice.Kind]
	if subject == "" {
		subject = t.Other
	}
	subject = say(subject, "code", notice.Booking.Code, "number", notice.Document.Number)
	if name := shown(notice.Property.Name, longestName); name != "" {
		subject += " · " + name
	}
	end := []string{t.Automatic}
	if whatsApp != "" {
		end = []string{t.Automatic + " " + t.WriteUs + " https://wa.me/" + whatsApp, t.NoMore}
	}
	return mail(subject, language, reply, end)
}

// MailToOwner makes a mail of a notice to the owner; its subject is the first line.
func MailToOwner(reply Reply) Mail {
	first, _, _ := strings.Cut(strings.TrimSpace(reply.Body), "\n")
	end := []string{toOwnerMail.Automatic}
	if len(reply.Choices) > 0 {
		end = []string{toOwnerMail.Buttons, toOwnerMail.Automatic}
	}
	return mail(plainMarks(first), spanish.Code, reply, end)
}

func mail(subject, language string, reply Reply, end []string) Mail {
	body := strings.TrimSpace(strings.ReplaceAll(reply.Body, hardSpace, " "))
	link := ""
	if reply.Kind == ReplyLink && isWeb(reply.LinkURL) {
		link = reply.LinkURL
	}
	m := Mail{Subject: cut(oneLine(strings.ReplaceAll(subject, hardSpace, " ")), longestSubject), Language: language, Plain: plainMarks(body)}
	if link != "" {
		m.Plain += "\n\n" + reply.LinkTitle + ": " + link
	}
	m.Plain += "\n\n-- \n" + strings.Join(end, "\n") + "\n"
	m.HTML = page(m.Subject, language, body, reply.LinkTitle, link, end)
	return m
}

// page is HTML that every mail program shows: no style sheet, no picture, no script.
func page(title, language, body, linkTitle, link string, end []string) string {
	var b strings.Builder
	b.WriteString(`<!doctype html><html lang="` + language + `"><head><meta charset="utf-8"><title>` + html.EscapeString(title) + `</title></head>` +
		`<body style="font-family:sans-serif;font-size:16px;line-height:1.5;color:#222"><div style="max-width:560px;margin:0 auto;padding:16px">`)
	paragraphs(&b, body)
	if link != "" {
		b.WriteString(`<p><a href="` + html.EscapeString(link) +
			`" style="display:inline-block;padding:10px 18px;background:#1a6b3c;color:#fff;border-radius:6px;text-decoration:none">` +
			html.EscapeString(linkTitle) + `</a></p>`)
	}
	b.WriteString(`<hr style="border:none;border-top:1px solid #ddd"><div style="font-size:13px;color:#666">`)
	paragraphs(&b, strings.Join(end, "\n"))
	b.WriteString("</div></div></body></html>\n")
	return b.String()
}

func paragraphs(b *strings.Builder, text string) {
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		if paragraph = strings.Trim(paragraph, "\n"); paragraph == "" {
			continue
		}
		b.WriteString("<p>")
		for n, line := range strings.Split(paragraph, "\n") {
			if n > 0 {
				b.WriteString("<br>")
			}
			b.WriteString(markedLine(line, htmlSpan))
		}
		b.WriteString("</p>")
	}
}

func isWeb(address string) bool { return webAddress.FindString(address) == address && address != "" }

// webAddress ends before what only closes the sentence.
var webAddress = regexp.MustCompile(`https?://[^\s<>"]*[^\s<>".,;:!?)\]]`)

// span is a piece of a line: mark is 0 for plain text, * or _ for what WhatsApp shows bold or slanted, / for a web address.
type span func(text string, mark rune) string

func plainSpan(text string, _ rune) string { return text }

func htmlSpan(text string, mark rune) string {
	text = html.EscapeString(text)
	switch mark {
	case '*':
		return "<strong>" + text + "</strong>"
	case '_':
		return "<em>" + text + "</em>"
	case '/':
		return `<a href="` + text + `">` + text + "</a>"
	}
	return text
}

// plainMarks takes WhatsApp's marks out of a text.
func plainMarks(text string) string {
	lines := strings.Split(text, "\n")
	for n, line := range lines {
		lines[n] = markedLine(line, plainSpan)
	}
	return strings.Join(lines, "\n")
}

// markedLine writes a line piece by piece. Signs in a web address are part of it.
func markedLine(line string, write span) string {
	var b strings.Builder
	for line != "" {
		at := webAddress.FindStringIndex(line)
		if at == nil {
			at = []int{len(line), len(line)}
		}
		marked(&b, []rune(line[:at[0]]), write)
		if at[0] < at[1] {
			b.WriteString(write(line[at[0]:at[1]], '/'))
		}
		line = line[at[1]:]
	}
	return b.String()
}

func marked(b *strings.Builder, text []rune, write span) {
	from := 0
	for n := 0; n < len(text); n++ {
		end := closing(text, n)
		if end < 0 {
			continue
		}
		b.WriteString(write(string(text[from:n]), 0))
		b.WriteString(write(string(text[n+1:end]), text[n]))
		n, from = end, end+1
	}
	b.WriteString(write(string(text[from:]), 0))
}

// closing finds where the mark at a position ends, -1 when it marks nothing: as in WhatsApp, marks hug what they mark and stand
// outside of words.
func closing(text []rune, at int) int {
	mark := text[at]
	if mark != '*' && mark != '_' || at > 0 && isWord(text[at-1]) || at+1 >= len(text) || unicode.IsSpace(text[at+1]) {
		return -1
	}
	for n := at + 2; n < len(text); n++ {
		if text[n] == mark && !unicode.IsSpace(text[n-1]) && (n+1 == len(text) || !isWord(text[n+1])) {
			return n
		}
	}
	return -1
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
