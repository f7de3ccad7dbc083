package config

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite .env.template from the table of variables")

// .env.template is what the table says: the same variables, in the same order, with the same meaning and default.
func TestTemplateListsEveryVariable(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", ".env.template")
	want := template()
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, string(got), "run: go test ./internal/config -run Template -update")
}

func template() string {
	var b strings.Builder
	b.WriteString("# Settings of cabanas. `cabanas dev` needs none of them: it starts or makes up what is not set.\n")
	b.WriteString("# Durations are in Go's form: 90s, 30m, 72h. Copy to .env and export it; never commit the copy.\n")
	for _, v := range variables {
		note, value := "", ""
		if v.required {
			note = " [required]"
		}
		// A default that follows from another setting is told in the meaning, not fixed here.
		if v.fallback != nil && v.fallback(Config{}) == v.fallback(Config{Environment: Development, Booking: Booking{HoldTTL: 1}}) {
			value = v.fallback(Config{})
		}
		b.WriteString("\n# " + v.meaning + note + "\n" + v.name + "=" + value + "\n")
	}
	return b.String()
}
