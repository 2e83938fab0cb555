-- +goose Up

-- Recordings of plugin calls. sealed is encrypted before it comes here.
CREATE TABLE plugin_calls (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT    NOT NULL,
    workspace  TEXT    NOT NULL,
    plugin     TEXT    NOT NULL,
    version    TEXT    NOT NULL,
    digest     TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    enrollment TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    code       TEXT    NOT NULL, -- '' when it succeeded
    fuel       INTEGER NOT NULL,
    took       INTEGER NOT NULL, -- nanoseconds
    size       INTEGER NOT NULL, -- bytes of sealed
    expires_at INTEGER NOT NULL,
    sealed     BLOB    NOT NULL,
    UNIQUE (workspace, id)
) STRICT;
CREATE INDEX plugin_calls_list ON plugin_calls (workspace, seq);
CREATE INDEX plugin_calls_plugin ON plugin_calls (workspace, plugin, seq);
CREATE INDEX plugin_calls_failed ON plugin_calls (workspace, seq) WHERE code <> '';
CREATE INDEX plugin_calls_expiry ON plugin_calls (expires_at);

-- What a workspace keeps, so that its bound costs nothing to check.
CREATE TABLE plugin_call_usage (
    workspace TEXT    NOT NULL PRIMARY KEY,
    calls     INTEGER NOT NULL,
    bytes     INTEGER NOT NULL
) STRICT;

-- +goose Down

DROP TABLE plugin_call_usage;
DROP TABLE plugin_calls;
