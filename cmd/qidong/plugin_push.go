package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

// pushFlags are what is said with a module.
type pushFlags struct {
	config, grant, key string
	hold               bool
}

func newPluginPushCommand(c *connection) *cobra.Command {
	f := pushFlags{}
	cmd := &cobra.Command{
		Use: "push FILE", Aliases: []string{"upload"}, Args: cobra.ExactArgs(1),
		Short: "Check a WebAssembly module and store it under the name and version of its manifest",
		Long: `Check a WebAssembly module and store it under the name and version of its
manifest. It goes with the signature in FILE.minisig, if there is one; with --key
it is signed on the way.`,
		RunE: func(cmd *cobra.Command, args []string) error { return pushPlugin(cmd, c, args[0], f) },
	}
	cmd.Flags().StringVar(&f.config, "config", "", "the workspace's settings for it, a JSON object (default: those of the version before)")
	cmd.Flags().StringVar(&f.grant, "grant", "", "what the workspace allows it, a JSON object (default: that of the version before)")
	cmd.Flags().StringVar(&f.key, "key", "", "file of the secret key to sign with")
	cmd.Flags().BoolVar(&f.hold, "hold", false, "do not let it go live by itself: it waits for qidong plugin promote")
	return cmd
}

func pushPlugin(cmd *cobra.Command, c *connection, file string, f pushFlags) error {
	module, err := readInput(cmd.InOrStdin(), file)
	if err != nil {
		return err
	}
	req := &qidongv1.UploadPluginRequest{Module: module, Hold: f.hold}
	if req.Config, err = jsonObject("--config", f.config); err != nil {
		return err
	}
	if req.Grant, err = jsonObject("--grant", f.grant); err != nil {
		return err
	}
	if req.Signature, err = signatureOf(cmd, file, f.key); err != nil {
		return err
	}
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Plugins.UploadPlugin(cmd.Context(), req)
	if problems := problemsOf(err); len(problems) > 0 {
		if c.json {
			err = printJSON(cmd.OutOrStdout(), map[string]any{"file": file, "problems": problems})
		} else {
			printProblems(cmd.ErrOrStderr(), file, problems)
			err = nil
		}
		return errors.Join(err, exitError{1})
	}
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	p := resp.GetPlugin()
	fmt.Fprintf(cmd.OutOrStdout(), "Uploaded %s@%s (%.12s). It is %s.\n", p.GetName(), p.GetVersion(), p.GetDigest(), stateName(p.GetState()))
	printMissing(cmd.OutOrStdout(), p)
	return nil
}

// signatureOf is the signature that goes with a module: made now with a key, or
// the one that lies beside the file; nil for none.
func signatureOf(cmd *cobra.Command, file, key string) ([]byte, error) {
	if key != "" {
		return signPlugin(cmd, file, key)
	}
	if file == "-" {
		return nil, nil
	}
	signature, err := os.ReadFile(file + ".minisig")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the signature: %w", err)
	}
	return signature, nil
}
