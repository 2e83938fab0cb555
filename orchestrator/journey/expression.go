package journey

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

// parsedExpression is an expression read and checked against nothing but the
// names that it may use. It is immutable and shared by all programs.
type parsedExpression struct {
	source string
	// chain are the names of an expression like steps.hold.total: most of them
	// are such, and need neither a parser nor a program. nil for any other.
	chain []string
	// local: the expression is time() of the chain.
	local bool
	loop  string // name of the carousel's element that it may use
	// Of others:
	parsing sync.Once
	env     *cel.Env
	parsed  *cel.Ast // not checked
	err     error    // of reading it

	// tree is held by whoever walks or checks what was parsed: CEL's checker
	// writes into it.
	tree sync.Mutex

	reading sync.Once
	speaks  spoken
	kinds   kindsByData

	checking sync.Once
	checked  *cel.Ast // against names only
	wrong    error
	making   sync.Once
	program  cel.Program
	failed   error
}

// maxChain bounds the names in a chain.
const maxChain = 32

// celWords are no names of fields without quotes.
var celWords = []string{
	"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in",
	"let", "loop", "namespace", "null", "package", "return", "true", "var", "void", "while",
}

// chainOf takes an expression like steps.hold.total apart; nil for any other.
func chainOf(source, loop string) []string {
	if len(source) > 256 || strings.ContainsAny(source, " \t\r\n") {
		return nil
	}
	chain := strings.Split(source, ".")
	if len(chain) > maxChain || chain[0] != loop && !slices.Contains(variableNames, chain[0]) || chain[0] == "" {
		return nil
	}
	for _, name := range chain {
		if !isName(name) || slices.Contains(celWords, name) {
			return nil
		}
	}
	return chain
}

func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// parse reads an expression that is no chain, or a chain that cannot be
// followed, once.
func (x *parsedExpression) parse() {
	x.parsing.Do(func() {
		if x.err != nil {
			return
		}
		if x.env, x.err = sharedEnv(x.loop); x.err != nil {
			return
		}
		parsed, issues := x.env.Parse(x.source)
		if issues.Err() != nil {
			x.err = &expressionError{issues.Errors()[0]}
			return
		}
		x.parsed = parsed
	})
}

// spoken is what the expression speaks of, unless it is a chain. It is not to be
// changed.
func (x *parsedExpression) spoken() *spoken {
	x.reading.Do(func() {
		x.tree.Lock()
		defer x.tree.Unlock()
		x.speaks = spoken{guarding: guarding{steps: map[string]bool{}, fields: map[string]bool{}}}
		x.speaks.expr(x.parsed.NativeRep().Expr(), nil)
	})
	return &x.speaks
}

// check checks the expression against the names that it may use, once.
func (x *parsedExpression) check() (*cel.Ast, error) {
	x.checking.Do(func() {
		x.parse()
		if x.wrong = x.err; x.wrong != nil {
			return
		}
		x.tree.Lock()
		defer x.tree.Unlock()
		checked, issues := x.env.Check(x.parsed)
		if issues.Err() != nil {
			x.wrong = &expressionError{issues.Errors()[0]}
			return
		}
		x.checked = checked
	})
	return x.checked, x.wrong
}

// ready makes the program, once. It fails for what only shows then, such as a
// regular expression that is none.
func (x *parsedExpression) ready() (cel.Program, error) {
	x.making.Do(func() {
		checked, err := x.check()
		if err != nil {
			x.failed = err
			return
		}
		x.tree.Lock()
		defer x.tree.Unlock()
		x.program, x.failed = x.env.Program(checked, cel.CostLimit(costLimit), cel.EvalOptions(cel.OptOptimize), cel.CustomDecoratorV2(mixNumbers))
		if x.failed != nil {
			x.failed = fmt.Errorf("preparing the expression: %w", x.failed)
		}
	})
	return x.program, x.failed
}

// eval evaluates the expression: a chain by itself, if all of it is there.
func (x *parsedExpression) eval(vars map[string]any) (any, error) {
	if v, ok := follow(vars, x.chain); ok {
		got, left := adapter.NativeToValue(v), maxValues
		if x.local {
			got = localTime(got, adapter.NativeToValue(vars["customer"]))
		}
		if out, err := plain(got, maxNesting, &left); err == nil {
			return out, nil
		}
	}
	program, err := x.ready()
	if err == nil {
		return evaluateProgram(program, x.source, vars)
	}
	return nil, fmt.Errorf("evaluating %.100q: %w", x.source, err)
}

var adapter = jsonNumbers{types.DefaultTypeAdapter}

// follow looks a chain up in data as JSON has them.
func follow(vars map[string]any, chain []string) (any, bool) {
	var v any = vars
	for _, name := range chain {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		if v, ok = m[name]; !ok {
			return nil, false
		}
	}
	return v, chain != nil
}

// What the process remembers of expressions, so that a definition that is
// checked, published and run is read once.
const (
	maxKnown      = 8192
	maxKnownBytes = 256 << 10 // of sources
)

var known = struct {
	sync.Mutex
	byKey map[string]*parsedExpression
	bytes int
}{byKey: map[string]*parsedExpression{}}

// readExpression reads an expression. Its error is in err of what it returns.
func readExpression(source, loop string) *parsedExpression {
	x := knownExpression(source, loop)
	if x.chain == nil {
		x.parse()
	}
	return x
}

// knownExpression is an expression that may not be read yet.
func knownExpression(source, loop string) *parsedExpression {
	if len(source) > MaxExpression {
		return &parsedExpression{source: source, err: fmt.Errorf("the expression has %d bytes; the limit is %d", len(source), MaxExpression)}
	}
	key := loop + "\x00" + source
	known.Lock()
	defer known.Unlock()
	if x := known.byKey[key]; x != nil {
		return x
	}
	x := &parsedExpression{source: source, chain: chainOf(source, loop), loop: loop}
	if inner, ok := strings.CutPrefix(source, "time("); ok && strings.HasSuffix(inner, ")") {
		x.chain, x.local = chainOf(strings.TrimSuffix(inner, ")"), loop), true
	}
	if known.bytes += len(key); len(known.byKey) >= maxKnown || known.bytes > maxKnownBytes {
		known.byKey, known.bytes = map[string]*parsedExpression{}, len(key) // those in use come back at once
	}
	known.byKey[key] = x
	return x
}

// envs remembers the environments of expressions, by the name of a carousel's
// element.
var envs = struct {
	sync.Mutex
	byLoop map[string]*cel.Env
}{byLoop: map[string]*cel.Env{}}

const maxEnvs = 64

// sharedEnv is what expressions may speak of, with a name for a carousel's
// element unless it is "".
func sharedEnv(loop string) (*cel.Env, error) {
	envs.Lock()
	defer envs.Unlock()
	if env := envs.byLoop[loop]; env != nil {
		return env, nil
	}
	env, err := newEnv(loop)
	if err != nil {
		return nil, err
	}
	if len(envs.byLoop) >= maxEnvs {
		envs.byLoop = map[string]*cel.Env{}
	}
	envs.byLoop[loop] = env
	return env, nil
}

// gives checks that a result may be of the type that is wanted; nil allows any.
func gives(got, want *cel.Type) error {
	if want != nil && got != cel.DynType && !want.IsAssignableType(got) {
		return errors.New("it gives " + nameOf(got) + " where " + nameOf(want) + " is needed")
	}
	return nil
}
