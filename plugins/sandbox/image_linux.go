package sandbox

import (
	"bytes"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mappedImage is a sealed file in memory that guests' memories map privately:
// pages that no run wrote to are shared by all instances, and the kernel tells
// which ones a run did write to.
type mappedImage struct {
	file   *os.File
	view   []byte // read-only, shared by all
	stored int    // bytes of pages that are not zero
}

// keepDirty is how many bytes of written pages an instance may keep between
// runs. Copying over kept pages is faster than faulting them in again; what is
// more than this was an unusual run, and is given back.
const keepDirty = 4 << 20

// trackedImage returns how to make mapped images; nil and a reason where the
// kernel cannot tell which pages were written (before Linux 6.7, or without
// /proc).
func trackedImage() (newImage func([]byte) (image, error), why string) {
	if _, err := pagemap(); err != nil {
		return nil, fmt.Sprintf("/proc/self/pagemap cannot be opened: %v", err)
	}
	newImage = func(b []byte) (image, error) { return newMappedImage(b) }
	return newImage, probe(newImage)
}

// probe tries on a small image what every reset relies on: "" when it works.
func probe(newImage func([]byte) (image, error)) string {
	img, err := newImage(bytes.Repeat([]byte{1}, 4*page))
	if err != nil {
		return err.Error()
	}
	defer img.close()
	m, err := newMemory(wasmPage)
	if err != nil {
		return err.Error()
	}
	defer m.Free()
	m.used = 4 * page
	if err := img.attach(m); err != nil {
		return err.Error()
	}
	m.reserved[0], m.reserved[3*page] = 2, 2
	if err := img.restore(m); err != nil {
		return err.Error()
	}
	if !bytes.Equal(m.reserved[:m.used], img.bytes()) {
		return "the kernel did not report a written page"
	}
	return ""
}

func newMappedImage(b []byte) (*mappedImage, error) {
	fd, err := unix.MemfdCreate("qidong-plugin", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("creating a snapshot: %w", err)
	}
	i := &mappedImage{file: os.NewFile(uintptr(fd), "qidong-plugin")}
	if err := i.fill(b); err != nil {
		i.close()
		return nil, fmt.Errorf("writing a snapshot of %d bytes: %w", len(b), err)
	}
	return i, nil
}

// fill writes the pages that are not zero and seals the file.
func (i *mappedImage) fill(b []byte) error {
	if err := i.file.Truncate(int64(len(b))); err != nil {
		return err
	}
	zero := make([]byte, page)
	for at := 0; at < len(b); at += page {
		p := b[at:min(at+page, len(b))]
		if bytes.Equal(p, zero[:len(p)]) {
			continue
		}
		if _, err := i.file.WriteAt(p, int64(at)); err != nil {
			return err
		}
		i.stored += len(p)
	}
	const seals = unix.F_SEAL_FUTURE_WRITE | unix.F_SEAL_GROW | unix.F_SEAL_SHRINK | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(i.file.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		return err
	}
	var err error
	i.view, err = unix.Mmap(int(i.file.Fd()), 0, len(b), unix.PROT_READ, unix.MAP_PRIVATE)
	return err
}

func (i *mappedImage) attach(m *memory) error {
	at := unsafe.Pointer(unsafe.SliceData(m.reserved)) //nolint:gosec // where the memory is
	_, err := unix.MmapPtr(int(i.file.Fd()), 0, at, uintptr(len(i.view)),
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_FIXED|unix.MAP_NORESERVE)
	if err != nil {
		return fmt.Errorf("mapping a snapshot: %w", err)
	}
	return nil
}

// restore copies the image over the pages that are private copies.
func (i *mappedImage) restore(m *memory) error {
	b := m.reserved[:len(i.view)]
	dirty := 0
	return eachWritten(b, func(from, to int) error {
		if dirty += to - from; dirty > keepDirty {
			return forget(b[from:to]) // what comes back is the file's
		}
		copy(b[from:to], i.view[from:to])
		return nil
	})
}

// forget gives pages back; what is read from them next is the mapped file's, or
// zero.
func forget(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if err := unix.Madvise(b, unix.MADV_DONTNEED); err != nil {
		return fmt.Errorf("giving back %d bytes of a guest's memory: %w", len(b), err)
	}
	return nil
}

func (i *mappedImage) size() int { return i.stored }

func (i *mappedImage) bytes() []byte { return i.view }

func (i *mappedImage) close() {
	if i.view != nil {
		_ = unix.Munmap(i.view)
		i.view = nil
	}
	_ = i.file.Close() // the mappings keep what they need
}
