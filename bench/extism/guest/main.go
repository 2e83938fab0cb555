//go:build wasip1

// Command guest is the action "quote" of examples/plugins/discount/go for
// Extism: the same types and the same logic, between Extism's own functions for
// input and output.
package main

import "github.com/extism/go-pdk"

//go:wasmexport quote
func quote() int32 {
	var cart Cart
	if err := pdk.InputJSON(&cart); err != nil {
		pdk.SetError(err)
		return 1
	}
	q, err := QuoteCart(cart)
	if err == nil {
		err = pdk.OutputJSON(q)
	}
	if err != nil {
		pdk.SetError(err)
		return 1
	}
	return 0
}

func main() {} // never runs in a module
