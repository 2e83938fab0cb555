// Package orchestrator is the domain: what journeys, customers, events and
// enrollments are, the use cases on them, and the ports those need. It knows
// no database, no Temporal, no HTTP and no WebAssembly; adapters do. Read
// domain.go first, then ports.go.
package orchestrator
