package plugin

// served is the plugin of this module. A module is one plugin and one thread.
var served *Plugin //nolint:unused // by the exports, which are built for wasip1 only

// Serve makes p the plugin that this module exports. Call it in an init
// function: main never runs in a module. Outside of a module it does nothing
// else.
func Serve(p *Plugin) { served = p }
