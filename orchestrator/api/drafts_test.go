package api_test

import (
	"context"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"

	qidongv1 "github.com/qidong/qidong/sdk/gen/qidong/v1"
)

func title(revision int64, session, text string) *qidongv1.EditDraftRequest {
	return &qidongv1.EditDraftRequest{Journey: "hello", Revision: revision, Session: session, Commands: []*qidongv1.DraftCommand{
		{Op: "set", Field: "title.en", Value: structpb.NewStringValue(text)},
	}}
}

func TestDrafts(t *testing.T) {
	t.Parallel()
	i := install(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := i.as(i.admin)
	create := &qidongv1.CreateDraftRequest{Journey: "hello", Source: []byte(hello)}
	_, err := i.as(i.events).Drafts.CreateDraft(ctx, create)
	require.Equal(t, connect.CodePermissionDenied, connect.CodeOf(err), "events are no right to edit: %v", err)
	_, err = c.Drafts.CreateDraft(ctx, create)
	require.NoError(t, err)
	_, err = i.as(i.other).Drafts.GetDraft(ctx, &qidongv1.GetDraftRequest{Journey: "hello"})
	require.Equal(t, connect.CodeNotFound, connect.CodeOf(err), "another workspace sees nothing: %v", err)

	watch, err := c.Drafts.WatchDraft(ctx, &qidongv1.WatchDraftRequest{Journey: "hello"})
	require.NoError(t, err)
	require.True(t, watch.Receive(), "%v", watch.Err())
	require.EqualValues(t, 1, watch.Msg().GetRevision())
	edited, err := c.Drafts.EditDraft(ctx, title(1, "a", "Hi"))
	require.NoError(t, err)
	require.Contains(t, string(edited.GetDraft().GetSource()), "en: Hi")
	require.True(t, watch.Receive(), "%v", watch.Err())
	require.Equal(t, edited.GetDraft().GetRevision(), watch.Msg().GetRevision())
	_, err = c.Drafts.EditDraft(ctx, title(1, "b", "Hey"))
	require.Equal(t, connect.CodeAlreadyExists, connect.CodeOf(err), "who has not seen an edit does not overwrite it: %v", err)

	undone, err := c.Drafts.UndoDraft(ctx, &qidongv1.UndoDraftRequest{Journey: "hello"})
	require.NoError(t, err)
	require.Contains(t, string(undone.GetDraft().GetSource()), "en: Hello")
	redone, err := c.Drafts.RedoDraft(ctx, &qidongv1.RedoDraftRequest{Journey: "hello"})
	require.NoError(t, err)
	require.Contains(t, string(redone.GetDraft().GetSource()), "en: Hi")
	published, err := c.Drafts.PublishDraft(ctx, &qidongv1.PublishDraftRequest{Journey: "hello", Revision: redone.GetDraft().GetRevision()})
	require.NoError(t, err)
	require.EqualValues(t, 1, published.GetVersion().GetNumber())
}
