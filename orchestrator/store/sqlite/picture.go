package sqlite

import (
	"context"
	"database/sql"

	"github.com/qidong/qidong/orchestrator"
	"github.com/qidong/qidong/orchestrator/journey"
)

const pictureColumns = `workspace, digest, name, type, size, width, height, added_at, added_by`

func pictureFields(p *orchestrator.Picture) []any {
	return []any{&p.Workspace, &p.Digest, &p.Name, &p.Type, &p.Size, &p.Width, &p.Height, asTime{&p.AddedAt}, &p.AddedBy}
}

// AddPicture stores a picture, once.
func (s *Store) AddPicture(ctx context.Context, p orchestrator.Picture, content []byte) error {
	return s.write(ctx, "storing picture "+p.Digest, func(ctx context.Context, q querier) error {
		var there, count int
		var bytes int64
		err := q.QueryRowContext(ctx, `SELECT COALESCE(SUM(digest = ?), 0), COUNT(*), COALESCE(SUM(size), 0) FROM pictures WHERE workspace = ?`,
			p.Digest, p.Workspace).Scan(&there, &count, &bytes)
		if err != nil || there > 0 {
			return err
		}
		if count >= orchestrator.MaxPictures || bytes+p.Size > orchestrator.MaxPictureBytes {
			return orchestrator.Refuse(orchestrator.ErrLimit, journey.Say("there are %d pictures of %d bytes; a workspace has at most %d of %d. Delete some first", count, bytes, orchestrator.MaxPictures, orchestrator.MaxPictureBytes))
		}
		if _, err = q.ExecContext(ctx, `INSERT INTO picture_contents (digest, content) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING`, p.Digest, content); err != nil {
			return err
		}
		_, err = q.ExecContext(ctx, `INSERT INTO pictures (`+pictureColumns+`) VALUES (`+placeholders(9)+`)`,
			p.Workspace, p.Digest, p.Name, p.Type, p.Size, p.Width, p.Height, micros(p.AddedAt), p.AddedBy)
		return err
	})
}

// Picture finds what any workspace has stored under a digest.
func (s *Store) Picture(ctx context.Context, digest string) (orchestrator.Picture, []byte, error) {
	var p orchestrator.Picture
	var content []byte
	err := s.read(ctx).QueryRowContext(ctx, `SELECT p.workspace, p.digest, p.name, p.type, p.size, p.width, p.height, p.added_at, p.added_by, c.content
		FROM pictures p JOIN picture_contents c ON c.digest = p.digest WHERE p.digest = ? ORDER BY p.added_at LIMIT 1`, digest).
		Scan(append(pictureFields(&p), &content)...)
	return p, content, kind(err, "finding a picture")
}

// Pictures lists those of a workspace, newest first.
func (s *Store) Pictures(ctx context.Context, workspace string) ([]orchestrator.Picture, error) {
	list, err := rows(ctx, s.read(ctx), func(r scanner) (orchestrator.Picture, error) {
		var p orchestrator.Picture
		err := r.Scan(pictureFields(&p)...)
		return p, err
	}, `SELECT `+pictureColumns+` FROM pictures WHERE workspace = ? ORDER BY added_at DESC, digest`, workspace)
	return list, kind(err, "listing pictures")
}

// DeletePicture forgets a picture, and its bytes when no workspace has it.
func (s *Store) DeletePicture(ctx context.Context, workspace, digest string) error {
	return s.write(ctx, "deleting picture "+digest, func(ctx context.Context, q querier) error {
		ok, err := affected(q.ExecContext(ctx, `DELETE FROM pictures WHERE workspace = ? AND digest = ?`, workspace, digest))
		if err != nil {
			return err
		}
		if !ok {
			return sql.ErrNoRows
		}
		_, err = q.ExecContext(ctx, `DELETE FROM picture_contents WHERE digest = ? AND NOT EXISTS (SELECT 1 FROM pictures WHERE digest = ?)`, digest, digest)
		return err
	})
}
