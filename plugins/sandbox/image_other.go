//go:build !linux

package sandbox

// forget makes bytes zero: whether advice to the kernel does differs by system.
func forget(b []byte) error {
	clear(b)
	return nil
}

// trackedImage says that this system cannot tell which pages were written.
func trackedImage() (newImage func([]byte) (image, error), why string) {
	return nil, "only Linux tells which pages were written"
}
