package sandbox

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The PAGEMAP_SCAN request of Linux 6.7, from its include/uapi/linux/fs.h.
const (
	pagemapScan   = 0xc0606610 // _IOWR('f', 16, struct pm_scan_arg)
	pageIsFile    = 1 << 2
	pageIsPresent = 1 << 3
	pageIsSwapped = 1 << 4
)

// scanRequest is struct pm_scan_arg.
type scanRequest struct {
	size, flags, start, end, walkEnd, regions, regionsLen, maxPages uint64

	categoryInverted, categoryMask, categoryAny, returnMask uint64
}

// region is struct page_region.
type region struct{ start, end, _ uint64 }

var pagemap = sync.OnceValues(func() (*os.File, error) { return os.Open("/proc/self/pagemap") })

var regionBuffers = sync.Pool{New: func() any { return new([256]region) }}

// eachWritten calls do with each range of b, which maps a file privately, whose
// pages are copies: present or swapped, but not the file's.
func eachWritten(b []byte, do func(from, to int) error) error {
	maps, err := pagemap()
	if err != nil {
		return err
	}
	found, _ := regionBuffers.Get().(*[256]region)
	defer regionBuffers.Put(found)
	base := uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) //nolint:gosec // the kernel wants an address
	q := scanRequest{
		start: base, end: base + uint64(len(b)),
		regions:          uint64(uintptr(unsafe.Pointer(found))), //nolint:gosec // as above
		regionsLen:       uint64(len(found)),
		categoryInverted: pageIsFile, categoryMask: pageIsFile, categoryAny: pageIsPresent | pageIsSwapped,
	}
	q.size = uint64(unsafe.Sizeof(q))
	for q.start < q.end {
		n, _, errno := unix.Syscall(unix.SYS_IOCTL, maps.Fd(), pagemapScan, uintptr(unsafe.Pointer(&q))) //nolint:gosec // as above
		runtime.KeepAlive(found)
		if errno != 0 {
			return fmt.Errorf("asking the kernel for written pages: %w", errno)
		}
		for _, r := range found[:n] {
			if err := do(int(r.start-base), int(r.end-base)); err != nil {
				return err
			}
		}
		q.start = q.walkEnd
	}
	return nil
}
