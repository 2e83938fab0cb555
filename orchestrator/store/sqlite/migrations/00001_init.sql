-- Times are microseconds since 1970 in UTC, 0 for none. Columns named like Go
-- structures hold JSON. seq is the order of insertion, and what lists page by.

-- +goose Up

CREATE TABLE journeys (
    workspace  TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    status     TEXT    NOT NULL,
    number     INTEGER NOT NULL,
    digest     TEXT    NOT NULL,
    title      TEXT    NOT NULL,
    steps      INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (workspace, name)
) STRICT;

CREATE TABLE versions (
    workspace    TEXT    NOT NULL,
    journey      TEXT    NOT NULL,
    number       INTEGER NOT NULL,
    digest       TEXT    NOT NULL,
    source       TEXT    NOT NULL,
    definition   TEXT    NOT NULL,
    published_at INTEGER NOT NULL,
    published_by TEXT    NOT NULL,
    PRIMARY KEY (workspace, journey, number),
    FOREIGN KEY (workspace, journey) REFERENCES journeys (workspace, name)
) STRICT;
CREATE INDEX versions_digest ON versions (digest);

CREATE TABLE modules (
    digest TEXT NOT NULL PRIMARY KEY,
    module BLOB NOT NULL
) STRICT;

CREATE TABLE plugins (
    workspace  TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    version    TEXT    NOT NULL,
    digest     TEXT    NOT NULL REFERENCES modules (digest),
    state      TEXT    NOT NULL,
    manifest   TEXT    NOT NULL,
    config     TEXT    NOT NULL,
    allowed    TEXT    NOT NULL,
    size       INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (workspace, name, version)
) STRICT;
CREATE INDEX plugins_digest ON plugins (workspace, digest);

CREATE TABLE customers (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace       TEXT    NOT NULL,
    id              TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    locale          TEXT    NOT NULL,
    time_zone       TEXT    NOT NULL,
    traits          TEXT    NOT NULL,
    companion_token TEXT    NOT NULL,
    companion_hash  TEXT    NOT NULL UNIQUE,
    search          TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    UNIQUE (workspace, id)
) STRICT;
CREATE INDEX customers_list ON customers (workspace, seq);

CREATE TABLE identities (
    workspace TEXT NOT NULL,
    kind      TEXT NOT NULL,
    value     TEXT NOT NULL,
    customer  TEXT NOT NULL,
    PRIMARY KEY (workspace, kind, value),
    FOREIGN KEY (workspace, customer) REFERENCES customers (workspace, id)
) STRICT;
CREATE INDEX identities_customer ON identities (workspace, customer);

CREATE TABLE events (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace   TEXT    NOT NULL,
    source      TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    type        TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    time        INTEGER NOT NULL,
    data        TEXT    NOT NULL,
    received_at INTEGER NOT NULL,
    status      TEXT    NOT NULL,
    attempts    INTEGER NOT NULL,
    reason      TEXT    NOT NULL,
    retry_at    INTEGER NOT NULL,
    UNIQUE (workspace, source, id)
) STRICT;
CREATE INDEX events_list ON events (workspace, seq);
CREATE INDEX events_subject ON events (workspace, subject, seq);
CREATE INDEX events_pending ON events (seq, retry_at) WHERE status = 'pending';
CREATE INDEX events_waiting ON events (workspace, subject, seq, retry_at) WHERE status = 'pending';
CREATE INDEX events_dead ON events (seq) WHERE status = 'dead';

CREATE TABLE enrollments (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT    NOT NULL UNIQUE,
    workspace   TEXT    NOT NULL,
    journey     TEXT    NOT NULL,
    number      INTEGER NOT NULL,
    digest      TEXT    NOT NULL,
    customer    TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    status      TEXT    NOT NULL,
    outcome     TEXT    NOT NULL,
    step        TEXT    NOT NULL,
    test        INTEGER NOT NULL,
    pace_factor REAL    NOT NULL,
    pace_answer INTEGER NOT NULL, -- nanoseconds
    entry       TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    ended_at    INTEGER NOT NULL,
    wait_until  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    log_seq     INTEGER NOT NULL
) STRICT;
CREATE INDEX enrollments_list ON enrollments (workspace, seq);
CREATE INDEX enrollments_journey ON enrollments (workspace, journey, seq);
CREATE INDEX enrollments_customer ON enrollments (workspace, customer, seq);
CREATE INDEX enrollments_step ON enrollments (workspace, journey, step, seq) WHERE step <> '';
CREATE INDEX enrollments_wait ON enrollments (workspace, wait_until) WHERE status = 'open' AND wait_until > 0;
CREATE INDEX enrollments_starting ON enrollments (workspace, started_at) WHERE status = 'starting';
CREATE INDEX enrollments_held ON enrollments (workspace, seq) WHERE status = 'held';

