package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"cabanas/activities"
	"cabanas/api"
	"cabanas/dialogue/understanding"
	"cabanas/gateways/mercadopago"
	"cabanas/gateways/whatsapp"
	"cabanas/internal/accounts"
	"cabanas/samples"
)

func runAPI(ctx context.Context, args []string) error {
	if err := flags("api").Parse(args); err != nil {
		return err
	}
	// Whether a message is whole is read when it arrives; the first should not wait for the learning.
	go understanding.Prepare()
	a, err := newApp(ctx, "api")
	if err != nil {
		return err
	}
	defer a.close()
	listener, err := net.Listen("tcp", net.JoinHostPort(a.config.BindAddress, strconv.Itoa(a.config.Port)))
	if err != nil {
		return err
	}
	inbox := a.inbox()
	options := a.apiOptions(inbox)
	live := &activities.Live{Store: a.store}
	options.Live = live
	options.Monitor = &activities.Monitor{Store: a.store, Inbox: inbox, Now: time.Now}
	if err := a.forStaff(&options); err != nil {
		return err
	}
	server, err := api.New(options)
	if err != nil {
		return err
	}
	a.showGauges("api")
	slog.Info("api listening", "address", listener.Addr().String())

	// The inbox works until the server has given its last answer, so that what was just taken is handed on before the end.
	inboxCtx, stopInbox := context.WithCancel(context.WithoutCancel(ctx))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return inbox.Run(inboxCtx) })
	group.Go(func() error { return live.Sweep(ctx, time.Now) })
	group.Go(func() error {
		defer stopInbox()
		return server.Run(ctx, listener)
	})
	return group.Wait()
}

func (a *app) apiOptions(inbox api.Inbox) api.Options {
	appSecrets, webhookSecrets := secrets(a.config.WhatsApp.AppSecrets), secrets(a.config.MercadoPago.WebhookSecrets)
	options := api.Options{
		Desk: a.desk(), Inbox: inbox, Health: a.health(), Ready: a.ready(), Drain: a.drain(), Idempotency: a.store, Metrics: a.metrics, Gatherer: a.registry,
		Logger: slog.Default(),
		VerifyWhatsApp: func(header string, body []byte) bool {
			return whatsapp.VerifySignature(header, body, appSecrets...)
		},
		VerifySubscription: func(query url.Values) (string, bool) {
			return whatsapp.VerifySubscription(query, a.config.WhatsApp.VerifyToken.Reveal())
		},
		VerifyMercadoPago: func(header, requestID, dataID string) bool {
			return mercadopago.VerifySignature(header, requestID, dataID, webhookSecrets...)
		},
		CanonicalPhone: whatsapp.CanonicalPhone,
		TrustedProxies: a.config.TrustedProxies,
		AllowedOrigins: a.config.AllowedOrigins,
		Secret:         a.keyFor("edge"),
		RateLimit: api.RateLimit{
			Counter: a.redis.NewRateLimiter(a.keyFor("rate limits"), nil), Requests: a.config.RateLimit.Requests, Window: a.config.RateLimit.Window,
		},
		Version: version(a.config.BuildID),
		BaseURL: a.config.BaseURL.String(),
		Now:     time.Now,
		PayDesk: &activities.PayDesk{
			Store: a.store, Pages: a.payPages(), WhatsApp: strings.TrimPrefix(a.config.WhatsApp.PublicNumber, "+"), Now: time.Now,
		},
	}
	return options
}

// forStaff adds what only staff comes to.
func (a *app) forStaff(options *api.Options) (err error) {
	zone, err := time.LoadLocation(propertyZone)
	if err != nil {
		return fmt.Errorf("load time zone: %w", err)
	}
	options.Understand = func(text string, now time.Time) understanding.Fields {
		return understanding.Understand(text, now, zone).Fields()
	}
	options.Switchboard = &activities.Switchboard{
		Store: a.store, Processes: a.processes, Return: a.config.Dialogue.TakeoverReturn, Now: time.Now,
	}
	options.BookingDesk = &activities.BookingDesk{Store: a.store, Processes: a.processes, Now: time.Now}
	options.Reservations = &activities.ReservationDesk{
		Store: a.store, Processes: a.processes, Terms: a.terms, FrontDesk: a.desk(), Now: time.Now,
	}
	options.Refunds = &activities.RefundDesk{Store: a.store, Processes: a.processes, Now: time.Now}
	options.Catalogue = &activities.CatalogueDesk{
		Store: a.store, Terms: a.terms, Pictures: strings.TrimRight(a.config.BaseURL.String(), "/") + samples.Path, Now: time.Now,
	}
	options.Property = &activities.PropertyDesk{Store: a.store, Terms: a.terms, Now: time.Now}
	options.Privacy = &activities.PrivacyDesk{Store: a.store, Grace: a.config.Booking.LatePaymentGrace, Now: time.Now}
	options.Receipts = &activities.ReceiptDesk{Store: a.store, Now: time.Now}
	options.Dashboard = &activities.DashboardDesk{Store: a.store, Calendars: a.calendars(), Now: time.Now}
	options.Calendars = &activities.CalendarDesk{
		Calendars: a.calendars(), Store: a.store, Addresses: a.feeds, Bookings: a.processes, BaseURL: a.config.BaseURL,
	}
	options.Cashbox = &activities.Cashbox{Store: a.store, Processes: a.processes, OwnerPhone: a.config.Owner.WhatsApp, Mailbox: a.mailbox(), Now: time.Now}
	if options.Accounts, err = accounts.New(a.store, a.config.JWTSecret.Reveal(), a.config.SetupTokenHash, time.Now); err != nil {
		return err
	}
	listener, err := a.listener()
	if listener != nil {
		options.Transcriber = listener
	}
	return err
}

// release is the version an image was built as; the linker sets it (see Dockerfile).
var release = "dev"

func version(buildID string) string {
	if buildID == "" {
		return release
	}
	return buildID
}
