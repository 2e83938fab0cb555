package journey

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

// dataTypes tells CEL's checker what is known of the data: the schemas of
// actions, events and variables, and what steps bind. What is not known may be
// anything. It serves one compilation at a time; see [borrowTypes].
type dataTypes struct {
	*types.Registry
	envs map[string]*cel.Env // by the name of a carousel's element
	k    *compiler

	site    site
	element dataNode // of the carousel seen last
	nodes   map[string]dataNode
	// ofCustomer is the schema of a customer, once needed; see customer.
	ofCustomer map[string]any
	unknown    []unknownField // met by the check under way
}

// dataNode is a value of which a schema tells something.
type dataNode struct {
	label  string         // steps.hold
	schema map[string]any // nil: anything
	root   map[string]any // what references in the schema are to
}

type unknownField struct {
	label, field string
	known        []string
}

// mark begins the names of objects' types; no expression can say it.
const mark = "§"

// typePool keeps environments, which are dear to make.
var typePool = sync.Pool{New: func() any {
	registry, err := types.NewRegistry()
	if err != nil {
		panic(err) //nolint:forbidigo // it registers nothing
	}
	return &dataTypes{Registry: registry, envs: map[string]*cel.Env{}}
}}

func borrowTypes(k *compiler) *dataTypes {
	t, ok := typePool.Get().(*dataTypes)
	if !ok {
		panic("a pool of types holds something else") //nolint:forbidigo // New above makes nothing else
	}
	t.k = k
	return t
}

func (t *dataTypes) giveBack() {
	t.k, t.element, t.nodes, t.site, t.unknown = nil, dataNode{}, nil, site{}, nil
	if len(t.envs) > 16 {
		clear(t.envs)
	}
	typePool.Put(t)
}

// env is what expressions may speak of, with types.
func (t *dataTypes) env(loop string) (*cel.Env, error) {
	if env := t.envs[loop]; env != nil {
		return env, nil
	}
	opts := append(slices.Clone(envOptions), cel.CustomTypeProvider(t), cel.Variable("now", cel.TimestampType))
	for _, name := range variableNames {
		if name != "now" {
			opts = append(opts, cel.Variable(name, cel.ObjectType(mark+name)))
		}
	}
	if loop != "" {
		opts = append(opts, cel.Variable(loop, cel.ObjectType(mark+"element")))
	}
	env, err := cel.NewCustomEnv(opts...)
	if err != nil {
		return nil, fmt.Errorf("preparing expressions: %w", err)
	}
	t.envs[loop] = env
	return env, nil
}

// check checks an expression at a site against the types of the data, and
// reports fields that do not exist. It gives the kind of its result, "" when
// that is not known. The error is one for a person.
func (t *dataTypes) check(x *parsedExpression, s site) (kind string, err error) {
	t.site, t.unknown, t.nodes = s, nil, map[string]dataNode{}
	if x.chain != nil {
		if kind = t.kindOf(t.chain(x.chain)); x.local {
			kind = "a text"
		}
	} else {
		kind, err = t.checkKnown(x, s)
	}
	for _, u := range t.unknown {
		t.k.report(s.path, s.step, "UNKNOWN_NAME", Say("There is no %s.%s, in %.100q.", u.label, u.field, x.source), t.k.found.suggest(u.field, u.known))
	}
	if err == nil && s.want != nil {
		if s.want.Kind() == types.ListKind { // of a carousel
			t.element = t.elementOf(x)
		}
		err = wrongKind(x, kind, s.want)
	}
	return kind, err
}

// wrongKind says that a result of a kind cannot be what is wanted. A moment may
// be a text in the data.
func wrongKind(x *parsedExpression, kind string, want *cel.Type) error {
	wanted := nameOf(want)
	switch {
	case kind == "", kind == wanted:
		return nil
	case wanted == "a moment" && kind == "a text":
		checked, err := x.check()
		if err != nil {
			return err
		}
		return gives(checked.OutputType(), want)
	}
	return fmt.Errorf("it gives %s where %s is needed", kind, wanted)
}

