package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// claimDataDir makes the data directory if need be and locks it for this
// process: two servers on one Temporal database would make no progress and
// give no error. The lock goes away with the process, however it ends.
func claimDataDir(dir string) (*flock.Flock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the data directory %s cannot be made (%w); choose another with --data", dir, err)
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("the data directory %s cannot be written (%w); give yourself the right to write there, or choose another with --data", dir, err)
	}
	if !locked {
		return nil, fmt.Errorf("another qidong is running on %s; stop it first, or start this one elsewhere with --data and --listen", dir)
	}
	probe := filepath.Join(dir, ".writable")
	if err := os.WriteFile(probe, nil, 0o600); err != nil {
		_ = lock.Unlock()
		return nil, fmt.Errorf("the data directory %s cannot be written (%w); give yourself the right to write there, or choose another with --data", dir, err)
	}
	return lock, os.Remove(probe)
}

// secretFile returns the secret kept in a file that only its owner reads, and
// makes one when there is none.
func secretFile(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err == nil && len(strings.TrimSpace(string(b))) >= 22 {
		return strings.TrimSpace(string(b)), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("reading %s: %w", path, err)
	}
	raw := make([]byte, 24)
	if _, err := rand.Read(raw); err != nil {
		return "", fmt.Errorf("making a secret: %w", err)
	}
	secret := base64.RawURLEncoding.EncodeToString(raw)
	if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("writing %s: %w", path, err)
	}
	return secret, nil
}

// writeDevFile tells other commands where the running server is.
func writeDevFile(dir string, d devFile) error {
	b, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding dev.json: %w", err)
	}
	path := filepath.Join(dir, "dev.json")
	if err := os.WriteFile(path+".new", append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return os.Rename(path+".new", path)
}
