package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"cabanas/api"
	"cabanas/internal/observe"
	"cabanas/migrations"
	"cabanas/store/postgres"
	"cabanas/temporal"
)

const (
	slowDatabase = 500 * time.Millisecond
	slowRedis    = 200 * time.Millisecond
	slowTemporal = time.Second
	// healthKept is how old an answer may be: load balancers and people may ask as often as they like.
	healthKept = time.Second
	// standingKept and queuesKept are how old may be what costs the database and Temporal more than a ping.
	standingKept = 5 * time.Second
	queuesKept   = 5 * time.Second
	askTime      = 1500 * time.Millisecond

	inboxSlow  = 30 * time.Second
	inboxStuck = 5 * time.Minute
	// sweepsMissed is how many looks at the provider's account may be missing.
	sweepsMissed = 3
)

// health looks at what the API depends on. Without Postgres nothing can be taken; without Redis or Temporal messages and
// payments are still accepted and worked off later.
func (a *app) health() api.Health {
	look := newOverview(a)
	return a.probes(append(a.neighbours(),
		api.Probe{Name: "workers", State: look.workers},
		a.feedHealth(),
		api.Probe{Name: "inbox", State: look.inbox},
		api.Probe{Name: "whatsapp", State: look.whatsapp},
		api.Probe{Name: "mercadopago", State: look.mercadopago},
		api.Probe{Name: "disk", State: diskState},
		api.Probe{Name: "memory", State: memoryState},
	)...)
}

// neighbours are the servers that every process talks to.
func (a *app) neighbours() []api.Probe {
	return []api.Probe{
		{Name: "database", Critical: true, Slow: slowDatabase, Check: a.store.Ping},
		{Name: "redis", Slow: slowRedis, Check: a.redis.Ping},
		{Name: "temporal", Slow: slowTemporal, Check: func(ctx context.Context) error {
			_, err := a.temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
			return err
		}},
	}
}

func (a *app) probes(list ...api.Probe) api.Health {
	return api.Remembering(api.Probes{Build: a.config.BuildID, Logger: slog.Default(), Now: time.Now, List: list}, healthKept)
}

// ready looks at what the process cannot do without: a database whose schema is not older than the program. A newer one is fine, every
// migration keeps the program before it working.
func (a *app) ready() api.Health {
	needed := migrations.Latest()
	return a.probes(api.Probe{Name: "database", Critical: true, Check: func(ctx context.Context) error {
		version, err := a.store.SchemaVersion(ctx)
		if err == nil && version < needed {
			err = fmt.Errorf("the schema has version %d, this program needs %d: run cabanas migrate up", version, needed)
		}
		return err
	}})
}

// drainTime is how long load balancers have to notice that a process stops; nginx and Fly ask more often than that.
const drainTime = 5 * time.Second

// drain is how long the API answers after it was told to stop. A developer does not want to wait.
func (a *app) drain() time.Duration {
	if a.config.IsProduction() {
		return drainTime
	}
	return 0
}

// overview is what several parts of the health are read from, asked for once.
type overview struct {
	a        *app
	queues   temporal.Queues
	states   observe.Remembered[[]temporal.QueueState]
	standing observe.Remembered[postgres.Standing]
}

func newOverview(a *app) *overview { return &overview{a: a, queues: a.queues()} }

// workers are degraded when nobody serves a queue: what goes there waits.
func (o *overview) workers(ctx context.Context) (api.HealthStatus, string, error) {
	states, err := o.states.Get(ctx, queuesKept, askTime, o.queues.States)
	if err != nil {
		return api.Degraded, "", err
	}
	var alone []string
	for _, state := range states {
		if len(state.Pollers) == 0 {
			alone = append(alone, state.Queue+" ("+state.Type+")")
		}
	}
	if len(alone) > 0 {
		return api.Degraded, "nobody serves " + strings.Join(alone, ", "), nil
	}
	return api.Healthy, fmt.Sprintf("%d queues served", len(states)), nil
}

func (o *overview) asked(ctx context.Context) (postgres.Standing, error) {
	return o.standing.Get(ctx, standingKept, askTime, func(ctx context.Context) (postgres.Standing, error) {
		return o.a.store.Standing(ctx, time.Now())
	})
}

// inbox is as good as the oldest delivery that nobody handed on.
func (o *overview) inbox(ctx context.Context) (api.HealthStatus, string, error) {
	standing, err := o.asked(ctx)
	if err != nil {
		return api.Degraded, "", err
	}
	var number int64
	var oldest time.Duration
	for _, waiting := range standing.Inbox {
		number += waiting.Number
		oldest = max(oldest, waiting.Age(time.Now()))
	}
	if number == 0 {
		return api.Healthy, "empty", nil
	}
	detail := fmt.Sprintf("%d waiting, the oldest for %d s", number, int(oldest.Seconds()))
	switch {
	case oldest < inboxSlow:
		return api.Healthy, detail, nil
	case oldest < inboxStuck:
		return api.Degraded, detail, nil
	}
	return api.Unhealthy, detail, nil
}

// whatsapp tells what the last sends met; nothing is sent to find out.
func (o *overview) whatsapp(ctx context.Context) (api.HealthStatus, string, error) {
	if settings := o.a.config.WhatsApp; settings.AccessToken.Reveal() == "" || len(settings.AppSecrets) == 0 {
		return api.Degraded, "not configured", nil
	}
	standing, err := o.asked(ctx)
	if err != nil {
		return api.Degraded, "", err
	}
	if refused := standing.Messages["account"].Number; refused > 0 {
		return api.Unhealthy, fmt.Sprintf("the account is refused, %d messages wait", refused), nil
	}
	return api.Healthy, "configured", nil
}

// mercadopago tells when the account was last gone through, which needs the provider to answer.
func (o *overview) mercadopago(ctx context.Context) (api.HealthStatus, string, error) {
	if settings := o.a.config.MercadoPago; settings.AccessToken.Reveal() == "" || len(settings.WebhookSecrets) == 0 {
		return api.Degraded, "not configured", nil
	}
	standing, err := o.asked(ctx)
	if err != nil {
		return api.Degraded, "", err
	}
	if standing.SweptAt.IsZero() {
		return api.Healthy, "not asked yet", nil
	}
	age := time.Since(standing.SweptAt)
	detail := fmt.Sprintf("account gone through %d minutes ago", int(age.Minutes()))
	if age > sweepsMissed*o.a.config.Booking.PaymentReconcileInterval {
		return api.Degraded, detail, nil
	}
	return api.Healthy, detail, nil
}
