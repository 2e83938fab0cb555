package journey

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// Compile decodes, validates and type-checks a definition and pins its actions.
// The definition is nil when there is any problem; all problems are reported at
// once, in the order of the source. A nil catalog offers no action.
func Compile(src []byte, c Catalog) (*Definition, []Problem) {
	def := &Definition{}
	doc, found := decode(src, def)
	if doc == nil {
		return nil, found.sorted()
	}
	doc.Definition = def
	return compile(doc, found, c)
}

// Draft reads a source that need not be complete: its definition as far as it
// can be read, without defaults filled in and never nil, and what [Compile] has
// against it.
func Draft(src []byte, c Catalog) (*Definition, []Problem) {
	root, unreadable := parse(src)
	if unreadable != nil {
		return &Definition{}, []Problem{*unreadable}
	}
	def, filled := &Definition{}, &Definition{}
	doc, found := decodeTree(src, root, filled) // compiling fills in defaults
	if doc == nil {
		return def, found.sorted()
	}
	decodeTree(src, root, def)
	doc.Definition = filled
	_, problems := compile(doc, found, c)
	return def, problems
}

func compile(doc *Document, found *findings, c Catalog) (*Definition, []Problem) {
	k := newCompiler(doc, found, c)
	k.expand()
	k.defaults()
	list := sites(k.def, k.path)
	stop := ahead(distinct(list))
	defer stop()
	k.structure()
	k.expressions(list)
	if !found.empty() {
		return nil, found.sorted()
	}
	return canonical(k.def), nil
}

func newCompiler(doc *Document, found *findings, c Catalog) *compiler {
	if c == nil {
		c = noCatalog{}
	}
	return &compiler{
		doc: doc, def: doc.Definition, catalog: c, found: found, decoded: slices.Clone(found.list),
		steps: map[string]*place{}, sure: map[*Exit]map[string]bool{}, wants: map[string]map[string]any{},
	}
}

type noCatalog struct{}

func (noCatalog) Action(string) (ActionSpec, bool)     { return ActionSpec{}, false }
func (noCatalog) Actions() []string                    { return nil }
func (noCatalog) Fragment(string, int) ([]*Step, bool) { return nil, false }
func (noCatalog) Fragments() []string                  { return nil }
func (noCatalog) Segment(string) (string, bool)        { return "", false }
func (noCatalog) Segments() []string                   { return nil }
func (noCatalog) Journey(string) bool                  { return false }
func (noCatalog) Leads(string) []string                { return nil }
func (noCatalog) Channels() []string                   { return nil }

type compiler struct {
	doc     *Document
	def     *Definition
	catalog Catalog
	found   *findings
	decoded []Problem // what decoding found
	steps   map[string]*place
	order   []string                  // ids in the order of the source
	sure    map[*Exit]map[string]bool // steps that have ended when an exit is met
	tried   map[string]bool           // expressions compiled, by loop name and source
	clean   map[asked]bool            // expressions found to be right
	types   *dataTypes                // of what expressions speak of
	wants   map[string]map[string]any // by path: the schema of an input that an expression gives
	lines   [][]byte                  // of the source, once needed
	// ofFragment: what is compiled is one, whose steps get other ids where it is used.
	ofFragment bool
}

func (k *compiler) report(path, step, code string, message, mend Sentence) {
	if k.followsFrom(path, code) {
		return
	}
	at := k.doc.position(path)
	found := Problem{Path: path, Step: step[:min(len(step), maxID)], Line: at.line, Column: at.column, Code: code}
	k.found.add(found.Saying(message, mend))
}

// followsFrom tells whether a problem is only the consequence of one that
// decoding has reported: what could not be read is not missing.
func (k *compiler) followsFrom(path, code string) bool {
	absence := strings.HasPrefix(code, "MISSING_") || strings.HasSuffix(code, "_KIND") || code == "MESSAGE_BODY"
	return slices.ContainsFunc(k.decoded, func(p Problem) bool {
		if p.Path == "" {
			return true // nothing of the source could be read
		}
		rest, within := strings.CutPrefix(p.Path, path)
		below, around := strings.CutPrefix(path, p.Path)
		return within && (rest == "" || absence && strings.ContainsAny(rest[:1], ".[")) ||
			around && strings.HasPrefix(below, ".")
	})
}

// has tells whether the source has a field at the path.
func (k *compiler) has(path string) bool {
	_, ok := k.doc.positions[path]
	return ok
}

// given reports a field that must be there and is not.
func (k *compiler) given(path, step, value string, mend Sentence) bool {
	if value == "" {
		cut := strings.LastIndexByte(path, '.')
		k.report(path[:max(cut, 0)], step, "MISSING_FIELD", Say("The field %s is missing or empty.", path[cut+1:]), mend)
	}
	return value != ""
}

// path is where a step is: by its id, unless it has none of its own.
func (k *compiler) path(s *Step) string { return k.doc.steps[s] }

// element is the path of a list's element, by its id or by its index.
func (k *compiler) element(path string, i int, id string) string {
	if byIndex := element(path, i); k.has(byIndex) {
		return byIndex
	}
	return path + "." + id
}

// walk visits every step, exits' steps first, blocks before what is in them.
func walk(d *Definition, f func(*Step)) {
	for i := range d.Exit {
		walkSteps(d.Exit[i].Steps, f)
	}
	walkSteps(d.Steps, f)
}

// walkSteps visits steps and those in them.
func walkSteps(steps []*Step, f func(*Step)) {
	for _, s := range steps {
		if s == nil {
			continue
		}
		f(s)
		for _, a := range arms(s) {
			walkSteps(a.steps, f)
		}
	}
}

// canonical is the definition as the store will give it back, so that what was
// compiled and what runs are the same down to empty lists.
func canonical(d *Definition) *Definition {
	var again Definition
	var c copier
	if c.into(reflect.ValueOf(&again).Elem(), reflect.ValueOf(d).Elem()); !c.other {
		return &again
	}
	again = Definition{}
	b, err := json.Marshal(d)
	if err == nil {
		err = json.Unmarshal(b, &again)
	}
	if err != nil {
		panic(err) //nolint:forbidigo // a decoded definition holds only what JSON can
	}
	return &again
}
