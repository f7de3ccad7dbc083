// Package samples holds the pictures of the sample cabins, which are drawings of our own.
//
// The API serves them at an address that a messaging service can fetch. Their sources are in drawings; `go generate ./samples`
// makes the pictures from them and needs a Chromium.
package samples

import (
	"embed"
	"path"
	"strings"
)

//go:generate go run ./cmd/draw

//go:embed pictures/*.jpg
var pictures embed.FS

const (
	// Path is where the pictures are on the API, followed by a file name.
	Path      = "/samples/"
	extension = ".jpg"
)

// Address is where a picture can be fetched; base is the public address of the API, with or without a slash at its end.
func Address(base, name string) string {
	return strings.TrimRight(base, "/") + Path + name + extension
}

// Picture returns the JPEG that a file name such as "nahuel-lago.jpg" stands for, and whether there is one.
func Picture(file string) ([]byte, bool) {
	if path.Ext(file) != extension {
		return nil, false
	}
	content, err := pictures.ReadFile("pictures/" + file)
	return content, err == nil
}
