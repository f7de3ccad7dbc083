package main

import (
	"bytes"
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
)

func noEnvironment(string) string { return "" }

func TestParseOptions(t *testing.T) {
	t.Parallel()
	opts, err := parseOptions([]string{"--postgres=postgres://app:p%40ss@db.example:6432/cabanas?sslmode=require&pool_max_conns=9", "--port=7240"},
		noEnvironment, &bytes.Buffer{})
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:7240", opts.frontend())
	require.Equal(t, "127.0.0.1:8233", opts.ui())
	require.Equal(t, "default", opts.namespace)

	connection := opts.store.sql(storeDatabase, 20)
	require.Equal(t, "db.example:6432", connection.ConnectAddr)
	require.Equal(t, "temporal", connection.DatabaseName)
	require.Equal(t, "app", connection.User)
	require.Equal(t, "p@ss", connection.Password)
	require.Equal(t, map[string]string{"sslmode": "require"}, connection.ConnectAttributes)
}

func TestPostgresComesFromTheEnvironment(t *testing.T) {
	t.Parallel()
	getenv := func(name string) string {
		return map[string]string{postgresVariable: "postgres://app@localhost"}[name]
	}
	opts, err := parseOptions(nil, getenv, &bytes.Buffer{})
	require.NoError(t, err)
	require.Equal(t, "localhost:5432", opts.store.address)
	require.Equal(t, "postgres://app@localhost/postgres", opts.store.admin)
	require.NotEmpty(t, opts.store.password, "the plugin refuses an empty one")
}

func TestParseOptionsRefusals(t *testing.T) {
	t.Parallel()
	const postgres = "--postgres=postgres://app:hunter2@localhost/x"
	tests := map[string][]string{
		"nothing":       nil,
		"other scheme":  {"--postgres=mysql://root@localhost/x"},
		"no host":       {"--postgres=postgres:///x?host=/run/postgresql"},
		"broken URL":    {"--postgres=postgres://app:hunter2@[::1/x"},
		"host name":     {postgres, "--ip=localhost"},
		"port zero":     {postgres, "--port=0"},
		"port too high": {postgres, "--ui-port=70000"},
		"argument":      {postgres, "start"},
		"unknown flag":  {postgres, "--db-filename=x"},
	}
	for name, args := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parseOptions(args, noEnvironment, &bytes.Buffer{})
			require.Error(t, err)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	var usage bytes.Buffer
	_, err := parseOptions([]string{"-h"}, noEnvironment, &usage)
	require.ErrorIs(t, err, flag.ErrHelp)
	for _, name := range []string{"postgres", "ip", "port", "ui-port", "http-port", "metrics-port", "namespace", "log-level"} {
		require.Contains(t, usage.String(), "-"+name)
	}
}

func TestServerConfigIsComplete(t *testing.T) {
	t.Parallel()
	opts, err := parseOptions([]string{"--postgres=postgres://app@localhost/x", "--metrics-port=9191"}, noEnvironment, &bytes.Buffer{})
	require.NoError(t, err)
	cfg := serverConfig(opts, []int{7301, 7302, 7303})
	require.NoError(t, cfg.Persistence.Validate())
	require.Equal(t, "127.0.0.1:7233", cfg.PublicClient.HostPort)
	require.Equal(t, "127.0.0.1:9191", cfg.Global.Metrics.Prometheus.ListenAddress)
	for service, port := range map[string]int{"frontend": 7233, "history": 7301, "matching": 7302, "worker": 7303} {
		require.Equal(t, port, cfg.Services[service].RPC.GRPCPort)
	}
}

// The server reads a value of the wrong type as its default, silently; so each is read back here.
func TestDynamicConfigValuesAreUnderstood(t *testing.T) {
	t.Parallel()
	values := dynamicconfig.NewCollection(dynamicConfig(), log.NewNoopLogger())
	require.Equal(t, 255, dynamicconfig.MaxIDLengthLimit.Get(values)())
	require.Equal(t, 100_000, dynamicconfig.FrontendRPS.Get(values)())
	require.Equal(t, 100_000, dynamicconfig.FrontendMaxNamespaceRPSPerInstance.Get(values)("default"))
	require.Equal(t, time.Second, dynamicconfig.NamespaceCacheRefreshInterval.Get(values)())
	require.True(t, dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Get(values)())
}

func TestFreePortsAreDistinct(t *testing.T) {
	t.Parallel()
	ports, err := freePorts(3)
	require.NoError(t, err)
	require.Len(t, map[int]bool{ports[0]: true, ports[1]: true, ports[2]: true}, 3)
	require.True(t, strings.HasPrefix(local(ports[0]), "127.0.0.1:"))
}
