package codec_test

import (
	"bytes"
	"encoding/json"
	"math"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/qidong/qidong/sdk/internal/codec"
)

type inner struct {
	Label string `json:"label,omitempty"`
	Deep  *inner `json:"deep,omitempty"`
}

type Embedded struct {
	From  string
	Twice int `json:"twice"`
}

// Nested is embedded by pointer: it is made when one of its fields comes.
type Nested struct {
	Label string `json:"label,omitempty"`
}

type shouting string

func (s *shouting) UnmarshalText(b []byte) error {
	*s = shouting(strings.ToUpper(string(b)))
	return nil
}

type everything struct {
	Text    string            `json:"text"`
	Int     int               `json:"int"`
	Small   int8              `json:"small"`
	Unsign  uint16            `json:"unsign,omitempty"`
	Float   float64           `json:"float"`
	Single  float32           `json:"single"`
	Bool    bool              `json:"bool"`
	Any     any               `json:"any"`
	Raw     json.RawMessage   `json:"raw,omitempty"`
	Number  json.Number       `json:"number"`
	At      time.Time         `json:"at"`
	Zero    time.Time         `json:"zero,omitzero"`
	List    []inner           `json:"list"`
	Array   [2]int            `json:"array"`
	Bytes   []byte            `json:"bytes"`
	Map     map[string]*inner `json:"map"`
	ByInt   map[int]string    `json:"by_int,omitempty"`
	Pointer **int             `json:"pointer"`
	Quoted  int               `json:"quoted,string"`
	Address netip.Addr        `json:"address"`
	Shout   shouting          `json:"shout"`
	Hidden  string            `json:"-"`
	Dash    string            `json:"-,"` //nolint:staticcheck // encoding/json allows it
	Plain   string
	Embedded
	*Nested
}

// check compares both codecs on one text, and on writing what was read.
func check(t *testing.T, text []byte) {
	t.Helper()
	if bytes.Contains(text, []byte(strings.Repeat("[", 20))) || bytes.Count(text, []byte("{"))+bytes.Count(text, []byte("[")) > codec.MaxDepth {
		t.Skip("deeper than both read")
	}
	for _, fresh := range []func() any{
		func() any { return new(any) }, func() any { return new(everything) },
		func() any { return new(map[string]any) }, func() any { return new([]json.RawMessage) },
	} {
		ours, theirs := fresh(), fresh()
		ourErr, theirErr := codec.Unmarshal(text, ours), json.Unmarshal(text, theirs)
		if ourErr != nil && strings.HasPrefix(ourErr.Error(), "quoted: ") {
			continue // encoding/json takes "00", too
		}
		if (ourErr == nil) != (theirErr == nil) {
			t.Fatalf("%s into %T: codec says %v, encoding/json %v", text, ours, ourErr, theirErr)
		}
		if ourErr != nil {
			continue
		}
		if !reflect.DeepEqual(ours, theirs) {
			t.Fatalf("%s: codec read %#v, encoding/json %#v", text, ours, theirs)
		}
		written, err := codec.Marshal(ours)
		expected, theirErr := json.Marshal(theirs)
		if (err == nil) != (theirErr == nil) {
			t.Fatalf("%s: codec writes %v, encoding/json %v", text, err, theirErr)
		}
		if err == nil && !same(written, expected) {
			t.Fatalf("codec wrote\n%s\nencoding/json\n%s", written, expected)
		}
	}
}

// same compares texts but for white space and needless escapes.
func same(a, b []byte) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && plain(x.String()) == plain(y.String())
}

func plain(s string) string {
	for _, r := range []string{`\u003c<`, `\u003e>`, `\u0026&`, "\\u2028\u2028", "\\u2029\u2029", "\\ufffd\uFFFD", "\\b\\u0008", "\\f\\u000c"} {
		n := 6
		if r[1] != 'u' {
			n = 2
		}
		s = strings.ReplaceAll(s, r[:n], r[n:])
	}
	return s
}

