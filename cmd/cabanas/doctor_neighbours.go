package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cabanas/activities"
	"cabanas/gateways/email"
	"cabanas/gateways/mercadopago"
	"cabanas/gateways/transcription"
	"cabanas/gateways/whatsapp"
	"cabanas/internal/doctor"
	"cabanas/store/postgres"
	"cabanas/store/redis"
)

const (
	// argentina is the market whose rules the product is built to.
	argentina = "MLA"
	// certificateLeft is how long before its end a certificate is complained of.
	certificateLeft = 14 * 24 * time.Hour
	longestAnswer   = 64 << 10
)

// lookAtAddress goes the way that guests, Meta and Mercado Pago go: through BASE_URL.
func (e examination) lookAtAddress(ctx context.Context) []doctor.Finding {
	health, _, state, err := e.visit(ctx, nil, "readyz")
	if err != nil {
		return []doctor.Finding{doctor.Fail("start the api; let name, proxy and firewall of BASE_URL lead to it", "%s does not answer: %s", e.config.BaseURL.Host, oneLine(err.Error()))}
	}
	if health != http.StatusOK {
		return []doctor.Finding{doctor.Fail("see /healthz and the log of the api", "/readyz answers %d", health)}
	}
	findings := []doctor.Finding{doctor.Fine("%s answers", e.config.BaseURL.Host)}
	if state != nil && len(state.PeerCertificates) > 0 {
		if left := state.PeerCertificates[0].NotAfter.Sub(e.now()); left < certificateLeft {
			findings = append(findings, doctor.Warn("renew it (docs/deployment.md)", "the certificate ends in %d days", int(left.Hours()/24)))
		}
	}
	return append(findings, e.lookAtWebhooks(ctx))
}

// lookAtWebhooks does Meta's handshake.
func (e examination) lookAtWebhooks(ctx context.Context) doctor.Finding {
	challenge := rand.Text()
	status, answer, _, err := e.visit(ctx, url.Values{
		"hub.mode": {"subscribe"}, "hub.challenge": {challenge}, "hub.verify_token": {e.config.WhatsApp.VerifyToken.Reveal()},
	}, "api", "v1", "webhooks", "whatsapp")
	switch {
	case err != nil:
		return doctor.Fail("see the log of the api", "the webhook address does not answer: %s", oneLine(err.Error()))
	case status != http.StatusOK || answer != challenge:
		return doctor.Fail("give the api the same WHATSAPP_VERIFY_TOKEN, and let the proxy pass /api/v1/webhooks/", "Meta's handshake is answered %d", status)
	}
	return doctor.Fine("Meta's handshake works")
}

func (e examination) visit(ctx context.Context, query url.Values, path ...string) (status int, body string, state *tls.ConnectionState, err error) {
	address := e.config.BaseURL.JoinPath(path...)
	address.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return 0, "", nil, err
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err // without the address, whose query has the token
		}
		return 0, "", nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, longestAnswer))
	return response.StatusCode, string(answer), response.TLS, err
}

func (e examination) lookAtWhatsApp(ctx context.Context) []doctor.Finding {
	client, err := whatsapp.New(whatsapp.Options{
		BaseURL: e.config.WhatsApp.APIURL.String(), Version: e.config.WhatsApp.APIVersion, PhoneID: e.config.WhatsApp.PhoneID,
		Token: e.config.WhatsApp.AccessToken.Reveal(),
	})
	if err != nil {
		return []doctor.Finding{doctor.Fail("mend WHATSAPP_*", "%s", oneLine(err.Error()))}
	}
	number, err := client.Number(ctx)
	switch whatsapp.ReasonOf(err) {
	case whatsapp.ReasonAccount:
		return []doctor.Finding{doctor.Fail("make a new system user token with whatsapp_business_messaging and set WHATSAPP_ACCESS_TOKEN", "%s", oneLine(err.Error()))}
	case whatsapp.ReasonMessageInvalid:
		return []doctor.Finding{doctor.Fail("mend WHATSAPP_PHONE_ID (the id of the number, not the number), or give the token's user that number", "%s", oneLine(err.Error()))}
	}
	if err != nil {
		return []doctor.Finding{doctor.Fail("see WHATSAPP_API_URL, WHATSAPP_API_VERSION and Meta's status page", "%s", oneLine(err.Error()))}
	}
	findings := []doctor.Finding{doctor.Fine("number answers, quality %s", strings.ToLower(number.Quality))}
	if number.Quality == "RED" || number.Quality == "YELLOW" {
		findings = append(findings, doctor.Warn("see in WhatsApp Manager which messages people block", "Meta rates the number %s and may limit it", strings.ToLower(number.Quality)))
	}
	if number.Name == "" {
		findings = append(findings, doctor.Warn("let Meta approve the display name in WhatsApp Manager", "guests see a number without a name"))
	}
	return findings
}

