-- The cinema's book. A seat is free when it has no row in seats.
CREATE TABLE IF NOT EXISTS shows (
  id        TEXT PRIMARY KEY,
  film      TEXT NOT NULL,
  cinema    TEXT NOT NULL,
  starts    INTEGER NOT NULL,
  ends      INTEGER NOT NULL,
  cancelled INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS shows_starts ON shows (film, starts);
CREATE TABLE IF NOT EXISTS holds (
  id       TEXT PRIMARY KEY,
  key      TEXT NOT NULL UNIQUE,
  show     TEXT NOT NULL REFERENCES shows (id),
  customer TEXT NOT NULL,
  seats    INTEGER NOT NULL,
  labels   TEXT NOT NULL,
  total    INTEGER NOT NULL,
  expires  INTEGER NOT NULL,
  state    TEXT NOT NULL DEFAULT 'held' CHECK (state IN ('held', 'ticketed', 'released', 'expired'))
) STRICT;
CREATE INDEX IF NOT EXISTS holds_live ON holds (expires) WHERE state = 'held';
CREATE INDEX IF NOT EXISTS holds_show ON holds (show);
CREATE TABLE IF NOT EXISTS seats (
  show TEXT NOT NULL REFERENCES shows (id),
  seat INTEGER NOT NULL CHECK (seat BETWEEN 0 AND 399),
  hold TEXT NOT NULL REFERENCES holds (id),
  PRIMARY KEY (show, seat)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seats_hold ON seats (hold);
CREATE TABLE IF NOT EXISTS tickets (
  id         TEXT PRIMARY KEY,
  key        TEXT NOT NULL UNIQUE,
  hold       TEXT NOT NULL REFERENCES holds (id),
  payment    TEXT NOT NULL,
  customer   TEXT NOT NULL,
  code       TEXT NOT NULL UNIQUE,
  state      TEXT NOT NULL DEFAULT 'issued' CHECK (state IN ('issued', 'checked_in', 'void'))
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS tickets_one_live ON tickets (hold) WHERE state <> 'void';
