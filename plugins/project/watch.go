package project

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long a project must be still after a save: editors and tools
// write several files.
const settle = 50 * time.Millisecond

// made are files and directories that tools write, wherever they are.
var made = []string{"build", "target", "node_modules", ".git", "Cargo.lock", "manifest.ts"}

// Watch calls changed at once, and after every save that changed the source,
// until ctx ends or changed fails; saved is when the first file of the save was
// written. Saves during a call of changed come together in the next one.
func (p *Project) Watch(ctx context.Context, changed func(saved time.Time) error) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watching %s: %w", p.Dir, err)
	}
	defer func() { _ = w.Close() }()
	if err := p.watchAll(w); err != nil {
		return err
	}
	var last [sha256.Size]byte // of no source
	var saved time.Time
	still := time.NewTimer(0)
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-w.Errors:
			return fmt.Errorf("watching %s: %w", p.Dir, err)
		case event := <-w.Events:
			if slices.Contains(made, filepath.Base(event.Name)) || event.Op == fsnotify.Chmod {
				continue
			}
			if saved.IsZero() {
				saved = time.Now()
			}
			still.Reset(settle)
		case <-still.C:
			now := p.fingerprint()
			if now == last {
				saved = time.Time{}
				continue
			}
			last = now
			if err := p.watchAll(w); err != nil { // also what is new
				return err
			}
			if saved.IsZero() {
				saved = time.Now()
			}
			if err := changed(saved); err != nil {
				return err
			}
			saved = time.Time{}
		}
	}
}

// watchAll watches every directory with source in it. Watching one again changes
// nothing.
func (p *Project) watchAll(w *fsnotify.Watcher) error {
	err := p.walk(func(path string, d fs.DirEntry) error {
		if !d.IsDir() {
			return nil
		}
		return w.Add(path)
	})
	if err != nil {
		return fmt.Errorf("watching %s: %w", p.Dir, err)
	}
	return nil
}

// fingerprint changes when the source does. A file that goes while it is read
// is left out: its directory tells of it again.
func (p *Project) fingerprint() [sha256.Size]byte {
	h := sha256.New()
	_ = p.walk(func(path string, d fs.DirEntry) error {
		if !d.Type().IsRegular() {
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return nil // as said above
		}
		defer func() { _ = f.Close() }()
		fmt.Fprintf(h, "\n%s\n", path)
		_, _ = io.Copy(h, f)
		return nil
	})
	return [sha256.Size]byte(h.Sum(nil))
}

// walk visits the directories and files of the source.
func (p *Project) walk(visit func(path string, d fs.DirEntry) error) error {
	return filepath.WalkDir(p.Dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && path != p.Dir:
			return nil // it went meanwhile
		case err != nil:
			return err
		case slices.Contains(made, d.Name()) && path != p.Dir:
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		return visit(path, d)
	})
}
