package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/qidong/qidong/sdk/client"
)

func newEventCommand() *cobra.Command {
	c := &connection{}
	cmd := c.bindAs(&cobra.Command{Use: "event", Short: "Send events, look at the inbox, replay what was given up"}, "data-dir") // --data is the event's
	var e client.Event
	var data string
	send := &cobra.Command{
		Use:   "send [FILE|-]",
		Short: "Send CloudEvents (one, or an array of them) from a file, or one made of flags",
		Example: `  qidong event send events.json
  qidong event send --type qidong.promotion.requested --subject c_1 --data '{"journey":"movie-night","key":"june"}'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, contentType, err := eventBody(cmd, args, e, data)
			if err != nil {
				return err
			}
			return sendEvents(cmd, c, contentType, body)
		},
	}
	f := send.Flags()
	f.StringVar(&e.Type, "type", "", "what happened, such as bank.payment.succeeded")
	f.StringVar(&e.Subject, "subject", "", `a customer id, or "kind:value" of an identity`)
	f.StringVar(&data, "data", "", "a JSON value")
	f.StringVar(&e.Source, "source", "qidong-cli", "who tells; with the id it is the dedupe key")
	f.StringVar(&e.ID, "id", "", "unique in its source (default: random)")
	cmd.AddCommand(send, newEventInboxCommand(c), newEventDeadCommand(c))
	return cmd
}

// eventBody is the file as it is, so that the server judges it, or one event
// made of flags.
func eventBody(cmd *cobra.Command, args []string, e client.Event, data string) (body []byte, contentType string, err error) {
	if len(args) == 1 {
		if e.Type != "" {
			return nil, "", errors.New("say either a file or --type, not both")
		}
		if body, err = readInput(cmd.InOrStdin(), args[0]); err != nil {
			return nil, "", err
		}
		if bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")) {
			return body, client.ContentBatch, nil
		}
		return body, client.ContentEvent, nil
	}
	if e.Type == "" {
		return nil, "", errors.New("say what to send: a file, or --type")
	}
	if e.ID == "" {
		e.ID = rand.Text()
	}
	e.SpecVersion = "1.0"
	if data != "" {
		if !json.Valid([]byte(data)) {
			return nil, "", errors.New(`--data is not JSON; write it like '{"name": "value"}'`)
		}
		e.Data = json.RawMessage(data)
	}
	body, err = json.Marshal(e)
	return body, client.ContentEvent, err
}

func sendEvents(cmd *cobra.Command, c *connection, contentType string, body []byte) error {
	api, err := c.dial()
	if err != nil {
		return err
	}
	results, err := api.PostEvents(cmd.Context(), contentType, body)
	if err != nil {
		return c.explain(err)
	}
	if c.json {
		return printJSON(cmd.OutOrStdout(), map[string]any{"results": results})
	}
	for _, r := range results {
		fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n", r.Status, printable(r.ID))
	}
	return nil
}