CREATE TABLE journey_log (
    enrollment TEXT    NOT NULL REFERENCES enrollments (id),
    seq        INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    virtual_at INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    step       TEXT    NOT NULL,
    visit      INTEGER NOT NULL,
    detail     TEXT    NOT NULL,
    PRIMARY KEY (enrollment, seq)
) STRICT, WITHOUT ROWID;

-- Counts are kept by the transactions that change what they count: a journey
-- may have a million enrollments.
--   open, ended  enrollments of the journey        step = '', arm = ''
--   here         open or held enrollments at step  arm = ''
--   done         times that step was done          arm = ''
--   arm          times that arm of step was taken
--   failed       open incidents at step            arm = ''
CREATE TABLE counts (
    workspace TEXT    NOT NULL,
    journey   TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    step      TEXT    NOT NULL,
    arm       TEXT    NOT NULL,
    n         INTEGER NOT NULL,
    PRIMARY KEY (workspace, journey, kind, step, arm)
) STRICT, WITHOUT ROWID;

CREATE TABLE incidents (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT    NOT NULL UNIQUE,
    workspace   TEXT    NOT NULL,
    enrollment  TEXT    NOT NULL REFERENCES enrollments (id),
    journey     TEXT    NOT NULL,
    customer    TEXT    NOT NULL,
    step        TEXT    NOT NULL,
    visit       INTEGER NOT NULL,
    undo        INTEGER NOT NULL,
    code        TEXT    NOT NULL,
    message     TEXT    NOT NULL,
    attempts    INTEGER NOT NULL,
    opened_at   INTEGER NOT NULL,
    resolved_at INTEGER NOT NULL,
    resolution  TEXT    NOT NULL,
    resolved_by TEXT    NOT NULL,
    log_seq     INTEGER NOT NULL -- of the progress that told of it last
) STRICT;
CREATE INDEX incidents_list ON incidents (workspace, seq);
CREATE INDEX incidents_open ON incidents (workspace, seq) WHERE resolved_at = 0;
CREATE INDEX incidents_enrollment ON incidents (enrollment, resolved_at);

CREATE TABLE messages (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT    NOT NULL,
    workspace   TEXT    NOT NULL,
    enrollment  TEXT    NOT NULL,
    customer    TEXT    NOT NULL,
    step        TEXT    NOT NULL,
    visit       INTEGER NOT NULL,
    channel     TEXT    NOT NULL,
    category    TEXT    NOT NULL,
    parts       TEXT    NOT NULL,
    replies     TEXT    NOT NULL,
    qr          TEXT    NOT NULL,
    media_token TEXT    NOT NULL UNIQUE,
    sent_at     INTEGER NOT NULL,
    answer      TEXT    NOT NULL,
    answered_at INTEGER NOT NULL,
    UNIQUE (workspace, id)
) STRICT;
CREATE INDEX messages_customer ON messages (workspace, customer, seq);

CREATE TABLE postings (
    workspace TEXT    NOT NULL,
    id        TEXT    NOT NULL,
    debit     TEXT    NOT NULL,
    credit    TEXT    NOT NULL,
    amount    INTEGER NOT NULL CHECK (amount > 0),
    reason    TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    balance   INTEGER NOT NULL, -- of the credit account, after it
    PRIMARY KEY (workspace, id)
) STRICT;

CREATE TABLE accounts (
    workspace TEXT    NOT NULL,
    account   TEXT    NOT NULL,
    balance   INTEGER NOT NULL,
    PRIMARY KEY (workspace, account)
) STRICT;

CREATE TABLE tokens (
    id         TEXT    NOT NULL PRIMARY KEY,
    workspace  TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    hash       TEXT    NOT NULL UNIQUE,
    scopes     TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sign_in_links (
    hash       TEXT    NOT NULL PRIMARY KEY,
    workspace  TEXT    NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE audit (
    workspace TEXT    NOT NULL,
    seq       INTEGER NOT NULL, -- from 1, without gaps, per workspace
    actor     TEXT    NOT NULL,
    action    TEXT    NOT NULL,
    object    TEXT    NOT NULL,
    detail    TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    hash      TEXT    NOT NULL,
    PRIMARY KEY (workspace, seq)
) STRICT;

-- The newest record of each chain, so that a cut-off end is noticed as well.
CREATE TABLE audit_heads (
    workspace TEXT    NOT NULL PRIMARY KEY,
    seq       INTEGER NOT NULL,
    hash      TEXT    NOT NULL
) STRICT;

-- +goose Down

DROP TABLE audit_heads;
DROP TABLE audit;
DROP TABLE sign_in_links;
DROP TABLE tokens;
DROP TABLE accounts;
DROP TABLE postings;
DROP TABLE messages;
DROP TABLE incidents;
DROP TABLE counts;
DROP TABLE journey_log;
DROP TABLE enrollments;
DROP TABLE events;
DROP TABLE identities;
DROP TABLE customers;
DROP TABLE plugins;
DROP TABLE modules;
DROP TABLE versions;
DROP TABLE journeys;
