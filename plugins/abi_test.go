package plugins

import (
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/plugins/wasi"
	"github.com/qidong/qidong/sdk/abi"
)

// abiTables reads the tables of ABI.md that a comment names, without their
// heads: rows of cells.
func abiTables(t *testing.T) map[string][][]string {
	t.Helper()
	raw, err := os.ReadFile("ABI.md")
	require.NoError(t, err)
	all := map[string][][]string{}
	parts := strings.Split(string(raw), "<!-- table: ")
	for _, part := range parts[1:] {
		name, rest, ok := strings.Cut(part, " -->\n")
		require.True(t, ok)
		require.NotContains(t, all, name)
		lines := strings.Split(rest, "\n")
		for _, line := range lines[2:] { // after the head and its rule
			if !strings.HasPrefix(line, "|") {
				break
			}
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for i := range cells {
				cells[i] = strings.Trim(cells[i], " `")
			}
			all[name] = append(all[name], cells)
		}
	}
	return all
}

func TestABI_The_fields_of_envelopes_are_those_of_package_abi(t *testing.T) {
	t.Parallel()
	types := []any{
		abi.Manifest{},
		abi.Action{},
		abi.Needs{},
		abi.HTTPNeed{},
		abi.FieldNeed{},
		abi.SecretNeed{},
		abi.Example{},
		abi.Exchange{},
		abi.Call{},
		abi.Result{},
		abi.Error{},
		abi.Request{},
		abi.Response{},
		abi.HTTPRequest{},
		abi.HTTPResponse{},
		abi.LedgerRequest{},
		abi.LedgerResponse{},
		abi.KVRequest{},
		abi.KVResponse{},
	}
	got := map[string]map[string]string{}
	for name, rows := range abiTables(t) {
		if name, ok := strings.CutPrefix(name, "fields "); ok {
			got[name] = map[string]string{}
			for _, row := range rows {
				got[name][row[0]] = row[1]
			}
		}
	}
	want := map[string]map[string]string{}
	for _, v := range types {
		known := map[string]string{}
		for f := range fields(reflect.TypeOf(v)) {
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			known[name] = "required"
			if strings.Contains(options, "omit") {
				known[name] = "optional"
			}
		}
		want[nameOf(reflect.TypeOf(v))] = known
	}
	require.Empty(t, cmp.Diff(want, got), "ABI.md (+) is not what package abi (-) says")
	requireAllEnvelopes(t, want)
}

// requireAllEnvelopes finds the structs of envelopes that no table describes.
func requireAllEnvelopes(t *testing.T, described map[string]map[string]string) {
	t.Helper()
	seen := map[reflect.Type]bool{}
	var look func(reflect.Type)
	look = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || seen[typ] || typ.PkgPath() != reflect.TypeFor[abi.Call]().PkgPath() {
			return
		}
		seen[typ] = true
		require.Contains(t, described, nameOf(typ), "ABI.md has no table of its fields")
		for f := range fields(typ) {
			look(f.Type)
		}
	}
	for _, v := range []any{abi.Manifest{}, abi.Call{}, abi.Result{}, abi.Request{}, abi.Response{}} {
		look(reflect.TypeOf(v))
	}
}

func TestABI_The_functions_are_those_that_the_host_has(t *testing.T) {
	t.Parallel()
	tables := abiTables(t)
	got, want := map[string]string{}, map[string]string{}
	for _, row := range tables["imports"] {
		got[row[0]] = signature(row[1])
	}
	for _, f := range imports {
		want[f.name] = strings.Repeat("i", f.params) + ":" + strings.Repeat("i", f.results)
	}
	require.Empty(t, cmp.Diff(want, got), "qidong_v1")

	got = map[string]string{}
	for _, row := range tables["wasi"] {
		got[row[0]] = row[1]
	}
	require.Empty(t, cmp.Diff(wasi.Signatures(), got), "wasi_snapshot_preview1")

	var exports []string
	for _, row := range tables["exports"] {
		exports = append(exports, row[0]+" "+row[1])
	}
	require.Equal(t, []string{
		abi.ExportMemory + " memory", abi.ExportDescribe + " () -> ()", abi.ExportCall + " () -> ()", abi.ExportInitialize + " () -> ()",
	}, exports)
}

