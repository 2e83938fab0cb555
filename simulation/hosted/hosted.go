// Package hosted runs the real plugins for simulations, on a plugin host of its
// own: those that are built in, those of a directory, or those installed in the
// data directory of a server.
package hosted

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/qidong/qidong/examples"
	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/store/sqlite"
	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/plugins/hostfunc"
	"github.com/qidong/qidong/sdk/abi"
	"github.com/qidong/qidong/simulation"
	"github.com/qidong/qidong/workflows"
)

// Plugins is [simulation.Plugins] over a plugin host of its own. It is safe for
// concurrent use.
type Plugins struct {
	host     *plugins.Host
	modules  moduleSet // nil when the host has its own
	specs    map[string]journey.ActionSpec
	byDigest map[string]loaded
	close    []func()
}

// loaded is one plugin as a simulation calls it.
type loaded struct {
	manifest *abi.Manifest
	config   json.RawMessage
	grant    plugins.Grant
}

// moduleSet is plugins.Modules in memory.
type moduleSet map[string][]byte

// Module finds a module by digest.
func (m moduleSet) Module(_ context.Context, digest string) ([]byte, error) {
	if module := m[digest]; module != nil {
		return module, nil
	}
	return nil, fmt.Errorf("the simulation has no module %s", digest)
}

// maxModule bounds a module that is read, in bytes.
const maxModule = 64 << 20

// Load loads the plugins of a place: a data directory of a server, a directory of
// .wasm files, or "" for those that are built in. The caller closes them.
func Load(ctx context.Context, place string) (*Plugins, error) {
	s := &Plugins{modules: moduleSet{}, specs: map[string]journey.ActionSpec{}, byDigest: map[string]loaded{}}
	cache := filepath.Join(place, "wasm-cache")
	database := filepath.Join(place, "qidong.db")
	_, err := os.Stat(database)
	installed := place != "" && err == nil
	if !installed {
		base, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("finding a directory for compiled plugins: %w", err)
		}
		cache = filepath.Join(base, "qidong", "wasm-cache")
	}
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return nil, fmt.Errorf("making a directory for compiled plugins: %w", err)
	}
	s.host, err = plugins.New(ctx, plugins.Config{Modules: s.modules, CacheDir: cache})
	if err != nil {
		return nil, fmt.Errorf("starting the plugin host: %w", err)
	}
	s.close = append(s.close, func() { _ = s.host.Close(context.WithoutCancel(ctx)) })
	switch {
	case installed:
		err = s.addInstalled(ctx, database)
	case place != "":
		err = s.addFiles(ctx, place)
	default:
		err = s.addExamples(ctx)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close ends the host.
func (s *Plugins) Close() {
	for _, f := range slices.Backward(s.close) {
		f()
	}
}

func (s *Plugins) addExamples(ctx context.Context) error {
	modules, err := examples.Plugins()
	if err != nil {
		return err
	}
	for _, m := range modules {
		if err := s.add(ctx, m.Module, nil, nil); err != nil {
			return fmt.Errorf("loading plugin %s: %w", m.Name, err)
		}
	}
	return nil
}

func (s *Plugins) addFiles(ctx context.Context, dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.wasm"))
	if err == nil && len(files) == 0 {
		_, err = os.Stat(dir)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there are no plugins in %s: give a directory with .wasm files, or the data directory of a server", dir)
		}
	}
	if err != nil {
		return fmt.Errorf("listing the plugins in %s: %w", dir, err)
	}
	for _, file := range files {
		module, err := readModule(file)
		if err == nil {
			err = s.add(ctx, module, nil, nil)
		}
		if err != nil {
			return fmt.Errorf("loading plugin %s: %w", file, err)
		}
	}
	return nil
}

// readModule reads a file of at most [maxModule] bytes.
func readModule(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("reading the file: %w", err)
	}
	if info.Size() > maxModule {
		return nil, fmt.Errorf("it is larger than %d MiB, the most that a module has", maxModule>>20)
	}
	return os.ReadFile(file)
}

