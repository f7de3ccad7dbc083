package main

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"cabanas/internal/doctor"
	"cabanas/migrations"
	"cabanas/store/postgres"
	"cabanas/store/redis"
	"cabanas/temporal"
)

const (
	oldestPostgres = 15
	oldestRedis    = 7
	// processes share the database's connections: an api and a worker for each of the five queues.
	processes = 6
	// spare connections are for Temporal's own pools on the same server, backups and a person with psql.
	spare = 20
	// clocksApart is how far this machine's clock may be from the database's; deadlines are compared with both.
	clocksApart = 2 * time.Second
	// retained is the least time for which a closed workflow should stay readable.
	retained = 3 * 24 * time.Hour
)

func (e examination) lookAtDatabase(ctx context.Context) []doctor.Finding {
	store, err := postgres.Open(ctx, e.config.DatabaseURL.Reveal(), 1)
	if err != nil {
		return []doctor.Finding{doctor.Fail("start Postgres, or mend DATABASE_URL", "%s", reasonOf(err))}
	}
	defer store.Close()
	asked := e.now()
	server, err := store.Server(ctx)
	if err != nil {
		return []doctor.Finding{doctor.Fail("see the log of Postgres", "%s", reasonOf(err))}
	}
	findings := []doctor.Finding{doctor.Fine("Postgres %d.%d", server.Version/10_000, server.Version%10_000)}
	add := func(wrong bool, finding doctor.Finding) {
		if wrong {
			findings = append(findings, finding)
		}
	}
	add(server.Version/10_000 < oldestPostgres, doctor.Fail("upgrade it", "Postgres %d or newer is needed", oldestPostgres))
	add(server.ReadOnly, doctor.Fail("point DATABASE_URL at the primary", "the server is a standby and takes no writes"))
	add(!server.Durable, doctor.Fail("set fsync, full_page_writes and synchronous_commit to on", "a crash may lose committed bookings"))
	needed := processes*e.config.PoolSize + spare
	add(server.MaxConnections < needed, doctor.Warn("raise max_connections, or lower DB_POOL_SIZE",
		"max_connections is %d; an api and five workers with DB_POOL_SIZE %d want up to %d", server.MaxConnections, e.config.PoolSize, needed))
	apart := server.Clock.Sub(asked)
	add(apart.Abs() > clocksApart+e.now().Sub(asked), doctor.Warn("let both machines keep their time with NTP", "the database's clock is %s from this machine's", apart.Round(time.Second)))
	if err := migrations.Check(ctx, e.config.DatabaseURL.Reveal()); err != nil {
		return append(findings, doctor.Fail("cabanas migrate up", "%s", err))
	}
	return append(findings, doctor.Fine("schema version %d", migrations.Latest()))
}

func (e examination) lookAtRedis(ctx context.Context) []doctor.Finding {
	client, err := redis.Open(e.config.RedisURL.Reveal())
	if err != nil {
		return []doctor.Finding{doctor.Fail("mend REDIS_URL", "REDIS_URL cannot be read")}
	}
	defer client.Close()
	server, err := client.Server(ctx)
	if err != nil {
		// Bookings go on without: limits, locks and the send budget are missing meanwhile.
		return []doctor.Finding{doctor.Warn("start Redis, or mend REDIS_URL", "%s", reasonOf(err))}
	}
	findings := []doctor.Finding{doctor.Fine("Redis %s", server.Version)}
	major, err := strconv.Atoi(strings.SplitN(server.Version, ".", 2)[0])
	if err == nil && major < oldestRedis {
		findings = append(findings, doctor.Warn("upgrade it", "Redis %d or newer is wanted", oldestRedis))
	}
	if server.Eviction != "" && server.Eviction != "noeviction" {
		findings = append(findings, doctor.Warn("set maxmemory-policy to noeviction", "maxmemory-policy is %s: limits and locks may vanish early", server.Eviction))
	}
	return findings
}

