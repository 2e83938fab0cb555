package sandbox

import "fmt"

// page is the unit of the operating system's memory; wasmPage that of a
// guest's.
const (
	page     = 4096
	wasmPage = 64 << 10
)

// memory is a guest's linear memory: a fixed reservation of address space, of
// which a growing part is used. It is what wazero calls a LinearMemory.
type memory struct {
	reserved []byte // address space; pages come when they are touched
	used     int
	limit    int  // how far the guest may grow it
	exceeded bool // the guest wanted more
	shrink   int  // when set, what the next Reallocate returns, whatever it is asked
}

// newMemory reserves most bytes of address space.
func newMemory(most int) (*memory, error) {
	b, err := reserve(most)
	if err != nil {
		return nil, fmt.Errorf("reserving %d bytes of address space for a guest: %w", most, err)
	}
	return &memory{reserved: b, limit: most}, nil
}

// Reallocate changes the size; nil tells the guest that it cannot.
func (m *memory) Reallocate(size uint64) []byte {
	if m.shrink > 0 {
		size, m.shrink = uint64(m.shrink), 0
	} else if size > uint64(m.limit) {
		m.exceeded = true
		return nil
	}
	m.used = int(size)
	return m.reserved[:m.used:m.used]
}

// Free gives the address space back. It may be called again.
func (m *memory) Free() {
	if m.reserved != nil {
		release(m.reserved)
		m.reserved = nil
	}
}
