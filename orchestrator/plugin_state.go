package orchestrator

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// PluginState is where a plugin version is in its life.
type PluginState string

// The states of a plugin version.
const (
	PluginUploaded   PluginState = "uploaded"   // known, not yet checked; never stored: an upload is checked at once
	PluginChecked    PluginState = "checked"    // it conforms; nobody uses it yet
	PluginInReview   PluginState = "in_review"  // it asks for what somebody else than who uploaded it has to grant
	PluginActive     PluginState = "active"     // definitions may use it
	PluginDeprecated PluginState = "deprecated" // published definitions go on using it; new ones may not
	PluginYanked     PluginState = "yanked"     // taken back for good; nobody may call it
	PluginDisabled   PluginState = "disabled"   // nobody may call it; Plugin.Reason says why
)

// pluginMoves are the states that may follow on one.
var pluginMoves = map[PluginState][]PluginState{
	PluginUploaded:   {PluginChecked},
	PluginChecked:    {PluginInReview, PluginActive, PluginYanked, PluginDisabled},
	PluginInReview:   {PluginChecked, PluginActive, PluginYanked, PluginDisabled},
	PluginActive:     {PluginDeprecated, PluginYanked, PluginDisabled},
	PluginDeprecated: {PluginActive, PluginYanked, PluginDisabled},
	PluginDisabled:   {PluginActive, PluginDeprecated, PluginYanked},
	PluginYanked:     {},
}

// Callable tells whether the version may be called by who began with it.
func (p Plugin) Callable() bool {
	return p.State != PluginDisabled && p.State != PluginYanked
}

// move takes a version to another state. What goes live has to be signed by a
// key that holds, if it is signed, and to have what it asked for in review.
func (s *Service) move(ctx context.Context, p *Plugin, to PluginState, reason string) error {
	if !slices.Contains(pluginMoves[p.State], to) {
		return fmt.Errorf("%w: version %s of plugin %s is %s, and %s", ErrPrecondition, p.Version, p.Name, stateName(p.State), p.wayOn())
	}
	if to == PluginActive {
		if err := s.mayGoLive(ctx, *p); err != nil {
			return err
		}
	}
	p.State, p.Reason = to, reason
	return nil
}

// wayOn says what can be done instead.
func (p Plugin) wayOn() string {
	next := pluginMoves[p.State]
	if len(next) == 0 {
		return "stays so; upload what is to take its place as a new version"
	}
	words := make([]string, len(next))
	for i, s := range next {
		words[i] = stateName(s)
	}
	return "can become " + strings.Join(words, ", ")
}

func stateName(s PluginState) string { return strings.ReplaceAll(string(s), "_", " ") }

// mayGoLive refuses a version whose signature is by a revoked key, or which is
// still in review.
func (s *Service) mayGoLive(ctx context.Context, p Plugin) error {
	if p.State == PluginInReview && len(p.Missing) > 0 {
		return fmt.Errorf("%w: version %s of plugin %s is in review: it asks for %s; grant that first", ErrPrecondition, p.Version, p.Name, strings.Join(asStrings(p.Missing), ", "))
	}
	if p.SignedBy == "" {
		return nil
	}
	k, err := s.store.PluginKey(ctx, p.Workspace, p.SignedBy)
	if err != nil {
		return err
	}
	if k.Revoked() {
		return fmt.Errorf("%w: version %s of plugin %s is signed by the key %s, which was revoked; upload it again with a signature by another key", ErrPrecondition, p.Version, p.Name, k.ID)
	}
	return nil
}

// admitPlugin takes a new version through check and review as far as it goes by itself.
func (s *Service) admitPlugin(ctx context.Context, p *Plugin, missing []MissingGrant) error {
	p.Missing = missing
	if err := s.move(ctx, p, PluginChecked, ""); err != nil {
		return err
	}
	set, err := s.store.Settings(ctx, p.Workspace)
	if err != nil {
		return err
	}
	if set.PluginReview && len(missing) > 0 {
		return s.move(ctx, p, PluginInReview, "")
	}
	if p.Held {
		return nil
	}
	return s.move(ctx, p, PluginActive, "")
}

