// Package temporalserver runs a whole Temporal server (frontend, history,
// matching, worker) inside this process, on one SQLite file. It is what makes
// `qidong dev` a single binary; in production the same workflows talk to a
// Temporal cluster and this package stays idle.
//
// It is the only package that may import Temporal's server packages: they
// promise no compatibility, bring most of the binary's size, and have traps
// that are handled here once:
//
//   - The server never migrates or checks its SQLite schema; an older file
//     starts and then hangs. So the server's version is kept beside the file,
//     and a file of another version is refused.
//   - The server relies on its logger's Fatal not returning. Here Fatal ends
//     the calling goroutine and turns into an error of [Start], or of
//     [Server.Failed] later on; the process lives.
//   - Ports are reserved before the server binds them, in the way that keeps
//     the kernel from giving them to someone else meanwhile.
//
// Two servers on one file make no progress and give no error. This package
// takes no lock: the caller holds one on the data directory for as long as the
// server runs. The server listens on loopback only, without authentication:
// whoever may run programs on the machine can reach it.
//
// Read server.go first, then settings.go for what is not Temporal's default.
package temporalserver
