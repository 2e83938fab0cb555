package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// NewerSchemaError refuses a file that a newer version of qidong has written.
type NewerSchemaError struct {
	Schema int64 // of the file
	Known  int64 // newest that this binary knows
}

// Error says what to do.
func (e *NewerSchemaError) Error() string {
	return fmt.Sprintf("data directory was written by a newer version of qidong (schema %d, this binary knows %d): start it with that version", e.Schema, e.Known)
}

// migrate brings the schema up to date.
func migrate(ctx context.Context, db *sql.DB, path string) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("reading migrations: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true),
		goose.WithGoMigrations(goose.NewGoMigration(16, &goose.GoFunc{RunTx: indexAll}, nil)))
	if err != nil {
		return kind(err, "reading the schema of "+path)
	}
	schema, known, err := p.GetVersions(ctx)
	if err != nil {
		return kind(err, "reading the schema of "+path)
	}
	if schema > known {
		return &NewerSchemaError{Schema: schema, Known: known}
	}
	if _, err := p.Up(ctx); err != nil {
		return kind(err, "bringing the schema of "+path+" up to date")
	}
	return nil
}
