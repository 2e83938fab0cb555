package abi

import "time"

// The limits of a module and of one call. The host may be configured to be
// stricter, never to be laxer.
const (
	MaxModule      = 8 << 20   // bytes of a module
	MaxMemory      = 64 << 20  // bytes of linear memory
	MaxInput       = 256 << 10 // bytes of the call envelope
	MaxOutput      = 128 << 10 // bytes of the result envelope
	MaxManifest    = 512 << 10 // bytes of the manifest
	MaxRequest     = 256 << 10 // bytes of a capability request
	MaxBody        = 1 << 20   // bytes of a decoded HTTP response body
	MaxHeader      = 32 << 10  // bytes of the headers of a request or response
	MaxLog         = 16 << 10  // bytes of log per call; what is more is cut
	MaxHostCalls   = 64        // capability requests per call
	MaxImportCalls = 10_000    // calls of qidong_v1 functions per call
	MaxDepth       = 64        // nesting of JSON
	MaxActions     = 64        // actions of a plugin
	MaxExamples    = 16        // examples of an action
	MaxMessage     = 2 << 10   // bytes of an error message; what is more is cut
	MaxInteger     = 1<<53 - 1 // largest magnitude of an integer in JSON
	MinTimeout     = 10 * time.Millisecond
	DefaultTimeout = 10 * time.Second // of an action that declares none
	MaxTimeout     = 60 * time.Second
)
