-- +goose Up

-- Messages that designers take into steps.
CREATE TABLE templates (
    workspace  TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    title      TEXT    NOT NULL,
    message    TEXT    NOT NULL,
    revision   INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    updated_by TEXT    NOT NULL,
    PRIMARY KEY (workspace, name)
) STRICT;

-- Images for messages, by what they are: a picture never changes. Its bytes
-- stand apart, so that a list does not read them.
CREATE TABLE pictures (
    workspace TEXT    NOT NULL,
    digest    TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    type      TEXT    NOT NULL,
    size      INTEGER NOT NULL,
    width     INTEGER NOT NULL,
    height    INTEGER NOT NULL,
    added_at  INTEGER NOT NULL,
    added_by  TEXT    NOT NULL,
    PRIMARY KEY (workspace, digest)
) STRICT;

CREATE INDEX pictures_digest ON pictures (digest);

CREATE TABLE picture_contents (
    digest  TEXT NOT NULL PRIMARY KEY,
    content BLOB NOT NULL
) STRICT;

-- +goose Down

DROP TABLE picture_contents;
DROP TABLE pictures;
DROP TABLE templates;
