package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// mostAtOnce is how many tests may wait at the same time: they wait much more than they work.
const mostAtOnce = "32"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", mostAtOnce); err != nil {
		panic(err)
	}
	folder, err := os.MkdirTemp("", "cabanas-e2e-bin-")
	if err != nil {
		panic(err)
	}
	buildFolder = folder
	status := m.Run()
	if err := os.RemoveAll(folder); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(status)
}

var buildFolder string

// program builds the product once, with the race detector, and returns its path.
var program = sync.OnceValues(func() (string, error) {
	if named := os.Getenv("CABANAS_BIN"); named != "" {
		return filepath.Abs(named)
	}
	path := filepath.Join(buildFolder, "cabanas")
	build := exec.Command("go", "build", "-race", "-o", path, "./cmd/cabanas")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
})
