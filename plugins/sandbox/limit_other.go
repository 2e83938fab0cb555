//go:build !unix

package sandbox

// limitSelf does nothing: there are no resource limits; the time limit stands.
func limitSelf() error { return nil }
