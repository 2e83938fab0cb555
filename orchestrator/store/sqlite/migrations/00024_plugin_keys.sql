-- +goose Up

-- Partners' keys that sign plugin versions.
CREATE TABLE plugin_keys (
    workspace   TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    partner     TEXT    NOT NULL,
    public_key  TEXT    NOT NULL,
    added_at    INTEGER NOT NULL,
    added_by    TEXT    NOT NULL,
    endorsed_by TEXT    NOT NULL, -- id of the key that signed it in
    revoked_at  INTEGER NOT NULL,
    revoked_by  TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    PRIMARY KEY (workspace, id)
) STRICT;

-- To which partner a plugin's name belongs: whose key signed it first.
CREATE TABLE plugin_owners (
    workspace TEXT NOT NULL,
    plugin    TEXT NOT NULL,
    partner   TEXT NOT NULL,
    PRIMARY KEY (workspace, plugin)
) STRICT;

ALTER TABLE plugins ADD COLUMN uploaded_by TEXT NOT NULL DEFAULT '';
ALTER TABLE plugins ADD COLUMN signed_by TEXT NOT NULL DEFAULT ''; -- id of the key
ALTER TABLE plugins ADD COLUMN signature TEXT NOT NULL DEFAULT '';

-- +goose Down

ALTER TABLE plugins DROP COLUMN signature;
ALTER TABLE plugins DROP COLUMN signed_by;
ALTER TABLE plugins DROP COLUMN uploaded_by;
DROP TABLE plugin_owners;
DROP TABLE plugin_keys;
