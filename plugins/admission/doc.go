// Package admission decides which plugin's call may run when, so that no plugin
// slows its neighbors, however many calls it gets and whatever they do.
//
// A call claims memory once, from [Control.Enter] to [Ticket.Leave], and a CPU
// while its guest runs; it offers the CPU to others after every slice of fuel
// ([Ticket.Yield]) and gives it up while it waits for the host
// ([Ticket.Release]). Both are shared in the same way: turns go around the
// workspaces, within a workspace around its plugins, and within a plugin first
// come, first served. What a plugin may have in addition to its first call
// depends on what then stays free, so that a newcomer finds some of everything.
//
// A plugin that keeps failing is suspended for a while ([SuspendedError]).
package admission
