-- +goose Up

-- The inbox is queues: one for each customer, or for each subject that is no
-- customer's. What an event is about is told from its queue; a queue that is not
-- in the table has nothing pending.
ALTER TABLE events ADD COLUMN queue TEXT NOT NULL DEFAULT '';
UPDATE events SET queue = subject;
DROP INDEX events_pending;
DROP INDEX events_waiting;
DROP INDEX events_subject;
CREATE INDEX events_queue ON events (workspace, queue, seq);

CREATE TABLE queues (
    workspace TEXT    NOT NULL,
    queue     TEXT    NOT NULL,
    after     INTEGER NOT NULL, -- nothing up to this event is pending
    due       INTEGER NOT NULL, -- when its turn comes
    PRIMARY KEY (workspace, queue)
) STRICT, WITHOUT ROWID;
CREATE INDEX queues_due ON queues (due, after);
INSERT INTO queues (workspace, queue, after, due)
    SELECT workspace, queue, min(seq) - 1, 0 FROM events WHERE status = 'pending' GROUP BY workspace, queue;

-- How often a source sent a known id with other content.
CREATE TABLE event_conflicts (
    workspace TEXT    NOT NULL,
    source    TEXT    NOT NULL,
    n         INTEGER NOT NULL,
    last_id   TEXT    NOT NULL,
    last_at   INTEGER NOT NULL,
    PRIMARY KEY (workspace, source)
) STRICT, WITHOUT ROWID;

-- passage: how often the customer has passed there under the key before.
-- since: the event that it began with; it hears later ones only.
ALTER TABLE enrollments ADD COLUMN passage INTEGER NOT NULL DEFAULT 0;
ALTER TABLE enrollments ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
CREATE INDEX enrollments_passage ON enrollments (workspace, journey, customer, key, passage);

-- One row that changes with every journey that is published, opened or closed.
CREATE TABLE entry_revision (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    n   INTEGER NOT NULL
) STRICT;
INSERT INTO entry_revision (one, n) VALUES (1, 1);
-- +goose StatementBegin
CREATE TRIGGER journeys_added AFTER INSERT ON journeys BEGIN
    UPDATE entry_revision SET n = n + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER journeys_changed AFTER UPDATE ON journeys BEGIN
    UPDATE entry_revision SET n = n + 1;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER journeys_removed AFTER DELETE ON journeys BEGIN
    UPDATE entry_revision SET n = n + 1;
END;
-- +goose StatementEnd

-- Why customers entered, or did not.
CREATE TABLE decisions (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace  TEXT    NOT NULL,
    journey    TEXT    NOT NULL,
    number     INTEGER NOT NULL,
    customer   TEXT    NOT NULL,
    door       TEXT    NOT NULL,
    source     TEXT    NOT NULL, -- of the event
    event      TEXT    NOT NULL, -- its id
    type       TEXT    NOT NULL,
    entered    INTEGER NOT NULL,
    code       TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    enrollment TEXT    NOT NULL,
    at         INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX decisions_event ON decisions (workspace, source, event, journey);
CREATE INDEX decisions_customer ON decisions (workspace, journey, customer, seq);

CREATE TABLE qr_links (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace  TEXT    NOT NULL,
    journey    TEXT    NOT NULL,
    place      TEXT    NOT NULL,
    token      TEXT    NOT NULL,
    hash       TEXT    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    UNIQUE (workspace, journey, place)
) STRICT;

-- Questions that are asked before a customer enters by a keyword.
CREATE TABLE confirmations (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace TEXT    NOT NULL,
    message   TEXT    NOT NULL,
    journey   TEXT    NOT NULL,
    customer  TEXT    NOT NULL,
    key       TEXT    NOT NULL,
    entry     TEXT    NOT NULL,
    asked_at  INTEGER NOT NULL,
    state     TEXT    NOT NULL,
    UNIQUE (workspace, message)
) STRICT;
CREATE INDEX confirmations_customer ON confirmations (workspace, customer, seq) WHERE state = 'asked';

-- +goose Down

DROP TABLE confirmations;
DROP TABLE qr_links;
DROP TABLE decisions;
DROP TRIGGER journeys_removed;
DROP TRIGGER journeys_changed;
DROP TRIGGER journeys_added;
DROP TABLE entry_revision;
DROP INDEX enrollments_passage;
ALTER TABLE enrollments DROP COLUMN since;
ALTER TABLE enrollments DROP COLUMN passage;
DROP TABLE event_conflicts;
DROP TABLE queues;
DROP INDEX events_queue;
CREATE INDEX events_subject ON events (workspace, subject, seq);
CREATE INDEX events_waiting ON events (workspace, subject, seq, retry_at) WHERE status = 'pending';
CREATE INDEX events_pending ON events (seq, retry_at) WHERE status = 'pending';
ALTER TABLE events DROP COLUMN queue;
