package main

import (
	"fmt"
	"net"
	"strconv"
	"time"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

// clusterID only has to be stable; there is one cluster.
const clusterID = "5f2b7c0e-7c1e-4f0e-9b57-0a4f6a1c9d11"

// historyShards cannot change once a database exists; four serve one machine well.
const historyShards = 4

func newServer(opts options, logger log.Logger) (temporal.Server, error) {
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	cfg := serverConfig(opts, ports)
	authorizer, err := authorization.GetAuthorizerFromConfig(&cfg.Global.Authorization)
	if err != nil {
		return nil, fmt.Errorf("authorizer: %w", err)
	}
	claims, err := authorization.GetClaimMapperFromConfig(&cfg.Global.Authorization, logger)
	if err != nil {
		return nil, fmt.Errorf("claim mapper: %w", err)
	}
	// Static hosts replace ringpop: no membership ports, and a restart does not wait for its own ghost to leave the ring.
	return temporal.NewServer(
		temporal.WithConfig(cfg),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(map[primitives.ServiceName]static.Hosts{
			primitives.FrontendService: static.SingleLocalHost(opts.frontend()),
			primitives.HistoryService:  static.SingleLocalHost(local(ports[0])),
			primitives.MatchingService: static.SingleLocalHost(local(ports[1])),
			primitives.WorkerService:   static.SingleLocalHost(local(ports[2])),
		}),
		temporal.WithLogger(logger),
		temporal.WithAuthorizer(authorizer),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return claims }),
		temporal.WithDynamicConfigClient(dynamicConfig()),
	)
}

// serverConfig is the official server's configuration file as values; internal holds the ports of history, matching and worker.
func serverConfig(opts options, internal []int) *config.Config {
	cfg := &config.Config{
		Persistence: config.Persistence{
			DefaultStore:     storeDatabase,
			VisibilityStore:  visibilityDatabase,
			NumHistoryShards: historyShards,
			DataStores: map[string]config.DataStore{
				storeDatabase:      {SQL: opts.store.sql(storeDatabase, 20)},
				visibilityDatabase: {SQL: opts.store.sql(visibilityDatabase, 10)},
			},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        "active",
			CurrentClusterName:       "active",
			ClusterInformation: map[string]cluster.ClusterInformation{"active": {
				Enabled: true, InitialFailoverVersion: 1, RPCAddress: opts.frontend(), ClusterID: clusterID,
			}},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services: map[string]config.Service{
			"frontend": {RPC: config.RPC{GRPCPort: opts.port, HTTPPort: opts.httpPort, BindOnIP: opts.ip}},
			"history":  {RPC: config.RPC{GRPCPort: internal[0], BindOnIP: "127.0.0.1"}},
			"matching": {RPC: config.RPC{GRPCPort: internal[1], BindOnIP: "127.0.0.1"}},
			"worker":   {RPC: config.RPC{GRPCPort: internal[2], BindOnIP: "127.0.0.1"}},
		},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
		}},
		PublicClient: config.PublicClient{HostPort: opts.frontend()},
	}
	cfg.Global.Membership = config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: "127.0.0.1"}
	if opts.metricsPort > 0 {
		cfg.Global.Metrics = &metrics.Config{Prometheus: &metrics.PrometheusConfig{
			ListenAddress: net.JoinHostPort(opts.ip, strconv.Itoa(opts.metricsPort)), HandlerPath: "/metrics",
		}}
	}
	return cfg
}

// dynamicConfig lifts the limits that protect a shared cluster and shortens what a developer would wait for. None of it is for
// production, except the id length: Postgres keeps ids in VARCHAR(255), and a clear refusal is better than a failed insert.
func dynamicConfig() dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		dynamicconfig.MaxIDLengthLimit.Key():                        255,
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,
		dynamicconfig.NamespaceCacheRefreshInterval.Key():           time.Second,
		dynamicconfig.WorkflowPauseEnabled.Key():                    true,

		dynamicconfig.FrontendRPS.Key():                                                        100_000,
		dynamicconfig.FrontendMaxNamespaceRPSPerInstance.Key():                                 100_000,
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key():                       1_000,
		dynamicconfig.FrontendMaxNamespaceNamespaceReplicationInducingAPIsRPSPerInstance.Key(): 100,
		dynamicconfig.HistoryRPS.Key():                                                         100_000,
		dynamicconfig.MatchingRPS.Key():                                                        100_000,
		dynamicconfig.FrontendPersistenceMaxQPS.Key():                                          10_000,
		dynamicconfig.HistoryPersistenceMaxQPS.Key():                                           45_000,
		dynamicconfig.MatchingPersistenceMaxQPS.Key():                                          20_000,
	}
}

// freePorts asks the kernel for n loopback ports that nobody listens on.
func freePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer listener.Close() // Held until all are chosen, so that no two are the same.
		ports[i] = listener.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}

func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
