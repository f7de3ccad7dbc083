package deploy

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"cabanas/internal/config"
)

// composed loads a compose file as `docker compose` does: its schema, its references and its variables, which come from a
// generated .env beside it.
func composed(t *testing.T, name string, profiles ...string) (*types.Project, map[string]string) {
	t.Helper()
	folder, settings, _ := generated(t)
	options, err := cli.NewProjectOptions([]string{"../" + name}, cli.WithWorkingDirectory(folder), cli.WithEnvFiles(filepath.Join(folder, ".env")),
		cli.WithDotEnv, cli.WithProfiles(profiles), cli.WithInterpolation(true), cli.WithResolvedPaths(true), cli.WithoutEnvironmentResolution)
	require.NoError(t, err)
	project, err := options.LoadProject(t.Context())
	require.NoError(t, err)
	return project, settings
}

// jobs end; what counts is how.
var jobs = []string{"temporal-schema", "migrate", "setup", "certificates", "temporal-cli"}

func TestComposeFileIsWhole(t *testing.T) {
	t.Parallel()
	project, _ := composed(t, "docker-compose.yml", "tools")
	require.Greater(t, len(project.Services), 18)
	for name, service := range project.Services {
		if name == "nginx" {
			require.Len(t, service.Ports, 2)
			require.Equal(t, []string{"80", "443"}, []string{service.Ports[0].Published, service.Ports[1].Published})
			require.Equal(t, []string{"edge"}, slices.Collect(maps.Keys(service.Networks)))
		} else {
			require.Empty(t, service.Ports, "%s: only nginx is reached from outside", name)
		}
		if slices.Contains(jobs, name) {
			require.True(t, service.HealthCheck.Disable, name)
			require.NotEqual(t, "unless-stopped", service.Restart, name)
		} else {
			require.NotNil(t, service.HealthCheck, name)
			require.NotEmpty(t, service.HealthCheck.Test, name)
			require.Equal(t, "unless-stopped", service.Restart, name)
		}
		limits := service.Deploy.Resources.Limits
		require.NotZero(t, limits.MemoryBytes, name)
		require.NotZero(t, limits.NanoCPUs, name)
		require.NotZero(t, limits.Pids, name)
		require.Contains(t, service.SecurityOpt, "no-new-privileges:true", name)
		require.Equal(t, []string{"ALL"}, service.CapDrop, name)
		require.GreaterOrEqual(t, time.Duration(*service.StopGracePeriod), 30*time.Second, name)
		require.NotNil(t, service.Logging, name)
		require.False(t, service.Privileged, name)
		require.Empty(t, service.ContainerName, "%s: replicas and other projects have a place", name)
		if !slices.Contains([]string{"postgres", "certificates"}, name) { // Both hand files to another account, and say so.
			require.NotRegexp(t, `^(0|root)?(:|$)`, service.User, "%s does not run as root", name)
		}
		if !slices.Contains([]string{"postgres", "temporal", "temporal-ui", "whisper"}, name) {
			require.True(t, service.ReadOnly, "%s cannot change its own files", name)
		}
		require.Regexp(t, `^[a-z0-9./-]+:([0-9v][0-9a-z.-]*|local)$`, service.Image, "%s: a version, not whatever is newest", name)
		for _, volume := range service.Volumes {
			if volume.Type == types.VolumeTypeVolume {
				require.Contains(t, project.Volumes, volume.Source, "%s: a named volume", name)
				continue
			}
			require.True(t, volume.ReadOnly, "%s: %s", name, volume.Source)
		}
		for neighbour, dependency := range service.DependsOn {
			condition := types.ServiceConditionHealthy
			if slices.Contains(jobs, neighbour) {
				condition = types.ServiceConditionCompletedSuccessfully
			}
			require.Equal(t, condition, dependency.Condition, "%s waits for %s", name, neighbour)
		}
	}
	require.True(t, project.Networks["inner"].Internal, "databases have no way out")
	for _, name := range []string{"postgres", "redis", "temporal", "prometheus"} {
		require.Equal(t, []string{"inner"}, slices.Collect(maps.Keys(project.Services[name].Networks)), name)
	}
}

