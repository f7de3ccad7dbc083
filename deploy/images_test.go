package deploy

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/stretchr/testify/require"

	"cabanas/internal/config"
)

func TestImagesAreSmallAndNotRoot(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../Dockerfile")
	require.NoError(t, err)
	dockerfile := strings.ReplaceAll(string(text), "\\\n", " ")
	ignored, err := os.ReadFile("../.dockerignore")
	require.NoError(t, err)
	lines := strings.Split(string(ignored), "\n")
	for _, secret := range []string{".env", ".env.*", ".git", ".cabanas", "backups"} {
		require.Contains(t, lines, secret, "never in an image")
	}
	gomod, err := os.ReadFile("../go.mod")
	require.NoError(t, err)
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(string(gomod))[1]
	require.Contains(t, dockerfile, "FROM golang:"+version+"-", "the builder is the Go of go.mod")
	require.Contains(t, dockerfile, `-trimpath -ldflags "-s -w -X main.release=$VERSION"`)
	require.Contains(t, dockerfile, "CGO_ENABLED=0")

	var stages []string
	for _, stage := range regexp.MustCompile(`(?m)^FROM `).Split(dockerfile, -1)[1:] {
		head, body, _ := strings.Cut(stage, "\n")
		words := strings.Fields(head)
		require.Len(t, words, 3, head)
		require.NotContains(t, words[0], "latest")
		stages = append(stages, words[2])
		for _, line := range regexp.MustCompile(`(?m)^COPY (.*)$`).FindAllStringSubmatch(body, -1) {
			copied := strings.Fields(line[1])
			if from, found := strings.CutPrefix(copied[0], "--from="); found {
				require.Contains(t, stages, from)
				continue
			}
			for _, source := range copied[:len(copied)-1] {
				_, err := os.Stat(filepath.Join("..", source))
				require.NoError(t, err, "COPY %s", source)
				require.True(t, source == "." || !slices.Contains(lines, "deploy/*") || !strings.HasPrefix(source, "deploy/") || slices.Contains(lines, "!"+source), "%s is in the build", source)
			}
		}
		if words[2] == "build" {
			continue
		}
		users := regexp.MustCompile(`(?m)^USER (.*)$`).FindAllStringSubmatch(body, -1)
		require.NotEmpty(t, users, words[2])
		require.NotRegexp(t, `^(root|0)\b`, users[len(users)-1][1], words[2])
	}
	require.Equal(t, []string{"build", "worker", "ops", "api"}, stages, "the last one is what a plain build gives")
	require.Equal(t, 2, strings.Count(dockerfile, "HEALTHCHECK"))
}

func TestFlyRunsTheAPIAndTheWorkers(t *testing.T) {
	t.Parallel()
	var fly struct {
		KillTimeout string `toml:"kill_timeout"`
		Build       struct {
			Dockerfile string
			Target     string `toml:"build-target"`
		}
		Deploy struct {
			Release string `toml:"release_command"`
		}
		Env       map[string]string
		Processes map[string]string
		HTTP      struct {
			Processes    []string
			InternalPort int  `toml:"internal_port"`
			ForceHTTPS   bool `toml:"force_https"`
			Checks       []struct{ Path string }
		} `toml:"http_service"`
		Checks map[string]struct {
			Processes []string
			Path      string
			Port      int
		}
	}
	_, err := toml.DecodeFile("../fly.toml", &fly)
	require.NoError(t, err)
	require.Equal(t, "40s", fly.KillTimeout)
	dockerfile, err := os.ReadFile(filepath.Join("..", fly.Build.Dockerfile))
	require.NoError(t, err)
	require.Contains(t, string(dockerfile), " AS "+fly.Build.Target+"\n")
	require.Equal(t, "/readyz", fly.HTTP.Checks[0].Path)
	require.True(t, fly.HTTP.ForceHTTPS)
	require.Equal(t, "/readyz", fly.Checks["worker"].Path)
	for name := range fly.Env {
		require.Contains(t, config.Names(), name)
	}
	require.Equal(t, fly.Env["PORT"], "8000")
	require.Equal(t, 8000, fly.HTTP.InternalPort)
	require.Equal(t, 9090, fly.Checks["worker"].Port)
	settings := map[string]string{"BASE_URL": "https://cabanas.fly.dev"}
	_, generatedSettings, _ := generated(t)
	for _, source := range []map[string]string{generatedSettings, outside, fly.Env} {
		maps.Copy(settings, source)
	}
	_, err = config.Load(func(name string) string { return settings[name] })
	require.NoError(t, err)

	main, err := os.ReadFile("../cmd/cabanas/main.go")
	require.NoError(t, err)
	for _, command := range append([]string{fly.Deploy.Release}, fly.Processes["api"], fly.Processes["worker"]) {
		require.Contains(t, string(main), `{"`+command+`", `, "a command of the program")
	}
}
