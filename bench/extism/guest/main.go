//go:build wasip1

// Command guest is the plugin of examples/plugins/discount/go, for Extism: the
// same types and the same logic, between Extism's own functions for input and
// output.
package main

import "github.com/extism/go-pdk"

//go:wasmexport quote
func quote() int32 {
	var in Request
	if err := pdk.InputJSON(&in); err != nil {
		pdk.SetError(err)
		return 1
	}
	out, err := Quote(in)
	if err == nil {
		err = pdk.OutputJSON(out)
	}
	if err != nil {
		pdk.SetError(err)
		return 1
	}
	return 0
}

func main() {} // never runs in a module
