package ui

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/ui/i18n"
)

// TestSchemaForPeople: fields are named in the reader's language, and asked for in
// the order of the plugin's author. What is no such thing is passed over.
func TestSchemaForPeople(t *testing.T) {
	t.Parallel()
	var schema map[string]any
	require.NoError(t, json.Unmarshal([]byte(`{"x-order": ["seats", 7, "seats", "unknown", "day"], "properties": {
		"day": {"title": "Day", "x-title": {"en": "Day", "zh-CN": "日期"}, "description": "When it plays"},
		"any": {"title": "Anything", "x-title": "no texts"},
		"seats": {"x-title": {"en": "Seats"}, "x-description": {"en": "How many", "zh-CN": "几个"}}
	}}`), &schema))
	require.Equal(t, []string{"seats", "day", "any"}, fieldOrder(schema))
	require.Empty(t, fieldOrder(nil))

	field := func(name string) map[string]any { return asMap(asMap(schema["properties"])[name]) }
	en, zh := context.Background(), i18n.With(context.Background(), "zh-CN")
	for _, want := range []struct{ field, key, en, zh string }{
		{"day", "title", "Day", "日期"},
		{"day", "description", "When it plays", "When it plays"},
		{"any", "title", "Anything", "Anything"},
		{"seats", "title", "Seats", "Seats"},
		{"seats", "description", "How many", "几个"},
		{"none", "title", "", ""},
	} {
		require.Equal(t, want.en, fieldText(en, field(want.field), want.key), want.field)
		require.Equal(t, want.zh, fieldText(zh, field(want.field), want.key), want.field)
	}
}
