package plugins_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/sdk/abi"
)

// TestHostileCall calls modules that no toolchain would make. After each, the
// host goes on: the shared one serves an honest call.
func TestHostileCall(t *testing.T) {
	t.Parallel()
	outputs := func(s string) handmade {
		h := handmade{data: s}
		h.call = h.output()
		return h
	}
	asks := func(s string) handmade {
		h := handmade{data: s}
		h.call = seq(invoke(fnRequest, 4096, uint32(len(s))), []byte{0x1a})
		return h
	}
	drop := []byte{0x1a}
	for title, tt := range map[string]struct {
		module handmade
		code   string
		says   string
	}{
		"P04: a loop without end in the call":        {handmade{call: forever}, abi.CodeFuel, "100000000"},
		"P05: memory.grow without end":               {handmade{call: growForever}, abi.CodeFuel, "100000000"},
		"P05: a trap after the memory's limit":       {handmade{call: seq(invokeGrow(2000), drop, unreachable)}, abi.CodeMemory, "67108864"},
		"P07: recursion":                             {handmade{call: recurse}, abi.CodeDepth, "20000"},
		"P12: unreachable":                           {handmade{call: unreachable}, abi.CodeTrap, "unreachable"},
		"P14: a large output":                        {handmade{call: invoke(fnOutput, 0, abi.DefaultOutput+1)}, abi.CodeOutputTooBig, "131072"},
		"an output outside of memory":                {handmade{call: invoke(fnOutput, 0xfffffff0, 100)}, abi.CodeTrap, "outside of its memory"},
		"a pointer outside of memory for input":      {handmade{call: seq(invoke(fnInput, 0xffffffff, 100), drop)}, abi.CodeTrap, "outside of its memory"},
		"a request outside of memory":                {handmade{call: seq(invoke(fnRequest, 65536, 1), drop)}, abi.CodeTrap, "outside of its memory"},
		"a request that is too large":                {handmade{call: seq(invoke(fnRequest, 0, abi.MaxRequest+1), drop)}, abi.CodeOutputTooBig, "262144"},
		"a log outside of memory":                    {handmade{call: invoke(fnLog, 0, 65535, 2)}, abi.CodeTrap, "outside of its memory"},
		"P17: requests without end":                  {handmade{call: loop(seq(invoke(fnRequest, 0, 0), drop))}, abi.CodeHostCalls, "64"},
		"P17: calls of the host without end":         {handmade{call: loop(invoke(fnLog, 0, 0, 0))}, abi.CodeHostCalls, "10000"},
		"an exit":                                    {handmade{call: invoke(fnExit, 0)}, abi.CodeTrap, "exited with code 0"},
		"no output":                                  {handmade{}, abi.CodeBadOutput, "without an output"},
		"P15: output that is no JSON":                {outputs(`{"output":`), abi.CodeBadOutput, "cannot be read"},
		"P15: output that is not UTF-8":              {outputs("{\"output\":{\"a\":\"\xff\"}}"), abi.CodeBadOutput, "UTF-8"},
		"P15: output of depth 1000":                  {outputs(strings.Repeat("[", 1000)), abi.CodeJSONTooDeep, "64"},
		"P15: a name twice":                          {outputs(`{"output":{"a":1,"\u0061":2}}`), abi.CodeBadOutput, `"a" twice`},
		"P15: a number that is too large":            {outputs(`{"output":{"a":9007199254740993}}`), abi.CodeBadOutput, "9007199254740993"},
		"P15: 1e999":                                 {outputs(`{"output":{"a":1e999}}`), abi.CodeBadOutput, "1e999"},
		"P15: NaN":                                   {outputs(`{"output":{"a":NaN}}`), abi.CodeBadOutput, "cannot be read"},
		"P15: NUL":                                   {outputs(`{"output":{"a":"\u0000"}}`), abi.CodeBadOutput, "invisible"},
		"P15: a directional override":                {outputs(`{"output":{"a":"` + "\u202e" + `"}}`), abi.CodeBadOutput, "invisible"},
		"P15: half of a surrogate pair":              {outputs(`{"output":{"a":"\ud800x"}}`), abi.CodeBadOutput, "surrogate"},
		"both an output and an error":                {outputs(`{"output":{},"error":{"code":"a","message":"b"}}`), abi.CodeBadOutput, "either"},
		"neither an output nor an error":             {outputs(`{}`), abi.CodeBadOutput, "either"},
		"an unknown field":                           {outputs(`{"outputs":{}}`), abi.CodeBadOutput, "outputs"},
		"an output that is no object":                {outputs(`{"output":[]}`), abi.CodeBadOutput, "got array, want object"},
		"an error whose code is a sentence":          {outputs(`{"error":{"code":"No seats!","message":"b"}}`), abi.CodeBadOutput, "No seats!"},
		"a request that is no JSON goes on":          {asks(`{"http":`), abi.CodeBadOutput, "without an output"},
		"a request for nothing goes on":              {asks(`{}`), abi.CodeBadOutput, "without an output"},
		"a request for two things goes on":           {asks(`{"http":{"method":"GET","url":""},"ledger":{"amount":1,"reason":""}}`), abi.CodeBadOutput, "without an output"},
		"P32: a request for another customer's sake": {asks(`{"ledger":{"amount":1,"reason":"","customer":"c_2"}}`), abi.CodeBadOutput, "without an output"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			m := modules{}
			c := call(t, "act", object{})
			c.Digest = m.add(tt.module.wasm())
			h := newHost(t, plugins.Config{Modules: m})
			r, err := h.Call(t.Context(), c)
			require.Contains(t, requireCode(t, err, tt.code).Message, tt.says)
			require.Less(t, r.Duration, time.Minute)
			_, _, err = run(t, call(t, "echo", object{"text": "x"}))
			require.NoError(t, err)
		})
	}
}

