package simulation_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/simulation"
)

// The examples in the documentation can be read, and every field is named there.
func TestDocs_TellWhatIsRead(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../docs/simulation.md")
	require.NoError(t, err)
	var blocks []string
	for i, part := range strings.Split(string(raw), "```") {
		if i%2 == 1 && strings.HasPrefix(part, "yaml\n") {
			blocks = append(blocks, strings.TrimPrefix(part, "yaml\n"))
		}
	}
	require.Len(t, blocks, 2)
	_, err = simulation.ReadBehavior([]byte(blocks[0]))
	require.NoError(t, err)
	_, err = simulation.ReadSuite([]byte(blocks[1]))
	require.NoError(t, err)
	for field := range fields(reflect.TypeFor[simulation.Behavior](), map[reflect.Type]bool{}) {
		require.Contains(t, blocks[0], field)
	}
	for field := range fields(reflect.TypeFor[simulation.Suite](), map[reflect.Type]bool{}) {
		require.Contains(t, string(raw), field)
	}
}

// fields are the names of all fields below a type.
func fields(t reflect.Type, seen map[reflect.Type]bool) map[string]bool {
	out := map[string]bool{}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return fields(t.Elem(), seen)
	case reflect.Struct:
	default:
		return out
	}
	if seen[t] {
		return out
	}
	seen[t] = true
	for field := range t.Fields() {
		name := field.Tag.Get("yaml")
		if name == "" {
			continue
		}
		out[name] = true
		for inner := range fields(field.Type, seen) {
			out[inner] = true
		}
	}
	return out
}
