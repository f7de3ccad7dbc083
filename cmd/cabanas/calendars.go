package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"cabanas/activities"
	"cabanas/api"
	"cabanas/gateways/ical"
	"cabanas/internal/observe"
	"cabanas/workflows"
)

func (a *app) calendars() *activities.Calendars {
	return &activities.Calendars{
		Store: a.store, Fetcher: a.feeds, Clock: a.redis, Schedules: a.processes, Domain: a.config.BaseURL.Hostname(),
		Every: a.config.ICal.SyncInterval, StaleAfter: a.config.ICal.StaleAfter, ExportHolds: a.config.ICal.ExportHolds,
		Metrics: a.metrics, Now: time.Now,
	}
}

func (a *app) connectFeeds() {
	a.feeds = ical.New(ical.Options{AllowPrivate: a.config.ICal.AllowPrivate})
	a.closers = append(a.closers, a.feeds.Close)
}

// watchEvery is how often all feeds are looked at, well within the age that is alarmed.
func watchEvery(staleAfter time.Duration) time.Duration {
	return min(max(staleAfter/4, 5*time.Second), 5*time.Minute)
}

// startCalendars shows the ages of feeds and mends their schedules, in a process that serves them.
func (a *app) startCalendars(ctx context.Context, queues []string) {
	if len(queues) > 0 && !slices.Contains(queues, workflows.QueueCalendar) {
		return
	}
	calendars := a.calendars()
	a.registry.MustRegister(observe.FeedAges{Ages: calendars.UnitAges})
	go func() {
		repaired, err := calendars.RepairSchedules(ctx)
		if err != nil {
			slog.WarnContext(ctx, "schedules of feeds wait for the watch", "error", err)
		} else if repaired > 0 {
			slog.InfoContext(ctx, "schedules of feeds repaired", "schedules", repaired)
		}
	}()
}

const (
	feedsOld     = 20 * time.Minute
	feedsTooOld  = 30 * time.Minute
	icalPartName = "ical"
)

// feedHealth is as good as the worst feed. Old calendars are no reason to refuse guests: the whole is degraded at most.
func (a *app) feedHealth() api.Probe {
	calendars := a.calendars()
	return api.Probe{Name: icalPartName, State: func(ctx context.Context) (api.HealthStatus, string, error) {
		age, fed, err := calendars.OldestAge(ctx)
		switch {
		case err != nil:
			return api.Degraded, "", err
		case !fed:
			return api.Healthy, "no feeds", nil
		}
		detail := fmt.Sprintf("oldest feed %d minutes", int(age.Minutes()))
		switch {
		case age < feedsOld:
			return api.Healthy, detail, nil
		case age < feedsTooOld:
			return api.Degraded, detail, nil
		}
		return api.Unhealthy, detail, nil
	}}
}
