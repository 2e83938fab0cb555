package abi

// The codes of errors that the host makes. They are stable: people look them
// up and programs branch on them. Codes of a plugin's own errors are lower-case
// words (sold_out); upper case is the host's.
const (
	// CodeNotWasm to CodeBadManifest refuse an upload.
	CodeNotWasm        = "NOT_WASM" // no WebAssembly module, or a component
	CodeTooLarge       = "MODULE_TOO_LARGE"
	CodeMalformed      = "MODULE_MALFORMED"
	CodeLimitFunctions = "PLUGIN_LIMIT_FUNCTIONS"
	CodeLimitLocals    = "PLUGIN_LIMIT_LOCALS"
	CodeLimitParams    = "PLUGIN_LIMIT_PARAMS"
	CodeLimitBody      = "PLUGIN_LIMIT_BODY"
	CodeLimitNesting   = "PLUGIN_LIMIT_NESTING"
	CodeLimitTable     = "PLUGIN_LIMIT_TABLE"
	CodeLimitMemory    = "PLUGIN_LIMIT_MEMORY"
	CodeLimitCount     = "PLUGIN_LIMIT_COUNT" // globals, exports, types, segments, sections
	CodeImport         = "IMPORT_NOT_ALLOWED"
	CodeExport         = "EXPORT_MISSING"
	CodeFeature        = "FEATURE_NOT_ALLOWED" // threads, SIMD, several memories, …
	CodeBadManifest    = "BAD_MANIFEST"
	CodeCompile        = "COMPILE_FAILED" // compiling took too long, or too much memory

	// CodeDigest is a module whose bytes are not those of its digest.
	CodeDigest = "DIGEST_MISMATCH"
	// CodeUnavailable is a module that could not be loaded just now.
	CodeUnavailable = "MODULE_UNAVAILABLE"
	// CodeSuspended is a plugin that failed too often of late; it is tried
	// again after a while.
	CodeSuspended = "PLUGIN_SUSPENDED"
	// CodeDisabled is a plugin version that an operator, or a changed module, has
	// put out of use.
	CodeDisabled = "PLUGIN_DISABLED"
	// CodeBusy is a call that found no place to run in time.
	CodeBusy = "PLUGIN_BUSY"

	// CodeDeadline to CodeTrap end a call.
	CodeDeadline      = "DEADLINE_EXCEEDED"
	CodeCanceled      = "CANCELED" // the caller gave up
	CodeMemory        = "MEMORY_EXCEEDED"
	CodeOutputTooBig  = "OUTPUT_TOO_LARGE"
	CodeLogTooBig     = "LOG_TOO_LARGE" // only a mark in the log: the rest is cut, the call goes on
	CodeHostCalls     = "HOST_CALLS_EXCEEDED"
	CodeJSONTooDeep   = "JSON_TOO_DEEP"
	CodeTrap          = "TRAP"
	CodeFuel          = "FUEL_EXHAUSTED"
	CodeDepth         = "DEPTH_EXCEEDED"
	CodeBadOutput     = "BAD_OUTPUT" // no envelope, bad JSON, or not what the schema says
	CodeBadInput      = "BAD_INPUT"  // input or configuration is not what the schema says
	CodeUnknownAction = "UNKNOWN_ACTION"
	CodeDiverged      = "REPLAY_DIVERGED" // a replay asked for something else than was recorded

	// CodeDenied to CodeKVQuota answer a capability request.
	CodeDenied       = "CAPABILITY_DENIED"
	CodeBadRequest   = "BAD_REQUEST"      // the request envelope itself is wrong
	CodeUnreachable  = "HTTP_UNREACHABLE" // no answer: refused, reset, unknown host
	CodeHTTPTimeout  = "HTTP_TIMEOUT"
	CodeBodyTooLarge = "HTTP_RESPONSE_TOO_LARGE"
	CodeLedger       = "LEDGER_FAILED"
	CodeKV           = "KV_FAILED"
	CodeKVQuota      = "KV_QUOTA_EXCEEDED"
)
