-- The bank's book. entries is its ledger: at most one capture and one refund per payment.
CREATE TABLE IF NOT EXISTS payments (
  id          TEXT PRIMARY KEY,
  key         TEXT NOT NULL UNIQUE,
  amount      INTEGER NOT NULL CHECK (amount > 0),
  currency    TEXT NOT NULL,
  customer    TEXT NOT NULL,
  description TEXT NOT NULL,
  at          INTEGER NOT NULL,
  state       TEXT NOT NULL DEFAULT 'pending'
              CHECK (state IN ('pending', 'captured', 'declined', 'cancelled', 'refunded'))
) STRICT;
CREATE TABLE IF NOT EXISTS entries (
  seq     INTEGER PRIMARY KEY AUTOINCREMENT,
  payment TEXT NOT NULL REFERENCES payments (id),
  kind    TEXT NOT NULL CHECK (kind IN ('capture', 'refund')),
  amount  INTEGER NOT NULL CHECK (amount > 0),
  at      INTEGER NOT NULL,
  UNIQUE (payment, kind)
) STRICT;
