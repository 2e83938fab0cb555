package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func newCustomerCommand() *cobra.Command {
	c := &connection{}
	cmd := c.bind(&cobra.Command{Use: "customer", Short: "Keep customers, their traits and tags"})
	cmd.AddCommand(newCustomerPutCommand(c), newCustomerListCommand(c), newCustomerTagCommand(c),
		&cobra.Command{
			Use: "show ID", Short: "Show a customer and the segments they are in", Args: cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error { return showCustomer(cmd, c, args[0]) },
		},
	)
	return cmd
}

func newCustomerPutCommand(c *connection) *cobra.Command {
	customer := &qidongv1.Customer{}
	var traits string
	var identities []string
	cmd := &cobra.Command{
		Use: "put [ID]", Short: "Store a customer: all but tags and identities is replaced", Args: cobra.MaximumNArgs(1),
		Example: `  qidong customer put c_lin --name "Lin Xia" --locale zh-CN --time-zone Asia/Shanghai \
    --traits '{"tier": "gold"}' --tag vip --identity phone:+8613800000000`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if len(args) == 1 {
				customer.Id = args[0]
			}
			if customer.Traits, err = jsonObject("--traits", traits); err != nil {
				return err
			}
			for _, i := range identities {
				kind, value, ok := strings.Cut(i, ":")
				if !ok {
					return fmt.Errorf("--identity %s is none; write it like phone:+8613800000000", i)
				}
				customer.Identities = append(customer.Identities, &qidongv1.Identity{Kind: kind, Value: value})
			}
			return putCustomer(cmd, c, customer)
		},
	}
	f := cmd.Flags()
	f.StringVar(&customer.Name, "name", "", "what the person is called")
	f.StringVar(&customer.Locale, "locale", "", "language, such as zh-CN (default en)")
	f.StringVar(&customer.TimeZone, "time-zone", "", "time zone, such as Asia/Shanghai (default UTC)")
	f.StringVar(&traits, "traits", "", "a JSON object")
	f.StringArrayVar(&customer.Tags, "tag", nil, "a tag, several times for several; they replace those that are there")
	f.StringArrayVar(&identities, "identity", nil, "an address, such as phone:+8613800000000, openid:… or email:…")
	return cmd
}

func putCustomer(cmd *cobra.Command, c *connection, customer *qidongv1.Customer) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Customers.PutCustomer(cmd.Context(), &qidongv1.PutCustomerRequest{Customer: customer})
	if problems := problemsOf(err); len(problems) > 0 {
		printProblems(cmd.ErrOrStderr(), "customer", problems)
		return errors.New("the customer was not stored")
	}
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	return printCustomer(cmd.OutOrStdout(), resp.GetCustomer())
}

func printCustomer(w io.Writer, c *qidongv1.Customer) error {
	traits := []byte("{}")
	if c.GetTraits() != nil {
		var err error
		if traits, err = protojson.Marshal(c.GetTraits()); err != nil {
			return fmt.Errorf("encoding the traits: %w", err)
		}
	}
	fmt.Fprintf(w, "%s  %s\nLocale    %s, time zone %s\nTraits    %s\nTags      %s\n", c.GetId(), printable(c.GetName()), c.GetLocale(),
		c.GetTimeZone(), printable(string(traits)), printable(strings.Join(c.GetTags(), ", ")))
	for _, i := range c.GetIdentities() {
		fmt.Fprintf(w, "Identity  %s:%s\n", i.GetKind(), printable(i.GetValue()))
	}
	return nil
}

func showCustomer(cmd *cobra.Command, c *connection, id string) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	resp, err := api.Customers.GetCustomer(cmd.Context(), &qidongv1.GetCustomerRequest{Id: id})
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printProto(cmd.OutOrStdout(), resp)
	}
	if err := printCustomer(cmd.OutOrStdout(), resp.GetCustomer()); err != nil {
		return err
	}
	in, err := api.Segments.ListCustomerSegments(cmd.Context(), &qidongv1.ListCustomerSegmentsRequest{CustomerId: id})
	if err != nil {
		return c.explain(err)
	}
	for _, m := range in.GetMemberships() {
		fmt.Fprintf(cmd.OutOrStdout(), "Segment   %s since %s\n", m.GetSegment(), when(m.GetSince()))
	}
	return nil
}

func newCustomerListCommand(c *connection) *cobra.Command {
	req := &qidongv1.ListCustomersRequest{}
	cmd := &cobra.Command{
		Use: "list [TEXT]", Short: "List customers, newest first, whose id, name or identity contains a text", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Query = strings.Join(args, "")
			api, err := c.dial()
			if err != nil {
				return err
			}
			resp, err := api.Customers.ListCustomers(cmd.Context(), req)
			if err != nil {
				return c.explain(err)
			}
			if c.json {
				return printProto(cmd.OutOrStdout(), resp)
			}
			var rows [][]string
			for _, p := range resp.GetCustomers() {
				rows = append(rows, []string{p.GetId(), p.GetName(), p.GetLocale(), strings.Join(p.GetTags(), ", "), when(p.GetCreateTime())})
			}
			if err := printTable(cmd.OutOrStdout(), "There are no such customers.", "CUSTOMER | NAME | LOCALE | TAGS | SINCE", rows); err != nil {
				return err
			}
			more(cmd, resp.GetNextPageToken())
			return nil
		},
	}
	cmd.Flags().Int32Var(&req.PageSize, "limit", 100, "how many at most, 1 to 500")
	cmd.Flags().StringVar(&req.PageToken, "page", "", "page token of the list before")
	return cmd
}

func newCustomerTagCommand(c *connection) *cobra.Command {
	req := &qidongv1.TagCustomerRequest{}
	cmd := &cobra.Command{
		Use: "tag ID [TAG…]", Short: "Add tags to a customer, and remove tags", Args: cobra.MinimumNArgs(1),
		Example: `  qidong customer tag c_lin vip --remove new`,
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Id, req.Add = args[0], args[1:]
			api, err := c.dial()
			if err != nil {
				return err
			}
			resp, err := api.Customers.TagCustomer(cmd.Context(), req)
			if problems := problemsOf(err); len(problems) > 0 {
				printProblems(cmd.ErrOrStderr(), "tags", problems)
				return errors.New("the tags were not stored")
			}
			if err != nil {
				return c.explain(err)
			}
			if c.json {
				return printProto(cmd.OutOrStdout(), resp)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", resp.GetCustomer().GetId(), printable(strings.Join(resp.GetCustomer().GetTags(), ", ")))
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&req.Remove, "remove", nil, "a tag to remove, several times for several")
	return cmd
}