func (e examination) lookAtMercadoPago(ctx context.Context) []doctor.Finding {
	client, err := mercadopago.New(mercadopago.Options{BaseURL: e.config.MercadoPago.APIURL.String(), Token: e.config.MercadoPago.AccessToken.Reveal()})
	if err != nil {
		return []doctor.Finding{doctor.Fail("mend MERCADOPAGO_*", "%s", oneLine(err.Error()))}
	}
	account, err := client.Account(ctx)
	if err != nil {
		return []doctor.Finding{doctor.Fail("see MERCADOPAGO_ACCESS_TOKEN (production credentials of the application) and MERCADOPAGO_API_URL", "%s", oneLine(err.Error()))}
	}
	findings := []doctor.Finding{doctor.Fine("the token is of account %d", account.ID)}
	if expected := e.config.MercadoPago.CollectorID; expected != 0 && expected != account.ID {
		findings = append(findings, doctor.Fail("set MERCADOPAGO_COLLECTOR_ID to the account that collects", "MERCADOPAGO_COLLECTOR_ID is %d: no payment would count", expected))
	}
	if account.Site != argentina {
		findings = append(findings, doctor.Warn("use an Argentine account", "the account is of %s, prices are in pesos", account.Site))
	}
	return findings
}

func (e examination) lookAtSpeech(ctx context.Context) []doctor.Finding {
	whisper := e.config.Whisper
	if whisper.APIURL == nil {
		return []doctor.Finding{doctor.Skip("WHISPER_API_URL is empty")}
	}
	engine, err := transcription.New(transcription.Options{URL: whisper.APIURL.String(), Model: whisper.Model, Key: whisper.APIKey.Reveal()})
	if err != nil {
		return []doctor.Finding{doctor.Fail("mend WHISPER_API_URL", "%s", oneLine(err.Error()))}
	}
	start := e.now()
	if _, err := engine.Transcribe(ctx, secondOfSilence(), "es"); err != nil {
		fix := "start the speech service (docs/voice.md)"
		if failure, ok := errors.AsType[*transcription.Error](err); ok && failure.Fix != "" {
			fix = failure.Fix
		}
		return []doctor.Finding{doctor.Fail(fix, "%s", oneLine(err.Error()))}
	}
	return []doctor.Finding{doctor.Fine("model %s listened to a second of silence in %s", whisper.Model, e.now().Sub(start).Round(time.Millisecond))}
}

func secondOfSilence() transcription.Sound {
	const rate = 16_000
	return transcription.Sound{Data: transcription.PCM(make([]byte, 2*rate)).WAV(), MIME: "audio/wav"}
}

func (e examination) lookAtMail(ctx context.Context) []doctor.Finding {
	if e.config.SMTP.Host == "" {
		return []doctor.Finding{doctor.Skip("SMTP_HOST is empty: no mails are sent")}
	}
	relay, err := relayOf(e.config.SMTP)
	if err == nil {
		err = relay.Check(ctx)
	}
	fixes := map[email.Reason]string{
		email.ReasonAuth: "mend SMTP_USER and SMTP_PASS", email.ReasonTLS: "mend SMTP_PORT and SMTP_USE_TLS, or the relay's certificate",
		email.ReasonTemporary: "try again later", email.ReasonUnreachable: "mend SMTP_HOST and SMTP_PORT, or let the firewall pass",
	}
	if err != nil {
		fix := fixes[email.ReasonOf(err)]
		if fix == "" {
			fix = "mend SMTP_*"
		}
		return []doctor.Finding{doctor.Fail(fix, "%s", oneLine(err.Error()))}
	}
	return []doctor.Finding{doctor.Fine("the relay lets us in")}
}

func (e examination) lookAtFeeds(ctx context.Context) []doctor.Finding {
	store, err := postgres.Open(ctx, e.config.DatabaseURL.Reveal(), 1)
	if err != nil {
		return []doctor.Finding{doctor.Skip("the database does not answer")}
	}
	defer store.Close()
	clock, err := redis.Open(e.config.RedisURL.Reveal())
	if err != nil {
		return []doctor.Finding{doctor.Skip("REDIS_URL cannot be read")}
	}
	defer clock.Close()
	calendars := activities.Calendars{Store: store, Clock: clock, StaleAfter: e.config.ICal.StaleAfter, Now: e.now}
	feeds, err := calendars.Feeds(ctx, 0)
	if err != nil {
		return []doctor.Finding{doctor.Skip("the feeds cannot be read: see the database")}
	}
	findings := []doctor.Finding{doctor.Fine("%d feeds", len(feeds))}
	for _, f := range feeds {
		findings = append(findings, e.complaintsAbout(f)...)
	}
	return findings
}

func (e examination) complaintsAbout(f postgres.Feed) (complaints []doctor.Finding) {
	complain := func(fix, format string, args ...any) {
		name := fmt.Sprintf("feed %d (%s of accommodation %d) ", f.ID, f.Channel, f.AccommodationID)
		complaints = append(complaints, doctor.Warn(fix, "%s", name+fmt.Sprintf(format, args...)))
	}
	good := f.LastGoodAt
	if good.IsZero() {
		good = f.CreatedAt
	}
	if age := e.now().Sub(good); f.PausedAt.IsZero() && age > e.config.ICal.StaleAfter {
		complain("open its address in a browser; if the channel gave a new one, change the feed", "gave no good answer for %s, last %s", age.Round(time.Minute), orNone(f.LastError))
	}
	if !f.QuarantinedAt.IsZero() {
		complain("see whether the channel's calendar really changed so much, then accept it: POST /api/v1/admin/ical/feeds/{id}/accept", "is quarantined: %s", f.QuarantineReason)
	}
	if f.Problems > 0 {
		complain("close those nights by hand until the channel mends its calendar", "has %d events that cannot be read whole", f.Problems)
	}
	if f.Conflicts > 0 {
		complain("GET /api/v1/admin/conflicts names them", "collides with %d bookings", f.Conflicts)
	}
	return complaints
}
