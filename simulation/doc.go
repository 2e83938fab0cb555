// Package simulation takes customers who do not exist through journeys as they
// are: the interpreter and the partners' plugins are the real ones, the clock is
// virtual, and what customers, partners and people decide is drawn from a seed.
//
// Nothing leaves the process. What a plugin requests over HTTP is answered from
// the examples of its manifest, or as a [Behavior] says. Every customer lives in
// a world of their own: the same seed and number give the same course, however
// many cores there are, and any customer's path can be told again with [Path].
package simulation
