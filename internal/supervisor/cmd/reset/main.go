// Command reset deletes what `cabanas dev` keeps on this machine, wherever that is, and starts nothing.
package main

import (
	"context"
	"fmt"
	"os"

	"cabanas/internal/supervisor"
)

func main() {
	if err := supervisor.Reset(context.Background(), supervisor.Options{Quiet: true}); err != nil {
		fmt.Fprintln(os.Stderr, "reset:", err)
		os.Exit(1)
	}
}
