-- +goose Up

CREATE TABLE plugin_kv (
    workspace  TEXT    NOT NULL,
    plugin     TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    value      TEXT    NOT NULL, -- JSON
    size       INTEGER NOT NULL, -- bytes of key and value
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (workspace, plugin, key)
) STRICT;
-- Adds up without reading the values.
CREATE INDEX plugin_kv_size ON plugin_kv (workspace, plugin, size);

-- +goose Down

DROP TABLE plugin_kv;
