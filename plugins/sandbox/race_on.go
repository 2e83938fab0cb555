//go:build race

package sandbox

// slowness is how much longer, and with how much more memory, this program
// compiles than one that does not look for races.
const slowness = 8