// checkKnown is checkTree, unless it is known what it finds for data of these
// kinds. Only what is right is remembered.
func (t *dataTypes) checkKnown(x *parsedExpression, s site) (string, error) {
	data, ok := t.dataOf(x)
	if ok {
		if kind, ok := x.kinds.get(data); ok {
			return kind, nil
		}
	}
	check := t.checkTree
	if ok && strings.Trim(data, ";\n") == "" {
		check = t.checkUntyped // nothing is known of the data
	}
	kind, err := check(x, s)
	if ok && err == nil && len(t.unknown) == 0 {
		x.kinds.put(data, kind)
	}
	return kind, err
}

func (t *dataTypes) checkTree(x *parsedExpression, s site) (kind string, err error) {
	env, err := t.env(s.loop)
	if err != nil {
		return "", nil //nolint:nilerr // reported where the name is
	}
	kind, found, err := t.checkTyped(env, x)
	if found == nil {
		return kind, err
	}
	plain, err := x.check()
	if err != nil {
		return "", err
	}
	// What CEL finds wrong with an object as a whole may still be right: it is
	// a map when the expression runs.
	if !strings.Contains(found.Error(), mark) {
		return "", found
	}
	if t := plain.OutputType(); t != cel.DynType {
		kind = nameOf(t)
	}
	return kind, nil
}

// checkUntyped gives what checkTree would if nothing is known of the data, by
// the check that the program needs anyway.
func (t *dataTypes) checkUntyped(x *parsedExpression, _ site) (kind string, err error) {
	checked, err := x.check()
	if err != nil {
		return "", err
	}
	x.tree.Lock()
	defer x.tree.Unlock()
	return t.operands(checked)
}

// checkTyped gives the kind of an expression, or what CEL found against it.
func (t *dataTypes) checkTyped(env *cel.Env, x *parsedExpression) (kind string, found *expressionError, err error) {
	x.tree.Lock()
	defer x.tree.Unlock()
	checked, issues := env.Check(x.parsed)
	if issues.Err() != nil {
		return "", &expressionError{issues.Errors()[0]}, nil
	}
	kind, err = t.operands(checked)
	return kind, nil, err
}

// chain is what a chain of names gives.
func (t *dataTypes) chain(chain []string) dataNode {
	node := t.rootNode(chain[0])
	for i, name := range chain[1:] {
		if i == 0 && chain[0] == "steps" {
			node = t.step(name)
			continue
		}
		node = t.field(node, name)
	}
	return node
}

// rootNode is what a variable holds.
func (t *dataTypes) rootNode(name string) dataNode {
	known := func(schema map[string]any) dataNode { return dataNode{label: name, schema: schema, root: schema} }
	switch name {
	case "customer":
		return known(t.customer())
	case "vars":
		return known(loose(t.k.def.Variables)) // what is not declared is reported elsewhere
	case "entry":
		if e := &t.k.def.Entry; e.Event != nil && e.doors() == 1 {
			return known(t.k.def.Events[e.Event.Type])
		}
	case "event":
		return t.event("event", t.site.event, t.site.reply != "")
	case "call":
		return known(callSchema)
	case t.site.loop:
		return t.element
	}
	return dataNode{label: name}
}

var (
	textSchema = map[string]any{"type": "string"}
	// standingSchema is what holds for a category on a channel.
	standingSchema = map[string]any{"type": "string", "enum": []any{"granted", "denied", "stopped", "unset"}}
	customerSchema = customerWith(map[string]any{"type": "object", "additionalProperties": standingSchema})
	callSchema     = map[string]any{"type": "object", "properties": map[string]any{"key": textSchema}}
	replySchema    = closed(map[string]any{"message_id": textSchema, "step": textSchema, "reply": textSchema, "text": textSchema, "value": map[string]any{}})
)

// closed is the schema of an object with these fields and no others.
func closed(properties map[string]any) map[string]any {
	return map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
}

// loose is a schema that allows fields it does not name.
func loose(schema map[string]any) map[string]any {
	if schema["additionalProperties"] != false {
		return schema
	}
	out := maps.Clone(schema)
	delete(out, "additionalProperties")
	return out
}

// customer is what is known of a customer: of consents, the channels that there
// are.
func (t *dataTypes) customer() map[string]any {
	names := t.k.catalog.Channels()
	if names == nil {
		return customerSchema
	}
	if t.ofCustomer == nil {
		channels := map[string]any{}
		for _, name := range names {
			channels[name] = standingSchema
		}
		t.ofCustomer = customerWith(closed(channels))
	}
	return t.ofCustomer
}