// addInstalled adds the newest active version of each plugin of the demo
// workspace, with its configuration and grant.
func (s *Plugins) addInstalled(ctx context.Context, database string) error {
	store, err := sqlite.Open(ctx, database, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	return s.addWorkspace(ctx, store, orchestrator.DemoWorkspace)
}

// Store is where the plugins of workspaces are.
type Store interface {
	Plugins(ctx context.Context, workspace string) ([]orchestrator.Plugin, error)
	Module(ctx context.Context, digest string) ([]byte, error)
}

func (s *Plugins) addWorkspace(ctx context.Context, store Store, workspace string) error {
	list, err := store.Plugins(ctx, workspace)
	if err != nil {
		return fmt.Errorf("listing the installed plugins: %w", err)
	}
	seen := map[string]bool{}
	for _, p := range list { // newest version first
		if p.State != orchestrator.PluginActive || seen[p.Name] {
			continue
		}
		seen[p.Name] = true
		module, err := store.Module(ctx, p.Digest)
		if err != nil {
			return fmt.Errorf("reading plugin %s %s: %w", p.Name, p.Version, err)
		}
		grant, err := plugins.ReadGrant(p.Grant)
		if err != nil {
			return fmt.Errorf("reading the grant of plugin %s %s: %w", p.Name, p.Version, err)
		}
		if err := s.add(ctx, module, p.Config, &grant); err != nil {
			return fmt.Errorf("loading plugin %s %s: %w", p.Name, p.Version, err)
		}
	}
	return nil
}

// add loads a module. Without a grant it gets what it asks for: nothing of it
// reaches anything real.
func (s *Plugins) add(ctx context.Context, module []byte, config json.RawMessage, grant *plugins.Grant) error {
	m, err := s.host.Describe(ctx, module)
	if err != nil {
		return err
	}
	if grant == nil {
		config = m.ExampleConfig
		asked, err := plugins.Asked(m, config)
		if err != nil {
			return err
		}
		grant = &asked
	}
	grant.Record = 0
	sum := sha256.Sum256(module)
	digest := hex.EncodeToString(sum[:])
	if s.modules != nil {
		s.modules[digest] = module
	}
	s.byDigest[digest] = loaded{manifest: m, config: config, grant: *grant}
	for _, a := range m.Actions {
		spec := journey.ActionSpec{Undo: a.Undo, Action: journey.Action{
			Plugin: m.Name, Version: m.Version, Digest: digest, Name: a.Name, Effect: string(a.Effect),
			Timeout: time.Duration(a.TimeoutMS) * time.Millisecond, Title: journey.Text(a.Title),
		}}
		if spec.Timeout <= 0 {
			spec.Timeout = abi.DefaultTimeout
		}
		for schema, raw := range map[*map[string]any]json.RawMessage{&spec.Input: a.Input, &spec.Output: a.Output} {
			if err := json.Unmarshal(raw, schema); err != nil {
				return fmt.Errorf("reading the schemas of %s.%s: %w", m.Name, a.Name, err)
			}
		}
		s.specs[m.Name+"."+a.Name] = spec
	}
	return nil
}

// Action is journey.Catalog.
func (s *Plugins) Action(name string) (journey.ActionSpec, bool) {
	spec, ok := s.specs[name]
	return spec, ok
}

// Actions is journey.Catalog.
func (s *Plugins) Actions() []string {
	names := make([]string, 0, len(s.specs))
	for name := range s.specs {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Examples are those of the action's manifest.
func (s *Plugins) Examples(action string) []simulation.Example {
	spec, ok := s.specs[action]
	if !ok {
		return nil
	}
	var out []simulation.Example
	for _, x := range s.byDigest[spec.Digest].manifest.Action(spec.Name).Examples {
		e := simulation.Example{Input: x.Input, Output: x.Output, Error: x.Error}
		for _, h := range x.HTTP {
			e.HTTP = append(e.HTTP, simulation.Exchange{Method: h.Method, Path: h.Path, Body: h.Body, Status: h.Status, Answer: h.Answer})
		}
		out = append(out, e)
	}
	return out
}

// NewKV makes a store for one customer.
func (s *Plugins) NewKV() simulation.KV { return hostfunc.NewMemoryKV() }

// Call runs the real module in a scripted world.
func (s *Plugins) Call(ctx context.Context, in workflows.CallInput, w simulation.World) (map[string]any, error) {
	p, ok := s.byDigest[in.Action.Digest]
	if !ok {
		return nil, fmt.Errorf("the simulation has no plugin %s@%s", in.Action.Plugin, in.Action.Version)
	}
	input, err := json.Marshal(in.Input)
	if err != nil {
		return nil, fmt.Errorf("encoding the input of %s: %w", in.Action.Name, err)
	}
	res, err := s.host.Call(ctx, plugins.Call{
		// A workspace for each call: a plugin that fails again and again would be
		// suspended for a while of real time, and the result depend on it.
		Workspace: in.Key, Plugin: in.Action.Plugin, Version: in.Action.Version, Digest: in.Action.Digest, Action: in.Action.Name,
		Input: input, Config: p.config, Grant: p.grant, IdempotencyKey: in.Key, Customer: in.Customer, Profile: w.Customer.Scope(),
		Enrollment: in.Enrollment, Locale: w.Customer.Locale, Now: in.Now, Timeout: in.Action.Timeout,
		World: &plugins.World{HTTP: w.HTTP, Ledger: w.Ledger, KV: oneWorkspace{w.KV}},
	})
	var failed *plugins.CallError
	if errors.As(err, &failed) {
		return nil, &workflows.CallError{
			Code: failed.Code, Message: failed.Message, Final: failed.Retry == string(abi.RetryNever), After: failed.After,
		}
	}
	if err != nil {
		return nil, err
	}
	var out map[string]any
	if err := json.Unmarshal(res.Output, &out); err != nil {
		return nil, fmt.Errorf("reading the output of %s: %w", in.Action.Name, err)
	}
	return out, nil
}

// oneWorkspace keeps the values of all calls in one place.
type oneWorkspace struct{ simulation.KV }

// Get finds a value.
func (o oneWorkspace) Get(ctx context.Context, _, plugin, key string) (json.RawMessage, bool, error) {
	return o.KV.Get(ctx, "", plugin, key)
}

// Put keeps a value.
func (o oneWorkspace) Put(ctx context.Context, _, plugin, key string, value json.RawMessage) error {
	return o.KV.Put(ctx, "", plugin, key, value)
}

// Delete forgets a value.
func (o oneWorkspace) Delete(ctx context.Context, _, plugin, key string) error {
	return o.KV.Delete(ctx, "", plugin, key)
}
