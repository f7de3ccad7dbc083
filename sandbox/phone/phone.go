// Package phone serves the guests' phone: a page that looks like a messaging app and speaks the sandbox's control API.
package phone

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed assets
var assets embed.FS

// policy lets the page load nothing but its own files, the sandbox's API and what messages link to: pictures, sounds, films.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob: http: https:; " +
	"media-src 'self' blob: http: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Mount adds /phone and its files to mux.
func Mount(mux *http.ServeMux) {
	files, err := fs.Sub(assets, "assets")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	mux.HandleFunc("GET /phone", func(w http.ResponseWriter, r *http.Request) {
		protect(w)
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Permissions-Policy", "microphone=(self), geolocation=(self), camera=()")
		http.ServeFileFS(w, r, files, "phone.html")
	})
	served := http.StripPrefix("/phone/assets/", http.FileServerFS(files))
	mux.HandleFunc("GET /phone/assets/", func(w http.ResponseWriter, r *http.Request) {
		protect(w)
		served.ServeHTTP(w, r)
	})
}

// protect also keeps a browser from using the files of an older sandbox.
func protect(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "no-referrer")
}
