// Package journey is the journey language: a definition is a tree of blocks,
// decoded from YAML or JSON, validated with line and column, compiled under a
// digest, evaluated with CEL, laid out for the canvas. Everything here is pure:
// no clock, no I/O, and map iteration never decides anything, so that
// workflows may call it. Read definition.go first, then program.go.
package journey
