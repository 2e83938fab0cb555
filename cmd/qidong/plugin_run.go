package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/qidong/qidong/plugins"
	"github.com/qidong/qidong/plugins/hostfunc"
	"github.com/qidong/qidong/sdk/abi"
)

// runFlags are what is said with a local call.
type runFlags struct {
	input, config, customer, module, locale string
}

func newPluginRunCommand(c *connection) *cobra.Command {
	f := runFlags{}
	cmd := &cobra.Command{
		Use: "run ACTION [DIR]", Short: "Call an action of the plugin in a directory, on this machine", Args: cobra.RangeArgs(1, 2),
		Long: `Build the plugin in a directory and call one of its actions on this machine, in
the same host that a server has. Shown are the output, the log, and what the call
took.

The call is real: the plugin may request what its manifest asks for, with --config,
or else with the example configuration. Its store is empty at first, no secret is
set, and no points are given. With --module it calls a module that is built
already. The exit status is 1 when the action fails.`,
		Example: `  qidong plugin run quote --input examples/quote.json
  qidong plugin run quote --input '{"amount": 12800, "tier": "gold"}'
  echo '{"amount": 12800, "tier": "gold"}' | qidong plugin run quote --input - --json`,
		RunE: func(cmd *cobra.Command, args []string) error { return runAction(cmd, c, f, args) },
	}
	cmd.Flags().StringVar(&f.input, "input", "{}", "input: a JSON object, a file that has one, or - for standard input")
	cmd.Flags().StringVar(&f.config, "config", "", "the workspace's settings, as --input (default: the example configuration)")
	cmd.Flags().StringVar(&f.customer, "customer", "", "the customer's fields, as --input")
	cmd.Flags().StringVar(&f.module, "module", "", "file of the module (default: the project's, built anew)")
	cmd.Flags().StringVar(&f.locale, "locale", "en", "language of the customer")
	return cmd
}

// ran is what `qidong plugin run --json` prints.
type ran struct {
	Plugin   string          `json:"plugin"`
	Version  string          `json:"version"`
	Action   string          `json:"action"`
	Output   json.RawMessage `json:"output,omitempty"`
	Error    *abi.Error      `json:"error,omitempty"`
	Log      []string        `json:"log"`
	Fuel     int64           `json:"fuel"`
	Memory   int64           `json:"memory"` // bytes
	Requests int             `json:"requests"`
	Took     time.Duration   `json:"took_ns"`
	stack    []string
}

func runAction(cmd *cobra.Command, c *connection, f runFlags, args []string) error {
	call := plugins.Call{
		Workspace: "local", Action: args[0], IdempotencyKey: "local", Customer: "c_local", Locale: f.locale, Now: time.Now(),
	}
	if err := f.fill(cmd, &call); err != nil {
		return err
	}
	module, err := moduleToRun(cmd, f.module, args[1:])
	if err != nil {
		return err
	}
	r, err := callLocally(cmd.Context(), call, module)
	if err != nil {
		return err
	}
	if c.json {
		err = printJSON(cmd.OutOrStdout(), r)
	} else {
		err = r.print(cmd)
	}
	if err == nil && r.Error != nil {
		return exitError{1}
	}
	return err
}

func moduleToRun(cmd *cobra.Command, file string, args []string) ([]byte, error) {
	if file != "" {
		return readInput(cmd.InOrStdin(), file)
	}
	p, err := projectAt(args)
	if err != nil {
		return nil, err
	}
	built, err := buildProject(cmd, p, "")
	if err != nil {
		return nil, err
	}
	return built.Module, nil
}

// oneModule is a store of one module.
type oneModule []byte

// Module is the one module.
func (m oneModule) Module(context.Context, string) ([]byte, error) { return m, nil }

// callLocally makes the call in a host of its own, granted what the plugin asks
// for.
func callLocally(ctx context.Context, call plugins.Call, module []byte) (*ran, error) {
	host, err := plugins.New(ctx, plugins.Config{Modules: oneModule(module), KV: hostfunc.NewMemoryKV()})
	if err != nil {
		return nil, err
	}
	defer func() { _ = host.Close(context.WithoutCancel(ctx)) }()
	sum := sha256.Sum256(module)
	m, err := host.Describe(ctx, module)
	if err != nil {
		return nil, err
	}
	if m.Action(call.Action) == nil {
		return nil, fmt.Errorf("the plugin %s has no action %q; it has %s", m.Name, call.Action, strings.Join(actionNames(m), ", "))
	}
	call.Plugin, call.Version, call.Digest = m.Name, m.Version, hex.EncodeToString(sum[:])
	if call.Config == nil {
		call.Config = m.ExampleConfig
	}
	if call.Grant, err = plugins.Asked(m, call.Config); err != nil {
		return nil, fmt.Errorf("granting what the plugin asks for: %w", err)
	}
	result, err := host.Call(ctx, call)
	r := &ran{
		Plugin: m.Name, Version: m.Version, Action: call.Action, Output: result.Output, Log: logLines(result.Log),
		Fuel: result.Fuel, Memory: result.Memory, Requests: result.HostCalls, Took: result.Duration, stack: result.Stack,
	}
	var failed *plugins.CallError
	if errors.As(err, &failed) {
		r.Error = &abi.Error{Code: failed.Code, Message: failed.Message, Retry: abi.Retry(failed.Retry), After: int64(failed.After / time.Second)}
		err = nil
	}
	return r, err
}

// fill reads what the flags say into a call.
func (f runFlags) fill(cmd *cobra.Command, call *plugins.Call) (err error) {
	if call.Input, err = objectOf(cmd, "--input", f.input); err != nil {
		return err
	}
	if f.config != "" {
		if call.Config, err = objectOf(cmd, "--config", f.config); err != nil {
			return err
		}
	}
	if f.customer == "" {
		return nil
	}
	raw, err := objectOf(cmd, "--customer", f.customer)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, &call.Profile)
}

// objectOf is a flag that is a JSON object, or names what holds one.
func objectOf(cmd *cobra.Command, flag, value string) (json.RawMessage, error) {
	raw := []byte(value)
	if !strings.HasPrefix(strings.TrimSpace(value), "{") {
		var err error
		if raw, err = readInput(cmd.InOrStdin(), value); err != nil {
			return nil, fmt.Errorf("%s is neither a JSON object nor a file: %w", flag, err)
		}
	}
	if _, err := jsonObject(flag, string(raw)); err != nil {
		return nil, err
	}
	return raw, nil
}

func actionNames(m *abi.Manifest) []string {
	names := make([]string, len(m.Actions))
	for i, a := range m.Actions {
		names[i] = a.Name
	}
	return names
}

func logLines(log string) []string {
	lines := []string{}
	for line := range strings.Lines(log) {
		lines = append(lines, strings.TrimRight(line, "\n"))
	}
	return lines
}

func (r *ran) print(cmd *cobra.Command) error {
	if r.Error != nil {
		fmt.Fprintln(cmd.OutOrStdout(), printable(fmt.Sprintf("%s failed with %s: %s", r.Action, r.Error.Code, r.Error.Message)))
	} else if err := printJSON(cmd.OutOrStdout(), r.Output); err != nil {
		return err
	}
	out := cmd.ErrOrStderr() // standard output is the action's
	for _, line := range append(r.Log, r.stack...) {
		fmt.Fprintln(out, "  "+printable(line))
	}
	_, err := fmt.Fprintf(out, "%s@%s %s: %s, %d fuel, %s of memory, %d requests.\n",
		r.Plugin, r.Version, r.Action, short(r.Took), r.Fuel, kib(int(r.Memory)), r.Requests)
	return err
}
