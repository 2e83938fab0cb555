package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/qidong/qidong/sdk/client"
)

// defaultServer is where a server is when no data directory says otherwise.
const defaultServer = "http://127.0.0.1:7780"

// devFile is what `qidong dev` leaves in its data directory for other commands.
type devFile struct {
	API      string            `json:"api"`
	Backends map[string]string `json:"backends"` // name → URL
	Temporal string            `json:"temporal"` // address of its frontend, for engineers' own workers
}

// dataDir is the default data directory.
func dataDir() string {
	if base := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, "qidong")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return filepath.Join(os.TempDir(), "qidong")
	}
	return filepath.Join(home, ".local", "share", "qidong")
}

// readDevFile reads DIR/dev.json.
func readDevFile(dir string) (devFile, error) {
	path := filepath.Join(dir, "dev.json")
	raw, err := os.ReadFile(path)
	if err != nil {
		return devFile{}, fmt.Errorf("reading the address of the server: %w", err)
	}
	var d devFile
	if err := json.Unmarshal(raw, &d); err != nil {
		return devFile{}, fmt.Errorf("decoding %s: %w", path, err)
	}
	return d, nil
}

// connection is how a command reaches a server: the global flags.
type connection struct {
	server, token, data string
	json                bool
}

// bind gives cmd and the commands below it the global flags.
func (c *connection) bind(cmd *cobra.Command) *cobra.Command {
	return c.bindAs(cmd, "data")
}

// bindAs names the flag of the data directory otherwise.
func (c *connection) bindAs(cmd *cobra.Command, data string) *cobra.Command {
	f := cmd.PersistentFlags()
	f.StringVar(&c.server, "server", "", "address of the server (default: that of qidong dev)")
	f.StringVar(&c.token, "token", "", "API token (default: $QIDONG_TOKEN, or that of qidong dev)")
	f.StringVar(&c.data, data, "", "data directory of qidong dev (default: "+dataDir()+")")
	f.BoolVar(&c.json, "json", false, "print JSON")
	return cmd
}

// resolve fills in what the flags left out. The token of qidong dev is for its
// own server only: another address needs one of its own.
func (c *connection) resolve() (devFile, error) {
	if c.data == "" {
		c.data = dataDir()
	}
	dev, err := readDevFile(c.data)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return dev, err
	}
	if dev.API == "" {
		dev.API = defaultServer
	}
	own := c.server == "" || strings.TrimRight(c.server, "/") == strings.TrimRight(dev.API, "/")
	if c.server == "" {
		c.server = dev.API
	}
	if !strings.HasPrefix(c.server, "http://") && !strings.HasPrefix(c.server, "https://") {
		return dev, fmt.Errorf("--server %s is not an address; write it like %s", c.server, defaultServer)
	}
	if c.token == "" {
		c.token = os.Getenv("QIDONG_TOKEN")
	}
	if c.token == "" && own {
		raw, err := os.ReadFile(filepath.Join(c.data, "admin.token"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return dev, fmt.Errorf("reading the API token: %w", err)
		}
		c.token = strings.TrimSpace(string(raw))
	}
	if c.token == "" {
		return dev, fmt.Errorf("there is no API token for %s: start a server with `make run` or `qidong dev`, or say --token", c.server)
	}
	return dev, nil
}

// dial returns a client of the server; it does not connect yet.
func (c *connection) dial() (*client.Client, error) {
	if _, err := c.resolve(); err != nil {
		return nil, err
	}
	return client.New(c.server, c.token), nil
}

// explain turns an error of a call into a sentence for the person at the
// terminal.
func (c *connection) explain(err error) error {
	var refused *connect.Error
	var unreachable *net.OpError
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &unreachable):
		return fmt.Errorf("no Qidong answers at %s: start one with `make run` or `qidong dev`, or say --server", c.server)
	case connect.CodeOf(err) == connect.CodeUnauthenticated:
		return fmt.Errorf("the server at %s does not know this API token: say --token, or --data if its data is elsewhere", c.server)
	case errors.As(err, &refused):
		return errors.New(refused.Message())
	}
	return err
}
