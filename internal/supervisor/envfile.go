package supervisor

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"cabanas/internal/config"
)

// envFile has the settings that the parts were started with, for a shell: `set -a; . .cabanas/settings.env; set +a` lets the
// other commands, such as doctor and audit, talk to what runs here.
const envFile = "settings.env"

func (s *settings) writeEnvFile() error {
	known := config.Names()
	var text strings.Builder
	for _, variable := range s.environ() {
		name, value, _ := strings.Cut(variable, "=")
		if value != "" && slices.Contains(known, name) {
			fmt.Fprintf(&text, "%s='%s'\n", name, strings.ReplaceAll(value, "'", `'\''`))
		}
	}
	return writePrivate(filepath.Join(s.home, envFile), []byte(text.String()))
}
