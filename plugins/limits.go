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

// limit is one field, with its name in JSON. It has pointers and no closures,
// so that the limits of a call cost no memory.
type limit struct {
	name           string
	standard, most int64
	number         *int   // one of the two is set
	large          *int64 // the other is nil
}

func (f *limit) get() int64 {
	if f.large != nil {
		return *f.large
	}
	return int64(*f.number)
}

func (f *limit) set(v int64) {
	if f.large != nil {
		*f.large = v
		return
	}
	*f.number = int(v)
}

func (l *Limits) fields() [8]limit {
	return [...]limit{
		{name: "fuel", large: &l.Fuel, standard: abi.DefaultFuel, most: abi.MaxFuel},
		{name: "depth", number: &l.Depth, standard: abi.DefaultDepth, most: abi.MaxDepth},
		{name: "memory_bytes", large: &l.Memory, standard: abi.DefaultMemory, most: abi.MaxMemory},
		{name: "timeout_ms", large: &l.TimeoutMS, standard: abi.MaxTimeout.Milliseconds(), most: abi.MaxTimeout.Milliseconds()},
		{name: "output_bytes", number: &l.Output, standard: abi.DefaultOutput, most: abi.MaxOutput},
		{name: "log_bytes", number: &l.Log, standard: abi.DefaultLog, most: abi.MaxLog},
		{name: "host_calls", number: &l.HostCalls, standard: abi.DefaultHostCalls, most: abi.MaxHostCalls},
		{name: "json_depth", number: &l.JSONDepth, standard: abi.DefaultJSONDepth, most: abi.MaxJSONDepth},
	}
}
