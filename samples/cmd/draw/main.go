// Command draw renders the drawings of the sample cabins to JPEG pictures. It runs in the folder of package samples.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

const (
	width, height = 1200, 800
	// largest keeps a picture light on a phone's data plan.
	largest  = 60_000
	patience = time.Minute
)

func main() {
	if err := drawAll(); err != nil {
		fmt.Fprintln(os.Stderr, "draw:", err)
		os.Exit(1)
	}
}

func drawAll() error {
	drawings, err := filepath.Glob("drawings/*.svg")
	if err != nil || len(drawings) == 0 {
		return errors.Join(err, errors.New("no drawings here"))
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ctx, stop := chromedp.NewExecAllocator(ctx, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless,
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("hide-scrollbars", true), chromedp.Flag("disable-background-networking", true))
	defer stop()
	ctx, closeTab := chromedp.NewContext(ctx)
	defer closeTab()
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height)); err != nil {
		return fmt.Errorf("open a browser: %w", err)
	}
	for _, drawing := range drawings {
		if err := draw(ctx, drawing); err != nil {
			return fmt.Errorf("%s: %w", drawing, err)
		}
	}
	return nil
}

// draw takes the best quality that is small enough.
func draw(ctx context.Context, drawing string) error {
	absolute, err := filepath.Abs(drawing)
	if err != nil {
		return err
	}
	address := url.URL{Scheme: "file", Path: filepath.ToSlash(absolute)}
	if err := chromedp.Do(ctx, chromedp.Navigate(address.String())); err != nil {
		return err
	}
	name := strings.TrimSuffix(filepath.Base(drawing), ".svg") + ".jpg"
	for quality := 85; quality >= 40; quality -= 5 {
		picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(quality))
		if err != nil {
			return err
		}
		if len(picture) < largest {
			return os.WriteFile(filepath.Join("pictures", name), picture, 0o644)
		}
	}
	return fmt.Errorf("no quality makes it smaller than %d bytes", largest)
}
