package orchestrator

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	_ "image/gif"  // a picture may be one
	_ "image/jpeg" // a picture may be one
	_ "image/png"  // a picture may be one
	"time"
)

// Bounds of a workspace's pictures.
const (
	MaxPicture      = 2 << 20   // bytes of one
	MaxPictures     = 1000      // of a workspace
	MaxPictureBytes = 512 << 20 // of all pictures of a workspace
	maxPictureSide  = 8192      // pixels
	maxPictureName  = 100       // characters
)

// Picture is an image that a workspace has uploaded for its messages. It never
// changes; its digest is its name.
type Picture struct {
	Workspace     string
	Digest        string // hex sha256 of its bytes
	Name          string // of the file, as its uploader called it
	Type          string // image/png, image/jpeg or image/gif: what the bytes are
	Size          int64  // bytes
	Width, Height int    // pixels
	AddedAt       time.Time
	AddedBy       string
}

// Extension is that of its address: png, jpg or gif.
func (p Picture) Extension() string {
	switch p.Type {
	case "image/jpeg":
		return "jpg"
	case "image/gif":
		return "gif"
	}
	return "png"
}

// PictureStore keeps pictures.
type PictureStore interface {
	// AddPicture stores a picture; one that is there already stays as it is.
	// [ErrLimit] when there are too many, or too many bytes of them.
	AddPicture(ctx context.Context, p Picture, content []byte) error
	// Picture finds what any workspace has stored under a digest, with its bytes.
	Picture(ctx context.Context, digest string) (Picture, []byte, error)
	// Pictures lists those of a workspace, newest first, without their bytes.
	Pictures(ctx context.Context, workspace string) ([]Picture, error)
	// DeletePicture forgets a picture of a workspace; [ErrNotFound] when there is none.
	DeletePicture(ctx context.Context, workspace, digest string) error
}

// AddPicture stores an uploaded picture under its digest; the same bytes again
// change nothing. What it is is read from the bytes, whatever the file's name
// says: a PNG, JPEG or GIF, and nothing that a browser could run.
func (s *Service) AddPicture(ctx context.Context, a Actor, name string, content []byte) (Picture, error) {
	if err := a.may(); err != nil {
		return Picture{}, err
	}
	c := check{subject: "picture"}
	c.text("name", name, 1, maxPictureName)
	p := Picture{Workspace: a.Workspace, Name: name, Size: int64(len(content)), AddedAt: s.moment(), AddedBy: a.Name}
	size, format, err := image.DecodeConfig(bytes.NewReader(content))
	switch {
	case len(content) > MaxPicture:
		c.add("file", "TOO_LARGE", say("It has %d bytes; at most %d are allowed.", len(content), MaxPicture), say("Use a smaller picture."))
	case err != nil:
		c.add("file", "BAD_PICTURE", say("It is no PNG, JPEG or GIF."), say("Save it as one of these. SVG is not taken: it can hold programs."))
	case size.Width < 1 || size.Height < 1 || size.Width > maxPictureSide || size.Height > maxPictureSide:
		c.add("file", "TOO_LARGE", say("It is %d × %d pixels; a side has 1 to %d.", size.Width, size.Height, maxPictureSide), say("Use a smaller picture."))
	}
	if err := c.err(); err != nil {
		return Picture{}, err
	}
	digest := sha256.Sum256(content)
	p.Type, p.Width, p.Height, p.Digest = "image/"+format, size.Width, size.Height, hex.EncodeToString(digest[:])
	err = s.store.Atomic(ctx, func(ctx context.Context) error {
		if err := s.store.AddPicture(ctx, p, content); err != nil {
			return err
		}
		return s.audit(ctx, a, "picture.add", p.Digest, map[string]any{"name": p.Name, "type": p.Type, "size": p.Size})
	})
	return p, err
}

// Pictures lists those of the actor's workspace, newest first.
func (s *Service) Pictures(ctx context.Context, a Actor) ([]Picture, error) {
	if err := a.may(); err != nil {
		return nil, err
	}
	return s.store.Pictures(ctx, a.Workspace)
}

// Picture is for everybody who knows the digest: phones fetch pictures without
// signing in. [ErrNotFound] for what is no digest of a picture.
func (s *Service) Picture(ctx context.Context, digest string) (Picture, []byte, error) {
	if len(digest) != hex.EncodedLen(sha256.Size) {
		return Picture{}, nil, fmt.Errorf("finding a picture: %w", ErrNotFound)
	}
	return s.store.Picture(ctx, digest)
}

// DeletePicture forgets a picture; messages that show it show it no longer. It
// is audited.
func (s *Service) DeletePicture(ctx context.Context, a Actor, digest string) error {
	if err := a.may(); err != nil {
		return err
	}
	return s.store.Atomic(ctx, func(ctx context.Context) error {
		if err := s.store.DeletePicture(ctx, a.Workspace, digest); err != nil {
			return err
		}
		return s.audit(ctx, a, "picture.delete", digest, nil)
	})
}