func TestComposeGivesEachProcessItsSettings(t *testing.T) {
	t.Parallel()
	project, generatedSettings := composed(t, "docker-compose.yml")
	queues := map[string]bool{}
	connections := 0
	for name, service := range project.Services {
		if !strings.HasPrefix(service.Image, "cabanas-") || name == "backup" {
			continue
		}
		settings := maps.Clone(generatedSettings)
		maps.Copy(settings, outside)
		for variable, value := range service.Environment {
			settings[variable] = ""
			if value != nil {
				settings[variable] = *value
			}
		}
		loaded, err := config.Load(func(variable string) string { return settings[variable] })
		require.NoError(t, err, name)
		for _, secret := range []string{"POSTGRES_PASSWORD", "TEMPORAL_DB_PASSWORD", "GRAFANA_PASSWORD", "BACKUP_PASSPHRASE", "REDIS_PASSWORD"} {
			require.Empty(t, settings[secret], "%s does not need %s", name, secret)
			require.Contains(t, service.Environment, secret, name)
		}
		require.NotEmpty(t, service.EnvFiles, name)
		if slices.Contains(jobs, name) {
			continue
		}
		connections += loaded.PoolSize
		if queue, isWorker := strings.CutPrefix(name, "worker-"); isWorker {
			require.Equal(t, types.ShellCommand{"worker", "--queues=" + queue}, service.Command)
			require.Equal(t, "0.0.0.0:9090", loaded.MetricsAddr, "Prometheus asks there")
			queues[queue] = true
		}
	}
	require.Equal(t, map[string]bool{"conversation": true, "booking": true, "messaging": true, "calendar": true, "media": true}, queues)
	require.Equal(t, "cabanas-worker:local", project.Services["worker-media"].Image, "voice needs FFmpeg")

	// What the compose file sets is a setting of the program, or belongs to the parts around it.
	known := append(config.Names(), "POSTGRES_PASSWORD", "CABANAS_DB_PASSWORD", "TEMPORAL_DB_PASSWORD", "GRAFANA_PASSWORD", "REDIS_PASSWORD", "BACKUP_PASSPHRASE")
	for variable := range project.Services["api"].Environment {
		require.Contains(t, known, variable)
	}

	// The subnet that the API believes is the one nginx is in.
	require.Equal(t, project.Networks["edge"].Ipam.Config[0].Subnet, *project.Services["api"].Environment["TRUSTED_PROXIES"])

	// Temporal is four services in one process, each with both pools (D-06).
	temporal := project.Services["temporal"].Environment
	connections += 4 * (number(t, *temporal["SQL_MAX_CONNS"]) + number(t, *temporal["SQL_VIS_MAX_CONNS"]))
	most := number(t, regexp.MustCompile(`max_connections=(\d+)`).FindStringSubmatch(strings.Join(project.Services["postgres"].Command, " "))[1])
	require.Less(t, connections+20, most, "pools, a deployment beside, and somebody with psql")
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// Every variable is in the generated file or has a default; and the other way round, what is generated is used.
func TestComposeVariablesAreGenerated(t *testing.T) {
	t.Parallel()
	_, settings, _ := generated(t)
	text, err := os.ReadFile("../docker-compose.yml")
	require.NoError(t, err)
	used := map[string]bool{}
	for _, found := range regexp.MustCompile(`[^$]\$\{([A-Z_]+)(:?[-?])?`).FindAllStringSubmatch(string(text), -1) {
		used[found[1]] = true
		if strings.HasSuffix(found[2], "-") {
			continue
		}
		require.NotEmpty(t, settings[found[1]], "%s has no default", found[1])
	}
	for name := range settings {
		require.True(t, used[name] || slices.Contains(config.Names(), name), "%s is read by nobody", name)
	}
	for _, path := range regexp.MustCompile(`(?m)- "?(\./[^:"]+):`).FindAllStringSubmatch(string(text), -1) {
		if !strings.HasPrefix(path[1], "./.env.") {
			_, err := os.Stat(filepath.Join("..", path[1]))
			require.NoError(t, err)
		}
	}
}

func TestComposeFileForDevelopersIsOnLoopback(t *testing.T) {
	t.Parallel()
	project, _ := composed(t, "docker-compose.dev.yml")
	require.Len(t, project.Services, 3)
	for name, service := range project.Services {
		for _, port := range service.Ports {
			require.Equal(t, "127.0.0.1", port.HostIP, name)
		}
		require.NotContains(t, service.Image, "latest", name)
	}
}
