// Package sandbox runs WebAssembly modules that nobody trusts, in this
// process, so that
//
//   - every run starts from the same bytes: memory and globals are set back to
//     a snapshot that is taken once, after the module was initialized;
//   - every run ends: instructions, call depth, memory and time are bounded,
//     the first three by counts that are the same on every machine;
//   - no module can hurt the process: it is scanned before the runtime sees
//     it, compiled in a child process that can be killed, and its instance is
//     thrown away after any failure.
//
// The way of a module is scan → rewrite → compile → prepare → snapshot, in
// [Engine.Load]; that of a run is take → set limits → run → reset, in
// [Module.Run]. What a module may import is the caller's business.
//
// Whoever reviews this package should begin with engine.go and instance.go,
// then look at what memory is given to a guest (memory.go), how it is set back
// (image_linux.go, image_copy.go), and who may write native code (compile.go,
// cache.go).
package sandbox
