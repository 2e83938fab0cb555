// Package docs holds what the program shows of its documentation.
package docs

import _ "embed"

// JourneySchema is the JSON Schema of the language of journeys. It must not be
// changed.
//
//go:embed journey.schema.json
var JourneySchema []byte
