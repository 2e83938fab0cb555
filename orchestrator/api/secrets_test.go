package api_test

import (
	"fmt"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func TestSecretsNeverComeBack(t *testing.T) {
	t.Parallel()
	i := install(t)
	ctx := t.Context()
	c := i.as(i.admin)
	const canary = "canary-4f9d"
	var answers []byte
	for n := range 3 {
		put, err := c.Secrets.PutSecret(ctx, &qidongv1.PutSecretRequest{Name: fmt.Sprint("key_", n), Value: []byte(canary)})
		require.NoError(t, err)
		require.NotNil(t, put.GetSecret().GetUpdateTime())
		answers, err = protojson.MarshalOptions{}.MarshalAppend(answers, put)
		require.NoError(t, err)
	}
	req := &qidongv1.ListSecretsRequest{PageSize: 2}
	first, err := c.Secrets.ListSecrets(ctx, req)
	require.NoError(t, err)
	require.Len(t, first.GetSecrets(), 2)
	req.PageToken = first.GetNextPageToken()
	second, err := c.Secrets.ListSecrets(ctx, req)
	require.NoError(t, err)
	require.Len(t, second.GetSecrets(), 1)
	require.Equal(t, "key_2", second.GetSecrets()[0].GetName())
	for _, list := range []*qidongv1.ListSecretsResponse{first, second} {
		answers, err = protojson.MarshalOptions{}.MarshalAppend(answers, list)
		require.NoError(t, err)
	}
	require.NotContains(t, string(answers), canary)

	_, err = c.Secrets.PutSecret(ctx, &qidongv1.PutSecretRequest{Name: "Key", Value: []byte(canary)})
	require.Equal(t, "BAD_NAME", failure(t, err).GetProblems()[0].GetCode())
	require.NotContains(t, err.Error(), canary)

	_, err = c.Secrets.DeleteSecret(ctx, &qidongv1.DeleteSecretRequest{Name: "key_0"})
	require.NoError(t, err)
	_, err = c.Secrets.DeleteSecret(ctx, &qidongv1.DeleteSecretRequest{Name: "key_0"})
	require.Equal(t, connect.CodeNotFound, connect.CodeOf(err))
}

// TestW01SecretsOfOtherWorkspacesDoNotExist is the matrix for secrets.
func TestW01SecretsOfOtherWorkspacesDoNotExist(t *testing.T) {
	t.Parallel()
	i := install(t)
	ctx := t.Context()
	_, err := i.as(i.admin).Secrets.PutSecret(ctx, &qidongv1.PutSecretRequest{Name: "a", Value: []byte("mine")})
	require.NoError(t, err)
	_, err = i.as(i.admin).Secrets.PutSecret(ctx, &qidongv1.PutSecretRequest{Name: "b", Value: []byte("mine")})
	require.NoError(t, err)
	stranger := i.as(i.other).Secrets
	_, err = stranger.DeleteSecret(ctx, &qidongv1.DeleteSecretRequest{Name: "a"})
	require.Equal(t, connect.CodeNotFound, connect.CodeOf(err))
	list, err := stranger.ListSecrets(ctx, &qidongv1.ListSecretsRequest{})
	require.NoError(t, err)
	require.Empty(t, list.GetSecrets())
	mine, err := i.as(i.admin).Secrets.ListSecrets(ctx, &qidongv1.ListSecretsRequest{PageSize: 1})
	require.NoError(t, err)
	_, err = stranger.ListSecrets(ctx, &qidongv1.ListSecretsRequest{PageToken: mine.GetNextPageToken()})
	require.Equal(t, connect.CodeInvalidArgument, connect.CodeOf(err), "a page token of another workspace")
	_, err = stranger.PutSecret(ctx, &qidongv1.PutSecretRequest{Name: "a", Value: []byte("theirs")})
	require.NoError(t, err, "the same name in another workspace is another secret")
}
