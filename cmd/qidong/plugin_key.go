package main

import (
	"errors"
	"fmt"
	"os"

	"aead.dev/minisign"
	"github.com/spf13/cobra"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func newPluginKeyCommand(c *connection) *cobra.Command {
	cmd := &cobra.Command{Use: "key", Short: "Keep the keys of partners, which sign plugin versions"}
	cmd.AddCommand(newPluginKeyAddCommand(c), &cobra.Command{
		Use: "list", Short: "List keys by partner, newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return listPluginKeys(cmd, c) },
	}, newPluginKeyRevokeCommand(c))
	return cmd
}

func newPluginKeyAddCommand(c *connection) *cobra.Command {
	var partner, endorser string
	cmd := &cobra.Command{
		Use: "add FILE.pub", Short: "Let a partner's key sign plugin versions", Args: cobra.ExactArgs(1),
		Long: `Let a partner's key sign plugin versions. Without --signed-by it is you who says
whose key it is. With it, an older key of the partner says so: that is how a
partner changes keys.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return addPluginKey(cmd, c, args[0], partner, endorser)
		},
	}
	cmd.Flags().StringVar(&partner, "partner", "", "whose key it is, as their manifests name them")
	cmd.Flags().StringVar(&endorser, "signed-by", "", "file of an older secret key of the partner, which signs this one in")
	cmd.MarkFlagRequired("partner") //nolint:errcheck // the flag is defined above
	return cmd
}

func addPluginKey(cmd *cobra.Command, c *connection, file, partner, endorser string) error {
	text, err := readInput(cmd.InOrStdin(), file)
	if err != nil {
		return err
	}
	req := &qidongv1.AddPluginKeyRequest{Partner: partner, PublicKey: string(text)}
	if endorser != "" {
		var public minisign.PublicKey
		if err := public.UnmarshalText(text); err != nil {
			return fmt.Errorf("reading %s: %w", file, err)
		}
		secret, err := readSecretKey(cmd, endorser)
		if err != nil {
			return err
		}
		req.Endorsement = minisign.Sign(secret, []byte(public.String()))
	}
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Plugins.AddPluginKey(cmd.Context(), req)
	if problems := problemsOf(err); len(problems) > 0 {
		printProblems(cmd.ErrOrStderr(), file, problems)
		return exitError{1}
	}
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s may sign plugins with the key %s.\n", resp.GetKey().GetPartner(), resp.GetKey().GetId())
	return nil
}

func listPluginKeys(cmd *cobra.Command, c *connection) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Plugins.ListPluginKeys(cmd.Context(), &qidongv1.ListPluginKeysRequest{})
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	var rows [][]string
	for _, k := range resp.GetKeys() {
		state, by := "holds", k.GetAddedBy()
		if k.GetRevokeTime() != nil {
			state = fmt.Sprintf("revoked %s by %s: %s", when(k.GetRevokeTime()), k.GetRevokedBy(), k.GetReason())
		}
		if k.GetEndorsedBy() != "" {
			by = "key " + k.GetEndorsedBy()
		}
		rows = append(rows, []string{k.GetId(), k.GetPartner(), when(k.GetCreateTime()), by, state})
	}
	return printTable(cmd.OutOrStdout(), "There are no keys: make one with `qidong plugin keygen`, and add it with `qidong plugin key add`.",
		"KEY | PARTNER | ADDED | BY | STATE", rows)
}

func newPluginKeyRevokeCommand(c *connection) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "revoke ID", Short: "End a key for good, and deprecate what it signed", Args: cobra.ExactArgs(1),
		Long: `End a key for good: nothing that it signs is taken any more. Versions that it
signed are deprecated: customers under way go on with them, no journey is
published with them. Upload a version again with a signature by another key, and
promote it, to use it further. Where a stolen key may have signed what is
running, also yank those versions.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := c.dial()
			if err != nil {
				return err
			}
			resp, err := api.Plugins.RevokePluginKey(cmd.Context(), &qidongv1.RevokePluginKeyRequest{Id: args[0], Reason: reason})
			if err != nil {
				return c.explain(err)
			}
			if c.json {
				return printProto(cmd.OutOrStdout(), resp)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "The key %s of %s is revoked.\n", resp.GetKey().GetId(), resp.GetKey().GetPartner())
			for _, p := range resp.GetDeprecated() {
				fmt.Fprintf(cmd.OutOrStdout(), "%s@%s is deprecated.\n", p.GetName(), p.GetVersion())
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, a sentence")
	cmd.MarkFlagRequired("reason") //nolint:errcheck // the flag is defined above
	return cmd
}

// newPluginKeygenCommand makes `qidong plugin keygen`, which talks to no server.
func newPluginKeygenCommand() *cobra.Command {
	var encrypt bool
	cmd := &cobra.Command{
		Use: "keygen NAME", Short: "Make a key that signs plugins: NAME.key, which stays secret, and NAME.pub", Args: cobra.ExactArgs(1),
		Long: `Make an Ed25519 key in minisign's form: NAME.key, which only you can read, and
NAME.pub, which whoever runs Qidong adds with "qidong plugin key add". With
--encrypt the secret key needs a password, from the terminal or from
QIDONG_KEY_PASSWORD. Files that exist stay as they are.`,
		RunE: func(cmd *cobra.Command, args []string) error { return makePluginKey(cmd, args[0], encrypt) },
	}
	cmd.Flags().BoolVar(&encrypt, "encrypt", false, "protect the secret key with a password")
	return cmd
}

func makePluginKey(cmd *cobra.Command, name string, encrypt bool) error {
	public, secret, err := minisign.GenerateKey(nil)
	if err != nil {
		return fmt.Errorf("making a key: %w", err)
	}
	text, err := secret.MarshalText()
	if encrypt {
		var password string
		if password, err = keyPassword(cmd, "Password for "+name+".key: "); err == nil {
			text, err = minisign.EncryptKey(password, secret)
		}
	}
	if err != nil {
		return fmt.Errorf("writing the secret key: %w", err)
	}
	shown, err := public.MarshalText()
	if err != nil {
		return fmt.Errorf("writing the public key: %w", err)
	}
	if err := writeNew(name+".key", append(text, '\n'), 0o600); err != nil {
		return err
	}
	if err := writeNew(name+".pub", append(shown, '\n'), 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "Made the key %016X. Keep %s.key to yourself; have %s.pub added with `qidong plugin key add %s.pub --partner YOU`.\n",
		public.ID(), name, name, name)
	return err
}

// writeNew writes a file that does not exist.
func writeNew(name string, content []byte, mode os.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}
