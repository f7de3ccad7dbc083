// Package phone serves the guests' phone: a page that looks like a messaging app and speaks the sandbox's control API.
package phone

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed assets
var assets embed.FS

// Mount adds /phone and its files to mux.
func Mount(mux *http.ServeMux) {
	files, err := fs.Sub(assets, "assets")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	mux.HandleFunc("GET /phone", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeFileFS(w, r, files, "phone.html")
	})
	mux.Handle("GET /phone/assets/", http.StripPrefix("/phone/assets/", http.FileServerFS(files)))
}
