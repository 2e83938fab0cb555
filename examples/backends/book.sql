-- What every partner's book has besides its own tables. Times are Unix milliseconds.
CREATE TABLE IF NOT EXISTS answers (
  key  TEXT PRIMARY KEY,
  hash TEXT NOT NULL,
  body TEXT NOT NULL,
  at   INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS tombstones (
  key TEXT PRIMARY KEY,
  at  INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS outbox (
  seq      INTEGER PRIMARY KEY AUTOINCREMENT,
  id       TEXT NOT NULL UNIQUE,
  type     TEXT NOT NULL,
  subject  TEXT NOT NULL,
  data     TEXT NOT NULL,
  at       INTEGER NOT NULL,
  due      INTEGER NOT NULL,
  tries    INTEGER NOT NULL DEFAULT 0,
  refusals INTEGER NOT NULL DEFAULT 0,
  state    TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'dead')),
  problem  TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS outbox_pending ON outbox (subject, seq) WHERE state = 'pending';
