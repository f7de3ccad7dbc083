package observe

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// FeedAges shows how old the calendars of other channels are, asked anew at each scrape: an age that nobody updates any more
// must not stand still.
type FeedAges struct {
	// Ages tells the age of the oldest feed of each accommodation.
	Ages func(ctx context.Context) (map[int64]time.Duration, error)
}

// scrapeTime bounds what a scrape waits for.
const scrapeTime = 2 * time.Second

var (
	unitAge  = prometheus.NewDesc("ical_sync_age_minutes", "Minutes since the last good answer of an accommodation's oldest feed.", []string{"accommodation_id"}, nil)
	worstAge = prometheus.NewDesc("ical_last_sync_age_minutes", "Minutes since the last good answer of the oldest feed of all.", nil, nil)
)

// Describe is for the registry.
func (f FeedAges) Describe(into chan<- *prometheus.Desc) { into <- unitAge; into <- worstAge }

// Collect asks for the ages. Without feeds, or without an answer, there is no series.
func (f FeedAges) Collect(into chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	ages, err := f.Ages(ctx)
	if err != nil {
		slog.WarnContext(ctx, "ages of feeds not known", "error", err)
		return
	}
	var worst time.Duration
	for unit, age := range ages {
		worst = max(worst, age)
		//nolint:promlinter // the unit is in the name that dashboards know
		into <- prometheus.MustNewConstMetric(unitAge, prometheus.GaugeValue, age.Minutes(), strconv.FormatInt(unit, 10))
	}
	if len(ages) > 0 {
		//nolint:promlinter // as above
		into <- prometheus.MustNewConstMetric(worstAge, prometheus.GaugeValue, worst.Minutes())
	}
}
