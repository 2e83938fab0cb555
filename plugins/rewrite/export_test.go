package rewrite

// KeepingExports is a metered Rewrite that keeps all exports, for tests that
// call them.
func KeepingExports(wasm []byte) (Rewritten, error) {
	return rewrite(wasm, Config{Meter: true}, func(string) bool { return true })
}
