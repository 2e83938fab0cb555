package temporalserver

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

const (
	loopback    = "127.0.0.1"
	clusterName = "active"
)

// settings differ from Temporal's defaults, which are made for a cluster under
// heavy load. With the defaults a journey of five steps took 544 ms and a
// signal 44 ms; with these 21 ms and 2 ms.
var settings = dynamicconfig.StaticClient{
	dynamicconfig.TransferProcessorMaxPollRPS.Key():                  1000,                  // from 20: how often new tasks are looked for
	dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():           1,                     // from 4: there is one process to share with
	dynamicconfig.MatchingNumTaskqueueWritePartitions.Key():          1,                     // from 4: must equal the read partitions
	dynamicconfig.TimerProcessorMaxTimeShift.Key():                   50 * time.Millisecond, // from 1 s: the resolution of timers
	dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 1000,                  // from 10: lists would be refused
	dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key():      true,                  // a search attribute is known at once
	dynamicconfig.WorkflowIdReuseMinimalInterval.Key():               time.Duration(0),      // from 1 s: re-entry may be immediate
	dynamicconfig.HistoryCacheHostLevelMaxSize.Key():                 4096,                  // from 128,000 entries: what sleeps should cost disk, not memory
	dynamicconfig.DefaultWorkflowTaskTimeout.Key():                   2 * time.Second,       // from 10 s: how soon work of a killed worker is taken up
}

func newServer(cfg Config, ports []int, log *logger) (temporal.Server, error) {
	frontend := address(ports[0])
	c := &config.Config{
		Global: config.Global{Membership: config.Membership{
			MaxJoinDuration:  startTimeout / 2,
			BroadcastAddress: loopback,
		}},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: frontend},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
		}},
		PublicClient: config.PublicClient{HostPort: frontend},
		Services:     map[string]config.Service{},
		Persistence:  persistence(cfg.File),
	}
	hosts := map[primitives.ServiceName]static.Hosts{}
	for i, name := range temporal.DefaultServices { // the frontend is the first
		c.Services[name] = config.Service{RPC: config.RPC{BindOnIP: loopback, GRPCPort: ports[i]}}
		hosts[primitives.ServiceName(name)] = static.SingleLocalHost(address(ports[i]))
	}
	authorizer, err := authorization.GetAuthorizerFromConfig(&c.Global.Authorization)
	if err != nil {
		return nil, fmt.Errorf("making the authorizer: %w", err)
	}
	return temporal.NewServer(
		temporal.WithConfig(c),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts),
		temporal.WithLogger(log),
		temporal.WithAuthorizer(authorizer),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper {
			return authorization.NewNoopClaimMapper()
		}),
		temporal.WithDynamicConfigClient(settings),
	)
}

// persistence keeps everything in one file: one shard, which is fixed when the
// file is made, and one pool for both stores.
func persistence(file string) config.Persistence {
	store := config.DataStore{SQL: database(file)}
	return config.Persistence{
		DefaultStore:     "default",
		VisibilityStore:  "visibility",
		NumHistoryShards: 1,
		DataStores:       map[string]config.DataStore{"default": store, "visibility": store},
	}
}

func database(file string) *config.SQL {
	return &config.SQL{
		PluginName:   sqliteplugin.PluginName,
		DatabaseName: escape(file),
		// One connection writes and reads: four made 37 workflows a second
		// where one made 68.
		MaxConns:     1,
		MaxIdleConns: 1,
		ConnectAttributes: map[string]string{
			"mode":         "rwc",
			"journal_mode": "wal",
			// Full, not normal: normal survives kill -9 too, but may lose the
			// last commits with the power, after our own store has marked an
			// event as delivered. Measured: 24 instead of 29 workflows/s.
			"synchronous":  "full",
			"busy_timeout": "5000",
		},
	}
}

// escape makes a path fit for the SQLite URI that it becomes part of.
func escape(file string) string { return (&url.URL{Path: file}).EscapedPath() }

func address(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }

// reservePorts finds n free ports. One connection to each, closed by the
// listener's side, leaves the port in TIME_WAIT: for a minute the kernel will
// not give it to anybody who asks for any port, while an explicit bind still
// works. Without it another process took one now and then.
func reservePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		p, err := reservePort()
		if err != nil {
			return nil, err
		}
		ports[i] = p
	}
	return ports, nil
}

func reservePort() (int, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", address(0))
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	dialed, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", l.Addr().String())
	if err != nil {
		return 0, err
	}
	defer func() { _ = dialed.Close() }()
	accepted, err := l.Accept()
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, accepted.Close() //nolint:errcheck // listening on TCP gives nothing else
}
