package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"aead.dev/minisign"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/qidong/qidong/orchestrator"
)

// newPluginSignCommand makes `qidong plugin sign`, which talks to no server.
func newPluginSignCommand() *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use: "sign FILE", Short: "Check a module and sign it: FILE.minisig, for `qidong plugin push`", Args: cobra.ExactArgs(1),
		Long: `Check a module as an upload would, and sign its sha256 and its manifest with a
publisher key: FILE.minisig is a signature in minisign's form. A module that does
not conform is not signed.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			signature, err := signPlugin(cmd, args[0], key)
			if err != nil {
				return err
			}
			out := args[0] + ".minisig"
			if err := os.WriteFile(out, signature, 0o644); err != nil { //nolint:gosec // signatures are public
				return fmt.Errorf("writing the signature: %w", err)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), "Wrote "+out+".")
			return err
		},
	}
	cmd.Flags().StringVar(&key, "key", "", "file of the secret key, as qidong plugin keygen writes it")
	cmd.MarkFlagRequired("key") //nolint:errcheck // the flag is defined above
	return cmd
}

// signPlugin is a signature of the module in a file.
func signPlugin(cmd *cobra.Command, file, key string) ([]byte, error) {
	secret, err := readSecretKey(cmd, key)
	if err != nil {
		return nil, err
	}
	report, err := checkFile(cmd, file)
	if err != nil {
		return nil, err
	}
	if !report.Conforms() {
		fmt.Fprint(cmd.ErrOrStderr(), report)
		return nil, exitError{1}
	}
	manifest, err := json.Marshal(report.Manifest)
	if err != nil {
		return nil, fmt.Errorf("writing the manifest of %s: %w", file, err)
	}
	trusted := report.Plugin + "@" + report.Version
	return minisign.SignWithComments(secret, orchestrator.PluginStatement(report.Digest, manifest), trusted, "signature of a qidong plugin"), nil
}

// readSecretKey reads the file of a secret key, and asks for its password.
func readSecretKey(cmd *cobra.Command, file string) (minisign.PrivateKey, error) {
	var key minisign.PrivateKey
	text, err := os.ReadFile(file)
	if err != nil {
		return key, fmt.Errorf("reading the secret key: %w", err)
	}
	if minisign.IsEncrypted(text) {
		password, err := keyPassword(cmd, "Password for "+file+": ")
		if err != nil {
			return key, err
		}
		if key, err = minisign.DecryptKey(password, text); err != nil {
			return key, fmt.Errorf("opening %s: the password is wrong, or the file is damaged: %w", file, err)
		}
		return key, nil
	}
	if err := key.UnmarshalText(text); err != nil {
		return key, fmt.Errorf("reading %s: it is no secret key in minisign's form; name the file that ends in .key: %w", file, err)
	}
	return key, nil
}

// keyPassword is that of a secret key: QIDONG_KEY_PASSWORD, or what is typed.
func keyPassword(cmd *cobra.Command, prompt string) (string, error) {
	if password := os.Getenv("QIDONG_KEY_PASSWORD"); password != "" {
		return password, nil
	}
	fd := int(os.Stdin.Fd())
	if !term.IsTerminal(fd) {
		return "", errors.New("the key has a password; set QIDONG_KEY_PASSWORD, or use a terminal")
	}
	fmt.Fprint(cmd.ErrOrStderr(), prompt)
	password, err := term.ReadPassword(fd)
	fmt.Fprintln(cmd.ErrOrStderr())
	if err == nil && len(password) == 0 {
		err = errors.New("it is empty")
	}
	if err != nil {
		return "", fmt.Errorf("reading the password: %w", err)
	}
	return string(password), nil
}
