// Package sdk holds the source of the packages that plugins in Go are made of,
// so that a program can put them into a plugin's project, which then builds
// without network.
package sdk

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed abi/*.go plugin/*.go plugintest/*.go internal/codec/*.go
var source embed.FS

// goMod is that of the copy: the packages need the standard library only.
const goMod = "module github.com/qidong/qidong/sdk\n\ngo 1.25.0\n"

// Source returns the files of a Go module that has abi, plugin and plugintest,
// by their slash-separated path, without tests.
func Source() (map[string][]byte, error) {
	files := map[string][]byte{"go.mod": []byte(goMod)}
	err := fs.WalkDir(source, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files[path], err = source.ReadFile(path)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the source of the SDK: %w", err)
	}
	return files, nil
}
