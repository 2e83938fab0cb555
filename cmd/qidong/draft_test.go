package main

import (
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/api"
	"github.com/qidong/qidong/orchestrator/store/sqlite"
)

// drafting is the commands for drafts against the API over a real store.
func drafting(t *testing.T) func(stdin string, args ...string) (string, string, error) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "qidong.db"), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	service := orchestrator.NewService(orchestrator.Deps{Store: store})
	token, err := service.NewToken(t.Context(), "demo", "ada", []string{orchestrator.ScopeAdmin})
	require.NoError(t, err)
	server := httptest.NewServer(api.New(api.Deps{Service: service, Logger: slog.New(slog.DiscardHandler)}))
	t.Cleanup(server.Close)
	return func(stdin string, args ...string) (string, string, error) {
		root := &cobra.Command{Use: "qidong"}
		root.AddCommand(newDraftCommand(), newJourneyCommand())
		return run(t, root, stdin, append(args, "--server", server.URL, "--token", token)...)
	}
}

const helloDraft = `qidong: v1
journey: hello
title: {en: Hello, zh-CN: 你好}
entry: {event: {type: shop.opened}}
steps:
  - id: say
    send: {category: service, text: {en: Hello, zh-CN: 你好}}
events: {shop.opened: {type: object}}
`

func TestDraftCommands(t *testing.T) {
	t.Parallel()
	do := drafting(t)

	out, _, err := do("", "draft", "list")
	require.NoError(t, err)
	require.Equal(t, "There are no drafts: begin one with `qidong draft create NAME`.\n", out)

	out, _, err = do("", "draft", "create", "hello")
	require.NoError(t, err)
	require.Contains(t, out, "Began draft hello, now at revision 1.\n")
	_, errs, err := do("", "draft", "check", "hello")
	require.ErrorIs(t, err, exitError{1}, "a blank cannot be published")
	require.Contains(t, errs, "hello:")
	_, _, err = do("", "draft", "publish", "hello")
	require.ErrorIs(t, err, exitError{1})

	out, _, err = do(helloDraft, "draft", "edit", "hello", "-")
	require.NoError(t, err)
	require.Equal(t, "Edited draft hello, now at revision 2.\n", out)
	out, _, err = do("", "draft", "set", "hello", "steps.say.send.text.en", "Good evening")
	require.NoError(t, err)
	require.Equal(t, "Edited draft hello, now at revision 3.\n", out)
	_, _, err = do("", "draft", "set", "hello", "steps.say.send.text.en", "Lost", "--revision", "2")
	require.ErrorContains(t, err, "changed", "an edit of another's is not overwritten")
	_, _, err = do("", "draft", "set", "hello", "steps.say.send.text.en", "{")
	require.ErrorContains(t, err, "the value is no YAML")

	out, _, err = do("", "draft", "show", "hello")
	require.NoError(t, err)
	require.Contains(t, out, "Good evening")
	_, _, err = do("", "draft", "undo", "hello")
	require.NoError(t, err)
	out, _, _ = do("", "draft", "show", "hello")
	require.NotContains(t, out, "Good evening")
	_, _, err = do("", "draft", "redo", "hello")
	require.NoError(t, err)

	out, _, err = do("", "draft", "check", "hello", "--json")
	require.NoError(t, err)
	require.JSONEq(t, `{"file":"hello","journey":"hello","problems":[]}`, out)
	out, _, err = do("", "draft", "publish", "hello")
	require.NoError(t, err)
	require.Contains(t, out, "Published hello, version 1 (")

	_, _, err = do("", "draft", "set", "hello", "title.en", "Hello again")
	require.NoError(t, err)
	out, _, err = do("", "draft", "list", "--json")
	require.NoError(t, err)
	var list struct {
		Drafts []struct {
			Journey string `json:"journey"`
			Base    int    `json:"base"`
		} `json:"drafts"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &list))
	require.Len(t, list.Drafts, 1)
	require.Equal(t, 1, list.Drafts[0].Base)
	out, _, err = do("", "draft", "discard", "hello")
	require.NoError(t, err)
	require.Equal(t, "Discarded the draft of hello.\n", out)
	out, _, err = do("", "draft", "show", "hello")
	require.NoError(t, err)
	require.NotContains(t, out, "Hello again", "what is published is shown")
}

func TestDraftCommands_BeginFromATemplateOrAFile(t *testing.T) {
	t.Parallel()
	do := drafting(t)
	out, _, err := do("", "journey", "template", "list", "--json")
	require.NoError(t, err)
	var list struct {
		Templates []struct {
			Name string `json:"name"`
		} `json:"templates"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &list))
	require.NotEmpty(t, list.Templates)
	name := list.Templates[0].Name
	out, _, err = do("", "journey", "template", "list")
	require.NoError(t, err)
	require.Contains(t, out, name)
	template, _, err := do("", "journey", "template", "show", name)
	require.NoError(t, err)
	require.Contains(t, template, "steps:")
	_, _, err = do("", "journey", "template", "show", "none")
	require.ErrorContains(t, err, "there is no template none: say one of "+name)

	_, _, err = do("", "draft", "create", "mine", "--template", name)
	require.NoError(t, err)
	out, _, err = do("", "draft", "show", "mine")
	require.NoError(t, err)
	require.Contains(t, out, "journey: mine\n")

	file := filepath.Join(t.TempDir(), "hello.yaml")
	require.NoError(t, os.WriteFile(file, []byte(helloDraft), 0o600))
	_, _, err = do("", "draft", "create", "second", "--file", file)
	require.NoError(t, err)
	out, _, err = do("", "draft", "show", "second")
	require.NoError(t, err)
	require.Contains(t, out, "journey: second\n", "the file's name is replaced")
	_, _, err = do("", "draft", "create", "second")
	require.Error(t, err, "a draft is not written over")
	_, _, err = do("", "draft", "create", "third", "--template", name, "--file", file)
	require.ErrorContains(t, err, "none of the others can be")
}
