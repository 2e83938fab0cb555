package journey

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

// throughJSON is what the store gives back.
func throughJSON(t *testing.T, d *Definition) *Definition {
	t.Helper()
	b, err := json.Marshal(d)
	require.NoError(t, err)
	var again Definition
	require.NoError(t, json.Unmarshal(b, &again))
	return &again
}

func copied(d *Definition) (*Definition, bool) {
	var c copier
	out := new(Definition)
	c.into(reflect.ValueOf(out).Elem(), reflect.ValueOf(d).Elem())
	return out, !c.other
}

func TestCopier_GivesWhatJSONGives(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../examples/journeys/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		doc, _ := Decode(src)
		require.NotNil(t, doc, file)
		got, ok := copied(doc.Definition)
		require.True(t, ok, file)
		require.True(t, reflect.DeepEqual(throughJSON(t, doc.Definition), got), file)
		require.NotSame(t, doc.Definition, got)
	}
}

// Every field of every type, filled with something and with something empty.
func TestCopier_KnowsEveryField(t *testing.T) {
	t.Parallel()
	for name, empty := range map[string]bool{"full": false, "empty lists and objects": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := new(Definition)
			fill(reflect.ValueOf(d).Elem(), 0, empty)
			got, ok := copied(d)
			require.True(t, ok)
			require.Equal(t, throughJSON(t, d), got)
		})
	}
}

// fill gives every field a value, steps in steps up to a depth.
func fill(v reflect.Value, depth int, empty bool) {
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(field, depth+1, empty)
		}
	case reflect.Pointer:
		if depth < 9 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), depth+1, empty)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 0, 1))
		if !empty && depth < 9 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0), depth+1, empty)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		if !empty {
			item := reflect.New(v.Type().Elem()).Elem()
			fill(item, depth+1, empty)
			v.SetMapIndex(reflect.ValueOf("en").Convert(v.Type().Key()), item)
		}
	case reflect.Interface:
		v.Set(reflect.ValueOf([]any{"a", 1.5, true, nil, map[string]any{"b": []any{}, "c": map[string]any{}}}))
	case reflect.String:
		v.SetString("words <&> 词")
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(1_000_000_000))
	case reflect.Bool:
		v.SetBool(true)
	default:
		panic("a kind of field that the copier does not know: " + v.Type().String())
	}
}

// What JSON changes is left to JSON.
func TestCopier_LeavesTheRestToJSON(t *testing.T) {
	t.Parallel()
	for name, with := range map[string]any{"bytes that are no text": "\xff", "an integer": 3, "texts": []string{"a"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &Definition{Steps: []*Step{{ID: "a", Call: &Call{With: map[string]any{"x": with}}}}}
			_, ok := copied(d)
			require.False(t, ok)
			require.Equal(t, throughJSON(t, d), canonical(d))
		})
	}
}
