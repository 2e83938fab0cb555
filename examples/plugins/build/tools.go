package main

import (
	"os/exec"
	"path/filepath"
	"slices"
)

// tool is a part of a toolchain.
type tool struct {
	name     string   // for people
	packages []string // of Debian; none for what npm installs
	found    func() bool
}

// The compilers of Debian, which find Debian's libraries.
const (
	rustc = "/usr/bin/rustc"
	cargo = "/usr/bin/cargo"
	clang = "/usr/bin/clang"
)

var rustTools = []tool{
	{"Debian's rustc", []string{"rustc"}, file(rustc)},
	{"Debian's cargo", []string{"cargo"}, file(cargo)},
	{"Rust's library for WebAssembly", []string{"libstd-rust-dev-wasm32"}, file("/usr/lib/rustlib/wasm32-unknown-unknown/lib")},
	{"the crate serde_json", []string{"librust-serde-json-dev"}, file("/usr/share/cargo/registry/serde_json-*")},
	{"the crate serde_derive", []string{"librust-serde-dev", "librust-serde-derive-dev"}, file("/usr/share/cargo/registry/serde_derive-*")},
}

var cTools = []tool{
	{"clang", []string{"clang"}, file(clang)},
	{"wasm-ld", []string{"lld"}, file("/usr/bin/wasm-ld")},
	{"wasi-libc", []string{"wasi-libc"}, file("/usr/lib/wasm32-wasi/libc.a")},
	{"clang's library for WebAssembly", []string{"libclang-rt-dev-wasm32"}, file("/usr/lib/llvm-*/lib/clang/*/lib/wasi/libclang_rt.builtins-wasm32.a")},
}

var assemblyScriptTools = []tool{
	{"node", []string{"nodejs"}, command("node")},
	{"npm", []string{"npm"}, command("npm")},
	{"the packages of AssemblyScript", nil, file(work + "/discount-as/node_modules/.package-lock.json")},
}

// file looks for a file by a pattern.
func file(pattern string) func() bool {
	return func() bool {
		found, _ := filepath.Glob(pattern) // the patterns are well-formed
		return len(found) > 0
	}
}

// command looks for a program in the path.
func command(name string) func() bool {
	return func() bool {
		_, err := exec.LookPath(name)
		return err == nil
	}
}

// missing are the tools of p that this machine lacks.
func (p plugin) missing() []tool {
	return slices.DeleteFunc(slices.Clone(p.tools), func(t tool) bool { return t.found() })
}

// missingPackages are the packages that would complete all toolchains.
func missingPackages() []string {
	var names []string
	for _, p := range plugins {
		for _, t := range p.missing() {
			names = append(names, t.packages...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
