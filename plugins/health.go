package plugins

import (
	"slices"

	"github.com/qidong/qidong/plugins/admission"
)

// State tells how the plugins of a workspace do that have calls, or had some
// lately. The plugin of a key is "name@version".
func (h *Host) State(workspace string) []admission.PluginState {
	return slices.DeleteFunc(h.control.State(), func(s admission.PluginState) bool { return s.Key.Workspace != workspace })
}
