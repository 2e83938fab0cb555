package journey_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/journeytest"
)

const schemaFile = "../../docs/journey.schema.json"

// comments are the comments of the language's types and their fields.
func comments(t *testing.T) map[string]string {
	t.Helper()
	docs := map[string]string{}
	for _, file := range []string{"definition.go", "entry.go", "step.go", "step_block.go", "step_people.go", "step_send.go"} {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		require.NoError(t, err)
		for _, d := range parsed.Decls {
			general, ok := d.(*ast.GenDecl)
			if !ok || general.Tok != token.TYPE {
				continue
			}
			spec := general.Specs[0].(*ast.TypeSpec)
			fields, ok := spec.Type.(*ast.StructType)
			if !ok {
				continue
			}
			docs[spec.Name.Name] = sentence(general.Doc)
			for _, f := range fields.Fields.List {
				name, _, _ := strings.Cut(reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json"), ",")
				text := sentence(f.Doc)
				if text == "" {
					text = sentence(f.Comment)
				}
				docs[spec.Name.Name+"."+name] = text
			}
		}
	}
	return docs
}

func sentence(c *ast.CommentGroup) string {
	return strings.Join(strings.Fields(c.Text()), " ")
}

func TestSchema_IsFresh(t *testing.T) {
	t.Parallel()
	got, err := json.MarshalIndent(journey.Schema(comments(t)), "", "  ")
	require.NoError(t, err)
	got = append(got, '\n')
	if *update {
		require.NoError(t, os.WriteFile(schemaFile, got, 0o600))
	}
	want, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(string(want), string(got)), "go test ./orchestrator/journey -update writes it anew")
}

func journeySchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	b, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource(journey.SchemaID, doc))
	s, err := c.Compile(journey.SchemaID)
	require.NoError(t, err)
	return s
}

// asData is a source as an editor sees it.
func asData(t require.TestingT, src []byte) any {
	var v any
	require.NoError(t, yaml.Unmarshal(src, &v))
	b, err := json.Marshal(v)
	require.NoError(t, err)
	data, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	require.NoError(t, err)
	return data
}

// What compiles is valid: an editor must not mark what is right.
func TestSchema_HoldsForWhateverCompiles(t *testing.T) {
	t.Parallel()
	schema := journeySchema(t)
	files, err := filepath.Glob("testdata/journeys/*.yaml")
	require.NoError(t, err)
	for _, file := range append(files, exampleFiles(t)...) {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		def, problems := journey.Compile(src, journeytest.Catalog())
		require.Empty(t, problems, file)
		require.NoError(t, schema.Validate(asData(t, src)), file)

		// So is what was compiled, but for what only publishing fills in.
		def.Actions, def.Segments = nil, nil
		b, err := json.Marshal(def)
		require.NoError(t, err)
		again, problems := journey.Compile(b, journeytest.Catalog())
		if len(problems) == 0 { // "undo: none" is not in a compiled definition
			require.Equal(t, def.Journey, again.Journey)
		}
	}
}

// What an editor can know is wrong is not valid.
func TestSchema_RefusesWhatIsWrong(t *testing.T) {
	t.Parallel()
	schema := journeySchema(t)
	good := `{qidong: v1, journey: test, title: Test, entry: {api: true}, steps: [STEP]}`
	valid := func(step string) error {
		return schema.Validate(asData(t, []byte(strings.ReplaceAll(good, "STEP", step))))
	}
	require.NoError(t, valid(`{id: a, exit: {outcome: x}}`))
	require.NoError(t, valid(`{id: a, call: {action: x.y, undo: none}}`))
	for _, bad := range []string{
		`{id: a}`, `{id: a, exit: {outcome: x}, update: {}}`, `{id: A, exit: {outcome: x}}`, `{id: a, exitt: {outcome: x}}`,
		`{id: a, exit: {}}`, `{id: a, wait: {arms: [{id: b, after: 3 days}]}}`, `{id: a, survey: {kind: hmm, question: x, wait: 1d}}`,
		`{id: a, wait: {arms: [{id: b, window: {from: "9:00", to: "10:00"}}]}}`, `{id: a, title: {en: x}, exit: {outcome: x}}`,
		`{id: a, split: {arms: [{id: b, weight: 1}]}}`, `{id: a, call: {action: x.y, undo: nothing}}`,
	} {
		require.Error(t, valid(bad), bad)
	}
}
