package sandbox

// image is the memory that every run of a module starts from. It never
// changes, and is safe for concurrent use.
type image interface {
	// attach fills a fresh memory of the image's size.
	attach(m *memory) error
	// restore makes m's bytes, which have the image's size, the image's again.
	restore(m *memory) error
	// size is how many bytes of memory the image takes.
	size() int
	// bytes is the whole image; for comparisons.
	bytes() []byte
	close()
}

// copyImage copies the whole at every reset: right everywhere.
type copyImage []byte

func newCopyImage(b []byte) (image, error) { return copyImage(append([]byte(nil), b...)), nil }

func (c copyImage) attach(m *memory) error {
	copy(m.reserved, c)
	return nil
}

func (c copyImage) restore(m *memory) error { return c.attach(m) }

func (c copyImage) size() int { return len(c) }

func (c copyImage) bytes() []byte { return c }

func (c copyImage) close() {}
