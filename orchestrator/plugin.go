package orchestrator

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/qidong/qidong/orchestrator/journey"
)

// Plugin is one version of a plugin in a workspace. Name@Version never changes
// its digest.
type Plugin struct {
	Workspace string
	Name      string
	Version   string // semantic version
	Digest    string // sha256 of the module, lower-case hex
	State     PluginState
	Reason    string          // why it is in this state, a sentence; "" where that is plain
	Manifest  json.RawMessage // what describe returned (sdk/abi.Manifest)
	Config    json.RawMessage // a JSON object for the plugin, by workspace
	Grant     json.RawMessage // what the workspace allows, and limits (plugins.Grant)
	Size      int64
	CreatedAt time.Time
	// UploadedBy is who uploaded it first (Actor.Name); "" is not known.
	UploadedBy string
	// SignedBy is the id of the publisher key whose Signature it has; "" is none.
	SignedBy  string
	Signature string // in minisign's form
	// Held says that it goes live only when somebody promotes it.
	Held bool
	// ReviewedBy is who granted what it asked for while it was in review; "" is
	// nobody.
	ReviewedBy string
	// Missing is what the manifest asks for and the grant does not give; new
	// definitions may not use the version until it does. Filled in by Service.
	Missing []MissingGrant
	// Needs is all that the manifest asks for, granted or not, in its order; a
	// configuration that cannot be asked under is one need, "config". Filled in by
	// Service.
	Needs []MissingGrant
	// Health is nil when it was not called of late. Filled in by Service.
	Health *PluginHealth
}

// Moves are the states that may follow on the version's own, in the order of
// [PluginState]'s constants.
func (p Plugin) Moves() []PluginState { return slices.Clone(pluginMoves[p.State]) }

// MissingGrant is one thing that a plugin asks for and was not granted.
type MissingGrant struct {
	Need   string       // "http", "loopback", "ledger", "kv", "secret", "customer", "config", "grant"
	Value  string       // the host, "secret for host", the customer's field, what is wrong; "" where there is none
	Reason journey.Text // the plugin's own, for people
}

// String is what to grant: "http bank.example".
func (m MissingGrant) String() string {
	if m.Value == "" {
		return m.Need
	}
	return m.Need + " " + m.Value
}

// PluginHealth is how a plugin version does in a workspace, in this process,
// since it was called first.
type PluginHealth struct {
	Plugin, Version string
	Circuit         string    // "closed"; "open": calls are refused; "half_open": one call tries it
	Since           time.Time // of Circuit; zero if it never opened
	Running         int       // calls that run now
	Waiting         int       // calls that wait for a place
	Calls           int64     // that ended
	Failures        map[string]int64
	P50, P99        time.Duration // of the last runs; 0 when none is known
}

// PluginStore keeps plugin versions and their modules.
type PluginStore interface {
	// AddPlugin stores a version and its module together. The same name,
	// version and digest again updates Config and Grant, and the signature if it
	// has one; another digest under the same version is [ErrConflict].
	AddPlugin(ctx context.Context, p Plugin, module []byte) error
	// UpdatePlugin stores State, Reason, Config, Grant and ReviewedBy of a known
	// version.
	UpdatePlugin(ctx context.Context, p Plugin) error
	// Plugin finds a version; "" is the newest by semantic version.
	Plugin(ctx context.Context, workspace, name, version string) (Plugin, error)
	PluginByDigest(ctx context.Context, workspace, digest string) (Plugin, error)
	// Plugins lists by name, newest version first.
	Plugins(ctx context.Context, workspace string) ([]Plugin, error)
	// PluginUses lists the versions of journeys that call the module of a digest,
	// by journey, newest version first.
	PluginUses(ctx context.Context, workspace, digest string) ([]PluginUse, error)
	// Module returns the bytes of a digest, after checking that they are.
	Module(ctx context.Context, digest string) ([]byte, error)
}

// PluginHost loads and calls plugins: the port to the Wasm host.
type PluginHost interface {
	// Describe checks a module and returns its manifest (sdk/abi.Manifest as
	// JSON). Bad modules are a *ValidationError.
	Describe(ctx context.Context, module []byte) (json.RawMessage, error)
	// Review compares what a manifest asks for, under a configuration, with a
	// grant (plugins.Grant as JSON; nil grants nothing), and returns what the
	// grant lacks. A grant that is none, or has limits above the host's, is a
	// *ValidationError.
	Review(manifest, config, grant json.RawMessage) ([]MissingGrant, error)
	// Health tells of the workspace's plugins that were called of late.
	Health(workspace string) []PluginHealth
	// Try calls an action as [Service.TryPlugin] says. What the plugin does wrong is
	// in the result.
	Try(ctx context.Context, p Plugin, t PluginTrial) (PluginTried, error)
}

// ErrModuleChanged is a stored module that is no longer what was uploaded. It
// has no kind: nobody who asks can do anything about it.
var ErrModuleChanged = errors.New("the stored bytes are not those of the digest: the database was changed by hand or is damaged; upload the module again")
