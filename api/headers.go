package api

import (
	"net"
	"net/netip"
	"strings"

	"github.com/gin-gonic/gin"
)

// strictTransport is a year. Names under ours are left alone: they may be somebody else's.
const strictTransport = "max-age=31536000"

// securityHeaders is on every answer; pages that show something say what they show with a policy of their own. overHTTPS says
// that our public address is https.
func securityHeaders(overHTTPS bool, proxies []netip.Prefix) gin.HandlerFunc {
	return func(c *gin.Context) {
		header := c.Writer.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("X-Frame-Options", "DENY")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		header.Set("Permissions-Policy", "accelerometer=(), camera=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Cache-Control", "no-store")
		if route := c.FullPath(); strings.HasPrefix(route, "/samples/") || strings.HasPrefix(route, "/receipts/") {
			header.Set("Cross-Origin-Resource-Policy", "cross-origin") // messages and other pages show them
		}
		if overHTTPS || cameOverHTTPS(c, proxies) {
			header.Set("Strict-Transport-Security", strictTransport)
		}
		c.Next()
	}
}

// cameOverHTTPS believes X-Forwarded-Proto of trusted proxies only.
func cameOverHTTPS(c *gin.Context, proxies []netip.Prefix) bool {
	if c.Request.TLS != nil {
		return true
	}
	if !strings.EqualFold(c.GetHeader("X-Forwarded-Proto"), "https") {
		return false
	}
	host, _, err := net.SplitHostPort(c.Request.RemoteAddr)
	if err != nil {
		return false
	}
	peer, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, proxy := range proxies {
		if proxy.Contains(peer.Unmap()) {
			return true
		}
	}
	return false
}

// oneForwardedFor joins the lines of X-Forwarded-For, whose order is that of the proxies: the router reads one line only, which
// would be the client's own when a proxy adds a line beside it.
func oneForwardedFor(c *gin.Context) {
	if lines := c.Request.Header.Values("X-Forwarded-For"); len(lines) > 1 {
		c.Request.Header.Set("X-Forwarded-For", strings.Join(lines, ", "))
	}
	c.Next()
}
