package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/seal"
)

// masterKeyFile holds, in the data directory, the key that secrets and
// recordings are sealed with: 64 hexadecimal digits.
const masterKeyFile = "master.key"

// unlock opens the store's lock with the master key of the data directory. The
// first start makes the key. A key that is gone or another's is an error as
// soon as something is sealed: the server would else run without its secrets.
func unlock(ctx context.Context, dir string, store orchestrator.VaultStore) (*orchestrator.Vault, error) {
	path := filepath.Join(dir, masterKeyFile)
	key, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newLock(ctx, path, store)
	}
	if err != nil {
		return nil, err
	}
	vault, err := orchestrator.OpenVault(ctx, store, key)
	var wrong *orchestrator.WrongKeyError
	if errors.As(err, &wrong) {
		return nil, fmt.Errorf("%s is not the key that this data directory was sealed with (it is key %s, and key %s is needed): put the right one back from a backup", path, wrong.Given, wrong.Wanted)
	}
	return vault, err
}

// newLock makes the master key, unless something is sealed with one already.
func newLock(ctx context.Context, path string, store orchestrator.VaultStore) (*orchestrator.Vault, error) {
	_, rows, err := store.SealCheck(ctx)
	if err != nil {
		return nil, err
	}
	if rows > 0 {
		return nil, fmt.Errorf("the master key %s is missing, and %d secrets or recordings in the database are sealed with it: put it back from a backup, or start anew in another directory with --data", path, rows)
	}
	key := seal.NewKey()
	if err := writeKey(path, key); err != nil {
		return nil, err
	}
	return orchestrator.NewVault(ctx, store, key)
}

// readKey reads a key that nobody but its owner can.
func readKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("looking for the master key: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("the master key %s can be read by others (mode %#o): say chmod 600 %s", path, mode, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the master key: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != seal.KeySize {
		return nil, fmt.Errorf("the master key %s is damaged: it should be %d hexadecimal digits; put it back from a backup", path, 2*seal.KeySize)
	}
	return key, nil
}

// writeKey writes a key so that it is there, whole, before anything is sealed
// with it: also after the power has failed.
func writeKey(path string, key []byte) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("writing the master key %s: %w", path, err)
		}
	}()
	if err := writeSynced(path+".new", []byte(hex.EncodeToString(key)+"\n")); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// writeSynced writes a file that only its owner can read, to the disk.
func writeSynced(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}
