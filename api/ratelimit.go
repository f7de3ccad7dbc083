package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"cabanas/booking"
	"cabanas/internal/observe"
	"cabanas/store/redis"
)

// CodeRateLimited refuses a request because there were too many of its class.
const CodeRateLimited booking.Code = "rate_limited"

// RequestCounter counts requests for all processes; *redis.RateLimiter is one.
type RequestCounter interface {
	// Take counts a request of who, unless it is one too many of most in a window.
	Take(ctx context.Context, who string, most int, window time.Duration) (redis.Spent, error)
}

// RateLimit bounds requests of one client in one class of paths.
type RateLimit struct {
	Counter RequestCounter
	// Requests in any Window; some classes have a multiple of it, see [Class]. 0 means no limit.
	Requests int
	Window   time.Duration
	// Patience is how long the counter is waited for, 100 ms when 0. A request that cannot be counted goes on.
	Patience time.Duration
}

// Class is a kind of requests that are counted together, whatever ids are in their paths. It is a label of metrics and the name of
// the policy in RateLimit headers.
type Class string

// The classes. Webhooks, health and metrics have none: the few addresses of providers and probes are never throttled.
const (
	ClassPublicRead   Class = "public-read"
	ClassAvailability Class = "availability"
	ClassBooking      Class = "booking" // writes of guests
	ClassSession      Class = "session" // coming in, and staff routes without a good token
	ClassPay          Class = "pay"     // the guests' payment pages
	ClassPages        Class = "pages"   // documentation
	ClassFiles        Class = "files"   // pictures and receipts, which messaging services fetch for many guests
	ClassExports      Class = "exports" // calendars, which a channel fetches for all cabins from few addresses, and tables
	ClassStaffRead    Class = "staff-read"
	ClassStaffWrite   Class = "staff-write"
	ClassOther        Class = "other" // what is no route
)

// times is how many times RateLimit.Requests a class may have; 1 when it is not here. A dashboard asks much at once.
var times = map[Class]int{ClassFiles: 10, ClassExports: 10, ClassStaffRead: 10, ClassStaffWrite: 5}

const (
	// counterRest is how long the counter is left alone after it did not answer.
	counterRest = time.Second
	patience    = 100 * time.Millisecond

	// busyKey holds how long to wait, for a page that tells it in its own way.
	busyKey = "rate_limited_for"
)

// limits counts requests before anything else is done for them. Those of staff are counted by account, once it is known.
type limits struct {
	RateLimit
	metrics *observe.Metrics
	logger  *slog.Logger
	staff   map[string]bool // method and path template of routes for staff
	// restUntil is when the counter is asked again, in nanoseconds.
	restUntil atomic.Int64
}

func newLimits(o *Options) *limits {
	l := &limits{RateLimit: o.RateLimit, metrics: o.Metrics, logger: o.Logger, staff: map[string]bool{}}
	if l.Patience == 0 {
		l.Patience = patience
	}
	for _, class := range []Class{ClassPublicRead, ClassAvailability, ClassBooking, ClassSession, ClassPay, ClassPages, ClassFiles,
		ClassExports, ClassStaffRead, ClassStaffWrite, ClassOther} {
		l.metrics.RateLimitBlocked.WithLabelValues(string(class))
	}
	return l
}

// leaveToGuard says which routes are counted where the account is known.
func (l *limits) leaveToGuard(routes []Route) {
	for _, route := range routes {
		if route.Role != "" {
			l.staff[route.Method+" "+ginPath(route.Path)] = true
		}
	}
}

var bracedParameter = regexp.MustCompile(`\{(\w+)\}`)

func ginPath(path string) string { return bracedParameter.ReplaceAllString(path, ":$1") }

// byAddress is the middleware of all that is not for staff.
func (l *limits) byAddress(c *gin.Context) {
	class := classOf(c.Request.Method, c.FullPath())
	if class == "" || l.staff[c.Request.Method+" "+c.FullPath()] {
		c.Next()
		return
	}
	ok, wait := l.take(c, class, "address "+clientAddress(c))
	switch {
	case ok:
	case class == ClassPay:
		c.Set(busyKey, wait)
	default:
		refuseBusy(c, class, wait)
		return
	}
	c.Next()
}

// ofStaff counts a request for staff by its account, or by address when there is none; it answers when it is one too many.
func (l *limits) ofStaff(c *gin.Context, accountID int64) bool {
	class, who := ClassSession, "address "+clientAddress(c)
	if accountID != 0 {
		class, who = staffClass(c.Request.Method, c.FullPath()), "account "+strconv.FormatInt(accountID, 10)
	}
	ok, wait := l.take(c, class, who)
	if !ok {
		refuseBusy(c, class, wait)
	}
	return ok
}

func refuseBusy(c *gin.Context, class Class, wait time.Duration) {
	busy := newProblem(c.Request.Context(), CodeRateLimited, "too many requests of the class "+string(class))
	busy.retryAfter = max(wait, time.Second)
	writeProblem(c, busy)
}

// take counts, and tells in headers how it stands (draft-ietf-httpapi-ratelimit-headers-10). What cannot be counted goes on.
func (l *limits) take(c *gin.Context, class Class, who string) (ok bool, wait time.Duration) {
	if l.Requests == 0 || l.Counter == nil || !l.mayAsk() {
		return true, 0
	}
	most := l.Requests * max(times[class], 1)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request.Context()), l.Patience)
	defer cancel()
	spent, err := l.Counter.Take(ctx, string(class)+" "+who, most, l.Window)
	if err != nil {
		l.restUntil.Store(time.Now().Add(counterRest).UnixNano())
		l.metrics.RateLimitErrors.Inc()
		l.logger.WarnContext(c.Request.Context(), "requests_not_counted", "error", err)
		return true, 0
	}
	l.restUntil.Store(0)
	c.Header("RateLimit-Policy", fmt.Sprintf("%q;q=%d;w=%d", class, most, seconds(l.Window)))
	c.Header("RateLimit", fmt.Sprintf("%q;r=%d;t=%d", class, spent.Remaining, seconds(spent.Next)))
	if !spent.Allowed {
		l.metrics.RateLimitBlocked.WithLabelValues(string(class)).Inc()
	}
	return spent.Allowed, spent.Next
}

// mayAsk lets one request at a time find out whether a counter that was away is back.
func (l *limits) mayAsk() bool {
	until, now := l.restUntil.Load(), time.Now()
	return until == 0 || now.UnixNano() >= until && l.restUntil.CompareAndSwap(until, now.Add(counterRest).UnixNano())
}

func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// classOf is the class of a route that is not for staff; empty for what is never limited.
func classOf(method, route string) Class {
	switch route {
	case "":
		return ClassOther
	case healthPath, readyPath, metricsPath:
		return ""
	case payPath:
		return ClassPay
	case icalPath:
		return ClassExports
	case prefix + "/mercadopago/webhook":
		return ""
	}
	under := func(path string) bool { return strings.HasPrefix(route, path) }
	switch {
	case under(prefix + "/webhooks/"):
		return ""
	case under("/samples/"), under("/receipts/"):
		return ClassFiles
	case !under(prefix + "/"):
		return ClassPages
	case under(prefix + "/admin/"):
		return ClassSession
	case method != http.MethodGet:
		return ClassBooking
	case strings.HasSuffix(route, "/availability"):
		return ClassAvailability
	}
	return ClassPublicRead
}

func staffClass(method, route string) Class {
	switch {
	case strings.HasSuffix(route, ".csv"):
		return ClassExports
	case method == http.MethodGet:
		return ClassStaffRead
	}
	return ClassStaffWrite
}
