package sandbox

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/gob"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/qidong/qidong/plugins/rewrite"
)

// cache keeps what scanning, rewriting and compiling a module gave: its native
// code, in wazero's own file, and beside it an artifact with all else. Both are
// authenticated: what does not match is removed before the runtime could load
// it, and made anew.
//
// wazero finds native code by the digest of the module's bytes. We give it an
// outline of the module, whose functions are empty, and put the code of the
// real ones where it looks for the outline's: so loading costs what reading the
// code does, and not what validating every function once more would.
type cache struct {
	dir       string
	temporary bool
	seal      cipher.AEAD
	// identity is the name that this process's runtime gives to the code of a
	// known module; it tells the version of the runtime and the processor.
	identity string
	code     string // where the runtime looks for files: a folder of dir
}

// artifact is what is kept of a module beside its native code.
type artifact struct {
	Identity string            // of the runtime, and of the rewriting
	Module   rewrite.Rewritten // Wasm is the outline
	Native   string            // file name of the native code; "" when the runtime interprets
	Tag      []byte            // authenticates the native code
}

// openCache opens the cache in dir, "" for a temporary one. variant tells apart
// what the same module becomes under different configurations.
func openCache(ctx context.Context, dir, variant string) (*cache, error) {
	c := &cache{dir: dir, identity: variant}
	var err error
	if dir == "" {
		c.temporary = true
		if c.dir, err = os.MkdirTemp("", "qidong-native-"); err != nil {
			return nil, fmt.Errorf("making a directory for native code: %w", err)
		}
	} else if err = os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the directory for native code: %w", err)
	}
	c.clean()
	if err = c.readKey(); err == nil {
		err = c.identify(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the cache of native code in %s: %w", c.dir, err), c.close())
	}
	return c, nil
}

// readKey reads the key of the authentication, or makes one.
func (c *cache) readKey() error {
	name := filepath.Join(c.dir, "key")
	key, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		key = make([]byte, 32)
		_, _ = rand.Read(key) // never fails
		err = writeFile(name, key, os.Link)
		if errors.Is(err, os.ErrExist) { // another host was first
			key, err = os.ReadFile(name)
		}
	}
	if err != nil {
		return err
	}
	if len(key) != 32 {
		return fmt.Errorf("%s is damaged: remove the directory, what is in it is made anew", name)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return err
	}
	c.seal, err = cipher.NewGCMWithRandomNonce(block)
	return err
}

// identify compiles a module of one empty function, to see where its code is
// put.
func (c *cache) identify(ctx context.Context) error {
	dir, err := os.MkdirTemp(c.dir, "identity-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	known := []byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x0a\x04\x01\x02\x00\x0b")
	folder, file, err := compileInto(ctx, dir, known, wasmPage)
	if err != nil {
		return err
	}
	c.identity = fmt.Sprintf("%s %d %s", file, rewrite.Version, c.identity)
	c.code = filepath.Join(c.dir, folder)
	return nil
}

// compileInto compiles a module in this process. Its code is a file below dir:
// its folder is the runtime's, its name tells the module; "" where the runtime
// interprets.
func compileInto(ctx context.Context, dir string, wasm []byte, maxMemory int) (folder, file string, err error) {
	native, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return "", "", err
	}
	r := wazero.NewRuntimeWithConfig(ctx, runtimeConfig(maxMemory).WithCompilationCache(native))
	_, err = r.CompileModule(ctx, wasm)
	if err = errors.Join(err, r.Close(ctx), native.Close(ctx)); err != nil {
		return "", "", err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	switch folders, _ := filepath.Glob(filepath.Join(dir, "*")); {
	case err != nil || len(folders) != 1 || len(files) > 1:
		return "", "", errors.Join(err, fmt.Errorf("the runtime made %d files of native code in %d folders, not one in one", len(files), len(folders)))
	case len(files) == 1:
		file = filepath.Base(files[0])
		fallthrough
	default:
		return filepath.Base(folders[0]), file, nil
	}
}

// get returns what is kept of a module; nil when there is nothing, or it is
// not what was put there.
func (c *cache) get(wasm []byte) *rewrite.Rewritten {
	name, digest := c.artifactOf(wasm)
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	var a artifact
	raw, err = c.seal.Open(nil, nil, raw, digest)
	if err == nil {
		err = gob.NewDecoder(bytes.NewReader(raw)).Decode(&a)
	}
	if err == nil && a.Identity == c.identity && c.authentic(a) {
		return &a.Module
	}
	_ = os.Remove(name)
	return nil
}

// authentic tells whether the native code is what it was; if not it is removed.
func (c *cache) authentic(a artifact) bool {
	if a.Native == "" {
		return true
	}
	file := filepath.Join(c.code, a.Native)
	code, err := os.ReadFile(file)
	if err == nil {
		_, err = c.seal.Open(nil, nil, a.Tag, code)
	}
	if err != nil {
		_ = os.Remove(file)
	}
	return err == nil
}

// put keeps a rewritten module, whose native code and whose outline's the
// compiler put below dir, and returns what get will.
func (c *cache) put(wasm []byte, r rewrite.Rewritten, outline []byte, dir string) (*rewrite.Rewritten, error) {
	a := artifact{Identity: c.identity, Module: r}
	made, _ := filepath.Glob(filepath.Join(dir, dirModule, "*", "*"))
	looked, _ := filepath.Glob(filepath.Join(dir, dirOutline, "*", "*"))
	if len(made) == 1 && len(looked) == 1 {
		code, err := os.ReadFile(made[0])
		if err != nil {
			return nil, err
		}
		a.Module.Wasm, a.Native, a.Tag = outline, filepath.Base(looked[0]), c.seal.Seal(nil, nil, nil, code)
		if err := os.MkdirAll(c.code, 0o700); err != nil {
			return nil, err
		}
		if err := os.Rename(made[0], filepath.Join(c.code, a.Native)); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(a); err != nil {
		return nil, err
	}
	name, digest := c.artifactOf(wasm)
	return &a.Module, writeFile(name, c.seal.Seal(nil, nil, b.Bytes(), digest), os.Rename)
}

// writeFile writes a file whole or not at all: beside its place, from where
// move, os.Rename or os.Link, brings it there. Several hosts may do so at once.
func writeFile(name string, b []byte, move func(from, to string) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), "new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return move(f.Name(), name)
}

func (c *cache) artifactOf(wasm []byte) (name string, digest []byte) {
	sum := sha256.Sum256(wasm)
	return filepath.Join(c.dir, fmt.Sprintf("%x.artifact", sum)), sum[:]
}

// clean removes what compilers left behind that were interrupted long ago.
func (c *cache) clean() {
	for _, kind := range []string{"compile-*", "identity-*"} {
		left, _ := filepath.Glob(filepath.Join(c.dir, kind))
		for _, dir := range left {
			if info, err := os.Stat(dir); err == nil && time.Since(info.ModTime()) > time.Hour {
				_ = os.RemoveAll(dir)
			}
		}
	}
}

func (c *cache) close() error {
	if c.temporary {
		return os.RemoveAll(c.dir)
	}
	return nil
}