// customerWith is a customer whose consents of one category are that.
func customerWith(standings map[string]any) map[string]any {
	return map[string]any{"type": "object", "properties": map[string]any{
		"id": textSchema, "name": textSchema, "locale": textSchema, "timezone": textSchema,
		"tags":     map[string]any{"type": "array", "items": textSchema},
		"consents": closed(map[string]any{"marketing": standings, "service": standings, "transactional": standings}),
	}}
}

// event is an event of a type, "" for any; a reply has data of its own.
func (t *dataTypes) event(label, eventType string, reply bool) dataNode {
	data := t.k.def.Events[eventType]
	if reply {
		data = replySchema
	}
	if data == nil {
		data = map[string]any{}
	}
	return dataNode{label: label, root: data, schema: map[string]any{"type": "object", "properties": map[string]any{
		"type": textSchema, "source": textSchema, "id": textSchema, "time": textSchema, "subject": textSchema, "data": data,
	}}}
}

// field is what is selected from a value.
func (t *dataTypes) field(of dataNode, name string) dataNode {
	schema := of.resolve()
	properties, _ := schema["properties"].(map[string]any)
	if p, ok := properties[name].(map[string]any); ok {
		return dataNode{label: of.label + "." + name, schema: p, root: of.root}
	}
	if _, patterns := schema["patternProperties"]; properties != nil && properties[name] == nil && !patterns && schema["additionalProperties"] == false {
		t.unknown = append(t.unknown, unknownField{of.label, name, slices.Collect(maps.Keys(properties))})
	}
	return dataNode{label: of.label + "." + name}
}

// resolve follows references within the schema.
func (n dataNode) resolve() map[string]any {
	schema := n.schema
	for range 10 {
		ref, ok := schema["$ref"].(string)
		if !ok {
			return schema
		}
		var at any = n.root
		for name := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
			m, _ := at.(map[string]any)
			at = m[name]
		}
		schema, _ = at.(map[string]any)
	}
	return nil
}

// jsonType is the one JSON type of a value, "" when it is not known.
func (n dataNode) jsonType() string {
	schema := n.resolve()
	if kind, ok := schema["type"].(string); ok {
		return kind
	}
	values, _ := schema["enum"].([]any)
	if v, ok := schema["const"]; ok {
		values = []any{v}
	}
	for _, v := range values {
		if _, text := v.(string); !text {
			return ""
		}
	}
	if len(values) > 0 {
		return "string"
	}
	return ""
}

// kindOf names a value's type as [kindOf] does, "" when it is not known.
func (t *dataTypes) kindOf(n dataNode) string {
	switch n.jsonType() {
	case "string":
		return "a text"
	case "boolean":
		return "true or false"
	case "integer", "number":
		return "a number"
	case "array":
		return "a list"
	case "object":
		return "an object"
	}
	return ""
}

// celType is a value's type for CEL. Numbers are left open: data have doubles,
// expressions integers, and both go together when they run.
func (t *dataTypes) celType(n dataNode) *cel.Type {
	schema := n.resolve()
	switch n.jsonType() {
	case "string":
		return cel.StringType
	case "boolean":
		return cel.BoolType
	case "array":
		items, _ := schema["items"].(map[string]any)
		return cel.ListType(t.celType(dataNode{label: n.label + "[]", schema: items, root: n.root}))
	case "object":
		if schema["properties"] != nil {
			name := mark + strconv.Itoa(len(t.nodes))
			t.nodes[name] = n
			return cel.ObjectType(name)
		}
	}
	return cel.DynType
}

// FindStructType implements CEL's provider.
func (t *dataTypes) FindStructType(name string) (*types.Type, bool) {
	if strings.HasPrefix(name, mark) {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return t.Registry.FindStructType(name)
}

// FindStructFieldType implements CEL's provider.
func (t *dataTypes) FindStructFieldType(object, field string) (*types.FieldType, bool) {
	if !strings.HasPrefix(object, mark) {
		return t.Registry.FindStructFieldType(object, field)
	}
	return &types.FieldType{Type: t.celType(t.selected(object, field))}, true
}