// signature reads "(ptr, cap: i32) -> i32" as "ii:i".
func signature(s string) string {
	in, out, _ := strings.Cut(s, "->")
	return strings.Repeat("i", strings.Count(in, ",")+1) + ":" + strings.Repeat("i", strings.Count(out, "i32"))
}

func TestABI_The_limits_are_those_of_package_abi(t *testing.T) {
	t.Parallel()
	var want [][]string
	for _, l := range abi.Limits() {
		most := ""
		if l.Raise {
			most = quantity(l.Max, l.Unit)
		}
		want = append(want, []string{l.Name, quantity(l.Default, l.Unit), most, l.Code})
	}
	require.Empty(t, cmp.Diff(want, abiTables(t)["limits"]), "ABI.md (+) is not what package abi (-) says")
}

// quantity writes a number as ABI.md does.
func quantity(n int64, unit string) string {
	switch {
	case unit == "bytes" && n%(1<<20) == 0:
		return strconv.FormatInt(n>>20, 10) + " MiB"
	case unit == "bytes" && n%(1<<10) == 0:
		return strconv.FormatInt(n>>10, 10) + " KiB"
	case unit == "bytes":
		return strconv.FormatInt(n, 10) + " B"
	case unit == "ms":
		return strconv.FormatInt(n/1000, 10) + " s"
	}
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func TestABI_The_codes_are_those_of_package_abi(t *testing.T) {
	t.Parallel()
	again := map[abi.Retry]string{abi.RetryNever: "no", abi.RetryLater: "later", abi.RetryAfter: "after the time that is given"}
	audience := map[abi.Audience]string{abi.Uploader: "uploader", abi.Caller: "journey", abi.Guest: "plugin", abi.Operator: "operator"}
	var want [][]string
	for _, c := range abi.Codes() {
		var seen []string
		for _, a := range c.Seen {
			seen = append(seen, audience[a])
		}
		want = append(want, []string{c.Code, again[c.Retry], strings.Join(seen, ", "), c.Text["en"]})
	}
	require.Empty(t, cmp.Diff(want, abiTables(t)["codes"]), "ABI.md (+) is not what package abi (-) says")
}

func TestABI_What_may_be_made_again_is_what_the_codes_say(t *testing.T) {
	t.Parallel()
	for _, c := range abi.Codes() {
		if c.Retry == abi.RetryAfter || c.Seen[len(c.Seen)-1] == abi.Guest {
			continue // said with the error, each time
		}
		require.Equal(t, c.Retry, retry(c.Code), c.Code)
	}
}

func TestABI_The_limits_of_a_grant_are_those_that_can_be_changed(t *testing.T) {
	t.Parallel()
	type bounds struct{ standard, most int64 }
	want, got := map[string]bounds{}, map[string]bounds{}
	for _, l := range abi.Limits() {
		if l.Raise {
			want[l.Name] = bounds{l.Default, l.Max}
		}
	}
	for _, f := range new(Limits).fields() {
		got[f.name] = bounds{f.standard, f.most}
	}
	require.Empty(t, cmp.Diff(want, got, cmp.AllowUnexported(bounds{})))
}

func TestABI_Requirements_are_numbered_without_gaps(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("ABI.md")
	require.NoError(t, err)
	defined := map[string]bool{}
	section, number := 0, 0
	for _, m := range regexp.MustCompile(`(?m)^- \*\*ABI-(\d+)\.(\d+)\*\*|^## (\d+)\. `).FindAllStringSubmatch(string(raw), -1) {
		if m[3] != "" {
			require.Equal(t, strconv.Itoa(section+1), m[3])
			section, number = section+1, 0
			continue
		}
		number++
		require.Equal(t, []string{strconv.Itoa(section), strconv.Itoa(number)}, m[1:3])
		defined[m[1]+"."+m[2]] = true
	}
	require.Greater(t, len(defined), 30)
	for _, m := range regexp.MustCompile(`ABI-(\d+\.\d+)`).FindAllStringSubmatch(string(raw), -1) {
		require.True(t, defined[m[1]], "ABI-%s is referred to, and does not exist", m[1])
	}
}

// nameOf is the name that ABI.md has for a type: that of an alias, for one.
func nameOf(t reflect.Type) string {
	if t == reflect.TypeFor[abi.Call]() {
		return "Call"
	}
	return t.Name()
}
