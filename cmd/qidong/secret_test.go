package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
	"github.com/qidong/qidong/sdk/gen/qidong/v1/qidongv1connect"
)

// secrets notes what it was sent last.
type secrets struct {
	qidongv1connect.UnimplementedSecretServiceHandler
	value []byte
}

func (s *secrets) PutSecret(_ context.Context, r *qidongv1.PutSecretRequest) (*qidongv1.PutSecretResponse, error) {
	s.value = r.GetValue()
	return &qidongv1.PutSecretResponse{Secret: &qidongv1.Secret{Name: r.GetName()}}, nil
}

func (s *secrets) ListSecrets(context.Context, *qidongv1.ListSecretsRequest) (*qidongv1.ListSecretsResponse, error) {
	return &qidongv1.ListSecretsResponse{Secrets: []*qidongv1.Secret{
		{Name: "bank_key", UsedBy: []*qidongv1.SecretUse{{Plugin: "bank", Version: "1.0.0", Host: "bank.example"}}},
		{Name: "old"},
	}}, nil
}

func TestSecretCommands(t *testing.T) {
	t.Parallel()
	kept := &secrets{}
	mux := http.NewServeMux()
	mux.Handle(qidongv1connect.NewSecretServiceHandler(kept))
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	call := func(stdin string, args ...string) (string, error) {
		out, _, err := run(t, newSecretCommand(), stdin, append(args, "--server", srv.URL, "--token", "t")...)
		return out, err
	}

	for stdin, want := range map[string]string{"s3cret\n": "s3cret", "s3cret\r\n": "s3cret", "s3cret": "s3cret", "two\nlines\n\n": "two\nlines\n"} {
		out, err := call(stdin, "set", "bank_key")
		require.NoError(t, err)
		require.Equal(t, "Set bank_key.\n", out)
		require.Equal(t, want, string(kept.value))
	}
	file := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(file, []byte("from a file\n"), 0o600))
	_, err := call("not this", "set", "bank_key", "--from-file", file)
	require.NoError(t, err)
	require.Equal(t, "from a file", string(kept.value))

	_, err = call("", "set", "bank_key", "s3cret")
	require.Error(t, err, "a value is never an argument")

	out, err := call("", "list")
	require.NoError(t, err)
	require.Equal(t, "SECRET    SET  USED BY\nbank_key  –    bank@1.0.0 for bank.example\nold       –    –\n", out)
}
