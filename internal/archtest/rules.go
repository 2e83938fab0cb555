package archtest

const (
	module = "github.com/qidong/qidong"
	// maxLines bounds hand-written files that are not tests.
	maxLines = 500
)

// skipped are directories of things that are made, not written.
var skipped = []string{"bin", "data", "shots"}

// skippedAnywhere are such directories by name, of other languages' tools.
var skippedAnywhere = []string{"node_modules", "target"}

// area says which of our own packages a directory may import.
type area struct {
	dir       string
	mayImport []string
	why       string
}

// areas go inward only: cmd, then the adapters, which do not know each other,
// then the domain, then the language.
var areas = []area{
	{"cmd/...", []string{"..."}, ""},

	{"orchestrator/journey", nil, "the language is pure and knows nothing around it"},
	{"orchestrator/journey/edit", []string{"orchestrator/journey"}, "commands on the source of a journey know its language only"},
	{"orchestrator/journey/journeytest", []string{"orchestrator/journey"}, "it stands in for a catalog"},
	{"orchestrator/seal", nil, "it turns bytes into bytes"},
	{"orchestrator", []string{"orchestrator/journey", "orchestrator/journey/edit", "orchestrator/seal"}, "the domain knows its language only; adapters know the domain"},

	{"orchestrator/api/...", []string{"orchestrator", "orchestrator/journey", "orchestrator/journey/edit", "sdk/gen/..."}, "an adapter talks to the domain, not to other adapters"},
	{"orchestrator/store/...", []string{"orchestrator", "orchestrator/journey", "orchestrator/store/..."}, "an adapter talks to the domain, not to other adapters"},
	{"workflows/...", []string{"orchestrator", "orchestrator/journey", "workflows/..."}, "workflows reach everything else through ports that cmd fills"},
	{"plugins/...", []string{"plugins/...", "sdk/abi"}, "the host shares the constants of the ABI with guests, and nothing else"},
	{"ui/...", []string{"docs", "orchestrator", "orchestrator/journey", "orchestrator/journey/edit", "ui/..."}, "the UI talks to orchestrator.Service"},
	{"simulation", []string{"orchestrator", "orchestrator/journey", "workflows", "simulation/virtual"}, "simulations run the real interpreter; partners reach them through a port that cmd fills"},
	{"simulation/virtual", nil, "it is a clock and knows nothing of journeys"},
	{"simulation/hosted", []string{"examples", "orchestrator", "orchestrator/journey", "orchestrator/store/sqlite", "plugins", "plugins/hostfunc", "sdk/abi", "simulation", "workflows"}, "it puts the plugin host behind the port of simulations, for programs"},
	{"simulation/program", []string{"orchestrator", "simulation", "simulation/hosted", "workflows"}, "it is a command line over simulations"},
	{"temporalserver", nil, "it runs somebody else's server and knows nothing of ours"},

	{"docs", nil, "it is text"},

	{"sdk/...", []string{"sdk/..."}, "partners import the SDK without the rest of us"},
	{"plugins/project", []string{"sdk"}, "a project is the partner's: it knows the SDK, and no host"},
	{"plugins/points", []string{"sdk/..."}, "a first-party plugin is an ordinary guest"},
	{"plugins/calendar", []string{"sdk/..."}, "a first-party plugin is an ordinary guest"},
	{"plugins/survey", []string{"sdk/..."}, "a first-party plugin is an ordinary guest"},

	{"examples", []string{"examples/..."}, "examples use what is public: the SDK"},
	{"examples/...", []string{"examples/...", "sdk/..."}, "examples use what is public: the SDK"},
	{"examples/plugins/...", []string{"sdk/..."}, "a partner's plugin imports the SDK only"},
	{"examples/backends/...", []string{"examples/backends/..."}, "a partner's server knows nothing of Qidong"},
	{"examples/worker/...", []string{"examples/worker/...", "workflows", "orchestrator/journey", "simulation", "simulation/hosted", "simulation/program"}, "a journey in Go uses the API for engineers"},

	{"bench/extism", []string{"plugins", "plugins/bench"}, "it measures the plugin host beside another one"},
	{"bench/extism/guest", nil, "it is a guest of the other host"},

	{"internal/archtest", nil, "the judge depends on nobody"},
	{"internal/browsertest", nil, "it drives any page"},
	{"internal/...", []string{"..."}, ""},
}

// reserved says which directories may import a package, or anything below it.
var reserved = []struct {
	path string
	dirs []string
	why  string
}{
	{
		"go.temporal.io/server",
		[]string{"temporalserver"},
		"Temporal's server packages promise no compatibility: one package of ours holds them",
	},
	{
		"go.temporal.io",
		[]string{"cmd/...", "workflows/...", "temporalserver", "simulation/virtual", "examples/worker/...", "internal/..."},
		"only workflows know Temporal",
	},
	{
		"github.com/tetratelabs/wazero",
		[]string{"plugins/...", "sdk/plugintest/..."},
		"only the plugin host runs WebAssembly",
	},
	{
		"github.com/extism",
		[]string{"bench/extism/..."},
		"another plugin host is there to be compared with, in a module of its own",
	},
	{
		"modernc.org/sqlite",
		[]string{"orchestrator/store/sqlite/...", "examples/backends/...", "cmd/..."},
		"only the SQLite store knows SQLite",
	},
	{
		"database/sql",
		[]string{"orchestrator/store/...", "examples/backends/...", "temporalserver", "cmd/..."},
		"only stores speak SQL",
	},
	{
		"net/http",
		[]string{"cmd/...", "orchestrator/api/...", "ui/...", "plugins", "plugins/hostfunc/...", "plugins/conformance/...", "simulation", "sdk/client/...", "sdk/gen/...", "sdk/plugintest/...", "examples/...", "internal/..."},
		"HTTP comes in through api and ui, and goes out through the plugin host",
	},
	{
		"connectrpc.com/connect",
		[]string{"cmd/...", "orchestrator/api/...", "sdk/client/...", "sdk/gen/...", "examples/demo/..."},
		"only the API speaks Connect",
	},
	{
		"google.golang.org/protobuf",
		[]string{"cmd/...", "orchestrator/api/...", "temporalserver", "sdk/client/...", "sdk/gen/...", "examples/demo/..."},
		"domain types are plain Go, so that a wire change cannot break a stored definition",
	},
	{
		"github.com/a-h/templ",
		[]string{"ui/..."},
		"only the UI renders pages",
	},
	{
		"github.com/spf13/cobra",
		[]string{"cmd/...", "simulation/program", "examples/worker/..."},
		"only programs have a command line",
	},
	{
		"github.com/chromedp",
		[]string{"internal/browsertest"},
		"browsertest hides the browser's protocol",
	},
	{
		"testing",
		[]string{"internal/...", "orchestrator/store/storetest", "plugins/conformance/...", "sdk/plugintest/..."},
		"it is for tests and for packages that support them",
	},
	{
		"github.com/stretchr/testify",
		[]string{"internal/...", "orchestrator/store/storetest"},
		"it is for tests and for packages that support them",
	},
}

// banned words are divided here so that this file does not contain them.
var banned = []struct{ word, why string }{
	{"/wo" + "rk/", "a path of one machine; use a relative one"},
	{"/ro" + "ot/", "a path of one machine; use a relative one"},
	{"proxy.go" + "lang.org", "a registry's host; the go command knows its own"},
	{"sum.go" + "lang.org", "a registry's host; the go command knows its own"},
	{"registry.np" + "mjs.org", "a registry's host"},
	{"deb.deb" + "ian.org", "a registry's host"},
	{".lib" + "rary/", "not a part of this project"},
}
