-- The ride-hailing service's book.
CREATE TABLE IF NOT EXISTS rides (
  id          TEXT PRIMARY KEY,
  key         TEXT NOT NULL UNIQUE,
  customer    TEXT NOT NULL,
  driver      TEXT NOT NULL,
  plate       TEXT NOT NULL,
  pickup      TEXT NOT NULL,
  destination TEXT NOT NULL,
  pickup_at   INTEGER NOT NULL,
  eta_minutes INTEGER NOT NULL,
  price       INTEGER NOT NULL,
  state       TEXT NOT NULL DEFAULT 'ordered' CHECK (state IN ('ordered', 'cancelled'))
) STRICT;
