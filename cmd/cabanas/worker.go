package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"cabanas/activities"
	"cabanas/dialogue/understanding"
	"cabanas/store/redis"
	"cabanas/worker"
)

func runWorker(ctx context.Context, args []string) error {
	set := flags("worker")
	queues := set.String("queues", "all", "task queues to serve, comma separated")
	if err := set.Parse(args); err != nil {
		return err
	}
	// It takes a moment that the first guest should not wait for.
	go understanding.Prepare()
	a, err := newApp(ctx, "worker")
	if err != nil {
		return err
	}
	defer a.close()
	options, err := a.workerOptions(queueList(*queues))
	if err != nil {
		return err
	}
	w, err := worker.New(options)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", a.config.MetricsAddr)
	if err != nil {
		return err
	}
	a.showGauges("worker")
	a.showSharedGauges(options.Queues)
	a.startCalendars(ctx, options.Queues)
	slog.Info("worker starting", "queues", *queues, "metrics", listener.Addr().String())
	// The door stays open until the last task has ended, and says meanwhile that no more are taken.
	doorCtx, closeDoor := context.WithCancel(context.WithoutCancel(ctx))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer closeDoor()
		return w.Run(ctx)
	})
	group.Go(func() error { return a.inbox().Relay(ctx) })
	group.Go(func() error { return serveDoor(doorCtx, listener, a.workerDoor(w.Serving)) })
	return group.Wait()
}

func (a *app) workerOptions(queues []string) (worker.Options, error) {
	conversation, conversationErr := a.conversation()
	listener, listenerErr := a.listener()
	mails, mailsErr := a.mails()
	media := &activities.Media{Store: a.store, Files: a.whatsapp, Metrics: a.metrics, Now: time.Now}
	if listener != nil {
		media.Listener = listener
	}
	return worker.Options{
		Client: a.temporal, Queues: queues, BuildID: a.config.BuildID,
		Reservations: &activities.Reservations{Store: a.store, Locks: a.redis, Terms: a.terms, Metrics: a.metrics, Now: time.Now},
		Payments:     a.payments(),
		Messaging:    a.messaging(),
		Conversation: conversation,
		Media:        media,
		Calendars:    a.calendars(),
		Mails:        mails,
		Housekeeping: a.housekeeping(),
	}, errors.Join(conversationErr, listenerErr, mailsErr)
}

func (a *app) messaging() *activities.Messaging {
	settings := a.config.WhatsApp
	templates := make(map[string]activities.ApprovedTemplate, len(settings.Templates))
	for ours, approved := range settings.Templates {
		templates[ours] = activities.ApprovedTemplate(approved)
	}
	limits := redis.Limits{PerSecond: settings.PerSecond, PairBurst: settings.PairBurst}
	return &activities.Messaging{
		Store: a.store, WhatsApp: a.whatsapp, Budget: a.redis.NewSendBudget(settings.PhoneID, limits, nil), Again: a.processes,
		Templates: templates, OwnerPhone: a.config.Owner.WhatsApp, Mailbox: a.mailbox(), SettleWait: activities.DefaultSettleWait, ReceiptBase: a.config.BaseURL, Feeds: a.store, Terms: a.terms,
		Metrics: a.metrics, Now: time.Now,
	}
}

// queueList reads a list of queues; none stands for all of them.
func queueList(text string) []string {
	if text == "all" {
		return nil
	}
	return slices.DeleteFunc(strings.Split(text, ","), func(name string) bool { return name == "" })
}

// serveDoor answers until ctx ends; it is the only way into a worker.
func serveDoor(ctx context.Context, listener net.Listener, door http.Handler) error {
	server := &http.Server{
		Handler: door, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
	}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}
