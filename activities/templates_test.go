package activities_test

import (
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cabanas/booking"
	"cabanas/dialogue"
	"cabanas/gateways/whatsapp"
	"cabanas/sandbox/control"
	"cabanas/sandbox/journal"
	stand "cabanas/sandbox/whatsapp"
	"cabanas/store/postgres"
	"cabanas/workflows"
)

// documented is a template as docs/whatsapp-templates.md tells the operator to submit it.
type documented struct {
	texts   map[string]string // by language
	samples []string
}

var (
	heading    = regexp.MustCompile("^## `([a-z_]+)`$")
	textRow    = regexp.MustCompile("^\\| `([a-z]{2}(?:_[A-Z]{2})?)` \\| (.+) \\|$")
	sampleRow  = regexp.MustCompile("^\\| `\\{\\{(\\d+)\\}\\}` \\| .+ \\| (.+) \\|$")
	placehold  = regexp.MustCompile(`\{\{(\d+)\}\}`)
	startOrEnd = regexp.MustCompile(`^\W*\{\{|\}\}\W*$`)
)

func readTemplates(t *testing.T) map[string]*documented {
	t.Helper()
	page, err := os.ReadFile("../docs/whatsapp-templates.md")
	require.NoError(t, err)
	templates := map[string]*documented{}
	var current *documented
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		if found := heading.FindStringSubmatch(line); found != nil {
			current = &documented{texts: map[string]string{}}
			templates[found[1]] = current
		} else if found := textRow.FindStringSubmatch(line); found != nil {
			current.texts[found[1]] = found[2]
		} else if found := sampleRow.FindStringSubmatch(line); found != nil {
			current.samples = append(current.samples, found[2])
		}
	}
	require.NotEmpty(t, templates)
	return templates
}

func TestDocumentedTemplatesAreWhatTheSandboxApproves(t *testing.T) {
	t.Parallel()
	templates, known := readTemplates(t), 0
	for _, spec := range stand.DefaultTemplates() {
		require.Contains(t, templates, spec.Name)
		require.Equal(t, templates[spec.Name].texts[spec.Language], spec.Text, "%s %s", spec.Name, spec.Language)
		require.Len(t, templates[spec.Name].samples, spec.Params, spec.Name)
		known++
	}
	for name, template := range templates {
		require.Contains(t, template.texts, "es_AR", name)
		known -= len(template.texts)
		for language, text := range template.texts {
			// What Meta refuses at submission.
			require.NotRegexp(t, startOrEnd, text, "%s %s begins or ends with a variable", name, language)
			require.LessOrEqual(t, utf8.RuneCountInString(text), 1024)
			for n, found := range placehold.FindAllStringSubmatch(text, -1) {
				require.Equal(t, found[1], string(rune('1'+n)), "%s %s: variables in order", name, language)
			}
			require.Len(t, placehold.FindAllString(text, -1), len(template.samples), "%s %s", name, language)
		}
		for _, sample := range template.samples {
			require.NotEmpty(t, sample)
		}
	}
	require.Zero(t, known, "the page and the sandbox have the same templates")
}

// everyKind is every notice there is.
var everyKind = []workflows.NoticeKind{
	workflows.NoticeHold, workflows.NoticeHalfTime, workflows.NoticeLastCall, workflows.NoticeExpired, workflows.NoticeExtended,
	workflows.NoticeConfirmed, workflows.NoticeLateConfirmed, workflows.NoticeLateRefund, workflows.NoticeSurplus, workflows.NoticeShort,
	workflows.NoticePending, workflows.NoticeRejected, workflows.NoticeCancelled, workflows.NoticeArrival, workflows.NoticeThanks,
	workflows.NoticeOwnerConfirmed, workflows.NoticeOwnerCancelled, workflows.NoticeOwnerPayment, workflows.NoticeOwnerHandOver,
	workflows.NoticeAlternative, workflows.NoticeCounted, workflows.NoticeReturned, workflows.NoticeOwnerAlternative, workflows.NoticeOwnerLedger,
	workflows.NoticeOwnerReceipt, workflows.NoticeOwnerUnsent, workflows.NoticeOwnerAccount, workflows.NoticeStayChanged,
}

// everyNotice words every notice in every language, with and without a link, as a hold and as a booking, with short and long
// names.
func everyNotice() map[string]dialogue.Reply {
	now := time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
	replies := map[string]dialogue.Reply{}
	for _, kind := range everyKind {
		for _, language := range []string{"es", "pt", "en"} {
			for _, status := range []booking.Status{booking.PreReserved, booking.Confirmed, booking.Expired} {
				for _, long := range []int{1, 300} {
					view := dialogue.BookingView{Code: "RES261122A1B2C3", UnitName: strings.Repeat("Ñandú ", long), Status: status, Guests: 4,
						Stay:  booking.Stay{CheckIn: booking.MustDate("2027-01-10"), CheckOut: booking.MustDate("2027-01-15")},
						Total: booking.Pesos(33_400_000), Deposit: booking.Pesos(10_020_000), ExpiresAt: now.Add(time.Hour)}
					view.Alternative = &dialogue.AlternativeView{UnitName: view.UnitName, Stay: view.Stay.Shift(long % 2), ExpiresAt: now.Add(time.Hour),
						Price: view.Total, Open: status == booking.Expired, Taken: status == booking.Confirmed}
					reason := dialogue.ReasonAsked
					if long == 1 {
						reason = ""
						view.PaymentURL = "https://www.mercadopago.com.ar/checkout/v1/redirect?pref_id=123"
					}
					replies[strings.Join([]string{string(kind), language, string(status), view.PaymentURL}, " ")] = dialogue.Compose(dialogue.Notice{
						Kind: string(kind), Language: language, Booking: view, GuestName: strings.Repeat("Ana ", long), GuestPhone: "541155550101",
						GuestID: 7, Reason: reason, Amount: booking.Pesos(50_000), Problem: "recipient", LastText: strings.Repeat("quiero hablar\n", long),
						Property: booking.Property{Name: "Cabañas", Location: time.UTC}, Now: now})
				}
			}
		}
	}
	return replies
}

