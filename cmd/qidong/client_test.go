package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/sdk/client"
	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
	"github.com/qidong/qidong/sdk/gen/qidong/v1/qidongv1connect"
)

// keptDir is a data directory as `qidong dev` leaves it.
func keptDir(t *testing.T, api string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, writeDevFile(dir, devFile{API: api, Backends: map[string]string{"bank": "http://127.0.0.1:7782"}}))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "admin.token"), []byte("kept-token\n"), 0o600))
	return dir
}

// run executes a command as a person would type it.
func run(t *testing.T, cmd *cobra.Command, stdin string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.SetIn(strings.NewReader(stdin))
	cmd.SetOut(&out)
	cmd.SetErr(&errs)
	cmd.SetArgs(args)
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	err = cmd.ExecuteContext(t.Context())
	return out.String(), errs.String(), err
}

func TestConnection(t *testing.T) {
	require.NoError(t, os.Unsetenv("QIDONG_TOKEN")) // it would win over what is kept
	t.Parallel()

	t.Run("server and token are those that dev left", func(t *testing.T) {
		t.Parallel()
		c := &connection{data: keptDir(t, "http://127.0.0.1:9999")}
		dev, err := c.resolve()
		require.NoError(t, err)
		require.Equal(t, "http://127.0.0.1:9999", c.server)
		require.Equal(t, "kept-token", c.token)
		require.Equal(t, "http://127.0.0.1:7782", dev.Backends["bank"])
	})

	t.Run("the kept token is not sent to another server", func(t *testing.T) {
		t.Parallel()
		c := &connection{data: keptDir(t, defaultServer), server: "http://example.com"}
		_, err := c.resolve()
		require.ErrorContains(t, err, "say --token")
		require.Empty(t, c.token)
	})

	t.Run("without any server it says how to start one", func(t *testing.T) {
		t.Parallel()
		_, err := (&connection{data: t.TempDir()}).resolve()
		require.ErrorContains(t, err, "make run")
	})

	t.Run("an address without a scheme is told so", func(t *testing.T) {
		t.Parallel()
		_, err := (&connection{data: t.TempDir(), server: "localhost:7780", token: "t"}).resolve()
		require.ErrorContains(t, err, "write it like http://127.0.0.1:7780")
	})

	t.Run("a server that is not there is named", func(t *testing.T) {
		t.Parallel()
		gone := httptest.NewServer(http.NotFoundHandler())
		gone.Close()
		_, _, err := run(t, newJourneyCommand(), "", "list", "--server", gone.URL, "--token", "t")
		require.EqualError(t, err, "no Qidong answers at "+gone.URL+": start one with `make run` or `qidong dev`, or say --server")
	})
}

func TestConnectionFollowsTheEnvironment(t *testing.T) {
	t.Setenv("QIDONG_TOKEN", "from-environment")
	t.Setenv("XDG_DATA_HOME", "/data")
	c := &connection{data: t.TempDir(), server: "http://example.com"}
	_, err := c.resolve()
	require.NoError(t, err)
	require.Equal(t, "from-environment", c.token)
	require.Equal(t, "/data/qidong", dataDir())
}

// journeys answers with a problem for everything that is not "good".
type journeys struct {
	qidongv1connect.UnimplementedJourneyServiceHandler
}

var misspelt = &qidongv1.Problem{Path: "steps.a", Line: 3, Column: 7, Code: "UNKNOWN_FIELD", Message: "There is no field cal.", Mend: "Did you mean call?"}

func (journeys) ValidateJourney(_ context.Context, r *qidongv1.ValidateJourneyRequest) (*qidongv1.ValidateJourneyResponse, error) {
	if string(r.GetSource()) == "good" {
		return &qidongv1.ValidateJourneyResponse{Journey: "hello"}, nil
	}
	return &qidongv1.ValidateJourneyResponse{Problems: []*qidongv1.Problem{misspelt}}, nil
}

