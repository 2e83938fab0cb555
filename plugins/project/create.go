package project

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/qidong/qidong/sdk"
)

// Their names end in .tmpl, so that no tool takes them for source of ours.
//
//go:embed all:templates
var templates embed.FS

var nameRule = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)

// Create makes a project for a plugin so named in dir, which must not exist or
// be empty: nothing is overwritten. It returns the files it wrote, in order.
func Create(dir, name string, l Language) (*Project, []string, error) {
	if !nameRule.MatchString(name) {
		return nil, nil, fmt.Errorf("%q is no name of a plugin: write up to 40 lower-case letters, digits, - and _, a letter first", name)
	}
	if !slices.Contains(Languages, l) {
		return nil, nil, fmt.Errorf("there is no template for the language %q: choose go, rust, as or c", string(l))
	}
	if found, err := os.ReadDir(dir); err == nil && len(found) > 0 {
		return nil, nil, fmt.Errorf("%s is not empty, and nothing is overwritten: choose another name, or say --dir", dir)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("looking into %s: %w", dir, err)
	}
	files, err := filesOf(name, l)
	if err != nil {
		return nil, nil, err
	}
	var written []string
	for path, content := range files {
		if err := create(filepath.Join(dir, filepath.FromSlash(path)), content); err != nil {
			return nil, nil, err
		}
		written = append(written, path)
	}
	slices.Sort(written)
	p, err := Open(dir)
	return p, written, err
}

// filesOf are the files of a new project by path.
func filesOf(name string, l Language) (map[string][]byte, error) {
	files := map[string][]byte{}
	title := strings.ToUpper(name[:1]) + strings.NewReplacer("-", " ", "_", " ").Replace(name[1:])
	fill := strings.NewReplacer("@NAME@", name, "@TITLE@", title)
	root := "templates/" + string(l)
	err := fs.WalkDir(templates, root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := templates.ReadFile(path)
		files[strings.TrimSuffix(strings.TrimPrefix(path, root+"/"), ".tmpl")] = []byte(fill.Replace(string(content)))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the template: %w", err)
	}
	if l != Go {
		return files, nil
	}
	source, err := sdk.Source()
	for path, content := range source {
		files["sdk/"+path] = content
	}
	return files, err
}

func create(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // source is for everyone to read
		return fmt.Errorf("making the project: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // as above
	if err != nil {
		return fmt.Errorf("making the project: %w", err)
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}
