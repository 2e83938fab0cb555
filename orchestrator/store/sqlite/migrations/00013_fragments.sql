-- Steps that journeys share. A version is stored once and never changed.

-- +goose Up

CREATE TABLE fragments (
    workspace    TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    version      INTEGER NOT NULL,
    digest       TEXT    NOT NULL,
    title        TEXT    NOT NULL,
    source       TEXT    NOT NULL,
    steps        TEXT    NOT NULL,
    step_count   INTEGER NOT NULL,
    published_at INTEGER NOT NULL,
    published_by TEXT    NOT NULL,
    PRIMARY KEY (workspace, name, version)
) STRICT;
