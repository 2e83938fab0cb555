package discount_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/sdk/abi"
)

// cart is an input of quote with one line, whose JSON texts are given.
func cart(title, tier string) string {
	return fmt.Sprintf(`{"currency":"CNY","customer":{"id":"c_1","tier":%s},"lines":[
		{"id":"l1","sku":"s","title":%s,"qty":1,"price":1000,"tags":["sale"]}]}`, tier, title)
}

// quoted is the output for cart, whose reason is a JSON text.
func quoted(reason string) string {
	return fmt.Sprintf(`{"discounts":[{"line":"l1","amount":50,"reason":%s}],"total":50,"counter":1}`, reason)
}

// many is a cart of n lines, every third of them for sale, and its quote.
func many(n int) (input, output string) {
	lines, discounts, total := []string{}, []string{}, 0
	for i := range n {
		tag := "food"
		if i%3 == 0 {
			tag = "sale"
			amount := 7 * i * (i + 1) / 10
			total += amount
			discounts = append(discounts, fmt.Sprintf(`{"line":"l%d","amount":%d,"reason":"10%% off 可乐 %d (gold)"}`, i, amount, i))
		}
		lines = append(lines, fmt.Sprintf(`{"id":"l%d","sku":"SKU-%d","title":"可乐 %d","qty":%d,"price":%d,"tags":["a","b",%q]}`, i, i, i, i+1, 7*i, tag))
	}
	input = `{"currency":"CNY","customer":{"id":"c_1","tier":"gold"},"lines":[` + strings.Join(lines, ",") + `]}`
	output = fmt.Sprintf(`{"discounts":[%s],"total":%d,"counter":1}`, strings.Join(discounts, ","), total)
	return input, output
}

func TestQuoteIsTheSameInEveryLanguage(t *testing.T) {
	t.Parallel()
	manyIn, manyOut := many(200)
	for title, tt := range map[string]struct{ input, want string }{
		"gold gives ten percent": {
			`{"currency":"CNY","customer":{"id":"c_1","tier":"gold"},"lines":[{"id":"l1","sku":"s","title":"Tea","qty":3,"price":333,"tags":["food","sale"]}]}`,
			`{"discounts":[{"line":"l1","amount":99,"reason":"10% off Tea (gold)"}],"total":99,"counter":1}`,
		},
		"a cart without lines":          {`{"currency":"CNY","customer":{"id":"","tier":""},"lines":[]}`, `{"discounts":[],"total":0,"counter":1}`},
		"a line without tags":           {`{"currency":"CNY","customer":{"id":"","tier":""},"lines":[{"id":"l","sku":"","title":"","qty":1,"price":0,"tags":[]}]}`, `{"discounts":[],"total":0,"counter":1}`},
		"200 lines":                     {manyIn, manyOut},
		"Chinese":                       {cart(`"深流 × 2"`, `"新客"`), quoted(`"5% off 深流 × 2 (新客)"`)},
		"characters beyond U+FFFF":      {cart(`"🎬 𠮷野家"`, `"x"`), quoted(`"5% off 🎬 𠮷野家 (x)"`)},
		"quotes and backslashes":        {cart(`"\"Deep\\Current\" \/ \\\""`, `"\\"`), quoted(`"5% off \"Deep\\Current\" / \\\" (\\)"`)},
		"line ends and tabs":            {cart(`"a\nb\r\n\tc"`, `"\t"`), quoted(`"5% off a\nb\r\n\tc (\t)"`)},
		"escapes of letters":            {cart(`"\u0041\u00e9\u6df1\uD83C\udfac!"`, `"\u67Da"`), quoted(`"5% off Aé深🎬! (柚)"`)},
		"an escaped quote as \\u0022":   {cart(`"\u0022\u005c\u002F"`, `"\u000a"`), quoted(`"5% off \"\\/ (\n)"`)},
		"an escape in the tag":          {strings.Replace(cart(`"Tea"`, `"x"`), `["sale"]`, `["\u0073al\u0065"]`, 1), quoted(`"5% off Tea (x)"`)},
		"an escape in a name":           {strings.Replace(cart(`"Tea"`, `"x"`), `"title"`, `"t\u0069tle"`, 1), quoted(`"5% off Tea (x)"`)},
		"what HTML would escape":        {cart(`"<b>&amp;'</b>"`, `"x"`), quoted(`"5% off <b>&amp;'</b> (x)"`)},
		"line separators of JavaScript": {cart("\"a\u2028b\u2029\"", `"x"`), quoted(`"5% off a\u2028b\u2029 (x)"`)},
		"brackets and commas in texts":  {cart(`"[{,:}]"`, `"}"`), quoted(`"5% off [{,:}] (})"`)},
		"percent signs":                 {cart(`"100%d %s"`, `"%"`), quoted(`"5% off 100%d %s (%)"`)},
		"white space and another order": {
			" {\n\t\"lines\" : [ { \"tags\" : [ \"sale\" , \"x\" ] , \"price\" : 1000 , \"qty\":1, \"title\":\"Tea\", \"sku\":\"\", \"id\":\"l1\" } ] ,\r\n \"customer\" : {\"tier\":\"x\",\"id\":\"\"},\"currency\":\"CNY\" } ",
			quoted(`"5% off Tea (x)"`),
		},
		"the largest amount": {
			`{"currency":"CNY","customer":{"id":"","tier":"gold"},"lines":[{"id":"l","sku":"","title":"","qty":1000,"price":100000000,"tags":["sale"]}]}`,
			`{"discounts":[{"line":"l","amount":10000000000,"reason":"10% off  (gold)"}],"total":10000000000,"counter":1}`,
		},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			inEveryLanguage(t, func(t *testing.T, language string) {
				r, err := call(t, language, "quote", tt.input)
				require.NoError(t, err)
				require.JSONEq(t, tt.want, string(r.Output))
			})
		})
	}
}

