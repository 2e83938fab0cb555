package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qidong/qidong/docs"
)

// block is a code block of a guide: for all languages, or for one.
var block = regexp.MustCompile("(?ms)^```sh ?(\\w*)\n(.*?)^```$")

// lacksTools is what is said where a toolchain is missing.
var lacksTools = regexp.MustCompile(`is not on this machine|cannot make WebAssembly|lacks its library|npm: not found`)

// quickstart is what somebody types who follows the partner's quickstart in a
// language, a block each.
func quickstart(t *testing.T, guide, language string) (blocks []string) {
	t.Helper()
	markdown, _, ok := docs.Guide("partners", guide)
	require.True(t, ok)
	for _, found := range block.FindAllStringSubmatch(string(markdown), -1) {
		if found[1] == "" || found[1] == language {
			blocks = append(blocks, found[2])
		}
	}
	require.Len(t, blocks, 4)
	return blocks
}

// A newcomer follows the quickstart's own code blocks in an empty directory,
// against a server that runs. AssemblyScript, which needs the network, only with
// `make test-quickstart`.
func TestQuickstart(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs a whole installation")
	}
	t.Parallel()
	i := newInstallation(t)
	i.start()
	for _, language := range []string{"go", "c", "rust", "as"} {
		t.Run(language, func(t *testing.T) {
			if language == "as" && os.Getenv("QIDONG_QUICKSTART") != "all" {
				t.Skip("it needs the network: run `make test-quickstart`")
			}
			newcomer{t, i, t.TempDir()}.follow(quickstart(t, "en", language), language)
		})
	}
}

func TestQuickstartIsTheSameInChinese(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"go", "c", "rust", "as"} {
		require.Equal(t, quickstart(t, "en", language), quickstart(t, "zh-CN", language))
	}
}

// newcomer is a person at a terminal in a directory of their own.
type newcomer struct {
	t   *testing.T
	i   *installation
	dir string
}

func (n newcomer) follow(blocks []string, language string) {
	n.t.Helper()
	begin, call, try, release := blocks[0], blocks[1], blocks[2], blocks[3]
	require.LessOrEqual(n.t, strings.Count(begin, "\n"), 3, "commands to a callable action")
	// Each language begins with a customer and a name of its own, for they share
	// a server.
	own := strings.NewReplacer("film-shop", "film-"+language, "c_film", "c_"+language).Replace
	start := time.Now()
	if said, err := n.types(own(begin)); err != nil {
		if os.Getenv("REQUIRE_TOOLCHAINS") != "1" && lacksTools.MatchString(said) {
			n.t.Skipf("the toolchain of %s is missing:\n%s", language, said)
		}
		require.NoError(n.t, err, said)
	}
	n.t.Logf("from an empty directory to a callable action: %s", time.Since(start).Round(time.Millisecond))
	n.must(own(call))
	require.Eventually(n.t, func() bool {
		shown, _, err := n.i.run(n.t.Context(), "customer", "show", "c_"+language, "--json")
		return err == nil && strings.Contains(shown, `"payable": 11520`)
	}, time.Minute, 50*time.Millisecond, "the journey has not written down what the plugin answered")
	require.Contains(n.t, n.must(own(try)), `"payable": 11520`)
	require.Contains(n.t, n.must(own(release)), "0.1.0-dev.")
}

func (n newcomer) must(commands string) string {
	n.t.Helper()
	said, err := n.types(commands)
	require.NoError(n.t, err, said)
	return said
}

// types runs commands in a shell, as they are in the guide, until one fails.
func (n newcomer) types(commands string) (said string, err error) {
	n.t.Helper()
	bin := filepath.Join(n.dir, ".bin")
	require.NoError(n.t, os.MkdirAll(bin, 0o750))
	script := "#!/bin/sh\nexec '" + n.i.binary + "' \"$@\" --data '" + n.i.dir + "'\n"
	require.NoError(n.t, os.WriteFile(filepath.Join(bin, "qidong"), []byte(script), 0o700))
	cmd := exec.CommandContext(n.t.Context(), "sh", "-eu", "-c", commands)
	cmd.Dir = n.dir
	cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	return out.String(), err
}
