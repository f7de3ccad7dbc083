package dialogue

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cabanas/booking"
)

func TestMailTextsSayTheSame(t *testing.T) {
	t.Parallel()
	for _, other := range []*mailTexts{&portugueseMail, &englishMail} {
		require.ElementsMatch(t, slices.Collect(maps.Keys(spanishMail.Subjects)), slices.Collect(maps.Keys(other.Subjects)))
		for kind, subject := range spanishMail.Subjects {
			require.NotEmpty(t, other.Subjects[kind])
			require.Equal(t, namesIn(subject), namesIn(other.Subjects[kind]), kind)
		}
		for _, text := range []string{other.Other, other.Automatic, other.WriteUs, other.NoMore} {
			require.NotEmpty(t, text)
		}
	}
}

func noticeForMail(kind, language string) Notice {
	return Notice{
		Kind: kind, Language: language, Now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC),
		Property: booking.Property{Name: "Cabañas *del* <Río>", Location: time.UTC},
		Booking: BookingView{Code: "RES1", UnitName: "Cabaña & Co", Status: booking.Confirmed, Guests: 2, Total: booking.Pesos(100_000),
			Deposit: booking.Pesos(30_000), Paid: booking.Pesos(30_000), ExpiresAt: time.Date(2026, 11, 22, 12, 30, 0, 0, time.UTC),
			PaymentURL: "https://pay.test/a_b_c?x=1&y=2",
			Stay:       booking.Stay{CheckIn: booking.MustDate("2027-01-10"), CheckOut: booking.MustDate("2027-01-15")}},
	}
}

func TestMailSaysWhatWhatsAppSays(t *testing.T) {
	t.Parallel()
	subjects := map[string]string{"es": "Tu reserva RES1 está confirmada", "pt": "Sua reserva RES1 está confirmada", "en": "Your booking RES1 is confirmed", "": "Tu reserva RES1 está confirmada"}
	for language, subject := range subjects {
		notice := noticeForMail("confirmed", language)
		m := MailToGuest(notice, Compose(notice), "5492944123456")
		require.Equal(t, subject+" · Cabañas del <Río>", m.Subject)
		require.Contains(t, m.HTML, `<html lang="`+m.Language+`">`)
		require.Contains(t, m.HTML, "<strong>Cabaña &amp; Co</strong>")
		require.Contains(t, m.Plain, "\nCabaña & Co\n")
		for _, text := range []string{m.Plain, m.HTML} {
			require.NotContains(t, text, "*")
			require.NotContains(t, text, "<Río>")
			require.Contains(t, text, "https://wa.me/5492944123456")
		}
	}
	silent := MailToGuest(noticeForMail("confirmed", "es"), Reply{Body: "x"}, "")
	require.NotContains(t, silent.Plain, "wa.me")
}

func TestMailOfEachKindHasASubjectAndText(t *testing.T) {
	t.Parallel()
	for kind := range spanishMail.Subjects {
		for _, language := range []string{"es", "pt", "en"} {
			notice := noticeForMail(kind, language)
			notice.Document = Document{Number: "R-1", URL: "https://x.test/receipts/secret.pdf"}
			m := MailToGuest(notice, Compose(notice), "")
			require.NotContains(t, m.Subject+m.Plain+m.HTML, "{", kind)
			require.NotContains(t, m.Subject, "\n")
			require.NotContains(t, m.Plain+m.HTML, "secret", "a receipt goes as a file")
			require.NotEmpty(t, strings.TrimSpace(m.Plain))
		}
	}
}

func TestMailWithALinkHasAButton(t *testing.T) {
	t.Parallel()
	notice := noticeForMail("hold_half_time", "es")
	notice.Booking.Status = booking.PreReserved
	m := MailToGuest(notice, Compose(notice), "")
	require.Contains(t, m.Plain, ": https://pay.test/a_b_c?x=1&y=2\n")
	require.Contains(t, m.HTML, `<a href="https://pay.test/a_b_c?x=1&amp;y=2" style=`)
	evil := MailToGuest(notice, Reply{Kind: ReplyLink, Body: "x", LinkTitle: "Pagar", LinkURL: "javascript:alert(1)"}, "")
	require.NotContains(t, evil.Plain+evil.HTML, "javascript")
}

func TestMailToOwner(t *testing.T) {
	t.Parallel()
	reply := ComposeCalendar(CalendarNotice{Kind: "owner_calendar_conflict", UnitName: "Ciprés", Channel: "airbnb", Booking: "RES1", Status: booking.Confirmed,
		Today: booking.MustDate("2026-11-22")})
	m := MailToOwner(reply)
	require.Equal(t, "🚨 Doble reserva en Ciprés", m.Subject)
	require.Contains(t, m.Plain, "Qué hacer:")
	require.NotContains(t, m.Plain, toOwnerMail.Buttons)
	m = MailToOwner(Reply{Kind: ReplyButtons, Body: "*" + strings.Repeat("ñ", 200) + "*\nmás", Choices: []Choice{{ID: "x", Title: "Sí"}}})
	require.Len(t, []rune(m.Subject), longestSubject)
	require.Contains(t, m.Plain, toOwnerMail.Buttons)
	require.Contains(t, m.HTML, "<strong>ñ")
}

func TestMarksOfWhatsApp(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"*a* *b c*, (*d*).":                  "<strong>a</strong> <strong>b c</strong>, (<strong>d</strong>).",
		"_a_ y 2*3*4 * x * snake_case_name":  "<em>a</em> y 2*3*4 * x * snake_case_name",
		"* a*":                               "* a*",
		"*":                                  "*",
		"**":                                 "**",
		"*sin fin":                           "*sin fin",
		"<b>*<i>*":                           "&lt;b&gt;<strong>&lt;i&gt;</strong>",
		"ver https://a.test/_x_/?q=1&b=*c*.": `ver <a href="https://a.test/_x_/?q=1&amp;b=*c*">https://a.test/_x_/?q=1&amp;b=*c*</a>.`,
		`https://a.test/"onclick=x`:          `<a href="https://a.test/">https://a.test/</a>&#34;onclick=x`,
	}
	for text, want := range tests {
		require.Equal(t, want, markedLine(text, htmlSpan))
	}
	require.Equal(t, "a b\nc", plainMarks("*a* _b_\n*c*"))
}
