package orchestrator

import (
	"context"
	"encoding/json"
	"time"
)

// PluginTrial is a call of an action to see what it does. It runs in the world of
// one of the action's examples: nothing outside is reached, and nothing is kept.
type PluginTrial struct {
	Action  string
	Example int             // from 0; one that the action lacks is an empty world
	Input   json.RawMessage // an object
	Locale  string
}

// PluginTried is what came of a trial.
type PluginTried struct {
	Output json.RawMessage // nil when it failed
	Code   string          // of the failure, "" for none
	Text   string          // of the failure
	Retry  string          // "never", "later" or "after"
	Log    string          // lines
	Asked  []string        // of the world outside, in order
	Beside []string        // what it asked that the example does not answer
	Fuel   int64           // instructions
	Memory int64           // bytes
	Took   time.Duration
}

// maxTrial bounds the input of a trial, in bytes, as that of a call.
const maxTrial = 128 << 10

// TryPlugin calls an action of a version in the world of an example, with the
// workspace's configuration. It needs the scope admin.
func (s *Service) TryPlugin(ctx context.Context, a Actor, name, version string, t PluginTrial) (PluginTried, error) {
	if err := a.may(); err != nil {
		return PluginTried{}, err
	}
	if s.plugins == nil {
		return PluginTried{}, errNoHost
	}
	if len(t.Input) > maxTrial {
		return PluginTried{}, Refuse(ErrLimit, say("the input has %d bytes; the limit is %d", len(t.Input), maxTrial))
	}
	p, err := s.Plugin(ctx, a, name, version)
	if err != nil {
		return PluginTried{}, err
	}
	return s.plugins.Try(ctx, p, t)
}
