package main

import (
	"context"
	"fmt"

	extism "github.com/extism/go-sdk"
)

// theirs is the guest under Extism's Go SDK, as its documentation has it:
// without a timeout and without a limit of memory, its fastest way.
type theirs struct {
	compiled *extism.CompiledPlugin
	reused   *extism.Plugin
}

func newTheirs(ctx context.Context, wasm []byte) (*theirs, error) {
	manifest := extism.Manifest{Wasm: []extism.Wasm{extism.WasmData{Data: wasm}}}
	compiled, err := extism.NewCompiledPlugin(ctx, manifest, extism.PluginConfig{EnableWasi: true}, nil)
	if err != nil {
		return nil, fmt.Errorf("compiling the guest under Extism: %w", err)
	}
	reused, err := compiled.Instance(ctx, extism.PluginInstanceConfig{})
	if err != nil {
		_ = compiled.Close(ctx) // the first error says more
		return nil, fmt.Errorf("instantiating the guest under Extism: %w", err)
	}
	return &theirs{compiled: compiled, reused: reused}, nil
}

// again calls the one instance, which sees what earlier calls left.
func (t *theirs) again(ctx context.Context, input []byte) ([]byte, error) {
	return quote(ctx, t.reused, input)
}

// fresh calls an instance of its own, which is what isolates calls in Extism.
func (t *theirs) fresh(ctx context.Context, input []byte) ([]byte, error) {
	p, err := t.compiled.Instance(ctx, extism.PluginInstanceConfig{})
	if err != nil {
		return nil, fmt.Errorf("instantiating the guest under Extism: %w", err)
	}
	output, err := quote(ctx, p, input)
	if closed := p.CloseWithContext(ctx); err == nil {
		err = closed
	}
	return output, err
}

func quote(ctx context.Context, p *extism.Plugin, input []byte) ([]byte, error) {
	code, output, err := p.CallWithContext(ctx, "quote", input)
	if err != nil || code != 0 {
		return nil, fmt.Errorf("calling the guest under Extism: it returned %d: %w", code, err)
	}
	return output, nil
}

func (t *theirs) close(ctx context.Context) error { return t.compiled.Close(ctx) }
