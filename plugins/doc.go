// Package plugins is the host of plugins: it checks WebAssembly modules,
// describes them, and calls their actions, each call in an instance of its own
// with the capabilities that were granted and no others. ABI.md is the
// contract with the modules; package sdk/abi holds its constants.
//
// Nothing of a call outlives it: no memory, no global, no descriptor, no clock.
// Whatever a module does, the host goes on: every failure is an error with a
// stable code.
package plugins
