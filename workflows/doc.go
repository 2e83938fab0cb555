// Package workflows runs enrollments on Temporal: one workflow type,
// [Workflows.Enrollment], interprets every definition.
//
//	          ┌──────── events (signals) ────────┐
//	          ▼                                  │
//	run ──► step ──► step ──► … ──► end          │ exits, goals and the deadline
//	          │        │                         │ are judged at once, in
//	          │        └─ failed for good ─► held (incident) ◄─ an operator
//	          ▼                                  │
//	        stop ──► undo (newest first) ──► exit's steps ──► end
//
// State is data ([State]): continue-as-new and moving to another version are
// operations on it. Effects happen in activities ([Activities]) under the
// idempotency key enrollment/step/visit; what the store must know of an
// enrollment rides along with them as orchestrator.Progress.
//
// # Branches
//
// A branch is a line of steps: the root, or an arm of a parallel block under
// way. It has a cursor, an open wait, an incident and an undo stack of its own;
// bindings, visits, inbox and log are the enrollment's. One coroutine follows
// each branch, and a block waits for those it has opened, so that whoever stops
// a branch knows when it has stopped. State.Branches is in the order of opening,
// and so is everything that is done for all of them.
//
//   - A step kind is a method of run in a file of its own, with a case in
//     attempt (steps.go): func (ctx, *branch, *journey.Step) (stepResult, error).
//     It may be called again: after an incident, and in another run after
//     errYield. What it has begun is in the branch.
//   - It waits through await, or openWait and sleep, whose open wait survives
//     continue-as-new. Events of its own kind that end the wait are a case in
//     accepts (wait.go).
//   - An error is a failure, which execute (failure.go) turns into what the
//     step's policy says, unless stopped (branch_follow.go) tells otherwise:
//     errStopped and errYield are passed on as they are.
//   - Whoever changes what expressions see calls changed (inbox.go), from a
//     coroutine, never from a condition of workflow.Await: conditions are pure.
//   - finish ends the enrollment from anywhere, and stops all branches.
//
// The package reaches plugins and the store through the small ports in
// activities.go; cmd fills them. Read names.go, state.go, branch.go and
// enrollment.go first.
package workflows
