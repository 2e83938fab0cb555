package journey_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator/journey"
	"github.com/qidong/qidong/orchestrator/journey/journeytest"
)

// What is remembered of an expression is for data of the same kinds only: the
// same text is judged anew where another schema tells something else.
func TestCompile_TheSameExpressionOverOtherData(t *testing.T) {
	t.Parallel()
	source := func(schema, match string) []byte {
		return fmt.Appendf(nil, `qidong: v1
journey: known
title: Known
events: {a.b: %s}
entry: {event: {type: a.b, match: '%s'}}
steps:
  - {id: tell, send: {category: service, text: Hello}}
`, schema, match)
	}
	const object = `{type: object, additionalProperties: false, properties: {x: `
	for _, c := range []struct{ schema, match, code string }{
		{object + `{type: integer}}}`, `event.data.x + 1 > 40003`, ""},
		{object + `{type: string}}}`, `event.data.x + 1 > 40003`, "BAD_EXPRESSION"},
		{object + `{type: integer}}}`, `event.data.x + 1 > 40003`, ""},
		{`{type: object, additionalProperties: false, properties: {y: {type: integer}}}`, `event.data.x + 1 > 40003`, "UNKNOWN_NAME"},
		{`{type: object}`, `event.data.x + 1 > 40003`, ""},
		{object + `{type: array, items: {type: string}}}}`, `event.data.x[0] == "list"`, ""},
		{object + `{type: array, items: {type: boolean}}}}`, `event.data.x[0] == "list"`, "BAD_EXPRESSION"},
		{object + `{type: object, properties: {z: {type: string}}}}}`, `event.data.x.z == "inner"`, ""},
		{object + `{type: object, properties: {z: {type: boolean}}}}}`, `event.data.x.z == "inner"`, "BAD_EXPRESSION"},
		{object + `{type: string}}}`, `event.data.x.z == "inner"`, "BAD_EXPRESSION"},
	} {
		for range 2 { // the second time from what is remembered
			_, problems := journey.Compile(source(c.schema, c.match), nil)
			var codes []string
			for _, p := range problems {
				codes = append(codes, p.Code)
			}
			if c.code == "" {
				require.Empty(t, codes, c.schema+" "+c.match)
			} else {
				require.Contains(t, codes, c.code, c.schema+" "+c.match)
			}
		}
	}
}

func TestCompile_ConsentsHaveTypes(t *testing.T) {
	t.Parallel()
	for when, code := range map[string]string{
		`customer.consents.marketing.handset == "granted"`:  "",
		`customer.consents["service"].handset != "stopped"`: "",
		`customer.consents.marketing.pigeon == "granted"`:   "UNKNOWN_NAME",
		`customer.consents.spam.handset == "granted"`:       "UNKNOWN_NAME",
		`customer.consents.marketing.handset > 1`:           "BAD_EXPRESSION",
	} {
		_, problems := journey.Compile(fmt.Appendf(nil, `qidong: v1
journey: known
title: Known
entry: {api: true}
steps:
  - {id: who, choose: {arms: [{id: a, when: '%s'}], otherwise: {steps: [{id: end, exit: {outcome: other}}]}}}
`, when), journeytest.Catalog())
		if code == "" {
			require.Empty(t, problems, when)
			continue
		}
		require.NotEmpty(t, problems, when)
		require.Equal(t, code, problems[0].Code, when)
	}
}
