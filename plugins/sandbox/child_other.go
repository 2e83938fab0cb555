//go:build !linux

package sandbox

import "os/exec"

// killWithParent does nothing: the child's own limits end it.
func killWithParent(*exec.Cmd) {}
