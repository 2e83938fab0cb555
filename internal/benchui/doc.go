// Package benchui measures the pages, in a headless Chromium and on the server:
// `make bench-ui`. Each figure is a file with a test function of its own, which
// says what must be reached; to add one, write figure_<name>_test.go and name it
// in figures. Nothing else imports this package.
package benchui