func TestQuoteRefusesInEveryLanguage(t *testing.T) {
	t.Parallel()
	tooMany, _ := many(201)
	for title, tt := range map[string]struct{ action, input, code, says string }{
		"another currency":           {"quote", `{"currency":"EUR","customer":{"id":"","tier":""},"lines":[]}`, "currency_not_supported", "There are no discounts in EUR."},
		"a fraction of zero":         {"quote", strings.Replace(cart(`"Tea"`, `"x"`), "1000", "1000.0", 1), "bad_input", "cannot be read"},
		"an exponent":                {"quote", strings.Replace(cart(`"Tea"`, `"x"`), "1000", "1e3", 1), "bad_input", "cannot be read"},
		"an unknown action":          {"dance", `{}`, abi.CodeUnknownAction, `"dance"`},
		"an input without lines":     {"quote", `{"currency":"CNY","customer":{"id":"","tier":""}}`, abi.CodeBadInput, "lines"},
		"a quantity that is a text":  {"quote", strings.Replace(cart(`"Tea"`, `"x"`), `"qty":1`, `"qty":"1"`, 1), abi.CodeBadInput, "qty"},
		"a negative price":           {"quote", strings.Replace(cart(`"Tea"`, `"x"`), "1000", "-1", 1), abi.CodeBadInput, "price"},
		"201 lines":                  {"quote", tooMany, abi.CodeBadInput, "lines"},
		"half of a surrogate pair":   {"quote", cart(`"\ud83c"`, `"x"`), abi.CodeBadInput, "surrogate"},
		"a control character":        {"quote", cart(`"\u0008"`, `"x"`), abi.CodeBadInput, "invisible"},
		"text that is not UTF-8":     {"quote", cart("\"\xff\"", `"x"`), abi.CodeBadInput, "UTF-8"},
		"a misdeed nobody knows":     {"misbehave", `{"how":"sing"}`, abi.CodeBadInput, "how"},
		"a fetch without an address": {"fetch", `{"path":"/"}`, "not_configured", "The address of the catalog is not configured."},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			inEveryLanguage(t, func(t *testing.T, language string) {
				_, err := call(t, language, tt.action, tt.input)
				e := requireCode(t, err, tt.code)
				require.Contains(t, e.Message, tt.says)
				require.Equal(t, string(abi.RetryNever), e.Retry)
			})
		})
	}
}

func TestManifestIsTheSameInEveryLanguage(t *testing.T) {
	t.Parallel()
	want := manifest(t, "go")
	inEveryLanguage(t, func(t *testing.T, language string) {
		m := *manifest(t, language)
		require.Equal(t, "discount-"+language, m.Name)
		m.Name = want.Name
		a, err := json.Marshal(want)
		require.NoError(t, err)
		b, err := json.Marshal(m)
		require.NoError(t, err)
		require.JSONEq(t, string(a), string(b))
	})
}