var texts = []string{
	``, ` `, `null`, `true`, `nul`, `0`, `-0`, `01`, `1.`, `1e5`, `1E+5`, `-`, `"a"`, `"a`, `"\u00e9\ud83d\ude00"`, `"\ud800"`, `"\ud800\u0041"`,
	`"\x"`, "\"\x01\"", "\"\xff\"", `"\"\\\/\b\f\n\r\t"`, `[]`, `[1,2]`, `[1,]`, `[,1]`, `[1 2]`, `{}`, `{"a":1}`, `{"a":1,}`, `{"a" 1}`, `{a:1}`, `{"a":1} x`,
	`[[[[1]]]]`, `{"text":"x","int":3,"small":-128,"unsign":65535,"float":1.5e300,"single":0.1,"bool":true}`,
	`{"small":128}`, `{"unsign":-1}`, `{"int":1.0}`, `{"int":1e2}`, `{"int":"1"}`, `{"float":1e999}`, `{"single":1e39}`, `{"bool":1}`, `{"text":null,"int":null}`,
	`{"any":{"b":[1,"x",null,true,{}]}}`, `{"raw":{"z":[1, 2]}}`, `{"raw":null}`, `{"number":12.50}`, `{"number":"7"}`, `{"number":"x"}`, `{"number":null}`,
	`{"at":"2026-11-28T19:30:00+08:00"}`, `{"at":"2026-11-28"}`, `{"at":null}`, `{"at":7}`, `{"list":[{"label":"a"},{"deep":{"label":"b"}}]}`, `{"list":null}`, `{"list":{}}`,
	`{"array":[1]}`, `{"array":[1,2,3]}`, `{"bytes":"aGk="}`, `{"bytes":"a"}`, `{"bytes":[104,105]}`, `{"map":{"a":{"label":"x"},"b":null}}`, `{"by_int":{"3":"c","-1":"m"}}`, `{"by_int":{"x":"c"}}`,
	`{"pointer":7}`, `{"pointer":null}`, `{"quoted":"12"}`, `{"quoted":12}`, `{"quoted":"x"}`, `{"quoted":null}`, `{"address":"10.0.0.1"}`, `{"address":"x"}`, `{"shout":"hi"}`, `{"TEXT":"folded"}`,
	`{"Hidden":"x","-":"dash","plain":"p","From":"e","twice":2,"label":"in"}`, `{"unknown":{"a":[1,{"b":"\u0041"}]},"text":"after"}`, `{"text":"a","text":"b"}`, `{"text":"<a href=\"x\">&</a>\u2028"}`,
}

func TestTheCodecDoesWhatEncodingJSONDoes(t *testing.T) {
	t.Parallel()
	for _, text := range texts {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			check(t, []byte(text))
		})
	}
}

func FuzzCodec(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(check)
}

func TestWhatCannotBeReadSaysWhere(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, c := range []struct{ text, want string }{
		{`{"list":[{},{"deep":{"label":7}}]}`, `list[1].deep.label: it is a number, and must be a text`},
		{`{"small":300}`, `small: 300 is no whole number that fits in int8`},
		{`{"at":"tomorrow"}`, `at: "tomorrow" is no moment like 2026-11-28T19:30:00+08:00`},
		{`{"text":"a"`, `the JSON ends too early`},
		{`{"text";1}`, `';' at byte 8 is not expected in JSON`},
		{`{"any":` + deep(codec.MaxDepth) + `}`, `any` + strings.Repeat("[0]", codec.MaxDepth-1) + `: the JSON is deeper than 64`},
	} {
		err := codec.Unmarshal([]byte(c.text), new(everything))
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", c.text, err, c.want)
		}
	}
	if err := codec.Unmarshal([]byte(deep(codec.MaxDepth)), new(any)); err != nil {
		t.Errorf("the depth that is allowed: %v", err)
	}
	if err := codec.Unmarshal([]byte(`1`), 7); err == nil {
		t.Error("a value that is no pointer was read into")
	}
}

func TestWhatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	type loop struct{ Next *loop }
	round := &loop{}
	round.Next = round
	for name, v := range map[string]any{
		"a channel": make(chan int), "infinity": math.Inf(1), "what contains itself": round,
		"raw text": json.RawMessage(`{`), "a map by structs": map[struct{}]int{{}: 1}, "a year": time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		if b, err := codec.Marshal(v); err == nil {
			t.Errorf("%s was written as %s", name, b)
		}
	}
}
