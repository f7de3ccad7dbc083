package main

import (
	"context"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"cabanas/api"
	"cabanas/gateways/mercadopago"
	"cabanas/gateways/whatsapp"
	"cabanas/internal/accounts"
)

func runAPI(ctx context.Context, args []string) error {
	if err := flags("api").Parse(args); err != nil {
		return err
	}
	a, err := newApp(ctx)
	if err != nil {
		return err
	}
	defer a.close()
	listener, err := net.Listen("tcp", net.JoinHostPort(a.config.BindAddress, strconv.Itoa(a.config.Port)))
	if err != nil {
		return err
	}
	inbox := a.inbox()
	desk, err := accounts.New(a.store, a.config.JWTSecret.Reveal(), a.config.SetupTokenHash, time.Now)
	if err != nil {
		return err
	}
	server, err := api.New(a.apiOptions(inbox, desk))
	if err != nil {
		return err
	}
	slog.Info("api listening", "address", listener.Addr().String())

	// The inbox works until the server has given its last answer, so that what was just taken is handed on before the end.
	inboxCtx, stopInbox := context.WithCancel(context.WithoutCancel(ctx))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return inbox.Run(inboxCtx) })
	group.Go(func() error {
		defer stopInbox()
		return server.Run(ctx, listener)
	})
	return group.Wait()
}

func (a *app) apiOptions(inbox api.Inbox, staff api.Accounts) api.Options {
	appSecrets, webhookSecrets := secrets(a.config.WhatsApp.AppSecrets), secrets(a.config.MercadoPago.WebhookSecrets)
	return api.Options{
		Desk: a.desk(), Inbox: inbox, Health: a.health(), Idempotency: a.store, Accounts: staff, Metrics: a.metrics, Gatherer: a.registry,
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
		CanonicalPhone:  whatsapp.CanonicalPhone,
		TrustedProxies:  a.config.TrustedProxies,
		HoldsPerAddress: a.config.RateLimit.HoldsPerAddress,
		Version:         version(a.config.BuildID),
		BaseURL:         a.config.BaseURL.String(),
		Now:             time.Now,
	}
}

func version(buildID string) string {
	if buildID == "" {
		return "dev"
	}
	return buildID
}
