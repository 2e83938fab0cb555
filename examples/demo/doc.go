// Package demo acts as the customers of the movie-night journey: through the
// public API and the partners' public pages only, as real ones would. Each
// customer follows a script whose outcome is known beforehand; in the end every
// outcome, every message and the partners' own books are compared with it.
package demo
