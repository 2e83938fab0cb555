package journey

// ForgetExpressions empties what the process remembers.
func ForgetExpressions() {
	known.Lock()
	defer known.Unlock()
	known.byKey, known.bytes = map[string]*parsedExpression{}, 0
}
