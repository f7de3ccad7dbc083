package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"

	"cabanas/activities"
	"cabanas/booking"
	"cabanas/gateways/ical"
	"cabanas/gateways/mercadopago"
	"cabanas/gateways/whatsapp"
	"cabanas/internal/config"
	"cabanas/internal/observe"
	"cabanas/migrations"
	"cabanas/store/postgres"
	"cabanas/store/redis"
	"cabanas/temporal"
)

// app is what the API and the worker have in common: settings, connections and the business built on them.
type app struct {
	config    config.Config
	registry  *prometheus.Registry
	metrics   *observe.Metrics
	store     *postgres.Store
	redis     *redis.Client
	temporal  client.Client
	processes *temporal.Processes
	whatsapp  *whatsapp.Client
	provider  *mercadopago.Client
	feeds     *ical.Fetcher
	terms     activities.Terms
	closers   []func()
}

// newApp reads the settings, connects and checks the schema; service names the process in traces. It waits for Postgres and Temporal until ctx ends, because a
// process that starts before its neighbours is the ordinary case.
func newApp(ctx context.Context, service string) (*app, error) {
	cfg, err := config.Load(os.Getenv)
	if err != nil {
		return nil, err
	}
	a := &app{config: cfg, registry: observe.NewRegistry(), terms: termsOf(cfg)}
	slog.SetDefault(observe.NewMaskedLogger(os.Stdout, cfg.LogLevel, observe.Mask{Key: a.keyFor("log phones")}))
	a.metrics = observe.NewMetrics(a.registry)
	stopTracing, err := startTracing(ctx, cfg, service)
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, stopTracing)
	if err := errors.Join(a.connectGateways(), a.connectStores(ctx)); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

func (a *app) close() {
	for _, v := range slices.Backward(a.closers) {
		v()
	}
}

func (a *app) connectGateways() (err error) {
	a.connectFeeds()
	a.whatsapp, err = whatsapp.New(whatsapp.Options{
		BaseURL: a.config.WhatsApp.APIURL.String(), Version: a.config.WhatsApp.APIVersion, PhoneID: a.config.WhatsApp.PhoneID,
		Token: a.config.WhatsApp.AccessToken.Reveal(), ArgentineFallback: true,
	})
	if err != nil {
		return err
	}
	a.provider, err = mercadopago.New(mercadopago.Options{
		BaseURL: a.config.MercadoPago.APIURL.String(), Token: a.config.MercadoPago.AccessToken.Reveal(),
	})
	return err
}

func (a *app) connectStores(ctx context.Context) (err error) {
	if a.store, err = eventually(ctx, "Postgres", func() (*postgres.Store, error) {
		return postgres.Open(ctx, a.config.DatabaseURL.Reveal(), a.config.PoolSize)
	}); err != nil {
		return err
	}
	a.closers = append(a.closers, a.store.Close)
	if err := migrations.Check(ctx, a.config.DatabaseURL.Reveal()); err != nil {
		return err
	}
	if a.redis, err = redis.Open(a.config.RedisURL.Reveal()); err != nil {
		return err
	}
	a.closers = append(a.closers, func() { _ = a.redis.Close() })
	if a.temporal, err = temporal.Dial(ctx, temporalOptions(a.config, a.registry)); err != nil {
		return err
	}
	a.closers = append(a.closers, a.temporal.Close)
	a.processes = &temporal.Processes{Client: a.temporal}
	return nil
}

func temporalOptions(cfg config.Config, registry prometheus.Registerer) temporal.Options {
	return temporal.Options{
		Address: cfg.TemporalAddress, Namespace: cfg.TemporalNamespace, Metrics: registry, Logger: slog.Default(),
		PayloadKeys: payloadKeys(cfg.PayloadKeys), Traced: observe.TracingOn(),
	}
}

const retryPause = 500 * time.Millisecond

// eventually repeats connect until it works or ctx ends, and says so once in a while.
func eventually[T any](ctx context.Context, what string, connect func() (T, error)) (T, error) {
	for attempt := 0; ; attempt++ {
		value, err := connect()
		if err == nil {
			return value, nil
		}
		if attempt%10 == 0 {
			slog.WarnContext(ctx, "waiting for a neighbour", "neighbour", what, "error", err)
		}
		select {
		case <-ctx.Done():
			return value, fmt.Errorf("%s: %w", what, errors.Join(ctx.Err(), err))
		case <-time.After(retryPause):
		}
	}
}

func termsOf(cfg config.Config) activities.Terms {
	return activities.Terms{
		HoldFor: cfg.Booking.HoldTTL, Extension: cfg.Booking.HoldExtension, Grace: cfg.Booking.LatePaymentGrace,
		AlternativeFor: cfg.Booking.AlternativeTTL,
		DepositPercent: cfg.Booking.DepositPercent, HoldsPerPhone: cfg.RateLimit.HoldsPerPhone, HoldsPerAddress: cfg.RateLimit.HoldsPerAddress,
		RefundApprovalAbove: booking.Pesos(int64(cfg.Booking.RefundApprovalAbove)),
		Limits:              booking.Limits{HorizonMonths: cfg.Booking.HorizonMonths, LongestStay: cfg.Booking.MaxStayNights},
	}
}

func (a *app) desk() *activities.FrontDesk {
	return &activities.FrontDesk{Store: a.store, Bookings: a.processes, Terms: a.terms, Feeds: a.calendars(), ClientKey: a.keyFor("client addresses"),
		Metrics: a.metrics, Now: time.Now}
}

func (a *app) inbox() *activities.Inbox {
	return activities.NewInbox(activities.Inbox{
		Store: a.store, Processes: a.processes, Reads: a.whatsapp, PhoneID: a.config.WhatsApp.PhoneID,
		Settle: a.config.Dialogue.Settle, TakeoverReturn: a.config.Dialogue.TakeoverReturn, Metrics: a.metrics, Now: time.Now,
	})
}

func (a *app) payments() *activities.Payments {
	return &activities.Payments{
		Store: a.store, Provider: a.provider, Locks: a.redis, Processes: a.processes, Bookings: a.processes, Terms: a.terms,
		NotificationURL: notificationURL(a.config.BaseURL), Pages: a.payPages(), CollectorID: a.config.MercadoPago.CollectorID,
		LiveOnly: a.config.IsProduction(), Feeds: a.calendars(), Metrics: a.metrics, Now: time.Now,
	}
}

func (a *app) payPages() activities.PayPages {
	keys := a.config.PayPageSecrets
	if len(keys) == 0 {
		keys = []config.Secret{a.config.JWTSecret}
	}
	return activities.PayPages{Base: a.config.BaseURL, Keys: secrets(keys)}
}

// keyFor derives the key of one purpose from the installation's secret, so that no two purposes share one.
func (a *app) keyFor(purpose string) []byte {
	mac := hmac.New(sha256.New, []byte(a.config.JWTSecret.Reveal()))
	mac.Write([]byte("cabanas " + purpose))
	return mac.Sum(nil)
}

func notificationURL(base *url.URL) *url.URL {
	return base.JoinPath("api", "v1", "webhooks", "mercadopago")
}

func secrets(all []config.Secret) []string {
	revealed := make([]string, 0, len(all))
	for _, secret := range all {
		revealed = append(revealed, secret.Reveal())
	}
	return revealed
}
