package api

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

//go:embed docs/page.html docs/page.css docs/page.js
var docsFiles embed.FS

// addDocs serves the description and a page that renders it, all from this binary. It comes after every typed route.
func addDocs(router *gin.Engine, api huma.API) error {
	description, err := json.Marshal(api.OpenAPI())
	if err != nil {
		return fmt.Errorf("describe the API: %w", err)
	}
	router.GET("/openapi.json", serve("application/json", description))
	for path, file := range map[string]struct{ name, mediaType string }{
		"/docs":          {"docs/page.html", "text/html; charset=utf-8"},
		"/docs/page.css": {"docs/page.css", "text/css; charset=utf-8"},
		"/docs/page.js":  {"docs/page.js", "text/javascript; charset=utf-8"},
	} {
		content, err := docsFiles.ReadFile(file.name)
		if err != nil {
			return fmt.Errorf("documentation page: %w", err)
		}
		router.GET(path, serve(file.mediaType, content))
	}
	return nil
}

func serve(mediaType string, content []byte) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Header("Content-Security-Policy",
			"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		c.Header("Cache-Control", "no-cache")
		c.Data(http.StatusOK, mediaType, content)
	}
}
