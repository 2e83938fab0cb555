// Package workflows runs enrollments on Temporal: one workflow type,
// [Workflows.Enrollment], interprets every definition.
//
//	          ┌──────── events (signals) ────────┐
//	          ▼                                  │
//	run ──► step ──► step ──► … ──► end          │ an exit criterion's event
//	          │        │                         │ is judged at once, in
//	          │        └─ failed for good ─► held (incident) ◄─ retry | supply
//	          ▼                                  │
//	        undo (newest first) ──► exit's steps ──► end
//
// State is data ([State]): continue-as-new and, later, moving to another
// version are operations on it. Effects happen in activities ([Activities])
// under idempotency keys; what the store must know of an enrollment rides along
// with them as orchestrator.Progress.
//
// The package reaches plugins and the store through the small ports in
// activities.go; cmd fills them. Read names.go, state.go and enrollment.go
// first; each step kind has a file of its own.
package workflows
