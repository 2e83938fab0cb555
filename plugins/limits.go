package plugins

import (
	"fmt"

	"github.com/qidong/qidong/sdk/abi"
)

// Limits bound one call. An operator may lower or raise them for a plugin
// version, up to the host's maximum; 0 is the default. Package abi names both.
type Limits struct {
	Fuel      int64 `json:"fuel,omitempty"`         // instructions
	Depth     int   `json:"depth,omitempty"`        // nested calls
	Memory    int64 `json:"memory_bytes,omitempty"` // linear memory
	TimeoutMS int64 `json:"timeout_ms,omitempty"`   // of a run, once it has a place
	Output    int   `json:"output_bytes,omitempty"` // result envelope
	Log       int   `json:"log_bytes,omitempty"`
	HostCalls int   `json:"host_calls,omitempty"` // capability requests
	JSONDepth int   `json:"json_depth,omitempty"` // nesting of the result envelope
}

// WithDefaults is l with the defaults for what is 0.
func (l Limits) WithDefaults() Limits {
	for _, f := range l.fields() {
		if f.get() == 0 {
			f.set(f.standard)
		}
	}
	return l
}

// Validate refuses limits that are negative or above the host's maximum.
func (l Limits) Validate() error {
	for _, f := range l.fields() {
		if v := f.get(); v < 0 || v > f.most {
			return fmt.Errorf("the limit %q is %d; it may be 1 to %d, or 0 for the default of %d", f.name, v, f.most, f.standard)
		}
	}
	return nil
}

// limit is one field, with its name in JSON.
type limit struct {
	name           string
	standard, most int64
	get            func() int64
	set            func(int64)
}

func (l *Limits) fields() []limit {
	return []limit{
		field("fuel", &l.Fuel, abi.DefaultFuel, abi.MaxFuel),
		field("depth", &l.Depth, abi.DefaultDepth, abi.MaxDepth),
		field("memory_bytes", &l.Memory, abi.DefaultMemory, abi.MaxMemory),
		field("timeout_ms", &l.TimeoutMS, abi.MaxTimeout.Milliseconds(), abi.MaxTimeout.Milliseconds()),
		field("output_bytes", &l.Output, abi.DefaultOutput, abi.MaxOutput),
		field("log_bytes", &l.Log, abi.DefaultLog, abi.MaxLog),
		field("host_calls", &l.HostCalls, abi.DefaultHostCalls, abi.MaxHostCalls),
		field("json_depth", &l.JSONDepth, abi.DefaultJSONDepth, abi.MaxJSONDepth),
	}
}

func field[T int | int64](name string, at *T, standard, most int64) limit {
	return limit{
		name: name, standard: standard, most: most,
		get: func() int64 { return int64(*at) },
		set: func(v int64) { *at = T(v) },
	}
}
