package abi

import "time"

// The limits of one run that an operator may change for a plugin version,
// within the host's maximum. [Limits] says what each means.
const (
	DefaultFuel      = 100_000_000    // instructions
	MaxFuel          = 10_000_000_000 // instructions
	DefaultDepth     = 20_000         // nested calls; a large function counts for several
	MaxDepth         = 100_000
	DefaultMemory    = 64 << 20  // bytes of linear memory
	MaxMemory        = 256 << 20 // bytes of linear memory
	MinTimeout       = 10 * time.Millisecond
	DefaultTimeout   = 10 * time.Second // of an action that declares none
	MaxTimeout       = 60 * time.Second
	DefaultOutput    = 128 << 10 // bytes of the result envelope
	MaxOutput        = 1 << 20
	DefaultLog       = 16 << 10 // bytes of log; what is more is cut
	MaxLog           = 64 << 10
	DefaultHostCalls = 64 // capability requests
	MaxHostCalls     = 256
	DefaultJSONDepth = 64 // nesting of the JSON that a guest hands over
	MaxJSONDepth     = 256
)

// The limits of one run that are the same for every plugin.
const (
	MaxInput        = 256 << 10       // bytes of the call envelope
	MaxManifest     = 512 << 10       // bytes of the manifest
	MaxRequest      = 256 << 10       // bytes of a capability request
	MaxBody         = 1 << 20         // bytes of a decoded HTTP response body
	MaxHeader       = 32 << 10        // bytes of the headers of a request or response
	MaxHeaders      = 64              // headers of a request
	MaxRedirects    = 5               // of a GET or HEAD request
	MaxImportCalls  = 10_000          // calls of qidong_v1 functions
	MaxMessage      = 2 << 10         // bytes of an error message; what is more is cut
	MaxInteger      = 1<<53 - 1       // largest magnitude of an integer in JSON
	DescribeTimeout = 5 * time.Second // of _initialize and qidong_describe together
	MaxKVKey        = 200             // bytes of a key
	MaxKVValue      = 64 << 10        // bytes of a value, as JSON
	MaxKVKeys       = 1_000           // keys of a plugin in a workspace
	MaxKVTotal      = 1 << 20         // bytes of all keys and values of a plugin in a workspace
)

// The limits of a manifest.
const (
	MaxActions  = 64       // actions of a plugin
	MaxExamples = 16       // examples of an action
	MaxSchema   = 64 << 10 // bytes of a JSON Schema
	MaxText     = 500      // bytes of a title, a description or a reason
	MaxNeeds    = 32       // needs of one kind
)

// The limits of a module. Honest guests of Go, Rust, C and AssemblyScript peak
// far below them; what is above compiles for seconds, or kills the runtime.
const (
	MaxModule       = 8 << 20 // bytes
	MaxFunctions    = 20_000
	MaxTypes        = 10_000
	MaxImports      = 1_000
	MaxParams       = 64
	MaxResults      = 16
	MaxGlobals      = 10_000
	MaxExports      = 10_000
	MaxDataSegments = 256 << 10 // Go makes 45,000 to 80,000
	MaxElements     = 10_000    // element segments
	MaxTable        = 100_000   // entries of the table, and of all element segments
	MaxCustom       = 256       // custom sections
	MaxLocals       = 2_000     // of a function
	MaxFunctionBody = 256 << 10 // bytes
	MaxNesting      = 1_024     // blocks within each other
	MaxBlockLocals  = 250_000   // locals × blocks of a function: what compile time grows with
	MaxBranches     = 4_096     // entries of one br_table
	MaxBranchSum    = 64 << 10  // entries of all br_table of a function
)