func (e examination) lookAtTemporal(ctx context.Context) []doctor.Finding {
	options := temporalOptions(e.config, nil)
	options.Logger = e.quiet
	dialing, cancel := context.WithTimeout(ctx, e.reach)
	defer cancel()
	connected, err := temporal.Dial(dialing, options)
	if err != nil {
		return []doctor.Finding{doctor.Fail("start Temporal, or mend TEMPORAL_ADDRESS and TEMPORAL_TLS_*", "%s", reasonOf(err))}
	}
	defer connected.Close()
	found, err := temporal.Look(ctx, connected, e.config.TemporalNamespace)
	switch {
	case err != nil:
		return []doctor.Finding{doctor.Fail("see the log of Temporal", "%s", reasonOf(err))}
	case !found.Namespace:
		return []doctor.Finding{doctor.Fail("cabanas setup", "there is no namespace %s", e.config.TemporalNamespace)}
	}
	findings := []doctor.Finding{doctor.Fine("Temporal %s, namespace %s", found.ServerVersion, e.config.TemporalNamespace)}
	list := func(names []string, finding func(string) doctor.Finding) {
		if len(names) > 0 {
			findings = append(findings, finding(strings.Join(names, ", ")))
		}
	}
	list(found.MissingAttributes, func(names string) doctor.Finding {
		return doctor.Fail("cabanas setup", "search attributes are missing: %s; workflows would wait for them", names)
	})
	list(found.MissingSchedules, func(names string) doctor.Finding {
		return doctor.Fail("cabanas setup", "schedules are missing: %s", names)
	})
	list(found.PausedSchedules, func(names string) doctor.Finding {
		return doctor.Warn("temporal schedule toggle --unpause --schedule-id …, when whoever paused it agrees", "schedules are paused: %s", names)
	})
	list(found.Unserved, func(names string) doctor.Finding {
		return doctor.Fail("cabanas worker --queues="+strings.ReplaceAll(names, ", ", ","), "no worker serves %s", names)
	})
	if found.Retention < retained {
		findings = append(findings, doctor.Warn("temporal operator namespace update --retention 14d", "closed workflows vanish after %s", found.Retention))
	}
	return append(findings, e.lookAtBuilds(ctx, connected)...)
}

func (e examination) lookAtBuilds(ctx context.Context, c client.Client) []doctor.Finding {
	builds, err := temporal.DescribeBuilds(ctx, c)
	switch {
	case err != nil:
		return []doctor.Finding{doctor.Warn("see the log of Temporal", "%s", reasonOf(err))}
	case e.config.BuildID == "" && builds.Current != "":
		return []doctor.Finding{doctor.Fail("set BUILD_ID, or run cabanas setup --make-current with BUILD_ID of the running workers",
			"build %s is current and BUILD_ID is empty: workers without it get nothing new", builds.Current)}
	case e.config.BuildID != builds.Current:
		return []doctor.Finding{doctor.Warn("cabanas setup --make-current, when its workers run",
			"this is build %s, current is %s", e.config.BuildID, orNone(builds.Current))}
	case len(builds.Draining) > 0:
		return []doctor.Finding{doctor.Fine("build %s is current; keep the workers of %s until they are drained", builds.Current, strings.Join(builds.Draining, ", "))}
	}
	return nil
}

// replayRunning tries this program on every running workflow.
func (e examination) replayRunning(ctx context.Context) []doctor.Finding {
	options := temporalOptions(e.config, nil)
	options.Logger = e.quiet
	connected, err := temporal.Dial(ctx, options)
	if err != nil {
		return []doctor.Finding{doctor.Fail("start Temporal, or mend TEMPORAL_ADDRESS", "%s", reasonOf(err))}
	}
	defer connected.Close()
	results, err := temporal.ReplayRunning(ctx, connected, options, e.replayLimit)
	if err != nil {
		return []doctor.Finding{doctor.Fail("try again; a smaller --replay-limit is quicker", "%s", reasonOf(err))}
	}
	var findings []doctor.Finding
	for _, result := range results {
		for _, broken := range result.Broken {
			findings = append(findings, doctor.Fail("do not upgrade: guard the change with workflow.GetVersion (docs/upgrade.md)", "%s: %s", broken.ID, oneLine(broken.Cause.Error())))
		}
		if len(result.Broken) == 0 && result.Runs > 0 {
			findings = append(findings, doctor.Fine("%s: %d running replay", result.Type, result.Runs))
		}
		if result.Left > 0 {
			findings = append(findings, doctor.Warn("--replay-limit", "%s: %d more were not tried", result.Type, result.Left))
		}
	}
	if len(findings) == 0 {
		findings = append(findings, doctor.Fine("nothing is running"))
	}
	return findings
}

// reasonOf is the error on one line. Drivers name host, user and database in theirs, and mask passwords.
func reasonOf(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, context.Canceled):
		return "interrupted"
	}
	return oneLine(err.Error())
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}