func TestHostileModule(t *testing.T) {
	t.Parallel()
	manifest := func(old, new string) handmade {
		return handmade{manifest: strings.Replace(handmadeManifest, old, new, 1)}
	}
	for title, tt := range map[string]struct {
		module handmade
		code   string
		says   string
	}{
		"P04: a loop without end in the start section":  {handmade{start: forever}, abi.CodeFuel, "100000000"},
		"P04: a loop without end in _initialize":        {handmade{init: forever}, abi.CodeFuel, "100000000"},
		"P04: a loop without end in describe":           {handmade{describe: forever}, abi.CodeFuel, "100000000"},
		"P12: a data segment outside of memory":         {handmade{data: "xx", dataAt: 65535}, abi.CodeTrap, "out of bounds"},
		"a body that does not validate":                 {handmade{call: []byte{0x1a}}, abi.CodeMalformed, "not valid"},
		"a trap in describe":                            {handmade{describe: unreachable}, abi.CodeTrap, "unreachable"},
		"an exit in _initialize":                        {handmade{init: invoke(fnExit, 7)}, abi.CodeTrap, "code 7"},
		"a capability in _initialize":                   {handmade{init: seq(invoke(fnRequest, 0, 0), []byte{0x1a})}, abi.CodeDenied, "outside of a call"},
		"a capability in describe":                      {handmade{describe: seq(invoke(fnRequest, 0, 0), []byte{0x1a})}, abi.CodeDenied, "outside of a call"},
		"no manifest":                                   {handmade{describe: []byte{0x01}}, abi.CodeBadManifest, "no manifest"},
		"a manifest that is no JSON":                    {handmade{manifest: "{"}, abi.CodeBadManifest, "cannot be read"},
		"a manifest that is too large":                  {handmade{describe: invoke(fnOutput, 0, abi.MaxManifest+1)}, abi.CodeOutputTooBig, "524288"},
		"a manifest with an unknown field":              {manifest(`"partner"`, `"partners"`), abi.CodeBadManifest, "partners"},
		"another version of the contract":               {manifest(`"abi":1`, `"abi":2`), abi.CodeBadManifest, "version 2"},
		"a name with a capital":                         {manifest(`"handmade"`, `"Handmade"`), abi.CodeBadManifest, "lower-case"},
		"a version that is not semantic":                {manifest(`1.0.0`, `v1`), abi.CodeBadManifest, "1.0.0"},
		"a title without English":                       {manifest(`"en"`, `"de"`), abi.CodeBadManifest, "English"},
		"no actions":                                    {manifest(`{"name":"act","effect":"none","timeout_ms":60000,"input":{"type":"object"},"output":{"type":"object"}}`, ``), abi.CodeBadManifest, "1 to 64"},
		"an effect that is not known":                   {manifest(`"none"`, `"maybe"`), abi.CodeBadManifest, "none, read or write"},
		"an undo that does not exist":                   {manifest(`"effect":"none"`, `"effect":"write","undo":"gone"`), abi.CodeBadManifest, `no action "gone"`},
		"an undo of an action that does not write":      {manifest(`"effect":"none"`, `"effect":"none","undo":"act"`), abi.CodeBadManifest, "Only an action that writes"},
		"a timeout of an hour":                          {manifest(`"timeout_ms":60000`, `"timeout_ms":3600000`), abi.CodeBadManifest, "3600000"},
		"a schema that is none":                         {manifest(`"input":{"type":"object"}`, `"input":{"type":"object","minProperties":"x"}`), abi.CodeBadManifest, "not valid"},
		"a schema of a string":                          {manifest(`"input":{"type":"object"}`, `"input":{"type":"string"}`), abi.CodeBadManifest, "must describe an object"},
		"a schema with a reference":                     {manifest(`"input":{"type":"object"}`, `"input":{"type":"object","$ref":"file:///etc/passwd"}`), abi.CodeBadManifest, "$ref"},
		"an example that does not match its schema":     {manifest(`"effect":"none"`, `"effect":"none","examples":[{"input":[],"output":{}}]`), abi.CodeBadManifest, "got array, want object"},
		"a need of a configuration that does not exist": {manifest(`"actions"`, `"needs":{"http":[{"host":"config.url","reason":{"en":"x"}}]},"actions"`), abi.CodeBadManifest, `no property "url"`},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			_, err := newHost(t, plugins.Config{}).Describe(t.Context(), tt.module.wasm())
			var refused *plugins.ModuleError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, tt.code, refused.Problems[0].Code, err)
			require.ErrorContains(t, err, tt.says)
		})
	}
}

func TestHandmadeModuleWorks(t *testing.T) {
	t.Parallel()
	h := handmade{data: `{"output":{"ok":true}}`}
	h.call = h.output()
	m := modules{}
	c := call(t, "act", object{})
	c.Digest = m.add(h.wasm())
	r, err := newHost(t, plugins.Config{Modules: m}).Call(t.Context(), c)
	require.NoError(t, err)
	require.JSONEq(t, `{"ok":true}`, string(r.Output))
}

// FuzzDescribe shows bytes to the whole host: it refuses, it never panics.
func FuzzDescribe(f *testing.F) {
	f.Add(handmade{}.wasm())
	f.Add(handmade{start: unreachable, init: growForever, data: "x"}.wasm())
	h := newHost(f, plugins.Config{})
	f.Fuzz(func(t *testing.T, wasm []byte) {
		if _, err := h.Describe(t.Context(), wasm); err != nil {
			require.ErrorAs(t, err, new(*plugins.ModuleError))
		}
	})
}