func TestEveryNoticeHasATemplateThatIsDocumented(t *testing.T) {
	t.Parallel()
	templates, used := readTemplates(t), map[string]bool{}
	for name, reply := range everyNotice() {
		require.NotNil(t, reply.Template, name)
		call := reply.Template
		used[call.Name] = true
		require.Contains(t, templates, call.Name, name)
		require.Contains(t, templates[call.Name].texts, call.Language, name)
		require.Len(t, call.Parameters, len(templates[call.Name].samples), name)
	}
	require.Len(t, used, len(templates), "no template is submitted for nothing")
}

// graph is the sandbox's WhatsApp, which checks every limit by itself.
func graph(t *testing.T) (*whatsapp.Client, *httptest.Server) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	records, err := journal.Open("", log)
	require.NoError(t, err)
	server, err := stand.New(stand.Options{PhoneNumberID: ourNumber, DisplayPhoneNumber: "+5493510000000", AccessToken: "token", AppSecret: "secret",
		Clock: time.Now, Journal: records, Logger: log, Rand: rand.New(rand.NewPCG(1, 2)), DeliveredAfter: time.Hour})
	require.NoError(t, err)
	mux := http.NewServeMux()
	server.Mount(mux)
	served := httptest.NewServer(mux)
	t.Cleanup(func() {
		server.Close()
		served.Close()
	})
	client, err := whatsapp.New(whatsapp.Options{BaseURL: served.URL + "/graph", PhoneID: ourNumber, Token: "token"})
	require.NoError(t, err)
	return client, served
}

func TestEveryNoticeIsTakenInsideAndOutsideTheWindow(t *testing.T) {
	t.Parallel()
	client, served := graph(t)
	phone := control.NewClient(served.URL, served.Client())
	for _, open := range []bool{false, true} {
		_, err := phone.Send(t.Context(), control.Inbound{From: "5491155550101", Text: "hola", NoWebhook: true})
		require.NoError(t, err)
		require.NoError(t, phone.SetWindow(t.Context(), "5491155550101", open))
		for name, reply := range everyNotice() {
			window := time.Time{}
			if open {
				window = time.Now().Add(time.Hour)
			}
			store := queued(t, reply, window)
			a := messaging(store, nil)
			a.WhatsApp = client
			require.NoError(t, deliver(a), name)
			require.Equal(t, postgres.MessageSent, store.message.Status, "%s: %s", name, store.reason)
		}
	}
}

func TestNoReplyBreaksALimitOfMeta(t *testing.T) {
	t.Parallel()
	client, served := graph(t)
	phone := control.NewClient(served.URL, served.Client())
	_, err := phone.Send(t.Context(), control.Inbound{From: "5491155550101", Text: "hola", NoWebhook: true})
	require.NoError(t, err)
	rapid.Check(t, func(rt *rapid.T) {
		window := time.Time{}
		if rapid.Bool().Draw(rt, "window open") {
			window = time.Now().Add(time.Hour)
		}
		store := queued(t, anyReply(rt), window)
		a := messaging(store, nil)
		a.WhatsApp = client
		require.NoError(rt, deliver(a))
		if store.message.Status == postgres.MessageFailed {
			require.Contains(rt, []string{"unsendable", "window_closed"}, store.reason, "never refused by Meta for its form")
		}
	})
}

func anyReply(t *rapid.T) dialogue.Reply {
	text := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.RuneFrom([]rune("aá 👍🏽❤️\u200d🇦🇷\n")), 0, 1500, -1))
	choice := rapid.Custom(func(t *rapid.T) dialogue.Choice {
		return dialogue.Choice{ID: rapid.StringMatching(`[a-z_]{1,12}`).Draw(t, "id"), Title: text.Draw(t, "title"), Description: text.Draw(t, "description")}
	})
	reply := dialogue.Reply{
		Kind: rapid.SampledFrom([]dialogue.ReplyKind{dialogue.ReplyText, dialogue.ReplyButtons, dialogue.ReplyList, dialogue.ReplyLink,
			dialogue.ReplyPicture, dialogue.ReplyLocation}).Draw(t, "kind"),
		Body: text.Draw(t, "body"), Header: text.Draw(t, "header"), Footer: text.Draw(t, "footer"), ListButton: text.Draw(t, "list button"),
		Choices: rapid.SliceOfN(choice, 0, 11).Draw(t, "choices"), LinkTitle: text.Draw(t, "link title"),
		LinkURL:  rapid.SampledFrom([]string{"https://x.y/z", "http://localhost/a b", "nothing", ""}).Draw(t, "link"),
		Latitude: rapid.Float64Range(-100, 100).Draw(t, "lat"), Longitude: rapid.Float64Range(-200, 200).Draw(t, "lng"),
	}
	if rapid.Bool().Draw(t, "template") {
		reply.Template = &dialogue.Template{Name: "payment_update", Language: "es_AR", Parameters: []string{text.Draw(t, "code"), text.Draw(t, "sentence")}}
	}
	return reply
}
