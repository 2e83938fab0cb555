package journey

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Most expressions are names with dots, and are evaluated without CEL; they must
// give what CEL gives, errors included.
func TestExpression_AChainGivesWhatCELGives(t *testing.T) {
	t.Parallel()
	vars := map[string]any{
		"now":      time.Date(2026, 11, 28, 11, 30, 0, 0, time.UTC),
		"customer": map[string]any{"locale": "en", "timezone": "Asia/Shanghai", "name": "Lin"},
		"steps": map[string]any{"a": map[string]any{
			"two": 2.0, "half": 2.5, "int": 3, "at": "2026-11-28T19:30:00+08:00", "nothing": nil, "exit": true,
			"list": []any{1.0, map[string]any{"x": 1}}, "object": map[string]any{"x": "y"}, "typed": map[string]string{"x": "y"},
		}},
		"vars": map[string]any{},
	}
	for _, source := range []string{
		"now", "time(now)", "customer.name", "steps.a.two", "steps.a.half", "steps.a.int", "steps.a.nothing", "steps.a.exit", "steps.a.list",
		"steps.a.object", "steps.a.object.x", "steps.a.typed.x", "time(steps.a.at)", "time(steps.a.two)", "time(customer.name)", "time(steps.a.none)",
		"steps.a.none", "steps.b.none", "steps.a.two.x", "vars.x", "entry.x",
	} {
		x := readExpression(source, "")
		require.NotNil(t, x.chain, source)
		program, err := x.ready()
		require.NoError(t, err, source)
		want, wrong := evaluateProgram(program, source, vars)
		got, err := x.eval(vars)
		require.Equal(t, want, got, source)
		require.Equal(t, wrong, err, source)
	}
	for _, source := range []string{"steps.in", "steps", "true", "steps['a']", "steps.a + 1", "time(steps.a.at) + ''", "other.x", "1.5", "steps..a", "time(time(now))"} {
		if x := readExpression(source, ""); source != "steps" {
			require.Nil(t, x.chain, source)
		}
	}
}
