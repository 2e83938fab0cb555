package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

func aFragment(name, digest string) orchestrator.Fragment {
	return orchestrator.Fragment{
		Workspace: acme, Name: name, Digest: digest, Title: journey.Text{"en": digest}, Source: "# " + digest,
		Steps: []*journey.Step{{ID: "ask", Title: journey.Text{"en": digest}}}, StepCount: 1, PublishedAt: at, PublishedBy: "ada",
	}
}

func testFragments(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	publish := func(f orchestrator.Fragment, version int) orchestrator.Fragment {
		t.Helper()
		got, err := s.PublishFragment(ctx, f)
		require.NoError(t, err)
		require.Equal(t, version, got.Version)
		return got
	}
	first := publish(aFragment("ask", "a"), 1)
	publish(aFragment("ask", "a"), 1)
	second := publish(aFragment("ask", "b"), 2)
	publish(aFragment("ask", "a"), 3)
	publish(aFragment("again", "a"), 1)
	elsewhere := aFragment("ask", "a")
	elsewhere.Workspace = other
	publish(elsewhere, 1)

	for version, want := range map[int]orchestrator.Fragment{1: first, 2: second} {
		got, err := s.Fragment(ctx, acme, "ask", version)
		require.NoError(t, err)
		equal(t, want, got)
	}
	newest, err := s.Fragment(ctx, acme, "ask", 0)
	require.NoError(t, err)
	require.Equal(t, 3, newest.Version)
	for _, missing := range []string{"asked", ""} {
		_, err = s.Fragment(ctx, acme, missing, 0)
		require.ErrorIs(t, err, orchestrator.ErrNotFound)
	}
	_, err = s.Fragment(ctx, other, "ask", 2)
	require.ErrorIs(t, err, orchestrator.ErrNotFound, "a workspace sees its own only")
	_, err = s.PublishFragment(ctx, orchestrator.Fragment{Workspace: acme, Name: "empty", Digest: "a"})
	require.ErrorIs(t, err, orchestrator.ErrInvalid)

	list, err := s.Fragments(ctx, acme)
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, "again", list[0].Name)
	newest.Source, newest.Steps = "", nil
	equal(t, newest, list[1])
}

func testFragmentsAreBounded(t *testing.T, s orchestrator.Store) {
	ctx := t.Context()
	require.NoError(t, s.Atomic(ctx, func(ctx context.Context) error {
		for i := range orchestrator.MaxFragments {
			if _, err := s.PublishFragment(ctx, aFragment(fmt.Sprint("f", i), "a")); err != nil {
				return err
			}
		}
		for i := range orchestrator.MaxFragmentVersions - 1 {
			if _, err := s.PublishFragment(ctx, aFragment("f0", fmt.Sprint(i))); err != nil {
				return err
			}
		}
		return nil
	}))
	_, err := s.PublishFragment(ctx, aFragment("more", "a"))
	require.ErrorIs(t, err, orchestrator.ErrLimit)
	_, err = s.PublishFragment(ctx, aFragment("f0", "more"))
	require.ErrorIs(t, err, orchestrator.ErrLimit)
	_, err = s.PublishFragment(ctx, aFragment("f1", "more"))
	require.NoError(t, err)
}
