package deploy

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"
)

// nginxSettings are those of the compose file, as written there.
func nginxSettings(t *testing.T) map[string]string {
	t.Helper()
	project, _ := composed(t, "docker-compose.yml")
	settings := map[string]string{}
	for name, value := range project.Services["nginx"].Environment {
		settings[name] = *value
	}
	require.NotEmpty(t, settings)
	return settings
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}
