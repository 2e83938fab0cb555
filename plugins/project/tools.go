package project

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// need says how to get a program that is not in the path.
func need(program, mend string) error {
	if _, err := exec.LookPath(program); err != nil {
		return fmt.Errorf("%s is not on this machine: %s", program, mend)
	}
	return nil
}

// rustTools are programs of one Rust that compiles to WebAssembly.
type rustTools struct{ cargo, rustc string }

func (t rustTools) env() []string { return []string{"RUSTC=" + t.rustc} }

// findRust takes the Rust in the path, or the system's where only that one has
// the library for WebAssembly.
func findRust(ctx context.Context) (rustTools, error) {
	const mend = "run `rustup target add wasm32-unknown-unknown`, or on Debian `apt-get install cargo libstd-rust-dev-wasm32`"
	if err := need("cargo", "install Rust from https://rustup.rs, then "+mend); err != nil {
		return rustTools{}, err
	}
	for _, t := range []rustTools{{"cargo", "rustc"}, {"/usr/bin/cargo", "/usr/bin/rustc"}} {
		dir, err := exec.CommandContext(ctx, t.rustc, "--print", "target-libdir", "--target", rustTarget).Output() //nolint:gosec // one of those above
		if err != nil {
			continue
		}
		if found, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "libcore-*.rlib")); len(found) > 0 {
			return t, nil
		}
	}
	return rustTools{}, errors.New("rust lacks its library for WebAssembly: " + mend)
}

func findClang(ctx context.Context) error {
	const mend = "install clang and lld (Debian: `apt-get install clang lld`; macOS: `brew install llvm lld`, and put them first in the PATH)"
	if err := need("clang", mend); err != nil {
		return err
	}
	targets, err := exec.CommandContext(ctx, "clang", "--print-targets").Output()
	if err != nil || !strings.Contains(string(targets), "wasm32") {
		return errors.New("clang cannot make WebAssembly on this machine: " + mend)
	}
	return need("wasm-ld", mend)
}

func (p *Project) findAssemblyScript() error {
	if err := need("npm", "install node 20 or newer, which has it, from https://nodejs.org"); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(p.Dir, "node_modules", "assemblyscript")); err != nil {
		return errors.New("the compiler of AssemblyScript is not in this project: run `npm ci` here once, which needs the network")
	}
	return nil
}
