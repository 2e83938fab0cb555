-- What designers edit: drafts, their snapshots for undo, and who changed what.

-- +goose Up

CREATE TABLE drafts (
    workspace  TEXT    NOT NULL,
    journey    TEXT    NOT NULL,
    revision   INTEGER NOT NULL,
    source     TEXT    NOT NULL,
    base       INTEGER NOT NULL, -- the published version it came from; 0 for none
    at         INTEGER NOT NULL, -- its place in its history
    updated_at INTEGER NOT NULL,
    updated_by TEXT    NOT NULL,
    PRIMARY KEY (workspace, journey)
) STRICT;

CREATE TABLE draft_entries (
    workspace TEXT    NOT NULL,
    journey   TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    source    BLOB    NOT NULL, -- compressed
    label     TEXT    NOT NULL,
    by        TEXT    NOT NULL,
    time      INTEGER NOT NULL,
    PRIMARY KEY (workspace, journey, at)
) STRICT;

CREATE TABLE draft_changes (
    workspace TEXT    NOT NULL,
    journey   TEXT    NOT NULL,
    revision  INTEGER NOT NULL,
    touched   TEXT    NOT NULL,
    by        TEXT    NOT NULL,
    session   TEXT    NOT NULL,
    PRIMARY KEY (workspace, journey, revision)
) STRICT;

-- +goose Down

DROP TABLE draft_changes;
DROP TABLE draft_entries;
DROP TABLE drafts;
