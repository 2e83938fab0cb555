package plugins

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/sdk/abi"
)

func TestOnlyFieldsThatAreNeededAndGrantedReachTheGuest(t *testing.T) {
	t.Parallel()
	profile := map[string]any{
		"name": "张三", "phone": "+8613800000000", "age": json.Number("41"), "nothing": nil,
		"traits": map[string]any{"tier": "gold", "city": map[string]any{"name": "上海", "code": "310000"}},
	}
	before, err := json.Marshal(profile)
	require.NoError(t, err)
	for title, tt := range map[string]struct {
		needs, granted []string
		want           string // "" is no customer at all
	}{
		"nothing is needed":                          {nil, []string{"name"}, ``},
		"nothing is granted":                         {[]string{"name"}, nil, ``},
		"another field is granted":                   {[]string{"name"}, []string{"phone"}, ``},
		"a field that is needed and granted":         {[]string{"name", "phone"}, []string{"name", "age"}, `{"name":"张三"}`},
		"a number stays a number":                    {[]string{"age"}, []string{"age"}, `{"age":41}`},
		"a field that is null":                       {[]string{"nothing"}, []string{"nothing"}, `{"nothing":null}`},
		"a field that the customer does not have":    {[]string{"email", "name"}, []string{"email", "name"}, `{"name":"张三"}`},
		"a field within one":                         {[]string{"traits.tier"}, []string{"traits.tier"}, `{"traits":{"tier":"gold"}}`},
		"two fields within one":                      {[]string{"traits.tier", "traits.city.name"}, []string{"traits.city", "traits.tier"}, `{"traits":{"tier":"gold","city":{"name":"上海"}}}`},
		"more is needed than granted":                {[]string{"traits"}, []string{"traits.tier"}, `{"traits":{"tier":"gold"}}`},
		"less is needed than granted":                {[]string{"traits.tier"}, []string{"traits"}, `{"traits":{"tier":"gold"}}`},
		"a whole and a part of it":                   {[]string{"traits.tier", "traits"}, []string{"traits"}, `{"traits":{"tier":"gold","city":{"name":"上海","code":"310000"}}}`},
		"a name that begins like another":            {[]string{"trait"}, []string{"traits"}, ``},
		"a field within what holds none":             {[]string{"name.first"}, []string{"name"}, ``},
		"a field within one that is missing in part": {[]string{"traits.city.zip"}, []string{"traits"}, ``},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			var needs []abi.FieldNeed
			for _, field := range tt.needs {
				needs = append(needs, abi.FieldNeed{Field: field})
			}
			got, f := customer(needs, tt.granted, profile)
			require.Nil(t, f)
			if tt.want == "" {
				require.Nil(t, got)
				return
			}
			require.JSONEq(t, tt.want, string(got))
		})
	}
	t.Cleanup(func() {
		after, err := json.Marshal(profile)
		require.NoError(t, err)
		require.Equal(t, string(before), string(after), "the profile was changed")
	})
}

func TestP15_Customer_fields_that_could_be_read_in_two_ways_are_refused(t *testing.T) {
	t.Parallel()
	for title, value := range map[string]any{
		"an invisible character": "a\u202eb", "a large number": json.Number("9007199254740993"), "no number": math.NaN(),
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			_, f := customer([]abi.FieldNeed{{Field: "x"}}, []string{"x"}, map[string]any{"x": value})
			require.NotNil(t, f)
			require.Equal(t, abi.CodeBadInput, f.code)
			require.Contains(t, f.message, "customer's fields")
		})
	}
}
