package storetest

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

func aTemplate(name, text string) orchestrator.Template {
	return orchestrator.Template{
		Workspace: acme, Name: name, Title: journey.Text{"en": name},
		Message: journey.Send{Category: "service", Text: journey.Text{"en": text}}, UpdatedAt: at, UpdatedBy: "ada",
	}
}

func testTemplates(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	first, err := s.PutTemplate(ctx, aTemplate("ticket", "one"), 0)
	require.NoError(t, err)
	require.EqualValues(t, 1, first.Revision)
	_, err = s.PutTemplate(ctx, aTemplate("ticket", "another tab's"), 0)
	require.ErrorIs(t, err, orchestrator.ErrConflict, "a new one never overwrites")
	second, err := s.PutTemplate(ctx, aTemplate("ticket", "two"), 1)
	require.NoError(t, err)
	_, err = s.PutTemplate(ctx, aTemplate("ticket", "late"), 1)
	require.ErrorIs(t, err, orchestrator.ErrConflict)
	_, err = s.PutTemplate(ctx, aTemplate("never", "was"), 3)
	require.ErrorIs(t, err, orchestrator.ErrConflict)
	hello, err := s.PutTemplate(ctx, aTemplate("hello", "hi"), 0)
	require.NoError(t, err)
	elsewhere := aTemplate("ticket", "other")
	elsewhere.Workspace = other
	_, err = s.PutTemplate(ctx, elsewhere, 0)
	require.NoError(t, err)

	got, err := s.Template(ctx, acme, "ticket")
	require.NoError(t, err)
	equal(t, second, got)
	require.EqualValues(t, 2, got.Revision)
	list, err := s.Templates(ctx, acme)
	require.NoError(t, err)
	equal(t, []orchestrator.Template{hello, second}, list)

	require.NoError(t, s.DeleteTemplate(ctx, acme, "ticket"))
	require.ErrorIs(t, s.DeleteTemplate(ctx, acme, "ticket"), orchestrator.ErrNotFound)
	_, err = s.Template(ctx, acme, "ticket")
	require.ErrorIs(t, err, orchestrator.ErrNotFound)
	_, err = s.Template(ctx, other, "ticket")
	require.NoError(t, err, "a workspace deletes its own only")
}

func testTemplatesAreBounded(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	for i := range orchestrator.MaxTemplates {
		_, err := s.PutTemplate(ctx, aTemplate(fmt.Sprint("t", i), "x"), 0)
		require.NoError(t, err)
	}
	_, err := s.PutTemplate(ctx, aTemplate("more", "x"), 0)
	require.ErrorIs(t, err, orchestrator.ErrLimit)
	_, err = s.PutTemplate(ctx, aTemplate("t0", "y"), 1)
	require.NoError(t, err, "those that are there can be changed")
}

func aPicture(workspace, digest string, size int64) orchestrator.Picture {
	return orchestrator.Picture{
		Workspace: workspace, Digest: digest, Name: digest + ".png", Type: "image/png", Size: size, Width: 3, Height: 2, AddedAt: at, AddedBy: "ada",
	}
}

func testPictures(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	content := []byte("\x89PNG\x00\xff")
	first := aPicture(acme, "aa", int64(len(content)))
	require.NoError(t, s.AddPicture(ctx, first, content))
	again := first
	again.Name = "again.png"
	require.NoError(t, s.AddPicture(ctx, again, content))
	newer := aPicture(acme, "bb", 1)
	newer.AddedAt = at.Add(time.Second)
	require.NoError(t, s.AddPicture(ctx, newer, []byte("b")))
	require.NoError(t, s.AddPicture(ctx, aPicture(other, "aa", int64(len(content))), content))

	list, err := s.Pictures(ctx, acme)
	require.NoError(t, err)
	equal(t, []orchestrator.Picture{newer, first}, list)
	_, got, err := s.Picture(ctx, "aa")
	require.NoError(t, err)
	require.True(t, bytes.Equal(content, got))
	_, _, err = s.Picture(ctx, "cc")
	require.ErrorIs(t, err, orchestrator.ErrNotFound)

	require.NoError(t, s.DeletePicture(ctx, acme, "aa"))
	require.ErrorIs(t, s.DeletePicture(ctx, acme, "aa"), orchestrator.ErrNotFound)
	_, _, err = s.Picture(ctx, "aa")
	require.NoError(t, err, "another workspace has it still")
	require.NoError(t, s.DeletePicture(ctx, other, "aa"))
	_, _, err = s.Picture(ctx, "aa")
	require.ErrorIs(t, err, orchestrator.ErrNotFound)

	large := aPicture(acme, "large", orchestrator.MaxPictureBytes)
	require.ErrorIs(t, s.AddPicture(ctx, large, []byte("x")), orchestrator.ErrLimit)
}
