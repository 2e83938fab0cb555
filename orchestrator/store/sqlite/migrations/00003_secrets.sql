-- What is called sealed is encrypted with the master key for its workspace and
-- id, before it comes here.

-- +goose Up

-- One row: bytes that only the right master key opens.
CREATE TABLE seal_check (
    one    INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    sealed BLOB    NOT NULL
) STRICT;

CREATE TABLE secrets (
    workspace  TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    sealed     BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (workspace, name)
) STRICT, WITHOUT ROWID;

-- +goose Down

DROP TABLE secrets;
DROP TABLE seal_check;
