//go:build wasip1

package plugin

import "unsafe"

//go:wasmimport qidong_v1 input
func importInput(ptr unsafe.Pointer, size uint32) uint32

//go:wasmimport qidong_v1 output
func importOutput(ptr unsafe.Pointer, size uint32)

//go:wasmimport qidong_v1 log
func importLog(level uint32, ptr unsafe.Pointer, size uint32)

//go:wasmimport qidong_v1 request
func importRequest(ptr unsafe.Pointer, size uint32) uint32

//go:wasmimport qidong_v1 result
func importResult(ptr unsafe.Pointer, size uint32) uint32

//go:wasmexport qidong_describe
func exportDescribe() {
	output(plugin().Describe())
	// What describe leaves in memory is where every call starts: with caches
	// full. Collecting garbage first would empty them, and make every call
	// clear the memory it reuses.
	plugin().warm()
}

//go:wasmexport qidong_call
func exportCall() {
	size := importInput(nil, 0)
	output(plugin().Call(imports{}, pull(importInput, size)))
}

func plugin() *Plugin {
	if served == nil {
		panic("no plugin is served: call plugin.Serve in an init function of package main")
	}
	return served
}

// imports is the Host of a module.
type imports struct{}

func (imports) Request(q []byte) []byte {
	size := importRequest(pointer(q), uint32(len(q)))
	return pull(importResult, size)
}

func (imports) Log(level int, line string) {
	importLog(uint32(level), unsafe.Pointer(unsafe.StringData(line)), uint32(len(line)))
}

func output(b []byte) { importOutput(pointer(b), uint32(len(b))) }

func pull(f func(unsafe.Pointer, uint32) uint32, size uint32) []byte {
	b := make([]byte, size)
	f(pointer(b), size)
	return b
}

func pointer(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }
