package observe

import (
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
)

// Pools shows how the connections of a process to Postgres and Redis do. Both are read from memory.
type Pools struct {
	Postgres func() *pgxpool.Stat
	Redis    func() *redis.PoolStats
}

var (
	poolConnections = prometheus.NewDesc("postgres_pool_connections", "Connections to Postgres, by state.", []string{"state"}, nil)
	poolMost        = prometheus.NewDesc("postgres_pool_max_connections", "Connections to Postgres that this process may have.", nil, nil)
	poolAcquires    = prometheus.NewDesc("postgres_pool_acquires_total", "Connections taken from the pool.", nil, nil)
	poolWaits       = prometheus.NewDesc("postgres_pool_empty_acquires_total", "Connections that had to be waited for.", nil, nil)
	poolWaited      = prometheus.NewDesc("postgres_pool_acquire_seconds_total", "Time spent waiting for connections.", nil, nil)
	poolGivenUp     = prometheus.NewDesc("postgres_pool_canceled_acquires_total", "Connections that were not got in time.", nil, nil)

	redisConnections = prometheus.NewDesc("redis_pool_connections", "Connections to Redis, by state.", []string{"state"}, nil)
	redisTimeouts    = prometheus.NewDesc("redis_pool_timeouts_total", "Connections to Redis that were not got in time.", nil, nil)
	redisHits        = prometheus.NewDesc("redis_pool_hits_total", "Uses of a connection that was open already.", nil, nil)
	redisMisses      = prometheus.NewDesc("redis_pool_misses_total", "Uses that had to open a connection.", nil, nil)
)

// Describe is for the registry.
func (Pools) Describe(into chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{
		poolConnections, poolMost, poolAcquires, poolWaits, poolWaited, poolGivenUp, redisConnections, redisTimeouts, redisHits, redisMisses,
	} {
		into <- desc
	}
}

// Collect reads both pools.
func (p Pools) Collect(into chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		into <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	count := func(desc *prometheus.Desc, value float64) {
		into <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, value)
	}
	stat := p.Postgres()
	gauge(poolConnections, float64(stat.AcquiredConns()), "used")
	gauge(poolConnections, float64(stat.IdleConns()), "idle")
	gauge(poolConnections, float64(stat.ConstructingConns()), "opening")
	gauge(poolMost, float64(stat.MaxConns()))
	count(poolAcquires, float64(stat.AcquireCount()))
	count(poolWaits, float64(stat.EmptyAcquireCount()))
	count(poolWaited, stat.AcquireDuration().Seconds())
	count(poolGivenUp, float64(stat.CanceledAcquireCount()))

	stats := p.Redis()
	gauge(redisConnections, float64(stats.TotalConns-min(stats.IdleConns, stats.TotalConns)), "used")
	gauge(redisConnections, float64(stats.IdleConns), "idle")
	count(redisTimeouts, float64(stats.Timeouts))
	count(redisHits, float64(stats.Hits))
	count(redisMisses, float64(stats.Misses))
}
