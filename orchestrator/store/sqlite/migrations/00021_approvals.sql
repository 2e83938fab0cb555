-- +goose Up

-- Who has said yes to a definition that is to be published.
CREATE TABLE approvals (
    workspace TEXT    NOT NULL,
    journey   TEXT    NOT NULL,
    digest    TEXT    NOT NULL,
    by        TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (workspace, journey, digest, by)
) STRICT;

-- +goose Down

DROP TABLE approvals;
