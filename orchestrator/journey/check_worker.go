package journey

import (
	"regexp"
	"slices"
)

// ReservedQueue is Qidong's own task queue, which no worker of an engineer's may
// listen on.
const ReservedQueue = "qidong"

// maxActions bounds the actions that a journey written in Go may call.
const maxActions = 100

// maxWorkerEvents bounds the types of events that a journey written in Go waits for.
const maxWorkerEvents = 100

var queueName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/\-]{0,199}$`)

// worker checks a journey that is written in Go, and pins its actions.
func (k *compiler) worker() {
	w := k.def.Worker
	if k.given("worker.queue", "", w.Queue, Say("Name the task queue that your worker listens on.")) &&
		(!queueName.MatchString(w.Queue) || w.Queue == ReservedQueue) {
		k.report("worker.queue", "", "BAD_NAME", Say("%.80q is no task queue of a worker of yours.", w.Queue),
			Say("Use letters, digits, dots, hyphens, slashes and underscores, at most 200, and not %s.", ReservedQueue))
	}
	if len(k.def.Steps) > 0 {
		k.report("steps", "", "WORKER_STEPS", Say("The journey is written in Go, and has steps here as well."), Say("Write steps: [], or take worker away."))
	}
	k.workerEvents(w.Events)
	if len(w.Actions) > maxActions {
		k.report("worker.actions", "", "OUT_OF_RANGE", Say("There are %d actions.", len(w.Actions)), Say("At most %d are allowed.", maxActions))
		return
	}
	for i, name := range w.Actions {
		path := element("worker.actions", i)
		spec, ok := k.catalog.Action(name)
		switch {
		case slices.Index(w.Actions, name) < i:
			k.report(path, "", "DUPLICATE_VALUE", Say("The action %.80q is named twice.", name), Say("Remove one."))
		case !ok:
			k.report(path, "", "UNKNOWN_ACTION", Say("No active plugin offers the action %.80q.", name), k.found.suggest(name, slices.Clone(k.catalog.Actions())))
		case spec.Withheld != "":
			k.report(path, "", "ACTION_NOT_GRANTED", Say("The action %s may not be used yet: %s", name, spec.Withheld), Say("Grant it what it asks for, then publish again."))
		default:
			if k.def.Actions == nil {
				k.def.Actions = map[string]Action{}
			}
			k.def.Actions[name] = spec.Action
		}
	}
}

// workerEvents checks the types of events that the code waits for.
func (k *compiler) workerEvents(events []string) {
	if len(events) > maxWorkerEvents {
		k.report("worker.events", "", "OUT_OF_RANGE", Say("There are %d events.", len(events)), Say("At most %d are allowed.", maxWorkerEvents))
		return
	}
	for i, kind := range events {
		path := element("worker.events", i)
		k.event(path, "", kind)
		if slices.Index(events, kind) < i {
			k.report(path, "", "DUPLICATE_VALUE", Say("The event %.80q is named twice.", kind), Say("Remove one."))
		}
	}
}