// afterReview is the state of a version that was granted all that it asked for.
func (p Plugin) afterReview() PluginState {
	if p.Held {
		return PluginChecked
	}
	return PluginActive
}

// mayGrant refuses a grant by who uploaded the version, where the workspace
// wants somebody else to decide it.
func (s *Service) mayGrant(ctx context.Context, a Actor, p Plugin, grant []byte) error {
	if len(grant) == 0 || p.UploadedBy != a.Name {
		return nil
	}
	set, err := s.store.Settings(ctx, a.Workspace)
	if err != nil || !set.PluginReview {
		return err
	}
	return fmt.Errorf("%w: this workspace wants somebody else than %s, who uploaded it, to decide what version %s of plugin %s may do; send them its page", ErrForbidden, a.Name, p.Version, p.Name)
}

// PromotePlugin makes a version the one that new definitions use: it is active.
// It is audited.
func (s *Service) PromotePlugin(ctx context.Context, a Actor, name, version string) (Plugin, error) {
	return s.movePlugin(ctx, a, name, version, PluginActive, "")
}

// DeprecatePlugin lets a version run out: those under way go on with it, new
// definitions may not use it. It is audited.
func (s *Service) DeprecatePlugin(ctx context.Context, a Actor, name, version, reason string) (Plugin, error) {
	return s.movePlugin(ctx, a, name, version, PluginDeprecated, reason)
}

// YankPlugin takes a version back for good: nobody may call it, and its number is
// not used again. While customers under way need it, it is refused unless forced:
// their next call fails then, and is held for an operator. It is audited.
func (s *Service) YankPlugin(ctx context.Context, a Actor, name, version, reason string, force bool) (Plugin, error) {
	if !force {
		uses, err := s.PluginUses(ctx, a, name, version)
		if err != nil {
			return Plugin{}, err
		}
		for _, u := range uses {
			if u.Live > 0 {
				return Plugin{}, fmt.Errorf("%w: %d under way in version %d of journey %s need version %s of plugin %s; deprecate it until they have ended, or force it", ErrPrecondition, u.Live, u.Number, u.Journey, version, name)
			}
		}
	}
	return s.movePlugin(ctx, a, name, version, PluginYanked, reason)
}

// movePlugin takes a version to another state; one that it is in stays. Reason is
// what a person said, or "".
func (s *Service) movePlugin(ctx context.Context, a Actor, name, version string, to PluginState, reason string) (p Plugin, err error) {
	if err := a.may(); err != nil {
		return Plugin{}, err
	}
	c := check{subject: "plugin " + name}
	c.text("reason", reason, 0, 200)
	if err := c.err(); err != nil {
		return Plugin{}, err
	}
	err = s.store.Atomic(ctx, func(ctx context.Context) error {
		if p, err = s.Plugin(ctx, a, name, version); err != nil || p.State == to {
			return err
		}
		before := p
		if err := s.move(ctx, &p, to, reason); err != nil {
			return err
		}
		if err := s.store.UpdatePlugin(ctx, p); err != nil {
			return err
		}
		return s.audit(ctx, a, "plugin."+string(to), name+" "+p.Version, map[string]any{"before": before.State, "reason": reason})
	})
	if err != nil {
		return Plugin{}, err
	}
	return p, nil
}

// PluginUse is a version of a journey that calls a plugin version.
type PluginUse struct {
	Journey string
	Number  int // of the journey's version
	Digest  string
	Newest  bool  // who enters now passes through it
	Live    int64 // enrollments in it that have not ended
}

// PluginUses lists the versions of journeys that call a plugin version, by
// journey, newest first.
func (s *Service) PluginUses(ctx context.Context, a Actor, name, version string) ([]PluginUse, error) {
	p, err := s.Plugin(ctx, a, name, version)
	if err != nil {
		return nil, err
	}
	return s.store.PluginUses(ctx, a.Workspace, p.Digest)
}
