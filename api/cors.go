package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

var (
	// allowedHeaders are what a browser may send to us beside what it always may.
	allowedHeaders = strings.Join([]string{"Authorization", "Content-Type", idempotencyHeader, "If-Match", "If-None-Match", "Last-Event-ID",
		tokenHeader, traceHeader}, ", ")
	// exposedHeaders are what a page may read of our answers beside what it always may.
	exposedHeaders = strings.Join([]string{"Allow", "Content-Disposition", "ETag", replayedHeader, "Link", "Location", "RateLimit", "RateLimit-Policy",
		"Retry-After", "WWW-Authenticate", traceHeader}, ", ")
)

// preflightLasts is how long a browser remembers the answer to a preflight.
const preflightLasts = "600"

// crossOrigin lets the pages of the given origins use the API. Nothing here is done with cookies, so that no credentials are
// allowed; "*" is every origin. A page of an origin that is not listed gets no word about it.
func crossOrigin(origins []string) gin.HandlerFunc {
	anyOrigin := slices.Contains(origins, "*")
	return func(c *gin.Context) {
		header, origin := c.Writer.Header(), c.GetHeader("Origin")
		if len(origins) > 0 && !anyOrigin {
			header.Add("Vary", "Origin") // also on what nobody of another origin asked for: a cache may give it to one
		}
		if origin == "" || !anyOrigin && !slices.Contains(origins, origin) {
			c.Next()
			return
		}
		if anyOrigin {
			origin = "*"
		}
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Expose-Headers", exposedHeaders)
		if c.Request.Method == http.MethodOptions && c.GetHeader("Access-Control-Request-Method") != "" {
			preflight(c)
			return
		}
		c.Next()
	}
}

// preflight tells which methods a path has; the router found them when it found no route for OPTIONS. A path that is not there is
// answered as such.
func preflight(c *gin.Context) {
	header := c.Writer.Header()
	header.Add("Vary", "Access-Control-Request-Method")
	header.Add("Vary", "Access-Control-Request-Headers")
	methods := header.Get("Allow")
	if methods == "" {
		c.Next()
		return
	}
	header.Set("Access-Control-Allow-Methods", methods)
	header.Set("Access-Control-Allow-Headers", allowedHeaders)
	header.Set("Access-Control-Max-Age", preflightLasts)
	c.AbortWithStatus(http.StatusNoContent)
}
