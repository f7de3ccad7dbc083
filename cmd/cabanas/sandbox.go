package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"cabanas/internal/config"
	"cabanas/internal/observe"
	"cabanas/sandbox"
)

// runSandbox serves the stand-ins of Meta and Mercado Pago for this installation's own credentials.
func runSandbox(ctx context.Context, args []string) error {
	set := flags("sandbox")
	port := set.Int("port", 8090, "port on loopback")
	if err := set.Parse(args); err != nil {
		return err
	}
	cfg, err := config.LoadOnly(os.Getenv, "BASE_URL", "WHATSAPP_ACCESS_TOKEN", "WHATSAPP_APP_SECRET", "WHATSAPP_PHONE_ID",
		"WHATSAPP_VERIFY_TOKEN", "MERCADOPAGO_ACCESS_TOKEN", "MERCADOPAGO_WEBHOOK_SECRET")
	if err != nil {
		return err
	}
	slog.SetDefault(observe.NewLogger(os.Stdout, cfg.LogLevel))
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(*port)))
	if err != nil {
		return err
	}
	address := "http://" + listener.Addr().String()
	server, err := sandbox.New(sandboxOptions(cfg, address))
	if err != nil {
		return err
	}
	// Its phones listen to streams: an answer has no end.
	httpServer := &http.Server{
		Handler: server.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
	}
	go func() {
		<-ctx.Done()
		_ = httpServer.Close()
	}()
	slog.Info("sandbox listening", "address", address)
	served := make(chan error, 1)
	go func() { served <- httpServer.Serve(listener) }()
	runErr := server.Run(ctx)
	if ctx.Err() != nil {
		runErr = nil
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		runErr = errors.Join(runErr, err)
	}
	return runErr
}

// sandboxTarget names the variable in which `cabanas dev` tells its sandbox where the API is.
const sandboxTarget = "SANDBOX_TARGET_URL"

func sandboxOptions(cfg config.Config, address string) sandbox.Options {
	base := cfg.BaseURL
	// A public BASE_URL leads out of this machine; what the stand-ins send goes to the program beside them.
	if target, err := url.Parse(os.Getenv(sandboxTarget)); err == nil && target.Host != "" {
		base = target
	}
	return sandbox.Options{
		PublicURL: address, StateFile: filepath.Join(cfg.Home, "sandbox.journal"), Logger: slog.Default(),
		PhoneNumberID: cfg.WhatsApp.PhoneID, AccessToken: cfg.WhatsApp.AccessToken.Reveal(),
		AppSecret: cfg.WhatsApp.AppSecrets[0].Reveal(), VerifyToken: cfg.WhatsApp.VerifyToken.Reveal(),
		WhatsAppWebhookURL:       base.JoinPath("api", "v1", "webhooks", "whatsapp").String(),
		MercadoPagoAccessToken:   cfg.MercadoPago.AccessToken.Reveal(),
		MercadoPagoWebhookSecret: cfg.MercadoPago.WebhookSecrets[0].Reveal(),
		MercadoPagoWebhookURL:    notificationURL(base).String(),
		CollectorID:              cfg.MercadoPago.CollectorID,
	}
}
