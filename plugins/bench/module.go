package bench

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// The sections that list functions: their types, and their code.
const (
	functionSection = 3
	codeSection     = 10
)

// repeatCode appends copies of a module's functions, one after the other and
// again from the first, until the module has size bytes. Nobody calls them, so
// it stays valid.
func repeatCode(module []byte, size int) ([]byte, error) {
	sections, err := split(module)
	if err != nil {
		return nil, err
	}
	types, err := entries(sections[functionSection], false)
	if err != nil {
		return nil, err
	}
	bodies, err := entries(sections[codeSection], true)
	if err != nil {
		return nil, err
	}
	if len(types) != len(bodies) || len(types) == 0 {
		return nil, fmt.Errorf("it has %d functions and %d bodies", len(types), len(bodies))
	}
	have := len(types)
	for i, now := 0, len(module); now < size; i++ {
		types, bodies = append(types, types[i%have]), append(bodies, bodies[i%have])
		now += len(types[i%have]) + len(bodies[i%have])
	}
	out := append([]byte(nil), module[:8]...)
	for id := range byte(13) {
		// Sections come in the order of their numbers, but for number 12.
		switch body := sections[id]; {
		case id == functionSection:
			out = section(out, id, vector(types))
		case id == codeSection:
			if count := sections[12]; count != nil {
				out = section(out, 12, count)
			}
			out = section(out, id, vector(bodies))
		case id != 0 && id != 12 && body != nil:
			out = section(out, id, body)
		}
	}
	return out, nil
}

// split returns a module's sections by number; custom ones are left out.
func split(module []byte) (map[byte][]byte, error) {
	sections := map[byte][]byte{}
	for rest := module[min(8, len(module)):]; len(rest) > 0; {
		id := rest[0]
		body, after, err := sized(rest[1:])
		if err != nil {
			return nil, err
		}
		if sections[id], rest = body, after; id == 0 {
			delete(sections, id)
		}
	}
	return sections, nil
}

// entries divides the content of a section: bodies with their size before
// them, or numbers.
func entries(content []byte, bodies bool) ([][]byte, error) {
	n, width := binary.Uvarint(content)
	if width <= 0 {
		return nil, errDamaged
	}
	var list [][]byte
	rest := content[width:]
	for range n {
		number, width := binary.Uvarint(rest)
		length := uint64(width)
		if bodies {
			length += number
		}
		if width <= 0 || length > uint64(len(rest)) {
			return nil, errDamaged
		}
		list, rest = append(list, rest[:length]), rest[length:]
	}
	return list, nil
}

var errDamaged = errors.New("it is damaged")

// sized reads bytes with their number before them.
func sized(b []byte) (body, rest []byte, err error) {
	n, width := binary.Uvarint(b)
	if width <= 0 || n > uint64(len(b)-width) {
		return nil, nil, errDamaged
	}
	return b[width : width+int(n)], b[width+int(n):], nil
}

func vector(list [][]byte) []byte {
	return append(binary.AppendUvarint(nil, uint64(len(list))), bytes.Join(list, nil)...)
}

func section(out []byte, id byte, content []byte) []byte {
	out = binary.AppendUvarint(append(out, id), uint64(len(content)))
	return append(out, content...)
}
