package sandbox

import (
	"os/exec"
	"syscall"
)

// killWithParent ends the child when this process is killed.
func killWithParent(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