func (journeys) PublishJourney(context.Context, *qidongv1.PublishJourneyRequest) (*qidongv1.PublishJourneyResponse, error) {
	refused := connect.NewError(connect.CodeInvalidArgument, os.ErrInvalid)
	detail, err := connect.NewErrorDetail(&qidongv1.ValidationFailure{Problems: []*qidongv1.Problem{misspelt}})
	if err == nil {
		refused.AddDetail(detail)
	}
	return nil, refused
}

func TestJourneyCommands(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.Handle(qidongv1connect.NewJourneyServiceHandler(journeys{}))
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	good, bad := file("good.yaml", "good"), file("bad.yaml", "bad")
	line := bad + ":3:7: steps.a: There is no field cal. Did you mean call?\n"

	t.Run("validate prints every problem as file:line:column and ends with status 1", func(t *testing.T) {
		t.Parallel()
		out, _, err := run(t, newJourneyCommand(), "", "validate", good, bad, "--server", srv.URL, "--token", "t")
		require.Equal(t, exitError{1}, err)
		require.Equal(t, good+": journey hello is valid\n"+line, out)
	})

	t.Run("validate is content with what is valid", func(t *testing.T) {
		t.Parallel()
		out, _, err := run(t, newJourneyCommand(), "", "validate", good, "--json", "--server", srv.URL, "--token", "t")
		require.NoError(t, err)
		require.JSONEq(t, `{"files":[{"file":"`+good+`","journey":"hello","problems":[]}]}`, out)
	})

	t.Run("publish prints the same problems", func(t *testing.T) {
		t.Parallel()
		_, errs, err := run(t, newJourneyCommand(), "", "publish", bad, "--server", srv.URL, "--token", "t")
		require.ErrorIs(t, err, exitError{1})
		require.Equal(t, line, errs)
	})

	t.Run("a file that is not there is named", func(t *testing.T) {
		t.Parallel()
		_, _, err := run(t, newJourneyCommand(), "", "validate", filepath.Join(dir, "none.yaml"), "--server", srv.URL, "--token", "t")
		require.ErrorContains(t, err, "none.yaml")
	})
}

func TestEventSend(t *testing.T) {
	t.Parallel()
	var contentType, body string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		contentType, body = r.Header.Get("Content-Type"), string(raw)
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, `{"results":[{"id":"1","status":"accepted"}]}`)
	}))
	t.Cleanup(srv.Close)
	send := func(stdin string, args ...string) (string, error) {
		out, _, err := run(t, newEventCommand(), stdin, append([]string{"send", "--server", srv.URL, "--token", "t"}, args...)...)
		return out, err
	}

	out, err := send(` [{"id":"1"}]`, "-")
	require.NoError(t, err)
	require.Equal(t, "accepted 1\n", out)
	require.Equal(t, client.ContentBatch, contentType)
	require.Equal(t, " [{\"id\":\"1\"}]", body, "a file is sent as it is: the server judges it") //nolint:testifylint // to the byte

	_, err = send("", "--type", "shop.opened", "--id", "1", "--data", `{"n":9007199254740993}`)
	require.NoError(t, err)
	require.Equal(t, client.ContentEvent, contentType)
	require.JSONEq(t, `{"specversion":"1.0","id":"1","source":"qidong-cli","type":"shop.opened","data":{"n":9007199254740993}}`, body)

	for _, args := range [][]string{{}, {"-", "--type", "t"}, {"--type", "t", "--data", "{"}} {
		_, err = send("{}", args...)
		require.Error(t, err, "%v", args)
	}
}

func TestOutputCannotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, printTable(&out, "", "NAME", [][]string{{"evil\x1b[2J\u009b\r\nname 夏"}}))
	require.NotContains(t, out.String(), "\x1b")
	require.NotContains(t, out.String(), "\u009b")
	require.Equal(t, 2, strings.Count(out.String(), "\n"))
	require.Contains(t, out.String(), "name 夏")
}
