//go:build unix

package sandbox

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// limitSelf bounds what this process, the compiler, may take.
func limitSelf() error {
	seconds := uint64(compileCPU / time.Second)
	for resource, most := range map[int]uint64{unix.RLIMIT_AS: compileMemory, unix.RLIMIT_CPU: seconds, unix.RLIMIT_CORE: 0} {
		var now unix.Rlimit
		if err := unix.Getrlimit(resource, &now); err != nil {
			return fmt.Errorf("reading resource limit %d: %w", resource, err)
		}
		now.Cur, now.Max = min(most, now.Max), min(most, now.Max)
		if err := unix.Setrlimit(resource, &now); err != nil {
			return fmt.Errorf("setting resource limit %d: %w", resource, err)
		}
	}
	return nil
}
