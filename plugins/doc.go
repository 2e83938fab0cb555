// Package plugins is the host of plugins: it checks WebAssembly modules,
// describes them, and calls their actions, each call from the same bytes and
// with the capabilities that were asked for and granted, and no others. Package
// sandbox runs the modules; ABI.md is the contract with them, whose constants
// package sdk/abi holds.
//
// Nothing of a call outlives it: no memory, no global, no descriptor, no clock.
// Whatever a module does, the host goes on: every failure is an error with a
// stable code.
package plugins
