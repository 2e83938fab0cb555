package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func newSecretCommand() *cobra.Command {
	c := &connection{}
	cmd := c.bind(&cobra.Command{Use: "secret", Short: "Keep values that plugins use without seeing them"})
	from := "-"
	set := &cobra.Command{
		Use:   "set NAME",
		Short: "Set a secret to what standard input says",
		Long: `Set a secret to what standard input, or a file, says; one line break at its end
does not count. The value is never an argument, which others on the machine and
the shell's history would see. A plugin writes {{secret:NAME}} where it goes.`,
		Example: "  qidong secret set bank_key < key.txt\n  pass show bank | qidong secret set bank_key",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return setSecret(cmd, c, args[0], from) },
	}
	set.Flags().StringVar(&from, "from-file", "-", "file that holds the value; - is standard input")
	cmd.AddCommand(set, &cobra.Command{
		Use: "list", Short: "List secrets and what uses them, never what they hold", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return listSecrets(cmd, c) },
	}, &cobra.Command{
		Use: "delete NAME", Short: "Forget a secret for good", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return deleteSecret(cmd, c, args[0]) },
	})
	return cmd
}

func setSecret(cmd *cobra.Command, c *connection, name, from string) error {
	value, err := readInput(cmd.InOrStdin(), from)
	if err != nil {
		return err
	}
	value = bytes.TrimSuffix(bytes.TrimSuffix(value, []byte("\n")), []byte("\r"))
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Secrets.PutSecret(cmd.Context(), &qidongv1.PutSecretRequest{Name: name, Value: value})
	if problems := problemsOf(err); len(problems) > 0 {
		printProblems(cmd.ErrOrStderr(), name, problems)
		return exitError{1}
	}
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "Set %s.\n", resp.GetSecret().GetName())
	return nil
}

func listSecrets(cmd *cobra.Command, c *connection) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Secrets.ListSecrets(cmd.Context(), &qidongv1.ListSecretsRequest{PageSize: 500})
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	var rows [][]string
	for _, v := range resp.GetSecrets() {
		var uses []string
		for _, u := range v.GetUsedBy() {
			uses = append(uses, fmt.Sprintf("%s@%s for %s", u.GetPlugin(), u.GetVersion(), u.GetHost()))
		}
		if len(uses) == 0 {
			uses = []string{"–"}
		}
		rows = append(rows, []string{v.GetName(), when(v.GetUpdateTime()), strings.Join(uses, ", ")})
	}
	return printTable(cmd.OutOrStdout(), "There are no secrets: set one with `qidong secret set NAME < FILE`.",
		"SECRET | SET | USED BY", rows)
}

func deleteSecret(cmd *cobra.Command, c *connection, name string) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	if _, err := api.Secrets.DeleteSecret(cmd.Context(), &qidongv1.DeleteSecretRequest{Name: name}); err != nil {
		return c.explain(err)
	}
	if c.json {
		return printJSON(cmd.OutOrStdout(), map[string]string{"deleted": name})
	}
	fmt.Fprintf(cmd.OutOrStdout(), "Deleted %s.\n", name)
	return nil
}
