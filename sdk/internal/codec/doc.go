// Package codec reads and writes JSON as encoding/json does, for guests: in one
// pass, from types studied once, without copying what it reads. A call of a
// plugin is mostly JSON, and every instruction of it is counted.
//
//	types ── plan.go ──► how each type is read and written, kept
//	text  ── scan.go ──► decode.go ──► values
//	values ────────────► encode.go ──► text
//
// It follows encoding/json in everything that is documented there, save:
//   - JSON deeper than [MaxDepth] is refused;
//   - <, > and & are written as they are, not escaped;
//   - errors name the place ("lines[3].qty") instead of an offset;
//   - a type that contains itself without a pointer, slice or map cannot exist,
//     one that does with them is fine; channels, functions, complex numbers and
//     maps by anything but strings and integers are errors;
//   - the fields of an embedded pointer to an unexported struct are passed over;
//   - the option ",string" holds for numbers and booleans, not for strings,
//     and what is in the quotes must be JSON.
//
// Fuzz tests compare both on the same texts and values.
package codec
