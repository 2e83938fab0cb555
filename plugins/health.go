package plugins

import (
	"errors"
	"slices"

	"github.com/qidong/qidong/plugins/admission"
)

// ErrChanged is what [Modules] wraps when it has found by itself that the stored
// bytes are not those of the digest: a call then fails with DIGEST_MISMATCH.
var ErrChanged = errors.New("the stored module was changed")

// State tells how the plugins of a workspace do that have calls, or had some
// lately. The plugin of a key is "name@version".
func (h *Host) State(workspace string) []admission.PluginState {
	return slices.DeleteFunc(h.control.State(), func(s admission.PluginState) bool { return s.Key.Workspace != workspace })
}
